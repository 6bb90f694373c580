"""A flame graph as text: who was at work when the processor's time was sampled, and by whose call.

Work flows in, stacks with their number of samples flow out. What C does counts as its caller's.
"""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from time import process_time
from types import FrameType
from typing import TypeAlias

import partialjson

__all__ = ["Stacks", "collapsed", "own", "sampled", "tree"]

Stack: TypeAlias = tuple[str, ...]
Stacks: TypeAlias = Counter[Stack]

PACKAGE = Path(partialjson.__file__).parent
EVERY = 0.001  # seconds of the processor's time


def sampled(work: Callable[[], object], seconds: float) -> Stacks:
    """The stacks while some work is done again and again. Only in the main thread of a Unix."""
    found: Stacks = Counter()

    def note(_: int, frame: FrameType | None) -> None:
        if stack := stack_of(frame):
            found[stack] += 1

    before = signal.signal(signal.SIGPROF, note)
    signal.setitimer(signal.ITIMER_PROF, EVERY, EVERY)
    try:
        end = process_time() + seconds
        while process_time() < end:
            work()
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
    return found


def stack_of(frame: FrameType | None) -> Stack:
    """From the first function that is ours to the innermost."""
    names: list[str] = []
    while frame is not None:
        names.append(name_of(frame))
        frame = frame.f_back
    names.reverse()
    ours = (at for at, name in enumerate(names) if not name.startswith("("))
    return tuple(names[next(ours, len(names)) :])


def name_of(frame: FrameType) -> str:
    """`wire.sse:SSEDecoder.feed`; in brackets what is not ours."""
    code = frame.f_code
    place = Path(code.co_filename)
    if place.is_relative_to(PACKAGE):
        room = ".".join(place.relative_to(PACKAGE).with_suffix("").parts)
        return f"{room}:{code.co_qualname}"
    if code.co_filename == "<string>":
        return f"(dataclass {code.co_name})"
    return f"({place.stem} {code.co_qualname})"


def tree(stacks: Stacks, least: float) -> Iterator[str]:
    """Shares of the time inside each function and what it calls, callees below their callers.

    Args:
        stacks: What was sampled.
        least: The smallest share that is shown.
    """
    whole = stacks.total()
    inside: Stacks = Counter()
    for stack, count in stacks.items():
        for depth in range(1, len(stack) + 1):
            inside[stack[:depth]] += count
    for stack in in_order(inside):
        if inside[stack] / whole >= least:
            yield f"{inside[stack] / whole:4.0%}  {'  ' * (len(stack) - 1)}{stack[-1]}"


def in_order(inside: Stacks) -> list[Stack]:
    """Callees below their callers, the widest first."""

    def key(stack: Stack) -> list[tuple[int, str]]:
        prefixes = (stack[:depth] for depth in range(1, len(stack) + 1))
        return [(-inside[prefix], prefix[-1]) for prefix in prefixes]

    return sorted(inside, key=key)


def own(stacks: Stacks, most: int) -> Iterator[str]:
    """Shares of the time of each function itself, with the C that it calls."""
    alone: Counter[str] = Counter()
    for stack, count in stacks.items():
        alone[stack[-1]] += count
    for name, count in alone.most_common(most):
        yield f"{count / stacks.total():5.1%}  {name}"


def collapsed(stacks: Stacks) -> Iterator[str]:
    """One stack a line, as every tool that draws flame graphs reads it."""
    for stack, count in sorted(stacks.items()):
        yield f"{';'.join(stack)} {count}"
