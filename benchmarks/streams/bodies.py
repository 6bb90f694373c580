"""Bodies of streams to be decoded in memory: many small deltas, or one long line.

A dialect and numbers flow in, pieces of bytes as a socket would give them flow out.
"""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.shapes import pieces, records

from .scripts import DIALECTS

__all__ = ["CUTS", "DELTAS", "LINE", "endless", "line", "stream"]

DELTAS = 5_000
DELTA = 4  # characters: about one token of a model
RECORD = 16_384  # bytes: what TLS puts into a record at most
LINE = 4 * 2**20  # bytes: an image as base64
CHUNK = 1_024  # bytes

CUTS = ("each event", "16 KB")  # how a body comes: as a model writes it, or as a cache repeats it


def stream(dialect: str, cut: str) -> list[bytes]:
    """One answer whose text is JSON, in about 5,000 deltas."""
    api = DIALECTS[dialect]
    events = [api.piece(delta) for delta in pieces(records(DELTAS * DELTA, seed=7), DELTA)]
    found = [data for data in (api.begin, *events, api.finish, api.mark) if data]
    return found if cut == CUTS[0] else in_pieces(b"".join(found), RECORD)


def line() -> list[bytes]:
    """One event, all of it on one line."""
    return in_pieces(b"data: " + b"x" * LINE + b"\n\n", CHUNK)


def endless(dialect: str, count: int) -> Iterator[bytes]:
    """Events that are made when they are asked for: what is held of them, the reader holds."""
    api = DIALECTS[dialect]
    yield api.begin + api.piece("[0")
    for _ in range(count):
        yield api.piece(",100")
    yield api.piece("]") + api.finish + api.mark


def in_pieces(body: bytes, size: int) -> list[bytes]:
    return [body[start : start + size] for start in range(0, len(body), size)]
