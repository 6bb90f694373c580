"""Streamed text in; values you can render, trust and type out, still being written.

The door: names only. Those that need an optional dependency are loaded when they are first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

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
from .parser import Completion, LiveValue, Parser
from .path import JSON, Path, from_pointer, to_pointer
from .stream import (
    AsyncStream,
    Channel,
    Heartbeat,
    Stream,
    StreamEvent,
    TextDelta,
    ToolEvent,
    Usage,
    Verdict,
    astream,
    stream,
)

if TYPE_CHECKING:
    from .validation import Salvage, TypedParser

__version__ = "0.1.0"

__all__ = [
    "JSON",
    "AsyncStream",
    "BadContentType",
    "Broken",
    "Channel",
    "CheckpointError",
    "Completion",
    "ConnectionLost",
    "Documents",
    "Doomed",
    "Event",
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
    "Parser",
    "PartialJSONError",
    "Path",
    "ProviderError",
    "Revised",
    "Salvage",
    "Stream",
    "StreamEvent",
    "StreamTimeout",
    "StringDelta",
    "TextDelta",
    "ToolEvent",
    "TransportError",
    "TypedEvent",
    "TypedParser",
    "Usage",
    "Valid",
    "ValueEnd",
    "ValueStart",
    "Verdict",
    "astream",
    "complete",
    "from_json",
    "from_pointer",
    "stream",
    "to_pointer",
]


def __getattr__(name: str) -> Any:
    if name not in {"Salvage", "TypedParser"}:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        from . import validation  # noqa: PLC0415 - at its first use: it loads Pydantic
    except ImportError as error:
        extra = "pip install 'partialjson-streaming[pydantic]'"
        raise ImportError(f"{name} needs Pydantic 2.10 or later: {extra}") from error
    return getattr(validation, name)
