"""Cohere: the messages of its Chat API, version 2 and the version 1 before it.

In come the messages of one answer: the data of server-sent events, lines, or one whole response of
version 2. Out go items. It knows nothing of documents and citations, which are read by place in a
text that is whole.

Names are those of Cohere's API reference, "Chat with Streaming", where `type` tells the messages
of version 2 apart, and `event_type` those of version 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from partialjson.wire.messages import (
    JSON,
    Done,
    Item,
    Unknown,
    Usage,
    number_in,
    object_in,
    objects_in,
    read_failure,
    text_in,
)

from ._base import Channels, OneAnswer, as_json, error_of

__all__ = ["CohereDecoder"]

PLAN = "plan"  # the key of the tool plan, the one text that has no index
QUIET = {  # what neither grows a channel nor ends one
    *("message-start", "content-end", "tool-call-end", "citation-start", "citation-end", "debug"),
    *("stream-start", "search-queries-generation", "search-results", "citation-generation"),
}
BROKEN_OFF = {  # finish reasons of an answer that failed
    "ERROR": "the generation ended in an error",
    "TIMEOUT": "the generation took too long",
}


@dataclass(slots=True)
class CohereDecoder(OneAnswer):
    """Messages of Cohere's chat to items: `feed` each, then `close`.

    The tool plan and `thinking` are reasoning, in channels of their own. `usage` counts all tokens,
    or the billed ones where nothing else is counted. The finish reasons `ERROR` and `TIMEOUT` are a
    `Failure`, and only the second is worth another try. The end of a message is `Done`.
    """

    _channels: Channels = field(default_factory=Channels, init=False)

    def _read(self, message: dict[str, JSON], event: str) -> list[Item]:
        kind = text_in(message.get("type")) or text_in(message.get("event_type"))
        if "event_type" in message:
            return self._read_old(message, kind, event)
        index, delta = number_in(message.get("index")), object_in(message.get("delta"))
        inner = object_in(delta.get("message"))
        match kind:
            case "content-start" | "content-delta":
                return self._part(object_in(inner.get("content")), index)
            case "tool-plan-delta":
                return self._channels.text("reasoning", PLAN, text_in(inner.get("tool_plan")))
            case "tool-call-start" | "tool-call-delta":
                return self._call(object_in(inner.get("tool_calls")), index)
            case "message-end":
                return [*self._end(delta, delta.get("usage")), Done()]
            case _:
                return self._other(message, kind, event)

    def _read_old(self, message: dict[str, JSON], kind: str, event: str) -> list[Item]:
        """What a message of version 1 says."""
        match kind:
            case "text-generation":
                return self._channels.text("content", 0, text_in(message.get("text")))
            case "tool-calls-chunk":
                return self._old_call(message)
            case "tool-calls-generation":
                return self._old_calls(message)
            case "stream-end":
                meta = object_in(message.get("response")).get("meta")
                return [*self._end(message, meta), Done()]
            case _:
                return self._other(message, kind, event)

    def _other(self, message: dict[str, JSON], kind: str, event: str) -> list[Item]:
        """No news; or a message of no type that streams have: an error, or a whole response."""
        if kind in QUIET:
            return []
        if failure := error_of(message, event):
            return [failure]
        whole = message.get("message")
        if type(whole) is str:  # the body of an error is its `message`, and perhaps an `id`
            return [read_failure(message, {})]
        if type(whole) is dict and "finish_reason" in message:
            return self._whole(whole) + self._end(message, message.get("usage"))
        return [Unknown(event, message)]

    def _whole(self, whole: Mapping[str, JSON]) -> list[Item]:
        said = self._channels.text("reasoning", PLAN, text_in(whole.get("tool_plan")))
        for index, part in enumerate(objects_in(whole.get("content"))):
            said += self._part(part, index)
        for index, call in enumerate(objects_in(whole.get("tool_calls"))):
            said += self._call(call, index)
        return said

    def _part(self, part: Mapping[str, JSON], index: int | None) -> list[Item]:
        thought = self._channels.text("reasoning", index, text_in(part.get("thinking")))
        return thought + self._channels.text("content", index, text_in(part.get("text")))

    def _call(self, call: Mapping[str, JSON], index: int | None) -> list[Item]:
        function = object_in(call.get("function"))
        id_, name = text_in(call.get("id")) or None, text_in(function.get("name")) or None
        text = as_json(function.get("arguments"))
        return self._channels.call(("call", index), id_, name, text) if id_ or name or text else []

    def _old_call(self, message: Mapping[str, JSON]) -> list[Item]:
        """A piece of a call, or of the plan before it, which stands in either of two members."""
        call = object_in(message.get("tool_call_delta"))
        plan = text_in(message.get("text")) or text_in(call.get("text"))
        said = self._channels.text("reasoning", PLAN, plan)
        name, text = text_in(call.get("name")) or None, as_json(call.get("parameters"))
        if not (name or text):
            return said
        key = "call", number_in(call.get("index"))
        return said + self._channels.call(key, None, name, text)

    def _old_calls(self, message: Mapping[str, JSON]) -> list[Item]:
        """The calls whole: news only where no pieces of them came before."""
        said: list[Item] = []
        for index, call in enumerate(objects_in(message.get("tool_calls"))):
            if self._channels.known(("call", index)) is None:
                name, text = text_in(call.get("name")) or None, as_json(call.get("parameters"))
                said += self._channels.call(("call", index), None, name, text)
        return said

    def _end(self, end: Mapping[str, JSON], usage: JSON) -> list[Item]:
        """Why an answer ended, well or not, and what it took."""
        reason, error = text_in(end.get("finish_reason")), end.get("error")
        if error or reason in BROKEN_OFF:
            facts = {"message": error or BROKEN_OFF[reason], "code": reason or None}
            return [read_failure(facts, {}), *_usage(usage)]
        return self._finish(reason) + _usage(usage)


def _usage(usage: JSON) -> list[Item]:
    held = object_in(usage)
    counted = object_in(held.get("tokens")) or object_in(held.get("billed_units"))
    if not counted:
        return []
    return [Usage(_count(counted.get("input_tokens")), _count(counted.get("output_tokens")), held)]


def _count(value: JSON) -> int | None:
    """A count of tokens: the API defines it as a double, and SDKs make it one."""
    return int(value) if type(value) is float and value.is_integer() else number_in(value)
