"""A stream that is relayed to a browser: who leaves is noticed at once, and nothing is left open.

The browser is ASGI's `receive`, told by the test when to speak; the stream is a real one over a
generator of pieces, which sees how it is closed.
"""

from __future__ import annotations

import asyncio
import gc
from contextlib import aclosing
from types import SimpleNamespace

import anyio
import pytest
import trio
from starlette.responses import StreamingResponse

from partialjson import JSONSyntaxError, StringDelta, astream, guard_disconnect

LONG = 10  # seconds that a test waits at most for what must happen
REQUEST = {"type": "http.request", "body": b"", "more_body": False}
DISCONNECT = {"type": "http.disconnect"}


def on_asyncio(main):
    return asyncio.run(main())


@pytest.fixture(params=[on_asyncio, trio.run], ids=["asyncio", "trio"])
def run(request):
    async def at_most(main):
        with anyio.fail_after(LONG):
            return await main()

    return lambda main: request.param(lambda: at_most(main))


class Tab:
    """A browser's tab: its server says that a request came, and later, if ever, that it left.

    As uvicorn it says that without a wait once it is so, and again whenever it is asked.
    """

    def __init__(self):
        self.left = anyio.Event()
        self.told, self.waiting = [REQUEST], 0

    async def receive(self):
        if self.told:
            return self.told.pop()
        if self.left.is_set():
            return DISCONNECT
        self.waiting += 1
        try:
            await self.left.wait()
        finally:
            self.waiting -= 1
        return DISCONNECT


class Source:
    """Pieces, each followed by what the test wants to happen behind it."""

    def __init__(self, *steps):
        self.steps, self.closed = steps, anyio.Event()

    async def pieces(self):
        try:
            for step in self.steps:
                if isinstance(step, str):
                    yield step
                else:
                    await step()
        finally:
            self.closed.set()


async def guarded(tab, *steps, request=None):
    """What a guard lets through, and what was left behind."""
    source = Source(*steps)
    stream = astream(source.pieces())
    events, error = [], None
    try:
        async for event in guard_disconnect(request or tab, stream):
            events += [event]
    except Exception as raised:  # noqa: BLE001 - it is looked at
        error = raised
    assert (source.closed.is_set(), tab.waiting) == (True, 0)
    return SimpleNamespace(events=events, error=error, stream=stream)


def leaves_and_hangs(tab):
    async def step():
        tab.left.set()
        await anyio.sleep_forever()

    return step


async def pauses():
    await anyio.sleep(0.001)


WHOLE = ["[1, ", pauses, '"owl", ', pauses, '"barn"]']


def test_while_the_browser_stays_nothing_is_lost(run):
    async def main():
        plain = [one async for one in astream(Source(*WHOLE).pieces())]
        return plain, await guarded(Tab(), *WHOLE)

    plain, got = run(main)
    assert (got.events, got.error) == (plain, None)
    assert (got.stream.result, got.stream.verdict.status) == ([1, "owl", "barn"], "complete")


@pytest.mark.parametrize("before", [[], ["[1, "]], ids=["before the first event", "in between"])
def test_a_browser_that_leaves_while_the_source_is_silent_ends_the_stream(run, before):
    async def main():
        tab = Tab()
        return await guarded(tab, *before, leaves_and_hangs(tab))

    got = run(main)
    assert (got.error, got.stream.verdict.status) == (None, "cancelled")
    assert bool(got.events) == bool(before)


def test_a_browser_that_left_before_costs_no_event(run):
    async def main():
        tab = Tab()
        tab.left.set()
        return await guarded(tab, "[1, ", anyio.sleep_forever)

    got = run(main)
    assert (got.events, got.stream.verdict.status) == ([], "cancelled")


def test_a_browser_that_leaves_is_noticed_though_the_source_never_waits(run):
    async def main():
        tab = Tab()

        async def leaves():
            tab.left.set()

        return await guarded(tab, '["', "owl", leaves, *["o" * 100] * 50)

    got = run(main)
    assert sum(len(one.text) for one in got.events if type(one) is StringDelta) == 3
    assert got.stream.verdict.status == "cancelled"


def test_receive_alone_is_enough_of_a_request(run):
    async def main():
        tab = Tab()
        return await guarded(tab, leaves_and_hangs(tab), request=tab.receive)

    assert run(main).stream.verdict.status == "cancelled"


def test_what_the_stream_raises_comes_bare(run):
    async def main():
        return await guarded(Tab(), "[1, oops", anyio.sleep_forever)

    got = run(main)
    assert type(got.error) is JSONSyntaxError
    assert got.stream.verdict.status == "failed"


def test_a_stream_with_news_is_not_raced_for(run):
    """Events that came in one piece are at hand: one look at the browser for all of them."""

    async def main():
        tab, looks = Tab(), []

        async def receive():
            looks.append(1)
            return await tab.receive()

        stream = astream(Source(f"[{'7,' * 100}7]").pieces())
        events = [one async for one in guard_disconnect(receive, stream)]
        return len(events), len(looks)

    events, looks = run(main)
    assert events > 100
    assert looks < 5


def test_a_task_that_is_cancelled_closes_the_stream(run):
    async def main():
        tab, source = Tab(), Source("[1, ", anyio.sleep_forever)
        stream = astream(source.pieces())
        with anyio.move_on_after(0.02):
            async for _ in guard_disconnect(tab, stream):
                pass
        return source.closed.is_set(), stream.verdict.status, tab.waiting

    assert run(main) == (True, "cancelled", 0)


def test_leaving_the_loop_closes_the_stream(run):
    async def main():
        source = Source("[1, ", anyio.sleep_forever)
        stream = astream(source.pieces())
        async with aclosing(guard_disconnect(Tab(), stream)) as guard:
            async for _ in guard:
                break
        return source.closed.is_set(), stream.verdict.status

    assert run(main) == (True, "cancelled")


def test_a_response_that_is_cancelled_while_it_sends_closes_the_stream():
    """A server of ASGI 2.3: the framework itself watches, and drops the body where it stands."""

    async def main():
        tab, source = Tab(), Source(*["[1, "] * 9, anyio.sleep_forever)
        stream = astream(source.pieces())

        async def body():
            async for _ in guard_disconnect(tab, stream):
                yield b"."

        async def send(message):
            if message.get("body"):  # a browser that does not read what it is sent, and leaves
                tab.left.set()
                await anyio.sleep_forever()

        scope = {"type": "http", "asgi": {"spec_version": "2.3"}}
        await StreamingResponse(body())(scope, tab.receive, send)
        gc.collect()
        with anyio.fail_after(LONG):
            await source.closed.wait()
        return stream.verdict.status

    assert asyncio.run(main()) == "cancelled"
