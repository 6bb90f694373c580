"""One event model over all ways of delivery: real servers, and what a network may forbid."""

from __future__ import annotations

import asyncio
import json
import threading
from contextlib import contextmanager

import httpx
import pytest
from fault_server import ANSWER, CHUNKED, DONE, LAST, answer, chunks, event, serving, whole
from websockets.sync.server import serve

from partialjson import (
    ConnectionLost,
    HTTPStatusError,
    IncompleteJSONError,
    Reset,
    Retry,
    Retrying,
    StringDelta,
    ValueEnd,
    aopen_stream,
    open_stream,
    stream,
)
from partialjson.wire.polling import Pace, Page, Polls, Snapshot

AT_ONCE = Retry(jitter=lambda: 0)
VALUE = json.loads(ANSWER)
ID = "resp_1"
BODY = {"model": "owl", "input": "Owls?", "stream": True}
SOON = Pace(least=0.001, most=0.002)


def response(status, text=ANSWER):
    part = {"type": "output_text", "text": text}
    message = {"type": "message", "id": "msg_1", "content": [part]}
    return {"id": ID, "object": "response", "status": status, "output": [message]}


def said(text=ANSWER, size=5):
    """The events of a Responses stream that says a text, as their objects."""
    cuts = [text[at : at + size] for at in range(0, len(text), size)]
    deltas = [
        {"type": "response.output_text.delta", "item_id": "msg_1", "output_index": 0, "delta": one}
        for one in cuts
    ]
    created = {"type": "response.created", "response": {"id": ID, "status": "in_progress"}}
    done = {"type": "response.completed", "response": response("completed", text)}
    return [created, *deltas, done]


@contextmanager
def websocket(*scripts, **options):
    """A server that says, to one client after the other, what its script yields of it."""
    left, asked = list(scripts), []

    def handle(connection):
        script = left.pop(0)
        asked.append(json.loads(connection.recv()))
        for one in script(connection):
            connection.send(one if isinstance(one, str) else json.dumps(one))

    with serve(handle, "127.0.0.1", 0, **options) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"ws://127.0.0.1:{server.socket.getsockname()[1]}/v1/responses", asked
        finally:
            server.shutdown()
            thread.join()


def speaks(messages=None):
    return lambda _: said() if messages is None else messages


def breaks_off(count):
    """Some messages, and then the connection is gone without a word."""

    def script(connection):
        yield from said()[:count]
        connection.socket.shutdown(2)

    return script


def read(client, url, **options):
    with open_stream(client, "POST", url, **{"json": BODY, "pace": SOON} | options) as flow:
        events = list(flow)
    return events, flow


def read_awaited(client, url, **options):
    async def main():
        kind = httpx.AsyncClient if client is not None else None
        opened = kind() if kind else None
        flow = aopen_stream(opened, "POST", url, **{"json": BODY, "pace": SOON} | options)
        async with flow:
            events = [one async for one in flow]
        if opened:
            await opened.aclose()
        return events, flow

    return asyncio.run(main())


@pytest.fixture(params=[read, read_awaited], ids=["plain", "await"])
def reader(request):
    return request.param


@pytest.fixture(scope="module")
def client():
    with httpx.Client() as client:
        yield client


def closed(events):
    return [one for one in events if isinstance(one, ValueEnd)]


# -- WebSocket -------------------------------------------------------------------------------------


def test_a_response_over_a_websocket_has_the_events_of_one_over_http(reader):
    with websocket(speaks()) as (url, asked):
        events, flow = reader(None, url, provider="responses", deliver="websocket")
    expected = list(stream(iter(map(json.dumps, said())), provider="responses"))
    assert (events, flow.result, flow.verdict.status) == (expected, VALUE, "complete")
    assert asked == [{"type": "response.create", "model": "owl", "input": "Owls?"}]


@pytest.mark.parametrize("count", range(len(said())))
def test_a_websocket_that_breaks_off_is_opened_again_and_nothing_is_told_twice(count):
    with websocket(breaks_off(count), speaks()) as (url, asked):
        events, flow = read(None, url, provider="responses", deliver="websocket", retry=AT_ONCE)
    (again,) = [one for one in events if isinstance(one, Retrying)]
    events.remove(again)
    assert events == list(stream(iter(map(json.dumps, said())), provider="responses"))
    assert (flow.verdict.status, len(asked), again.how) == ("complete", 2, "replay")


