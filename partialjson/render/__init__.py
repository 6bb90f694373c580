"""What a screen needs: its shape beforehand, then JSON Patch operations, and messages with them."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from partialjson._extras import needs_pydantic

from .feeds import Ending, Feed, Message, ndjson, sse, to_ndjson, to_sse
from .operations import Operation, coalesce
from .patch import Mark, Operations, Patches

if TYPE_CHECKING:
    from ._skeleton import Skeleton, skeleton

__all__ = [
    "Ending",
    "Feed",
    "Mark",
    "Message",
    "Operation",
    "Operations",
    "Patches",
    "Skeleton",
    "coalesce",
    "ndjson",
    "skeleton",
    "sse",
    "to_ndjson",
    "to_sse",
]


def __getattr__(name: str) -> Any:
    if name not in ("Skeleton", "skeleton"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    with needs_pydantic(name):
        return getattr(import_module("._skeleton", __name__), name)
