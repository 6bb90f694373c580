"""Every task beside every peer: one table for each question a reader may ask.

Rounds flow in, tables of cells flow out; how they look on paper is the report's business.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from statistics import median
from typing import Any

from partialjson import LiveValue, Parser

from .comparisons import CHUNK, DELTA, MEMORY_ROUNDS, flatness, sampled_jiter
from .honesty import QUESTIONS, facts
from .measure import Job, Spread, interleave, ratio, seconds
from .memory import peak
from .peers import EVENTS, FINALS, JITER, RETURNED, VALUES, Run, available
from .shapes import pieces, text

__all__ = ["TABLES", "Cell", "Table"]

SIZES = {"4": DELTA, "64": 64, "4096": 4_096, "64 KB": CHUNK, "whole": None}
SHAPES = "SMLATN"
LONG = "X"  # from 64 KB on; in small deltas it says what L says, fifty times later
BUDGET = 0.4  # seconds for one reading of one text; a slower contender reads its beginning
# Not weighed: what re-parses 5 MB at every delta, and a second look at one and the same.
UNWEIGHED = (JITER, "streaming-json-parser", RETURNED)
FLAT_SIZES = {"128 KB": 131_072, "1 MB": 1_048_576, "5 MB": 5_000_000}


@dataclass(frozen=True)
class Cell:
    """A ratio, marked `~` where it rests on a sample and `≥` where only a beginning was read."""

    figure: Spread
    mark: str = ""

    def as_json(self) -> dict[str, Any]:
        return {**self.figure.as_json(), "mark": self.mark}


@dataclass
class Table:
    """Rows by name, columns by name, and a cell where both meet."""

    title: str
    columns: Sequence[str]
    rows: dict[str, dict[str, Cell | str]] = field(default_factory=dict)

    def put(self, row: str, column: str, cell: Cell | str) -> None:
        self.rows.setdefault(row, {})[column] = cell

    def as_json(self) -> dict[str, Any]:
        rows = {
            name: {
                column: cell if isinstance(cell, str) else cell.as_json()
                for column, cell in row.items()
            }
            for name, row in self.rows.items()
        }
        return {"title": self.title, "rows": rows}


def values(rounds: int) -> Iterator[Table]:
    return task("value after every delta", VALUES, rounds)


def events(rounds: int) -> Iterator[Table]:
    return task("events", EVENTS, rounds)


def task(words: str, contenders: dict[str, Callable[[], Run]], rounds: int) -> Iterator[Table]:
    """A table for each size of delta: the first contender's cost, and the others' as multiples."""
    runs = available(contenders)
    for label, size in SIZES.items():
        shapes = SHAPES + LONG if size is None or size >= CHUNK else SHAPES
        first = next(iter(runs))
        table = Table(f"{words}, deltas of {label}: cost of each / {first}", list(shapes))
        for shape in shapes:
            compare(table, shape, size, runs, rounds)
        yield table


def compare(table: Table, shape: str, size: int | None, runs: dict[str, Run], rounds: int) -> None:
    deltas = pieces(text(shape), size)
    jobs: list[Job] = []
    marks: dict[str, str] = {}
    for name, run in runs.items():
        job, marks[name] = affordable(name, run, shape, size, deltas)
        jobs.append(job)
    costs = interleave(jobs, rounds)
    first = next(iter(runs))
    table.put(f"{first}, one delta", shape, duration(median(costs[first])))
    for name in runs:
        if name != first:
            table.put(name, shape, Cell(ratio(costs, name, first), marks[name]))


def affordable(
    name: str, run: Run, shape: str, size: int | None, deltas: tuple[str, ...]
) -> tuple[Job, str]:
    """The job of reading all deltas, or of as many as the budget allows, and how it is marked."""
    if name == JITER and size is not None:
        job = sampled_jiter(text(shape), size)
        return job, "" if job.units == len(deltas) else "~"
    count = max(1, len(deltas) // 64)
    while count < len(deltas):
        spent = seconds(partial(run, deltas[:count]))
        if spent * 4 > BUDGET:  # twice as many may cost four times as much
            return Job(name, partial(run, deltas[:count]), count), "≥"
        count *= 2
    return Job(name, partial(run, deltas), len(deltas)), ""


def finals(rounds: int) -> Iterator[Table]:
    """The value at the end alone, beside `json.loads` of the whole text."""
    for label, size in (("one piece", None), ("64 KB chunks", CHUNK)):
        shapes = SHAPES + LONG if size is None else "LATNX"
        table = Table(
            f"final value, {label}: cost of each / buffer + join + json.loads", list(shapes)
        )
        runs = available(FINALS)
        for shape in shapes:
            deltas = pieces(text(shape), size)
            jobs = [Job(name, partial(run, deltas)) for name, run in runs.items()]
            costs = interleave(jobs, rounds)
            first = next(iter(runs))
            table.put(f"{first}, once", shape, duration(median(costs[first])))
            for name in runs:
                if name != first:
                    table.put(name, shape, Cell(ratio(costs, name, first)))
        yield table


def flat(rounds: int) -> Iterator[Table]:
    """Whether a delta late in a long document costs what one in a short document does."""
    table = Table("cost of a delta in records of a size / in 16 KB, 4 characters", list(FLAT_SIZES))
    for decoder in (LiveValue, Parser):
        for words, collector in (("off", False), ("on", True)):
            for label, size in FLAT_SIZES.items():
                figure = flatness(decoder, size, rounds, collector=collector)
                table.put(f"{decoder.__name__}, collector {words}", label, Cell(figure))
    yield table


def memory(_: int) -> Iterator[Table]:
    """Peaks of processes that read the 5 MB of X from a file."""
    sizes = {"64 KB pieces": CHUNK, "4-character pieces": DELTA}
    table = Table("peak memory on X, MB above the start (and / json.loads)", list(sizes))
    names = ["json.loads", *(name for name in available(VALUES) if name not in UNWEIGHED)]
    for label, size in sizes.items():
        peaks = {
            name: median(peak(name, LONG, size) for _ in range(MEMORY_ROUNDS)) for name in names
        }
        for name, most in peaks.items():
            table.put(name, label, f"{most / 2**20:.1f} ({most / peaks['json.loads']:.2f})")
    yield table


def honesty(_: int) -> Iterator[Table]:
    """What each contender shows, since a cost says nothing without it."""
    table = Table("what is shown, and whether the end is what json.loads gives", QUESTIONS)
    for name, run in available(VALUES).items():
        for question, answer in facts(run).items():
            table.put(name, question, answer)
    yield table


def duration(cost: float) -> str:
    for unit, scale in (("s", 1.0), ("ms", 1e-3), ("us", 1e-6)):
        if cost >= scale:
            return f"{cost / scale:.3g} {unit}"
    return f"{cost / 1e-9:.0f} ns"


TABLES: dict[str, Callable[[int], Iterator[Table]]] = {
    "honesty": honesty,
    "values": values,
    "events": events,
    "finals": finals,
    "flat": flat,
    "memory": memory,
}
