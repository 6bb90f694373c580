"""The bridge: a source of text or bytes meets a parser, and its end gets an honest verdict."""

from __future__ import annotations

from partialjson.wire.messages import Channel, Heartbeat, Usage
from partialjson.wire.resume import Verdict

from .bridge import Bridge, Content, StreamEvent, TextDelta, ToolEvent
from .loops import AsyncStream, Stream, astream, stream

__all__ = [
    "AsyncStream",
    "Bridge",
    "Channel",
    "Content",
    "Heartbeat",
    "Stream",
    "StreamEvent",
    "TextDelta",
    "ToolEvent",
    "Usage",
    "Verdict",
    "astream",
    "stream",
]
