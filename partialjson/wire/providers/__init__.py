"""The decoders by name: messages of a stream in, the items of `partialjson.wire.messages` out."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from ._base import Cursor, Provider
from .anthropic import AnthropicDecoder
from .assistants import AssistantsDecoder
from .auto import AutoDecoder
from .bedrock import BedrockDecoder
from .chat import ChatDecoder
from .cohere import CohereDecoder
from .completions import CompletionsDecoder
from .gemini import GeminiDecoder
from .ollama import OllamaDecoder
from .replicate import ReplicateDecoder
from .responses import ResponsesDecoder

__all__ = [
    "PROVIDERS",
    "AnthropicDecoder",
    "AssistantsDecoder",
    "AutoDecoder",
    "BedrockDecoder",
    "ChatDecoder",
    "CohereDecoder",
    "CompletionsDecoder",
    "Cursor",
    "GeminiDecoder",
    "OllamaDecoder",
    "Provider",
    "ReplicateDecoder",
    "ResponsesDecoder",
]

OPENAI = partial(AutoDecoder, ("completions", "chat", "responses", "assistants"))

# A service is a name, and so is an API; those of many shapes tell them by the first messages.
PROVIDERS: dict[str, Callable[[], Provider]] = {
    "anthropic": AnthropicDecoder,
    "assistants": AssistantsDecoder,
    "auto": AutoDecoder,
    "azure": OPENAI,
    "bedrock": partial(AutoDecoder, ("bedrock", "anthropic", "chat", "responses")),
    "cerebras": ChatDecoder,
    "chat": ChatDecoder,
    "cohere": partial(AutoDecoder, ("cohere", "chat")),
    "completions": CompletionsDecoder,
    "deepseek": OPENAI,
    "gemini": partial(AutoDecoder, ("gemini", "chat")),
    "groq": OPENAI,
    "llama.cpp": OPENAI,
    "mistral": ChatDecoder,
    "ollama": partial(AutoDecoder, ("ollama", "completions", "chat")),
    "openai": OPENAI,
    "openrouter": partial(AutoDecoder, ("completions", "chat", "responses", "anthropic")),
    "replicate": ReplicateDecoder,
    "responses": ResponsesDecoder,
    "vertex": partial(AutoDecoder, ("gemini", "anthropic", "chat")),
    "vllm": OPENAI,
    "xai": OPENAI,
}
