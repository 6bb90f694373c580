"""Streams written down and played again: real processes, real pipes, and sockets over loopback."""

from __future__ import annotations

import http.client
import io
import json
import re
import signal
import socket
import struct
import subprocess
import sys
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_cli import COMMAND, DONE, ENVIRONMENT, ON_POSIX, PATIENCE, STOP, here, run, says, started

from partialjson.cli import _record, _replay, main
from partialjson.cli._record import Piece, Recording, read_recording
from partialjson.cli._replay import Playback, content_type_of, server_of

# --- twins of what servers send ------------------------------------------------------------------

EVENTS = [b": a heartbeat\n\n", *(says(text) for text in ('{"owl": "h', "oé", '"}')), STOP, DONE]
LINES = [b'{"at": "dusk"}\n', b'{"at": "night"}\n', '{"done": "é"}\n'.encode()]
ARRAY = [b'[{"at": "dusk"}', b'\n,\n{"at": [1, 2]}', b", 3", b"\n]\n"]
BODIES = {
    "text/event-stream": EVENTS,
    "application/x-ndjson": LINES,
    "application/json": ARRAY,
}
CHUNKS = ["token", "event", "char", "random"]
ALL_AT_ONCE = ("--rate", "inf")


def recording(*pieces, **facts):
    """A file as `record` writes it."""
    head = {"partialjson": 1, "content_type": None, "status": None, "started": "2026-01-02T03:04Z"}
    return "".join(f"{json.dumps(line)}\n" for line in (head | facts, *pieces)).encode()


def playback(body, chunk="token", rate=float("inf"), **options):
    return Playback(Recording(None, 200, (Piece(0.0, body),)), chunk, rate, **options)


