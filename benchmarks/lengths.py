"""Total time against length of text: which contender's cost grows faster than the text does.

A kind of text flows in, a curve for each contender flows out.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from math import log
from statistics import linear_regression, median
from time import process_time
from typing import NamedTuple

from . import node
from .comparisons import DELTA
from .measure import seconds
from .peers import RETURNED, VALUES, Run, available
from .shapes import one_string, pieces, records

__all__ = ["LENGTHS", "TEXTS", "Curve", "contenders", "curves"]

LENGTHS = {
    "1 KB": 1_024,
    "4 KB": 4_096,
    "16 KB": 16_384,
    "64 KB": 65_536,
    "256 KB": 262_144,
    "1 MB": 1_048_576,
    "4 MB": 4_194_304,
}
TEXTS: dict[str, Callable[[int], str]] = {
    "records": partial(records, seed=7),
    "one string": one_string,
}
BUDGET = 5.0  # seconds for one text: a contender that will need more stops before it
ENOUGH = 0.1  # seconds of readings, of which the median counts


class Curve(NamedTuple):
    """Seconds by number of characters, of one contender."""

    name: str
    totals: dict[int, float]

    @property
    def exponent(self) -> float | None:
        """The e in: time grows with the e-th power of the length."""
        if len(self.totals) < 2:  # noqa: PLR2004 - a line needs two points
            return None
        return linear_regression(
            [log(length) for length in self.totals], [log(total) for total in self.totals.values()]
        ).slope


def contenders() -> dict[str, Run]:
    """All whose value can be read after every delta."""
    here = {name: run for name, run in available(VALUES).items() if name != RETURNED}
    return here | node.timed(node.VALUES)


def curves(build: Callable[[int], str], runs: dict[str, Run]) -> list[Curve]:
    """Four characters at a time, the value read after each; all contenders on one text, then on the
    next longer one."""
    found = {name: Curve(name, {}) for name in runs}
    for length in LENGTHS.values():
        deltas = pieces(build(length), DELTA)
        for name, run in runs.items():
            if expected(found[name]) <= BUDGET:
                found[name].totals[length] = total(run, deltas)
    return list(found.values())


def expected(curve: Curve) -> float:
    """Seconds for the next longer text, if they go on growing as they did."""
    spent = list(curve.totals.values())
    growths = [later / earlier for earlier, later in pairwise(spent)]
    return spent[-1] * (growths or [4])[-1] if spent else 0


def total(run: Run, deltas: tuple[str, ...]) -> float:
    """The median of as many readings as there is time for."""
    clock = getattr(run, "clock", process_time)
    gc.collect()
    readings: list[float] = []
    while sum(readings) < ENOUGH:
        readings.append(seconds(partial(run, deltas), clock))
    return median(readings)
