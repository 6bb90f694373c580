"""What the rows of the targets compare: each function measures one and gives its spread.

Shapes and rounds flow in, figures flow out; what is aimed at stands in `targets`.
"""

from __future__ import annotations

import copy
from collections import deque
from collections.abc import Callable, Iterable
from functools import partial
from importlib import import_module

from partialjson import LiveValue

from .comparisons import CHUNK, DELTA, MEMORY_ROUNDS
from .effort import affordable
from .lengths import curves
from .measure import Job, Spread, interleave, ratio
from .memory import peak
from .peers import DROPPED, EVENTS, FINALS, IJSON, LOADS, UNSHOWN, VALUES, WHOLE_STRINGS
from .shapes import pieces, text

__all__ = [
    "events",
    "exponent",
    "megabytes_dropped",
    "over_copy",
    "over_nothing",
    "snapshot_microseconds",
    "typed",
    "unshown_over_loads",
]

PLACES = 24  # near the end of a text, at which a snapshot is taken
LAST = 8  # they lie in the last eighth of it


def over_nothing(shape: str, rounds: int) -> Spread:
    """`LiveValue` beside a method in C that keeps nothing, and an attribute that is there."""
    deltas = pieces(text(shape), DELTA)
    jobs = [
        Job("LiveValue", partial(VALUES["LiveValue"](), deltas)),
        Job("nothing", partial(nothing, deltas)),
    ]
    return ratio(interleave(jobs, rounds), "LiveValue", "nothing")


def nothing(deltas: Iterable[str]) -> int | None:
    floor: deque[str] = deque(maxlen=0)
    value = None
    for delta in deltas:
        floor.append(delta)
        value = floor.maxlen
    return value


def events(shape: str, rounds: int, *, all_of_it: bool = False) -> Spread:
    """All events of ijson's C coroutine beside all of `Parser(strings="whole")`.

    Over one long string ijson takes seconds, and a beginning of it would say too little.
    """
    deltas = pieces(text(shape), DELTA)
    run = EVENTS[IJSON]()
    theirs = (
        Job(IJSON, partial(run, deltas), len(deltas))
        if all_of_it
        else affordable(IJSON, run, deltas)[0]
    )
    ours = Job(WHOLE_STRINGS, partial(EVENTS[WHOLE_STRINGS](), deltas), len(deltas))
    return ratio(interleave([theirs, ours], rounds), IJSON, WHOLE_STRINGS)


def unshown_over_loads(shape: str, rounds: int) -> Spread:
    """The value at the end alone, beside a list that is joined and loaded once."""
    deltas = pieces(text(shape), DELTA)
    jobs = [Job(name, partial(FINALS[name](), deltas)) for name in (UNSHOWN, LOADS)]
    return ratio(interleave(jobs, rounds), UNSHOWN, LOADS)


def exponent(build: Callable[[int], str]) -> Spread:
    """The e in: time grows with the e-th power of the length; of one fit."""
    (curve,) = curves(build, {"LiveValue": VALUES["LiveValue"]()})
    return Spread.of([curve.exponent or 0])


def megabytes_dropped() -> Spread:
    """The peak of a process that reads the records of X one after the other."""
    return Spread.of([peak(DROPPED, "X", CHUNK) / 2**20 for _ in range(MEMORY_ROUNDS)])


def typed(document: str, rounds: int) -> Spread:
    """Pydantic's partial mode over all that came so far, beside `TypedParser`."""
    tables = import_module("benchmarks.typed.tables")  # Pydantic is in this environment, or not
    return ratio(tables.measure(document, rounds), tables.PARTIAL, tables.OURS)


def snapshot_microseconds(shape: str, rounds: int) -> Spread:
    return Spread.of([cost * 1e6 for cost in snapshots(shape, rounds)["snapshot"]])


def over_copy(shape: str, rounds: int) -> Spread:
    """The same beside a flat copy of the root, which shares what is still open."""
    return ratio(snapshots(shape, rounds), "snapshot", "copy")


def snapshots(shape: str, rounds: int) -> dict[str, list[float]]:
    deltas = pieces(text(shape), DELTA)
    lives = []
    for place in range(PLACES):
        lives.append(LiveValue())
        for delta in deltas[: len(deltas) - place * len(deltas) // (LAST * PLACES) - 1]:
            lives[-1].feed(delta)

    def take() -> None:
        for live in lives:
            live.snapshot()

    def copy_roots() -> None:
        for live in lives:
            copy.copy(live.value)

    jobs = [Job("snapshot", take, PLACES), Job("copy", copy_roots, PLACES)]
    return interleave(jobs, rounds)
