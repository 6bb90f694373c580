"""Chat completions: the messages that OpenRouter, OpenAI and the many APIs like them stream.

In come the messages of one answer: the data of server-sent events, or one whole completion. Out go
items: deltas per channel, tool calls, finish reasons, usage, failures. It knows nothing of bytes,
of connections, or of the JSON texts inside the channels, and it does not judge whether an answer is
whole: for that one must have seen the end of the stream as well.

The APIs differ in what they leave out and what they repeat, never in what a member means; so one
reading serves all, without a switch per provider. Names are those of the OpenAI API reference,
"Chat Completions", "Streaming".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from partialjson.wire.messages import (
    JSON,
    Channel,
    ChannelKind,
    Delta,
    Failure,
    Finish,
    Item,
    ToolCall,
    Unknown,
    number_in,
    object_in,
    objects_in,
    read_failure,
    text_in,
)

from ._base import MessageDecoder, as_json, learn, usage_of

__all__ = ["ChatDecoder"]

BROKEN_OFF = "error"  # OpenRouter's finish reason of an answer that failed
CONTENT = Channel("content")
LEGACY = -1  # the place of the one `function_call` of old; no tool call has it

REASONING = ("reasoning", "reasoning_content")  # Groq, OpenRouter; DeepSeek, vLLM, xAI
BESIDE_CONTENT = (*REASONING, "reasoning_details", "refusal", "tool_calls", "function_call")
DETAILS = {"reasoning.text": "text", "reasoning.summary": "summary"}  # others are encrypted
PARTS: dict[str, tuple[ChannelKind, str]] = {  # type of a part of content: channel and member
    "text": ("content", "text"),
    "thinking": ("reasoning", "thinking"),  # Mistral: a list of text parts again
    "refusal": ("refusal", "refusal"),
}


def stored(message: Mapping[str, JSON]) -> list[Item]:
    """The texts of a generation that OpenRouter has stored; nothing of any other message."""
    output = object_in(object_in(message.get("data")).get("output"))
    texts: dict[ChannelKind, str] = {
        "reasoning": text_in(output.get("reasoning")),
        "content": text_in(output.get("completion")),
    }
    return [Delta(Channel(kind), text) for kind, text in texts.items() if text]


@dataclass(slots=True)
class Calls:
    """The tool calls of one choice as they began, and how later deltas find their slots."""

    channels: list[Channel] = field(default_factory=list)
    by_id: dict[str, int] = field(default_factory=dict)
    by_place: dict[int, int] = field(default_factory=dict)  # the latest at a provider's index


@dataclass(slots=True)
class ChatDecoder(MessageDecoder):
    """Messages of a chat completion to items: `feed` each, then `close`.

    Nothing that a server sends makes it raise: an unreadable message is a `Failure`, an unheard-of
    one is `Unknown`, and a member of the wrong type is left unread. State is plain data: copy or
    pickle it between any two messages.

    What it reads beyond the plain shape:

    * reasoning under `reasoning`, `reasoning_content`, in parts of the content, or in
      `reasoning_details`; the last only where a delta has no other, for OpenRouter sends both;
    * content that is text, a list of parts, null or absent;
    * arguments of a tool call that come as an object: as its JSON text;
    * `function_call`, which came before `tool_calls`;
    * a whole completion (`message` instead of `delta`) as one message;
    * a generation that OpenRouter has stored, which does not tell whether it is whole;
    * errors at the top, in a choice, as a bare text, under `event: error`, in a list, and
      `finish_reason: "error"` alone.

    An error takes the place of the finish reasons that came with it. Read on after a `Finish` or a
    `Failure`, until `Done` or the end of the stream.
    """

    _calls: dict[int, Calls] = field(default_factory=dict, init=False)
    _finished: dict[int, Finish] = field(default_factory=dict, init=False)
    _streamed: bool = field(default=False, init=False)

    def _read(self, message: dict[str, JSON], event: str) -> list[Item]:
        choices = objects_in(message.get("choices"))
        error = _error(message, choices, event)
        usage = usage_of(message)
        if not (error or usage or type(message.get("choices")) is list):
            return stored(message) or [Unknown(event, message)]

        said: list[Item] = []
        finishes: list[Item] = []
        for position, choice in enumerate(choices):
            index = choice.get("index")
            number = index if type(index) is int else position
            said += self._grow(choice, number)
            if choice.get("finish_reason"):
                finishes += self._finish(choice, number)
        said += [read_failure(error, message)] if error else finishes
        return said + usage

    def _grow(self, choice: Mapping[str, JSON], number: int) -> list[Item]:
        """The deltas of a choice. A `message` beside or after deltas only repeats them (Writer)."""
        delta = choice.get("delta")
        if type(delta) is dict:
            self._streamed = True
        elif not self._streamed:
            delta = choice.get("message")
        if type(delta) is not dict:
            return []

        content = delta.get("content")
        if type(content) is str and not any(map(delta.get, BESIDE_CONTENT)):
            # As nearly all are; taking it apart takes five times as long (`benchmarks.path`).
            channel = CONTENT if number == 0 else Channel("content", choice=number)
            return [Delta(channel, content)] if content else []

        said: list[Item] = [
            Delta(Channel(kind, choice=number), text) for kind, text in _spoken(delta) if text
        ]
        for call in _tool_calls(delta):
            said += self._call(call, number)
        return said

    def _call(self, call: Mapping[str, JSON], number: int) -> list[Item]:
        function = object_in(call.get("function"))
        id_, name = text_in(call.get("id")) or None, text_in(function.get("name")) or None
        place, text = number_in(call.get("index")), as_json(function.get("arguments"))
        if not (id_ or name or text):
            return []

        calls = self._calls.setdefault(number, Calls())
        slot = _find(calls, id_, place, name)
        begins = slot is None
        if slot is None:
            slot = len(calls.channels)
            calls.channels.append(Channel("tool", slot, choice=number))
        known = calls.channels[slot]
        channel = calls.channels[slot] = learn(known, id_, name)
        if id_:
            calls.by_id[id_] = slot
        if place is not None:
            calls.by_place[place] = slot

        said: list[Item] = [ToolCall(channel)] if begins or channel is not known else []
        return [*said, Delta(channel, text)] if text else said

    def _finish(self, choice: Mapping[str, JSON], number: int) -> list[Item]:
        """A finish reason that is news: OpenRouter repeats it beside the usage."""
        reason = text_in(choice.get("finish_reason"))
        native = text_in(choice.get("native_finish_reason")) or None
        finish = Finish(reason, number, native)
        if not reason or self._finished.get(number) == finish:
            return []
        self._finished[number] = finish
        if reason != BROKEN_OFF:
            return [finish]
        return [Failure("the provider broke the answer off", native or reason, retryable=True)]


def _find(calls: Calls, id_: str | None, place: int | None, name: str | None) -> int | None:
    """The slot of the call that a delta belongs to; `None` where a call begins.

    An id that was seen decides; else the provider's index, or without one the call that began last.
    Only a name begins another call there: with another id (Ollama counts every parallel call as 0),
    unlike the call's name, or without an index. An id alone does not: some servers make up a new
    one for every delta of the same call.
    """
    if id_ in calls.by_id:
        return calls.by_id[id_]
    slot = len(calls.channels) - 1 if place is None else calls.by_place.get(place, -1)
    if slot < 0:
        return None
    held = calls.channels[slot]
    another_id = id_ is not None and held.id is not None
    another_name = held.name is not None and (place is None or name != held.name)
    return None if name and (another_id or another_name) else slot


def _spoken(delta: Mapping[str, JSON]) -> list[tuple[ChannelKind, str]]:
    """What a delta says beside tool calls, as a reader wants it ordered; texts may be empty."""
    content = delta.get("content")
    parts = content if type(content) is list else [content]
    return [
        ("reasoning", _reasoning(delta)),
        *(_part(part) for part in parts),
        ("refusal", text_in(delta.get("refusal"))),
    ]


def _reasoning(delta: Mapping[str, JSON]) -> str:
    for name in REASONING:
        if text := text_in(delta.get(name)):
            return text
    details = objects_in(delta.get("reasoning_details"))
    return "".join(text_in(one.get(DETAILS.get(text_in(one.get("type")), ""))) for one in details)


def _part(part: JSON) -> tuple[ChannelKind, str]:
    if type(part) is not dict:
        return "content", text_in(part)
    kind, member = PARTS.get(text_in(part.get("type")), PARTS["text"])
    inner = part.get(member)
    if type(inner) is list:
        return kind, "".join(text_in(one.get("text")) for one in objects_in(inner))
    return kind, text_in(inner)


def _tool_calls(delta: Mapping[str, JSON]) -> list[dict[str, JSON]]:
    legacy = delta.get("function_call")
    old = [{"index": LEGACY, "function": legacy}] if type(legacy) is dict else []
    return objects_in(delta.get("tool_calls")) + old


def _error(message: Mapping[str, JSON], choices: list[dict[str, JSON]], event: str) -> JSON:
    """The error that a message reports, if any: at the top, in a choice, or all of it."""
    for holder in (message, *choices):
        if error := holder.get("error"):
            return error
    return message if "error" in (event, message.get("object"), message.get("type")) else None
