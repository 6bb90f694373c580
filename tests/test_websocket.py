"""WebSockets over real sockets, with and without await.

The server is the library's where it will do; what it will not do (a text cut inside a character,
an end without a close frame) is sent byte by byte by a scripted one. Limits are small here, and
nothing is measured: a test waits for what happens.
"""

from __future__ import annotations

import asyncio
import base64
import gc
import hashlib
import json
import re
import socket
import ssl
import sys
import threading
from contextlib import contextmanager, suppress

import pytest
import trustme
from fault_server import for_ever, half_close, head, reset, serving, stall, whole
from websockets.exceptions import ConnectionClosedError
from websockets.frames import Close
from websockets.sync.server import serve

from partialjson.errors import ConnectionLost, HTTPStatusError, StreamTimeout
from partialjson.wire import websocket
from partialjson.wire.clocks import Clocks
from partialjson.wire.websocket import AsyncWebSocket, WebSocket, closed, told

SHORT = 0.1  # seconds, where a clock is to run out
LONG = 10  # seconds that a test waits at most for what must happen
HUGE = "owl " * 4 * 1024**2  # characters: more than the buffers of a connection hold


class Awaited:
    """An `AsyncWebSocket` whose loop runs while something is asked of it."""

    def __init__(self, *arguments, **options):
        self.runner = asyncio.Runner()
        self.line = AsyncWebSocket(*arguments, **options)

    def __iter__(self):
        return self

    def __next__(self):
        try:
            return self.runner.run(self.line.__anext__())
        except StopAsyncIteration:
            raise StopIteration from None

    def open(self):
        self.runner.run(self.line.open())

    def send(self, message):
        self.runner.run(self.line.send(message))

    def close(self):
        self.runner.run(self.line.aclose())

    @property
    def is_open(self):
        return self.line.is_open

    @property
    def headers(self):
        return self.line.headers


@pytest.fixture(params=[WebSocket, Awaited])
def connect(request):
    """Makes connections, none of which outlives the test."""
    made = []

    def connect(url, *messages, clocks=None, **options):
        url = re.sub("^http:", "ws:", url)
        options = {"close_timeout": SHORT} | options  # a script does not answer a close frame
        made.append(request.param(url, messages, clocks or Clocks(), **options))
        return made[-1]

    yield connect
    for line in made:
        line.close()
        if isinstance(line, Awaited):
            line.runner.close()


@pytest.fixture(autouse=True, scope="module")
def no_thread_and_no_socket_stays():
    before = set(threading.enumerate())
    yield
    for thread in set(threading.enumerate()) - before:
        if "_listen" in thread.name:  # of a scripted server, which ends with the process
            continue
        thread.join(LONG)
        assert not thread.is_alive()
    gc.collect()  # a socket that was not closed warns here, and a warning is an error


@contextmanager
def library(handle, **options):
    """The library's server; gives its URL."""
    with serve(handle, "127.0.0.1", 0, **options) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"ws://127.0.0.1:{server.socket.getsockname()[1]}/v1/responses"
        finally:
            server.shutdown()
            thread.join()


# --- the scripted server -------------------------------------------------------------------------

CONTINUATION, TEXT, BYTES, CLOSE, PING = 0x0, 0x1, 0x2, 0x8, 0x9  # RFC 6455, section 5.2
FIN = 0x80


def frame(kind, data=b"", *, fin=True):
    """A frame of a server, which masks nothing."""
    assert len(data) < 126
    return bytes([kind | (FIN if fin else 0), len(data)]) + data


def closing(code, reason=""):
    return frame(CLOSE, code.to_bytes(2, "big") + reason.encode())


def welcome(connection, *lines):
    """The handshake's answer (section 4.2.2)."""
    (key,) = re.findall(rb"(?i)sec-websocket-key: (\S+)", connection.server.requests[-1])
    digest = hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11", usedforsecurity=False)
    accept = base64.b64encode(digest.digest()).decode()
    lines = ["Upgrade: websocket", "Connection: Upgrade", f"Sec-WebSocket-Accept: {accept}", *lines]
    answer = "\r\n".join(["HTTP/1.1 101 Switching Protocols", *lines, "", ""])
    connection.client.sendall(answer.encode())


