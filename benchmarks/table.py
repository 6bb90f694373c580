"""What is asked for and how it is answered: a request, and a table of cells.

How a table looks on paper is the report's business.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, NamedTuple

from .measure import Spread

__all__ = ["Cell", "Request", "Table", "duration"]


class Request(NamedTuple):
    """How often, on which shapes and deltas, which targets; and where the pictures go, if they are
    wanted."""

    rounds: int
    shapes: Sequence[str]
    deltas: Sequence[str]
    rows: Sequence[str] = ()
    plots: Path | None = None


@dataclass(frozen=True)
class Cell:
    """A ratio, or seconds; with the mark of what it rests on."""

    figure: Spread
    mark: str = ""
    unit: Literal["", "s"] = ""

    def as_json(self) -> dict[str, Any]:
        return {**self.figure.as_json(), "mark": self.mark, "unit": self.unit}


@dataclass
class Table:
    """Rows by name, columns by name, and a cell where both meet; notes stand below."""

    title: str
    columns: list[str]
    rows: dict[str, dict[str, Cell | str]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def put(self, row: str, column: str, cell: Cell | str) -> None:
        self.rows.setdefault(row, {})[column] = cell

    def as_json(self) -> dict[str, Any]:
        rows = {
            name: {
                column: cell if isinstance(cell, str) else cell.as_json()
                for column, cell in row.items()
            }
            for name, row in self.rows.items()
        }
        return {"title": self.title, "rows": rows, "notes": self.notes}


def duration(cost: float) -> str:
    for unit, scale in (("s", 1.0), ("ms", 1e-3), ("us", 1e-6)):
        if cost >= scale:
            return f"{cost / scale:.3g} {unit}"
    return f"{cost / 1e-9:.0f} ns"
