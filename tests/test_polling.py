"""Answers that are asked for again and again: by HTTP over real sockets, and by functions."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from itertools import pairwise

import httpx
import httpx2
import pytest
import trio
from fault_server import head, reset, serving, stall, whole

from partialjson.errors import (
    BadContentType,
    ConnectionLost,
    HTTPStatusError,
    StreamTimeout,
)
from partialjson.events import StringDelta
from partialjson.stream.bridge import Bridge
from partialjson.stream.news import Reset, TextDelta
from partialjson.wire import polling
from partialjson.wire.clocks import Clocks
from partialjson.wire.messages import Channel, Delta, Done, Finish, Heartbeat, Whole
from partialjson.wire.polling import (
    AsyncPolling,
    AsyncPolls,
    Pace,
    Page,
    Polling,
    Polls,
    Snapshot,
)
from partialjson.wire.routes import Ask, Sent

SHORT = 0.1  # seconds, where a clock is to run out
LONG = 10  # seconds that a test waits at most for what must happen
CONTENT = Channel("content")
BEAT = Heartbeat()


class Noted(Pace):
    """A pace that notes its pauses, and takes none."""

    def __init__(self, least=0.5, most=10.0, taken=0.0):
        super().__init__(least, most)
        self.pauses, self.taken = [], taken

    def wait(self, news, asked):
        self.pauses.append(Pace.wait(self, news, asked))
        return self.taken


class Plain:
    """Without await."""

    def __init__(self, library):
        self.library = library

    def run(self, ask, clocks=None, *, pace=None, **options):
        pieces, error = [], None
        with self.library.Client() as client:
            source = Polling(client, ask, clocks or Clocks(), pace=pace or Noted(), **options)
            try:
                pieces.extend(piece for piece in iter(source))
            except Exception as raised:  # noqa: BLE001 - it is looked at
                error = raised
            source.close()
        return pieces, error, source


class Awaiting:
    """With await, on either loop."""

    def __init__(self, library, loop):
        self.library, self.loop = library, loop

    def run(self, ask, clocks=None, *, pace=None, **options):
        async def main():
            pieces, error = [], None
            async with self.library.AsyncClient() as client:
                source = AsyncPolling(
                    client, ask, clocks or Clocks(), pace=pace or Noted(), **options
                )
                try:
                    async for piece in aiter(source):
                        pieces.append(piece)  # noqa: PERF401 - what came before an error counts
                except Exception as raised:  # noqa: BLE001 - it is looked at
                    error = raised
                await source.aclose()
            return pieces, error, source

        return self.loop(main)


def on_asyncio(main):
    return asyncio.run(main())


WAYS = {
    "httpx": Plain(httpx),
    "httpx2": Plain(httpx2),
    "httpx, asyncio": Awaiting(httpx, on_asyncio),
    "httpx2, trio": Awaiting(httpx2, trio.run),
}


@pytest.fixture(params=WAYS)
def way(request):
    return WAYS[request.param]


@pytest.fixture(params=["httpx", "httpx, asyncio"])
def twin(request):
    return WAYS[request.param]


def says(message, status="200 OK", **headers):
    body = message if isinstance(message, bytes) else json.dumps(message).encode()
    return whole(body, status, connection="close", **headers)


def state(status, **members):
    return {"status": status, **members}


def asked(server):
    """The first line of each request."""
    return [request.partition(b" HTTP")[0].decode() for request in server.requests]


# -- Jobs of real APIs -----------------------------------------------------------------------------


def response(status, text):
    part = {"type": "output_text", "text": text}
    item = {"type": "message", "id": "msg_1", "status": status, "content": [part]}
    output = [item] if text else []
    return {"id": "resp_1", "object": "response", "status": status, "output": output}


def test_a_background_response_grows_until_it_is_completed(way):
    parts = [("queued", ""), ("in_progress", '{"a": "ow'), ("in_progress", '{"a": "owls')]
    answers = [response(*part) for part in [*parts, ("completed", '{"a": "owls"}')]]
    with serving(*map(says, answers)) as server:
        ask = Ask("POST", server.url, Sent(json={"background": True}, headers={"x": "y"}))
        pieces, error, source = way.run(ask, follow=lambda found: ask.kept(found["id"]))
    assert (pieces, error, source.is_open) == (answers, None, False)
    path = server.url.partition("/v1")[2]
    assert asked(server) == [f"POST /v1{path}", *[f"GET /v1{path}/resp_1"] * 3]
    assert all(b"\r\nx: y\r\n" in request for request in server.requests)

    bridge = Bridge(provider="responses", keeps=True)
    events = [event for piece in pieces for event in bridge.feed(piece)]
    events += bridge.close()
    assert bridge.result == {"a": "owls"}
    assert [one.text for one in events if isinstance(one, StringDelta)] == ["ow", "ls"]
    assert (bridge.verdict.status, bridge.verdict.confirmed) == ("complete", True)


def test_a_prediction_grows_until_it_has_succeeded(way):
    answers = [
        state("starting", output=None),
        state("processing", output=["[1, "]),
        state("succeeded", output=["[1, ", "2]"]),
    ]
    with serving(*map(says, answers)) as server:
        pieces, error, _ = way.run(Ask("GET", server.url))
    assert (pieces, error) == (answers, None)
    bridge = Bridge(provider="replicate", keeps=True)
    for piece in pieces:
        bridge.feed(piece)
    bridge.close()
    assert bridge.result == [1, 2]


@pytest.mark.parametrize("status", ["completed", "Succeeded", "FAILED", "canceled", "ended"])
def test_a_state_that_is_an_end_in_any_case_ends_it(status):
    with serving(says(state(status), "202 Accepted")) as server:
        pieces, error, _ = WAYS["httpx"].run(Ask("GET", server.url))
    assert (pieces, error) == ([state(status)], None)


@pytest.mark.parametrize("answer", [{"choices": []}, {"status": 7}, {"status": None}])
def test_an_object_without_a_state_is_the_last_if_it_is_not_said_to_be_pending(twin, answer):
    with serving(says(answer, "202 Accepted"), says(answer)) as server:
        pieces, error, _ = twin.run(Ask("GET", server.url))
    assert (pieces, error) == ([answer, answer], None)


def test_an_empty_object_says_nothing():
    with serving(says({})) as server:
        assert WAYS["httpx"].run(Ask("GET", server.url))[:2] == ([BEAT], None)


# -- Where and how it is asked again ---------------------------------------------------------------


@pytest.mark.parametrize("name", ["location", "operation_location"])
@pytest.mark.parametrize("given", ["/jobs/7?sig=a%20b", "{origin}/jobs/7?sig=a%20b"])
def test_an_accepted_job_is_asked_for_at_its_location(twin, name, given):
    done = state("Succeeded")
    with serving([]) as server:
        origin = server.url.removesuffix("/v1/chat/completions")
        where = given.format(origin=origin)
        server._scripts = [says(b"", "202 Accepted", **{name: where}), says(done)]
        ask = Ask("POST", server.url, Sent(json={}, params={"q": "1"}, headers={"key": "k"}))
        pieces, error, _ = twin.run(ask, follow=lambda _: None)
    assert (pieces, error) == ([BEAT, done], None)
    assert asked(server) == ["POST /v1/chat/completions?q=1", "GET /jobs/7?sig=a%20b"]
    assert b"\r\nkey: k\r\n" in server.requests[1]


def test_a_location_at_another_origin_gets_no_credentials(twin):
    script = says(b"", "202 Accepted", location="http://127.0.0.1:1/jobs/7")
    with serving(script) as server:
        pieces, error, _ = twin.run(Ask("POST", server.url))
    assert isinstance(error, HTTPStatusError)
    assert (pieces, error.status_code, error.retryable) == ([], 202, False)
    assert "same origin" in str(error)


def test_what_has_not_changed_is_a_heartbeat_and_is_not_sent_again_where_it_has_a_tag(twin):
    going, done = state("in_progress"), state("completed")
    tagged = {"etag": '"one"'}
    scripts = [says(going, **tagged), says(b"", "304 Not Modified"), says(going), says(done)]
    with serving(*scripts) as server:
        pieces, error, _ = twin.run(Ask("GET", server.url, Sent(headers=[("x", "y")])))
    assert (pieces, error) == ([going, BEAT, BEAT, done], None)
    tags = [b'if-none-match: "one"' in request.lower() for request in server.requests]
    assert tags == [False, True, True, False]


def test_a_tag_is_of_one_place_and_never_sent_with_a_post():
    going = says(state("in_progress"), etag='"one"')
    with serving(going, says(state("done"))) as server:
        WAYS["httpx"].run(Ask("POST", server.url))
    with serving(going, says(state("done"))) as other:
        WAYS["httpx"].run(Ask("GET", other.url), follow=lambda _: Ask("GET", other.url + "/1"))
    for request in server.requests + other.requests:
        assert b"if-none-match" not in request.lower()


# -- Pauses ----------------------------------------------------------------------------------------


def test_a_pause_grows_while_nothing_is_new_and_what_the_server_asks_for_goes_first():
    pace = Pace(1.0, 3.0)
    news = [True, False, False, False, False, True, False]
    assert [pace.wait(one, None) for one in news] == [1.0, 1.5, 2.25, 3.0, 3.0, 1.0, 1.5]
    assert [pace.wait(news=False, asked=0.0), pace.wait(news=True, asked=9.0)] == [0.0, 9.0]


@pytest.mark.parametrize(("least", "most"), [(-1, 1), (2, 1), (float("nan"), 1)])
def test_a_pace_has_numbers_the_right_way_round(least, most):
    with pytest.raises(ValueError, match="expected 0 <= least <= most"):
        Pace(least, most)


def test_each_answer_may_say_when_to_ask_again(twin):
    going, pace = state("running"), Noted(1.0, 2.0)
    late = says({}, "429 Too Many Requests", retry_after="7")
    scripts = [says(going, retry_after="3"), says(going), late, says(state("done"))]
    with serving(*scripts) as server:
        pieces, error, source = twin.run(Ask("GET", server.url), pace=pace)
    assert (pieces, error) == ([going, BEAT, BEAT, state("done")], None)
    assert pace.pauses == [3.0, 1.5, 7.0, 1.0]
    assert "retry-after" not in source.headers


@pytest.mark.parametrize("status", ["429 Too Many Requests", "503 Service Unavailable"])
def test_three_refusals_in_a_row_are_waited_out_and_no_more(twin, status):
    busy, going = says({}, status, retry_after="2"), says(state("running"))
    with serving(going, busy, busy, busy, going, busy) as server:
        pieces, error, source = twin.run(Ask("GET", server.url))
    assert pieces == [state("running"), BEAT, BEAT, BEAT, BEAT, BEAT, BEAT, BEAT]
    assert (error.status_code, error.retry_after) == (int(status[:3]), 2.0)
    assert source.headers["retry-after"] == "2"


# -- Faults ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "refusal",
    [
        says({"error": {"message": "gone"}}, "404 Not Found"),
        says({"error": {"message": "gone"}}, "503 Service Unavailable"),
        says({"error": {"message": "gone"}}, "400 Bad Request", retry_after="1"),
    ],
)
def test_any_other_refusal_is_raised_in_the_words_of_the_provider(twin, refusal):
    with serving(says(state("running")), refusal) as server:
        pieces, error, _ = twin.run(Ask("GET", server.url))
    assert (pieces, type(error)) == ([state("running")], HTTPStatusError)
    assert "gone" in str(error)


def test_the_first_request_is_not_sent_again_from_here(way):
    with serving(says({}, "429 Too Many Requests", retry_after="2")) as server:
        pieces, error, source = way.run(Ask("POST", server.url))
    assert (pieces, error.status_code, error.retry_after) == ([], 429, 2.0)
    assert (len(server.requests), source.is_open) == (1, False)


@pytest.mark.parametrize("body", [b"<html>", b"", b"[1]", b"[" * 100_000, b'"' + b"x" * 500])
def test_what_is_no_json_object_is_another_kind_of_answer(twin, body):
    with serving(says(body)) as server:
        pieces, error, _ = twin.run(Ask("GET", server.url))
    assert (pieces, type(error), error.retryable) == ([], BadContentType, False)
    assert "expected a JSON object" in str(error)
    assert len(str(error)) < 200


def test_an_answer_has_a_greatest_length(twin, monkeypatch):
    monkeypatch.setattr(polling, "LARGEST", 10)
    with serving(says(state("completed"))) as server:
        error = twin.run(Ask("GET", server.url))[1]
    assert isinstance(error, BadContentType)
    assert "at most 10 bytes" in str(error)


def test_a_connection_that_breaks_is_lost(way):
    broken = [head(kind="application/json", content_length="50") + b'{"st', reset]
    with serving(says(state("running")), broken, says(state("done"))) as server:
        pieces, error, _ = way.run(Ask("GET", server.url))
    assert (pieces, type(error), error.retryable) == ([state("running")], ConnectionLost, True)


# -- Clocks ----------------------------------------------------------------------------------------


def test_a_job_that_goes_on_without_news_runs_into_the_clock_of_the_first_event(way):
    with serving(says(state("in_progress"))) as server:
        pieces, error, _ = way.run(
            Ask("GET", server.url), Clocks(first_event=SHORT), pace=Noted(taken=0.02)
        )
    assert pieces[:2] == [state("in_progress"), BEAT]
    assert isinstance(error, StreamTimeout)
    assert "first_event_timeout" in str(error)


def test_a_pause_is_no_longer_than_a_clock_allows(way):
    with serving(says(state("in_progress"))) as server:
        clocks = Clocks(progress=SHORT)
        clocks.progresses()
        pieces, error, _ = way.run(Ask("GET", server.url), clocks, pace=Noted(taken=LONG))
    assert (pieces, type(error)) == ([state("in_progress")], StreamTimeout)
    assert "progress_timeout" in str(error)


def test_a_clock_that_has_run_out_lets_no_pause_begin():
    clocks = Clocks(first_event=SHORT, idle=LONG)
    clocks.waits(0.0)
    clocks.hears(2 * SHORT)
    with pytest.raises(StreamTimeout), polling.pausing(clocks, 1.0):
        pytest.fail("the block is not entered")
    assert clocks.idle == LONG


def test_a_pause_of_ours_is_no_silence_of_the_server(way):
    going, done = state("in_progress"), state("done")
    with serving(says(going), says(done)) as server:
        clocks = Clocks(idle=SHORT)
        pieces, error, _ = way.run(Ask("GET", server.url), clocks, pace=Noted(taken=1.5 * SHORT))
    assert (pieces, error, clocks.idle) == ([going, done], None, SHORT)


@pytest.mark.parametrize("silent", [[stall], [head(kind="", content_length="9"), stall]])
def test_a_server_that_falls_silent_is_left(way, silent):
    with serving(says(state("in_progress")), silent) as server:
        error = way.run(Ask("GET", server.url), Clocks(idle=SHORT, first_event=LONG))[1]
        assert server.left.wait(LONG)
    assert isinstance(error, StreamTimeout)
    assert "idle_timeout" in str(error)


def test_a_poll_may_take_longer_than_the_first_event():
    late = [lambda _: time.sleep(0.1), *says(state("done"))]
    with serving(says(state("in_progress")), late) as server:

        async def main():
            async with httpx.AsyncClient() as client:
                clocks = Clocks(first_event=0.05, progress=LONG)
                source = AsyncPolling(client, Ask("GET", server.url), clocks, pace=Noted())
                await anext(source)
                clocks.progresses()
                return await anext(source)

        assert asyncio.run(main()) == state("done")


# -- Leaving ---------------------------------------------------------------------------------------


def cancelled_while(source, is_reached):
    """What a read raises that another thread ends, and how many seconds that took."""
    raised, done = [], threading.Event()

    def read():
        try:
            list(source)
        except ConnectionLost as error:
            raised.append(error)
        done.set()

    thread = threading.Thread(target=read)
    thread.start()
    assert is_reached.wait(LONG)
    source.cancel()
    assert done.wait(LONG / 2)
    thread.join()
    return raised[0]


@pytest.mark.parametrize("clocks", [Clocks(), Clocks(progress=LONG, first_event=LONG, idle=LONG)])
def test_a_long_pause_ends_at_once_from_another_thread(clocks):
    pauses = threading.Event()

    class Pausing(Pace):
        def wait(self, news, asked):  # noqa: ARG002 - they are what they are
            pauses.set()
            return 100.0

    with serving(says(state("in_progress"))) as server, httpx.Client() as client:
        source = Polling(client, Ask("GET", server.url), clocks, pace=Pausing())
        error = cancelled_while(source, pauses)
    assert "from this side" in str(error)
    assert not error.retryable
    assert not source.is_open


def test_a_read_that_waits_ends_from_another_thread():
    reads = threading.Event()

    def note(_):
        reads.set()

    silent = [head(kind="", content_length="9"), note, stall]
    with serving(silent) as server, httpx2.Client() as client:
        source = Polling(client, Ask("GET", server.url), Clocks())

        class Reached:
            def wait(self, seconds):
                until = time.monotonic() + seconds
                while source._body is None and time.monotonic() < until:
                    time.sleep(0.01)
                return reads.wait(seconds)

        cancelled_while(source, Reached())
        assert server.left.wait(LONG)


def test_a_polling_that_was_left_asks_no_more():
    with serving(says(state("in_progress"))) as server, httpx.Client() as client:
        source = Polling(client, Ask("GET", server.url), Clocks())
        assert (source.is_open, source.headers) == (False, {})
        source.open()
        assert source.is_open
        assert next(source) == state("in_progress")
        source.close()
        source.close()
        assert not source.is_open
        with pytest.raises(ConnectionLost):
            next(source)
        unopened = Polling(client, Ask("GET", server.url), Clocks())
        unopened.cancel()
        with pytest.raises(ConnectionLost):
            unopened.open()
    assert len(server.requests) == 1


def test_it_is_open_until_its_last_answer_was_read():
    with serving(says(state("done"))) as server, httpx.Client() as client:
        source = Polling(client, Ask("GET", server.url), Clocks())
        source.open()
        assert source.is_open
        assert list(source) == [state("done")]
        assert not source.is_open


# -- Answers of whatever else ----------------------------------------------------------------------


def same(answer):
    return answer


def of_functions(answers, **options):
    """The items of answers, with the cursors and pauses; the same by both twins."""
    cursors, pauses, left = [], [], iter(answers)

    def fetch(cursor):
        cursors.append(cursor)
        return next(left)

    plain = list(Polls(fetch, same, sleep=pauses.append, **options))
    again, slept, rest = [], [], iter(answers)

    async def afetch(cursor):
        again.append(cursor)
        return next(rest)

    async def asleep(seconds):
        slept.append(seconds)

    async def main():
        options.pop("pace", None)
        return [one async for one in AsyncPolls(afetch, same, sleep=asleep, **options)]

    assert asyncio.run(main()) == plain
    assert (again, slept) == (cursors, pauses)
    return plain, cursors, pauses


END = [Finish("stop"), Done()]


def test_a_snapshot_is_a_whole_text_if_it_is_news():
    shots = ["", "ab", "ab", "abc"]
    answers = [*map(Snapshot, shots), Snapshot("abc", done=True)]
    items, cursors, pauses = of_functions(answers)
    assert items == [BEAT, Whole(CONTENT, "ab"), BEAT, Whole(CONTENT, "abc"), BEAT, *END]
    assert (cursors, pauses) == ([None] * 5, [0.75, 0.5, 0.75, 0.5])


def test_snapshots_of_several_channels_are_told_apart():
    tool = Channel("tool", choice=1)
    answers = [Snapshot("a"), Snapshot("a", channel=tool), Snapshot("a", done=True, channel=tool)]
    items, _, _ = of_functions(answers)
    expected = [Whole(CONTENT, "a"), Whole(tool, "a"), BEAT, Finish("stop", 1), Done()]
    assert items == expected


def test_pages_are_fetched_by_the_cursor_of_the_one_before():
    answers = [Page("a", 1), Page("", 1, retry_after=4.0), Page("b", 2, done=True)]
    items, cursors, pauses = of_functions(answers)
    assert items == [Delta(CONTENT, "a"), BEAT, Delta(CONTENT, "b"), *END]
    assert (cursors, pauses) == ([None, 1, 1], [0.5, 4.0])


def test_a_page_that_is_missing_is_a_loss():
    answers = iter([Page("a", 1), Page("c", 3, gap=True)])
    polls = Polls(lambda _: next(answers), same, sleep=same)
    with pytest.raises(ConnectionLost, match="a page is missing behind the cursor 1") as caught:
        list(polls)
    assert caught.value.retryable


def test_fetching_goes_on_at_the_cursor_behind_a_fault():
    answers = iter([Page("a", 1), OSError("down"), Page("b", 2, done=True)])

    def fetch(_):
        if isinstance(answer := next(answers), OSError):
            raise answer
        return answer

    polls = Polls(fetch, same, sleep=same)
    source = iter(polls)
    assert next(source) == Delta(CONTENT, "a")
    with pytest.raises(OSError, match="down"):
        next(source)
    assert list(polls) == [Delta(CONTENT, "b"), *END]
    assert list(polls) == []


def test_a_pause_is_taken_where_nobody_says_how(monkeypatch):
    pauses = []
    monkeypatch.setattr(Polls, "_sleeps", staticmethod(pauses.append))
    answers = iter([Snapshot("a"), Snapshot("b", done=True)])
    assert len(list(Polls(lambda _: next(answers), same, pace=Pace(2.0)))) == 4
    assert pauses == [2.0]
    assert AsyncPolls._sleeps is polling.sleep


def test_a_snapshot_that_takes_back_is_a_reset_to_what_holds():
    bridge = Bridge(provider="auto", parse="text", keeps=True)
    shots = [Snapshot("one two"), Snapshot("one three"), Snapshot("one three.", done=True)]
    items, _, _ = of_functions(shots)
    events = [event for item in items for event in bridge.feed(item)] + bridge.close()
    texts = [one.text for one in events if isinstance(one, TextDelta)]
    assert texts == ["one two", "hree", "."]
    assert [one.keep for one in events if isinstance(one, Reset)] == [5]
    assert bridge.result == "one three."
    assert bridge.verdict.status == "complete"


def test_pages_of_json_come_to_its_value():
    text = '{"a": [1, 2]}'
    cuts = [text[start:end] for start, end in pairwise([0, 5, 5, 9, len(text)])]
    pages = [Page(cut, at, done=at == 3) for at, cut in enumerate(cuts)]
    bridge = Bridge(provider="auto", keeps=True)
    for item in of_functions(pages)[0]:
        bridge.feed(item)
    bridge.close()
    assert bridge.result == {"a": [1, 2]}