@pytest.fixture
def desk(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


# --- how a stream is cut -------------------------------------------------------------------------

CRLF = [b": heartbeat\r\n\r\n", b"event: owl\r\ndata: 1\r\n\r\n", b"data: 2\r\n\r\n"]
MESSAGES = {
    "events": EVENTS,
    "events with CRLF": CRLF,
    "events with CR": [b"data: 1\r\r", b"data: 2\rdata: 3\r\r"],
    "events with line ends of each kind": [b"data: 1\r\n\n", b"data: 2\n\r", b"data: 3\r\r\n"],
    "events with a cut one": [b"data: 1\n\n", b"data: 2\n"],
    "lines": LINES,
    "lines with a cut one": [*LINES, b'{"at": "da'],
    "lines that are arrays": [b"[1]\r\n", b"[2]\r\n"],
    "an array": ARRAY,
    "an array in one line": [b"[1", b",2", b"]"],
    "an array behind a byte order mark": [b"\xef\xbb\xbf[1", b", 2", b"]"],
    "an array with a fault": [b'["a"', b", x, 3]"],
    "an array that is cut": [b'["a"', b', "b'],
    "an array that is no UTF-8": [b'["\xff"', b', "\xc3\xa9"', b"]"],
    "an object in one line": [b'{"a": 1', b', "b": [2, 3]', b"}"],
    "an object over many": [b'{\n "a": 1', b',\n "b": 2', b"\n}\n"],
}


@pytest.mark.parametrize("case", MESSAGES)
def test_a_stream_is_cut_into_its_messages(case):
    expected = MESSAGES[case]
    for chunk in ("token", "event"):
        assert [data for _, data in playback(b"".join(expected), chunk)] == expected


bodies = st.binary() | st.sampled_from([*map(b"".join, MESSAGES.values())])


@given(bodies, st.sampled_from(CHUNKS))
def test_every_way_to_cut_keeps_every_byte_and_has_no_empty_piece(body, chunk):
    pieces = [data for _, data in playback(body, chunk)]
    assert b"".join(pieces) == body
    assert all(pieces) or not body


def test_a_character_is_never_split_and_a_byte_of_none_stands_alone():
    whole = ["a", "é", "漢", "😀", "\ufeff"]
    body = "".join(whole).encode() + b"\xff\xc3"
    pieces = [data for _, data in playback(body, "char")]
    assert pieces == [*map(str.encode, whole), b"\xff", b"\xc3"]


def test_random_cuts_are_the_seed_s_and_may_be_inside_a_character():
    body = "é😀".encode() * 2_000
    cuts = [[data for _, data in playback(body, "random", seed=seed)] for seed in (1, 1, 2)]
    assert cuts[0] == cuts[1] != cuts[2]
    assert len({*map(len, cuts[0])}) > 3
    assert any(data[0] & 0xC0 == 0x80 for data in cuts[0])


@pytest.mark.parametrize("content_type", BODIES)
def test_the_content_type_is_told_by_how_a_body_begins(content_type):
    assert content_type_of(b"".join(BODIES[content_type])) == content_type
    assert content_type_of(b"") == "text/event-stream"
    assert content_type_of(b'{"one": "answer"}\n') == "application/json"
    assert content_type_of(b"[" * 100_000 + b"\n1") == "application/json"


# --- when each piece is due ----------------------------------------------------------------------

RECORDED = (Piece(0.5, b"data: 1\n"), Piece(2.0, b"\nda"), Piece(2.25, b"ta: 2\n\n"))


def test_a_rate_is_pieces_a_second():
    assert [due for due, _ in playback(b"abcd", "char", rate=8.0)] == [0.0, 0.125, 0.25, 0.375]
    assert [due for due, _ in playback(b"abcd", "char")] == [0.0] * 4


def test_a_recording_plays_as_it_came_unless_told_otherwise():
    played = Recording(None, 200, RECORDED)
    assert tuple(Playback(played)) == RECORDED
    assert [*Playback(played, rate=4.0)] == [
        Piece(number / 4, data) for number, (_, data) in enumerate(RECORDED)
    ]


def test_a_piece_of_a_recording_is_due_when_its_last_byte_came():
    for chunk, expected in [
        ("token", [(2.0, b"data: 1\n\n"), (2.25, b"data: 2\n\n")]),
        ("char", [(0.5, b"1"), (0.5, b"\n"), (2.0, b"\n"), (2.0, b"d")]),
    ]:
        played = [*Playback(Recording(None, 200, RECORDED), chunk)]
        start = played.index(expected[0])
        assert played[start : start + len(expected)] == expected


def test_each_piece_is_waited_for_and_a_late_one_is_not(monkeypatch):
    waits, clock, out = [], iter([10.0, 10.0, 10.75, 15.0]), io.BytesIO()
    monkeypatch.setattr(_replay.time, "sleep", waits.append)
    monkeypatch.setattr(_replay.time, "monotonic", lambda: next(clock))
    _replay.write(Playback(Recording(None, 200, RECORDED)), out)
    assert out.getvalue() == b"data: 1\n\ndata: 2\n\n"
    assert waits == [0.5, 1.25, 0.0]


# --- replay into a pipe --------------------------------------------------------------------------


@pytest.mark.parametrize("chunk", CHUNKS)
@pytest.mark.parametrize("content_type", BODIES)
def test_what_is_replayed_is_the_file(content_type, chunk, desk):
    body = b"".join(BODIES[content_type])
    (desk / "stream").write_bytes(body)
    done = subprocess.run(
        [*COMMAND, "replay", "stream", *ALL_AT_ONCE, "--chunk", chunk],
        capture_output=True,
        timeout=PATIENCE,
        check=True,
        env=ENVIRONMENT,
    )
    assert (done.stdout, done.stderr) == (body, b"")


def test_a_piece_is_there_long_before_the_next_is_due(desk):
    (desk / "stream.sse").write_bytes(b"".join(EVENTS))
    with started("replay", "stream.sse", "--rate", "0.01") as process:
        assert process.stdout.readline() + process.stdout.readline() == EVENTS[0]
        assert process.poll() is None


def test_a_reader_of_a_replay_may_leave_without_a_word(desk):
    (desk / "stream.jsonl").write_bytes(b"".join(LINES) * 20_000)
    with started("replay", "stream.jsonl", *ALL_AT_ONCE) as process:
        assert process.stdout.readline() == LINES[0]
        process.stdout.close()
        assert process.wait() == 0
        assert process.stderr.read() == b""


# --- replay over loopback ------------------------------------------------------------------------


@contextmanager
def serving(server):
    """A server at work, and its port."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    with server:
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join(PATIENCE)


def fetched(port, method="GET", path="/", body=None, **headers):
    """A whole answer: status, content type, body."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.headers["Content-Type"], answer.read()
    finally:
        connection.close()


def said_to(port, request):
    """All that comes back for some bytes, as bytes."""
    with socket.create_connection(("127.0.0.1", port), PATIENCE) as client:
        client.sendall(request)
        with client.makefile("rb") as answer:
            return answer.read()


REQUEST = b"GET / HTTP/1.1\r\nHost: owl\r\n\r\n"


@pytest.mark.parametrize("content_type", BODIES)
def test_every_request_gets_the_stream_anew(content_type):
    body = b"".join(BODIES[content_type])
    with serving(server_of(playback(body), 0)) as port:
        assert fetched(port) == (200, content_type, body)
        assert fetched(port, path="/v1/owls?stream=true") == (200, content_type, body)
        assert fetched(port, "POST", body=b'{"stream": true}') == (200, content_type, body)
        assert fetched(port, "POST", body=iter([b"x" * 9, b"y"])) == (200, content_type, body)


def test_it_is_served_on_loopback_alone():
    with server_of(playback(b""), 0) as server:
        assert server.server_address[0] == "127.0.0.1"


@pytest.mark.parametrize("chunk", CHUNKS)
def test_each_piece_is_a_chunk(chunk):
    played = playback(b"".join(EVENTS), chunk)
    with serving(server_of(played, 0)) as port:
        head, _, rest = said_to(port, REQUEST).partition(b"\r\n\r\n")
    assert b"\r\nTransfer-Encoding: chunked" in head
    framed = [b"%x\r\n%b\r\n" % (len(data), data) for _, data in played]
    assert rest == b"".join(framed) + b"0\r\n\r\n"


def test_a_client_that_knows_no_chunks_gets_none():
    with serving(server_of(playback(b"".join(EVENTS)), 0)) as port:
        head, _, rest = said_to(port, b"GET / HTTP/1.0\r\n\r\n").partition(b"\r\n\r\n")
    assert b"Transfer-Encoding" not in head
    assert rest == b"".join(EVENTS)


POST = b"POST / HTTP/1.1\r\nHost: owl\r\n"
REQUESTS = {
    "a length that is none": (POST + b"Content-Length: owl\r\n\r\n", 400),
    "a length below nothing": (POST + b"Content-Length: -1\r\n\r\n", 200),
    "a chunk without a length": (POST + b"Transfer-Encoding: chunked\r\n\r\nowl\r\n", 400),
    "chunks, and trailers": (
        POST + b"Transfer-Encoding: chunked\r\n\r\n3;a=b\r\nowl\r\n0\r\nA: b\r\n\r\n",
        200,
    ),
    "more than one request": (REQUEST + REQUEST, 200),
    "more than is read at once": (REQUEST + b"x" * 100_000, 200),
    "a method unheard of": (b"HOOT / HTTP/1.1\r\n\r\n", 501),
}


@pytest.mark.parametrize("case", REQUESTS)
def test_a_request_is_read_to_its_end(case):
    request, status = REQUESTS[case]
    with serving(server_of(playback(b"".join(EVENTS)), 0)) as port:
        answer = said_to(port, request)
    assert answer.startswith(b"HTTP/1.1 %d " % status)
    assert answer.endswith(b"0\r\n\r\n") == (status == 200)
    assert answer.count(b"HTTP/1.1 ") == 1


def test_a_recording_is_served_with_its_status_and_content_type():
    refused = Recording("application/problem+json", 429, (Piece(0, b'{"title": "Hush"}'),))
    with serving(server_of(Playback(refused), 0)) as port:
        assert fetched(port) == (429, "application/problem+json", b'{"title": "Hush"}')


def test_where_a_recording_breaks_off_the_connection_does():
    broken = Recording(None, 200, (Piece(0, EVENTS[1]),), "the owl flew")
    with serving(server_of(Playback(broken), 0)) as port:
        with pytest.raises(http.client.IncompleteRead) as caught:
            fetched(port)
        assert caught.value.partial == EVENTS[1]


NEVER = 0.000_01  # pieces a second: the second one is due tomorrow


def leave(client):
    client.close()


def end_its_side(client):
    client.shutdown(socket.SHUT_WR)


def reset(client):
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


def leave_with_a_word(client):
    client.sendall(REQUEST)
    client.close()


@pytest.mark.parametrize("leaving", [leave, end_its_side, reset, leave_with_a_word])
def test_when_a_client_leaves_nothing_is_sent_any_more(leaving):
    with serving(server_of(playback(b"".join(EVENTS), rate=NEVER), 0)) as port:
        before = {*threading.enumerate()}
        with socket.create_connection(("127.0.0.1", port), PATIENCE) as client:
            client.sendall(REQUEST)
            read = b""
            while EVENTS[0] not in read:
                read += client.recv(1_000)
            (waiting,) = {*threading.enumerate()} - before
            leaving(client)
            waiting.join(PATIENCE)
        assert not waiting.is_alive()


@ON_POSIX
def test_a_server_says_its_url_and_goes_on_until_it_is_interrupted(desk):
    (desk / "stream.sse").write_bytes(b"".join(EVENTS))
    with started("replay", "stream.sse", *ALL_AT_ONCE, "--serve", "0") as process:
        url = process.stdout.readline().decode()
        port = re.fullmatch(r"http://127\.0\.0\.1:(\d+)/\n", url)[1]
        for _ in range(2):
            assert fetched(int(port))[2] == b"".join(EVENTS)
        assert run("replay", "stream.sse", "--serve", port)[0] == 1, "the port is taken"
        process.send_signal(signal.SIGINT)
        assert process.wait() == 130
        assert (process.stdout.read(), process.stderr.read()) == (b"", b"")


# --- recordings ----------------------------------------------------------------------------------

NO_TEXT = "é".encode()[:1]


def test_a_recording_of_a_pipe_is_its_pieces_and_they_pass_through(desk):
    sent = [EVENTS[0], EVENTS[2][:-9], NO_TEXT, EVENTS[2][-9:]]
    with started("record", "--out", "run.jsonl") as process:
        for piece in sent:
            process.stdin.write(piece)
            process.stdin.flush()
            assert process.stdout.read(len(piece)) == piece
        process.stdin.close()
        assert process.wait() == 0
        assert process.stderr.read() == b""
    head, *lines = map(json.loads, (desk / "run.jsonl").read_text("ascii").splitlines())
    assert (head["partialjson"], head["content_type"], head["status"]) == (1, None, None)
    assert [line.get("text", "").encode() for line in lines] == [*sent[:2], b"", sent[3]]
    assert lines[2]["bytes"] == "ww=="
    times = [line["at"] for line in lines]
    assert times == sorted(times)
    assert [data for _, data in read_recording((desk / "run.jsonl").read_bytes()).pieces] == sent


@pytest.mark.parametrize("chunk", [(), ("--chunk", "token")])
def test_a_recording_is_replayed_as_the_stream_that_it_is_of(chunk, desk):
    code, output, errors = here("record", stdin=says("[1, ", "2]") + DONE)
    assert (code, errors) == (0, "")
    (desk / "run.jsonl").write_text(output)
    code, output, errors = here("replay", "run.jsonl", *ALL_AT_ONCE, *chunk)
    assert (code, output, errors) == (0, (says("[1, ", "2]") + DONE).decode(), "")
    assert here("replay", "run.jsonl")[1] == output, "with its own times, too"


def test_a_recording_goes_on_when_its_reader_has_left(desk):
    with started("record", "--out", "run.jsonl") as process:
        process.stdin.write(EVENTS[0])
        process.stdin.flush()
        assert process.stdout.read(len(EVENTS[0])) == EVENTS[0]
        process.stdout.close()
        process.stdin.write(EVENTS[1] * 5_000)  # more than is read at once
        process.stdin.close()
        assert process.wait() == 0
        assert process.stderr.read() == b""
    pieces = read_recording((desk / "run.jsonl").read_bytes()).pieces
    assert b"".join(data for _, data in pieces) == EVENTS[0] + EVENTS[1] * 5_000


@ON_POSIX
@pytest.mark.usefixtures("desk")
def test_an_interrupted_recording_keeps_what_came_and_says_so():
    with started("record", "--out", "run.jsonl") as process:
        process.stdin.write(EVENTS[0])
        process.stdin.flush()
        assert process.stdout.read(len(EVENTS[0])) == EVENTS[0]
        process.send_signal(signal.SIGINT)
        assert process.wait() == 130
        assert process.stderr.read() == b""
    code, output, errors = here("replay", "run.jsonl", *ALL_AT_ONCE)
    assert (code, output.encode()) == (6, EVENTS[0])
    assert errors == "partialjson: the recorded stream breaks off: interrupted by the user\n"


DAMAGED = {
    "another version": (recording(partialjson=2), "version 1, got version 2"),
    "a version that is none": (recording(partialjson="\x1b[2J"), "got version \\u001b[2J"),
    "a line that is no JSON": (recording() + b"owl\n", "in line 2, got 'owl'"),
    "a line that is no object": (recording([1]), "in line 2"),
    "a line too deep": (recording() + b"[" * 100_000 + b"\n", "in line 2"),
    "a piece without a time": (recording({"text": "x"}), "in line 2"),
    "a time that is none": (recording({"at": float("nan"), "text": "x"}), "in line 2"),
    "a time before the start": (recording({"at": -1, "text": "x"}), "in line 2"),
    "a time without end": (recording({"at": 1e300, "text": "x"}), "in line 2"),
    "a piece without content": (recording({"at": 1, "text": "x"}, {"at": 1}), "in line 3"),
    "a text that no bytes are": (recording({"at": 1, "text": "\ud800"}), "in line 2"),
    "bytes that are no base64": (recording({"at": 1, "bytes": "é"}), "in line 2"),
}


@pytest.mark.parametrize("case", DAMAGED)
def test_a_damaged_recording_is_refused_with_its_line(case, desk):
    data, words = DAMAGED[case]
    (desk / "run.jsonl").write_bytes(data)
    code, output, errors = run("replay", "run.jsonl")
    assert (code, output) == (2, "")
    assert words in errors.splitlines()[-1]


def test_a_recording_whose_last_line_is_cut_breaks_off_there(desk):
    data = recording({"at": 0, "text": "x"}, {"at": 0, "text": "yz"})
    (desk / "run.jsonl").write_bytes(data[:-4])
    code, output, errors = here("replay", "run.jsonl")
    assert (code, output) == (6, "x")
    assert "cut in its last line" in errors
    (desk / "run.jsonl").write_bytes(data[:-1])
    assert here("replay", "run.jsonl") == (0, "xyz", "")


def test_what_a_recording_says_of_itself_is_taken_only_where_it_can_be_sent():
    for facts in (
        {"content_type": "a/b\r\nX: y", "status": 99},
        {"content_type": 1, "status": "2"},
    ):
        read = read_recording(recording({"at": 0, "text": ""}, **facts))
        assert read == Recording(None, 200, ())
    assert read_recording(b"") is read_recording(b"[1]\n") is read_recording(b"{}") is None


# --- recordings of a URL -------------------------------------------------------------------------


class Echo(BaseHTTPRequestHandler):
    """Answers with what was asked."""

    def answer(self):
        length = int(self.headers.get("Content-Length", 0))
        asked = {
            "method": self.command,
            "headers": {name.lower(): value for name, value in self.headers.items()},
            "body": self.rfile.read(length).decode(),
        }
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(asked).encode())

    do_GET = do_POST = answer  # noqa: N815 - the standard library's names

    def log_message(self, *words):
        pass


