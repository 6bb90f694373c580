"""One stream to many screens: told by ticks, followed from any id, ended when nobody looks."""

from __future__ import annotations

import json
from contextlib import aclosing

import anyio
import httpx
import pytest
from fault_server import ANSWER, CHUNKED, LAST, answer, chunk, chunks, reset, serving
from support import sizes
from test_feeds import Screen
from ways import UNUSED

from partialjson import Parser, Patches, Relay, Retry, aopen_stream, astream
from partialjson.render import coalesce

DOCUMENT = {"title": "Salt", "rows": [{"id": number} for number in range(20)]}
DELTAS = sizes(json.dumps(DOCUMENT), 4)
FOR_EVER = 3_600.0  # seconds that no test waits
LOOPS = ["asyncio", "trio"]


@pytest.fixture(params=LOOPS, autouse=True)
def loop(request):
    return request.param


class Source:
    """Pieces, each behind a turn of the loop, and whether it was closed."""

    def __init__(self, pieces, *, then=None, waits_at=None):
        self.pieces, self.then, self.waits_at = pieces, then, waits_at
        self.sent, self.is_closed = 0, False
        self.goes_on = anyio.Event()

    async def __aiter__(self):
        try:
            for piece in self.pieces:
                if self.sent == self.waits_at:
                    await self.goes_on.wait()
                await anyio.lowlevel.checkpoint()
                self.sent += 1
                yield piece
            if self.then is not None:
                raise self.then
        finally:
            self.is_closed = True


def relay_of(source, *, model=None, **options):
    return relay_of_stream(astream(aiter(source), model=model), **options)


def relay_of_stream(stream, **options):
    return Relay(stream, **({"linger": None} | options))


async def followed(relay, last_event_id=None, *, messages=None):
    """What one screen is told, up to the end or to so many messages."""
    told = []
    async with aclosing(relay.follow(last_event_id)) as following:
        async for message in following:
            told.append(message)
            if len(told) == messages:
                break
    return told


def run(loop, main):
    return anyio.run(main, backend=loop)


# -- What a screen sees ----------------------------------------------------------------------------


def test_every_screen_shows_the_document(loop):
    screens = [Screen(), Screen(), Screen()]

    async def follow(relay, screen):
        screen.follow(await followed(relay))

    async def main():
        relay = relay_of(Source(DELTAS))
        async with anyio.create_task_group() as group:
            for screen in screens:
                group.start_soon(follow, relay, screen)
            group.start_soon(relay.run)
        assert relay.stream.result == DOCUMENT
        late = Screen()
        late.follow(await followed(relay))
        return [*screens, late]

    for screen in run(loop, main):
        assert screen.document.value == DOCUMENT
        assert screen.end["status"] == "complete"


def test_a_screen_that_comes_back_goes_on_where_it_was(loop):
    async def main():
        source = Source(DELTAS, waits_at=9)
        relay, screen = relay_of(source, tick=0), Screen()
        async with anyio.create_task_group() as group:
            group.start_soon(relay.run)
            screen.follow(await followed(relay, messages=4))
            source.goes_on.set()
            rest = await followed(relay, str(screen.last_id))
        screen.follow(rest)
        assert "snapshot" not in {message["event"] for message in rest}
        assert [one["id"] for one in rest] == [*range(rest[0]["id"], relay.feed.last_id + 1)]
        return screen

    screen = run(loop, main)
    assert screen.document.value == DOCUMENT


def test_a_screen_that_has_seen_the_end_is_told_nothing(loop):
    async def main():
        relay = relay_of(Source(DELTAS))
        await relay.run()
        return await followed(relay, relay.feed.last_id)

    assert run(loop, main) == []


# -- Ticks -----------------------------------------------------------------------------------------


def patches_of(relay):
    return [message for message in relay.feed.since(0) if message["event"] == "patch"]


def test_what_comes_first_is_told_without_waiting_and_the_rest_by_ticks(loop):
    async def main():
        relay = relay_of(Source(DELTAS), tick=FOR_EVER)
        await relay.run()
        return patches_of(relay)

    first, rest = run(loop, main)
    assert first["data"] == [{"op": "replace", "path": "", "value": {}}]
    assert rest["data"] == [
        {"op": "add", "path": "/title", "value": "Salt"},
        {"op": "add", "path": "/rows", "value": DOCUMENT["rows"]},
    ]


