"""What `python -m benchmarks streams` shows: broken streams and their clients, then the costs."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.table import Request, Table

from .costs import GATES, costs, long_line, memory
from .honesty import honesty

__all__ = ["GATES", "TABLES"]


def streams(request: Request) -> Iterator[Table]:
    yield honesty()
    yield from costs(request.rounds)
    yield long_line(request.rounds)
    yield memory()


TABLES = {"streams": streams}