@pytest.fixture(params=["httpx", "httpx2"])
def library(request, monkeypatch):
    pytest.importorskip(request.param)
    monkeypatch.setattr(_record, "LIBRARIES", (request.param,))


@pytest.mark.usefixtures("library")
@pytest.mark.parametrize("content_type", BODIES)
def test_an_answer_is_written_down_and_passes_through(content_type, desk, capsysbinary):
    body = b"".join(BODIES[content_type])
    with serving(server_of(playback(body, "random"), 0)) as port:
        url = f"http://127.0.0.1:{port}/v1/owls"
        assert main(["record", url, "--out", "run.jsonl"]) == 0
        assert capsysbinary.readouterr() == (body, b"")
        assert main(["record", url]) == 0
    for data in ((desk / "run.jsonl").read_bytes(), capsysbinary.readouterr().out):
        read = read_recording(data)
        assert (read.content_type, read.status, read.broken) == (content_type, 200, None)
        assert b"".join(data for _, data in read.pieces) == body


@pytest.mark.usefixtures("library")
def test_a_request_is_sent_as_it_was_told_and_not_written_down(desk):
    (desk / "owl.json").write_text('{"name": "s3cret"}')
    with serving(ThreadingHTTPServer(("127.0.0.1", 0), Echo)) as port:
        url = f"http://127.0.0.1:{port}/?key=s3cret"
        for data in ('{"name": "s3cret"}', "@owl.json"):
            key = ("--header", "Authorization: Bearer s3cret", "--data", data)
            code, output, _ = here("record", url, *key, "--out", "run.jsonl")
            asked = json.loads(output)
            assert (code, asked["method"], asked["body"]) == (0, "POST", '{"name": "s3cret"}')
            assert asked["headers"]["authorization"] == "Bearer s3cret"
            assert asked["headers"]["content-type"] == "application/json"
            head = (desk / "run.jsonl").read_text().splitlines()[0]
            assert {*json.loads(head)} == {"partialjson", "content_type", "status", "started"}
            assert "s3cret" not in head
        asked = json.loads(here("record", url, "--out", "run.jsonl")[1])
        assert (asked["method"], asked["body"]) == ("GET", "")
        kind = ("--data", "1", "--header", "content-type:text/owl", "--out", "run.jsonl")
        assert json.loads(here("record", url, *kind)[1])["headers"]["content-type"] == "text/owl"


