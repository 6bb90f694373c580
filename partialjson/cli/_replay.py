"""A recorded stream to a live one: cut into pieces, each sent when it is due.

What flows in are the bytes of an event stream, of JSON lines or of a JSON text, or a recording;
what flows out are pieces of them, to standard output, or over loopback to everyone who asks. Who
else is on the network, and what the bytes mean to a model's client, are not known here.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import sys
import time
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from io import BufferedIOBase
from itertools import accumulate
from typing import TYPE_CHECKING, BinaryIO

from partialjson.errors import ConnectionLost, TextError
from partialjson.events import Event, ValueEnd
from partialjson.parser import Parser

from ._record import Piece, Recording, read_recording
from .screens import emit

if TYPE_CHECKING:
    import socket
    from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

__all__ = ["Playback", "add_replay", "run_replay", "server_of"]

LOOPBACK = "127.0.0.1"  # and nowhere else: a recording may hold what nobody else should read
RATE = 60.0  # pieces a second: a fast model's tokens
SLOWEST = 0.01
PORTS = range(65_536)
LARGEST = 10  # random pieces have up to 2 ** 10 bytes, and more often few
READ_AT_MOST = 65_536  # bytes, of a request
LINE = 1_024  # bytes, of a line between the chunks of one

EVENT_STREAM, JSON_TEXT, JSON_LINES = (
    "text/event-stream",
    "application/json",
    "application/x-ndjson",
)
BYTE_ORDER_MARK = "\ufeff"
EVENT = re.compile(  # and its blank line (HTML, section 9.2.5); no half of a CRLF is a line end
    rb".+?(?:(?>\r\n|\r|\n){2}|\Z)", re.DOTALL
)


# -- What kind of stream it is, and how it is cut --------------------------------------------------


def content_type_of(body: bytes) -> str:
    """What a body is, by how it begins: JSON in one text or in lines, or else events."""
    start = body.removeprefix(BYTE_ORDER_MARK.encode()).lstrip()
    if not start.startswith((b"[", b"{")):
        return EVENT_STREAM
    first, *more = start.splitlines()
    return JSON_LINES if more and is_json(first) else JSON_TEXT


def is_json(line: bytes) -> bool:
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True


def messages(body: bytes) -> Iterator[bytes]:
    """One message of the stream at a time: an event, a line, or an element of an array."""
    match content_type_of(body):
        case "text/event-stream":
            return (found[0] for found in EVENT.finditer(body))
        case "application/x-ndjson":
            return iter(body.splitlines(keepends=True))
    return elements(body)


def elements(body: bytes) -> Iterator[bytes]:
    """A JSON text by its elements or members, each with what stands before it, and its end."""
    text = body.decode("utf-8", "surrogateescape")
    start, mark = 0, text.startswith(BYTE_ORDER_MARK)  # which is one character, and no JSON
    for event in events_of(text.removeprefix(BYTE_ORDER_MARK)):
        if isinstance(event, ValueEnd) and len(event.path) == 1:
            yield text[start : event.end + mark].encode("utf-8", "surrogateescape")
            start = event.end + mark
    yield text[start:].encode("utf-8", "surrogateescape")


def events_of(text: str) -> list[Event]:
    """Those of the whole text, or of what stands before a fault."""
    try:
        return Parser().feed(text)
    except TextError as error:
        return error.events


def characters(body: bytes) -> Iterator[bytes]:
    """One character at a time, whole; a byte that is of none, alone."""
    text = body.decode("utf-8", "surrogateescape")
    return (character.encode("utf-8", "surrogateescape") for character in text)


def at_random(body: bytes, seed: int) -> Iterator[bytes]:
    """Cut anywhere, inside a character, too; with the same seed at the same places."""
    chance, start = random.Random(seed), 0  # noqa: S311 - sizes, not secrets
    while start < len(body):
        end = start + chance.randint(1, 2 ** chance.randint(0, LARGEST))
        yield body[start:end]
        start = end


# A message of a model's stream has about one token, so both words say how such a stream is cut.
CUTS = {"token": messages, "event": messages, "char": characters}


# -- When each piece is due ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Playback:
    """A recording, and how it is played.

    Attributes:
        recording: What is played.
        chunk: How it is cut: a name of the command line; `None` for the pieces as they came.
        rate: Pieces a second; `None` for the recording's own times.
        seed: Where the chance of `"random"` begins.
    """

    recording: Recording
    chunk: str | None = None
    rate: float | None = None
    seed: int = 0

    @property
    def content_type(self) -> str:
        """As it was recorded, or else by how it begins."""
        return self.recording.content_type or content_type_of(self.body)

    @property
    def body(self) -> bytes:
        """All of it."""
        return b"".join(piece.data for piece in self.recording.pieces)

    def __iter__(self) -> Iterator[Piece]:
        """Each piece, and when it is due: seconds after the first could be. Anew each time."""
        if self.rate is None:
            return as_they_came(self.cut(), self.recording.pieces)
        return (Piece(number / self.rate, data) for number, data in enumerate(self.cut()))

    def cut(self) -> Iterator[bytes]:
        if self.chunk is None:
            return (piece.data for piece in self.recording.pieces)
        if self.chunk == "random":
            return at_random(self.body, self.seed)
        return filter(None, CUTS[self.chunk](self.body))  # an empty chunk would end a body


def as_they_came(cut: Iterable[bytes], recorded: tuple[Piece, ...]) -> Iterator[Piece]:
    """Each piece when its last byte came, however it is cut."""
    ends = [*accumulate(len(piece.data) for piece in recorded)]
    end = 0
    for data in cut:
        end += len(data)
        yield Piece(recorded[bisect_left(ends, end)].at, data)


# -- The command -----------------------------------------------------------------------------------


def run_replay(options: argparse.Namespace) -> int:
    """Replay a recorded stream as a live one, into a pipe or over loopback."""
    with options.file as file:
        playback = playback_of(file, options)
    if options.serve is None:
        write(playback, sys.stdout.buffer)
    else:
        serve(playback, options.serve)
    return 0


def playback_of(file: BinaryIO, options: argparse.Namespace) -> Playback:
    """What a file holds, and how it is to be played."""
    data = file.read()
    try:
        recording = read_recording(data)
    except ValueError as error:
        options.refuse(str(error))
    if recording is not None:
        return Playback(recording, options.chunk, options.rate, options.seed)
    whole = Recording(None, 200, (Piece(0.0, data),) if data else ())
    return Playback(whole, options.chunk or "token", options.rate or RATE, options.seed)


def write(playback: Playback, out: BinaryIO) -> None:
    """Write each piece when it is due.

    Raises:
        ConnectionLost: The recording breaks off, and so does this.
    """
    start = time.monotonic()
    for due, data in playback:
        time.sleep(max(0.0, start + due - time.monotonic()))
        out.write(data)
        out.flush()
    if playback.recording.broken is not None:
        raise ConnectionLost(f"the recorded stream breaks off: {playback.recording.broken}")


# -- Over loopback ---------------------------------------------------------------------------------


def serve(playback: Playback, port: int) -> None:
    """Serve it until the user interrupts, and say where."""
    with server_of(playback, port) as server:
        emit(sys.stdout, f"http://{LOOPBACK}:{server.server_port}/")
        server.serve_forever()


def server_of(playback: Playback, port: int) -> ThreadingHTTPServer:
    """A server on loopback that plays it to every request anew; its threads end with the process.

    Args:
        playback: What is played.
        port: Where; 0 for any that is free.
    """
    # 25 ms that no other command needs.
    from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer  # noqa: PLC0415

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # a piece is sent when it is due, and not with the next one

        def handle(self) -> None:
            with suppress(ConnectionError):  # the client has left
                super().handle()

        def do_GET(self) -> None:
            answer(self, playback)

        do_POST = do_GET  # noqa: N815 - the standard library's name

        def log_message(self, *words: object) -> None:
            """Not a word: standard error is for what went wrong."""

    return ThreadingHTTPServer((LOOPBACK, port), Handler)


def answer(handler: BaseHTTPRequestHandler, playback: Playback) -> None:
    """Read a request to its end, and play."""
    try:
        skip_body(handler)
    except ValueError:
        handler.send_error(400)
        return
    is_chunked = handler.request_version >= "HTTP/1.1"  # RFC 9112, section 7: no older one knows it
    handler.send_response(playback.recording.status)
    handler.send_header("Content-Type", playback.content_type)
    handler.send_header("Cache-Control", "no-store")
    handler.send_header("Connection", "close")
    if is_chunked:
        handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    if play(handler, playback, is_chunked=is_chunked) and is_chunked:
        handler.wfile.write(b"0\r\n\r\n")


def play(handler: BaseHTTPRequestHandler, playback: Playback, *, is_chunked: bool) -> bool:
    """Send each piece when it is due; whether that went on to a good end."""
    start = time.monotonic()
    for due, data in playback:
        if not is_there(handler.connection, start + due - time.monotonic()):
            return False
        handler.wfile.write(b"%x\r\n%b\r\n" % (len(data), data) if is_chunked else data)
    return playback.recording.broken is None


def is_there(client: socket.socket, seconds: float) -> bool:
    """Wait; whether the client is still there then, or false as soon as it leaves.

    One that has ended its side of the connection has left. What else it sends is thrown away: its
    end stands behind that, and the connection is good for one answer.
    """
    due = time.monotonic() + seconds
    try:
        client.settimeout(max(0.0, seconds))
        while client.recv(READ_AT_MOST):
            if (left := due - time.monotonic()) <= 0:
                return True
            client.settimeout(left)
    except (TimeoutError, BlockingIOError):
        return True
    finally:
        client.settimeout(None)
    return False


def skip_body(handler: BaseHTTPRequestHandler) -> None:
    """Read what was sent with a request: a socket that is closed before loses the answer, too.

    Raises:
        ValueError: Its length, or that of a chunk, is no number.
    """
    read = handler.rfile
    if "chunked" not in handler.headers.get("Transfer-Encoding", "").lower():
        skip(read, int(handler.headers.get("Content-Length", 0)))
        return
    while size := int(read.readline(LINE).partition(b";")[0], 16):
        skip(read, size + len(b"\r\n"))
    while read.readline(LINE).strip():  # trailers, and the blank line
        pass


def skip(read: BufferedIOBase, size: int) -> None:
    while size > 0 and (piece := read.read(min(size, READ_AT_MOST))):
        size -= len(piece)


# -- Its options -----------------------------------------------------------------------------------


def add_replay(parser: argparse.ArgumentParser) -> None:
    """The options of `replay`, beside its file."""
    parser.set_defaults(refuse=parser.error)
    parser.add_argument(
        "--rate",
        type=rate,
        help="pieces a second; without it 60, or the times that were recorded",
    )
    parser.add_argument(
        "--chunk",
        choices=(*CUTS, "random"),
        help="what a piece is; without it a message of the stream, or what came at once",
    )
    parser.add_argument("--seed", type=int, default=0, help="where the chance of random begins")
    parser.add_argument(
        "--serve",
        type=port,
        metavar="PORT",
        help=f"serve it at http://{LOOPBACK}:PORT/ to every request anew; 0 for any free port",
    )


def rate(text: str) -> float:
    """Pieces a second: some number of them, `inf` for all at once."""
    pieces = float(text)
    if not pieces >= SLOWEST:  # NaN is not, either
        raise argparse.ArgumentTypeError(f"expected at least {SLOWEST} a second, got {text}")
    return pieces


def port(text: str) -> int:
    """A port of TCP."""
    number = int(text)
    if number not in PORTS:
        raise argparse.ArgumentTypeError(f"expected 0 to {PORTS[-1]}, got {text}")
    return number
