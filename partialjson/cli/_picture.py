"""Everything that is drawn of a stream, as rows of spans: its documents, and how far it has come.

What flows in are events, each with the stream that it came from; what flows out are rows. Which
terminal they go to is not known here.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any, Literal, TypeAlias

from partialjson.stream import (
    Channel,
    Heartbeat,
    Reset,
    Retrying,
    Stream,
    StreamEvent,
    TextDelta,
    ToolEvent,
)

from ._faults import Faults
from ._lines import BRIGHT, Row, printable
from ._progress import Progress
from ._tree import Tree

__all__ = ["Picture", "View", "outcome"]

View: TypeAlias = Literal["tree", "table"]

CONTENT = Channel("content")


class Picture:
    """What is seen of one stream.

    Args:
        view: `"table"` draws arrays of flat objects as tables, `"tree"` everything as JSON.
        clock: The time, in seconds.
    """

    def __init__(self, view: View = "tree", clock: Callable[[], float] = time.monotonic) -> None:
        self._view = view
        self._progress = Progress(clock)
        self._faults: defaultdict[Channel, Faults] = defaultdict(Faults)
        self._channel = CONTENT  # the one that is written to

    def note(self, event: StreamEvent, stream: Stream[Any]) -> None:
        """Something happened."""
        self._progress.note(event, stream)
        match event:
            case Reset(channel, keep):
                self._faults[channel].take_back(keep)
            case ToolEvent(channel, inner):
                self._channel = channel
                parser = stream.bridge.parser_of(channel)
                self._faults[channel].note(inner, parser.offset if parser else 0)
            case Heartbeat() | Retrying() | TextDelta():
                pass
            case _:
                self._channel = CONTENT
                self._faults[CONTENT].note(event, stream.parser.offset)

    def frame(self, stream: Stream[Any], width: int, height: int) -> list[Row]:
        """What is seen now: the end of what is written, where it grows, and a line on it.

        At most `height` rows, none of them wider than `width`, but for what cannot be cut.
        """
        parsers = stream.bridge.parsers
        room, drawn = max(height - 1, 1), dict[Channel, list[Row]]()
        for channel in sorted(parsers, key=lambda one: one == self._channel):  # it comes last
            drawn[channel] = []
        for channel in reversed(drawn):
            heading = heading_of(channel)
            if room > len(heading):
                grids = width if self._view == "table" else None
                words = self._faults[channel].words
                tree = Tree(parsers[channel], words, width=width, grids=grids)
                drawn[channel] = [*heading, *tree.end(room - len(heading))]
                room -= len(drawn[channel])
        rows = [row for channel in parsers for row in drawn[channel]]
        parser = parsers.get(self._channel, stream.parser)
        return [*rows, self._progress.row(stream, parser, width)]

    def whole(self, stream: Stream[Any], width: int) -> list[Row]:
        """All that came, and how it ended: what is left on the screen."""
        rows: list[Row] = []
        for channel, parser in stream.bridge.parsers.items():
            grids = width if self._view == "table" else None
            tree = Tree(parser, self._faults[channel].words, grids=grids)
            rows += [*heading_of(channel), *tree.whole()]
        return [*rows, self._progress.total(stream), [(outcome(stream), BRIGHT)]]


def heading_of(channel: Channel) -> list[Row]:
    """The name of a call; the content has none."""
    if channel.kind != "tool":
        return []
    return [[(printable(f"{channel.name or 'tool'}()"), BRIGHT)]]


def outcome(stream: Stream[Any]) -> str:
    """How a stream ended, by what evidence."""
    verdict = stream.verdict
    return printable(f"{verdict.status}: {', '.join(verdict.evidence)}") if verdict else ""
