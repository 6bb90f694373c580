"""A live stream to a file of its pieces and their times, and that file back to the pieces.

What flows in are the bytes of standard input, or of the answer to a request; what flows out are
JSON lines, the first about the whole and then one for each piece, and beside a file the stream
itself. What the bytes mean is not known here. No header of a request, no address and nothing that
was sent is written down: keys stand there.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import re
import sys
import time
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple, TextIO

from partialjson.errors import ConnectionLost, HTTPStatusError
from partialjson.path import JSON

from ._models import said
from .screens import ascii_json, emit, printable

__all__ = ["Piece", "Recording", "add_record", "read_recording", "run_record"]

VERSION = 1
LONGEST = 7 * 86_400  # seconds; a wait that is longer is no stream's, and may be no clock's either
READ_AT_MOST = 65_536  # bytes; a pipe gives what it has
CONNECTS_WITHIN = 30.0  # seconds; for an answer we wait as long as the user does
SUCCESS = range(200, 300)
STATUSES = range(200, 600)  # those that may stand before a body
LIBRARIES = ("httpx", "httpx2")
PLAIN = re.compile(r"[\t -~]*")  # a value that cannot end its header (RFC 9110, section 5.5)
HEADER = re.compile(rf"([!#$%&'*+.^_`|~0-9A-Za-z-]+):({PLAIN.pattern})")
CUT = "the recording is cut in its last line"


# -- The format ------------------------------------------------------------------------------------


class Piece(NamedTuple):
    """What came at once, never empty, and when: seconds since the start."""

    at: float
    data: bytes


@dataclass(frozen=True, slots=True)
class Recording:
    """A stream that has been written down.

    Attributes:
        content_type: That of the answer, if it was one and said so.
        status: That of the answer.
        pieces: What came, in order.
        broken: How it broke off, in words; `None` if it ended.
    """

    content_type: str | None
    status: int
    pieces: tuple[Piece, ...]
    broken: str | None = None


def read_recording(data: bytes) -> Recording | None:
    """The recording that a file holds; `None` if it holds something else.

    A last line that is not whole is one that was being written: the recording breaks off there.

    Raises:
        ValueError: It is of another version, or damaged; the message names the line.
    """
    lines = data.splitlines()
    head = header_in(lines[0]) if lines else None
    if head is None:
        return None
    if head["partialjson"] != VERSION:
        found = printable(str(head["partialjson"])[:20])
        raise ValueError(f"expected a recording of version {VERSION}, got version {found}")
    content_type, status = head.get("content_type"), head.get("status")
    pieces, broken = read_pieces(lines, is_whole=data.endswith(b"\n"))
    return Recording(
        content_type if type(content_type) is str and PLAIN.fullmatch(content_type) else None,
        status if type(status) is int and status in STATUSES else 200,
        tuple(piece for piece in pieces if piece.data),  # an empty chunk would end a body
        broken,
    )


def header_in(line: bytes) -> dict[str, JSON] | None:
    try:
        head = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return head if type(head) is dict and "partialjson" in head else None


def read_pieces(lines: list[bytes], *, is_whole: bool) -> tuple[list[Piece], str | None]:
    """The pieces behind the first line, and how the stream broke off, if it did."""
    pieces: list[Piece] = []
    for number, line in enumerate(lines[1:], 2):
        try:
            piece = piece_in(json.loads(line))
        except (ValueError, RecursionError):
            if number == len(lines) and not is_whole:
                return pieces, CUT
            shown = printable(line[:40].decode("ascii", "replace"))
            raise ValueError(f"expected a piece in line {number}, got {shown!r}") from None
        if isinstance(piece, str):
            return pieces, piece
        pieces.append(piece)
    return pieces, None


def piece_in(record: JSON) -> Piece | str:
    """The piece of a line, or the words of the last one.

    Raises:
        ValueError: It is neither.
    """
    match record:
        case {"broken": str(words)}:
            return printable(words)
        case {"at": int() | float() as at, "text": str(text)} if 0 <= at <= LONGEST:
            return Piece(at, text.encode())
        case {"at": int() | float() as at, "bytes": str(text)} if 0 <= at <= LONGEST:
            return Piece(at, base64.b64decode(text, validate=True))
    raise ValueError(record)


class Recorder:
    """Writes a stream down while it comes, each line at once: what came is kept, whatever follows.

    Args:
        lines: Where the recording goes.
        through: Where the stream itself goes as well, if anywhere.
    """

    def __init__(self, lines: TextIO, through: TextIO | None) -> None:
        self._lines, self._through = lines, through
        self._started = time.monotonic()
        self._date = datetime.now(UTC).isoformat(timespec="milliseconds")
        self._has_begun = False

    def begin(self, content_type: str | None = None, status: int | None = None) -> None:
        """The first line: what is known of the whole."""
        self._has_begun = True
        facts = {"content_type": content_type, "status": status, "started": self._date}
        emit(self._lines, ascii_json({"partialjson": VERSION, **facts}))

    def take(self, piece: bytes) -> None:
        """Write a piece down, and pass it on."""
        try:
            content = {"text": piece.decode()}
        except UnicodeDecodeError:  # cut inside a character, or no text
            content = {"bytes": base64.b64encode(piece).decode()}
        self._write(content)
        if self._through is not None:
            pass_on(piece, self._through)

    def break_off(self, words: str) -> None:
        """The last line of a stream that did not end."""
        if not self._has_begun:
            self.begin()
        self._write({"broken": words})

    def _write(self, content: dict[str, str]) -> None:
        at = round(time.monotonic() - self._started, 6)
        emit(self._lines, ascii_json({"at": at, **content}))


def pass_on(piece: bytes, out: TextIO) -> None:
    """Give a piece to whoever reads, if anybody still does.

    A reader that leaves is no end of the recording: the stream that it could not read is the one
    that one wants to look at.
    """
    try:
        out.buffer.write(piece)
        out.buffer.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), out.fileno())


# -- The command -----------------------------------------------------------------------------------


def run_record(options: argparse.Namespace) -> int:
    """Write a live stream down, with the time of each piece."""
    if options.url is None and (options.data is not None or options.header):
        options.refuse("--data and --header are of a request: which URL?")
    with lines_to(options.out) as lines:
        recorder = Recorder(lines, None if options.out is None else sys.stdout)
        try:
            return (
                record_input(recorder) if options.url is None else record_answer(recorder, options)
            )
        except KeyboardInterrupt:
            recorder.break_off("interrupted by the user")
            raise


def lines_to(file: Path | None) -> AbstractContextManager[TextIO]:
    """Where the recording goes: a file, or standard output."""
    return nullcontext(sys.stdout) if file is None else file.open("w", encoding="ascii")


def record_input(recorder: Recorder) -> int:
    """Write standard input down, up to its end."""
    recorder.begin()
    read = getattr(sys.stdin.buffer, "read1", sys.stdin.buffer.read)
    while piece := read(READ_AT_MOST):
        recorder.take(piece)
    return 0


def record_answer(recorder: Recorder, options: argparse.Namespace) -> int:
    """Send a request, and write its answer down, whatever its status.

    Raises:
        ConnectionLost: There was no answer, or it broke off.
        HTTPStatusError: The status is not success.
    """
    library = http_library()
    limits = library.Timeout(None, connect=CONNECTS_WITHIN)
    try:
        with library.Client(timeout=limits) as client, client.stream(**request(options)) as answer:
            recorder.begin(answer.headers.get("content-type"), answer.status_code)
            for piece in answer.iter_bytes():
                recorder.take(piece)
    except library.HTTPError as error:
        recorder.break_off(said(error))
        raise ConnectionLost(f"the stream broke off: {said(error)}", retryable=True) from error
    if answer.status_code not in SUCCESS:
        status = answer.status_code
        raise HTTPStatusError(f"the answer has status {status}", status_code=status)
    return 0


def request(options: argparse.Namespace) -> dict[str, Any]:
    """The arguments of a request: with data a POST of JSON, unless a header says otherwise."""
    if options.data is None:
        return {"method": "GET", "url": options.url, "headers": options.header}
    names = {name.lower() for name, _ in options.header}
    kind = [] if "content-type" in names else [("Content-Type", "application/json")]
    headers = [*options.header, *kind]
    return {"method": "POST", "url": options.url, "headers": headers, "content": options.data}


def http_library() -> Any:
    """The one of httpx and httpx2 that is installed.

    Raises:
        ArgumentTypeError: None is.
    """
    for name in LIBRARIES:
        with suppress(ImportError):
            return import_module(name)
    extra = "pip install 'partialjson-streaming[httpx]'"
    raise argparse.ArgumentTypeError(f"a URL needs httpx or httpx2: {extra}")


# -- Its options -----------------------------------------------------------------------------------


def add_record(parser: argparse.ArgumentParser) -> None:
    """The options of `record`."""
    parser.set_defaults(refuse=parser.error)
    parser.add_argument("url", nargs="?", type=address, help="standard input without it")
    parser.add_argument(
        "--data", type=body, metavar="JSON|@FILE", help="what to send; the request is a POST then"
    )
    parser.add_argument(
        "--header",
        type=header,
        action="append",
        default=[],
        metavar="'NAME: VALUE'",
        help="a header to send, never written down; may be repeated",
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="FILE",
        help="where the recording goes, and the stream itself then to standard output",
    )


def address(text: str) -> str:
    """A URL that a library for it can read."""
    library = http_library()
    try:
        url = library.URL(text)
    except library.InvalidURL as error:
        raise argparse.ArgumentTypeError(f"no URL: {error}") from None
    if url.scheme not in ("http", "https") or not url.host:
        raise argparse.ArgumentTypeError("expected a URL that begins with http:// or https://")
    return text


def body(text: str) -> bytes:
    """JSON to send, or what a file of it holds."""
    try:
        data = Path(text[1:]).read_bytes() if text.startswith("@") else text.encode()
        json.loads(data)
    except OSError as error:
        raise argparse.ArgumentTypeError(f"cannot read {text[1:]}: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise argparse.ArgumentTypeError(f"expected JSON or @FILE: {said(error)}") from None
    return data


def header(text: str) -> tuple[str, str]:
    """A header as curl takes it; a wrong one is not shown, for it may be a key."""
    if (found := HEADER.fullmatch(text)) is None:
        raise argparse.ArgumentTypeError("expected 'Name: value' in ASCII")
    return found[1], found[2].strip()
