"""A parser that also tells names, keeps the text, and knows what kind of value a delta cuts."""

from __future__ import annotations

from io import StringIO
from typing import Any, Unpack

from partialjson._grammar import BEFORE_A_VALUE, LITERALS
from partialjson._intake import Characters, Delta
from partialjson.events import Kind
from partialjson.parser import Options, Parser

__all__ = ["Source"]


class Source(Parser):
    """Among its events stand names, as plain `str`: each at its closing quotation mark."""

    __slots__ = ("_characters", "_kept")

    last_events: list[Any]  # of `Event | str`

    def __init__(self, **options: Unpack[Options]) -> None:
        super().__init__(**options)
        self._tells_names = True
        self._characters = Characters()
        # One buffer: to append costs what is appended, and a span of it its own length. Pieces that
        # are joined for every span would cost the text again at each level.
        self._kept = StringIO(newline="")

    def feed(self, text: Delta) -> list[Any]:
        """As in `Parser`, with names among the events; what is read is kept."""
        if self._open_to_str and type(text) is str:
            self._kept.write(text)
        elif self.error is None and not self._closed:
            self._kept.write(self._characters.feed(text))
        return super().feed(text)

    def span(self, start: int, end: int) -> str:
        """The text from one offset to another."""
        self._kept.seek(start)
        span = self._kept.read(end - start)
        self._kept.seek(0, 2)  # where the next piece goes
        return span

    def text(self) -> str:
        """All of the text, less a byte order mark."""
        return self._kept.getvalue()

    @property
    def cut_kind(self) -> Kind | None:
        """The kind of the number or literal that has begun and is not told yet."""
        carried = self._carried
        if not carried or self._at not in BEFORE_A_VALUE:
            return None
        return LITERALS[carried[0]][2] if carried[0] in LITERALS else "number"
