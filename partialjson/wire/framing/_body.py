"""Bytes of any answer's body to its messages: its first bytes tell what frames them.

The bytes flow in, cut anywhere; messages and heartbeats flow out, each as soon as it is whole. What
a message means is not known here, nor what the answer's head said about its body.
"""

from __future__ import annotations

from copy import copy
from dataclasses import field
from typing import Any, Literal, TypeAlias

from partialjson.errors import LimitExceeded
from partialjson.wire.sse import BYTE_ORDER_MARK, ServerSentEvent, SSEDecoder, server_sent

from ._base import BLANK, DEFAULT_LIMIT, Framing, decoded, is_whole
from ._texts import NOT_BLANK, RECORD_SEPARATOR, JSONArrayDecoder, NDJSONDecoder

__all__ = ["BodyDecoder", "BodyKind", "Message"]

BodyKind: TypeAlias = Literal["sse", "ndjson", "array", "body", "html"]
Inner: TypeAlias = SSEDecoder | NDJSONDecoder | JSONArrayDecoder

KINDS: dict[bytes, BodyKind] = {b"[": "array", b"<": "html", b"\x1e": "ndjson"}  # by first bytes
SHOWN = 200  # characters of a body that tell what it was
HEAD_KEPT = 4 * SHOWN  # bytes: no character takes more than four


@server_sent
class Message:
    """One message of a body, whatever framed it, or a comment of an event stream.

    Attributes:
        data: The text of the message, or of the comment as it stands after its colon.
        event: The event type, `"message"` where none is named; `None` for a comment, which says
            that the stream lives.
        id: Of an event stream the last event ID, as `ServerSentEvent` has it; not compared.
    """

    data: str
    event: str | None = "message"
    id: str = field(default="", compare=False)