def hears(connection):
    """Whatever the client sends next."""
    connection.server.requests.append(connection.client.recv(65_536))


def deaf(connection):
    """Nothing is read or sent, until the test is over."""
    connection.server.over.wait(LONG)


def outcome(line):
    """What a connection's messages come to: their texts, and how they end."""
    texts = []
    try:
        texts.extend(line)
    except OSError as error:
        return texts, error
    return texts, None


def heard(connect, *script, **options):
    with serving([welcome, *script]) as server:
        return outcome(connect(server.url, **options))


# --- messages ------------------------------------------------------------------------------------


def test_messages_of_text_come_as_they_stand(connect):
    def handle(server):
        for text in ('{"type": "é"}', "", "two\nlines"):
            server.send(text)

    with library(handle) as url:
        line = connect(url)
        assert list(line) == ['{"type": "é"}', "", "two\nlines"]
        assert list(line) == []
    assert not line.is_open


def test_what_is_asked_is_sent_once_it_is_open_and_steered_later(connect):
    received = []

    def handle(server):
        for message in server:
            received.append(message)
            server.send("ok")

    asked = {"type": "response.create", "n": [1, None]}
    with library(handle) as url:
        line = connect(url, asked, "as it stands", b"\xff")
        line.open()
        assert line.is_open
        line.send({"type": "response.steer"})
        assert [next(line) for _ in range(4)] == ["ok"] * 4
        line.close()
    assert [json.loads(received[0]), *received[1:3]] == [asked, "as it stands", b"\xff"]
    assert json.loads(received[3]) == {"type": "response.steer"}


def test_the_headers_of_both_handshakes_are_passed_on(connect):
    def greet(connection):
        welcome(connection, "X-Request-ID: 7", "Set-Cookie: a=1", "Set-Cookie: b=2")

    with serving([greet, stall]) as server:
        line = connect(server.url, headers={"Authorization": "Bearer owl"})
        assert line.headers == {}
        line.open()
    assert (line.headers["x-request-id"], line.headers["set-cookie"]) == ("7", "a=1, b=2")
    assert b"\r\nauthorization: bearer owl\r\n" in server.requests[0].lower()


def test_a_text_in_fragments_is_one_even_if_a_character_is_cut_and_a_ping_stands_between(connect):
    owl = "🦉 é".encode()
    script = [
        frame(TEXT, owl[:2], fin=False),
        frame(PING, b"there?"),
        frame(CONTINUATION, owl[2:6], fin=False),
        frame(CONTINUATION, owl[6:]),
        hears,
        closing(1000),
    ]
    with serving([welcome, *script]) as server:
        assert outcome(connect(server.url)) == (["🦉 é"], None)
    assert server.requests[1][0] == FIN | 0xA  # a pong


def test_messages_of_bytes_are_one_text_whose_characters_may_be_cut(connect):
    pieces = [b"a\xc3", b"\xa9", b"", b"\xf0\x9f", b"\xa6\x89\xff!"]
    texts, error = heard(connect, *[frame(BYTES, piece) for piece in pieces], closing(1000))
    assert (texts, error) == (["a", "é", "🦉\ufffd!"], None)


# --- ends ----------------------------------------------------------------------------------------

RETRYABLE = {
    **dict.fromkeys((1001, 1005, 1011, 1012, 1013, 1014), True),
    **dict.fromkeys((1002, 1003, 1007, 1008, 1009, 1010, 3000, 4000, 4999), False),
}


@pytest.mark.parametrize("code", RETRYABLE)
def test_an_end_that_is_not_clean_is_told_by_its_code(connect, code):
    last = frame(CLOSE) if code == 1005 else closing(code, "the barn is full")
    texts, error = heard(connect, frame(TEXT, b"owl"), last)
    assert (texts, type(error), error.retryable) == (["owl"], ConnectionLost, RETRYABLE[code])
    words = "" if code == 1005 else ": the barn is full"
    assert str(error) == f"the server closed with code {code}{words}"


