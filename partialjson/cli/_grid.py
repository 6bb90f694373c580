"""An array of flat objects as a table: a column for each name, a row for each element.

Only the elements that can be seen are known here, so the work is bounded by the screen.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from partialjson.path import JSON, Path

from ._lines import BRIGHT, CURSOR, FAULT, OPEN, Row, atom, cells, first, last, quoted, style_of

__all__ = ["Grid", "may_be_a_grid"]

COLUMNS = 24  # at the most: more are no table that anybody could read
NARROWEST = 4
GAP = "  "


def may_be_a_grid(elements: list[Any]) -> bool:
    """Whether all are objects without containers in them; the last one may have just begun."""
    return any(elements) and all(is_flat(element) for element in elements)


def is_flat(element: JSON) -> bool:
    return (
        isinstance(element, dict)
        and len(element) <= COLUMNS
        and not any(isinstance(member, dict | list) for member in element.values())
    )


class Grid:
    """The last elements of an array.

    Args:
        path: Where the array stands.
        elements: Flat objects.
        before: How many elements come before them.
        indent: What stands before every row.
        written: What of the last one is open: `None`, or the path of what is written in it.
        faults: What is wrong with values, by path.
    """

    def __init__(
        self,
        path: Path,
        elements: list[dict[str, JSON]],
        *,
        before: int,
        indent: str,
        written: Path | None,
        faults: Mapping[Path, str],
    ) -> None:
        self._path, self._elements, self._before = path, elements, before
        self._written, self._faults = written, faults
        self._names = [*dict.fromkeys(name for element in elements for name in element)]
        self._indent = indent
        self._to_the_right = {name for name in self._names if self._holds_numbers(name)}
        self._widths: dict[str, int] = {}
        self._room = 0  # for what is wrong, behind the columns

    def fitted(self, most: int, *, may_cut: bool) -> Grid | None:
        """The table in so many columns of a terminal; `None` if it needs more.

        Texts may be cut, numbers may not.
        """
        if len(self._names) > COLUMNS:
            return None
        said = max(cells(self._said(index)) for index in range(len(self._elements)))
        self._room = min(said, most // 3) if may_cut else said
        room = most - self._room - len(self._indent) - len(GAP) * len(self._names)
        widths = self._widths = {name: self._widest(name, most) for name in self._names}
        texts = [name for name in self._names if name not in self._to_the_right]
        while may_cut and texts and sum(widths.values()) > room:
            widest = max(texts, key=widths.__getitem__)
            if widths[widest] <= NARROWEST:
                break
            widths[widest] -= 1
        return self if sum(widths.values()) <= room else None

    @property
    def header(self) -> Row:
        """The names of the columns."""
        columns = self._widths.items()
        texts = [self._aligned(name, first(shown(name, width), width)) for name, width in columns]
        return [(self._indent + GAP.join(texts).rstrip(), BRIGHT)]

    def backwards(self) -> Iterator[tuple[int, Row]]:
        """The rows from the last to the first, each with how many elements come before it."""
        for index in range(len(self._elements) - 1, -1, -1):
            row: Row = [(self._indent, "")]
            for name in self._names:
                row += [self._cell(index, name), (GAP, "")]
            said = first(self._said(index), self._room)
            yield self._before + index, [*row, (said, FAULT)] if said else row[:-1]

    # -- cells -------------------------------------------------------------------------------------

    def _cell(self, index: int, name: str) -> tuple[str, str]:
        width = self._widths[name]
        element, is_open = self._elements[index], self._is_open(index)
        if name not in element:
            return " " * width, ""
        if is_open and self._written == (name,):
            text = last(shown(element[name], -width), width - 1) + CURSOR
            return text + " " * (width - cells(text)), OPEN
        place = (*self._path, self._before + index, name)
        settled = FAULT if place in self._faults else style_of(element[name])
        text = self._aligned(name, first(shown(element[name], width + 1), width))
        return text, OPEN if is_open else settled

    def _aligned(self, name: str, text: str) -> str:
        """Numbers stand under each other by their last digits."""
        gap = " " * (self._widths[name] - cells(text))
        return gap + text if name in self._to_the_right else text + gap

    def _widest(self, name: str, most: int) -> int:
        texts = [shown(element[name], most) for element in self._elements if name in element]
        cursor = self._written == (name,)
        return max(cells(shown(name, most)), *(cells(text) + cursor for text in texts))

    def _holds_numbers(self, name: str) -> bool:
        values = (element[name] for element in self._elements if name in element)
        return all(type(value) in (int, float) for value in values)

    def _is_open(self, index: int) -> bool:
        return self._written is not None and index == len(self._elements) - 1

    def _said(self, index: int) -> str:
        """What is wrong with an element, or with the first of its members that is wrong."""
        place = (*self._path, self._before + index)
        places = [place, *((*place, name) for name in self._elements[index])]
        said = next((self._faults[one] for one in places if one in self._faults), None)
        return "" if said is None else f"✗ {said}"


def shown(value: JSON, most: int) -> str:
    """The beginning of a string or an atom; of a string its end, if `most` is negative."""
    if not isinstance(value, str):
        return atom(value)
    return quoted(value[most:] if most < 0 else value[:most])[1:-1]
