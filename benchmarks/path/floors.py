"""Which code belongs to which floor, what each costs a token, and how many calls it makes.

A recording flows in; microseconds and calls flow out. No floor is run by itself, where all that it
needs would lie in the processor's caches: the path is run up to each.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from statistics import median
from types import FrameType

import partialjson
from benchmarks.measure import Job, interleave
from benchmarks.table import Table

from .recording import Recording

__all__ = ["FLOORS", "calls", "floor_of", "floors"]

PACKAGE = f"{Path(partialjson.__file__).parent}/"
PROVIDER, BRIDGE, PARSER = "provider, json included", "bridge and loop", "parser"
SSE, TYPED, FEED, BYTES = "SSE", "typed values", "patches and feed", "bytes for the screen"
WHOLE = "the whole path"

ROOMS = {  # the first that a file's place begins with
    "wire/sse": SSE,
    "wire/providers": PROVIDER,
    "wire/messages": PROVIDER,
    "wire/": BRIDGE,
    "stream/": BRIDGE,
    "validation/": TYPED,
    "render/": FEED,
    "path.py": FEED,  # pointers
    "": PARSER,
}
WRITERS = ("to_sse", "in_one_line")  # the one floor that shares its file with another
FLOORS = (SSE, PROVIDER, PARSER, BRIDGE, TYPED, FEED, BYTES)


def floors(recording: Recording, rounds: int) -> Table:
    """Microseconds, share and calls a token, floor by floor."""
    costs = times(recording, rounds)
    made = calls(recording.whole)
    found = Table("a token", ["us", "share", "Python calls"])
    for name in (*costs, WHOLE):
        cost = sum(costs.values()) if name == WHOLE else costs[name]
        count = made.total() if name == WHOLE else made[name]
        found.put(name, "us", f"{cost * 1e6:.2f}")
        found.put(name, "share", f"{cost / sum(costs.values()):.0%}")
        found.put(name, "Python calls", f"{count / recording.tokens:.1f}")
    return found


def times(recording: Recording, rounds: int) -> dict[str, float]:
    """Seconds a token by floor: what the path costs more where it goes one floor further."""
    jobs = [Job(name, work, recording.tokens) for name, work in works(recording).items()]
    spent = interleave(jobs, rounds)
    below = [0.0] * rounds
    costs: dict[str, float] = {}
    for name, whole in spent.items():
        costs[name] = median(more - less for more, less in zip(whole, below, strict=True))
        below = whole
    return costs


def works(recording: Recording) -> dict[str, Callable[[], object]]:
    """The path up to each floor, from the lowest; the bridge takes the place of a loop by hand."""
    found: dict[str, Callable[[], object]] = {
        SSE: recording.framed,
        PROVIDER: recording.heard,
        PARSER: recording.parsed,
        BRIDGE: recording.streamed,
        TYPED: recording.typed,
        FEED: recording.told,
        BYTES: recording.whole,
    }
    if recording.model is None:
        del found[TYPED]
    return found


def calls(work: Callable[[], object]) -> Counter[str]:
    """How many calls of Python functions some work makes, by floor: the same each time.

    What is called of the standard library, or of what a dataclass makes, counts where it is called.
    """
    work()  # what is made at first use is not counted
    counts: Counter[str] = Counter()

    def hook(frame: FrameType, event: str, _: object) -> None:
        if event == "call" and (floor := floor_of(frame)):
            counts[floor] += 1

    before = sys.getprofile()
    sys.setprofile(hook)
    try:
        work()
    finally:
        sys.setprofile(before)
    return counts


def floor_of(frame: FrameType | None) -> str | None:
    """The floor of the nearest caller that is ours; `None` if there is none."""
    while frame is not None and not frame.f_code.co_filename.startswith(PACKAGE):
        frame = frame.f_back
    if frame is None:
        return None
    place = frame.f_code.co_filename.removeprefix(PACKAGE)
    if frame.f_code.co_name in WRITERS:
        return BYTES
    return next(floor for room, floor in ROOMS.items() if place.startswith(room))
