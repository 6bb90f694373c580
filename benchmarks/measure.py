"""CPU seconds of interleaved jobs, and what their ratios say.

Jobs flow in, seconds per unit flow out, one figure for each round. What a job does is not known
here.

CPU time of this process, not time on the wall: all that is measured is one thread that never waits,
and the machine has other work. What other work does to caches and clock speed is why the jobs of a
round follow each other closely, in another order each round, and why ratios are taken within a
round.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from random import Random
from statistics import median
from time import process_time
from typing import Any

__all__ = ["Clock", "Job", "Spread", "interleave", "ratio", "seconds"]

Clock = Callable[[], float]

ENOUGH = 0.02  # seconds of work in one figure: the clock's own 0.3 us and one interruption vanish
BATCH = 2e-4  # seconds between two looks at the clock, for work that is shorter


@dataclass(frozen=True)
class Job:
    """Work to be timed, which stands for a number of units (deltas): costs are per unit.

    Work that is done in another process has the clock of that process, and is repeated there.
    """

    name: str
    work: Callable[[], object]
    units: float = 1
    clock: Clock | None = None


@dataclass(frozen=True)
class Spread:
    """The median of what the rounds said, with the least and the most."""

    middle: float
    least: float
    most: float

    @classmethod
    def of(cls, figures: Sequence[float]) -> Spread:
        return cls(median(figures), min(figures), max(figures))

    def as_json(self) -> dict[str, float]:
        return {"median": self.middle, "min": self.least, "max": self.most}


def seconds(work: Callable[[], object], clock: Clock = process_time) -> float:
    """What one call costs. The result is dropped when the clock has stopped."""
    start = clock()
    result = work()
    spent = clock() - start
    del result
    return spent


def interleave(
    jobs: Sequence[Job], rounds: int, *, clock: Clock = process_time
) -> dict[str, list[float]]:
    """Seconds per unit by name, one figure for each round. A first run of each job warms it up."""
    readings = {job.name: reading(job, clock) for job in jobs}
    costs: dict[str, list[float]] = {job.name: [] for job in jobs}
    for number in range(rounds):
        for job in Random(number).sample(jobs, len(jobs)):
            gc.collect()
            costs[job.name].append(readings[job.name]() / job.units)
    return costs


def reading(job: Job, clock: Clock) -> Callable[[], float]:
    """What takes one figure: seconds of the job's work."""
    if job.clock is not None:
        job.work()
        return partial(seconds, job.work, job.clock)
    work, batch, calls = batched(job.work, clock)
    return lambda: sum(seconds(work, clock) for _ in range(calls)) / (calls * batch)


def batched(work: Callable[[], object], clock: Clock) -> tuple[Callable[[], object], int, int]:
    """The work in batches that are long enough to be timed: the batch, its size, how many of them.

    A batch keeps its results until the clock has stopped, since taking values apart is not what is
    measured.
    """
    once = seconds(work, clock)
    if once < ENOUGH:  # the first run is cold
        once = min(seconds(work, clock) for _ in range(3))
    once = max(once, 1e-7)
    batch = max(1, round(BATCH / once))
    calls = max(1, round(ENOUGH / (once * batch)))
    if batch == 1:
        return work, 1, calls

    def together() -> list[Any]:
        return [work() for _ in range(batch)]

    return together, batch, calls


def ratio(costs: dict[str, list[float]], dividend: str, divisor: str) -> Spread:
    """How many times the one costs what the other does, round by round."""
    pairs = zip(costs[dividend], costs[divisor], strict=True)
    return Spread.of([over / under for over, under in pairs])
