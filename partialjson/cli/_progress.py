"""How far a stream has come: what is counted of it, and the line that says so."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from partialjson.parser import Parser
from partialjson.path import to_pointer
from partialjson.stream import (
    Channel,
    Heartbeat,
    Reset,
    Retrying,
    Stream,
    StreamEvent,
    TextDelta,
)

from ._lines import BRIGHT, OPEN, Row, cells, first, last, printable

__all__ = ["Progress"]

NOTICE = 2.0  # seconds for which a notice stands
BETWEEN = " · "
BY_WORTH = ("length", "rate", "first", "count", "depth")  # the last is left out first
LEAST = 24  # columns for a pointer, which comes before all of them
SOME_TIME = 0.2  # seconds; a rate over less of it says nothing


class Progress:
    """What is counted of one stream.

    Args:
        clock: The time, in seconds.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._pieces, self._offset = 0, 0
        self._texts: dict[Channel, int] = {}  # the length of each that is not JSON
        self._since: float | None = None
        self._notice: tuple[float, str] | None = None

    def note(self, event: StreamEvent, stream: Stream[Any]) -> None:
        """Count one event."""
        match event:
            case Heartbeat():
                return
            case Retrying(attempt, delay, how, cause):
                self._say(f"retrying in {delay:.1f} s ({how}, attempt {attempt}): {cause}")
                return
            case Reset(channel, keep, reason):
                self._texts[channel] = min(self._texts.get(channel, 0), keep)
                self._say(f"taken back behind {keep:,} characters: {reason}")
            case TextDelta(channel, text):
                self._texts[channel] = self._texts.get(channel, 0) + len(text)
        self._since = self._clock() if self._since is None else self._since
        if stream.parser.offset != self._offset:
            self._offset = stream.parser.offset
            self._pieces += 1

    def row(self, stream: Stream[Any], parser: Parser, width: int) -> Row:
        """What is said under a document while it grows: as much as there is room for."""
        if self._notice is not None and self._clock() < self._notice[0]:
            return [(first(self._notice[1], width), BRIGHT)]
        facts = self._facts(stream) | {"depth": f"depth {len(parser.path)}"}
        pointer = printable(to_pointer(parser.path)) or "(root)"
        least = min(cells(pointer), LEAST)
        for name in BY_WORTH[::-1]:
            if cells(BETWEEN.join([*facts.values(), " " * least])) > width:
                facts.pop(name, None)
        told = "".join(f"{fact}{BETWEEN}" for fact in facts.values())
        return [(told, OPEN), (last(pointer, max(width - cells(told), 1)), BRIGHT)]

    def total(self, stream: Stream[Any]) -> Row:
        """What is said under a document that is left on the screen."""
        facts = [*self._facts(stream).values(), f"{stream.timing.end or 0.0:.2f} s in all"]
        return [(BETWEEN.join(facts), OPEN)]

    def _say(self, notice: str) -> None:
        self._notice = self._clock() + NOTICE, printable(notice)

    def _facts(self, stream: Stream[Any]) -> dict[str, str]:
        length = sum(parser.offset for parser in stream.bridge.parsers.values())
        length += sum(self._texts.values())
        messages = stream.bridge.data
        count = counted(self._pieces, "piece") if messages is None else counted(messages, "message")
        facts = {"count": count, "length": counted(length, "char")}
        seconds = 0.0 if self._since is None else self._clock() - self._since
        if seconds >= SOME_TIME:
            facts["rate"] = f"{length / seconds:,.0f} chars/s"
        if stream.timing.first_token is not None:
            facts["first"] = f"first {stream.timing.first_token:.2f} s"
        return facts


def counted(number: int, thing: str) -> str:
    """How many there are of it, in words."""
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {thing}s"
