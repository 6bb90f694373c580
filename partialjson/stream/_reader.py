"""Pieces of a provider's stream to what the provider says in them: framing, then its decoder.

What flows in are bytes cut anywhere, frames, or the chunk objects of an SDK; what flows out are the
items of `partialjson.wire.messages`. An answer that comes by several connections is one stream of
items: whether a connection goes on with it, or begins it anew, is told by its first message. What
an item does to a parser is not known here.
"""

from __future__ import annotations

import re
from codecs import getincrementaldecoder
from collections.abc import Sequence
from typing import Protocol, get_args

from partialjson.errors import BadContentType, LimitExceeded, TransportError
from partialjson.wire.framing import BodyDecoder, Message
from partialjson.wire.messages import (
    ArgumentPart,
    Channel,
    Delta,
    Done,
    Finish,
    Heartbeat,
    Item,
    Restart,
    ToolCall,
    Unknown,
    Whole,
)
from partialjson.wire.providers import PROVIDERS, Cursor, Provider

from ._objects import plain

__all__ = ["CONTENT", "JSON_TEXT", "NAMES", "Reader", "reader_of"]

CONTENT = Channel("content")
SPLIT_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")
EXCERPT = 120  # characters of what cannot be read that are shown
JSON_TEXT, PLAIN_TEXT = "json", "text"  # bodies without any protocol
LINE_OF_A_STREAM = re.compile(r"(data|event|id|retry)?:")
FIELDS = ("data:", "event:", "id:", "retry:")
NUMBERED = re.compile(r"(.*?)(\d{1,18})", re.ASCII | re.DOTALL)
ITEMS = get_args(Item)
BYTES = (bytes, bytearray, memoryview)
OF_ANSWERS = (Delta, Whole, ToolCall, ArgumentPart, Restart, Finish)  # the rest comes in any
NAMES = tuple(sorted([*PROVIDERS, JSON_TEXT, PLAIN_TEXT]))


class Reader(Protocol):
    """What a bridge reads items from.

    Attributes:
        error: The limit that the body was over, if it was.
        data: How many messages came that were not heartbeats.
        cursor: Where the answer stands, in the provider's own words.
        last_event_id: What to send as `Last-Event-ID`; empty where there were no ids.
        is_between: Whether half a surrogate pair is held, which the cursor is behind.
        retry: Milliseconds that the event stream asked to wait before connecting again.
    """

    error: LimitExceeded | None
    data: int

    @property
    def cursor(self) -> Cursor: ...
    @property
    def last_event_id(self) -> str: ...
    @property
    def is_between(self) -> bool: ...
    @property
    def retry(self) -> int | None: ...

    def again(self, *, resumes: bool) -> None:
        """What comes now is another body: it goes on at the cursor, or begins anew."""
        ...

    def restore(self, cursor: Cursor, last_event_id: str) -> None:
        """Stand where another reader stood."""
        ...

    def feed(self, piece: object) -> list[Item]:
        """What is said in a piece; comments are heartbeats, in their places.

        Raises:
            TypeError: The piece is of a kind that this source cannot have. This ends nothing.
        """
        ...

    def end(self) -> list[Item]:
        """What a clean end of the body tells."""
        ...

    def close(self) -> list[Item]:
        """What was held back, since more could have come."""
        ...

    @property
    def unreadable(self) -> TransportError | None:
        """Why nothing in a body that has ended could be read, if so: it was something else."""
        ...


def reader_of(provider: str) -> Reader:
    """A reader of what a provider streams.

    Raises:
        ValueError: There is no such provider.
    """
    if provider == PLAIN_TEXT:
        return TextReader()
    if provider not in PROVIDERS:
        raise ValueError(f"expected a provider of {', '.join(NAMES)}, got {provider!r}")
    return MessageReader(provider)


