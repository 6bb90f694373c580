"""The decoders by name: messages of a stream in, the items of `partialjson.wire.messages` out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from partialjson.wire.messages import Item

from .chat import ChatDecoder

__all__ = ["PROVIDERS", "ChatDecoder", "Provider"]


class Provider(Protocol):
    """What every decoder of messages can do. Make one for each stream: there is no reset."""

    def feed(self, data: str, event: str = "message") -> list[Item]:
        """What one message says, `data` and `event` being those of a server-sent event.

        Raises:
            RuntimeError: After `close()`; never for what a server sent.
        """
        ...

    def close(self) -> list[Item]:
        """The stream has ended: what was held back, if anything. Again: nothing."""
        ...


# A name stands here when recordings of its streams are read with this decoder; every other API
# with the shape of chat completions is "chat".
PROVIDERS: dict[str, Callable[[], Provider]] = {
    "azure": ChatDecoder,
    "chat": ChatDecoder,
    "deepseek": ChatDecoder,
    "groq": ChatDecoder,
    "mistral": ChatDecoder,
    "openai": ChatDecoder,
    "openrouter": ChatDecoder,
    "vllm": ChatDecoder,
    "xai": ChatDecoder,
}