def test_a_tick_of_nothing_tells_every_delta(loop):
    parser, patches = Parser(), Patches()
    expected = [coalesce(patches.feed(parser.feed(delta))) for delta in DELTAS]

    async def main():
        relay = relay_of(Source(DELTAS), tick=0)
        await relay.run()
        return [message["data"] for message in patches_of(relay)]

    assert run(loop, main) == [*filter(None, expected)]


def test_messages_of_your_own_reach_every_screen_while_the_stream_is_silent(loop):
    async def main():
        source = Source(DELTAS, waits_at=3)
        relay = relay_of(source, tick=FOR_EVER)
        async with anyio.create_task_group() as group:
            group.start_soon(relay.run)
            async with aclosing(relay.follow(0)) as following:
                await anext(following)
                relay.tell("tokens", 3)
                while (await anext(following))["event"] != "tokens":
                    pass
            source.goes_on.set()
            return await followed(relay, 0)

    told = run(loop, main)
    assert [one["data"] for one in told if one["event"] == "tokens"] == [3]
    assert told[-1]["data"]["status"] == "complete"


@pytest.mark.parametrize("tick", [0, FOR_EVER])
def test_a_source_that_has_everything_ready_leaves_others_their_turn(loop, tick):
    class Ready:
        async def __aiter__(self):
            for delta in DELTAS:
                self.sent += 1
                yield delta

        sent = 0

    async def main():
        source = Ready()
        relay = relay_of(source, tick=tick)
        async with anyio.create_task_group() as group:
            group.start_soon(relay.run)
            await followed(relay, messages=2)
            relay.cancel()
        return source.sent

    assert run(loop, main) < len(DELTAS)


def test_a_model_that_is_asked_again_is_told(loop):
    first, *others = answer()
    scripts = [[CHUNKED, chunk(first), reset], [CHUNKED, *chunks(first, *others), LAST]]

    async def main(url):
        async with httpx.AsyncClient(verify=UNUSED) as client:
            relay = relay_of_stream(aopen_stream(client, "POST", url, retry=Retry(base=0.001)))
            await relay.run()
            return relay.feed.since(0)

    with serving(*scripts) as server:
        told = run(loop, lambda: main(server.url))
    (again,) = [one["data"] for one in told if one["event"] == "retrying"]
    assert (again["attempt"], again["how"]) == (2, "replay")
    screen = Screen()
    screen.follow(told)
    assert (screen.document.value, screen.end["status"]) == (json.loads(ANSWER), "complete")


# -- How it ends -----------------------------------------------------------------------------------


@pytest.mark.parametrize("when", ["before it runs", "while it waits"])
def test_cancelling_closes_the_source_and_tells_screens(loop, when):
    async def main():
        source = Source(DELTAS, waits_at=5)
        relay = relay_of(source)
        if when == "before it runs":
            relay.cancel()
        async with anyio.create_task_group() as group:
            group.start_soon(relay.run)
            if when == "while it waits":
                await followed(relay, messages=2)
                relay.cancel()
            told = await followed(relay)
        assert source.sent < len(DELTAS)
        assert source.is_closed or not source.sent
        return told

    *_, end = run(loop, main)
    assert (end["event"], end["data"]["status"]) == ("done", "cancelled")


def test_a_cancelled_task_closes_the_source_and_the_feed(loop):
    async def main():
        source = Source(DELTAS, waits_at=5)
        relay = relay_of(source)
        async with anyio.create_task_group() as group:
            group.start_soon(relay.run)
            await followed(relay, messages=2)
            group.cancel_scope.cancel()
        assert source.is_closed
        return relay.feed.since(0)

    assert run(loop, main)[-1]["data"]["status"] == "cancelled"


@pytest.mark.parametrize("screens", [0, 1])
def test_a_stream_that_nobody_looks_at_is_closed(loop, screens):
    async def main():
        source = Source(DELTAS, waits_at=5)
        relay = relay_of(source, linger=0.001)
        async with anyio.create_task_group() as group:
            if screens:
                group.start_soon(followed, relay, None)
                await anyio.wait_all_tasks_blocked()
                group.start_soon(relay.run)
                await anyio.sleep(0.02)  # longer than it lingers
                assert not relay.feed.is_over
                group.cancel_scope.cancel()
            else:
                group.start_soon(relay.run)
        assert source.is_closed
        return relay.feed.since(0)

    assert run(loop, main)[-1]["data"]["status"] == "cancelled"