class TextReader:
    """A body that is nothing but text: all of it is content. Its end has no marker."""

    def __init__(self) -> None:
        self.error: LimitExceeded | None = None
        self.data = 0
        self.unreadable: TransportError | None = None
        self.cursor, self.last_event_id, self.is_between = Cursor(), "", False
        self.retry: int | None = None
        self.again(resumes=False)

    def again(self, *, resumes: bool) -> None:  # noqa: ARG002 - plain text has no cursor
        """What comes now is another body."""
        self._decoder = getincrementaldecoder("utf-8-sig")("replace")

    def restore(self, cursor: Cursor, last_event_id: str) -> None:
        """Stand where another reader stood: plain text has no places."""

    def end(self) -> list[Item]:
        """Nothing."""
        return []

    def feed(self, piece: object) -> list[Item]:
        """The characters that a piece completes; what is not UTF-8 becomes U+FFFD.

        Raises:
            TypeError: It is neither text nor bytes. This ends nothing.
        """
        if not isinstance(piece, str | bytes | bytearray | memoryview):
            raise TypeError(f"expected text or bytes, got {type(piece).__name__}")
        self.data += 1
        text = piece if isinstance(piece, str) else self._decoder.decode(bytes(piece))
        return [Delta(CONTENT, text)] if text else []

    def close(self) -> list[Item]:
        """What an unfinished character comes to."""
        text = self._decoder.decode(b"", final=True)
        return [Delta(CONTENT, text)] if text else []