def test_a_clean_close_before_the_end_is_no_success(reader):
    with (
        websocket(speaks(said()[:4])) as (url, _),
        pytest.raises(IncompleteJSONError) as cut,
    ):
        reader(None, url, provider="responses", deliver="websocket")
    assert cut.value.value == {"title": "Owls"}


def test_text_frames_are_text():
    with websocket(speaks(['{"title": "O', 'wls"}'])) as (url, _):
        _, flow = read(None, url, provider="json", deliver="websocket")
    assert flow.result == {"title": "Owls"}


def test_a_stream_is_steered_while_it_comes():
    def steered(connection):
        first, *rest = said()
        yield first
        yield rest[0]
        assert json.loads(connection.recv()) == {"type": "response.cancel"}
        yield {"type": "response.cancelled", "response": {"id": ID, "status": "cancelled"}}

    with (
        websocket(steered) as (url, _),
        open_stream(
            None, "GET", url, json=BODY, provider="responses", deliver="websocket", finish="lenient"
        ) as flow,
    ):
        for _ in flow:
            flow.send({"type": "response.cancel"})
            break
        list(flow)
    assert flow.verdict.status == "cancelled"


def test_steering_without_a_websocket_is_refused(client):
    with serving([CHUNKED, *chunks(*answer()), LAST]) as server:
        flow = open_stream(client, "POST", server.url)
        with flow, pytest.raises(RuntimeError, match="needs an open WebSocket"):
            flow.send("stop")


# -- Polling ---------------------------------------------------------------------------------------


def as_json(message, status="200 OK"):
    return whole(json.dumps(message).encode(), status, connection="close")


GROWING = [ANSWER[:9], ANSWER[:9], ANSWER[:21]]


def polled(*texts):
    """The answers to one request and its polls."""
    going = [as_json(response("in_progress", text)) for text in texts]
    return [as_json({"id": ID, "object": "response", "status": "queued"}), *going]


def path(request):
    return request.split(b" ", 2)[1].decode()


def test_a_response_in_the_background_is_fetched_as_it_grows(reader, client):
    with serving(*polled(*GROWING), as_json(response("completed"))) as server:
        url = server.url.replace("chat/completions", "responses")
        events, flow = reader(client, url, provider="responses", deliver="polling")
    assert (flow.result, flow.verdict.status) == (VALUE, "complete")
    assert "".join(one.text for one in events if isinstance(one, StringDelta)) == "Owls"
    assert not [one for one in events if isinstance(one, Reset)]
    first, *rest = server.requests
    assert b'"background":true' in first.replace(b" ", b"")
    assert {path(one) for one in rest} == {f"/v1/responses/{ID}"}


def test_a_snapshot_that_takes_something_back_is_one_reset():
    texts = iter(
        [Snapshot('{"title": "Owl'), Snapshot('{"title": "Ow'), Snapshot(ANSWER, done=True)]
    )
    flow = stream(Polls(lambda _: next(texts), lambda one: one, pace=SOON), provider="auto")
    assert [one.keep for one in flow if isinstance(one, Reset)] == [13]
    assert flow.result == VALUE


def test_pages_are_fetched_by_their_cursors():
    asked = []

    def fetch(cursor):
        asked.append(cursor)
        at = cursor or 0
        return Page(ANSWER[at : at + 9], at + 9, done=at + 9 >= len(ANSWER))

    flow = stream(Polls(fetch, lambda page: page, pace=SOON), provider="auto")
    list(flow)
    assert (flow.result, asked[:3]) == (VALUE, [None, 9, 18])


# -- Whatever a network allows ---------------------------------------------------------------------


def refused(status="405 Method Not Allowed"):
    return as_json({"error": {"message": "no streams here"}}, status)


PLAIN = as_json(
    {
        "object": "chat.completion",
        "choices": [{"index": 0, "message": {"content": ANSWER}, "finish_reason": "stop"}],
    }
)


def ways(events):
    return [one.how for one in events if isinstance(one, Retrying)]