class BodyDecoder(Framing[Message]):
    """Decode the body of any answer to its messages: its first bytes tell what frames them.

    `feed` it the body as it comes, `close` it at the end, and read the facts. Behind a byte order
    mark and blanks, `[` begins an array, `<` a page, and RFC 7464's separator lines; `{` begins
    lines if the first of them is whole by itself, otherwise one body, which is given at the end.
    Anything else is read as an event stream, as is one without an event: `heard` and `excerpt` tell
    what is none. A text that the end cut off is no message: it stays in `unfinished`.

    Of an event stream comments are given in their places. An `error` field without `data` is a
    message of the type `"error"` (llama.cpp), and so is a bare JSON text a message (Google): behind
    the last event, or before a blank line, where the standard reads it as unknown fields.

    Chunking never shows. The work is linear in the bytes, and only an unfinished message is held.
    `copy`, `deepcopy` and `pickle` work at any byte.

    Args:
        kind: What the body is, if it is known: `"sse"`, `"ndjson"` or `"array"`.
        max_message: The most bytes of one message, counted as `SSEDecoder`, `NDJSONDecoder` and
            `JSONArrayDecoder` do; what stands before a message that tells the kind counts with it.
            `None` for no limit.

    Attributes:
        kind: What the body is; `None` while nothing tells.
        heard: Whether any message or comment came out of it.
    """

    def __init__(
        self,
        kind: Literal["sse", "ndjson", "array"] | None = None,
        *,
        max_message: int | None = DEFAULT_LIMIT,
    ) -> None:
        if kind not in (None, "sse", "ndjson", "array"):
            raise ValueError(f"expected kind=None, 'sse', 'ndjson' or 'array', got {kind!r}")
        super().__init__("max_message", max_message)
        self.kind: BodyKind | None = kind
        self.heard: bool = False
        self._head = bytearray()
        self._in_object = False  # in the first line of what may be lines or one body
        self._inner: Inner | None = None

    @property
    def excerpt(self) -> str:
        """How the body begins, without blanks before it: up to 200 characters."""
        return decoded(self._head)[:SHOWN]

    @property
    def unfinished(self) -> bytes:
        """The bytes that have come to nothing so far: at the end, what was cut off. Makes a copy.

        Of an event stream as `SSEDecoder.unfinished`; of an array also what stands behind it, up to
        200 bytes.
        """
        rest = self._inner.rest if isinstance(self._inner, JSONArrayDecoder) else b""
        return super().unfinished + (self._inner.unfinished if self._inner else b"") + rest

    @property
    def last_event_id(self) -> str:
        """Of an event stream: what to send as `Last-Event-ID` when connecting again, if any."""
        return self._inner.last_event_id if isinstance(self._inner, SSEDecoder) else ""

    @property
    def retry(self) -> int | None:
        """Of an event stream: the reconnection time that the server asked for, in milliseconds."""
        return self._inner.retry if isinstance(self._inner, SSEDecoder) else None

    def __getstate__(self) -> dict[str, object]:
        own = {"_head": self._head.copy(), "_inner": copy(self._inner)}
        return {**super().__getstate__(), **own}

    def _take(self, body: bytes, whole: list[Message]) -> None:
        if self._inner is not None and len(self._head) >= HEAD_KEPT:
            self._decode(self._inner, body, whole)  # which knows the place by itself
        else:
            super()._take(body, whole)

    def _read(self, body: bytes, whole: list[Message]) -> None:
        self._keep_head(body)
        at = self._tell(body, whole) if self.kind is None else 0
        if self.kind == "body":
            self._hold(body, at, len(body), whole)
        elif self.kind == "html":
            self._held.clear()
        elif self.kind is not None:
            self._inner = self._inner or self._made(self.kind)
            body = bytes(self._held) + body[at:]
            self._held.clear()
            self._decode(self._inner, body, whole)

    def _end(self, whole: list[Message]) -> None:
        if self._in_object and self.kind is None:
            self.kind = "body"
        if isinstance(self._inner, JSONArrayDecoder):
            self._hear(self._inner.close(), whole)
            return
        rest = decoded(self.unfinished).strip(BLANK + RECORD_SEPARATOR)
        if rest.startswith(("{", "[")) and is_whole(rest):
            self._inner = None
            self._held.clear()
            self._hear([rest], whole)

    def _keep_head(self, body: bytes) -> None:
        if len(self._head) < HEAD_KEPT:
            body = body if self._head else body.lstrip(BLANK.encode())
            self._head += body[: HEAD_KEPT - len(self._head)]

    def _tell(self, body: bytes, whole: list[Message]) -> int:
        """Hold the body up to the byte that tells its kind, and say where that is."""
        at = 0
        if not self._in_object:
            first = NOT_BLANK(body)
            at = first.start() if first else len(body)
            self._hold(body, 0, at, whole)
            if first is None:
                return at
            self._in_object = first[0] == b"{"
            if not self._in_object:
                self.kind = KINDS.get(first[0], "sse")
                return at
        line_end = body.find(b"\n", at)
        end = len(body) if line_end < 0 else line_end
        self._hold(body, at, end, whole)
        if line_end >= 0:
            self.kind = "ndjson" if is_whole(decoded(self._held).strip()) else "body"
        return end

    def _made(self, kind: BodyKind) -> Inner:
        inner: Inner
        if kind == "array":
            inner = JSONArrayDecoder(max_element=self._limit)
        elif kind == "ndjson":
            inner = NDJSONDecoder(max_line=self._limit)
        else:
            inner = SSEDecoder(max_event=self._limit)
        inner.feed(BYTE_ORDER_MARK)  # it skips one, and the body's is skipped already
        return inner

    def _decode(self, inner: Inner, body: bytes, whole: list[Message]) -> None:
        try:
            told = inner.feed(body)
        except LimitExceeded as error:
            self._hear(error.events, whole)
            self._fail(error.found, (error.offset, error.line, error.column), whole)
        else:
            self._hear(told, whole)

    def _hear(self, told: list[Any], whole: list[Message]) -> None:
        inner = self._inner
        if not isinstance(inner, SSEDecoder):
            whole += [Message(text) for text in told]
        elif inner.comments or inner.undispatched:
            whole += _in_order(told, inner)
        else:
            whole += [Message(event.data, event.event, event.id) for event in told]
        if whole:
            self.heard = True


def _in_order(events: list[ServerSentEvent], decoder: SSEDecoder) -> list[Message]:
    """The messages and the comments of a feed, in the order of their ends."""
    told = [(event.end, Message(event.data, event.event, event.id)) for event in events]
    for block in decoder.undispatched:
        told += [(block.end, message) for message in _messages_of(block)]
    comments = zip(decoder.comment_ends, decoder.comments, strict=True)
    told += [(end, Message(comment, None)) for end, comment in comments]
    return [message for _, message in sorted(told, key=lambda one: one[0])]


def _messages_of(block: ServerSentEvent) -> list[Message]:
    """What a block without data says all the same, by fields that the standard does not know."""
    if block.fields and block.fields[0][0].lstrip().startswith(("{", "[")):
        # Each line was parted at its first colon; pretty-printers put a space behind it.
        lines = [f"{name}: {value}" if value else name for name, value in block.fields]
        text = "\n".join(lines)
        if is_whole(text):
            return [Message(text, block.event)]
    return [Message(value, name) for name, value in block.fields if name == "error"]
