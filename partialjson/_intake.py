"""Deltas of `str` or UTF-8 `bytes`, cut anywhere, to text with a place: offset, line and column.

What flows in is whatever the caller was given; what flows out is decoded text, handed on by
`_read`, or one error that says where. It refuses to know any JSON beyond the places where a text
may end.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from codecs import getincrementaldecoder, utf_8_decode
from typing import Any, NoReturn, TypeAlias

from ._grammar import END, IN_A_STRING
from .errors import IncompleteJSONError, JSONSyntaxError, LimitExceeded, TextError
from .events import Event
from .path import JSON, Path

__all__ = ["NOWHERE", "Characters", "Delta", "Intake", "as_bytes", "broken_off"]

Delta: TypeAlias = str | bytes | bytearray | memoryview

BYTE_ORDER_MARK = "\ufeff"
NOWHERE = -1
WRONG_KIND = ("expected bytes as before, got str", "expected str as before, got bytes")


class Intake(ABC):
    """One text as it arrives: its kind, its place, its end, and the one error that ends it."""

    __slots__ = (
        *("_at", "_at_start", "_carried", "_closed", "_consumed", "_line", "_line_start"),
        *("_max_text", "_of_bytes", "_open_to_str", "_plain_at", "_undecoded"),
        *("error", "last_events", "value"),
    )

    value: JSON
    """The value so far; it grows in place, costs nothing to read, and is `None` at first."""
    last_events: list[Event]
    """What closing produced, where `close` gives a value instead; else the events under way."""
    error: Exception | None
    """The error that ended the text, which `feed` and `close` raise again; `None` so far."""

    _at: int  # the position in the grammar where the next character stands
    _at_start: bool  # of bytes: may a byte order mark come?
    _carried: str  # one unfinished atom or escape, never a string
    _closed: bool
    _consumed: int  # the offset of the first character not consumed; while reading, of the delta
    _line: int  # of the next character, from 1
    _line_start: int  # the offset of the line's first character
    _max_text: int | None
    _of_bytes: bool  # rather than of `str`
    _open_to_str: bool  # may a `str` be read without a further question?
    _plain_at: int  # the one position where a whole delta may be taken at a glance
    _undecoded: bytes  # one unfinished UTF-8 sequence

    def __init__(self, max_text: int | None) -> None:
        self._at_start = True
        self._carried = ""
        self._undecoded = b""
        self._consumed = 0
        self._line, self._line_start = 1, 0
        self._of_bytes = False
        self._open_to_str = max_text is None
        self._closed = False
        self.error = None
        self.last_events = []
        self.value = None
        self._max_text = max_text

    @abstractmethod
    def _read(self, text: str) -> None:
        """Read decoded text; whatever is left unfinished at its end is carried."""

    @abstractmethod
    def _end_carried(self) -> None:
        """The text ends: make a value of the number that was carried at its root, if it is one."""

    @abstractmethod
    def _unfinished(self) -> tuple[str, str]:
        """What is cut at the end of the text, in words: what it is, and what was expected."""

    @abstractmethod
    def _settle(self) -> None:
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
        return self._consumed + len(self._carried)

    @property
    def line(self) -> int:
        """The line of the next character, from 1; only a line feed ends a line."""
        return self._line

    @property
    def column(self) -> int:
        """The place of the next character in its line, from 1."""
        return self.offset - self._line_start + 1

    # -- what comes in ---------------------------------------------------------------------------

    def _admit(self, delta: Delta) -> None:
        """Read a delta of either kind, or say why it cannot be."""
        if self.error is not None:
            raise self.error.with_traceback(None)  # else it would grow with each call
        if self._closed:
            raise RuntimeError("feed() after close(): another text needs a parser of its own")
        data = delta if isinstance(delta, str) else as_bytes(delta)
        if not data:
            return
        of_bytes = isinstance(data, bytes)
        if of_bytes != self._of_bytes and (self._of_bytes or self.offset):
            raise TypeError(WRONG_KIND[of_bytes])
        try:
            if isinstance(data, str):
                self._take(str.__str__(data))  # a subclass may answer otherwise than its characters
            else:
                self._of_bytes, self._open_to_str, self._plain_at = True, False, NOWHERE
                self._decode(self._undecoded + data)
        except BaseException as error:
            self._halt(error)
            raise

    def _decode(self, data: bytes) -> None:
        try:
            text, used = utf_8_decode(data, "strict", False)  # noqa: FBT003 - it takes no keyword
            wrong = b""
        except UnicodeDecodeError as error:
            text, used = data[: error.start].decode(), error.start
            wrong = data[error.start : error.end]
        self._undecoded = b"" if wrong else data[used:]
        if text and self._at_start:  # RFC 8259, section 8.1: a parser may ignore a byte order mark
            self._at_start = False
            text = text.removeprefix(BYTE_ORDER_MARK)
        self._take(text)
        if wrong:
            self._fail(self._carried, 0, len(self._carried), "UTF-8", found=wrong)

    def _take(self, text: str) -> None:
        """Read decoded text, up to `max_text`; an earlier fault comes first."""
        room = len(text) if self._max_text is None else max(self._max_text - self.offset, 0)
        self._read(text[:room])
        if room < len(text):
            end = len(self._carried)
            self._over("max_text", self._max_text, self._carried + text[room], 0, end)

    def _close_text(self) -> None:
        """The text has ended: a number at the root is whole; what is unfinished is an error."""
        if self.error is not None:
            raise self.error.with_traceback(None)  # else it would grow with each call
        if self._closed:
            return
        if self._carried and not self._undecoded:
            self._end_carried()
        if self._at != END or self._undecoded:
            self._stop_at_the_end()
        self._closed, self._open_to_str = True, False
        self._settle()

    def _stop_at_the_end(self) -> NoReturn:
        reason, expected = self._unfinished()
        end = len(self._carried)
        if self._undecoded and self._at not in IN_A_STRING:  # only a string has such characters
            found = self._undecoded
            self._fail(self._carried, 0, end, expected, reason=reason, found=found)
        if self._undecoded:
            reason, expected = "", "the rest of a UTF-8 sequence"
        facts = {"reason": reason, "expected": expected}
        self._stop(IncompleteJSONError, self._carried, 0, end, **facts)

    # -- what goes wrong -------------------------------------------------------------------------

    def _fail(
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
        self._stop(JSONSyntaxError, text, start, pos, reason=reason, expected=expected, found=found)

    def _over(self, name: str, value: int | None, text: str, start: int, pos: int) -> NoReturn:
        """`text[pos]` is the first character over a limit."""
        self._stop(
            LimitExceeded,
            text,
            start,
            pos,
            limit=name,
            limit_value=value,
            found=text[pos : pos + 1],
        )

    def _stop(
        self, kind: type[TextError], text: str, start: int, pos: int, **facts: Any
    ) -> NoReturn:
        self._consumed += start
        self._carried = text[start:pos]
        self._settle()
        place: dict[str, Any] = {
            "offset": self.offset,
            "line": self._line,
            "column": self.column,
            "path": self.path,
        }
        error = kind(**(place | facts), value=self.value)
        error.events = self.last_events
        self._halt(error)
        raise error

    def _halt(self, error: BaseException) -> None:
        """Nothing goes on behind half a delta, whoever raised: we, `parse_float`, an interrupt."""
        if not isinstance(error, TextError):
            error = broken_off(error)
        self.error, self._open_to_str, self._plain_at = error, False, NOWHERE
        self._settle()


def broken_off(error: BaseException) -> RuntimeError:
    return RuntimeError(f"feed() was broken off in the middle of a text by {error!r}")


def as_bytes(delta: bytes | bytearray | memoryview) -> bytes:
    if type(delta) is bytes:
        return delta
    try:
        return bytes(memoryview(delta))
    except TypeError:  # bytes(3) would be three zeros
        found = type(delta).__name__
        raise TypeError(f"expected str or a bytes-like object, got {found}") from None


class Characters:
    """Deltas of either kind as text, for those who stand before a parser or beside it.

    Of UTF-8 come the whole characters, without a byte order mark at the start. A byte that is not
    UTF-8 comes as a lone surrogate, of which `as_fed` makes the byte again: so the parser, which is
    given what `as_fed` gives, reports it in its own words.
    """

    __slots__ = ("_began", "_decoder", "of_bytes")

    of_bytes: bool
    """Whether what came is bytes; not before anything did."""

    def __init__(self) -> None:
        self._decoder = getincrementaldecoder("utf-8-sig")("surrogateescape")
        self._began = self.of_bytes = False

    def feed(self, delta: Delta) -> str:
        """The characters that are whole now; of the other kind than before is a `TypeError`."""
        # A subclass of `str` may answer otherwise than its characters.
        data = str.__str__(delta) if isinstance(delta, str) else as_bytes(delta)
        of_bytes = isinstance(data, bytes)
        if not data:
            return ""
        if self._began and of_bytes != self.of_bytes:
            raise TypeError(WRONG_KIND[of_bytes])
        self._began, self.of_bytes = True, of_bytes
        return data if isinstance(data, str) else self._decoder.decode(data)

    def close(self) -> str:
        """What is left of a character that the end cuts, a lone surrogate for each byte."""
        undecoded: bytes = self._decoder.getstate()[0]
        return undecoded.decode("utf-8", "surrogateescape")

    def as_fed(self, text: str) -> Delta:
        """Some of the text in the kind in which it came."""
        return text.encode("utf-8", "surrogateescape") if self.of_bytes else text
