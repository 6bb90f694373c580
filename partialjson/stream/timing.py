"""When what came first came: the figures by which people judge a stream.

What flows in are events and the seconds that had passed; no clock is read here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from partialjson.events import ValueEnd
from partialjson.wire.messages import Heartbeat

from .news import Reset, Retrying, ToolEvent

__all__ = ["Timing"]


@dataclass(slots=True)
class Timing:
    """Seconds from the request to each; `None` for what has not come, or has no time.

    Attributes:
        headers: The head of the answer; only where the stream itself sent the request.
        first_heartbeat: The first comment or empty message, if it came before any field closed.
        first_token: The first text of any channel.
        first_closed: The first value that was finished.
        end: The end of the stream, or the moment at which it was left.
    """

    headers: float | None = None
    first_heartbeat: float | None = None
    first_token: float | None = None
    first_closed: float | None = None
    end: float | None = None

    def note(self, events: Sequence[object], now: float) -> None:
        """Some events came, after `now` seconds."""
        if self.first_closed is not None:  # every delta of a long stream passes here
            return
        for event in events:
            if isinstance(event, Heartbeat):
                self.first_heartbeat = now if self.first_heartbeat is None else self.first_heartbeat
            elif self.first_token is None and not isinstance(event, (Reset, Retrying)):
                self.first_token = now
            inner = event.event if isinstance(event, ToolEvent) else event
            if isinstance(inner, ValueEnd):
                self.first_closed = now
                return
