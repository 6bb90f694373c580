"""Pieces of a provider's stream to what the provider says in them: framing, then its decoder.

What flows in are bytes cut anywhere, or the chunk objects of an SDK; what flows out are the items
of `partialjson.wire.messages`. What an item does to a parser is not known here.
"""

from __future__ import annotations

import re
from codecs import getincrementaldecoder
from collections.abc import Sequence
from typing import Protocol

from partialjson.errors import BadContentType, LimitExceeded, TransportError
from partialjson.path import JSON
from partialjson.wire.framing import BodyDecoder, Message
from partialjson.wire.messages import Channel, Delta, Heartbeat, Item, Unknown
from partialjson.wire.providers import PROVIDERS

from ._objects import plain

__all__ = ["CONTENT", "JSON_TEXT", "NAMES", "Reader", "reader_of"]

CONTENT = Channel("content")
SPLIT_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")
EXCERPT = 120  # characters of what cannot be read that are shown
JSON_TEXT, PLAIN_TEXT = "json", "text"  # bodies without any protocol
NAMES = tuple(sorted([*PROVIDERS, JSON_TEXT, PLAIN_TEXT]))


class Reader(Protocol):
    """What a bridge reads items from.

    Attributes:
        error: The limit that the body was over, if it was.
        data: How many messages came that were not heartbeats.
    """

    error: LimitExceeded | None
    data: int

    def feed(self, piece: object) -> list[Item]:
        """What is said in a piece; comments are heartbeats, in their places.

        Raises:
            TypeError: The piece is of a kind that this source cannot have. This ends nothing.
        """
        ...

    def close(self) -> list[Item]:
        """What the end itself tells, and what was held back."""
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
        self._decoder = getincrementaldecoder("utf-8-sig")("replace")

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
        self._name, self._provider = provider, PROVIDERS[provider]()
        self._body = BodyDecoder()
        self._halves: dict[Channel, str] = {}
        self._is_read = False  # whether anything came that the decoder has a reading for
        self._unread: str | None = None  # else what came first

    def feed(self, piece: object) -> list[Item]:
        """What is said in a piece; comments are heartbeats, in their places.

        Raises:
            TypeError: It is neither bytes nor an object with members. This ends nothing.
        """
        if isinstance(piece, bytes | bytearray | memoryview):
            return self._said(self._messages(bytes(piece)))
        message = None if isinstance(piece, str) else plain(piece)
        if not isinstance(message, dict) or not message:
            found = type(piece).__name__
            raise TypeError(f"expected bytes of a provider's stream, or its SDK's, got {found}")
        return self._said([message])

    def close(self) -> list[Item]:
        """What the end itself tells, and what was held back."""
        items = self._said(self._body.close()) if self.error is None else []
        items += self._provider.close()
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
        if body.excerpt and not body.heard and body.kind != "body":
            return BadContentType(f"expected an event stream, got {body.excerpt!r}")
        return None

    def _messages(self, piece: bytes) -> list[Message]:
        try:
            return self._body.feed(piece)
        except LimitExceeded as error:
            self.error = error
            return error.events

    def _said(self, messages: Sequence[Message | dict[str, JSON]]) -> list[Item]:
        items: list[Item] = []
        for message in messages:
            if isinstance(message, dict):
                said = self._provider.read(message)
            elif message.event is None:
                items.append(Heartbeat(message.data.strip()))
                continue
            else:
                said = self._provider.feed(message.data, message.event)
            self._count(said)
            items += said
        return [item for item in map(self._joined, items) if item is not None]

    def _count(self, said: list[Item]) -> None:
        kinds = {type(item) for item in said}
        self.data += kinds != {Heartbeat}
        if not kinds or kinds - {Unknown, Heartbeat}:
            self._is_read = True
        elif self._unread is None and Unknown in kinds:
            self._unread = shown(next(one for one in said if isinstance(one, Unknown)))

    def _joined(self, item: Item) -> Item | None:
        """The halves of a surrogate pair, cut by the provider into two messages, as one."""
        if not isinstance(item, Delta):
            return item
        text = self._halves.pop(item.channel, "") + item.text
        if "\ud800" <= text[-1] <= "\udbff":
            self._halves[item.channel] = text[-1]
            text = text[:-1]
        text = SPLIT_PAIR.sub(joined, text)
        return Delta(item.channel, text) if text else None


def shown(item: Unknown) -> str:
    words = repr(item.value)
    return words if len(words) <= EXCERPT else words[:EXCERPT] + "…"


def joined(pair: re.Match[str]) -> str:
    return pair[0].encode("utf-16", "surrogatepass").decode("utf-16")
