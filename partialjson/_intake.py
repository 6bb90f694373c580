"""Deltas of `str` or UTF-8 `bytes`, cut anywhere, to text with a place: offset, line and column.

What flows in is whatever the caller was given; what flows out is decoded text, handed on by `read`,
or one error that says where. It refuses to know any JSON beyond the places where a text may end.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from codecs import utf_8_decode
from typing import Any, NoReturn, TypeAlias

from ._grammar import END, EXPECTED, IN_A_STRING
from .errors import IncompleteJSONError, JSONSyntaxError, LimitExceeded, TextError
from .events import Event
from .path import JSON, Path

__all__ = ["Delta", "Intake"]

Delta: TypeAlias = str | bytes | bytearray | memoryview

BYTE_ORDER_MARK = "\ufeff"
NOWHERE = -1


class Intake(ABC):
    """One text as it arrives: its kind, its place, its end, and the one error that ends it."""

    __slots__ = (
        *("at", "at_start", "carried", "closed", "consumed", "error", "last_events", "line"),
        *("line_start", "max_text", "of_bytes", "open_to_str", "plain_at", "undecoded", "value"),
    )

    value: JSON
    """The value so far; it grows in place, costs nothing to read, and is `None` at first."""
    last_events: list[Event]
    """What closing produced, where `close` gives a value instead; else the events under way."""
    line: int
    """The line of the next character, from 1; only a line feed ends a line."""

    at: int  # the position in the grammar where the next character stands
    at_start: bool  # of bytes: may a byte order mark come?
    carried: str  # one unfinished atom or escape, never a string
    closed: bool
    consumed: int  # the offset of the first character not consumed; while reading, of the delta
    error: Exception | None
    line_start: int  # the offset of the line's first character
    max_text: int | None
    of_bytes: bool  # rather than of `str`
    open_to_str: bool  # may a `str` be read without a further question?
    plain_at: int  # the one position where a whole delta may be taken at a glance
    undecoded: bytes  # one unfinished UTF-8 sequence

    def __init__(self, max_text: int | None) -> None:
        self.at_start = True
        self.carried = ""
        self.undecoded = b""
        self.consumed = 0
        self.line, self.line_start = 1, 0
        self.of_bytes = False
        self.open_to_str = max_text is None
        self.closed = False
        self.error = None
        self.last_events = []
        self.value = None
        self.max_text = max_text

    @abstractmethod
    def read(self, text: str) -> None:
        """Read decoded text; whatever is left unfinished at its end is carried."""

    @abstractmethod
    def end_carried(self) -> None:
        """The text ends: make a value of the number that was carried at its root, if it is one."""

    @abstractmethod
    def unfinished(self) -> tuple[str, str]:
        """What is cut at the end of the text, in words: what it is, and what was expected."""

    @abstractmethod
    def settle(self) -> None:
        """Bring `value` up to date."""

    @property
    @abstractmethod
    def path(self) -> Path:
        """The path of the innermost value in progress."""

    # -- the place -------------------------------------------------------------------------------

    @property
    def offset(self) -> int:
        """How many characters were fed so far.

        A cut UTF-8 sequence and a byte order mark at the start are not counted.
        """
        return self.consumed + len(self.carried)

    @property
    def column(self) -> int:
        """The place of the next character in its line, from 1."""
        return self.offset - self.line_start + 1

    # -- what comes in ---------------------------------------------------------------------------

    def admit(self, delta: Delta) -> None:
        """Read a delta of either kind, or say why it cannot be."""
        if self.error is not None:
            raise self.error
        if self.closed:
            raise RuntimeError("feed() after close(): another text needs a parser of its own")
        data = delta if isinstance(delta, str) else as_bytes(delta)
        if not data:
            return
        if isinstance(data, str):
            if self.of_bytes:
                raise TypeError("expected bytes as before, got str")
            self.take(str.__str__(data))  # a subclass may answer otherwise than its characters
        else:
            if self.offset and not self.of_bytes:
                raise TypeError("expected str as before, got bytes")
            self.of_bytes, self.open_to_str, self.plain_at = True, False, NOWHERE
            self.decode(self.undecoded + data)

    def decode(self, data: bytes) -> None:
        try:
            text, used = utf_8_decode(data, "strict", False)  # noqa: FBT003 - it takes no keyword
            wrong = b""
        except UnicodeDecodeError as error:
            text, used = data[: error.start].decode(), error.start
            wrong = data[error.start : error.end]
        self.undecoded = data[used:]
        if text and self.at_start:  # RFC 8259, section 8.1: a parser may ignore a byte order mark
            self.at_start = False
            text = text.removeprefix(BYTE_ORDER_MARK)
        self.take(text)
        if wrong:
            self.fail(self.carried, 0, len(self.carried), "UTF-8", found=wrong)

    def take(self, text: str) -> None:
        """Read decoded text, up to `max_text`; an earlier fault comes first."""
        room = len(text) if self.max_text is None else self.max_text - self.offset
        self.read(text[:room])
        if room < len(text):
            end = len(self.carried)
            self.over("max_text", self.max_text, self.carried + text[room], 0, end)

    def close_text(self) -> None:
        """The text has ended: a number at the root is whole; what is unfinished is an error."""
        if self.error is not None:
            raise self.error
        if self.closed:
            return
        if self.undecoded and self.at not in IN_A_STRING:
            expected = EXPECTED[self.at]
            self.fail(self.carried, 0, len(self.carried), expected, found=self.undecoded)
        if self.carried and not self.undecoded:
            self.end_carried()
        if self.at != END:
            reason, expected = self.unfinished()
            if self.undecoded:
                reason, expected = "", "the rest of a UTF-8 sequence"
            end = len(self.carried)
            self.stop(IncompleteJSONError, self.carried, 0, end, reason=reason, expected=expected)
        self.closed, self.open_to_str = True, False
        self.settle()

    # -- what goes wrong -------------------------------------------------------------------------

    def fail(
        self,
        text: str,
        start: int,
        pos: int,
        expected: str,
        *,
        reason: str = "",
        found: str | bytes = "",
    ) -> NoReturn:
        """No valid text has `text[pos]` here, which cuts what began at `start`."""
        found = found or text[pos]
        self.stop(JSONSyntaxError, text, start, pos, reason=reason, expected=expected, found=found)

    def over(self, name: str, value: int | None, text: str, start: int, pos: int) -> NoReturn:
        """`text[pos]` is the first character over a limit."""
        self.stop(
            LimitExceeded,
            text,
            start,
            pos,
            limit=name,
            limit_value=value,
            found=text[pos : pos + 1],
        )

    def stop(
        self, kind: type[TextError], text: str, start: int, pos: int, **facts: Any
    ) -> NoReturn:
        self.consumed += start
        self.carried = text[start:pos]
        self.settle()
        place: dict[str, Any] = {
            "offset": self.offset,
            "line": self.line,
            "column": self.column,
            "path": self.path,
        }
        error = kind(**(place | facts), value=self.value)
        error.events = self.last_events
        self.halt(error)
        raise error

    def halt(self, error: BaseException) -> None:
        """Nothing goes on behind half a delta, whoever raised: we, `parse_float`, an interrupt."""
        if not isinstance(error, TextError):
            error = RuntimeError(f"feed() was broken off in the middle of a text by {error!r}")
        self.error, self.open_to_str, self.plain_at = error, False, NOWHERE
        self.settle()


def as_bytes(delta: bytes | bytearray | memoryview) -> bytes:
    try:
        return bytes(memoryview(delta))
    except TypeError:  # bytes(3) would be three zeros
        found = type(delta).__name__
        raise TypeError(f"expected str or a bytes-like object, got {found}") from None
