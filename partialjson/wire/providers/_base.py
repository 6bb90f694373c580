"""What the decoders of all providers share: how a message is read, and how calls are told apart.

In come the messages of one stream, each the data of a server-sent event, a line, or an object that
somebody else has decoded; out go the items of `partialjson.wire.messages`. What a message means is
told by each API's own decoder.
"""

from __future__ import annotations

import json
from abc import abstractmethod
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

from partialjson.wire.messages import (
    JSON,
    Channel,
    ChannelKind,
    Delta,
    Done,
    Failure,
    Finish,
    Heartbeat,
    Item,
    ToolCall,
    Unknown,
    Usage,
    number_in,
    object_in,
    read_failure,
    text_in,
)

__all__ = [
    "CLOSED",
    "Channels",
    "Cursor",
    "MessageDecoder",
    "OneAnswer",
    "Provider",
    "as_json",
    "error_of",
    "learn",
    "usage_of",
]

END_MARKER = "[DONE]"
EXCERPT = 120  # characters of an unreadable message that are shown
CLOSED = "feed after close: make a new decoder for another stream"

decode = json.JSONDecoder().raw_decode


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where in which answer a stream stands, in the provider's own words.

    Attributes:
        answer_id: The answer's id; empty while none was said.
        sequence: The number of the last event, where they are numbered (OpenAI's Responses).
    """

    answer_id: str = ""
    sequence: int | None = None


class Provider(Protocol):
    """What every decoder of messages can do. Make one for each stream: there is no reset."""

    def feed(self, data: str, event: str = "message") -> list[Item]:
        """What one message says, `data` and `event` being those of a server-sent event.

        Raises:
            RuntimeError: After `close()`; never for what a server sent.
        """
        ...

    def read(self, message: JSON, event: str = "message") -> list[Item]:
        """What one message says that is decoded already, such as a chunk of an SDK as a dict.

        Raises:
            RuntimeError: After `close()`; never for what a server sent.
        """
        ...

    def close(self) -> list[Item]:
        """The stream has ended: what was held back, if anything. Again: nothing."""
        ...

    @property
    def cursor(self) -> Cursor:
        """Where the stream stands, as far as its messages tell."""
        ...

    def stand(self, cursor: Cursor) -> None:
        """Stand where another decoder stood."""
        ...

    def resume(self) -> None:
        """What comes next goes on behind the cursor, though it may overlap with what came."""
        ...


@dataclass(slots=True)
class MessageDecoder:
    """What every decoder does alike; a decoder adds `_read`, what one JSON object says.

    Nothing that a server sends makes it raise: an unreadable message is a `Failure`, an unheard-of
    one is `Unknown`, and a member of the wrong type is left unread. State is plain data: copy or
    pickle it between any two messages. Read on after a `Finish` or a `Failure`, until `Done` or
    the end of the stream.
    """

    cursor: Cursor = field(default=Cursor(), init=False)
    _done: bool = field(default=False, init=False)
    _closed: bool = field(default=False, init=False)
    _resumes: bool = field(default=False, init=False)

    def stand(self, cursor: Cursor) -> None:
        """Stand where another decoder stood, without what it heard."""
        self.cursor = cursor

    def resume(self) -> None:
        """What comes next goes on behind the cursor, though it may overlap with what came.

        Events up to the cursor are dropped. Where events behind it are missing, that is a
        `Failure` worth another try, and nothing is read behind it.
        """
        self._resumes, self._done = True, False

    def feed(self, data: str, event: str = "message") -> list[Item]:
        """What one message says: `data` and `event` of a server-sent event, a line, or a body.

        Raises:
            RuntimeError: After `close()`.
        """
        if self._closed:
            raise RuntimeError(CLOSED)
        text = data.strip()
        if self._done:  # it belongs to no answer, and must not grow a channel that has ended
            return [] if text == END_MARKER else [Unknown(event, data)]
        if text == END_MARKER:
            self._done = True
            return [Done()]
        if not text:
            return [Heartbeat()]
        try:
            message = loaded(text)
            if type(message) is dict:
                return self._news(message, event)
            return self.read(message, event)
        except (ValueError, RecursionError):
            return [unreadable(text, event)]

    def read(self, message: JSON, event: str = "message") -> list[Item]:
        """What one message says that is decoded already, such as a chunk of an SDK as a dict.

        Raises:
            RuntimeError: After `close()`.
        """
        if self._closed:
            raise RuntimeError(CLOSED)
        if self._done:
            return [Unknown(event, message)]
        messages = message if type(message) is list else [message]  # Google wraps its errors so
        said: list[Item] = []
        for one in messages:
            known = type(one) is dict and not self._done
            said += self._news(one, event) if known else [Unknown(event, one)]
        return said

    def close(self) -> list[Item]:
        """Nothing, since nothing is held back. Whether the stream ended well is not said here."""
        self._closed = True
        return []

    def _news(self, message: dict[str, JSON], event: str) -> list[Item]:
        """What one object says, if it was not heard before; the cursor moves behind it."""
        if not self.cursor.answer_id or "sequence_number" in message:
            old = self._old(message)
            if old is not None:
                return old
        said = self._read(message, event)
        for item in said:
            if type(item) is Done:
                self._done = True
        return said

    def _old(self, message: Mapping[str, JSON]) -> list[Item] | None:
        """What is said of a message that cannot be read on; `None`: the cursor moved behind it."""
        number, place = number_in(message.get("sequence_number")), self.cursor
        if self._resumes and number is not None and place.sequence is not None:
            if number <= place.sequence:
                return []
            if number > place.sequence + 1:
                self._done = True
                missing = f"{place.sequence + 1} to {number - 1}"
                return [Failure(f"events {missing} are missing", retryable=True)]
            self._resumes = False
        if number is not None or not place.answer_id:
            self.cursor = Cursor(place.answer_id or id_of(message), number)
        return None

    @abstractmethod
    def _read(self, message: dict[str, JSON], event: str) -> list[Item]:
        """What one object says."""


@dataclass(slots=True)
class OneAnswer(MessageDecoder):
    """A decoder whose streams hold one answer each, which ends once."""

    _finished: str = field(default="", init=False)  # the finish reason that was said last

    def _finish(self, reason: str) -> list[Item]:
        """A finish reason that is news."""
        if not reason or self._finished == reason:
            return []
        self._finished = reason
        return [Finish(reason)]


@dataclass(slots=True)
class Channels:
    """The channels of one answer, found by whatever the API numbers them with.

    The place of each is that among its kind, in the order in which they began.
    """

    choice: int = 0
    _by_key: dict[Hashable, Channel] = field(default_factory=dict, init=False)
    _begun: dict[ChannelKind, int] = field(default_factory=dict, init=False)

    def text(self, kind: ChannelKind, key: Hashable, text: str) -> list[Item]:
        """The text of a channel that begins where its key is new; nothing if it is empty."""
        if not text:
            return []
        key = kind, key
        channel = self._by_key.get(key)
        if channel is None:
            channel = self._by_key[key] = Channel(kind, self._next(kind), choice=self.choice)
        return [Delta(channel, text)]

    def call(
        self, key: Hashable, id_: str | None = None, name: str | None = None, text: str = ""
    ) -> list[Item]:
        """A tool call begins, gets its id or its name, or grows."""
        known = self._by_key.get(key)
        if known is None:
            channel = Channel("tool", self._next("tool"), id_, name, self.choice)
        else:
            channel = learn(known, id_, name)
        self._by_key[key] = channel
        said: list[Item] = [ToolCall(channel)] if channel is not known else []
        return [*said, Delta(channel, text)] if text else said

    def known(self, key: Hashable) -> Channel | None:
        """The tool call of a key, if it has begun."""
        return self._by_key.get(key)

    def _next(self, kind: ChannelKind) -> int:
        place = self._begun.get(kind, 0)
        self._begun[kind] = place + 1
        return place


def loaded(text: str) -> JSON:
    """A JSON text without blanks around it; a quarter less than `json.loads`, which skips them.

    Raises:
        ValueError: It is no JSON, or something stands behind it.
        RecursionError: It is too deep.
    """
    message, end = decode(text)
    if end < len(text):
        raise ValueError(f"expected the end of the text at character {end}")
    return message


def id_of(message: Mapping[str, JSON]) -> str:
    """The id of the answer that a message is of, or begins; nothing if it does not tell."""
    around = object_in(message.get("response")) or object_in(message.get("message")) or message
    return text_in(around.get("id")) or text_in(message.get("responseId"))


def learn(channel: Channel, id_: str | None, name: str | None) -> Channel:
    """The channel with the id and the name that it lacked; itself where nothing is new."""
    if (channel.id or not id_) and (channel.name or not name):
        return channel
    return replace(channel, id=channel.id or id_, name=channel.name or name)


def as_json(arguments: JSON) -> str:
    """Arguments that are a text already, or an object, as their JSON text; nothing for none."""
    if arguments is None or type(arguments) is str:
        return arguments or ""
    return json.dumps(arguments)


def error_of(message: Mapping[str, JSON], event: str) -> Failure | None:
    """The failure that a message reports, if it does: at its top, or by being one."""
    error = message.get("error")
    if not error and "error" in (event, message.get("object"), message.get("type")):
        error = message
    return read_failure(error, message) if error else None


def usage_of(message: Mapping[str, JSON]) -> list[Item]:
    """What was counted, by the names of OpenAI's API, if anything was."""
    # In 2025 Groq counted in `x_groq` alone.
    usage = message.get("usage")
    if not usage and "x_groq" in message:
        usage = object_in(message["x_groq"]).get("usage")
    if type(usage) is not dict or not usage:
        return []
    read, written = usage.get("prompt_tokens"), usage.get("completion_tokens")
    return [Usage(number_in(read), number_in(written), usage)]


def unreadable(text: str, event: str) -> Failure:
    """Junk is worth another try; plain words under `event: error` are the provider's own."""
    if event == "error":
        return Failure(text)
    shown = text if len(text) <= EXCERPT else text[:EXCERPT] + "…"
    return Failure(f"expected a JSON message, got {shown!r}", retryable=True)
