"""The bridge: a source of text or bytes meets a parser, and its end gets an honest verdict."""

from __future__ import annotations

from partialjson.wire.backoff import Retry
from partialjson.wire.messages import Channel, Heartbeat, Usage
from partialjson.wire.resume import Verdict

from .batches import BatchOptions, BatchResult, abatch, batch
from .bridge import Bridge, Content, EndPolicy
from .doors import OpenOptions, aopen_stream, astream, open_stream, stream
from .guarding import guard_disconnect
from .loops import AsyncStream, Stream
from .news import Reset, Retrying, StreamEvent, TextDelta, ToolEvent
from .opening import OpenedAsyncStream, OpenedStream
from .texts import Text, ToolParsers, TypedOptions
from .timing import Timing

__all__ = [
    "AsyncStream",
    "BatchOptions",
    "BatchResult",
    "Bridge",
    "Channel",
    "Content",
    "EndPolicy",
    "Heartbeat",
    "OpenOptions",
    "OpenedAsyncStream",
    "OpenedStream",
    "Reset",
    "Retry",
    "Retrying",
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
    "abatch",
    "aopen_stream",
    "astream",
    "batch",
    "guard_disconnect",
    "open_stream",
    "stream",
]
