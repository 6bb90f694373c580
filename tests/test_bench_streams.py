"""The benchmarks of streams: their server, their scripts and what is made of an answer; without
the clients of others, but over real sockets."""

from __future__ import annotations

import json
import socket
import tracemalloc
from urllib.parse import urlsplit

import pytest

from benchmarks.__main__ import arguments
from benchmarks.report import table_lines
from benchmarks.streams import bodies, costs
from benchmarks.streams.contenders import Contender, ours
from benchmarks.streams.honesty import MUST_COME, MUST_RAISE, answer, honesty, row
from benchmarks.streams.scripts import ANSWER, BOM, DIALECTS, EXTRA, FAULTS, GARBLED, NO_DATA, whole
from benchmarks.streams.server import Chunk, Close, Reset, Send, Server, Sleep
from partialjson.wire.sse import SSEDecoder

OURS = ours()


def said_by(script, request=b"GET / HTTP/1.1\r\n\r\n"):
    """All that a server says to a request, as bytes; what a reset took away raises."""
    with Server(script) as server:
        address = urlsplit(server.url)
        with socket.create_connection((address.hostname, address.port)) as client:
            client.sendall(request)
            return b"".join(iter(lambda: client.recv(65_536), b""))


def events_in(data):
    decoder = SSEDecoder()
    return decoder.feed(data), decoder.unfinished


def body_of(script):
    return b"".join(step.data for step in script[1:] if type(step) is Chunk)


# -- the server ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ([Send(b"as it is")], b"as it is"),
        ([Chunk(b"0123456789"), Chunk(b"")], b"a\r\n0123456789\r\n0\r\n\r\n"),
        ([Send(b"one, "), Sleep(0.001), Send(b"two")], b"one, two"),
        ([Send(b"one"), Close(), Send(b"never")], b"one"),
        ([], b""),
    ],
)
def test_a_server_says_its_script_step_by_step(script, said):
    assert said_by(script) == said


def test_a_reset_is_no_end_of_the_connection():
    with pytest.raises(ConnectionResetError):
        said_by([Send(b"one"), Reset()])


def test_a_request_is_read_whole_before_it_is_answered():
    request = b"POST / HTTP/1.1\r\ncontent-LENGTH: 200000\r\n\r\n" + b"x" * 200_000
    assert said_by([Send(b"fine")], request) == b"fine"


def test_a_server_answers_each_client_and_is_gone_behind_its_block():
    with Server([Send(b"hello")]) as server:
        address = urlsplit(server.url)
        for _ in range(3):
            with socket.create_connection((address.hostname, address.port)) as client:
                client.sendall(b"GET / HTTP/1.1\r\n\r\n")
                assert client.recv(5) == b"hello"
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((address.hostname, address.port))


def test_a_client_that_leaves_ends_nothing_but_its_own_connection():
    with Server([Send(b"x" * 2**24)]) as server:
        address = urlsplit(server.url)
        socket.create_connection((address.hostname, address.port)).close()
        with socket.create_connection((address.hostname, address.port)) as client:
            client.sendall(b"GET / HTTP/1.1\r\n\r\n")
            assert client.recv(1) == b"x"


# -- the scripts -----------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_script_is_an_answer_of_http(dialect, fault):
    head, *rest = FAULTS[fault](DIALECTS[dialect])
    assert head.data.startswith(b"HTTP/1.1 200 OK\r\n")
    fields, _, body = head.data.partition(b"\r\n\r\n")
    if rest:
        assert b"Transfer-Encoding: chunked" in fields
        assert body == b""
        assert rest[-1] == (Reset() if fault == "connection reset" else Chunk(b""))
        assert Chunk(b"") not in rest[:-1]  # it would end the body
    else:
        assert fields.endswith(b"Content-Length: %d" % len(body))


@pytest.mark.parametrize("dialect", ["chat", "messages", "gemini"])
def test_every_event_of_a_whole_answer_is_json_up_to_the_end_marker(dialect):
    events, unfinished = events_in(b"".join(whole(DIALECTS[dialect])))
    assert unfinished == b""
    texts = [event.data for event in events]
    if dialect == "chat":
        assert texts.pop() == "[DONE]"
    assert all(type(json.loads(text)) is dict for text in texts)
    if dialect == "messages":
        assert [json.loads(event.data)["type"] for event in events] == [e.event for e in events]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_fault_is_what_its_name_says(dialect):
    api = DIALECTS[dialect]
    body = {name: body_of(fault(api)) for name, fault in FAULTS.items()}
    events = {name: events_in(data)[0] for name, data in body.items()}
    right = body["nothing wrong"]
    assert right.startswith(body["truncated"])
    assert body["truncated"] < right
    assert body["byte order mark"] == BOM + right
    assert EXTRA not in "".join(event.data for event in events["unfinished event"])
    assert events_in(body["unfinished event"])[1].startswith((b"data:", b"event:"))
    assert events["events without data"] == [
        event if index < len(events["truncated"]) else expected_id(event)
        for index, event in enumerate(events["nothing wrong"])
    ]
    assert all(block in body["events without data"] for block in NO_DATA)
    assert body["one bad byte"].count(b"\xff") == 1
    assert body["connection reset"] == body["truncated"]
    assert body["error in the stream"].startswith(body["truncated"] + api.error)


