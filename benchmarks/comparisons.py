"""What is compared with what: each function measures one promise and gives the spread of its ratio.

Shapes and contenders flow in, ratios flow out. Which ratio is good enough is for the gates to say.
"""

from __future__ import annotations

import gc
import json
from functools import partial
from time import process_time

from partialjson import LiveValue, Parser

from .effort import affordable
from .measure import Clock, Job, Spread, interleave, ratio, seconds
from .memory import peak
from .peers import FINALS, LOADS, VALUES
from .shapes import pieces, records, text

__all__ = [
    "CHUNK",
    "DELTA",
    "MEMORY_ROUNDS",
    "events_over_values",
    "final_over_loads",
    "flatness",
    "memory_over_loads",
    "times_as_fast",
]

DELTA = 4  # characters: about one token of a model
CHUNK = 65_536  # characters: what a socket gives at most
SMALL = 16_384  # characters: what the cost of a long document's delta is compared with
STRIDE = 65_536  # deltas of the long document between two looks at the short one
SHORT_TIMES = 4  # readings of the short one in a look
MEMORY_ROUNDS = 3


def times_as_fast(contender: str, peer: str, shape: str, rounds: int) -> Spread:
    """How many times what the contender costs the peer does, four characters at a time."""
    deltas = pieces(text(shape), DELTA)
    jobs = [
        affordable(peer, VALUES[peer](), deltas)[0],
        Job(contender, partial(VALUES[contender](), deltas), len(deltas)),
    ]
    return ratio(interleave(jobs, rounds), peer, contender)


def final_over_loads(whole: str | bytes, size: int | None, rounds: int) -> Spread:
    """What the text costs in chunks (or as one), as so many `json.loads` of the whole."""
    chunks = pieces(whole, size)
    run = FINALS["LiveValue"]()
    jobs = [
        Job("LiveValue", partial(run, chunks)),
        Job("json.loads", partial(json.loads, whole)),
    ]
    return ratio(interleave(jobs, rounds), "LiveValue", "json.loads")


def events_over_values(shape: str, rounds: int) -> Spread:
    """What events cost on top: `Parser` beside `LiveValue`, both with `.value` after each delta."""
    deltas = pieces(text(shape), DELTA)
    names = ("Parser and .value", "LiveValue")
    runs = [VALUES[name]() for name in names]
    jobs = [
        Job(name, partial(run, deltas), len(deltas)) for name, run in zip(names, runs, strict=True)
    ]
    return ratio(interleave(jobs, rounds), *names)


def flatness(
    decoder: type[LiveValue | Parser],
    size: int,
    rounds: int,
    *,
    collector: bool,
    clock: Clock = process_time,
) -> Spread:
    """What a delta costs in records of `size` characters, over what it costs in 16 KB of them."""
    long = pieces(records(size, seed=7), DELTA)
    short = pieces(records(SMALL, seed=7), DELTA)
    gc.collect()
    gc.freeze()
    figures = [
        one_round(decoder, long, short, collector=collector, clock=clock) for _ in range(rounds + 1)
    ]
    gc.unfreeze()
    return Spread.of(figures[1:])  # the first one is the warm-up


def one_round(
    decoder: type[LiveValue | Parser],
    long: tuple[str, ...],
    short: tuple[str, ...],
    *,
    collector: bool,
    clock: Clock,
) -> float:
    """The long document in strides, the short one after each, so that both see the same machine.

    The collector is off while the short document is read: a pass over all that the long one holds
    would be counted where it falls, and not where it is owed.
    """
    reader = decoder()
    spent_long = spent_short = 0.0
    deltas_short = 0
    gc.collect()
    for start in range(0, len(long), STRIDE):
        stride = long[start : start + STRIDE]
        if not collector:
            gc.disable()
        spent_long += seconds(partial(read, reader, stride), clock)
        gc.disable()
        for _ in range(SHORT_TIMES):
            spent_short += seconds(partial(read, decoder(), short), clock)
            deltas_short += len(short)
        gc.enable()
    return (spent_long / len(long)) / (spent_short / deltas_short)


def read(reader: LiveValue | Parser, deltas: tuple[str, ...]) -> object:
    value = None
    for delta in deltas:
        reader.feed(delta)
        value = reader.value
    return value


def memory_over_loads(size: int) -> Spread:
    """The peak of a process that reads 5 MB with `LiveValue`, over that of one that joins and
    loads."""
    names = ("LiveValue", LOADS)
    peaks = {name: [peak(name, "X", size) for _ in range(MEMORY_ROUNDS)] for name in names}
    return ratio(peaks, *names)