@pytest.mark.parametrize("code", [1006, 1015])
def test_a_code_that_no_frame_may_hold_is_told_alike(code):
    error = closed(ConnectionClosedError(Close(code, ""), None))
    assert (str(error), error.retryable) == (f"the server closed with code {code}", True)


def test_such_a_code_in_a_frame_breaks_the_protocol(connect):
    _, error = heard(connect, closing(1006), hears)
    assert str(error).startswith("this side closed with code 1002")
    assert not error.retryable


def test_a_server_of_the_library_ends_alike(connect):
    with library(lambda server: server.close(1013, "later")) as url:
        _, error = outcome(connect(url))
    assert (str(error), error.retryable) == ("the server closed with code 1013: later", True)


@pytest.mark.parametrize("script", [[], [reset]], ids=["FIN", "RST"])
def test_an_end_without_a_close_frame_is_a_broken_connection(connect, script):
    texts, error = heard(connect, frame(TEXT, b"owl"), *script)
    assert (type(error), error.retryable) == (ConnectionLost, True)
    assert str(error) == "the connection broke without a close frame"
    assert texts in (["owl"], [])  # a reset may overtake what came before it


def test_the_same_end_is_told_again(connect):
    with serving([welcome, closing(4000)]) as server:
        line = connect(server.url)
        for _ in range(2):
            with pytest.raises(ConnectionLost, match="code 4000"):
                next(line)
        assert not line.is_open


def test_a_message_over_the_limit_is_refused_and_not_asked_for_again(connect):
    _, error = heard(connect, frame(TEXT, b"a long message"), hears, max_size=10)
    assert re.match("this side closed with code 1009: .*10 bytes", str(error))
    assert (type(error), error.retryable) == (ConnectionLost, False)


def test_a_message_of_16_mib_is_not_over_the_limit(connect):
    with library(lambda server: server.send(HUGE)) as url:
        assert list(connect(url)) == [HUGE]


def test_a_text_that_is_not_utf_8_breaks_the_protocol(connect):
    _, error = heard(connect, frame(TEXT, b"\xff"), hears)
    assert str(error).startswith("this side closed with code 1007")
    assert not error.retryable


# --- connections that do not open ----------------------------------------------------------------


def test_a_refused_handshake_says_what_the_provider_says(connect):
    body = json.dumps({"error": {"message": "no barn", "code": "forbidden"}}).encode()
    with serving(whole(body, "403 Forbidden", x_request_id="7")) as server:
        line = connect(server.url)
        with pytest.raises(HTTPStatusError, match="status 403: no barn") as caught:
            line.open()
    error = caught.value
    assert (error.status_code, error.code, error.retryable) == (403, "forbidden", False)
    assert (line.headers["x-request-id"], line.is_open) == ("7", False)


def test_a_handshake_that_is_refused_for_now_says_when_to_come_back(connect):
    script = whole(b'{"error": {"message": "too many owls"}}', "429 Many", retry_after="7")
    with serving(script) as server, pytest.raises(HTTPStatusError) as caught:
        next(connect(server.url))
    error = caught.value
    assert (error.status_code, error.retryable, error.retry_after) == (429, True, 7)


def test_a_refusal_may_have_no_body(connect):
    script = [head("503 Unavailable", content_length="0")]
    with serving(script) as server, pytest.raises(HTTPStatusError, match=r"status 503$"):
        connect(server.url).open()


@pytest.mark.parametrize(
    "url", ["", "owl", "https://127.0.0.1/", "ws://", "ws://127.0.0.1:99999/", f"ws://{'a' * 64}/"]
)
def test_a_malformed_url_is_not_tried_again(connect, url):
    with pytest.raises(ConnectionLost) as caught:
        connect(url).open()
    assert not caught.value.retryable


