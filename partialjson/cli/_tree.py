"""One document as rows, from its end to its beginning, where it grows.

What flows in is a parser and what is wrong with its values; what flows out are as many rows as
there is room for. Only they are made: the work for a frame depends on the height of the screen and
the depth of the document, and never on its length.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, NamedTuple

from partialjson.parser import Parser
from partialjson.path import JSON, Path

from ._grid import Grid, may_be_a_grid
from ._lines import (
    BRIGHT,
    CURSOR,
    CUT,
    FAULT,
    OPEN,
    SETTLED,
    Row,
    atom,
    cells,
    first,
    last,
    name,
    quoted,
    style_of,
    width_of,
)

__all__ = ["Tree"]

ROOMY = 6  # rows; with fewer there is no room for what stands around them
WIDE = 40  # columns; with fewer, indents are narrow
LEAST = 4  # columns for a value


class Holder(NamedTuple):
    """A container that is drawn."""

    path: Path
    value: Any
    is_open: bool
    grid: Grid | None = None  # how its elements are drawn, if as a table


class Line(NamedTuple):
    """A row, and the containers that it stands in, each with how many members come before."""

    row: Row
    inside: tuple[tuple[Holder, int], ...]
    begins: bool = True  # whether it makes sense without the row above


class Tree:
    """A document, as far as it goes.

    Args:
        parser: What reads it.
        faults: What is wrong with its values, by path.
        width: How many columns there are; rows end or begin there. `None` is the whole text.
        grids: How many columns a table may take; `None` draws none.
    """

    def __init__(
        self,
        parser: Parser,
        faults: Mapping[Path, str],
        *,
        width: int | None = None,
        grids: int | None = None,
    ) -> None:
        self._faults, self._width, self._grids = faults, width, grids
        self._value = parser.value
        self._started = parser.started
        path = parser.path
        # What is read may not be seen yet, or an equal name may hold its place.
        self._path = path[:-1] if path and parser.is_closed(path) else path
        self._is_open = not parser.is_closed(())
        self._indent = "  " if width is None or width >= WIDE else " "
        self._most = 0

    def whole(self) -> list[Row]:
        """Every row."""
        return [line.row for line in self._lines()][::-1]

    def end(self, room: int) -> list[Row]:
        """The last rows, under those that open what they stand in."""
        self._most = room
        tail = [*islice(self._lines(), room + 1)][::-1]
        if len(tail) <= room:
            return [line.row for line in tail]
        del tail[0]
        if room < ROOMY:
            return [line.row for line in tail]
        return self._under_openings(tail, room)

    def _under_openings(self, tail: list[Line], room: int) -> list[Row]:
        """Editors call it sticky: what opens the first row that is shown stands above it."""
        starts = (
            (count, self._above(line)[-(room // 2) :])
            for count, line in enumerate(tail)
            if line.begins
        )
        count, opening = next(start for start in starts if len(start[1]) <= start[0])
        return opening + [line.row for line in tail[count:]]

    def _above(self, line: Line) -> list[Row]:
        return [row for holder, before in line.inside for row in self._opening(holder, before)]

    # -- rows --------------------------------------------------------------------------------------

    def _lines(self) -> Iterator[Line]:
        if self._started:
            yield from self._backwards((), self._value, (), is_open=self._is_open)

    def _backwards(
        self, path: Path, value: JSON, inside: tuple[tuple[Holder, int], ...], *, is_open: bool
    ) -> Iterator[Line]:
        if not isinstance(value, dict | list):
            yield Line(self._atom(path, value, is_open=is_open), inside)
            return
        if not value and not is_open:
            both = self._label(path, 2) + ("{}" if isinstance(value, dict) else "[]")
            yield Line([(both, SETTLED), *self._fault(path, cells(both))], inside)
            return
        current = self._path[len(path)] if is_open and len(path) < len(self._path) else None
        holder = Holder(path, value, is_open, self._grid(path, value, current))
        if not is_open:
            closing = "}" if isinstance(value, dict) else "]"
            row = [(self._indent * len(path) + closing, SETTLED)]
            yield Line(row, (*inside, (holder, len(value))))
        if holder.grid is not None:
            for before, row in holder.grid.backwards():
                yield Line(row, (*inside, (holder, before)))
        else:
            for before, key, child in members(value, current):
                grows = is_open and key == current
                around = (*inside, (holder, before))
                yield from self._backwards((*path, key), child, around, is_open=grows)
        row, *below = self._opening(holder)
        for header in below:
            yield Line(header, inside, begins=False)
        yield Line(row, inside)

    def _opening(self, holder: Holder, before: int = 0) -> list[Row]:
        """How a container begins, and how much of it is not shown, if it is not."""
        bracket = "{" if isinstance(holder.value, dict) else "["
        style = OPEN if holder.is_open else SETTLED
        label = self._label(holder.path, 1)
        more: Row = [(f" … {before:,} more", OPEN)] if before else []
        row: Row = [(label + bracket, style), *more]
        row += self._fault(holder.path, width_of(row))
        return [row] if holder.grid is None else [row, holder.grid.header]

    def _atom(self, path: Path, value: JSON, *, is_open: bool) -> Row:
        # What is too long leaves half of the row to a string, and all of it to a number.
        is_text, most = isinstance(value, str), self._width and self._half
        least = len(value[:most]) + 2 if is_text else cells(atom(value))
        label = self._label(path, least)
        fault = self._fault(path, cells(label) + least)
        room = self._width and max(self._width - cells(label) - width_of(fault), LEAST)
        if is_open:
            return [(label + growing(value, room), OPEN), (CURSOR, BRIGHT), *fault]
        text, style = settled(value, room), style_of(value)
        if not label.strip():
            return [(label + text, style), *fault]
        return [(label, SETTLED), (text, style), *fault]

    def _label(self, path: Path, least: int) -> str:
        """What stands before a value, which has so many columns at the least."""
        key, most = path[-1] if path else None, self._width
        text = self._indent * len(path) + (name(key, most) if isinstance(key, str) else "")
        if most is None or cells(text) <= (room := max(most - least, self._half, 1)):
            return text
        return last(text.lstrip(), room)

    @property
    def _half(self) -> int:
        return (self._width or 0) // 2

    def _fault(self, path: Path, before: int) -> Row:
        """What is wrong with a value, behind so many columns."""
        if (fault := self._faults.get(path)) is None:
            return []
        text = f"  ✗ {fault}"
        if self._width is not None:
            text = first(text, max(self._width - before, LEAST))
        return [(text, FAULT)]

    # -- tables ------------------------------------------------------------------------------------

    def _grid(self, path: Path, value: Any, current: str | int | None) -> Grid | None:
        """How the elements of an array are drawn: as a table, if all that can be seen are flat."""
        if self._grids is None or not isinstance(value, list):
            return None
        elements = value[-self._most :] if self._most else value
        if not may_be_a_grid(elements):
            return None
        grows = current == len(value) - 1
        grid = Grid(
            path,
            elements,
            before=len(value) - len(elements),
            indent=self._indent * (len(path) + 1),
            written=self._path[len(path) + 1 :] if grows else None,
            faults=self._faults,
        )
        return grid.fitted(self._grids, may_cut=self._width is not None)


def growing(value: JSON, room: int | None) -> str:
    """The end of a string that grows, with a column left for the cursor."""
    if room is None:
        return quoted(value)[:-1]
    text = quoted(value[-room:])[:-1]
    if cells(text) >= room:
        return last(text, room - 1)
    return text if len(value) <= room else CUT + text[1:]


def settled(value: JSON, room: int | None) -> str:
    """The beginning of a value."""
    if not isinstance(value, str):
        return atom(value) if room is None else first(atom(value), room)
    return quoted(value) if room is None else first(quoted(value[: room + 1]), room)


def members(value: Any, current: str | int | None) -> Iterator[tuple[int, str | int, JSON]]:
    """The members from the last to the first, each with how many come before it.

    The one that is read comes first: of a repeated name it may stand anywhere.
    """
    before = len(value)
    if isinstance(value, list):
        for index in range(before - 1, -1, -1):
            yield index, index, value[index]
        return
    if isinstance(current, str) and current in value:
        before -= 1
        yield before, current, value[current]
    for key in reversed(value):
        if key != current:
            before -= 1
            yield before, key, value[key]
