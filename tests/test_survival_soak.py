"""Hundreds of streams at once through a server that breaks them by chance: all end well.

The server is small and raw, in a loop and a thread of its own; by a seed it cuts, resets and stalls
at any byte. What is proved is that nothing is left behind: connections, tasks, threads, memory.
"""

from __future__ import annotations

import asyncio
import gc
import json
import random
import ssl
import threading
import time
from contextlib import contextmanager

import httpx
import httpx2
import pytest
from fault_server import DONE, LAST, chunk, head, says

from partialjson import Reset, Retry, aopen_stream

STREAMS = 200
LONG = 10  # seconds that the test waits at most for what must happen
HEAD = head(transfer_encoding="chunked", connection="close")
FAULTS = ["none", "cut", "reset", "stall"]
OFTEN = Retry(before_first_token=100, after_first_token=100, base=0.01, cap=0.01)
CLOCKS = {"idle_timeout": 0.5, "first_event_timeout": 2.0}
GROWTH = 1.1  # of the objects that are alive, which caches of others may need


def value_of(number):
    """What the answer to a request comes to: long enough to be cut in many places."""
    numbers = random.Random(number)
    return {"id": number, "rows": [numbers.random() for _ in range(20)], "of": "hoo é\n" * 20}


def body_of(number):
    text = json.dumps(value_of(number), ensure_ascii=False)
    said = [says(text[at : at + 40]) for at in range(0, len(text), 40)]
    return b"".join([*said, says("", "stop"), DONE])


class Storm:
    """Answers every request of a number, and breaks most answers.

    Attributes:
        open: How many connections there are.
        broken: How many answers were broken, by fault.
    """

    def __init__(self, seed):
        self.numbers = random.Random(seed)
        self.open = 0
        self.broken = dict.fromkeys(FAULTS, 0)

    async def serve(self, reader, writer):
        self.open += 1
        try:
            await self.answer(reader, writer)
        except (OSError, asyncio.IncompleteReadError):
            pass  # the client left
        finally:
            writer.close()
            self.open -= 1

    async def answer(self, reader, writer):
        asked = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = int(asked.partition(b"content-length:")[2].split()[0])
        body = body_of(json.loads(await reader.readexactly(length))["number"])
        fault = self.numbers.choice(FAULTS)
        self.broken[fault] += 1
        at = len(body) if fault == "none" else self.numbers.randrange(len(body))
        middle = self.numbers.randrange(at + 1)
        writer.write(HEAD)
        for piece in filter(None, (body[:middle], body[middle:at])):
            writer.write(chunk(piece))
            await writer.drain()
        if fault == "none":
            writer.write(LAST)
        elif fault == "reset":
            writer.transport.abort()
        elif fault == "stall":
            await reader.read()


@contextmanager
def storming(seed):
    """A storm in a loop of its own, and where it listens."""
    storm, loop = Storm(seed), asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    def soon(awaitable):
        return asyncio.run_coroutine_threadsafe(awaitable, loop).result(LONG)

    server = soon(asyncio.start_server(storm.serve, "127.0.0.1", backlog=2 * STREAMS))
    try:
        yield storm, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    finally:
        server.close()
        soon(asyncio.sleep(0))
        loop.call_soon_threadsafe(loop.stop)
        thread.join(LONG)
        loop.close()


async def follow(client, url, number):
    """One stream to its end: the right value, and how many attempts it took."""
    request = {"provider": "chat", "json": {"number": number}, "retry": OFTEN, **CLOCKS}
    async with aopen_stream(client, "POST", url, **request) as flow:
        async for one in flow:
            assert not isinstance(one, Reset)
    assert flow.verdict.status == "complete"
    assert flow.result == value_of(number)
    return flow.verdict.attempts


async def follow_all(client, url, seconds):
    """So many streams at once, each followed by another until the time is over."""
    until, numbers, attempts = time.monotonic() + seconds, iter(range(10**9)), []

    async def one_by_one():
        while time.monotonic() < until:
            attempts.append(await follow(client, url, next(numbers)))

    async with asyncio.TaskGroup() as tasks:
        for _ in range(STREAMS):
            tasks.create_task(one_by_one())
    return attempts


async def settled(storm):
    """What is alive when nothing goes on: connections, tasks, threads, and objects."""
    until = time.monotonic() + LONG
    while storm.open and time.monotonic() < until:  # noqa: ASYNC110 - it is another loop's
        await asyncio.sleep(0.01)
    gc.collect()
    return storm.open, len(asyncio.all_tasks()), threading.active_count(), len(gc.get_objects())


@pytest.mark.parametrize(
    ("library", "seconds"),
    [
        pytest.param(httpx, 5, marks=pytest.mark.soak),
        pytest.param(httpx, 60, marks=pytest.mark.sweep),
        pytest.param(httpx2, 60, marks=pytest.mark.sweep),
    ],
)
def test_many_streams_at_once_survive_whatever_comes_and_leave_nothing_behind(library, seconds):
    async def main(storm, url):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        limits = library.Limits(max_connections=None, max_keepalive_connections=0)
        async with library.AsyncClient(verify=context, limits=limits) as client:
            attempts = await follow_all(client, url, seconds / 2)
            *first, objects = await settled(storm)
            attempts += await follow_all(client, url, seconds / 2)
            *second, more = await settled(storm)
        assert first == second == [0, 1, 2]  # the task and the thread of the test, and the storm's
        assert more <= GROWTH * objects
        return attempts

    with storming(seed=7) as (storm, url):
        attempts = asyncio.run(main(storm, url))
    assert len(attempts) >= 2 * STREAMS
    assert sum(attempts) == sum(storm.broken.values())
    assert min(storm.broken.values()) > STREAMS / 4