BEFORE = {
    "a close": ([], True),
    "a reset": ([reset], True),
    "half an answer": ([b"HTTP/1.1 101 Swit"], True),
    "no answer of HTTP": ([b"220 smtp.barn ready\r\n", stall], False),
    "no answer to a handshake": ([head("101 Owl", upgrade="owl", connection="upgrade")], False),
}


@pytest.mark.parametrize("case", BEFORE)
def test_a_handshake_that_is_not_answered_is_a_lost_connection(connect, case):
    script, retryable = BEFORE[case]
    with serving(script) as server, pytest.raises(ConnectionLost) as caught:
        connect(server.url).open()
    assert caught.value.retryable is retryable


def test_a_server_that_is_not_there_may_come_back(connect):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(ConnectionLost, match="ConnectionRefusedError") as caught:
        connect(f"ws://127.0.0.1:{port}").open()
    assert caught.value.retryable


def test_a_certificate_that_does_not_hold_is_not_tried_again(connect):
    authority = trustme.CA()
    own, theirs = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert("127.0.0.1").configure_cert(own)
    with library(lambda server: server.send("owl"), ssl=own) as plain:
        url = plain.replace("ws:", "wss:")
        with pytest.raises(ConnectionLost, match="certificate") as caught:
            connect(url, ssl=theirs).open()
        authority.configure_trust(theirs)
        assert list(connect(url, ssl=theirs)) == ["owl"]
    assert not caught.value.retryable


def test_a_time_limit_of_the_system_is_no_clock_of_ours():
    error = told(TimeoutError(110, "Connection timed out"))
    assert (type(error), error.retryable) == (ConnectionLost, True)


def test_a_server_that_closes_while_the_messages_are_sent_is_heard(connect):
    with serving([welcome, closing(1008, "no key"), half_close]) as server:
        line = connect(server.url, *["owl"] * 10_000)
        _, error = outcome(line)
    assert str(error) == "the server closed with code 1008: no key"


def test_misuse_is_no_lost_connection(connect):
    with pytest.raises(TypeError, match="open_timeout"):
        connect("ws://127.0.0.1", open_timeout=1)
    with pytest.raises(ValueError, match="not JSON compliant"):
        connect("ws://127.0.0.1", [float("nan")])
    with pytest.raises(TypeError, match="feathers"), serving([welcome]) as server:
        connect(server.url, feathers=7).open()


def test_a_missing_library_is_named_with_its_extra(connect, monkeypatch):
    for module in ("websockets.sync.client", "websockets.asyncio.client"):
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ImportError, match=re.escape("pip install 'partialjson-streaming[ws]'")):
        connect("ws://127.0.0.1").open()


# --- clocks --------------------------------------------------------------------------------------

SILENT = {
    "before the handshake is answered": ([stall], "first_event"),
    "behind the handshake": ([welcome, stall], "first_event"),
    "inside a message": ([welcome, frame(TEXT, b"ow", fin=False), stall], "first_event"),
    "behind pings": ([welcome, for_ever(frame(PING))], "first_event"),
    "inside a character": ([welcome, frame(BYTES, b"\xc3"), stall], "idle"),
}


@pytest.mark.parametrize("case", SILENT)
def test_a_server_that_is_silent_is_left(connect, case):
    script, clock = SILENT[case]
    with serving(script) as server:
        line = connect(server.url, clocks=Clocks(**{clock: SHORT}))
        _, error = outcome(line)
        line.close()
        assert server.left.wait(LONG)
    assert (type(error), error.retryable) == (StreamTimeout, True)
    assert f"({clock}_timeout)" in str(error)


def test_a_server_that_does_not_read_is_left_while_the_messages_are_sent(connect, monkeypatch):
    monkeypatch.setattr(websocket, "CLOSES_WITHIN", SHORT)
    with serving([welcome, deaf]) as server:
        line = connect(server.url, HUGE, clocks=Clocks(idle=SHORT))
        with pytest.raises(StreamTimeout, match="idle_timeout"):
            line.open()
        assert not line.is_open


