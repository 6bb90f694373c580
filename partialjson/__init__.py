"""Streamed text in; values you can render, trust and type out, still being written.

The door: names only, and none that needs an optional dependency.
"""

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
from .events import Event, Kind, StringDelta, ValueEnd, ValueStart
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
    "Event",
    "Fragment",
    "Fragments",
    "HTTPStatusError",
    "Heartbeat",
    "IncompleteJSONError",
    "JSONSyntaxError",
    "Kind",
    "LimitExceeded",
    "LiveValue",
    "Parser",
    "PartialJSONError",
    "Path",
    "ProviderError",
    "Stream",
    "StreamEvent",
    "StreamTimeout",
    "StringDelta",
    "TextDelta",
    "ToolEvent",
    "TransportError",
    "Usage",
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
