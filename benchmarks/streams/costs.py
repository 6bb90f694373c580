"""What it costs to read a stream in memory: time beside the clients of others, and memory alone.

Bodies flow in, tables and limits flow out. Every reader reads the response of the same mocked
transport, so that what httpx itself costs is in every figure.
"""

from __future__ import annotations

import gc
import tracemalloc
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from functools import cache, partial
from importlib import import_module
from statistics import median
from typing import Any, TypeAlias

import partialjson
from benchmarks.gates import Gate
from benchmarks.measure import Job, Spread, interleave, ratio
from benchmarks.table import Cell, Table, duration
from partialjson.wire.providers import PROVIDERS
from partialjson.wire.sse import SSEDecoder

from .bodies import CUTS, LINE, endless, line, stream
from .contenders import (
    READ_BY_US,
    Read,
    Seen,
    anthropic,
    anthropic_helper,
    google_genai,
    httpx2_sse,
    httpx_sse,
    mistralai,
    openai,
    openai_helper,
    openrouter,
    sse_decoder,
)

__all__ = ["GATES", "costs", "long_line", "memory", "peak"]

Work: TypeAlias = Callable[[Iterable[bytes]], None]

OURS, AS_JSON, DECODING = (
    'partialjson, stream(parse="text")',
    'partialjson, stream(parse="json")',
    "partialjson, decoding alone",
)
FEW, MANY = 1_000, 10_000  # events


# -- who reads -------------------------------------------------------------------------------------


def pool(library: str, pieces: Iterable[bytes]) -> Any:
    """A client of httpx, or httpx2, whose every response is these pieces."""
    http = import_module(library)

    def respond(_request: Any) -> Any:
        return http.Response(
            200, headers={"content-type": "text/event-stream"}, content=iter(pieces)
        )

    return http.Client(transport=http.MockTransport(respond))


def reading(read: Read, library: str = "httpx2") -> Work:
    def work(pieces: Iterable[bytes]) -> None:
        read("http://mock", Seen(deque(maxlen=0)), pool(library, pieces))  # nothing is kept

    return work


def looping(provider: str, parse: Any) -> Work:
    def work(pieces: Iterable[bytes]) -> None:
        with (
            pool("httpx2", pieces) as client,
            client.stream("POST", "http://mock") as response,
            partialjson.stream(response.iter_bytes(), provider=provider, parse=parse) as events,
        ):
            for _ in events:
                pass

    return work


def decoding(provider: str) -> Work:
    def work(pieces: Iterable[bytes]) -> None:
        decoder, api = SSEDecoder(), PROVIDERS[provider]()
        with (
            pool("httpx2", pieces) as client,
            client.stream("POST", "http://mock") as response,
        ):
            for piece in response.iter_bytes():
                for event in decoder.feed(piece):
                    api.feed(event.data, event.event)

    return work


def by_hand(pieces: Iterable[bytes]) -> None:
    """The plainest way to lines of text there is, which waits for the end of the body."""
    with pool("httpx2", pieces) as client, client.stream("GET", "http://mock") as response:
        body = b"".join(response.iter_bytes())
        [one.decode() for one in body.split(b"\n")]


def ours(provider: str) -> dict[str, Work]:
    return {
        OURS: looping(provider, "text"),
        AS_JSON: looping(provider, "json"),
        DECODING: decoding(provider),
    }


PEERS: dict[str, dict[str, Work]] = {
    "openai": {
        "openai, create(stream=True)": reading(openai),
        "openai, completions.stream()": reading(openai_helper),
        "openrouter": reading(openrouter, "httpx"),
        "mistralai": reading(mistralai),
    },
    "anthropic": {
        "anthropic, create(stream=True)": reading(anthropic),
        "anthropic, messages.stream()": reading(anthropic_helper),
    },
    "gemini": {"google-genai": reading(google_genai)},
}