# --- leaving -------------------------------------------------------------------------------------


def test_nothing_is_sent_before_it_opens_or_behind_its_end(connect):
    with serving([welcome, closing(1000)]) as server:
        line = connect(server.url)
        with pytest.raises(RuntimeError):
            line.send("owl")
        assert list(line) == []
        with pytest.raises(RuntimeError):
            line.send("owl")


def test_what_is_sent_into_a_broken_connection_is_told(connect):
    with serving([welcome, hears, reset]) as server:
        line = connect(server.url, "owl")
        line.open()
        assert outcome(line.send("owl") for _ in range(10_000))[1].retryable


def test_a_connection_that_was_closed_is_over(connect):
    with serving([welcome, frame(TEXT, b"owl"), frame(TEXT, b"barn"), stall]) as server:
        line = connect(server.url)
        assert next(line) == "owl"
        line.close()
        line.close()
        assert server.left.wait(LONG)
        for use in (line.open, line.__next__):
            with pytest.raises(ConnectionLost, match="closed from this side"):
                use()
    assert not line.is_open


def test_a_connection_that_never_opened_is_closed_by_nothing(connect):
    line = connect("ws://127.0.0.1")
    line.close()
    with pytest.raises(ConnectionLost, match="closed from this side"):
        next(line)


def test_a_read_of_another_thread_ends_when_it_is_cancelled():
    errors = []
    with serving([welcome, frame(TEXT, b"owl"), stall]) as server:
        line = WebSocket(server.url.replace("http", "ws"), [], Clocks())
        assert next(line) == "owl"
        reader = threading.Thread(target=lambda: errors.append(outcome(line)[1]))
        reader.start()
        line.cancel()
        reader.join(LONG)
        assert server.left.wait(LONG)
    line.close()
    line.cancel()
    (error,) = errors
    assert (str(error), error.retryable) == ("the connection was closed from this side", False)


def test_what_is_cancelled_before_it_opens_does_not_open():
    line = WebSocket("ws://127.0.0.1", [], Clocks())
    line.cancel()
    with pytest.raises(ConnectionLost, match="closed from this side"):
        next(line)


def test_closing_does_not_wait_for_a_write_that_blocks(monkeypatch):
    monkeypatch.setattr(websocket, "CLOSES_WITHIN", SHORT)
    with serving([welcome, deaf]) as server:
        line = WebSocket(server.url.replace("http", "ws"), [], Clocks())
        line.open()
        writer = threading.Thread(target=blocks, args=[line])
        writer.start()
        line.close()
        writer.join(LONG)
        assert not writer.is_alive()


def blocks(line):
    with suppress(ConnectionLost, RuntimeError):
        line.send(HUGE)


def test_closing_does_not_wait_for_a_write_that_blocks_with_await(monkeypatch):
    monkeypatch.setattr(websocket, "CLOSES_WITHIN", SHORT)

    async def main(url):
        line = AsyncWebSocket(url, [], Clocks())
        await line.open()
        writer = asyncio.create_task(line.send(HUGE))
        await asyncio.sleep(0)
        await line.aclose()
        await writer

    with serving([welcome, deaf]) as server:
        asyncio.run(main(server.url.replace("http", "ws")))


@pytest.mark.parametrize("times", [1, 2])
def test_a_task_that_is_cancelled_closes_even_if_it_is_cancelled_again(times):
    async def reads(line):
        try:
            async for _ in line:
                pass
        finally:
            await line.aclose()

    async def main(url):
        line = AsyncWebSocket(url, [], Clocks(), close_timeout=SHORT)
        await line.open()
        task = asyncio.create_task(reads(line))
        for _ in range(times):
            await asyncio.sleep(0)
            task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert not line.is_open

    with serving([welcome, stall]) as server:
        asyncio.run(main(server.url.replace("http", "ws")))
        assert server.left.wait(LONG)
