"""Streams over real sockets: httpx and httpx2, with and without await, under asyncio and trio.

A scripted server sends every byte, pause and fault; it also sees when a client leaves. Limits are
small here, and nothing is measured: a test waits for what happens.
"""

from __future__ import annotations

import asyncio
import gc
import gzip
import json
import time
import zlib
from types import SimpleNamespace

import anyio
import httpx
import httpx2
import pytest
import trio
from fault_server import (
    ANSWER,
    CHUNKED,
    DONE,
    HEARTBEAT,
    LAST,
    UNTIL_CLOSE,
    answer,
    chunk,
    chunks,
    drip,
    event,
    for_ever,
    half_close,
    head,
    reset,
    says,
    serving,
    stall,
    whole,
)
from ways import SOME, WAYS, nothing

from partialjson import (
    BadContentType,
    ConnectionLost,
    Heartbeat,
    HTTPStatusError,
    IncompleteJSONError,
    ProviderError,
    StreamTimeout,
    aopen_stream,
    astream,
    open_stream,
    stream,
)

VALUE = json.loads(ANSWER)
BODY = b"".join(answer())
SHORT = 0.2  # seconds, where a clock is to run out
LONG = 10  # seconds that a test waits at most for what must happen


@pytest.fixture(
    params=[name if name in SOME else pytest.param(name, marks=pytest.mark.soak) for name in WAYS]
)
def way(request):
    return WAYS[request.param]


def heard(way, script, read=nothing, **options):
    """What a client makes of a script: its events, its error, the stream, and the server.

    Where the script waits for the client to leave, so does this.
    """
    events = []

    def note(one, flow):
        events.append(one)
        read(one, flow)

    options = {"provider": "openrouter"} | options
    waits = script[-1] in (stall, half_close) or getattr(script[-1], "waits", False)
    with serving(script) as server:
        flow, error = way.run(server.url, note, **options)
        is_gone = waits and server.left.wait(LONG)
    return SimpleNamespace(events=events, error=error, flow=flow, server=server, is_gone=is_gone)


# --- whole answers -------------------------------------------------------------------------------

PRESSED = zlib.compressobj(wbits=31)
GZIP = [PRESSED.compress(one) + PRESSED.flush(zlib.Z_SYNC_FLUSH) for one in answer()]
GZIP[-1] += PRESSED.flush()
ZIPPED = head(transfer_encoding="chunked", content_encoding="gzip")

WHOLE = {
    "in chunks": [CHUNKED, *chunks(*answer()), LAST],
    "until the connection closes": [UNTIL_CLOSE, BODY],
    "of a length that is told": whole(BODY, kind="text/event-stream; charset=utf-8"),
    "in single bytes": [CHUNKED, drip(chunk(BODY)), LAST],
    "pressed": [ZIPPED, *chunks(*GZIP), LAST],
    "behind heartbeats": [CHUNKED, *chunks(HEARTBEAT, HEARTBEAT, *answer()), LAST],
    "of a type that is not told": [head(kind="", connection="close"), BODY],
    "in one piece, since nobody streamed": whole(
        json.dumps(
            {"choices": [{"message": {"content": ANSWER}, "finish_reason": "stop"}]}
        ).encode()
    ),
    "broken behind its end marker": [CHUNKED, *chunks(*answer()), reset],
    "broken behind its finish reason": [CHUNKED, *chunks(*answer()[:-1]), b"ff\r\ncut"],
}


@pytest.mark.parametrize("case", WHOLE)
def test_a_whole_answer_is_complete(way, case):
    got = heard(way, WHOLE[case])
    assert got.error is None
    assert (got.flow.result, got.flow.verdict.status) == (VALUE, "complete")
    assert got.flow.verdict.confirmed


def test_a_line_may_be_very_long(way):
    text = json.dumps("owl " * 50_000)
    got = heard(way, [CHUNKED, *chunks(says(text), says("", "stop"), DONE), LAST])
    assert got.flow.result == json.loads(text)


def test_a_request_is_sent_as_it_was_asked(way):
    got = heard(
        way,
        WHOLE["in chunks"],
        json={"stream": True},
        headers={"x-owl": "7"},
        params={"q": "barn"},
        auth=("wing", "feather"),
    )
    (asked,) = got.server.requests
    assert asked.startswith(b"POST /v1/chat/completions?q=barn HTTP/1.1\r\n")
    assert b"x-owl: 7" in asked.lower()
    assert b"authorization: basic" in asked.lower()
    assert json.loads(asked.partition(b"\r\n\r\n")[2]) == {"stream": True}


# --- streams that break --------------------------------------------------------------------------

