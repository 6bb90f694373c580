"""Every task beside every peer: one table for each question a reader may ask.

A request flows in, tables of cells flow out.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from functools import partial
from statistics import median

from partialjson import LiveValue, Parser

from .comparisons import CHUNK, DELTA, MEMORY_ROUNDS, flatness
from .effort import affordable
from .honesty import QUESTIONS, facts
from .lengths import LENGTHS, TEXTS, curves
from .measure import Job, interleave, ratio
from .memory import peak
from .peers import EVENTS, FINALS, LOADS, VALUES, Again, Contenders, Run, available
from .plot import draw
from .shapes import DELTAS, text
from .table import Cell, Request, Table, duration

__all__ = ["TABLES"]

LONG = "X"  # not in small deltas, which say what L says fifty times later; nor to parse it again
LONG_DELTAS = ("64K", "whole")
FLAT_SIZES = {"128 KB": 131_072, "1 MB": 1_048_576, "5 MB": 5_000_000}
WEIGHED = (
    *(LOADS, "LiveValue", "Parser and .value", "ijson C, ObjectBuilder", "jsonriver"),
    "streaming-json-parser-native",
)


def values(request: Request) -> Iterator[Table]:
    return task("value after every delta", VALUES, request)


def events(request: Request) -> Iterator[Table]:
    return task("events", EVENTS, request)


def finals(request: Request) -> Iterator[Table]:
    return task("value at the end alone", FINALS, request)


def task(words: str, contenders: Contenders, request: Request) -> Iterator[Table]:
    """The first contender's cost of a delta, and the others' as multiples of it."""
    runs = available(contenders)
    incremental = {name: run for name, run in runs.items() if not isinstance(run, Again)}
    table = Table(f"{words}: cost of each / {next(iter(runs))}", [])
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
    table.put(f"{first}, one delta", column, duration(median(costs[first])))
    for name in others:
        table.put(name, column, Cell(ratio(costs, name, first), marks[name]))


def lengths(request: Request) -> Iterator[Table]:
    """Total time against length, and the exponent of its growth."""
    panels = {}
    for words, build in TEXTS.items():
        panels[words] = curves(build)
        table = Table(f"total time, 4 characters at a time: {words}", [*LENGTHS, "exponent"])
        for curve in panels[words]:
            for label, length in LENGTHS.items():
                if length in curve.totals:
                    table.put(curve.name, label, duration(curve.totals[length]))
            if curve.exponent is not None:
                table.put(curve.name, "exponent", f"{curve.exponent:.2f}")
        yield table
    if request.plot:
        draw(panels, request.plot)


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
    sizes = {"64 KB pieces": CHUNK, "4-character pieces": DELTA}
    table = Table(f"peak memory on X, MB above the start (and / {LOADS})", [*sizes])
    here = available(FINALS | VALUES)
    for label, size in sizes.items():
        peaks = {
            name: median(peak(name, LONG, size) for _ in range(MEMORY_ROUNDS))
            for name in WEIGHED
            if name in here
        }
        for name, most in peaks.items():
            table.put(name, label, f"{most / 2**20:.1f} ({most / peaks[LOADS]:.2f})")
    yield table


def honesty(_: Request) -> Iterator[Table]:
    """What each contender shows, since a cost says nothing without it."""
    table = Table("what is shown, and whether the end is what json.loads gives", [*QUESTIONS])
    for name, run in available(VALUES).items():
        for question, answer in facts(run).items():
            table.put(name, question, answer)
    yield table


TABLES: dict[str, Callable[[Request], Iterator[Table]]] = {
    "honesty": honesty,
    "values": values,
    "events": events,
    "finals": finals,
    "lengths": lengths,
    "flat": flat,
    "memory": memory,
}
