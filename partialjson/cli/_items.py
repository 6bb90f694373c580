"""The values at a pattern, printed as soon as each is whole: one JSON text a line."""

from __future__ import annotations

import argparse
from contextlib import suppress
from typing import TextIO

from partialjson._intake import Characters, Delta
from partialjson.errors import TextError
from partialjson.fragments import Fragment, Fragments
from partialjson.front import Found, JSONFinder
from partialjson.path import Pattern
from partialjson.wire.messages import Channel, Item
from partialjson.wire.messages import Delta as ChannelDelta

from .screens import emit, in_ascii, in_one_line

__all__ = ["Channels", "Rows", "pattern"]


def pattern(text: str) -> str:
    """A JSONPath from the command line, if it is of the kind that can be read."""
    try:
        return Pattern(text).text
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


class Rows:
    """The matches in one JSON text, printed as they end and then forgotten.

    Args:
        pattern: Which values.
        out: Where the lines go.
        find: Whether the text is an answer that holds JSON, of which the first is read.
    """

    def __init__(self, pattern: str, out: TextIO, *, find: bool) -> None:
        self._out = out
        self._fragments = Fragments(pattern, keep=False)
        self._finder = JSONFinder() if find else None
        self._characters = Characters()

    def feed(self, text: Delta) -> None:
        """Print what ends in the next piece.

        Raises:
            JSONSyntaxError, LimitExceeded: As `Fragments`, behind the rows before the fault.
        """
        if self._finder is None:
            self._read(text)
        else:
            self._read_found(self._finder.feed(self._characters.feed(text)))

    def end(self) -> None:
        """Print what the end itself ends.

        Raises:
            IncompleteJSONError: The text is cut.
        """
        if self._finder is not None:
            self._read_found(self._finder.close())
        self._show(self._fragments.close())

    def _read_found(self, found: list[Found]) -> None:
        for piece in found:
            if not piece.block:
                self._read(self._characters.as_fed(piece.text))

    def _read(self, text: Delta) -> None:
        try:
            self._show(self._fragments.feed(text))
        except TextError as error:
            self._show(error.events)
            raise

    def _show(self, fragments: list[Fragment]) -> None:
        for fragment in fragments:
            emit(self._out, in_ascii(in_one_line(fragment.text)))


class Channels:
    """The rows of a provider's stream: of its content, and of each tool call.

    Args:
        pattern: Which values.
        out: Where the lines go.
        find: Whether the content is an answer that holds JSON.
    """

    def __init__(self, pattern: str, out: TextIO, *, find: bool) -> None:
        self._pattern, self._out, self._find = pattern, out, find
        self._rows: dict[Channel, Rows] = {}
        self._broken: set[Channel] = set()

    def hear(self, item: Item) -> None:
        """Print what ends in an item; a fault is for whoever reads the stream to report."""
        if not isinstance(item, ChannelDelta) or item.channel in self._broken:
            return
        channel = item.channel
        if channel.kind not in ("content", "tool") or channel.choice:
            return
        if channel not in self._rows:
            find = self._find and channel.kind == "content"
            self._rows[channel] = Rows(self._pattern, self._out, find=find)
        try:
            self._rows[channel].feed(item.text)
        except TextError:
            self._broken.add(channel)

    def end(self) -> None:
        """Print what the end itself ends."""
        for channel, rows in self._rows.items():
            if channel not in self._broken:
                with suppress(TextError):
                    rows.end()
