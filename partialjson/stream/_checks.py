"""What the options of a stream may be."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias, get_args

from partialjson.wire.resume import Divergence

__all__ = ["Content", "EndPolicy", "check"]

Content: TypeAlias = Literal["json", "find", "text"]
EndPolicy: TypeAlias = Literal["auto", "strict", "lenient"]


def check(provider: str | None, parse: str, model: Any, finish: str, on_diverge: str) -> None:
    """Refuse what options cannot have."""
    if finish not in get_args(EndPolicy):
        raise ValueError(f"expected finish='auto', 'strict' or 'lenient', got {finish!r}")
    if parse not in get_args(Content):
        raise ValueError(f"expected parse='json', 'find' or 'text', got {parse!r}")
    if on_diverge not in get_args(Divergence):
        raise ValueError(f"expected on_diverge='reset', 'hold' or 'raise', got {on_diverge!r}")
    if parse == "text" and provider is None:
        raise ValueError("parse='text' needs a provider: without one the source is JSON text")
    if parse == "text" and model is not None:
        raise ValueError("parse='text' reads no JSON that a model could validate")
