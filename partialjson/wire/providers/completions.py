"""Text completions: what OpenAI's older API streams, and llama.cpp's own beside it.

In come the messages of one answer, or a whole completion. Out go items: one content channel for
each choice, finish reasons, usage, failures. There are no tool calls and no reasoning to know of:
whatever a model writes is its text.

Names are those of the OpenAI API reference, "Completions", and of the README of llama.cpp's
server, "POST /completion".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from partialjson.wire.messages import (
    JSON,
    Channel,
    Delta,
    Item,
    Usage,
    number_in,
    text_in,
)

from .chat import ChatDecoder

__all__ = ["CompletionsDecoder"]

COUNTED = ("tokens_evaluated", "tokens_predicted", "tokens_cached", "timings")
STOPPED = ("eos", "word", "limit")  # a boolean for each, before there was a `stop_type`


@dataclass(slots=True)
class CompletionsDecoder(ChatDecoder):
    """Messages of a text completion to items: `feed` each, then `close`.

    They are those of a chat completion with `text` instead of a delta, so that usage, finish
    reasons and errors are read as in a chat. A completion of llama.cpp's own ends with its
    `stop_type`: `"eos"`, `"word"`, `"limit"` or `"none"`; where several prompts were sent, each is
    a choice. It is not `Done`, for the other prompts may go on.
    """

    def _read(self, message: dict[str, JSON], event: str) -> list[Item]:
        own = type(message.get("content")) is str or type(message.get("stop")) is bool
        if own and not message.get("error") and "choices" not in message:
            return self._own(message)
        return ChatDecoder._read(self, message, event)  # noqa: SLF001 `super` and slots differ

    def _grow(self, choice: Mapping[str, JSON], number: int) -> list[Item]:
        return _text(choice.get("text"), number)

    def _own(self, message: Mapping[str, JSON]) -> list[Item]:
        """What a message of llama.cpp's own says."""
        number = number_in(message.get("index")) or 0
        said = _text(message.get("content"), number)
        if message.get("stop") is not True:
            return said
        said += self._finish({"finish_reason": _stop_type(message)}, number)
        counted = {name: message[name] for name in COUNTED if name in message}
        if counted:
            read, written = counted.get("tokens_evaluated"), counted.get("tokens_predicted")
            said.append(Usage(number_in(read), number_in(written), counted))
        return said


def _text(text: JSON, number: int) -> list[Item]:
    return [Delta(Channel("content", choice=number), text)] if text_in(text) else []


def _stop_type(message: Mapping[str, JSON]) -> str:
    if told := text_in(message.get("stop_type")):
        return told
    for word in STOPPED:
        if message.get(f"stopped_{word}") is True:
            return word
    return "limit" if message.get("truncated") is True else "none"
