"""What is printed of the JSON texts of a stream as they come: rows, and completed texts."""

from __future__ import annotations

import argparse
from typing import Any, TextIO, Unpack

from partialjson._intake import Characters
from partialjson.errors import TextError
from partialjson.events import Invalid, TypedEvent
from partialjson.fragments import Fragment, Fragments
from partialjson.path import Pattern
from partialjson.stream import Text, TypedOptions
from partialjson.stream.texts import Piece, of_parser

from ._models import said
from .screens import ascii_json, emit, in_ascii, in_one_line, judged

__all__ = ["Rows", "Sink", "Snapshots", "pattern"]


def pattern(text: str) -> str:
    """A JSONPath from the command line, if it is of the kind that can be read."""
    try:
        return Pattern(text).text
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


class Sink:
    """Where rows go, and where those go that are not of their type.

    Attributes:
        invalid: How many were not.
    """

    def __init__(self, out: TextIO, errors: TextIO) -> None:
        self._out, self._errors = out, errors
        self.invalid = 0

    def report(self, crash: Exception) -> None:
        """A validator broke off with an error that is none of the value."""
        self.invalid += 1
        emit(self._errors, ascii_json({"event": "crashed", "error": said(crash)}))

    def take(self, rows: list[Fragment | Invalid]) -> None:
        """Print rows as their own text, each in one line of ASCII."""
        for row in rows:
            if isinstance(row, Invalid):
                self.invalid += 1
                emit(self._errors, ascii_json(judged(row)))
            else:
                emit(self._out, in_ascii(in_one_line(row.text)))


class Rows(Text):
    """The matches in one JSON text, printed as they end and then forgotten.

    Args:
        pattern: Which values.
        of: The type of each, if they are validated.
        sink: Where they go.
        options: Those of `Parser`.
    """

    def __init__(
        self, _: Any = None, *, pattern: str, of: Any, sink: Sink, **options: Unpack[TypedOptions]
    ) -> None:
        super().__init__(**options)
        self._sink = sink
        asked = of_parser(options)
        self._fragments: Fragments[Any] = Fragments(pattern, model=of, keep=False, **asked)
        self.parser = self._fragments.parser

    def feed(self, piece: Piece) -> list[TypedEvent]:
        """Print what ends in the next piece; no events are told."""
        while self.error is None:
            try:
                self._sink.take(self._fragments.feed(piece))
            except TextError as error:
                self.error = error
                self._sink.take(error.events)
            except RuntimeError:  # Ctrl-C inside a piece
                raise
            except Exception as crash:  # noqa: BLE001 - a validator may raise anything
                self._sink.report(crash)
                piece = piece[:0]  # what came with it is still to be told
                continue
            break
        return []

    def close(self) -> list[TypedEvent]:
        """Print what the end itself ends."""
        if self.error is None:
            try:
                self._sink.take(self._fragments.close())
            except (TextError, RuntimeError) as error:  # the latter: Ctrl-C inside a piece
                self.error = error
        return []


class Snapshots(Text):
    """One JSON text, of which the completed text so far is printed after each piece, in one line.

    Args:
        out: Where the lines go.
        options: Those of `Parser`.
    """

    def __init__(self, _: Any = None, *, out: TextIO, **options: Unpack[TypedOptions]) -> None:
        super().__init__(**options)
        self._out = out
        self._characters = Characters()
        self._written = ""  # a parser keeps no text itself

    def feed(self, piece: Piece) -> list[TypedEvent]:
        """Print the text so far."""
        events = super().feed(piece)
        self._written += self._characters.feed(piece)
        if piece and self.error is None:  # a tool call begins with no text
            offset, suffix = self.reader.completion
            emit(self._out, in_ascii(in_one_line(self._written[:offset]) + suffix))
        return events

    def close(self) -> list[TypedEvent]:
        """Print a number at the root, which is whole now."""
        events = super().close()
        if events:
            emit(self._out, ascii_json(self.value))
        return events
