"""The bridge: a source of text or bytes meets a parser, and its end gets an honest verdict."""

from __future__ import annotations

from partialjson.wire.messages import Channel, Heartbeat, Usage
from partialjson.wire.resume import Verdict

from .bridge import Bridge, Content, EndPolicy, StreamEvent, TextDelta
from .doors import astream, stream
from .loops import AsyncStream, Stream
from .opening import OpenOptions, aopen_stream, open_stream
from .texts import Reset, Text, ToolEvent, ToolParsers, TypedOptions
from .timing import Timing

__all__ = [
    "AsyncStream",
    "Bridge",
    "Channel",
    "Content",
    "EndPolicy",
    "Heartbeat",
    "OpenOptions",
    "Reset",
    "Stream",
    "StreamEvent",
    "Text",
    "TextDelta",
    "Timing",
    "ToolEvent",
    "ToolParsers",
    "TypedOptions",
    "Usage",
    "Verdict",
    "aopen_stream",
    "astream",
    "open_stream",
    "stream",
]
