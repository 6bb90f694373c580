"""What all framings have in common: bytes in, whole things out, a limit and its place, an end.

The bytes of a body flow in, cut anywhere, and go to the framing without their byte order mark; what
it finds whole flows out. Where one thing ends and the next begins is each framing's own.
"""

from __future__ import annotations

import json
from abc import abstractmethod
from typing import Generic, NoReturn, TypeVar

from partialjson.errors import LimitExceeded
from partialjson.wire.sse import EXCERPT, after_mark

__all__ = ["BLANK", "DEFAULT_LIMIT", "Framing", "decoded", "is_whole"]

Whole = TypeVar("Whole")

BLANK = " \t\n\r"  # RFC 8259's whitespace
DEFAULT_LIMIT = 32 * 1024**2  # bytes: models send whole images as base64

# A number may have more digits than `int` takes: here it is not needed as one.
READER = json.JSONDecoder(parse_int=str, parse_float=str)


class Framing(Generic[Whole]):
    """What each framing does alike; a framing adds `_read`, what some bytes complete, and `_end`.

    Args:
        limit_name: What the framing's own option is called.
        limit: The most bytes that may be held; `None` for no limit.
    """

    def __init__(self, limit_name: str, limit: int | None) -> None:
        self._limit_name = limit_name
        self._limit = limit
        self._mark: bytes | None = b""  # the body's first bytes, while they may be a mark
        self._held = bytearray()  # what is not whole yet
        self._offset = 0  # bytes read, the mark not counted
        self._line = self._column = 1
        self._closed = False
        self._error: LimitExceeded | None = None

    def feed(self, data: bytes | bytearray | memoryview) -> list[Whole]:
        """What `data` completes, in order; often nothing.

        Raises:
            LimitExceeded: One is over the limit. `offset`, `line` and `column` are those of the
                first byte over, and count bytes; `found` is how it begins; `events` is what of
                this feed was whole before it. From now on `feed` and `close` raise this same error.
            RuntimeError: The decoder is closed.
            TypeError: `data` is not bytes. This ends nothing.
        """
        if self._error is not None:
            raise self._error.with_traceback(None)  # else it would grow with each call
        if self._closed:
            raise RuntimeError(
                f"feed() after close(): a new body needs a new {type(self).__name__}"
            )
        whole: list[Whole] = []
        body = data if type(data) is bytes else as_bytes(data)
        if self._mark is not None:
            self._mark, body = after_mark(self._mark, body)
        self._take(body, whole)
        return whole

    def close(self) -> list[Whole]:
        """What only the end of the body completes. Closing twice is fine, and gives `[]`.

        Raises:
            LimitExceeded: The same error that an earlier `feed` raised, or its first occasion: up
                to two bytes wait until they cannot become a byte order mark.
        """
        if self._error is not None:
            raise self._error.with_traceback(None)  # else it would grow with each call
        if self._closed:
            return []
        self._closed = True
        whole: list[Whole] = []
        half, self._mark = self._mark or b"", None
        self._take(half, whole)
        self._end(whole)
        return whole

    @property
    def unfinished(self) -> bytes:
        """The bytes that have come to nothing so far; at the end, what was cut off. A copy."""
        return (self._mark or b"") + self._held

    def __getstate__(self) -> dict[str, object]:
        # A shallow copy would share the one thing that changes in place.
        return {**self.__dict__, "_held": self._held.copy()}

    @abstractmethod
    def _read(self, body: bytes, whole: list[Whole]) -> None:
        """Append to `whole` what these bytes complete."""

    @abstractmethod
    def _end(self, whole: list[Whole]) -> None:
        """Append to `whole` what the end completes."""

    def _take(self, body: bytes, whole: list[Whole]) -> None:
        self._read(body, whole)
        self._move(body)

    def _move(self, passed: bytes) -> None:
        """Move the place behind these bytes; only LF ends a line, as in all errors about texts."""
        self._offset += len(passed)
        line_end = passed.rfind(b"\n")
        if line_end < 0:
            self._column += len(passed)
        else:
            self._line += passed.count(b"\n")
            self._column = len(passed) - line_end

    def _hold(self, body: bytes, start: int, end: int, whole: list[Whole]) -> None:
        """Keep a piece of the body: appended, never joined, since it may be one of millions."""
        if self._limit is not None and len(self._held) + end - start > self._limit:
            over = start + self._limit - len(self._held)
            self._held += body[start:over]
            self._move(body[:over])
            place = self._offset, self._line, self._column
            self._fail(decoded(self._held[:EXCERPT]), place, whole)
        self._held += body[start:end]

    def _fail(self, found: str, place: tuple[int, int, int], whole: list[Whole]) -> NoReturn:
        """End the decoder, and say where."""
        offset, line, column = place
        self._error = LimitExceeded(
            limit=self._limit_name,
            limit_value=self._limit,
            found=found,
            offset=offset,
            line=line,
            column=column,
        )
        self._error.events = whole
        raise self._error from None

    def _released(self) -> str:
        """What was held, as text; from now on nothing is."""
        text = decoded(self._held)
        self._held.clear()
        return text


def is_whole(text: str) -> bool:
    """Whether a text is one JSON value, as Python reads it."""
    try:
        READER.decode(text)
    except (ValueError, RecursionError):
        return False
    return True


def as_bytes(data: bytes | bytearray | memoryview) -> bytes:
    if type(data) is bytes:
        return data
    try:
        return bytes(memoryview(data))  # `bytes(5)` would be five bytes
    except TypeError:
        raise TypeError(f"a body is bytes, got {type(data).__name__}") from None


def decoded(text: bytes | bytearray) -> str:
    # No mark that parts messages is part of a longer UTF-8 sequence, so each decodes by itself.
    return text.decode("utf-8", "replace")