class MessageReader:
    """The body of one answer to items.

    Args:
        provider: A name of `partialjson.wire.providers.PROVIDERS`.

    Attributes:
        error: The limit that a message of the body was over, if one was.
        data: How many messages came that were not heartbeats.
    """

    def __init__(self, provider: str) -> None:
        self.error: LimitExceeded | None = None
        self.data = 0
        self._name, self._body = provider, BodyDecoder()
        self._first_event_id = self._last_event_id = ""
        self._retry: int | None = None
        self._left: Provider | None = None  # of the body before, which this one may go on with
        self._begin()

    def _begin(self) -> None:
        self._provider: Provider = PROVIDERS[self._name]()
        self._halves: dict[Channel, str] = {}
        self._is_read = False  # whether anything came that the decoder has a reading for
        self._unread: str | None = None  # else what came first

    @property
    def cursor(self) -> Cursor:
        """Where the answer stands, in the provider's own words."""
        return (self._left or self._provider).cursor

    @property
    def is_between(self) -> bool:
        """Whether half a surrogate pair is held, which a cursor is behind."""
        return bool(self._halves)

    @property
    def last_event_id(self) -> str:
        """What to send as `Last-Event-ID` when connecting again, if there were ids."""
        return self._body.last_event_id or self._last_event_id

    @property
    def retry(self) -> int | None:
        """The reconnection time that the server asked for last, in milliseconds."""
        return self._retry if self._body.retry is None else self._body.retry

    def restore(self, cursor: Cursor, last_event_id: str) -> None:
        """Stand where another reader stood."""
        self._provider.stand(cursor)
        self._last_event_id = last_event_id

    def again(self, *, resumes: bool) -> None:
        """What comes now is another body: it goes on at the cursor, or begins anew.

        Numbered events go on at the cursor in any case. With a last event ID nobody knows: many
        servers pay no heed to it. So the first message tells; if it begins anew, `Restart` does.
        """
        self._last_event_id, self._retry = self.last_event_id, self.retry
        self._body, self.error = BodyDecoder(), None
        if resumes and self._provider.cursor.sequence is not None:
            self._provider.resume()
            return
        self._left = (self._left or self._provider) if resumes else None
        self._left_halves = self._halves
        self._begin()

    def feed(self, piece: object) -> list[Item]:
        """What is said in a piece; comments are heartbeats, in their places.

        Raises:
            TypeError: It is neither bytes, nor a frame, nor an object with members. This ends
                nothing.
        """
        if isinstance(piece, BYTES):
            return self._said(self._messages(bytes(piece)))
        if isinstance(piece, ITEMS):
            return self._joined([piece])
        if isinstance(piece, str):
            if LINE_OF_A_STREAM.match(piece):
                raise TypeError(
                    "expected bytes of a provider's stream, or its SDK's, got text of it"
                )
            return self._said([Message(piece)])
        message = plain(piece)
        if not isinstance(message, dict) or not message:
            found = type(piece).__name__
            raise TypeError(f"expected bytes of a provider's stream, or its SDK's, got {found}")
        said = self._provider.read(message)
        self._count(said)
        return self._joined(said)

    def end(self) -> list[Item]:
        """What a clean end of the body tells: a body of one message has come."""
        return self._said(self._body.close()) if self.error is None else []

    def close(self) -> list[Item]:
        """What was held back, since more could have come."""
        items = self._provider.close()
        return items + [Delta(channel, half) for channel, half in self._halves.items()]

    @property
    def unreadable(self) -> TransportError | None:
        """Why nothing in a body that has ended could be read, if so: it was something else."""
        if self._is_read:
            return None
        body = self._body
        if body.kind == "html":
            return BadContentType(f"expected an event stream, got HTML: {body.excerpt!r}")
        if self._unread is not None:
            return BadContentType(f"expected messages of {self._name!r}, got {self._unread}")
        if body.excerpt and not body.heard and body.kind != "body" and not is_cut(body.excerpt):
            return BadContentType(f"expected an event stream, got {body.excerpt!r}")
        return None

    def _messages(self, piece: bytes) -> list[Message]:
        try:
            return self._body.feed(piece)
        except LimitExceeded as error:
            self.error = error
            return error.events

    def _said(self, messages: Sequence[Message]) -> list[Item]:
        items: list[Item] = []
        for message in messages:
            if message.event is None:
                items.append(Heartbeat(message.data.strip()))
                continue
            said = self._provider.feed(message.data, message.event)
            if self._left is not None:
                said = self._decided(self._left, message, said)
            if not self._first_event_id:
                self._first_event_id = message.id
            self._count(said)
            items += said
        return self._joined(items)

    def _decided(self, left: Provider, message: Message, said: list[Item]) -> list[Item]:
        """What is said by the first message of another body, which may go on with the answer."""
        is_end = [type(item) for item in said] == [Done]
        if not is_end and not message.id and not any(isinstance(one, OF_ANSWERS) for one in said):
            return said  # it tells nothing of the answer
        self._left = None
        if not is_end and not self._goes_on(message.id, left.cursor):
            self._last_event_id = ""
            return [Restart(), *said]
        self._provider, self._halves = left, self._left_halves
        return left.feed(message.data, message.event or "message")

    def _goes_on(self, id_: str, before: Cursor) -> bool:
        """Whether an id comes behind the last one: by its number, else by being of one answer."""
        now = self._provider.cursor
        if not self._last_event_id or id_ in ("", self._first_event_id, self._last_event_id):
            return False
        if before.answer_id and now.answer_id and before.answer_id != now.answer_id:
            return False  # some ids only ever grow
        new, old = NUMBERED.fullmatch(id_), NUMBERED.fullmatch(self._last_event_id)
        if new and old and new[1] == old[1]:
            return int(new[2]) > int(old[2])
        return before.answer_id != "" and before.answer_id == now.answer_id

    def _count(self, said: list[Item]) -> None:
        if self._is_read and len(said) == 1 and type(said[0]) is Delta:
            self.data += 1  # as nearly all are
            return
        kinds = {type(item) for item in said}
        self.data += kinds != {Heartbeat}
        if not kinds or kinds - {Unknown, Heartbeat}:
            self._is_read = True
        elif self._unread is None and Unknown in kinds:
            self._unread = shown(next(one for one in said if isinstance(one, Unknown)))

    def _joined(self, items: Sequence[Item]) -> list[Item]:
        whole: list[Item] = []
        for item in items:
            if isinstance(item, Delta) and (self._halves or not item.text.isascii()):
                whole += self._whole_pairs(item)
            else:
                whole.append(item)
        return whole

    def _whole_pairs(self, item: Delta) -> list[Item]:
        """The halves of a surrogate pair, cut by the provider into two messages, as one."""
        text = self._halves.pop(item.channel, "") + item.text
        if "\ud800" <= text[-1] <= "\udbff":
            self._halves[item.channel] = text[-1]
            text = text[:-1]
        text = SPLIT_PAIR.sub(joined, text)
        return [Delta(item.channel, text)] if text else []


def is_cut(excerpt: str) -> bool:
    """Whether it is how an event stream begins, and was cut before its first event."""
    begins = any(name.startswith(excerpt) for name in FIELDS)
    return begins or LINE_OF_A_STREAM.match(excerpt) is not None


def shown(item: Unknown) -> str:
    words = repr(item.value)
    return words if len(words) <= EXCERPT else words[:EXCERPT] + "…"


def joined(pair: re.Match[str]) -> str:
    return pair[0].encode("utf-16", "surrogatepass").decode("utf-16")
