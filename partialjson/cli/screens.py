"""What is shown of a stream: JSON lines in a pipe, plain lines, or a document that fills.

What flows in are events, each with the stream that it came from; what flows out is text on a screen
or in a pipe. `rich` is loaded only where a document is drawn.
"""

from __future__ import annotations

import json
import re
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from threading import Lock, Timer
from typing import TYPE_CHECKING, Any, Literal, Protocol, Self, TextIO, TypeVar, cast

from partialjson._checkpoint import dumps
from partialjson.events import (
    Doomed,
    Invalid,
    Revised,
    StringDelta,
    TypedEvent,
    Valid,
    ValueEnd,
    ValueStart,
)
from partialjson.path import JSON, to_pointer
from partialjson.render._dumped import as_json
from partialjson.stream import Heartbeat, Reset, Retrying, Stream, StreamEvent, TextDelta, ToolEvent
from partialjson.wire.messages import Channel

from ._faults import Faults
from ._lines import Row, printable
from ._picture import Picture, View, outcome

__all__ = [
    "JSONLines",
    "PlainLines",
    "RichScreen",
    "Screen",
    "Verdicts",
    "emit",
    "printable",
    "screen_for",
]

if TYPE_CHECKING:
    from rich.text import Text

T = TypeVar("T")

FRAME = 1 / 30  # seconds between two drawings, at the least
AT_ONCE = 1_000  # rows that are printed in one go


class Screen(Protocol):
    """Where a stream is shown; a context manager, so that a terminal is left as it was."""

    def __enter__(self) -> Self: ...
    def __exit__(self, *exception: object) -> None: ...
    def show(self, event: StreamEvent, stream: Stream[Any]) -> None:
        """Show one event, as soon as it came."""

    def end(self, stream: Stream[Any]) -> None:
        """The stream is over: show the last of it, and how it ended."""

    def pieces(self, source: Iterable[T]) -> Iterator[T]:
        """The pieces of what is shown; while one is waited for, the screen may still draw.

        They are to be read inside the screen.
        """
        return iter(source)


def screen_for(out: TextIO, view: View = "tree") -> Screen:
    """The best screen for where the output goes: a terminal with rich, a terminal, or a pipe."""
    if not out.isatty():
        return JSONLines(out)
    if not (out.encoding or "utf-8").lower().startswith("utf"):  # it has no cursor of ours
        return PlainLines(out)
    try:
        screen = RichScreen(out, view=view)
    except ImportError:
        return PlainLines(out)
    return PlainLines(out) if screen.is_dumb else screen


def emit(out: TextIO, line: str) -> None:
    """One line, at once: whoever reads a pipe must not wait for a buffer to fill."""
    encoding = out.encoding or "utf-8"  # a terminal may not have every character
    out.write(line.encode(encoding, "backslashreplace").decode(encoding) + "\n")
    out.flush()


# -- A pipe ----------------------------------------------------------------------------------------


class Lines(Screen):
    """A screen of lines has nothing to set up."""

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        pass


class JSONLines(Lines):
    """One JSON object a line for each event, heartbeats aside, in ASCII.

    Args:
        out: Where the lines go.
        values: Whether the end of a container shows its value, too.
    """

    def __init__(self, out: TextIO, *, values: bool = False) -> None:
        super().__init__(out)
        self._values = values

    def show(self, event: StreamEvent, stream: Stream[Any]) -> None:  # noqa: ARG002 - all is in the event
        if not isinstance(event, Heartbeat):  # nothing happened to the document
            emit(self._out, ascii_json(self.record(event)))

    def end(self, stream: Stream[Any]) -> None:
        """Nothing more: the exit code says how it ended."""

    def record(
        self, event: TypedEvent | ToolEvent | TextDelta | Reset | Retrying
    ) -> dict[str, JSON]:
        """An event as it is printed."""
        match event:
            case ToolEvent(channel, inner):
                return self.record(inner) | {"channel": named(channel)}
            case TextDelta(channel, text):
                return {"event": "text", "channel": named(channel), "text": text}
            case Reset(channel, keep, reason):
                return {"event": "reset", "channel": named(channel), "keep": keep, "why": reason}
            case Retrying(attempt, delay, how, cause):
                facts = {"attempt": attempt, "delay": delay, "how": how, "why": str(cause)}
                return {"event": "retrying", **facts}
            case Valid() | Invalid() | Doomed() | Revised():
                return judged(event)
            case StringDelta(path, text):
                record: dict[str, JSON] = {"event": "delta", "path": [*path], "text": text}
                replaces = False
            case ValueStart(path, kind, replaces):
                record = {"event": "start", "path": [*path], "kind": kind}
            case ValueEnd(path, kind, value, replaces=replaces):
                record = {"event": "end", "path": [*path], "kind": kind}
                if self._values or kind not in ("object", "array"):
                    record["value"] = value
        return record | ({"replaces": True} if replaces else {})


