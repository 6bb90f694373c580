"""Streamed text in; values you can render, trust and type out, still being written.

The door: names only. Those that need an extra, or that few need, are loaded at first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ._extras import needs_pydantic
from .documents import Broken, Documents
from .errors import (
    BadContentType,
    CheckpointError,
    ConnectionLost,
    HTTPStatusError,
    IncompleteJSONError,
    JSONSyntaxError,
    LimitExceeded,
    PartialJSONError,
    ProviderError,
    StreamTimeout,
    TransportError,
)
from .events import (
    Doomed,
    Event,
    Invalid,
    Kind,
    Revised,
    StringDelta,
    TypedEvent,
    Valid,
    ValueEnd,
    ValueStart,
)
from .fragments import Fragment, Fragments, complete, from_json
from .parser import Completion, LiveValue, Parser, core
from .path import JSON, Path, from_pointer, to_pointer
from .stream import (
    AsyncStream,
    BatchResult,
    Channel,
    Heartbeat,
    OpenedAsyncStream,
    OpenedStream,
    Reset,
    Retry,
    Retrying,
    Stream,
    StreamEvent,
    TextDelta,
    Timing,
    ToolEvent,
    ToolParsers,
    Usage,
    Verdict,
    abatch,
    aopen_stream,
    astream,
    batch,
    guard_disconnect,
    open_stream,
    stream,
)

if TYPE_CHECKING:
    from .render import Feed, Patches, Skeleton, skeleton
    from .stream.relays import Relay
    from .validation import Salvage, TypedParser

__version__ = "0.1.0"

__all__ = [
    "JSON",
    "AsyncStream",
    "BadContentType",
    "BatchResult",
    "Broken",
    "Channel",
    "CheckpointError",
    "Completion",
    "ConnectionLost",
    "Documents",
    "Doomed",
    "Event",
    "Feed",
    "Fragment",
    "Fragments",
    "HTTPStatusError",
    "Heartbeat",
    "IncompleteJSONError",
    "Invalid",
    "JSONSyntaxError",
    "Kind",
    "LimitExceeded",
    "LiveValue",
    "OpenedAsyncStream",
    "OpenedStream",
    "Parser",
    "PartialJSONError",
    "Patches",
    "Path",
    "ProviderError",
    "Relay",
    "Reset",
    "Retry",
    "Retrying",
    "Revised",
    "Salvage",
    "Skeleton",
    "Stream",
    "StreamEvent",
    "StreamTimeout",
    "StringDelta",
    "TextDelta",
    "Timing",
    "ToolEvent",
    "ToolParsers",
    "TransportError",
    "TypedEvent",
    "TypedParser",
    "Usage",
    "Valid",
    "ValueEnd",
    "ValueStart",
    "Verdict",
    "abatch",
    "aopen_stream",
    "astream",
    "batch",
    "complete",
    "core",
    "from_json",
    "from_pointer",
    "guard_disconnect",
    "open_stream",
    "skeleton",
    "stream",
    "to_pointer",
]


LATE = {
    "Feed": "render",
    "Patches": "render",
    "Relay": "stream.relays",
    "Salvage": "validation",
    "Skeleton": "render",
    "TypedParser": "validation",
    "skeleton": "render",
}


def __dir__() -> list[str]:
    return [*__all__]


def __getattr__(name: str) -> Any:
    if name not in LATE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    with needs_pydantic(name):
        return getattr(import_module(f".{LATE[name]}", __name__), name)
