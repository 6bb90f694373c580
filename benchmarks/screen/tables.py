"""What `python -m benchmarks screen` shows: bytes on the wire, what makes them, and frames."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.table import Request, Table

from . import wire
from .costs import costs
from .frames import frames
from .wire import GATES

__all__ = ["GATES", "TABLES"]


def screen(request: Request) -> Iterator[Table]:
    yield wire.table()
    yield costs(request.rounds)
    yield frames(request.rounds)


TABLES = {"screen": screen}
