"""The bridge: a source of text or bytes meets a parser, and its end gets an honest verdict."""

from __future__ import annotations

from partialjson.wire.messages import Channel, Heartbeat, Usage
from partialjson.wire.resume import Verdict

from .bridge import Bridge, Content, StreamEvent, TextDelta
from .loops import AsyncStream, Stream, astream, stream
from .texts import Text, ToolEvent, ToolParsers, TypedOptions

__all__ = [
    "AsyncStream",
    "Bridge",
    "Channel",
    "Content",
    "Heartbeat",
    "Stream",
    "StreamEvent",
    "Text",
    "TextDelta",
    "ToolEvent",
    "ToolParsers",
    "TypedOptions",
    "Usage",
    "Verdict",
    "astream",
    "stream",
]
