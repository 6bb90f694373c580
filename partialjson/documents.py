"""Many JSON texts in one stream, newline-delimited or concatenated: to the events of each.

What flows in is the stream, cut anywhere; what flows out are the events of its texts, each with the
index of its text, and what could not be read. It refuses to know what the texts are for.
"""

from __future__ import annotations

import re
from typing import Literal, TypeAlias, Unpack

from ._intake import Characters, Delta
from ._unbroken import Unbroken
from .errors import JSONSyntaxError, LimitExceeded, TextError
from .events import Event, event
from .parser import Options, Parser

__all__ = ["Broken", "Documents"]

Format: TypeAlias = Literal["ndjson", "concatenated"]

BLANK = " \t\r\n"
NO_UTF_8 = re.compile("[\udc80-\udcff]+").search  # as `Characters` shows such bytes
PIECE = 4_096  # characters read at once where a text may end inside: what follows is cut off again


@event
class Broken:
    """A text of many that could not be read to its end; what it held before that has been told.

    Attributes:
        index: Which text, from 0.
        error: Why, and where in the whole stream; its path begins with the index.
    """

    index: int
    error: TextError


class Documents(Unbroken):
    """Many JSON texts in one stream: newline-delimited, or one behind the other.

    What `feed` gives are the events of each text, whose paths begin with the text's index; offsets,
    lines and columns run over the whole stream. A text that is no JSON gives `Broken`, and the next
    one is read.

    * `"ndjson"`: a text ends with its line, so a text may not span lines, and behind one that is
      broken reading goes on with the next line. Blank lines are passed over.
    * `"concatenated"`: a text ends where its value does; blank space between texts may be missing,
      but for numbers, which only what follows ends. Where the next text would begin behind a broken
      one, nobody can tell: nothing more is read then.

    Args:
        format: How the texts follow each other.
        options: Those of `Parser`, for each text; `max_text` counts the whole stream, and what is
            over it is not read.
    """

    def __init__(
        self,
        format: Format = "ndjson",  # noqa: A002 - the word that its users look for
        **options: Unpack[Options],
    ) -> None:
        if format not in ("ndjson", "concatenated"):
            raise ValueError(f"expected format='ndjson' or 'concatenated', got {format!r}")
        Parser(**options)  # a wrong option is told now, not at the first text
        self._by_line = format == "ndjson"
        self._max_text = options.pop("max_text", None)
        self._options = options
        self._characters = Characters()
        self._document: Parser | None = None
        self._index = 0  # of the text that is read, or comes next
        self._is_over = False  # the limit of the whole stream
        self._skips = False  # behind a broken text, to the end of the line or of the stream
        self._closed = False
        self._offset, self._line, self._line_start = 0, 1, 0  # of the next character

    def feed(self, text: Delta) -> list[Event | Broken]:
        """Read the next piece of the stream, and tell what happened in its texts.

        Args:
            text: `str` or UTF-8 bytes, cut anywhere; the first that is not empty decides which.

        Raises:
            TypeError: The input is of the other kind; this ends nothing.
            RuntimeError: After `close`.
        """
        if self._closed:
            raise RuntimeError("feed() after close(): another stream needs an object of its own")
        with self._reading(TypeError):
            return self._read_up_to_the_limit(self._characters.feed(text))

    def close(self) -> list[Event | Broken]:
        """The stream has ended, and its last text with it; a cut one is `Broken`. Again: `[]`."""
        if self._closed:
            return []
        with self._reading():
            told = self._read_up_to_the_limit(self._characters.close()) + self._end()
        self._closed = True
        return told

    def _read_up_to_the_limit(self, text: str) -> list[Event | Broken]:
        """The first character over `max_text` breaks the text that it is in, and ends reading."""
        if self._is_over:
            return []
        if self._max_text is None:
            return self._read(text)
        room = self._max_text - self._offset
        told = self._read(text[:room])
        if room < len(text):
            self._is_over = True
            told += self._broken(self._over_the_limit(text[room]))
        return told

    def _over_the_limit(self, found: str) -> LimitExceeded:
        if self._document is not None and self._document.complete:
            self._next()
        document = self._document
        return LimitExceeded(
            limit="max_text",
            limit_value=self._max_text,
            found=found,
            offset=self._offset,
            line=self._line,
            column=self._offset - self._line_start + 1,
            path=(self._index,) if document is None else document.path,
            value=None if document is None else document.value,
        )

    def _read(self, text: str) -> list[Event | Broken]:
        told: list[Event | Broken] = []
        at = 0
        while at < len(text):
            at += (
                self._read_line(text, at, told) if self._by_line else self._read_on(text, at, told)
            )
        return told

    def _read_line(self, text: str, at: int, told: list[Event | Broken]) -> int:
        """Read up to the end of the line, or of the text; how many characters that were."""
        line_end = text.find("\n", at)
        piece = text[at:] if line_end < 0 else text[at:line_end]
        if not self._skips and (self._document or piece.strip(BLANK)):
            self._feed(piece, told)
        self._pass(piece)
        if line_end < 0:
            return len(piece)
        told += self._end()
        self._skips = False
        self._pass("\n")
        return len(piece) + 1

    def _read_on(self, text: str, at: int, told: list[Event | Broken]) -> int:
        """Read up to the end of a value, or of a piece; how many characters that were."""
        piece = text[at : at + PIECE]
        if self._characters.of_bytes and (wrong := NO_UTF_8(piece)):
            piece = piece[: wrong.start()] or wrong[0]  # whether a text is whole is looked at first
        if self._document is not None and self._document.complete:
            self._next()
        if self._document is None or self._skips:
            blank = len(piece) if self._skips else len(piece) - len(piece.lstrip(BLANK))
            self._pass(piece[:blank])
            if blank:
                return blank
        length = self._feed(piece, told)
        self._pass(piece[:length])
        return length

    def _feed(self, piece: str, told: list[Event | Broken]) -> int:
        """Give a piece to the text that is read; how much of it was that text's."""
        if self._document is None:
            self._document = self._begun()
        try:
            told += self._document.feed(self._characters.as_fed(piece))
        except TextError as error:
            told += error.events
            error.events = []
            if self._by_line or not (self._document.complete and type(error) is JSONSyntaxError):
                told += self._broken(error)
                return len(piece)
            self._next()
            return error.offset - self._offset
        return len(piece)

    def _begun(self) -> Parser:
        """A parser of the text that begins here: its offsets count from the stream's start."""
        document = Parser(**self._options)
        place = self._offset, self._line, self._line_start
        document._begin_at((self._index,), *place, of_bytes=self._characters.of_bytes)  # noqa: SLF001
        return document

    def _end(self) -> list[Event | Broken]:
        """The text that is read ends here, if there is one."""
        if self._document is None:
            return []
        try:
            events: list[Event | Broken] = [*self._document.close()]
        except TextError as error:
            return self._broken(error)
        self._next()
        return events

    def _broken(self, error: TextError) -> list[Event | Broken]:
        broken = Broken(self._index, error)
        self._skips = True
        self._next()
        return [broken]

    def _next(self) -> None:
        self._document = None
        self._index += 1

    def _pass(self, text: str) -> None:
        """What was read moves the place of the next character."""
        if last := text.rfind("\n") + 1:
            self._line += text.count("\n")
            self._line_start = self._offset + last
        self._offset += len(text)
