"""How much of a text a contender reads: all of it, or what the budget allows.

A contender and deltas flow in; a job flows out, with a mark that says what its figure rests on.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from itertools import accumulate
from random import Random
from time import process_time

from .measure import Clock, Job, seconds
from .peers import Rereader, Run

__all__ = ["BEGINNING", "SAMPLED", "SAMPLES", "affordable"]

SAMPLED = "~"  # some prefixes stand for all of them
BEGINNING = "≥"  # what follows costs more, or at best the same

SAMPLES = 24  # prefixes that stand for all of them, where parsing them all takes minutes
BUDGET = 0.15  # seconds for one reading of one text
FIRST = 1_024  # characters: the first beginning that is tried

Work = Callable[[], object]
Deltas = tuple[str, ...]


def affordable(
    name: str, run: Run, deltas: Deltas, *, clock: Clock = process_time
) -> tuple[Job, str]:
    """The job of reading all deltas, or of as much as the budget allows, and its mark."""
    own = getattr(run, "clock", None)  # of another process, which repeats its readings itself
    clock = own or clock
    whole = sum(map(len, deltas))
    work, read = longest(lambda length: partial(run, beginning(deltas, length)), whole, clock)
    if read == whole:
        return Job(name, work, len(deltas), own), ""
    if isinstance(run, Rereader) and len(deltas) > SAMPLES:
        work, read = longest(partial(some_prefixes, run, deltas), whole, clock)
        return Job(name, work, SAMPLES, own), SAMPLED if read == whole else BEGINNING
    return Job(name, work, len(deltas) * read / whole, own), BEGINNING


def longest(work_on: Callable[[int], Work], whole: int, clock: Clock) -> tuple[Work, int]:
    """The work on the longest beginning within the budget, and its length.

    Beginnings are tried, each twice as long as the one before.
    """
    length = FIRST
    while length < whole:
        work = partial(cut_short, work_on(length))
        if seconds(work, clock) * 4 > BUDGET:  # twice as much may cost four times as much
            return work, length
        length *= 2
    return work_on(whole), whole


def beginning(deltas: Deltas, length: int) -> Deltas:
    """So many characters of them."""
    taken: list[str] = []
    for delta in deltas:
        taken.append(delta[:length])
        length -= len(delta)
        if length <= 0:
            break
    return tuple(taken)


def cut_short(work: Work) -> object:
    """A beginning is no JSON text: who says so at its end has read it all the same."""
    with suppress(ValueError, EOFError):
        return work()


def some_prefixes(run: Rereader, deltas: Deltas, longest: int) -> Work:
    """Parsing one prefix from each 24th part of the text, a longer one as far as `longest`."""
    whole = "".join(deltas)
    ends = list(accumulate(map(len, deltas)))
    random = Random(24)
    places = [int((part + random.random()) * len(ends) / SAMPLES) for part in range(SAMPLES)]
    return run.over([whole[: min(ends[place], longest)] for place in places])