def test_a_screen_that_comes_back_in_time_keeps_the_stream_going(loop):
    async def main():
        source = Source(DELTAS, waits_at=5)
        relay = relay_of(source, linger=FOR_EVER)
        async with anyio.create_task_group() as group:
            group.start_soon(relay.run)
            await followed(relay, messages=1)
            await anyio.wait_all_tasks_blocked()
            source.goes_on.set()
            return await followed(relay)

    assert run(loop, main)[-1]["data"]["status"] == "complete"


def test_a_stream_that_breaks_is_told_and_not_raised(loop):
    async def main():
        relay = relay_of(Source(DELTAS[:7]))
        await relay.run()
        return relay.feed.since(0)

    end = run(loop, main)[-1]
    assert (end["event"], end["data"]["status"]) == ("error", "interrupted")


def test_a_wrong_text_is_told_and_not_raised(loop):
    async def main():
        relay = relay_of(Source(["[1, ", "x"]))
        await relay.run()
        return relay.feed.since(0)

    assert run(loop, main)[-1]["data"]["status"] == "failed"


def test_a_fault_of_the_source_is_told_and_raised(loop):
    async def main():
        relay = relay_of(Source(DELTAS[:7], then=LookupError("a bug")))
        with pytest.raises(LookupError, match="a bug"):
            await relay.run()
        return relay.feed.since(0)

    assert run(loop, main)[-1]["event"] == "error"


@pytest.mark.parametrize("leaves", [KeyboardInterrupt, SystemExit])
def test_an_interrupt_is_raised_as_itself(loop, leaves):
    async def main():
        relay = relay_of(Source(DELTAS[:7], then=leaves()))
        with pytest.raises(leaves):
            await relay.run()
        return relay.feed.since(0)

    assert run(loop, main)[-1]["data"]["status"] == "cancelled"


@pytest.mark.parametrize("tick", [0, 0.001])
def test_an_error_of_the_feed_itself_ends_it_and_is_raised(loop, tick):
    class Odd:
        """An event that nobody can read."""

        @property
        def keep(self):
            raise LookupError("a bug")

    async def main():
        stream = astream(aiter(Source(DELTAS)))
        stream._pending.append(Odd())
        relay = relay_of_stream(stream, tick=tick)
        with pytest.raises(LookupError, match="a bug"):
            await relay.run()
        return relay.feed.since(0)

    assert run(loop, main)[-1]["event"] in ("done", "error")


def test_a_relay_runs_once(loop):
    async def main():
        relay = relay_of(Source(DELTAS))
        await relay.run()
        with pytest.raises(RuntimeError, match="a relay runs once"):
            await relay.run()

    run(loop, main)


def test_a_source_is_closed_to_its_end_in_a_task_that_is_cancelled(loop):
    class Slow:
        is_closed = False

        def __aiter__(self):
            return self

        async def __anext__(self):
            await anyio.sleep(FOR_EVER)

        async def aclose(self):
            await anyio.lowlevel.checkpoint()
            self.is_closed = True

    async def main():
        source = Slow()
        async with anyio.create_task_group() as group:
            group.start_soon(relay_of_stream(astream(source)).run)
            await anyio.wait_all_tasks_blocked()
            group.cancel_scope.cancel()
        return source.is_closed

    assert run(loop, main)


@pytest.mark.parametrize("wrong", [{"tick": -1}, {"linger": -1}, {"log": -1}])
def test_seconds_and_messages_are_counted_from_nothing(wrong):
    with pytest.raises(ValueError, match="-1"):
        Relay(astream(aiter(Source([]))), **wrong)


def test_what_is_not_of_its_type_is_told_and_not_raised(loop):
    pydantic = pytest.importorskip("pydantic")
    model = pydantic.create_model("Page", title=int)

    async def main():
        relay = relay_of(Source(DELTAS), model=model)
        await relay.run()
        return relay.feed.since(0)

    told = run(loop, main)
    assert [one["data"]["path"] for one in told if one["event"] == "invalid"] == ["/title"]
    assert told[-1]["event"] == "done"