class Verdicts(Lines):
    """What is wrong with values of a type, one JSON object a line, as soon as it is certain.

    What was said of a value is not said again of those around it.

    Args:
        out: Where the lines go.
        values: Whether each valid value is shown, too, as Pydantic writes it in JSON.

    Attributes:
        judged_the_root: Whether there was a whole value to judge.
    """

    judged_the_root: bool

    def __init__(self, out: TextIO, *, values: bool = False) -> None:
        super().__init__(out)
        self._values = values
        self._said: set[str] = set()
        self.judged_the_root = False

    def show(self, event: StreamEvent, stream: Stream[Any]) -> None:  # noqa: ARG002 - all is in the event
        event = event.event if isinstance(event, ToolEvent) else event
        self.judged_the_root = self.judged_the_root or is_of_the_root(event)
        if isinstance(event, Valid | Revised) and self._values:
            emit(self._out, ascii_json(judged(event) | {"value": as_json(event.value)}))
        elif isinstance(event, Doomed):
            emit(self._out, ascii_json(judged(event)))
        elif isinstance(event, Invalid) and (news := self._news(event)):
            emit(self._out, ascii_json(judged(Invalid(event.path, news))))

    def _news(self, told: Invalid) -> list[dict[str, Any]]:
        news = {fact: one for one in told.errors if (fact := repr(one)) not in self._said}
        self._said.update(news)
        return [*news.values()]

    def end(self, stream: Stream[Any]) -> None:
        """Nothing more: the exit code says how it ended."""


def is_of_the_root(event: StreamEvent) -> bool:
    return isinstance(event, Valid | Invalid) and not event.path


def judged(event: Valid | Invalid | Doomed | Revised) -> dict[str, JSON]:
    """What a value is worth, as it is printed; the value itself has been printed before."""
    record: dict[str, JSON] = {"event": type(event).__name__.lower(), "path": [*event.path]}
    if isinstance(event, Invalid | Doomed):
        record["errors"] = plain(event.errors)
    return record


def named(channel: Channel) -> dict[str, JSON]:
    facts = {
        "kind": channel.kind,
        "index": channel.index,
        "id": channel.id,
        "name": channel.name,
        "choice": channel.choice,
    }
    return {name: fact for name, fact in facts.items() if fact is not None}


def plain(errors: list[dict[str, Any]]) -> list[JSON]:
    """Pydantic's error dicts as JSON, without links; what an `input` holds beyond JSON, as text."""
    facts = [{name: fact for name, fact in one.items() if name != "url"} for one in errors]
    return cast("list[JSON]", json.loads(json.dumps(facts, default=str, ensure_ascii=False)))


def ascii_json(value: JSON) -> str:
    """A value as JSON in ASCII, at any depth; an infinite double as a number that overflows."""
    return in_ascii(dumps(value))


def in_ascii(text: str) -> str:
    """A JSON text in ASCII: what is not stands in a string, where its escape means the same."""
    return re.sub(r"[^\x00-\x7f]", lambda m: json.dumps(m[0])[1:-1], text)


def in_one_line(text: str) -> str:
    """A JSON text in one line: line ends stand between tokens alone, and become spaces."""
    return text.replace("\r", " ").replace("\n", " ")


# -- A terminal without rich -----------------------------------------------------------------------


