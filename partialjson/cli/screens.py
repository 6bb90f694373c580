"""What is shown of a stream: JSON lines in a pipe, plain lines, or a document that fills.

What flows in are events, each with the stream that it came from; what flows out is text on a screen
or in a pipe. `rich` is loaded only where a document is drawn.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from typing import Any, Protocol, Self, TextIO, cast

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
from partialjson.parser import Parser
from partialjson.path import JSON, Path, to_pointer
from partialjson.stream import Heartbeat, Reset, Retrying, Stream, StreamEvent, TextDelta, ToolEvent
from partialjson.wire.messages import Channel

__all__ = ["JSONLines", "PlainLines", "RichScreen", "Screen", "Verdicts", "emit", "screen_for"]

FRAME = 1 / 30  # seconds between two drawings, at the least
CURSOR = "▍"
UNPRINTABLE = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)


class Screen(Protocol):
    """Where a stream is shown; a context manager, so that a terminal is left as it was."""

    def __enter__(self) -> Self: ...
    def __exit__(self, *exception: object) -> None: ...
    def show(self, event: StreamEvent, stream: Stream[Any]) -> None:
        """Show one event, as soon as it came."""

    def end(self, stream: Stream[Any]) -> None:
        """The stream is over: show the last of it, and how it ended."""


def screen_for(out: TextIO) -> Screen:
    """The best screen for where the output goes: a terminal with rich, a terminal, or a pipe."""
    if not out.isatty():
        return JSONLines(out)
    if not (out.encoding or "utf-8").lower().startswith("utf"):  # it has no cursor of ours
        return PlainLines(out)
    try:
        return RichScreen(out)
    except ImportError:
        return PlainLines(out)


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


def as_json(value: object) -> JSON:
    """A value as Pydantic writes it in JSON; as Python shows it, where Pydantic cannot."""
    from pydantic_core import to_jsonable_python  # noqa: PLC0415 - an extra

    try:
        return to_jsonable_python(value, fallback=str, inf_nan_mode="strings")
    except ValueError:
        return repr(value)


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


def printable(text: str) -> str:
    """A text that may go to a terminal: no controls, of direction neither, no lone surrogates."""
    return UNPRINTABLE.sub(lambda m: f"\\u{ord(m[0]):04x}", text)


# -- A terminal without rich -----------------------------------------------------------------------


class PlainLines(Lines):
    """One line for each atom and string that is whole: where it stands, and what it is."""

    def show(self, event: StreamEvent, stream: Stream[Any]) -> None:  # noqa: ARG002 - all is in the event
        match event:
            case ToolEvent(channel, ValueEnd() as end):
                self._line(f"{channel.name or 'tool'} ", end)
            case ValueEnd() as end:
                self._line("", end)

    def _line(self, of: str, end: ValueEnd) -> None:
        if end.kind not in ("object", "array"):
            place = printable(of + (to_pointer(end.path) or "(root)"))
            emit(self._out, f"{place}: {ascii_json(end.value)}")

    def end(self, stream: Stream[Any]) -> None:
        emit(self._out, outcome(stream))


# -- A terminal with rich --------------------------------------------------------------------------


class RichScreen(Screen):
    """The document as it fills: what is closed in full colour, what is still being written dim."""

    def __init__(self, out: TextIO | None = None) -> None:
        from rich.console import Console  # noqa: PLC0415 - an extra
        from rich.live import Live  # noqa: PLC0415 - an extra

        self._live = Live(console=Console(file=out), auto_refresh=False)
        self._drawn_at = 0.0

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._live.stop()

    def show(self, event: StreamEvent, stream: Stream[Any]) -> None:  # noqa: ARG002 - the whole is drawn
        if time.monotonic() - self._drawn_at >= FRAME:
            self._draw(stream, printable(f"  {to_pointer(stream.parser.path)}"))
            self._drawn_at = time.monotonic()  # behind the drawing, which may take longer itself

    def end(self, stream: Stream[Any]) -> None:
        self._draw(stream, outcome(stream), whole=True)

    def _draw(self, stream: Stream[Any], status: str, *, whole: bool = False) -> None:
        from rich.text import Text  # noqa: PLC0415 - an extra

        parsers = stream.bridge.parsers.items()
        lines = [line for channel, parser in parsers for line in document(channel, parser)]
        if not whole:  # what fits: the end, where it grows
            width, height = self._live.console.size
            lines = [(tail(line, width), style) for line, style in lines[-max(height - 2, 1) :]]
        text = Text("\n", no_wrap=not whole).join(
            [*(Text(line, style) for line, style in lines), Text(status, "bold")]
        )
        self._live.update(text, refresh=True)


CLOSED, OPEN, HEADING = "green", "dim", "bold"


def document(channel: Channel, parser: Parser) -> Iterator[tuple[str, str]]:
    """The lines of a document as far as it goes, each with its style."""
    if channel.kind == "tool":
        yield printable(f"{channel.name or 'tool'}()"), HEADING
    if parser.started:
        yield from lines_of(parser, parser.value, (), "")


def lines_of(parser: Parser, value: JSON, path: Path, label: str) -> Iterator[tuple[str, str]]:
    closed = parser.is_closed(path)
    style, indent = (CLOSED if closed else OPEN), "  " * len(path) + label
    if not isinstance(value, dict | list):
        text = printable(json.dumps(value, ensure_ascii=False))
        yield indent + (text if closed else text[:-1] + CURSOR), style
        return
    members = value.items() if isinstance(value, dict) else enumerate(value)
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    yield indent + opening, style
    for key, child in members:
        name = f"{json.dumps(key, ensure_ascii=False)}: " if isinstance(key, str) else ""
        yield from lines_of(parser, child, (*path, key), printable(name))
    if closed:
        yield "  " * len(path) + closing, style


def tail(line: str, width: int) -> str:
    """The end of a line that grows, if it is wider than the terminal; else the line itself."""
    from rich.cells import cell_len  # noqa: PLC0415 - an extra

    if not line.endswith(CURSOR) or cell_len(line) <= width:
        return line
    line = line[-width:]
    while cell_len(line) >= width:
        line = line[1:]
    return f"…{line}"


def outcome(stream: Stream[Any]) -> str:
    verdict = stream.verdict
    return printable(f"{verdict.status}: {', '.join(verdict.evidence)}") if verdict else ""
