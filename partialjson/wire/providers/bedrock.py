"""Amazon Bedrock's Converse: the events of its stream, or the whole response.

In come the events of one answer, each an object with one member that is named for the event, or
what that member holds, under its event type. Out go items. It knows nothing of the binary frames
that Bedrock wraps events in, of signatures and citations, nor of what the tools that run on the
server gave back: those results are passed on unread.

Names are those of the Amazon Bedrock API reference, "ConverseStream" and "Converse". Models that
are invoked without Converse stream messages of their own; Anthropic's have their own decoder.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from partialjson.wire.messages import (
    JSON,
    Failure,
    Finish,
    Item,
    Unknown,
    Usage,
    number_in,
    object_in,
    objects_in,
    read_failure,
    text_in,
)

from ._base import Channels, MessageDecoder, as_json, error_of

__all__ = ["BedrockDecoder"]

EVENTS = {
    *("messageStart", "contentBlockStart", "contentBlockDelta", "contentBlockStop"),
    *("messageStop", "metadata"),
}
EXCEPTION = "Exception"  # how the name of each error ends
PASSING = {  # the exceptions that are worth another try, though no word of their names tells it
    *("throttlingException", "modelStreamErrorException", "modelNotReadyException"),
}
READ = {  # members of a block; a citation is read, and is no news
    *("text", "toolUse", "reasoningContent", "citationsContent", "citation"),
}
NO_ARGUMENTS = "{}"


@dataclass(slots=True)
class BedrockDecoder(MessageDecoder):
    """Events of a Converse stream to items: `feed` each, then `close`.

    Each content block is a channel of its own. A tool that the server runs is called like any
    other; what it gave back is `Unknown`. A call without arguments has the arguments `{}`. An
    exception in the stream is a `Failure` whose code is the exception's name.

    `Done` is never said, for Converse has no end marker: the metadata may come on either side of
    the end of the message, or not at all. So the stream is whole if it ends after a `Finish`.
    """

    _channels: Channels = field(default_factory=Channels, init=False)
    _bare: set[int | None] = field(default_factory=set, init=False)  # calls without arguments yet
    _reason: str = field(default="", init=False)

    def _read(self, message: dict[str, JSON], event: str) -> list[Item]:
        name, held = _unwrap(message, event)
        index = number_in(held.get("contentBlockIndex"))
        match name:
            case "contentBlockStart" | "contentBlockDelta":
                part = object_in(held.get("start")) or object_in(held.get("delta"))
                return self._part(part, index) if _is_read(part) else [Unknown(event, message)]
            case "contentBlockStop":
                return self._stop(index)
            case "messageStart":
                return []
            case "messageStop":
                return self._finish(held)
            case "metadata":
                return _usage(held)
            case _:
                return self._other(message, event)

    def _other(self, message: dict[str, JSON], event: str) -> list[Item]:
        """An error, or a whole response."""
        failure = _exception(message, event) or error_of(message, event)
        if failure:
            return [failure]
        content = object_in(object_in(message.get("output")).get("message")).get("content")
        if type(content) is not list:
            return [Unknown(event, message)]
        said: list[Item] = []
        for index, part in enumerate(objects_in(content)):
            said += self._part(part, index) if _is_read(part) else [Unknown(event, part)]
            said += self._stop(index)
        return said + self._finish(message) + _usage(message)

    def _part(self, part: Mapping[str, JSON], index: int | None) -> list[Item]:
        """What a block begins with, grows by, or holds: the members are the same."""
        reasoning = object_in(part.get("reasoningContent"))
        thought = reasoning.get("text") or object_in(reasoning.get("reasoningText")).get("text")
        cited = objects_in(object_in(part.get("citationsContent")).get("content"))
        text = text_in(part.get("text")) or "".join(text_in(one.get("text")) for one in cited)
        return [
            *self._channels.text("reasoning", index, text_in(thought)),
            *self._channels.text("content", index, text),
            *self._call(object_in(part.get("toolUse")), index),
        ]

    def _call(self, call: Mapping[str, JSON], index: int | None) -> list[Item]:
        id_, name = text_in(call.get("toolUseId")) or None, text_in(call.get("name")) or None
        held = call.get("input")
        text = as_json(held) if type(held) in (dict, str) else ""
        if not (id_ or name or text):
            return []
        if text:
            self._bare.discard(index)
        elif self._channels.known(index) is None:
            self._bare.add(index)
        return self._channels.call(index, id_, name, text)

    def _stop(self, index: int | None) -> list[Item]:
        if index not in self._bare:
            return []
        self._bare.remove(index)
        return self._channels.call(index, text=NO_ARGUMENTS)

    def _finish(self, end: Mapping[str, JSON]) -> list[Item]:
        reason = text_in(end.get("stopReason"))
        if not reason or reason == self._reason:
            return []
        self._reason = reason
        return [Finish(reason)]


def _unwrap(message: dict[str, JSON], event: str) -> tuple[str, dict[str, JSON]]:
    """The event's name and what it holds, wherever they stand."""
    for name, value in message.items():
        if name in EVENTS and type(value) is dict:
            return name, value
    return event, message


def _is_read(part: Mapping[str, JSON]) -> bool:
    return not part or not READ.isdisjoint(part)


def _exception(message: dict[str, JSON], event: str) -> Failure | None:
    """The exception that a message is: by its one member, its event type, or its `__type`."""
    named = text_in(message.get("__type")).rpartition("#")[2] or event
    members = [(name, value) for name, value in message.items() if type(value) is dict]
    for name, facts in [*members, (named, message)]:
        if name.endswith(EXCEPTION):
            failure = read_failure({**facts, "code": name}, {})
            passes = failure.retryable or name[:1].lower() + name[1:] in PASSING
            return replace(failure, retryable=passes)
    return None


def _usage(holder: Mapping[str, JSON]) -> list[Item]:
    usage = object_in(holder.get("usage"))
    if not usage:
        return []
    read, written = usage.get("inputTokens"), usage.get("outputTokens")
    return [Usage(number_in(read), number_in(written), usage)]
