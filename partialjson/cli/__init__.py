"""Pipe a stream in, and watch its document fill.

What flows in are the bytes of a file or of standard input; what flows out are lines, or a screen
that grows. Exit codes: 0 complete, 1 the system failed, 2 usage, 3 incomplete, 4 invalid JSON or
over a limit, 5 not of its type, 6 the transport or the provider failed, filtered or refused, 130
interrupted by the user.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import Any, BinaryIO, TextIO

from partialjson import __version__
from partialjson.errors import (
    IncompleteJSONError,
    JSONSyntaxError,
    LimitExceeded,
    PartialJSONError,
    TransportError,
)
from partialjson.fragments import complete
from partialjson.path import Path as JSONPath
from partialjson.path import to_pointer
from partialjson.stream import Bridge, Stream, TextDelta, stream
from partialjson.stream._reader import NAMES

from ._channels import channel
from ._demo import Refusal, model_of_the_demo, refused, typed
from ._models import is_validation_error, model, said
from ._record import add_record, run_record
from ._replay import add_replay, run_replay
from ._texts import Rows, Sink, Snapshots, pattern
from ._web import add_web, refused_alone, run_web
from .screens import (
    JSONLines,
    Screen,
    Verdicts,
    ascii_json,
    emit,
    in_ascii,
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
FAILED, USAGE = 1, 2
NOT_OF_ITS_TYPE = 5
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
        complain(str(error))
        return exit_code(error)
    except OSError as error:  # such as a full disk
        complain(said(error))
        return FAILED


def complain(words: str) -> None:
    """Say in one line what went wrong."""
    emit(sys.stderr, f"partialjson: {printable(words)}")


def exit_code(error: Exception | None) -> int:
    return next((code for kind, code in EXIT_CODES.items() if isinstance(error, kind)), 0)


# -- Commands --------------------------------------------------------------------------------------


def run_demo(options: argparse.Namespace) -> int:
    """Replay the recording that comes with the package, at the speed of a model."""
    if options.web:
        return run_web(options)
    if code := refused_alone(options):
        return code
    recording = files("partialjson").joinpath("demo.sse").read_bytes()
    model, screen = model_of_the_demo(), screen_for(sys.stdout)
    source = screen.pieces(paced(recording, options.pace))
    events = stream(source, provider="openrouter", model=model)
    show_all(events, screen)
    if model is not None:
        show_types(events.valid, refused(model, written(recording)))
    return 0


def show_types(valid: Mapping[JSONPath, Any], refusal: Refusal | None) -> None:
    """What a type adds to the demonstration."""
    if not sys.stdout.isatty():
        if refusal is not None:
            facts = refusal._asdict() | {"path": [*refusal.path]}
            emit(sys.stdout, ascii_json({"event": "refused", **facts}))
        return
    for line in typed(valid):
        emit(sys.stdout, printable(line))
    if refusal is not None:
        where = f"{to_pointer(refusal.path)}: {refusal.message}"
        emit(sys.stdout, f"refused after {refusal.read} of {refusal.length} characters: {where}")


def written(recording: bytes) -> str:
    """The text that a recorded answer spells."""
    told = stream(recording, provider="openrouter", parse="text")
    return "".join(event.text for event in told if isinstance(event, TextDelta))


def run_watch(options: argparse.Namespace) -> int:
    """Draw the document while it is filled."""
    screen = screen_for(sys.stdout, options.view)
    with options.file as file:
        return watch(pieces(file), screen, **reading(options, options.model))


def run_events(options: argparse.Namespace) -> int:
    """Print what happens, one JSON object a line."""
    screen = JSONLines(sys.stdout, values=options.values)
    with options.file as file:
        return watch(pieces(file), screen, **reading(options))


def run_snapshots(options: argparse.Namespace) -> int:
    """Print the completed JSON text after each delta, one a line."""
    text = partial(Snapshots, out=sys.stdout)
    with options.file as file:
        return read(file, Bridge(text=text, **reading(options)))


def run_items(options: argparse.Namespace) -> int:
    """Print each value at a pattern as soon as it is whole, one JSON text a line."""
    with options.file as file:
        if wrong := wrong_with(options.errors, options.model, file):
            complain(wrong)
            return USAGE
        with written_to(options.errors) as errors:
            sink = Sink(sys.stdout, errors)
            text = partial(Rows, pattern=options.path, of=options.model, sink=sink)
            code = read(file, Bridge(text=text, **reading(options)))
    return code or (NOT_OF_ITS_TYPE if sink.invalid else 0)


def run_validate(options: argparse.Namespace) -> int:
    """Validate a text while it comes, and print what is wrong as soon as that is certain."""
    screen = Verdicts(sys.stdout, values=options.values)
    with options.file as file:
        code = watch(pieces(file), screen, **reading(options, options.model))
    if not code and not screen.judged_the_root:
        complain("there was no content to validate")
        return EXIT_CODES[IncompleteJSONError]
    return code


def run_complete(options: argparse.Namespace) -> int:
    """Print a valid JSON text for a cut one."""
    with options.file as file:
        emit(sys.stdout, in_ascii(complete(file.read())))
    return 0


def reading(options: argparse.Namespace, model: Any = None) -> dict[str, Any]:
    """How a bridge reads a stream, by the options of the command line."""
    how = {"provider": options.provider, "parse": options.parse, "model": model}
    return how if options.channel is None else how | options.channel.reading(model)


def watch(source: Iterable[bytes], screen: Screen, **options: Any) -> int:
    """Show every event of a source on a screen as it comes; the exit code says how it ended."""
    events: Stream[Any] = Stream(screen.pieces(source), Bridge(**options), finish="lenient")
    show_all(events, screen)
    return ended(events.bridge)


def show_all(events: Stream[Any], screen: Screen) -> None:
    """Show every event of a stream on a screen as it comes, and its end."""
    with events, screen:
        for event in events:
            screen.show(event, events)
        screen.end(events)


def read(file: BinaryIO, bridge: Bridge) -> int:
    """Read a file up to its end, or to the end marker; the exit code says how it ended."""
    for piece in pieces(file):
        bridge.feed(piece)
        if bridge.over:
            break
    bridge.close()
    return ended(bridge)


def ended(bridge: Bridge) -> int:
    """The exit code of a stream without a fault of its JSON or its transport.

    Raises:
        Exception: The fault, if there is one.
    """
    error = bridge.error
    if error is None:
        return 0
    if isinstance(error, PartialJSONError):
        raise error
    is_ours = is_validation_error(error)
    complain(str(error).partition("\n")[0] if is_ours else f"a validator raised {said(error)}")
    return NOT_OF_ITS_TYPE


# -- Where the bytes come from ---------------------------------------------------------------------


def opened(name: str) -> BinaryIO:
    """A file to read bytes from; `-` is standard input."""
    try:
        return sys.stdin.buffer if name == "-" else Path(name).open("rb")
    except OSError as error:
        raise argparse.ArgumentTypeError(f"cannot read {name}: {error.strerror}") from None


def written_to(file: Path | None) -> AbstractContextManager[TextIO]:
    """A file to write lines to; standard error without one."""
    return nullcontext(sys.stderr) if file is None else file.open("w", encoding="ascii")


def wrong_with(errors: Path | None, model: object, file: BinaryIO) -> str | None:
    """Why errors cannot be written there, before anything is."""
    if errors is None:
        return None
    if model is None:
        return "--errors needs a --model to judge by"
    read = Path(getattr(file, "name", ""))
    if read.is_file() and errors.exists() and errors.samefile(read):
        return f"--errors would overwrite {errors}, which is read"
    return None


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
    add_web(demo)
    for run in (run_watch, run_events, run_snapshots, run_items, run_validate):
        add_reader(commands, run)
    command(commands, "complete", run_complete, takes_file=True)
    add_replay(command(commands, "replay", run_replay, takes_file=True))
    add_record(command(commands, "record", run_record))
    return parser


def add_reader(commands: Any, run: Callable[[argparse.Namespace], int]) -> None:
    """A command that reads a stream, with the options that it has."""
    name = run.__name__.removeprefix("run_")
    reader = command(commands, name, run, takes_file=True)
    reader.add_argument(
        "--provider",
        choices=NAMES,
        help="whose stream it is, or auto; else JSON text",
    )
    reader.add_argument(
        "--channel",
        type=channel,
        metavar="content|reasoning|tool[:NAME]",
        help="which of the texts of a stream; all of them without it",
    )
    reader.add_argument(
        "--find",
        action="store_const",
        const="find",
        default="json",
        dest="parse",
        help="find the JSON in an answer that also holds prose, fences or thinking",
    )
    add_special(reader, name)


def add_special(reader: argparse.ArgumentParser, name: str) -> None:
    """The options that only some commands have."""
    if name in ("events", "validate"):
        reader.add_argument("--values", action="store_true", help="show whole values, too")
    if name == "watch":
        views = ("tree", "table")
        told = "how arrays of flat objects are drawn"
        reader.add_argument("--view", choices=views, default="tree", help=told)
    if name in ("items", "validate", "watch"):
        reader.add_argument(
            "--model",
            type=model,
            required=name == "validate",
            metavar="PACKAGE.MODULE:NAME",
            help="the type, as pydantic.TypeAdapter takes it",
        )
    if name == "items":
        reader.add_argument(
            "--path", type=pattern, required=True, help="a JSONPath such as '$.items[*]'"
        )
        reader.add_argument(
            "--errors",
            type=Path,
            metavar="FILE",
            help="where to write what is not of the type; standard error without it",
        )


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
