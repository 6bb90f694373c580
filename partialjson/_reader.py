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
        *("after", "attempts", "cut", "few", "gathered", "gathered_at", "gathered_length"),
        *("max_depth", "max_number", "max_string", "names", "opened", "parse_float"),
        "strings_grow",
    )

    after: int  # where the next character stands once this value is whole
    attempts: int  # that this delta may still lose on the C scanner of `json`
    cut: int  # the offset where the text must end if what came last is not shown yet
    few: bool | None  # do brackets open in this delta so seldom that it cannot be too deep?
    gathered: list[str]  # the pieces of a name, or of a string that is shown only when whole
    gathered_at: int  # the offset of its opening quotation mark
    gathered_length: int  # counted for `max_string` alone
    max_depth: int
    max_number: int
    max_string: int | None
    names: dict[str, str]
    opened: list[int]  # `after` of every open container, outermost first
    parse_float: Callable[[str], JSON]
    strings_grow: bool

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
        self.at = VALUE
        self.after = END
        self.opened = []
        self.cut = 0
        self.gathered = []
        self.gathered_at = self.gathered_length = 0
        self.names = {}
        self.attempts = 0
        self.few = None
        # A limit needs a closer look than a glance.
        glance = strings_grow and max_string is max_text is None
        self.plain_at = IN_STRING if glance else NOWHERE
        self.strings_grow = strings_grow
        self.parse_float = parse_float
        self.max_depth, self.max_number, self.max_string = max_depth, max_number, max_string

    # -- what was read, told as it is read ---------------------------------------------------------

    @abstractmethod
    def begin(self, container: dict[str, JSON] | list[JSON], start: int) -> None:
        """A container begins; it is empty, and what is told next goes into it."""

    @abstractmethod
    def end(self, end: int) -> None:
        """The innermost container is whole."""

    @abstractmethod
    def name(self, name: str, start: int) -> None:
        """A member's name is whole: the next value is its."""

    @abstractmethod
    def atom(self, kind: Kind, value: JSON, start: int, end: int) -> None:
        """A number or a literal, or a string that is shown only when it is whole."""

    @abstractmethod
    def string(self, value: str, start: int, end: int) -> None:
        """A string that arrived whole."""

    @abstractmethod
    def begin_string(self, text: str, start: int) -> None:
        """A string begins, with the characters that came."""

    @abstractmethod
    def text(self, text: str) -> None:
        """The string grows."""

    @abstractmethod
    def end_string(self, end: int) -> None:
        """The string is whole."""

    @abstractmethod
    def string_length(self) -> int:
        """How many characters the growing string has."""

    @abstractmethod
    def bulk(self, text: str, pos: int) -> int:
        """Read the whole container at `pos` at once; the index behind it, or `pos` if not."""

    # -- what the steps share ----------------------------------------------------------------------

    def wait(self, text: str, pos: int) -> int:
        """Carry what the end of the text cuts."""
        self.carried = text[pos:]
        self.consumed -= len(self.carried)
        return len(text)

    def open(self, text: str, pos: int, after: int) -> None:
        if len(self.opened) >= self.max_depth:
            self.over("max_depth", self.max_depth, text, pos, pos)
        self.opened.append(self.after)
        self.after = after
        self.cut = self.consumed + pos + 1