def expected_id(event):
    """What comes behind `id: 5` has that id."""
    return type(event)(event.event, event.data, "5", event.fields)


# -- what is made of an answer ---------------------------------------------------------------------


def says(*pieces):
    def read(url, seen):
        del url
        seen.pieces += pieces

    return read


def breaks(url, seen):
    del url
    seen.pieces.append('{"say":')
    raise EOFError


@pytest.mark.parametrize(
    ("read", "fault", "cell"),
    [
        (says(ANSWER), "nothing wrong", "ok"),
        (says(GARBLED), "one bad byte", "ok"),
        (says(ANSWER[13:]), "byte order mark", "lost"),
        (says(), "byte order mark", "lost"),
        (says(ANSWER, EXTRA), "unfinished event", "fired"),
        (says("", ANSWER, "", ""), "events without data", "fired 3"),
        (says("other"), "nothing wrong", "gives 'other'"),
        (breaks, "one bad byte", "raises EOFError"),
        (breaks, "truncated", "raises EOFError"),
        (says('{"say":'), "truncated", "success"),
        (says(), "200 + HTML", "success, empty"),
    ],
)
def test_a_cell_says_what_was_seen(read, fault, cell):
    assert answer(Contender("a client", "partialjson", "plain", read), fault) == cell


def test_a_sign_of_an_error_is_told_although_nothing_was_raised():
    def read(url, seen):
        del url
        seen.pieces.append("{")
        seen.sign = "chunk.error"

    contender = Contender("a client", "partialjson", "chat", read)
    assert answer(contender, "error in the stream") == "success, in chunk.error"


def test_what_is_no_business_of_a_client_is_not_asked_of_it():
    contender = Contender("a client", "partialjson", "plain", breaks, frozenset(FAULTS))
    assert set(row(contender).values()) == {"not applicable"}


@pytest.mark.parametrize("contender", OURS, ids=[contender.name for contender in OURS])
def test_our_own_rows_lose_nothing_invent_nothing_and_take_no_fault_for_success(contender):
    cells = row(contender)
    asked = {fault: cell for fault, cell in cells.items() if fault not in contender.silent_on}
    for fault, cell in asked.items():
        if fault in MUST_COME:
            assert cell == "ok", fault
        else:
            assert cell.startswith("raises "), fault
    assert MUST_COME.keys() <= asked.keys()
    assert MUST_COME.keys() | set(MUST_RAISE) == FAULTS.keys()


def test_the_table_has_a_row_for_each_client_that_is_here_with_its_version():
    missing = Contender("a client", "no-such-project-anywhere", "plain", breaks)
    table = honesty([*OURS, missing])
    assert [*table.rows] == [contender.title for contender in OURS]
    lines = "\n".join(table_lines(table))
    assert all(f"partialjson {contender.version}" in lines for contender in OURS)
    assert all(fault in lines for fault in FAULTS)


# -- the costs -------------------------------------------------------------------------------------


@pytest.mark.parametrize("dialect", ["chat", "messages", "gemini"])
def test_a_body_is_the_same_however_it_is_cut(dialect):
    each, records = (bodies.stream(dialect, cut) for cut in bodies.CUTS)
    assert b"".join(each) == b"".join(records)
    assert len(each) == pytest.approx(bodies.DELTAS, rel=0.05)
    assert max(map(len, records)) == bodies.RECORD


def test_the_long_line_is_one_event():
    ((event,), unfinished) = events_in(b"".join(bodies.line()))
    assert (len(event.data), unfinished) == (bodies.LINE, b"")


@pytest.mark.parametrize("name", costs.ours("openai"))
def test_our_readers_read_a_stream_to_its_end(name):
    left = bodies.endless("chat", 20)
    costs.ours("openai")[name](left)  # a stream that is not whole would raise
    assert [*left] == []


def test_a_peak_is_that_of_what_a_reader_holds():
    def holds(pieces):
        return [bytes(2**20) for _ in pieces]

    def drops(pieces):
        for _ in pieces:
            bytes(2**20)

    most, least = (costs.peak(work, "chat", 10) for work in (holds, drops))
    assert most > 10 * 2**20 > 4 * 2**20 > least > 2**20
    assert not tracemalloc.is_tracing()


def test_the_limits_are_those_that_the_library_promises():
    limits = {(gate.name, gate.shape): gate.limit for gate in costs.GATES}
    assert len(limits) == len(costs.GATES)
    assert {limit for (name, _), limit in limits.items() if "create" in name} == {"≥ 3"}
    assert [limit for (name, _), limit in limits.items() if "create" not in name] == [
        *("≤ 3", "≤ 1.1"),
    ]


def test_streams_are_asked_for_alone_since_their_peers_have_a_group_of_their_own():
    assert arguments(["streams"]).group == "bench-streams"
    assert arguments(["values"]).group == arguments([]).group == "bench"
    with pytest.raises(SystemExit):
        arguments(["streams", "values"])
