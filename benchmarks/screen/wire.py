"""Bytes on the wire for each document, profile and tick: counted, not timed.

Documents flow in, sizes as multiples of the document flow out. Deltas have four characters and come
a hundred a second, by a clock that only counts, so that the figures are the same on every machine.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Iterator
from functools import cache, partial
from typing import NamedTuple

from benchmarks.gates import Gate
from benchmarks.measure import Spread
from benchmarks.shapes import pieces, text
from benchmarks.table import Table
from partialjson import Event, Feed, LiveValue, Parser
from partialjson.render import Operations, to_sse

__all__ = ["DELTA", "DOCUMENTS", "GATES", "LIMITS", "Size", "batches", "size", "table"]

DELTA = 4  # characters: about one token of a model
APART = 10  # milliseconds from one delta to the next: a hundred a second
TICKS = {"every delta": 0, "33 ms": 33, "100 ms": 100}
DOCUMENTS = {"S": "a tool call", "M": "a dashboard", "L": "records"}
PROFILES: tuple[Operations, ...] = ("append", "rfc6902")
TOO_LONG = 20_000  # characters, for what costs the square of a string's length

LIMITS = {"every delta": 12.0, "33 ms": 6.0}  # times the document, operations of `append`


class Size(NamedTuple):
    """Bytes as multiples of the document.

    Attributes:
        operations: The patches alone, as JSON.
        patches: With their framing as server-sent events.
        all: Every message, those that tell what is closed included.
        gzipped: All of it through gzip, flushed behind each telling.
    """

    operations: float
    patches: float
    all: float
    gzipped: float


def batches(document: str, tick: int) -> Iterator[list[Event]]:
    """The events that are told together: the first at once, the rest tick by tick."""
    parser, due = Parser(), 0
    pending: list[Event] = []
    deltas = pieces(document, DELTA)
    for number, delta in enumerate(deltas, 1):
        pending += parser.feed(delta)
        now = number * APART
        if now >= due or number == len(deltas):
            yield pending
            pending, due = [], now + tick


@cache
def size(document: str, ops: Operations, tick: int) -> Size:
    feed, gzip = Feed(ops=ops, log=0), zlib.compressobj(wbits=31)
    told = [feed.feed(events) for events in batches(document, tick)]
    patches = [one for messages in told for one in messages if one["event"] == "patch"]
    gzipped = 0
    for messages in told:
        gzipped += len(gzip.compress(b"".join(map(to_sse, messages))))
        gzipped += len(gzip.flush(zlib.Z_SYNC_FLUSH))
    whole = len(document.encode())
    return Size(
        sum(len(as_bytes(one["data"])) for one in patches) / whole,
        total(map(to_sse, patches)) / whole,
        total(to_sse(one) for messages in told for one in messages) / whole,
        (gzipped + len(gzip.flush())) / whole,
    )


def total(sent: Iterable[bytes]) -> int:
    return sum(map(len, sent))


def as_bytes(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def snapshots(document: str) -> float:
    """What it costs to send the whole value behind every delta."""
    live = LiveValue()
    return total(as_bytes(live.feed(delta)) for delta in pieces(document, DELTA)) / len(
        document.encode()
    )


def table() -> Table:
    """Every document and profile: all bytes, and in brackets the operations alone."""
    columns = [f"{name}, {tick}" for name in DOCUMENTS for tick in TICKS]
    found = Table("bytes on the wire / bytes of the document (operations alone)", columns)
    for ops in PROFILES:
        for column, document, tick in each():
            if ops == "append" or len(document) < TOO_LONG:
                one = size(document, ops, tick)
                found.put(ops, column, f"{one.all:.1f} ({one.operations:.1f})")
                found.put(f"{ops}, gzip", column, f"{one.gzipped:.1f}")
    for column, document, tick in each():
        if not tick and len(document) < TOO_LONG:
            found.put("the whole value each time", column, f"{snapshots(document):,.0f}")
    return found


def each() -> Iterator[tuple[str, str, int]]:
    for name in DOCUMENTS:
        for words, tick in TICKS.items():
            yield f"{name}, {words}", text(name), tick


def operations(document: str, tick: str, _rounds: int) -> Spread:
    """Counted, so that every round would say the same."""
    return Spread.of([size(text(document), "append", TICKS[tick]).operations])


GATES = tuple(
    Gate(
        f"operations / the document, {tick}",
        document,
        partial(operations, document, tick),
        at_most=most,
    )
    for document in DOCUMENTS
    for tick, most in LIMITS.items()
)