BEGUN = answer()[:2]  # events of the answer's first 20 characters
DECODED = {"title": "Owls"}
BROKEN = {
    "inside a chunk's head": ([CHUNKED, *chunks(*BEGUN), b"f"], ConnectionLost),
    "inside a chunk": ([CHUNKED, *chunks(*BEGUN), b"ff\r\ndata: {"], ConnectionLost),
    "by a reset": ([CHUNKED, *chunks(*BEGUN), reset], ConnectionLost),
    "inside a body of a length that is told": (
        [head(content_length="9999"), *BEGUN],
        ConnectionLost,
    ),
    "by a proper end": ([CHUNKED, *chunks(*BEGUN), LAST], IncompleteJSONError),
    "where the connection closes": ([UNTIL_CLOSE, *BEGUN], IncompleteJSONError),
    "inside an event": ([CHUNKED, *chunks(*BEGUN, b'data: {"choi'), LAST], IncompleteJSONError),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_stream_that_breaks_is_no_success_and_loses_nothing(way, case):
    script, kind = BROKEN[case]
    got = heard(way, script)
    assert type(got.error) is kind
    assert (got.error.value, got.flow.value) == (DECODED, DECODED)
    assert got.flow.verdict.status == "interrupted"
    with pytest.raises(kind):
        _ = got.flow.result


def test_a_broken_connection_tells_all_that_there_is(way):
    got = heard(way, [CHUNKED, *chunks(*BEGUN), reset])
    assert got.error.retryable
    assert got.error.verdict is got.flow.verdict
    assert type(got.error.__cause__).__module__.startswith("httpx")


def test_a_server_that_ends_its_side_is_an_end(way):
    got = heard(way, [UNTIL_CLOSE, *BEGUN, half_close])
    assert type(got.error) is IncompleteJSONError
    assert got.is_gone


def test_closed_json_without_an_end_marker_is_complete_and_not_confirmed(way):
    got = heard(way, [CHUNKED, *chunks(*answer()[:-2]), LAST])
    assert (got.error, got.flow.verdict.status) == (None, "complete")
    assert not got.flow.verdict.confirmed
    strict = heard(way, [CHUNKED, *chunks(*answer()[:-2]), LAST], finish="strict")
    assert (type(strict.error), strict.flow.verdict.status) == (ConnectionLost, "interrupted")


OTHERWISE = {
    "HTML": (whole(b"<html><h1>Sign in</h1>", kind="text/html"), BadContentType, "Sign in"),
    "an error": (
        whole(b'{"error": {"code": 502, "message": "the owl is out"}}'),
        ProviderError,
        "the owl is out",
    ),
    "words": (whole(b"no owls today", kind="text/plain"), BadContentType, "no owls today"),
    "another API": (
        whole(event({"type": "pong"}), kind="text/event-stream"),
        BadContentType,
        "pong",
    ),
    "garbage": ([CHUNKED, *chunks(*BEGUN, event("{oops")), LAST], ProviderError, "{oops"),
}


@pytest.mark.parametrize("case", OTHERWISE)
def test_a_success_that_is_no_stream_of_the_provider_is_told_apart(way, case):
    script, kind, words = OTHERWISE[case]
    got = heard(way, script)
    assert type(got.error) is kind
    assert words in str(got.error)
    assert got.flow.verdict.status == "failed"


# --- refusals ------------------------------------------------------------------------------------

REFUSED = {
    "OpenAI": (
        whole(
            b'{"error": {"message": "No such owl", "type": "invalid_request_error", "code": null}}',
            "400 Bad Request",
        ),
        (400, "No such owl", "invalid_request_error", False, None),
    ),
    "Anthropic": (
        whole(
            b'{"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}',
            "529 Site is overloaded",
        ),
        (529, "Overloaded", "overloaded_error", True, None),
    ),
    "Google": (
        whole(
            b'[{"error": {"code": 503, "message": "Try later", "status": "UNAVAILABLE"}}]',
            "503 Service Unavailable",
            retry_after="7",
        ),
        (503, "Try later", 503, True, 7.0),
    ),
    "FastAPI": (
        whole(b'{"detail": "Not authenticated"}', "401 Unauthorized"),
        (401, "Not authenticated", None, False, None),
    ),
    "a page": (
        whole(b"<html>\n<h1>Bad gateway</h1>", "502 Bad Gateway", "text/html"),
        (502, "<html> <h1>Bad gateway</h1>", None, True, None),
    ),
    "nothing": (whole(b"", "429 Too Many Requests"), (429, "status 429", None, True, None)),
    "a fraction of a second": (
        whole(b"", "429 Too Many Requests", retry_after="0.5"),
        (429, "status 429", None, True, 0.5),
    ),
    "milliseconds": (
        whole(b"", "429 Too Many Requests", retry_after_ms="250", retry_after="9"),
        (429, "status 429", None, True, 0.25),
    ),
    "a date": (
        whole(
            b"",
            "503 Service Unavailable",
            Date="Sun, 06 Nov 1994 08:49:37 GMT",
            retry_after="Sun, 06 Nov 1994 08:50:07 GMT",
        ),
        (503, "status 503", None, True, 30.0),
    ),
    "a wish against its status": (
        whole(b"", "500 Internal Server Error", x_should_retry="false"),
        (500, "status 500", None, False, None),
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_refusal_is_told_on_entering_in_the_words_of_the_provider(way, case):
    script, (status, words, code, retryable, wait) = REFUSED[case]
    got = heard(way, script)
    assert type(got.error) is HTTPStatusError
    assert words in str(got.error)
    facts = (got.error.status_code, got.error.code, got.error.retryable, got.error.retry_after)
    assert facts == (status, code, retryable, wait)
    assert (got.events, got.flow.verdict.status) == ([], "failed")


def test_a_loop_without_a_block_is_refused_too_and_asks_once():
    with serving(REFUSED["nothing"][0]) as server, httpx.Client() as client:
        flow = open_stream(client, "POST", server.url)
        with pytest.raises(HTTPStatusError):
            next(flow)
        assert list(flow) == []
        assert len(server.requests) == 1


def test_no_connection_is_a_lost_one_that_may_come_back(way):
    flow, error = way.run("http://127.0.0.1:9/", nothing)
    assert type(error) is ConnectionLost
    assert (error.retryable, flow.verdict.status) == (True, "interrupted")


# --- clocks --------------------------------------------------------------------------------------

LATE = {
    "no answer": ([stall], {"first_event_timeout": SHORT}, "first_event_timeout"),
    "no first byte": ([CHUNKED, stall], {"first_event_timeout": SHORT}, "first_event_timeout"),
    "heartbeats alone": (
        [CHUNKED, for_ever(chunk(HEARTBEAT))],
        {"first_event_timeout": SHORT},
        "first_event_timeout",
    ),
    "heartbeats behind data": (
        [CHUNKED, *chunks(*BEGUN), for_ever(chunk(HEARTBEAT))],
        {"progress_timeout": SHORT},
        "progress_timeout",
    ),
    "silence": ([CHUNKED, *chunks(*BEGUN), stall], {"idle_timeout": SHORT}, "idle_timeout"),
}


@pytest.mark.parametrize("case", LATE)
def test_a_clock_that_runs_out_ends_the_stream_and_the_connection(way, case):
    script, options, words = LATE[case]
    got = heard(way, script, **options)
    assert type(got.error) is StreamTimeout
    assert words in str(got.error) or case == "no answer"
    assert (got.error.retryable, got.flow.verdict.status) == (True, "interrupted")
    assert got.is_gone


def test_the_time_of_the_reader_is_not_the_server_s(way):
    got = heard(
        way,
        [CHUNKED, *chunks(*answer()), LAST],
        read=lambda *_: time.sleep(0.03),
        idle_timeout=SHORT,
        progress_timeout=SHORT,
        first_event_timeout=SHORT,
    )
    assert (got.error, got.flow.result) == (None, VALUE)
    assert got.flow.timing.end > SHORT


def test_the_moments_of_a_stream_are_in_order(way):
    got = heard(way, [CHUNKED, *chunks(HEARTBEAT, *answer()), LAST])
    told = got.flow.timing
    moments = [told.headers, told.first_heartbeat, told.first_token, told.first_closed, told.end]
    assert moments == sorted(moments)
    assert isinstance(got.events[0], Heartbeat)


@pytest.mark.parametrize("limit", [0, -1, float("nan")])
@pytest.mark.parametrize("name", ["idle_timeout", "progress_timeout", "first_event_timeout"])
def test_a_limit_is_above_nothing(name, limit):
    with pytest.raises(ValueError, match=f"expected {name} above 0 seconds"):
        open_stream(None, "POST", "", **{name: limit})


# --- leaving -------------------------------------------------------------------------------------

ENDLESS = [CHUNKED, *chunks(*BEGUN), for_ever(chunk(HEARTBEAT))]


def test_an_exception_in_the_block_closes_the_connection(way):
    def read(*_):
        raise LookupError("enough")

    got = heard(way, ENDLESS, read=read)
    assert type(got.error) is LookupError
    assert (got.is_gone, got.flow.verdict.status) == (True, "cancelled")


@pytest.mark.parametrize("library", [httpx, httpx2])
def test_breaking_off_closes_the_connection(library):
    with serving(ENDLESS) as server, library.Client() as client:
        with open_stream(client, "POST", server.url, provider="chat") as flow:
            for _ in flow:
                break
        assert server.left.wait(LONG)
        assert flow.verdict.status == "cancelled"


@pytest.mark.parametrize("library", [httpx, httpx2])
def test_breaking_off_closes_the_connection_with_await_too(library):
    async def main(server):
        async with library.AsyncClient() as client:
            async with aopen_stream(client, "POST", server.url, provider="chat") as flow:
                async for _ in flow:
                    break
            assert await anyio.to_thread.run_sync(server.left.wait, LONG)
        return flow.verdict.status

    for run in (anyio.run, trio.run):
        with serving(ENDLESS) as server:
            assert run(main, server) == "cancelled"


@pytest.mark.parametrize("library", [httpx, httpx2])
def test_a_task_that_is_cancelled_closes_the_connection(library):
    flows = []

    async def main(server):
        async with library.AsyncClient() as client:
            with anyio.move_on_after(SHORT):
                async with aopen_stream(client, "POST", server.url, provider="chat") as flow:
                    flows.append(flow)
                    async for _ in flow:
                        pass
            assert await anyio.to_thread.run_sync(server.left.wait, LONG)

    for run in (anyio.run, trio.run):
        with serving(ENDLESS) as server:
            run(main, server)
    assert [flow.verdict.status for flow in flows] == ["cancelled", "cancelled"]


def forget(held):
    held.clear()
    gc.collect()


@pytest.mark.parametrize("library", [httpx, httpx2])
def test_a_stream_that_is_forgotten_warns_and_closes_its_connection(library):
    with serving(ENDLESS) as server, library.Client() as client:
        flow = open_stream(client, "POST", server.url, provider="chat")
        next(flow)
        held = [flow]
        del flow
        with pytest.warns(ResourceWarning, match="never closed"):
            forget(held)
        assert server.left.wait(LONG)


def test_a_stream_that_is_forgotten_with_await_warns():
    async def main(server):
        async with httpx.AsyncClient() as client:
            flow = aopen_stream(client, "POST", server.url, provider="chat")
            await anext(flow)
            held = [flow]
            del flow
            with pytest.warns(ResourceWarning, match="never closed"):
                forget(held)

    with serving(ENDLESS) as server:
        asyncio.run(main(server))


def test_a_stream_that_is_read_to_its_end_closes_itself():
    with serving([CHUNKED, *chunks(*answer()), stall]) as server, httpx.Client() as client:
        flow = open_stream(client, "POST", server.url, provider="chat")
        assert len(list(flow)) > 5
        assert server.left.wait(LONG)
        flow.close()


# --- answers that somebody else opened -----------------------------------------------------------


@pytest.mark.parametrize("library", [httpx, httpx2])
@pytest.mark.parametrize("case", ["in chunks", "pressed"])
def test_a_response_is_a_source(library, case):
    with (
        serving(WHOLE[case]) as server,
        library.Client() as client,
        client.stream("POST", server.url) as response,
        stream(response, provider="openrouter") as flow,
    ):
        list(flow)
    assert flow.result == VALUE


@pytest.mark.parametrize("library", [httpx, httpx2])
def test_a_response_with_await_is_a_source(library):
    async def main(server):
        async with (
            library.AsyncClient() as client,
            client.stream("POST", server.url) as response,
            astream(response, provider="openrouter") as flow,
        ):
            return [one async for one in flow] and flow.result

    with serving(WHOLE["in chunks"]) as server:
        assert asyncio.run(main(server)) == VALUE


@pytest.mark.parametrize("library", [httpx, httpx2])
def test_the_status_of_a_response_is_looked_at(library):
    with (
        serving(REFUSED["OpenAI"][0]) as server,
        library.Client() as client,
        client.stream("POST", server.url) as response,
        pytest.raises(HTTPStatusError, match="No such owl"),
    ):
        next(stream(response, provider="openrouter"))


@pytest.mark.parametrize("library", [httpx, httpx2])
def test_bytes_of_a_response_break_in_our_words_too(library):
    with (
        serving([CHUNKED, *chunks(*BEGUN), b"ff\r\ncut"]) as server,
        library.Client() as client,
        client.stream("POST", server.url) as response,
        pytest.raises(ConnectionLost, match="RemoteProtocolError") as caught,
    ):
        list(stream(response.iter_bytes(), provider="openrouter"))
    assert isinstance(caught.value.__cause__, library.RemoteProtocolError)


def test_a_pressed_body_that_is_cut_is_no_success():
    cut = gzip.compress(BODY)[:-30]
    script = [head(content_encoding="gzip", content_length=str(len(cut))) + cut]
    for way in (WAYS["httpx"], WAYS["httpx2, asyncio"]):
        got = heard(way, script)
        assert got.error is not None or got.flow.result == VALUE
        assert (got.flow.verdict.status == "complete") == (got.flow.value == VALUE)
