"""Bytes of an answer's body to its messages, whatever frames them.

The bytes of a body flow in, cut anywhere; whole messages flow out as text: the lines of
newline-delimited JSON, the elements of one JSON array, the events of an event stream, or the body
itself. What a message means is not known here.
"""

from __future__ import annotations

from ._base import is_whole
from ._body import BodyDecoder, BodyKind, Message
from ._texts import JSONArrayDecoder, NDJSONDecoder

__all__ = ["BodyDecoder", "BodyKind", "JSONArrayDecoder", "Message", "NDJSONDecoder", "is_whole"]
