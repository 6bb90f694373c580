"""Gemini: the responses that `streamGenerateContent` streams, as events or as an array's elements.

In come messages, each a `GenerateContentResponse` of the Gemini API or of Vertex AI; out go items.
A tool call comes whole, or with its arguments as values by path, which leave as they came: text is
made of them where texts are read. Names are those of the API reference, "Generating content".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from partialjson.wire.messages import (
    JSON,
    ArgumentPart,
    Channel,
    ChannelKind,
    Failure,
    Finish,
    Item,
    Unknown,
    Usage,
    number_in,
    object_in,
    objects_in,
    text_in,
)

from ._base import Channels, MessageDecoder, as_json, error_of

__all__ = ["GeminiDecoder"]

BROKEN_CALLS = ("MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL")
UNSET = "FINISH_REASON_UNSPECIFIED"
NUMBERED = (UNSET, "STOP", "MAX_TOKENS", "SAFETY", "RECITATION", "OTHER")  # some SDKs send numbers
VALUES = ("stringValue", "numberValue", "boolValue")
WHOLE = "$"  # the path that says that a call's arguments are whole


@dataclass(slots=True)
class Candidate:
    """One of the answers that were asked for.

    Attributes:
        channels: Its texts and its calls; a call has no number of its own, so they are counted.
        calls: How many calls began.
        open_call: The call whose arguments are still coming by path, if one is.
        finish: Why it ended, if it did.
    """

    channels: Channels
    calls: int = 0
    open_call: Channel | None = None
    finish: str = ""


@dataclass(slots=True)
class GeminiDecoder(MessageDecoder):
    """Messages of Gemini to items: `feed` each, then `close`.

    There is no end marker: a stream is whole if it ends behind the `Finish` of each candidate. A
    prompt that was blocked gives a `Finish` with the block reason. The end of a call whose
    arguments come by path is sometimes not sent; whatever else comes next ends it.
    """

    _candidates: dict[int, Candidate] = field(default_factory=dict, init=False)
    _usage: Usage | None = field(default=None, init=False)

    def _read(self, message: dict[str, JSON], event: str) -> list[Item]:
        if failure := error_of(message, event):
            return [failure]
        said: list[Item] = []
        for position, candidate in enumerate(objects_in(message.get("candidates"))):
            index = number_in(candidate.get("index"))
            said += self._grow(candidate, position if index is None else index)
        said += self._blocked(object_in(message.get("promptFeedback")))
        counted = object_in(message.get("usageMetadata"))
        known = "candidates" in message or "promptFeedback" in message or bool(counted)
        return said + self._count(counted) if known else [Unknown(event, message)]

    def _grow(self, message: Mapping[str, JSON], number: int) -> list[Item]:
        if number not in self._candidates:
            self._candidates[number] = Candidate(Channels(number))
        candidate = self._candidates[number]
        said: list[Item] = []
        for part in objects_in(object_in(message.get("content")).get("parts")):
            call = part.get("functionCall")
            if type(call) is dict:
                said += self._call(candidate, call)
            elif text := text_in(part.get("text")):
                kind: ChannelKind = "reasoning" if part.get("thought") is True else "content"
                said += _ended(candidate) + candidate.channels.text(kind, kind, text)
        return said + self._finish(candidate, message, number)

    def _call(self, candidate: Candidate, call: Mapping[str, JSON]) -> list[Item]:
        """A whole call, the beginning of one, values of its arguments, or its end."""
        name, more = text_in(call.get("name")), call.get("willContinue") is True
        said: list[Item] = []
        if name:
            said += _ended(candidate)
            key, candidate.calls = candidate.calls, candidate.calls + 1
            id_ = text_in(call.get("id")) or None
            streamed = more or "partialArgs" in call
            whole = "" if streamed else as_json(call.get("args") or {})
            said += candidate.channels.call(key, id_, name, whole)
            candidate.open_call = candidate.channels.known(key) if streamed else None
        if candidate.open_call is not None:
            for part in objects_in(call.get("partialArgs")):
                said += _argument(candidate.open_call, part)
        return said if more else said + _ended(candidate)

    def _finish(self, candidate: Candidate, message: Mapping[str, JSON], number: int) -> list[Item]:
        reason = _named(message.get("finishReason"))
        if reason in ("", UNSET, candidate.finish):
            return []
        candidate.finish = reason
        if reason in BROKEN_CALLS:
            words = text_in(message.get("finishMessage")) or "the model broke its tool call off"
            return [*_ended(candidate), Failure(words, reason, retryable=True)]
        return [*_ended(candidate), Finish(reason, number)]

    def _blocked(self, feedback: Mapping[str, JSON]) -> list[Item]:
        reason = text_in(feedback.get("blockReason"))
        if not reason:
            return []
        first = self._candidates.setdefault(0, Candidate(Channels()))
        is_news, first.finish = first.finish != reason, reason
        return [Finish(reason)] if is_news else []

    def _count(self, counted: dict[str, JSON]) -> list[Item]:
        read, written = counted.get("promptTokenCount"), counted.get("candidatesTokenCount")
        usage = Usage(number_in(read), number_in(written), counted)
        if not counted or usage == self._usage:
            return []
        self._usage = usage
        return [usage]


def _ended(candidate: Candidate) -> list[Item]:
    """The arguments that came by path are whole, if any did."""
    call, candidate.open_call = candidate.open_call, None
    return [] if call is None else [ArgumentPart(call, WHOLE, None)]


def _named(reason: JSON) -> str:
    number = number_in(reason)
    if number is None:
        return text_in(reason)
    return NUMBERED[number] if 0 <= number < len(NUMBERED) else str(number)


def _argument(call: Channel, part: Mapping[str, JSON]) -> list[Item]:
    path = text_in(part.get("jsonPath"))
    if not path or path == WHOLE:
        return []
    value = next((part[name] for name in VALUES if name in part), None)
    return [ArgumentPart(call, path, value, more=part.get("willContinue") is True)]
