"""Pipe a stream in, and watch its document fill.

What flows in are the bytes of a file or of standard input; what flows out are lines, or a screen
that grows. Exit codes: 0 complete, 2 usage, 3 incomplete, 4 invalid JSON or over a limit, 6 the
transport or the provider failed, filtered or refused, 130 interrupted by the user.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any, BinaryIO

from partialjson import __version__
from partialjson._intake import Characters
from partialjson.errors import (
    IncompleteJSONError,
    JSONSyntaxError,
    LimitExceeded,
    PartialJSONError,
    TransportError,
)
from partialjson.fragments import complete
from partialjson.front import JSONFinder
from partialjson.parser import Completion, Parser
from partialjson.stream import Bridge, Content, stream
from partialjson.wire.messages import Delta
from partialjson.wire.providers import PROVIDERS

from ._items import Channels, Rows, pattern
from .screens import (
    JSONLines,
    Screen,
    ascii_json,
    emit,
    in_ascii,
    in_one_line,
    printable,
    screen_for,
)

__all__ = ["main"]

EXIT_CODES: dict[type[Exception], int] = {
    IncompleteJSONError: 3,
    JSONSyntaxError: 4,
    LimitExceeded: 4,
    TransportError: 6,
}
INTERRUPTED = 130
READ_AT_MOST = 65_536  # bytes; a pipe gives what it has
DEMO_PACE = 0.015  # seconds from one delta to the next: the speed of a fast model
SLOWEST = 60


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command, and give its exit code."""
    options = commands().parse_args(arguments)
    try:
        return int(options.run(options))
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # as in `… | head`: whoever read has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except PartialJSONError as error:
        emit(sys.stderr, f"partialjson: {printable(str(error))}")
        return exit_code(error)


def exit_code(error: Exception | None) -> int:
    return next((code for kind, code in EXIT_CODES.items() if isinstance(error, kind)), 0)


# -- Commands --------------------------------------------------------------------------------------


def run_demo(options: argparse.Namespace) -> int:
    """Replay the recording that comes with the package, at the speed of a model."""
    recording = files("partialjson").joinpath("demo.sse").read_bytes()
    return watch(paced(recording, options.pace), "openrouter", screen_for(sys.stdout))


def run_watch(options: argparse.Namespace) -> int:
    """Draw the document while it is filled."""
    with options.file as file:
        return watch(pieces(file), options.provider, screen_for(sys.stdout), options.parse)


def run_events(options: argparse.Namespace) -> int:
    """Print what happens, one JSON object a line."""
    screen = JSONLines(sys.stdout, values=options.values)
    with options.file as file:
        return watch(pieces(file), options.provider, screen, options.parse)


def run_snapshots(options: argparse.Namespace) -> int:
    """Print the completed JSON text after each delta, one a line."""
    bridge = Bridge(provider=options.provider, parse=options.parse)
    texts: defaultdict[Parser, GrowingText] = defaultdict(GrowingText)
    if options.parse == "find":
        texts[bridge.parser] = GrowingText(JSONFinder())
    with options.file as file:
        for parser, delta in deltas(pieces(file), options.provider, bridge):
            if parser.error is None:
                emit(sys.stdout, texts[parser].completed(delta, parser.completion))
    if bridge.close():  # a number at the root is whole now, or an answer came without a stream
        for parser in bridge.parsers.values():
            emit(sys.stdout, ascii_json(parser.value))
    return ended(bridge)


def run_items(options: argparse.Namespace) -> int:
    """Print each value at a pattern as soon as it is whole, one JSON text a line."""
    find = options.parse == "find"
    with options.file as file:
        if options.provider is None:
            rows = Rows(options.path, sys.stdout, find=find)
            for piece in pieces(file):
                rows.feed(piece)
            rows.end()
            return 0
        bridge = Bridge(provider=options.provider, parse=options.parse)
        channels = Channels(options.path, sys.stdout, find=find)
        for piece in pieces(file):
            for item in bridge.items(piece):
                bridge.hear([item])
                channels.hear(item)
            if bridge.over:
                break
    bridge.close()
    channels.end()
    return ended(bridge)


def run_complete(options: argparse.Namespace) -> int:
    """Print a valid JSON text for a cut one."""
    with options.file as file:
        emit(sys.stdout, in_ascii(complete(file.read())))
    return 0


def watch(
    source: Iterable[bytes], provider: str | None, screen: Screen, parse: Content = "json"
) -> int:
    """Show every event of a source on a screen as it comes; the exit code says how it ended."""
    events = stream(source, provider=provider, parse=parse, finish="lenient")
    with events, screen:
        for event in events:
            screen.show(event, events)
        screen.end(events)
    return ended(events.bridge)