class PlainLines(Lines):
    """One line for each atom and string that is whole, and for each value that is not of its type.

    It says where the value stands, and what it is, or what is wrong with it.
    """

    def __init__(self, out: TextIO) -> None:
        super().__init__(out)
        self._faults: defaultdict[str, Faults] = defaultdict(Faults)

    def show(self, event: StreamEvent, stream: Stream[Any]) -> None:  # noqa: ARG002 - all is in the event
        if isinstance(event, ToolEvent):
            self._show(event.event, f"{event.channel.name or 'tool'} ")
        elif not isinstance(event, TextDelta | Reset | Retrying | Heartbeat):
            self._show(event, "")

    def _show(self, event: TypedEvent, of: str) -> None:
        place = printable(of + (to_pointer(event.path) or "(root)"))
        if isinstance(event, ValueEnd) and event.kind not in ("object", "array"):
            emit(self._out, f"{place}: {ascii_json(event.value)}")
        if words := self._faults[of].note(event, 0):
            emit(self._out, f"{place}: wrong: {words}")

    def end(self, stream: Stream[Any]) -> None:
        emit(self._out, outcome(stream))


# -- A terminal with rich --------------------------------------------------------------------------


class RichScreen(Screen):
    """The document as it fills: what is closed in colour, what is still being written dim.

    Args:
        out: The terminal; standard output without it.
        view: `"table"` draws arrays of flat objects as tables, `"tree"` everything as JSON.
        clock: The time, in seconds.

    Attributes:
        is_dumb: Whether the terminal cannot be drawn on: it says so by its name.
    """

    is_dumb: bool

    def __init__(
        self,
        out: TextIO | None = None,
        *,
        view: View = "tree",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        from rich.console import Console  # noqa: PLC0415 - an extra
        from rich.live import Live  # noqa: PLC0415 - an extra

        console = Console(file=out)
        self.is_dumb = console.is_dumb_terminal
        self._live = Live(console=console, auto_refresh=False)
        self._picture = Picture(view, clock)
        self._clock, self._drawn_at = clock, -FRAME
        self._late: Timer | None = None  # draws what came too soon behind the last frame
        self._reading = Lock()  # held while a parser may be in the middle of something

    def __enter__(self) -> Self:
        self._reading.acquire()
        self._live.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._not_late()
        self._live.stop()
        self._reading.release()

    def pieces(self, source: Iterable[T]) -> Iterator[T]:
        waiting = iter(source)
        while True:
            self._reading.release()
            try:
                piece = next(waiting, None)
            finally:
                self._reading.acquire()
            if piece is None:
                return
            yield piece

    def show(self, event: StreamEvent, stream: Stream[Any]) -> None:
        self._picture.note(event, stream)
        if stream.has_news:  # the parser is behind all of it already
            return
        wait = FRAME - (self._clock() - self._drawn_at)
        if wait <= 0 or isinstance(event, Retrying):  # nothing may follow that for a while
            self._draw_frame(stream)
        elif self._late is None:
            self._late = Timer(wait, self._draw_late, (stream,))
            self._late.daemon = True
            self._late.start()

    def end(self, stream: Stream[Any]) -> None:
        self._not_late()
        rows = self._picture.whole(stream, self._live.console.width)
        self._live.transient = True  # the frame makes room for the whole
        self._live.stop()
        for start in range(0, len(rows), AT_ONCE):
            self._live.console.print(text_of(rows[start : start + AT_ONCE], overflow="fold"))

    def _draw_late(self, stream: Stream[Any]) -> None:
        with self._reading, suppress(OSError):  # a terminal that is gone is told by the next frame
            if self._late is not None:
                self._draw_frame(stream)

    def _not_late(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _draw_frame(self, stream: Stream[Any]) -> None:
        self._not_late()
        width, height = self._live.console.size
        rows = self._picture.frame(stream, width, height - 1)
        self._live.update(text_of(rows, overflow="crop"), refresh=True)
        self._drawn_at = self._clock()  # behind the drawing, which may take longer itself


def text_of(rows: list[Row], *, overflow: Literal["fold", "crop"]) -> Text:
    from rich.text import Text  # noqa: PLC0415 - an extra

    between = Text("\n", no_wrap=overflow == "crop", overflow=overflow)
    return between.join([Text.assemble(*row) for row in rows])
