"""The types that are measured, and documents of them: right ones, and ones with one mistake.

They are the shapes `M` and `L` of the other benchmarks, as models.
"""

from __future__ import annotations

import json
from typing import Any, Literal, NamedTuple

from pydantic import BaseModel, Field, field_validator

from benchmarks.shapes import records, text

__all__ = ["COUNTED", "LIST", "MISTAKES", "Board", "Dashboard", "Mistake", "Rows", "as_list"]

LIST = 16_000  # characters of a list
COUNTED: list[Any] = []  # what a validator of ours was called with


class Cell(BaseModel):
    col: int
    row: int
    cols: int
    rows: int


class Widget(BaseModel):
    id: str
    kind: Literal["line", "bars", "table"]
    label: str
    cell: Cell
    total: float
    series: list[float]
    hint: str | None
    shown: bool


class Days(BaseModel):
    first: int = Field(alias="from")
    last: int = Field(alias="to")


class Scope(BaseModel):
    ports: list[str]
    days: Days
    live: bool


class Dashboard(BaseModel):
    title: str
    revision: int
    made: str
    scope: Scope
    summary: str
    widgets: list[Widget]


class Place(BaseModel):
    town: str
    post: str
    position: list[float]


class Record(BaseModel):
    id: int
    key: str
    name: str
    mail: str
    open: bool
    amount: float
    labels: list[str]
    place: Place
    text: str
    rank: int | None


class Rows(BaseModel):
    """A list of records; a model, since not every library takes a list."""

    rows: list[Record]


class Row(BaseModel):
    """One of a hundred rows, with what can be wrong in one."""

    id: int
    state: Literal["ok", "late"]
    name: str = Field(max_length=40)
    tags: list[str] = Field(max_length=3)
    due: str

    @field_validator("id")
    @classmethod
    def count(cls, value: int) -> int:
        COUNTED.append(value)
        return value


class Board(BaseModel):
    title: str
    rows: list[Row]
    total: int


class Mistake(NamedTuple):
    """What is wrong, where, and the document that holds it."""

    words: str
    place: tuple[str | int, ...]
    text: str


def as_list(size: int) -> str:
    return f'{{"rows": {records(size, 3)}}}'


def board(row: dict[str, Any] | None = None, title: Any = "Port") -> str:
    """A hundred rows; with a row, it stands in the place of the tenth."""
    rows = [
        {"id": n, "state": "ok", "name": f"ship {n}", "tags": ["a", "b"], "due": "2026-11-25"}
        for n in range(100)
    ]
    if row is not None:
        rows[10] |= row
    return json.dumps({"title": title, "rows": rows, "total": 100})


MISTAKES = [
    Mistake("a word that no Literal has", ("rows", 10, "state"), board({"state": "pending"})),
    Mistake("a name of 2,000 characters", ("rows", 10, "name"), board({"name": "x" * 2_000})),
    Mistake("an object for a number", ("rows", 10, "id"), board({"id": {"value": 10}})),
    Mistake("a fourth tag of three", ("rows", 10, "tags"), board({"tags": list("abcd")})),
    Mistake("a list for the first string", ("title",), board(title=["long " * 400])),
    Mistake("a wrong number", ("rows", 10, "id"), board({"id": "ten"})),
]
DASHBOARD = text("M")
