"""Every task beside every peer: one table for each question a reader may ask.

A request flows in, tables of cells flow out.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from functools import partial

from partialjson import LiveValue, Parser

from . import node
from .comparisons import CHUNK, DELTA, MEMORY_ROUNDS, flatness
from .effort import affordable
from .gates import GATES
from .honesty import QUESTIONS, facts
from .imports import import_times
from .latency import tails
from .lengths import LENGTHS, TEXTS, contenders, curves
from .measure import Job, Spread, interleave, ratio
from .memory import peak
from .peers import (
    EVENTS,
    FINALS,
    IJSON_BUILDER,
    ITEMS,
    JSONRIVER,
    LOADS,
    NATIVE,
    PLAIN_LIVE_VALUE,
    UNSHOWN,
    VALUES,
    Contenders,
    Rereader,
    Run,
    available,
)
from .plot import bars, curves_of
from .shapes import DELTAS, text
from .table import Cell, Request, Table
from .targets import targets

__all__ = ["GATES", "TABLES"]

LONG = "X"  # not in small deltas, which say what L says fifty times later; nor to parse it again
LONG_DELTAS = ("64K", "whole")
FLAT_SIZES = {"128 KB": 131_072, "1 MB": 1_048_576, "5 MB": 5_000_000}
WEIGHED = (
    *(LOADS, "LiveValue", UNSHOWN, PLAIN_LIVE_VALUE, "Parser and .value"),
    *(IJSON_BUILDER, JSONRIVER, NATIVE, *ITEMS),
)
NO_NODE = "the peers in JavaScript are left out, since node or npm is missing"


def values(request: Request) -> Iterator[Table]:
    for table in task("value after every delta", VALUES, request, node.VALUES):
        if request.plots:
            bars(table, request.plots / "cost-of-a-delta.svg")
        yield table


def events(request: Request) -> Iterator[Table]:
    return task("events", EVENTS, request, node.EVENTS)


def finals(request: Request) -> Iterator[Table]:
    return task("value at the end alone", FINALS, request, node.FINALS)


def task(
    words: str, contenders: Contenders, request: Request, in_node: Iterable[str] = ()
) -> Iterator[Table]:
    """The first contender's cost of a delta, and the others' as multiples of it."""
    there = node.timed(in_node)
    runs = available(contenders) | there
    incremental = {name: run for name, run in runs.items() if not isinstance(run, Rereader)}
    table = Table(f"{words}: cost of each / {next(iter(runs))}", [])
    if in_node and not there:
        table.notes.append(NO_NODE)
    for shape in request.shapes:
        for label in request.deltas:
            deltas = DELTAS[label](text(shape))
            if differs(shape, label, deltas):
                column = f"{shape}/{label}"
                print(f"{column} ", end="", file=sys.stderr, flush=True)
                table.columns.append(column)
                asked = incremental if shape == LONG else runs
                compare(table, column, deltas, asked, request.rounds)
    print(file=sys.stderr)
    yield table


def differs(shape: str, label: str, deltas: tuple[str, ...]) -> bool:
    """A delta that is longer than the text is the whole text."""
    if shape == LONG:
        return label in LONG_DELTAS
    return label == "whole" or len(deltas) > 1


def compare(
    table: Table, column: str, deltas: tuple[str, ...], runs: dict[str, Run], rounds: int
) -> None:
    first, *others = runs
    jobs = [Job(first, partial(runs[first], deltas), len(deltas))]
    marks: dict[str, str] = {}
    for name in others:
        job, marks[name] = affordable(name, runs[name], deltas)
        jobs.append(job)
    costs = interleave(jobs, rounds)
    table.put(f"{first}, one delta", column, Cell(Spread.of(costs[first]), unit="s"))
    for name in others:
        table.put(name, column, Cell(ratio(costs, name, first), marks[name]))


def lengths(request: Request) -> Iterator[Table]:
    """Total time against length, and the exponent of its growth."""
    panels = {}
    runs = contenders()
    for words, build in TEXTS.items():
        panels[words] = curves(build, runs)
        table = Table(f"total time, 4 characters at a time: {words}", [*LENGTHS, "exponent"])
        for curve in panels[words]:
            for label, length in LENGTHS.items():
                if length in curve.totals:
                    total = Spread.of([curve.totals[length]])
                    table.put(curve.name, label, Cell(total, unit="s"))
            if curve.exponent is not None:
                table.put(curve.name, "exponent", f"{curve.exponent:.2f}")
        yield table
    if request.plots:
        curves_of(panels, runs, request.plots / "time-against-length.svg")


def flat(request: Request) -> Iterator[Table]:
    """Whether a delta late in a long document costs what one in a short document does."""
    table = Table("cost of a delta in records of a size / in 16 KB, 4 characters", [*FLAT_SIZES])
    for decoder in (LiveValue, Parser):
        for words, collector in (("off", False), ("on", True)):
            for label, size in FLAT_SIZES.items():
                figure = flatness(decoder, size, request.rounds, collector=collector)
                table.put(f"{decoder.__name__}, collector {words}", label, Cell(figure))
    yield table


def memory(_: Request) -> Iterator[Table]:
    """Peaks of processes that read the 5 MB of X from a file."""
    table = Table(f"peak memory on X, MB above the start, and / {LOADS}", [])
    here = available(FINALS | VALUES | ITEMS)
    for label, size in {"64 KB pieces": CHUNK, "4-character pieces": DELTA}.items():
        table.columns += [f"{label}, MB", f"{label}, ratio"]
        peaks = {
            name: [peak(name, LONG, size) / 2**20 for _ in range(MEMORY_ROUNDS)]
            for name in WEIGHED
            if name in here
        }
        for name, most in peaks.items():
            table.put(name, f"{label}, MB", Cell(Spread.of(most)))
            table.put(name, f"{label}, ratio", Cell(ratio(peaks, name, LOADS)))
    yield table


def honesty(_: Request) -> Iterator[Table]:
    """What each contender shows, since a cost says nothing without it."""
    table = Table("what is shown, and whether the end is what json.loads gives", [*QUESTIONS])
    there = node.shown(node.VALUES)
    for name, run in (available(VALUES) | there).items():
        for question, answer in facts(run, all_floats=name in there).items():
            table.put(name, question, answer)
    yield table


def latency(request: Request) -> Iterator[Table]:
    """How long the slowest deltas take, with the garbage collector and without."""
    return tails([shape for shape in ("L", LONG) if shape in request.shapes], request.rounds)


def imports(request: Request) -> Iterator[Table]:
    """What a process pays before it can parse."""
    yield import_times(request.rounds)


TABLES: dict[str, Callable[[Request], Iterator[Table]]] = {
    "honesty": honesty,
    "values": values,
    "events": events,
    "finals": finals,
    "lengths": lengths,
    "flat": flat,
    "memory": memory,
    "latency": latency,
    "imports": imports,
    "targets": targets,
}