@pytest.mark.usefixtures("library")
def test_a_stream_that_breaks_off_keeps_what_came_and_ends_with_6(desk):
    broken = Recording(None, 200, (Piece(0, STOP),), "the owl flew")
    with serving(server_of(Playback(broken), 0)) as port:
        code, output, errors = here("record", f"http://127.0.0.1:{port}/", "--out", "run.jsonl")
    assert (code, output.encode()) == (6, STOP)
    assert errors.startswith("partialjson: the stream broke off: RemoteProtocolError: ")
    read = read_recording((desk / "run.jsonl").read_bytes())
    assert b"".join(data for _, data in read.pieces) == STOP
    assert read.broken.startswith("RemoteProtocolError: ")


@pytest.mark.usefixtures("library")
def test_an_answer_that_is_no_success_is_written_down_and_ends_with_6(desk):
    refused = Recording("application/json", 429, (Piece(0, b'{"error": "Hush"}'),))
    with serving(server_of(Playback(refused), 0)) as port:
        code, output, errors = here("record", f"http://127.0.0.1:{port}/", "--out", "run.jsonl")
    assert (code, output) == (6, '{"error": "Hush"}')
    assert errors == "partialjson: the answer has status 429\n"
    read = read_recording((desk / "run.jsonl").read_bytes())
    assert (read.status, read.content_type, read.broken) == (429, "application/json", None)


