"""What `python -m benchmarks streams` shows: broken streams and their clients, then the costs."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.gates import Verdict
from benchmarks.table import Request, Table

from .costs import GATES, costs, long_line, memory
from .honesty import honesty

__all__ = ["GROUP", "TABLES", "verdicts"]

GROUP = "bench-streams"


def streams(request: Request) -> Iterator[Table]:
    yield honesty()
    yield from costs(request.rounds)
    yield long_line(request.rounds)
    yield memory()


TABLES = {"streams": streams}


def verdicts(rounds: int) -> Iterator[Verdict]:
    for gate in GATES:
        yield Verdict(gate, gate.measure(rounds))