BY_HAND = "join, split, decode"
LINES: dict[str, Work] = {
    BY_HAND: by_hand,
    "partialjson, SSEDecoder": reading(sse_decoder),
    "httpx-sse": reading(httpx_sse, "httpx"),
    "httpx2, client.sse()": reading(httpx2_sse),
}


# -- what it costs ---------------------------------------------------------------------------------


def works(provider: str) -> dict[str, Work]:
    return ours(provider) | PEERS[provider]


@cache
def measured(provider: str, cut: str, rounds: int) -> dict[str, list[float]]:
    """Seconds of a delta, by reader. Kept, since a limit asks for what a table has shown."""
    pieces = stream(READ_BY_US[provider], cut)
    count = len(stream(READ_BY_US[provider], CUTS[0]))
    jobs = [Job(name, partial(work, pieces), count) for name, work in works(provider).items()]
    return interleave(jobs, rounds)


def costs(rounds: int) -> Iterator[Table]:
    """One table for each API, since its clients read no other."""
    for provider in filter(PROVIDERS.__contains__, READ_BY_US):
        title = f"{provider}: cost of each / {OURS}, the body in pieces of an event or of 16 KB"
        table = Table(title, [*CUTS])
        for cut in CUTS:
            found = measured(provider, cut, rounds)
            table.put(f"{OURS}, an event", cut, duration(median(found[OURS])))
            for name in found:
                if name != OURS:
                    table.put(name, cut, Cell(ratio(found, name, OURS)))
        yield table


@cache
def measured_line(rounds: int) -> dict[str, list[float]]:
    pieces = line()
    return interleave([Job(name, partial(work, pieces)) for name, work in LINES.items()], rounds)


def long_line(rounds: int) -> Table:
    found = measured_line(rounds)
    table = Table(f"one event of {LINE / 2**20:g} MB in 1 KB pieces: cost of each / {BY_HAND}", [])
    table.columns.append("cost")
    table.put(f"{BY_HAND}, the body", "cost", duration(median(found[BY_HAND])))
    for name in found:
        if name != BY_HAND:
            table.put(name, "cost", Cell(ratio(found, name, BY_HAND)))
    return table


def peak(work: Work, dialect: str, count: int) -> int:
    """The most bytes of Python objects at once, above the start, while events come one by one."""
    work(endless(dialect, 10))  # what is made once is not counted
    gc.collect()
    tracemalloc.start()
    try:
        work(endless(dialect, count))
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def memory(provider: str = "openai") -> Table:
    columns = {f"{count:,} events": count for count in (FEW, MANY)}
    table = Table("peak memory of Python objects, KB above the start", [*columns])
    for name, work in works(provider).items():
        for column, count in columns.items():
            most = peak(work, READ_BY_US[provider], count)
            table.put(name, column, f"{most / 1_024:,.0f}")
    return table


# -- the limits ------------------------------------------------------------------------------------


def faster(provider: str, peer: str, cut: str) -> Gate:
    return Gate(
        f"{peer} / {OURS}, pieces: {cut}",
        provider,
        lambda rounds: ratio(measured(provider, cut, rounds), peer, OURS),
        at_least=3,
    )


def growth(_rounds: int) -> Spread:
    work = decoding("openai")
    return Spread.of([peak(work, "chat", MANY) / peak(work, "chat", FEW) for _ in range(3)])


def gates() -> Iterator[Gate]:
    for (
        cut
    ) in CUTS:  # no limit beside the anthropic package: it reads as fast, and the table says so
        yield faster("openai", "openai, create(stream=True)", cut)
    yield Gate(
        f"SSEDecoder, one event of {LINE / 2**20:g} MB in 1 KB pieces / {BY_HAND}",
        "line",
        lambda rounds: ratio(measured_line(rounds), "partialjson, SSEDecoder", BY_HAND),
        at_most=3,
    )
    yield Gate(f"peak memory of decoding, {MANY:,} / {FEW:,} events", "openai", growth, at_most=1.1)


GATES = tuple(gates())
