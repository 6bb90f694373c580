"""What a provider says, in words that belong to no provider.

The decoders of `partialjson.wire.providers` take the messages of one stream and give lists of
these items; a new API is a new decoder, and the items stay. An item is news: nothing is said where
nothing changed, and no delta is empty.

Items compare by value. Type checkers see them as frozen; at run time they are plain slots, since a
frozen dataclass costs three times as much to build, and one is built for every delta. A `Channel`
is frozen in earnest: it is a key.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias, TypeVar, dataclass_transform

from partialjson.errors import ProviderError

__all__ = [
    "ArgumentPart",
    "Channel",
    "ChannelKind",
    "Delta",
    "Done",
    "Failure",
    "Finish",
    "Heartbeat",
    "Item",
    "Restart",
    "ToolCall",
    "Unknown",
    "Usage",
    "Whole",
]

JSON: TypeAlias = Any
ChannelKind: TypeAlias = Literal["content", "reasoning", "refusal", "tool"]

T = TypeVar("T")


@dataclass_transform(frozen_default=True)
def item(cls: type[T]) -> type[T]:
    """A dataclass that is frozen for type checkers alone."""
    return dataclass(slots=True)(cls)


@dataclass(frozen=True, slots=True)
class Channel:
    """One of the texts that a stream interleaves: each begins, grows and ends by itself.

    Two channels are equal when `kind`, `index` and `choice` are: a call's id and name may come
    later than its first delta, and ids change when a request is sent again. So a dict by channel
    finds a call at every one of its deltas.

    Attributes:
        kind: What the text is; `"tool"` is the arguments of one tool call.
        index: The place among the channels of that kind and choice, from 0, in the order they
            began. Not the provider's own number, which some servers leave out and some repeat.
        id: The provider's id of the tool call, once it is known; the call's answer must name it.
        name: The tool's name, once it is known.
        choice: Which of the answers that were asked for (`n`), from 0.
    """

    kind: ChannelKind
    index: int = 0
    id: str | None = field(default=None, compare=False)
    name: str | None = field(default=None, compare=False)
    choice: int = 0


@item
class Delta:
    """A channel's text grows. Never empty.

    Attributes:
        channel: Whose text; for a tool call, with its id and name as far as they are known.
        text: What to append.
    """

    channel: Channel
    text: str


@item
class ToolCall:
    """A tool call begins, perhaps without arguments ever to come.

    Stands before the call's first `Delta`. Said again when the id or the name come only later.

    Attributes:
        channel: The call's channel, equal each time.
    """

    channel: Channel


@item
class ArgumentPart:
    """A value inside a tool call's arguments, told by its path instead of as text (Gemini).

    A string may come in pieces, and containers come with the first path through them. A path that
    is `"$"` alone, without a value, says that the arguments are whole.

    Attributes:
        channel: The call.
        path_text: Where in the arguments: a singular query of RFC 9535, such as `"$.steps[0].at"`.
        value: The value, or the next piece of a string.
        more: Whether another piece of this string follows.
    """

    channel: Channel
    path_text: str
    value: JSON
    more: bool = False


@item
class Whole:
    """A channel's whole text so far, of a provider that is asked again and again.

    Attributes:
        channel: Whose text.
        text: Its characters from the first to the latest.
    """

    channel: Channel
    text: str


@item
class Restart:
    """The answer begins anew: all that was said before is void.

    Some gateways ask again when the model breaks off, and send both answers in one stream.
    """


@item
class Finish:
    """A choice ended, and why. Said once, and again only if the provider changes its words.

    The last one counts. Not the end of the stream: usage, or even a `Failure`, may follow.

    Attributes:
        reason: The provider's word: `"stop"`, `"length"`, `"tool_calls"`, `"content_filter"` …
        choice: Which of the answers that were asked for, from 0.
        native: The word of the model's own API, where a router passes it on beside its own.
    """

    reason: str
    choice: int = 0
    native: str | None = None


@item
class Usage:
    """What was counted so far. May come several times, and each replaces the one before.

    Attributes:
        input_tokens: Tokens of the request, if the provider said.
        output_tokens: Tokens of the answer, if the provider said.
        details: The whole object, as it was sent.
    """

    input_tokens: int | None
    output_tokens: int | None
    details: dict[str, JSON]


@item
class Failure:
    """The provider reported an error, or sent what cannot be read.

    Outweighs every `Finish` of the stream, whichever comes first.

    Attributes:
        message: What the provider said.
        code: Its code as it was sent, or else the error's type.
        retryable: Whether the same request may succeed if it is sent again; if nothing tells, no.
        metadata: Whatever else it said, by name. The members of an object that is itself called
            `metadata` (OpenRouter) stand among the others.
    """

    message: str
    code: str | int | None = None
    retryable: bool = False
    metadata: dict[str, JSON] | None = None

    def error(self) -> ProviderError:
        """The same facts as an exception."""
        return ProviderError(
            self.message, code=self.code, metadata=self.metadata, retryable=self.retryable
        )


@item
class Heartbeat:
    """The stream lives, and has nothing to say: an empty message, or a comment between messages.

    Attributes:
        text: The comment, if it was one.
    """

    text: str = ""


@item
class Done:
    """The protocol's own end marker: nothing is to be read after it.

    Not every API has one, so a stream that ends without it may be whole if each choice finished.
    """


@item
class Unknown:
    """A message that this decoder has no reading for, passed on as it came.

    Attributes:
        event: The message's event type.
        value: What it held: decoded, or the text itself after `Done`.
    """

    event: str
    value: JSON


Item: TypeAlias = (
    Delta
    | Whole
    | ToolCall
    | ArgumentPart
    | Restart
    | Finish
    | Usage
    | Failure
    | Heartbeat
    | Done
    | Unknown
)


# What follows reads members that may be of any type: every decoder's, whatever its API.


def objects_in(value: JSON) -> list[dict[str, JSON]]:
    """The objects of an array; none if it is something else."""
    return [one for one in value if type(one) is dict] if type(value) is list else []


def object_in(value: JSON) -> dict[str, JSON]:
    """The object itself; an empty one if it is something else."""
    return value if type(value) is dict else {}


def text_in(value: JSON) -> str:
    """The string itself; the empty one if it is something else."""
    return value if type(value) is str else ""


def number_in(value: JSON) -> int | None:
    """The integer itself; `None` if it is something else, a boolean too."""
    return value if type(value) is int else None


NO_MESSAGE = "the provider reported an error without a message"
CODES = ("code", "type", "status", "status_code", "error_type")  # members that hold no prose
HTTP_STATUS = range(100, 600)
SERVER_ERROR = range(500, 600)
PASSING_STATUS = (408, 409, 425, 429)  # time-out, conflict, too early, too many requests
PASSING = ("rate_limit", "overloaded", "unavailable", "timeout", "server", "api_error")
LASTING = (  # looked at first: OpenAI sends `insufficient_quota` with status 429
    "insufficient_quota",
    "invalid",
    "authentication",
    "permission",
    "payment",
    "not_found",
    "context_length",
    "max_tokens",
    "content_policy",
    "refusal",
)


def read_failure(error: JSON, around: Mapping[str, JSON]) -> Failure:
    """The failure that an error tells: an object with its facts, or a value with facts around it.

    Errors look alike on every API: `{"error": {"message", "code" or "type", …}}`,
    `{"error": "text", …}`, `{"object": "error", "message", …}`.
    """
    facts = dict(error) if isinstance(error, dict) else _beside(error, around)
    nested = facts.pop("metadata", None)
    facts.update(nested if isinstance(nested, dict) else {})

    retryable = _passes(facts)
    message, code = facts.pop("message", None), facts.pop("code", None)
    if type(code) not in (int, str):
        code = text_in(facts.get("type")) or None
    if not isinstance(message, str):
        message = json.dumps(message) if message else ""
    return Failure(message or NO_MESSAGE, code, retryable, facts or None)


def _beside(error: JSON, around: Mapping[str, JSON]) -> dict[str, JSON]:
    facts = {name: value for name, value in around.items() if name not in ("choices", "error")}
    return {"message": error, **facts} if isinstance(error, str) else {"error": error, **facts}


def _passes(facts: Mapping[str, JSON]) -> bool:
    codes = [str(facts[name]).lower() for name in CODES if type(facts.get(name)) in (int, str)]
    if any(word in code for code in codes for word in LASTING):
        return False
    for status in (int(code) for code in codes if code.isdecimal()):
        if status in HTTP_STATUS:
            return status in SERVER_ERROR or status in PASSING_STATUS
    return any(word in code for code in codes for word in PASSING)