def ended(bridge: Bridge) -> int:
    if bridge.error is not None:
        raise bridge.error
    return 0


# -- Where the bytes come from ---------------------------------------------------------------------


def opened(name: str) -> BinaryIO:
    """A file to read bytes from; `-` is standard input."""
    try:
        return sys.stdin.buffer if name == "-" else Path(name).open("rb")
    except OSError as error:
        raise argparse.ArgumentTypeError(f"cannot read {name}: {error.strerror}") from None


def pieces(file: BinaryIO) -> Iterator[bytes]:
    """What a file or a pipe has, as soon as it has it."""
    read = getattr(file, "read1", file.read)
    while piece := read(READ_AT_MOST):
        yield piece


def pace(text: str) -> float:
    """Seconds to wait: some number of them, and not for ever."""
    seconds = float(text)
    if not 0 <= seconds <= SLOWEST:  # NaN is not, either
        raise argparse.ArgumentTypeError(f"expected 0 to {SLOWEST} seconds, got {text}")
    return seconds


def paced(recording: bytes, seconds: float) -> Iterator[bytes]:
    """An event stream, event by event, as a model would have sent it."""
    for block in re.findall(rb".+?\n\n", recording, re.DOTALL):
        time.sleep(seconds)
        yield block


def deltas(
    source: Iterable[bytes], provider: str | None, bridge: Bridge
) -> Iterator[tuple[Parser, str | bytes]]:
    """The pieces of each JSON text, each with the parser that has just read it."""
    for piece in source:
        if provider is None:
            bridge.feed(piece)
            yield bridge.parser, piece
        for item in bridge.items(piece) if provider else ():
            parser = bridge.parser_of(item.channel) if isinstance(item, Delta) else None
            read = parser.offset if parser else 0
            bridge.hear([item])
            if isinstance(item, Delta):
                parser = bridge.parser_of(item.channel)
                if parser is not None and parser.offset > read:
                    yield parser, item.text
        if bridge.over:
            return


class GrowingText:
    """What a parser was fed: it keeps no text itself.

    Args:
        finder: What finds the JSON in the deltas, if they are an answer that holds some.
    """

    def __init__(self, finder: JSONFinder | None = None) -> None:
        self._text = ""
        self._finder = finder
        self._characters = Characters()

    def completed(self, delta: str | bytes, completion: Completion) -> str:
        """One delta more, and all of it as JSON: line ends, between tokens alone, as spaces."""
        self._text += self._json_of(self._characters.feed(delta))
        return in_ascii(in_one_line(self._text[: completion.offset]) + completion.suffix)

    def _json_of(self, text: str) -> str:
        if self._finder is None:
            return text
        return "".join(found.text for found in self._finder.feed(text) if not found.block)


# -- The command line itself -----------------------------------------------------------------------


def commands() -> argparse.ArgumentParser:
    """Every command, with its options."""
    parser = argparse.ArgumentParser(
        prog="partialjson", description="Read JSON while it is still being written."
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(required=True)
    demo = command(commands, "demo", run_demo)
    demo.add_argument("--pace", type=pace, default=DEMO_PACE, help="seconds between two deltas")
    for run in (run_watch, run_events, run_snapshots, run_items):
        name = run.__name__.removeprefix("run_")
        reader = command(commands, name, run, takes_file=True)
        reader.add_argument(
            "--provider", choices=sorted(PROVIDERS), help="whose event stream it is; else JSON text"
        )
        reader.add_argument(
            "--find",
            action="store_const",
            const="find",
            default="json",
            dest="parse",
            help="find the JSON in an answer that also holds prose, fences or thinking",
        )
        if name == "events":
            reader.add_argument("--values", action="store_true", help="show whole containers, too")
        if name == "items":
            reader.add_argument(
                "--path", type=pattern, required=True, help="a JSONPath such as '$.items[*]'"
            )
    command(commands, "complete", run_complete, takes_file=True)
    return parser


def command(
    commands: Any,
    name: str,
    run: Callable[[argparse.Namespace], int],
    *,
    takes_file: bool = False,
) -> argparse.ArgumentParser:
    summary = (run.__doc__ or "").rstrip(".")
    parser: argparse.ArgumentParser = commands.add_parser(name, help=summary, description=summary)
    parser.set_defaults(run=run)
    if takes_file:
        parser.add_argument(
            "file",
            nargs="?",
            type=opened,
            default="-",
            help="what to read; standard input without it, or with -",
        )
    return parser