@pytest.mark.usefixtures("library")
def test_where_nobody_answers_the_recording_says_so(desk):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/"
    code, output, errors = here("record", url, "--out", "run.jsonl")
    assert (code, output) == (6, "")
    assert "the stream broke off: ConnectError" in errors
    assert "ConnectError" in read_recording((desk / "run.jsonl").read_bytes()).broken


# --- usage ---------------------------------------------------------------------------------------

URL = "http://127.0.0.1:9/"
USAGE = {
    "a rate that is none": (["replay", "--rate", "fast"], "--rate"),
    "a rate of nothing": (["replay", "--rate", "0"], "at least 0.01 a second, got 0"),
    "a rate of no number": (["replay", "--rate", "nan"], "got nan"),
    "a port that is none": (["replay", "--serve", "http"], "--serve"),
    "a port too high": (["replay", "--serve", "65536"], "expected 0 to 65535, got 65536"),
    "a port below nothing": (["replay", "--serve", "-1"], "--serve"),
    "a chunk unheard of": (["replay", "--chunk", "owl"], "--chunk"),
    "data without a URL": (["record", "--data", "1"], "which URL?"),
    "a header without a URL": (["record", "--header", "A: b"], "which URL?"),
    "data that are no JSON": (["record", URL, "--data", "{owl}"], "expected JSON or @FILE"),
    "data of no file": (["record", URL, "--data", "@no/file"], "cannot read no/file: No such file"),
    "a header without a colon": (["record", URL, "--header", "owl"], "expected 'Name: value'"),
    "a header of two": (["record", URL, "--header", "A: b\r\nC: d"], "expected 'Name: value'"),
    "a URL of files": (["record", "file:///etc/owl"], "begins with http:// or https://"),
    "a URL without a host": (["record", "http://"], "begins with http:// or https://"),
    "a URL that is none": (["record", "http://owl:hoot/"], "no URL: "),
}


@pytest.mark.parametrize("case", USAGE)
def test_wrong_usage_is_said_and_ends_with_2(case, capsys):
    arguments, words = USAGE[case]
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    output, errors = capsys.readouterr()
    assert output == ""
    assert words in errors.splitlines()[-1]


def test_a_wrong_header_is_not_shown(capsys):
    with pytest.raises(SystemExit):
        main(["record", URL, "--header", "Authorization Bearer s3cret"])
    assert "s3cret" not in capsys.readouterr().err


def test_without_a_library_for_it_a_url_is_wrong_usage_and_a_pipe_is_not(monkeypatch, capsys):
    for name in ("httpx", "httpx2"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(SystemExit) as ended:
        main(["record", URL])
    assert ended.value.code == 2
    assert "a URL needs httpx or httpx2: pip install" in capsys.readouterr().err
    assert here("record", stdin=STOP)[0] == 0


def test_a_file_that_cannot_be_written_ends_with_1(desk):
    code, output, errors = here("record", "--out", desk, stdin=STOP)
    assert (code, output) == (1, "")
    assert errors.startswith("partialjson: IsADirectoryError")