def test_a_websocket_that_is_forbidden_is_a_stream(reader, client):
    lines = [CHUNKED, *chunks(*map(event, said())), LAST]
    with serving(refused("403 Forbidden"), lines) as server:
        url = server.url.replace("http:", "ws:").replace("chat/completions", "responses")
        events, flow = reader(client, url, provider="responses", deliver="auto")
    assert (flow.result, ways(events)) == (VALUE, ["stream"])


def test_a_stream_that_is_forbidden_is_polled_and_then_plain(client):
    growing = [*polled(ANSWER[:9]), as_json(response("completed"))]
    with serving(refused(), *growing) as server:
        url = server.url.replace("chat/completions", "responses")
        events, flow = read(client, url, provider="responses", deliver="auto")
    assert (flow.result, ways(events)) == (VALUE, ["polling"])

    with serving(
        refused(), refused("501 Not Implemented"), as_json(response("completed"))
    ) as server:
        url = server.url.replace("chat/completions", "responses")
        events, flow = read(client, url, provider="responses", deliver="auto")
    assert (flow.result, ways(events)) == (VALUE, ["polling", "plain"])
    assert b'"stream":false' in server.requests[-1].replace(b" ", b"")


def test_a_page_of_a_gateway_instead_of_a_stream_is_asked_for_whole(reader, client):
    page = whole(b"<html>no streams here</html>", kind="text/html", connection="close")
    with serving(page, PLAIN) as server:
        events, flow = reader(client, server.url, deliver="auto")
    assert (flow.result, ways(events), flow.verdict.status) == (VALUE, ["plain"], "complete")


def test_what_was_asked_wrongly_is_not_asked_for_by_another_way(client):
    with (
        serving(refused("400 Bad Request")) as server,
        pytest.raises(HTTPStatusError, match="here"),
    ):
        read(client, server.url, deliver="auto", retry=AT_ONCE)
    assert len(server.requests) == 1


def test_a_whole_answer_has_the_values_of_a_stream(reader, client):
    with serving([CHUNKED, *chunks(*answer()), LAST]) as server:
        streamed, _ = reader(client, server.url)
    with serving(PLAIN) as server:
        events, flow = reader(client, server.url, deliver="plain")
    assert closed(events) == closed(streamed)
    assert b'"stream":false' in server.requests[0].replace(b" ", b"")
    assert flow.verdict.confirmed


# -- Chunked bodies --------------------------------------------------------------------------------


@pytest.mark.parametrize("cut", range(1, len(ANSWER)))
def test_a_body_that_is_the_json_goes_on_from_any_byte(client, cut):
    body = ANSWER.encode()
    with serving([CHUNKED, *chunks(body[:cut])], [CHUNKED, *chunks(body), LAST]) as server:
        events, flow = read(client, server.url, provider="json", retry=AT_ONCE)
    assert flow.result == VALUE
    ends = closed(events)
    assert len({(one.path, one.end) for one in ends}) == len(ends)
    assert not [one for one in events if isinstance(one, Reset)]


def test_a_body_that_ends_with_its_root_open_is_interrupted(client):
    with (
        serving([CHUNKED, *chunks(b'{"title": "Ow'), LAST]) as server,
        pytest.raises(IncompleteJSONError),
    ):
        read(client, server.url, provider="json")


def test_what_is_not_whole_stands_on_the_error(client):
    broken = [CHUNKED, *chunks(b"".join(answer()[:2]))]
    with serving(broken) as server, pytest.raises(ConnectionLost) as lost:
        read(client, server.url, provider="chat", retry=AT_ONCE)
    assert (lost.value.value, lost.value.still_open) == ({"title": "Owls"}, [()])
    assert lost.value.verdict.status == "interrupted"
    assert lost.value.verdict.attempts == len(server.requests)


def test_done_alone_behind_a_cut_is_no_answer(client):
    """Some gateways answer a request that comes again with nothing but the end marker."""
    cut = [CHUNKED, *chunks(*answer()[:3])]
    with (
        serving(cut, [CHUNKED, *chunks(DONE), LAST], [CHUNKED, *chunks(*answer()), LAST]) as server,
    ):
        retry = Retry(after_first_token=2, jitter=lambda: 0)
        events, flow = read(client, server.url, provider="chat", retry=retry)
    assert (flow.result, len(server.requests)) == (VALUE, 3)
    assert not [one for one in events if isinstance(one, Reset)]
