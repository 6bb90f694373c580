"""The tasks by the group of peers that they need: each group has an environment of its own.

What a task imports may be in that environment alone, so that its module is loaded by name.
"""

from __future__ import annotations

from importlib import import_module
from types import ModuleType
from typing import NamedTuple

from .environment import BENCH

__all__ = ["ASKED_FOR", "DRAWN", "GROUPS", "IN_NODE", "ROWS", "TASKS", "Group", "group_of"]


class Group(NamedTuple):
    """What a dependency group of `pyproject.toml` is for."""

    tasks: tuple[str, ...]
    module: str  # which has a function for each task in `TABLES`, and limits in `GATES`

    def load(self) -> ModuleType:
        return import_module(self.module, __package__)


IN_NODE = ("honesty", "values", "events", "finals", "lengths")  # whose peers are there as well
ASKED_FOR = ("targets",)  # what is not done unless it is named
DRAWN = ("values", "lengths")
ROWS = (  # of the targets
    *("jiter", "native", "nothing", "events", "finals", "whole", "chunks", "flat"),
    *("memory", "typed", "snapshots"),
)

GROUPS = {
    BENCH: Group((*IN_NODE, "flat", "memory", "latency", "imports", *ASKED_FOR), ".tables"),
    "bench-typed": Group(("typed",), ".typed.tables"),
    "bench-screen": Group(("screen",), ".screen.tables"),
    "bench-streams": Group(("streams",), ".streams.tables"),
}
TASKS = tuple(task for group in GROUPS.values() for task in group.tasks)


def group_of(task: str) -> str:
    return next(name for name, group in GROUPS.items() if task in group.tasks)
