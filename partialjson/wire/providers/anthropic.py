"""Anthropic's Messages: the events of one message, or the whole message.

In come the events of one answer, told apart by their `type`, or by the event type where they have
none. Out go items. It knows nothing of signatures and citations, nor of what the tools that run on
the server gave back: those results are passed on unread.

Names are those of Anthropic's API reference, "Messages" and "Streaming messages": a message is a
list of content blocks, each of which starts, grows by deltas and stops.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from partialjson.wire.messages import (
    JSON,
    ChannelKind,
    Done,
    Finish,
    Heartbeat,
    Item,
    Restart,
    Unknown,
    Usage,
    number_in,
    object_in,
    objects_in,
    text_in,
)

from ._base import Channels, MessageDecoder, as_json, error_of

__all__ = ["AnthropicDecoder"]

TEXTS: dict[str, tuple[ChannelKind, str]] = {  # type of a block or a delta: channel and member
    "text": ("content", "text"),
    "text_delta": ("content", "text"),
    "thinking": ("reasoning", "thinking"),
    "thinking_delta": ("reasoning", "thinking"),
}
CALLS = {"tool_use", "server_tool_use", "mcp_tool_use"}
QUIET = {"redacted_thinking", "signature_delta", "citations_delta"}
NO_ARGUMENTS = "{}"


@dataclass(slots=True)
class Block:
    """A content block that began.

    Attributes:
        place: Its place among all blocks, from 0: some gateways begin every block at index 0.
        is_read: Whether its type is known; the deltas of another are passed on.
        is_bare: Whether it is a call, and nothing of its arguments has come.
        is_whole: Whether it is a call whose arguments came as it began.
    """

    place: int
    is_read: bool = True
    is_bare: bool = False
    is_whole: bool = False


@dataclass(slots=True)
class Answer:
    """What is known of one message, and is forgotten when another begins in its place."""

    id: str | None = None  # none before it started
    channels: Channels = field(default_factory=Channels)
    blocks: dict[int | None, Block] = field(default_factory=dict)  # the latest at an index
    begun: int = 0
    usage: dict[str, JSON] = field(default_factory=dict)
    reason: str = ""


@dataclass(slots=True)
class AnthropicDecoder(MessageDecoder):
    """Events of a message to items: `feed` each, then `close`.

    Each text block is a content channel of its own, and each block of thinking a reasoning channel.
    A tool that the server runs is called like any other; what it gave back is `Unknown`, as is
    every block of a type unheard of, with its deltas. A call without arguments has the arguments
    `{}`. `Usage` says all that was counted, at the start as well as at the end.

    A message that starts while another is unfinished is a `Restart`, since gateways that ask again
    send both in one stream; told twice before any block, a start is no news. The end of the message
    is `Done`: other messages behind it are `Unknown`.
    """

    _answer: Answer = field(default_factory=Answer, init=False)

    def _read(self, message: dict[str, JSON], event: str) -> list[Item]:
        kind = text_in(message.get("type")) or event
        match kind:
            case "content_block_start" | "content_block_delta" | "content_block_stop":
                return self._block(kind, message, event)
            case "message_start":
                return self._start(object_in(message.get("message")), event)
            case "message_delta":
                return self._end(object_in(message.get("delta")), message.get("usage"))
            case "message_stop":
                return [Done()]
            case "ping":
                return [Heartbeat()]
            case _:
                return self._other(message, event)

    def _block(self, kind: str, message: dict[str, JSON], event: str) -> list[Item]:
        index = number_in(message.get("index"))
        if kind == "content_block_delta":
            return self._grow(message, index, event)
        if kind == "content_block_stop":
            return self._stop(index)
        return self._begin(object_in(message.get("content_block")), index, event, message)

    def _other(self, message: dict[str, JSON], event: str) -> list[Item]:
        """An error; or a whole message, whose blocks are news only where none were streamed."""
        if failure := error_of(message, event):
            return [failure]
        content = message.get("content")
        if message.get("type") != "message" or type(content) is not list:
            return [Unknown(event, message)]
        said = [] if self._answer.begun else self._whole(content, event)
        return [*said, *self._end(message, message.get("usage")), Done()]

    def _start(self, start: Mapping[str, JSON], event: str) -> list[Item]:
        """Where the server runs code, a start may hold whole blocks, and why the message ended."""
        answer, id_ = self._answer, text_in(start.get("id"))
        is_another = answer.begun > 0 or answer.id not in (None, id_)
        if is_another:
            self._answer = Answer()
        self._answer.id = id_
        said: list[Item] = [Restart()] if is_another else []
        said += self._whole(start.get("content"), event)
        return said + self._end(start, start.get("usage"))

    def _whole(self, content: JSON, event: str) -> list[Item]:
        said: list[Item] = []
        for index, block in enumerate(objects_in(content)):
            said += [*self._begin(block, index, event, block), *self._stop(index)]
        return said

    def _begin(
        self, start: Mapping[str, JSON], index: int | None, event: str, message: JSON
    ) -> list[Item]:
        kind = text_in(start.get("type"))
        block = self._open(index)
        if kind in CALLS:
            id_, name = text_in(start.get("id")) or None, text_in(start.get("name")) or None
            text = _arguments(start.get("input"))
            block.is_whole, block.is_bare = bool(text), not text
            return self._answer.channels.call(block.place, id_, name, text)
        if kind in TEXTS:
            return self._text(kind, block, start)
        block.is_read = kind in QUIET
        return [] if block.is_read else [Unknown(event, message)]

    def _open(self, index: int | None) -> Block:
        block = self._answer.blocks[index] = Block(self._answer.begun)
        self._answer.begun += 1
        return block

    def _grow(self, message: dict[str, JSON], index: int | None, event: str) -> list[Item]:
        delta = object_in(message.get("delta"))
        kind = text_in(delta.get("type"))
        block = self._answer.blocks.get(index) or self._open(index)
        if not block.is_read:
            return [Unknown(event, message)]
        if kind in TEXTS:
            return self._text(kind, block, delta)
        if kind == "input_json_delta":
            return self._argue(block, text_in(delta.get("partial_json")))
        return [] if kind in QUIET else [Unknown(event, message)]

    def _text(self, kind: str, block: Block, holder: Mapping[str, JSON]) -> list[Item]:
        channel, member = TEXTS[kind]
        return self._answer.channels.text(channel, block.place, text_in(holder.get(member)))

    def _argue(self, block: Block, text: str) -> list[Item]:
        if not text or block.is_whole:  # deltas behind whole arguments could only repeat them
            return []
        block.is_bare = False
        return self._answer.channels.call(block.place, text=text)

    def _stop(self, index: int | None) -> list[Item]:
        block = self._answer.blocks.get(index)
        return self._argue(block, NO_ARGUMENTS) if block and block.is_bare else []

    def _end(self, end: Mapping[str, JSON], usage: JSON) -> list[Item]:
        """Why the message ended and what was counted, as far as either is news."""
        said: list[Item] = []
        reason = text_in(end.get("stop_reason"))
        if reason and reason != self._answer.reason:
            self._answer.reason = reason
            said.append(Finish(reason))
        # A later count replaces an earlier one; what is null or left out was counted before.
        counted = {name: value for name, value in object_in(usage).items() if value is not None}
        known = self._answer.usage | counted
        if known == self._answer.usage:
            return said
        self._answer.usage = known
        read, written = known.get("input_tokens"), known.get("output_tokens")
        return [*said, Usage(number_in(read), number_in(written), known)]


def _arguments(value: JSON) -> str:
    """Arguments that came as a block began; the empty object there only holds the place."""
    return as_json(value) if type(value) in (dict, str) and value else ""
