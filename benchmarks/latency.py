"""How long single deltas take: the usual one, and the slowest of a hundred and of a thousand.

Shapes and rounds flow in, tables flow out. The clock is the one on the wall, since it is that which
a reader waits by; what else the machine does is in the figures, most of all in the greatest.
"""

from __future__ import annotations

import gc
import sys
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise
from math import ceil
from time import perf_counter_ns

from .comparisons import DELTA
from .measure import Spread
from .peers import (
    IJSON_BUILDER,
    JITER,
    JSONRIVER,
    NATIVE,
    PLAIN_LIVE_VALUE,
    VALUES,
    Rereader,
    Run,
    available,
)
from .shapes import pieces, text
from .table import Cell, Table

__all__ = ["SHARES", "share", "stamps", "tails"]

SHARES = {"p50": 0.5, "p99": 0.99, "p99.9": 0.999, "max": 1.0}
TIMED = (
    *("LiveValue", "Parser and .value", PLAIN_LIVE_VALUE),
    *(JITER, NATIVE, IJSON_BUILDER, JSONRIVER),
)
CLOCK = "the clock alone"
LONG = 1_000_000  # characters: more than what parses again can read in small deltas


def tails(shapes: Sequence[str], rounds: int) -> Iterator[Table]:
    for shape in shapes:
        yield tail(shape, rounds)


def tail(shape: str, rounds: int) -> Table:
    """Each contender with the collector and without, in turn; a shared clock's cost is the last
    row."""
    deltas = pieces(text(shape), DELTA)
    here = available(VALUES)
    runs: dict[str, Run] = {name: here[name] for name in TIMED if name in here}
    if len(text(shape)) > LONG:
        runs = {name: run for name, run in runs.items() if not isinstance(run, Rereader)}
    runs[CLOCK] = list
    columns = [f"{name}, gc {state}" for state in ("on", "off") for name in SHARES]
    table = Table(f"wall time of a delta of {DELTA} characters: {shape}", columns)
    for name, run in runs.items():
        print(f"{shape}/{name} ", end="", file=sys.stderr, flush=True)
        for state in ("on", "off"):
            rows = [measured(run, deltas, collector=state == "on") for _ in range(rounds)]
            for words, figures in zip(SHARES, zip(*rows, strict=True), strict=True):
                table.put(name, f"{words}, gc {state}", Cell(Spread.of(figures), unit="s"))
    print(file=sys.stderr)
    return table


def measured(run: Run, deltas: Sequence[str], *, collector: bool) -> list[float]:
    """Seconds of each share of one reading; what was there before it is not the collector's."""
    gc.collect()
    gc.freeze()
    if not collector:
        gc.disable()
    found = stamps(run, deltas)
    gc.enable()
    gc.unfreeze()
    costs = sorted(after - before for before, after in pairwise(found))
    return [share(costs, part) / 1e9 for part in SHARES.values()]


def stamps(
    run: Run, deltas: Sequence[str], clock: Callable[[], int] = perf_counter_ns
) -> Sequence[int]:
    """When the run asked for each delta, and for the one after the last: nanoseconds."""
    found = array("q", bytes(8 * (len(deltas) + 1)))  # made before, so that nothing grows meanwhile

    def stamped() -> Iterable[str]:
        for at, delta in enumerate(deltas):
            found[at] = clock()
            yield delta
        found[-1] = clock()

    run(stamped())
    return found


def share(costs: Sequence[int], part: float) -> int:
    """The least that so great a part of the sorted costs does not exceed."""
    return costs[max(0, ceil(part * len(costs)) - 1)]
