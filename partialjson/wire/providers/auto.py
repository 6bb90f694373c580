"""The shape of a stream, told by its first messages: for those who do not say whose it is.

In come the messages of any API; the first that has a shape decides which decoder reads on. Many
services speak several APIs under one name, so most names of `PROVIDERS` choose among a few shapes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from partialjson.wire.messages import JSON, Item, Unknown, text_in

from ._base import MessageDecoder, Provider, error_of
from .anthropic import AnthropicDecoder
from .assistants import AssistantsDecoder
from .bedrock import BedrockDecoder
from .chat import ChatDecoder, stored
from .cohere import CohereDecoder
from .completions import CompletionsDecoder
from .gemini import GeminiDecoder
from .ollama import OllamaDecoder
from .replicate import ReplicateDecoder
from .responses import ResponsesDecoder

__all__ = ["SHAPES", "AutoDecoder"]

ANTHROPIC = ("message_start", "content_block_start", "content_block_delta", "message_delta", "ping")
GEMINI = ("candidates", "promptFeedback", "usageMetadata")
COHERE = ("message-start", "content-start", "tool-plan-delta", "tool-call-start")
BEDROCK = ("messageStart", "contentBlockStart", "contentBlockDelta", "messageStop")


def is_completions(message: Mapping[str, JSON], event: str) -> bool:
    choices = message.get("choices")
    first = choices[0] if type(choices) is list and choices else None
    is_old = message.get("object") == "text_completion" or (type(first) is dict and "text" in first)
    return is_old or (type(message.get("content")) is str and type(message.get("stop")) is bool)


def is_chat(message: Mapping[str, JSON], event: str) -> bool:
    return type(message.get("choices")) is list or bool(stored(message))


def is_responses(message: Mapping[str, JSON], event: str) -> bool:
    kind = text_in(message.get("type")) or event
    return kind.startswith("response.") or message.get("object") == "response"


def is_assistants(message: Mapping[str, JSON], event: str) -> bool:
    return event.startswith("thread.")


def is_anthropic(message: Mapping[str, JSON], event: str) -> bool:
    kind = message.get("type")
    return kind in ANTHROPIC or (kind == "message" and type(message.get("content")) is list)


def is_gemini(message: Mapping[str, JSON], event: str) -> bool:
    return any(name in message for name in GEMINI)


def is_cohere(message: Mapping[str, JSON], event: str) -> bool:
    kind = message.get("type")
    is_whole = type(message.get("message")) is dict and "finish_reason" in message
    return kind in COHERE or is_whole or type(message.get("is_finished")) is bool


def is_ollama(message: Mapping[str, JSON], event: str) -> bool:
    return type(message.get("done")) is bool


def is_bedrock(message: Mapping[str, JSON], event: str) -> bool:
    return any(name in message for name in BEDROCK) or {"output", "stopReason"} <= message.keys()


def is_replicate(message: Mapping[str, JSON], event: str) -> bool:
    return event == "output"


Test = Callable[[Mapping[str, JSON], str], bool]

# In this order: where two could be meant, the first is.
SHAPES: dict[str, tuple[Test, Callable[[], Provider]]] = {
    "completions": (is_completions, CompletionsDecoder),
    "chat": (is_chat, ChatDecoder),
    "responses": (is_responses, ResponsesDecoder),
    "assistants": (is_assistants, AssistantsDecoder),
    "anthropic": (is_anthropic, AnthropicDecoder),
    "gemini": (is_gemini, GeminiDecoder),
    "cohere": (is_cohere, CohereDecoder),
    "ollama": (is_ollama, OllamaDecoder),
    "bedrock": (is_bedrock, BedrockDecoder),
    "replicate": (is_replicate, ReplicateDecoder),
}


@dataclass(slots=True)
class AutoDecoder(MessageDecoder):
    """Reads as the decoder of the first message that has a shape does.

    Until then an error is a `Failure` all the same, and anything else `Unknown`.

    Args:
        shapes: Which of `SHAPES` may come; all of them if none is named.
    """

    shapes: tuple[str, ...] = ()
    _decoder: Provider | None = field(default=None, init=False)

    def resume(self) -> None:
        """What comes next goes on behind the cursor; see `MessageDecoder.resume`."""
        if self._decoder is None:
            MessageDecoder.resume(self)
        else:
            self._decoder.resume()

    def feed(self, data: str, event: str = "message") -> list[Item]:
        """What one message says; see `MessageDecoder.feed`."""
        if self._decoder is None:
            self._decoder = self._told_by(data, event)
        if self._decoder is None:
            return MessageDecoder.feed(self, data, event)
        said = self._decoder.feed(data, event)
        self.stand(self._decoder.cursor)
        return said

    def read(self, message: JSON, event: str = "message") -> list[Item]:
        """What one message says that is decoded already."""
        if self._decoder is None:
            self._decoder = self._shaped(message, event)
        if self._decoder is None:
            return MessageDecoder.read(self, message, event)
        said = self._decoder.read(message, event)
        self.stand(self._decoder.cursor)
        return said

    def close(self) -> list[Item]:
        """What the decoder held back, if anything."""
        held = [] if self._decoder is None else self._decoder.close()
        return held + MessageDecoder.close(self)

    def _told_by(self, data: str, event: str) -> Provider | None:
        try:
            return self._shaped(json.loads(data), event)
        except (ValueError, RecursionError):
            return self._shaped({}, event)

    def _shaped(self, message: JSON, event: str) -> Provider | None:
        if type(message) is list and message:
            message = message[0]
        if self._closed or type(message) is not dict:
            return None
        for shape in self.shapes or SHAPES:
            fits, make = SHAPES[shape]
            if fits(message, event):
                decoder = make()
                decoder.stand(self.cursor)
                if self._resumes:
                    decoder.resume()
                return decoder
        return None

    def _read(self, message: dict[str, JSON], event: str) -> list[Item]:
        failure = error_of(message, event)
        return [failure or Unknown(event, message)]
