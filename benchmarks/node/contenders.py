"""The contenders of Node in the form of all others: pieces of text in.

They run over there, so that each has the clock of that process. To be timed they give no value, and
the value they would give is asked for apart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

from benchmarks.measure import Clock
from benchmarks.peers import Rereader, Run

from .process import Worker, worker

__all__ = ["EVENTS", "FINALS", "VALUES", "shown", "timed"]

# As `worker.mjs` names them.
VALUES = (
    "partial-json, again",
    "AI SDK parsePartialJson, again",
    "jsonriver",
    "@streamparser/json, partial",
)
EVENTS = ("@streamparser/json, values",)
FINALS = ("join, JSON.parse", "@streamparser/json, values", "jsonriver")


REREADERS = {name for name in VALUES if name.endswith("again")}


@dataclass(frozen=True)
class There:
    """Reads piece after piece, over there."""

    worker: Worker
    name: str

    @property
    def clock(self) -> Clock:
        return self.worker.clock

    def __call__(self, pieces: Iterable[str]) -> None:
        self.worker.read(self.name, tuple(pieces))


class RereaderThere(There, Rereader):
    """Parses all that came so far, over there."""

    def over(self, prefixes: Iterable[str]) -> Callable[[], object]:
        return partial(self.worker.read, self.name, tuple(prefixes), each=True)


def timed(names: Iterable[str]) -> dict[str, Run]:
    """Those that are here; by names that no contender of Python has."""
    process = worker()
    return {
        f"{name} (Node)": (RereaderThere if name in REREADERS else There)(process, name)
        for name in names
        if process and name in process.contenders
    }


def shown(names: Iterable[str]) -> dict[str, Run]:
    """The same, each as what gives the last value; numbers are floats, as over there."""
    process = worker()
    return {
        f"{name} (Node)": partial(last_value, process, name)
        for name in names
        if process and name in process.contenders
    }


def last_value(process: Worker, name: str, pieces: Iterable[str]) -> Any:
    return process.value(name, tuple(pieces))
