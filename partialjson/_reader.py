"""The state of a text that is being read, and the eight words in which it is told what was read.

The steps of `tokenizer` change this state; a subclass builds something of what they tell. State is
ints, strs and lists, so that it can be copied, printed and saved at any character.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable

from ._grammar import (
    END,
    IN_STRING,
    VALUE,
)
from ._intake import NOWHERE, Intake
from .events import Kind
from .path import JSON

__all__ = ["Reader"]


class Reader(Intake):
    """The state of a text that is being read. Its abstract methods say all that is read."""

    __slots__ = (
        *("_after", "_attempts", "_cut", "_few", "_gathered", "_gathered_at", "_gathered_length"),
        *("_max_depth", "_max_number", "_max_string", "_names", "_opened", "_parse_float"),
        *("_strings_grow", "_window"),
    )

    _after: int  # where the next character stands once this value is whole
    _attempts: int  # that this delta may still lose on the C scanner of `json`
    _cut: int  # the offset where the text must end if what came last is not shown yet
    _few: bool | None  # do brackets open in this delta so seldom that it cannot be too deep?
    _gathered: list[str]  # the pieces of a name, or of a string that is shown only when whole
    _gathered_at: int  # the offset of its opening quotation mark
    _gathered_length: int  # counted for `max_string` alone
    _max_depth: int
    _max_number: int
    _max_string: int | None
    _names: dict[str, str]
    _opened: list[int]  # `after` of every open container, outermost first
    _parse_float: Callable[[str], JSON]
    _strings_grow: bool
    _window: int  # characters in which to look for a place where two elements meet

    def __init__(
        self,
        *,
        strings_grow: bool,
        parse_float: Callable[[str], JSON],
        max_depth: int,
        max_string: int | None,
        max_number: int,
        max_text: int | None,
    ) -> None:
        super().__init__(max_text)
        self._at = VALUE
        self._after = END
        self._opened = []
        self._cut = 0
        self._gathered = []
        self._gathered_at = self._gathered_length = 0
        self._names = {}
        self._attempts = self._window = 0
        self._few = None
        # A limit needs a closer look than a glance.
        glance = strings_grow and max_string is max_text is None
        self._plain_at = IN_STRING if glance else NOWHERE
        self._strings_grow = strings_grow
        self._parse_float = parse_float
        self._max_depth, self._max_number, self._max_string = max_depth, max_number, max_string

    # -- what was read, told as it is read ---------------------------------------------------------

    @abstractmethod
    def on_begin(self, container: dict[str, JSON] | list[JSON], start: int) -> None:
        """A container begins; it is empty, and what is told next goes into it."""

    @abstractmethod
    def on_end(self, end: int) -> None:
        """The innermost container is whole."""

    @abstractmethod
    def on_name(self, name: str, start: int) -> None:
        """A member's name is whole: the next value is its."""

    @abstractmethod
    def on_atom(self, kind: Kind, value: JSON, start: int, end: int) -> None:
        """A number or a literal, or a string that is shown only when it is whole."""

    @abstractmethod
    def on_string(self, value: str, start: int, end: int) -> None:
        """A string that arrived whole."""

    @abstractmethod
    def on_string_start(self, text: str, start: int) -> None:
        """A string begins, with the characters that came."""

    @abstractmethod
    def on_text(self, text: str) -> None:
        """The string grows."""

    @abstractmethod
    def on_string_end(self, end: int) -> None:
        """The string is whole."""

    @abstractmethod
    def _string_length(self) -> int:
        """How many characters the growing string has."""

    @abstractmethod
    def _bulk(self, text: str, pos: int) -> int:
        """Read the whole container at `pos` at once; the index behind it, or `pos` if not."""

    # -- what the steps share ----------------------------------------------------------------------

    def _wait(self, text: str, pos: int) -> int:
        """Carry what the end of the text cuts."""
        self._carried = text[pos:]
        self._consumed -= len(self._carried)
        return len(text)

    def _open(self, text: str, pos: int, after: int) -> None:
        if len(self._opened) >= self._max_depth:
            self._over("max_depth", self._max_depth, text, pos, pos)
        self._opened.append(self._after)
        self._after = after
        self._cut = self._consumed + pos + 1
