"""Bytes to server-sent events, by the algorithm of the HTML standard.

The bytes of a `text/event-stream` body flow in, cut anywhere; whole events flow out (§9.2.5 says
what a stream looks like, §9.2.6 how it is read). What the standard tells a browser to throw away
stays visible here, since over an API it means something: comments are heartbeats, unknown fields
carry errors, and what the end cut off tells a break from an end. What an event means, where the
bytes come from and when to connect again are not known here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeVar, dataclass_transform

from partialjson.errors import LimitExceeded

__all__ = ["SSEDecoder", "ServerSentEvent"]

T = TypeVar("T")

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
EXCERPT = 40  # bytes of an event that are shown when it grows over the limit
FIELDS_KEPT = 1_024  # unknown ones of one event: more would be an attack on our memory
RETRY_DIGITS = 15  # 31,000 years; `int()` refuses thousands of digits, a float hundreds

# A block as nearly all are: one line of data, perhaps its type before it, and the blank line. Read
# at a glance in two fifths of the time that its lines take one by one (`benchmarks.path`).
EVERYDAY = re.compile(rb"(?:event: ?+(.*+)\n)?+data: ?+(.*+)\n\n").match  # where no CR is
WITH_CR = re.compile(rb"(?:event: ?+([^\r\n]*+)\r\n)?+data: ?+([^\r\n]*+)\r\n\r\n").match


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def server_sent(cls: type[T]) -> type[T]:
    """A dataclass that is frozen for type checkers alone: truly frozen takes 4 times as long."""
    return dataclass(slots=True)(cls)


@server_sent
class ServerSentEvent:
    r"""One event, as the standard dispatches it. Events compare by value and are not hashable.

    Attributes:
        event: The event type: `"message"` where the stream names none.
        data: The values of the `data` lines, joined by `"\n"`.
        id: The last event ID at dispatch: it stays from event to event until the stream changes it.
        fields: Lines that the standard does not know and ignores, as `(name, value)`, in order; the
            first 1,024 of them.
        end: Bytes of the stream up to the end of the blank line, a byte order mark not counted; of
            a CRLF only the CR. It tells which of two things came first, and is not compared.
    """

    event: str
    data: str
    id: str = ""
    fields: tuple[tuple[str, str], ...] = ()
    end: int = field(default=0, compare=False)


class SSEDecoder:
    """Decode one event stream, exactly as the HTML standard says (§9.2.5 and §9.2.6).

    `feed` it the body as it comes, read the facts in between, `close` it at the end. Nothing in a
    stream is an error but an event over `max_event`; what is not UTF-8 becomes U+FFFD. Chunking
    never shows: cut anywhere, a stream gives the same events, comments, facts and error. The work
    is linear in the bytes. `copy`, `deepcopy` and `pickle` work at any byte.

    Args:
        max_event: The most bytes that one event may take, a line end counted as one; `None` for no
            limit. A comment counts only until it ends: heartbeats must not add up. The default is
            32 MiB, since models send whole images as base64.
        last_event_id: The ID to start from: that of the connection which this stream resumes.

    Attributes:
        last_event_id: What to send as `Last-Event-ID` when connecting again, if it is not empty.
        retry: The reconnection time in milliseconds that the server asked for last, or `None`. Only
            ASCII digits count, and at most 15 after leading zeros; anything else is ignored.
        comment_ends: Where each of `comments` ends, as `ServerSentEvent.end` counts it.
        comments: The comments of the latest feed, in order, each as it stands after its colon.
            A comment is heard at the end of its line, inside an event too.
        undispatched: The blocks of the latest feed for which the standard fires nothing, in order:
            they have a field, maybe an unknown one, but no `data`. Their `data` here is `""`.
    """

    def __init__(self, *, max_event: int | None = 32 * 1024**2, last_event_id: str = "") -> None:
        self.last_event_id: str = last_event_id
        self.retry: int | None = None
        self.comments: list[str] = []
        self.comment_ends: list[int] = []
        self.undispatched: list[ServerSentEvent] = []
        self._max_event = max_event
        self._mark: bytes | None = b""  # the stream's first bytes, while they may be a mark
        self._held = bytearray()  # the block's fields, an LF behind each, and the unfinished line
        self._line_start = 0  # of the unfinished line, in `_held`
        self._after_cr = False  # an LF that comes now belongs to the line end before
        self._offset = 0  # bytes read, the mark not counted
        self._line = 1
        self._closed = False
        self._error: LimitExceeded | None = None

    def feed(self, data: bytes | bytearray | memoryview) -> list[ServerSentEvent]:
        """The events that `data` completes, in order; often none.

        A CR ends its line without waiting for an LF. Empty `data` changes nothing, except that
        `comments` and `undispatched` start anew with each feed.

        Raises:
            LimitExceeded: An event is over `max_event`. `offset`, `line` and `column` are those of
                the first byte over, and count bytes; `found` is how the event begins; `events` are
                those of this feed before it. From now on `feed` and `close` raise this same error.
            RuntimeError: The decoder is closed.
            TypeError: `data` is not bytes. This ends nothing.
        """
        if self._error is not None:
            raise self._error.with_traceback(None)  # else it would grow with each call
        if self._closed:
            raise RuntimeError("feed() after close(): a new stream needs a new SSEDecoder")
        stream = data if type(data) is bytes else _as_bytes(data)
        if self._mark is not None:
            self._mark, stream = after_mark(self._mark, stream)
        has_cr = self._after_cr or b"\r" in stream
        if has_cr:
            stream = self._after_line_end(stream)

        self.comments, self.comment_ends, self.undispatched = [], [], []
        events: list[ServerSentEvent] = []
        everyday, blank_line = (WITH_CR, b"\r\n\r\n") if has_cr else (EVERYDAY, b"\n\n")
        at = 0
        while at < len(stream):
            block = None if self._held else everyday(stream, at)
            if block is not None and self._fires(block, events, has_cr=has_cr):
                at = block.end()
            else:
                end = stream.find(blank_line, at)
                end = len(stream) if end < 0 else end + len(blank_line)
                self._read_lines(stream[at:end], events)
                at = end
        return events

    def close(self) -> list[ServerSentEvent]:
        """Always `[]`: the standard discards an event whose blank line did not come.

        Nobody knows whether it was whole; `unfinished` has what came of it. Closing twice is fine.

        Raises:
            LimitExceeded: The same error that an earlier `feed` raised.
        """
        if self._error is not None:
            raise self._error.with_traceback(None)  # else it would grow with each call
        self._closed = True
        self.comments, self.comment_ends, self.undispatched = [], [], []
        return []

    @property
    def unfinished(self) -> bytes:
        r"""What came since the last blank line: `b""` if nothing is left over.

        The bytes of its field lines, each ended by `"\n"` whatever ended it in the stream, and of
        the line that has not ended. Comments that ended are left out. Each read makes a copy.
        """
        return (self._mark or b"") + self._held

    def __getstate__(self) -> dict[str, object]:
        # A shallow copy would share the one thing that changes in place.
        return {**self.__dict__, "_held": self._held.copy()}

    def _after_line_end(self, data: bytes) -> bytes:
        """`data` without the LF of a CRLF that was cut in two: its CR has ended the line."""
        cut = self._after_cr and data.startswith(b"\n")
        if data:
            self._after_cr = data.endswith(b"\r")
        self._offset += cut
        return data[cut:]

    def _fires(
        self, block: re.Match[bytes], events: list[ServerSentEvent], *, has_cr: bool
    ) -> bool:
        """Fire the event of an everyday block; not of one that may be over the limit."""
        size = block.end() - block.start()
        if self._max_event is not None and size > self._max_event:
            return False
        named, value = block.groups()
        self._offset += size
        self._line += 2 if named is None else 3
        event_type = _decoded(named) or "message" if named else "message"
        end = self._offset - has_cr
        events.append(ServerSentEvent(event_type, _decoded(value), self.last_event_id, (), end))
        return True

    def _read_lines(self, stream: bytes, events: list[ServerSentEvent]) -> None:
        for line in stream.splitlines(keepends=True):  # of bytes: at CR, LF and CRLF, nowhere else
            text = line.rstrip(b"\r\n")
            self._hold(text, events)
            self._offset += len(text)
            if len(text) < len(line):
                self._end_line(events)
                self._offset += len(line) - len(text)

    def _hold(self, piece: bytes, events: list[ServerSentEvent]) -> None:
        """Keep a piece of a line: appended, never joined, since it may be one of millions."""
        if self._max_event is not None and len(self._held) + len(piece) > self._max_event:
            self._exceed(self._max_event, piece, events)
        self._held += piece

    def _exceed(self, limit: int, piece: bytes, events: list[ServerSentEvent]) -> None:
        """End the decoder at the first byte over the limit, and keep those before it."""
        room = limit - len(self._held)
        self._held += piece[:room]
        self._error = LimitExceeded(
            limit="max_event",
            limit_value=limit,
            found=_decoded(self._held[:EXCERPT]),
            offset=self._offset + room,
            line=self._line,
            column=len(self._held) - self._line_start + 1,
        )
        self._error.events = events
        raise self._error

    def _end_line(self, events: list[ServerSentEvent]) -> None:
        """Tell a blank line, a comment and a field apart (§9.2.6, "process the line")."""
        if len(self._held) == self._line_start:
            self._dispatch(events)
        elif self._held.startswith(b":", self._line_start):
            self.comments.append(_decoded(self._held[self._line_start + 1 :]))
            self.comment_ends.append(self._offset + 1)
            del self._held[self._line_start :]
        else:
            self._hold(b"\n", events)
            self._set_reconnection_time()
            self._line_start = len(self._held)
        self._line += 1

    def _set_reconnection_time(self) -> None:
        """Set it at once if this line is a `retry` field: alone of all it does not wait."""
        if not self._held.startswith(b"retry:", self._line_start):
            return
        _, value = _name_and_value(self._held[self._line_start : -1])
        digits = value.lstrip(b"0") or b"0"
        if value.isdigit() and len(digits) <= RETRY_DIGITS:  # of bytes: ASCII digits alone
            self.retry = int(digits)

    def _dispatch(self, events: list[ServerSentEvent]) -> None:
        """Fire the event that the fields of the block make, if they have data (§9.2.6)."""
        if not self._held:
            return
        event_type, data = "message", list[str]()
        fields: list[tuple[str, str]] = []
        for line in _lines(self._held):
            name, value = _name_and_value(line)
            if name == b"data":
                data.append(_decoded(value))
            elif name == b"event":
                event_type = _decoded(value) or "message"
            elif name == b"id":
                if b"\0" not in value:
                    self.last_event_id = _decoded(value)
            elif name != b"retry" and len(fields) < FIELDS_KEPT:
                fields.append((_decoded(name), _decoded(value)))

        end = self._offset + 1
        event = ServerSentEvent(event_type, "\n".join(data), self.last_event_id, tuple(fields), end)
        (events if data else self.undispatched).append(event)
        self._held.clear()
        self._line_start = 0


def after_mark(held: bytes | None, data: bytes) -> tuple[bytes | None, bytes]:
    """`data` without the one byte order mark that a stream may begin with (§9.2.6).

    Args:
        held: The first bytes of the stream, while they may be a mark; `None` behind them.
        data: What came next.

    Returns:
        What is held now, and the bytes behind the mark.
    """
    if held is None:
        return None, data
    start = held + data
    if len(start) < len(BYTE_ORDER_MARK) and BYTE_ORDER_MARK.startswith(start):
        return start, b""
    return None, start.removeprefix(BYTE_ORDER_MARK)


def _as_bytes(data: bytes | bytearray | memoryview) -> bytes:
    if type(data) is bytes:
        return data
    try:
        return bytes(memoryview(data))  # `bytes(5)` would be five bytes
    except TypeError:
        raise TypeError(f"an event stream is bytes, got {type(data).__name__}") from None


def _lines(block: bytearray) -> Iterator[bytearray]:
    """One after the other: a list of all would take fifty times the memory of empty ones."""
    start = 0
    while (end := block.find(b"\n", start)) >= 0:
        yield block[start:end]
        start = end + 1


def _name_and_value(line: bytearray) -> tuple[bytearray, bytearray]:
    """Split at the first colon; of the spaces behind it one is not part of the value (§9.2.6)."""
    name, _, value = line.partition(b":")
    return name, value.removeprefix(b" ")


def _decoded(text: bytes | bytearray) -> str:
    # No line end is part of a longer UTF-8 sequence, so a line decodes as it would in its stream.
    return text.decode("utf-8", "replace")
