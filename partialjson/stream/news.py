"""What a stream tells beside the events of its content: other channels, and what becomes of it."""

from __future__ import annotations

from dataclasses import field
from typing import TypeAlias

from partialjson.events import TypedEvent, event
from partialjson.wire.messages import Channel, Heartbeat

__all__ = ["Reset", "Retrying", "StreamEvent", "TextDelta", "ToolEvent"]


@event
class ToolEvent:
    """Something happened in the arguments of a tool call.

    Attributes:
        channel: The call: its index, its id and its name as far as they are known.
        event: What happened, as in a JSON text of its own.
    """

    channel: Channel
    event: TypedEvent


@event
class Reset:
    """What was told of a channel beyond its first characters is void; it goes on from there.

    Every value that ended behind them is taken back, and events go on as if only they had been fed;
    so a number that ends with them is open again, too.

    Attributes:
        channel: Whose text.
        keep: How many of its characters still hold. With `parse="find"` those of its JSON, as
            offsets count; a further text is void, and told again if it still holds.
        reason: Why, in words.
        events: Of a JSON text: those of the characters that hold, as if they alone had been fed,
            so that whoever cannot take a value back begins anew with them. Not compared.
    """

    channel: Channel
    keep: int
    reason: str
    events: list[TypedEvent] = field(default_factory=list, compare=False, repr=False)


@event
class TextDelta:
    """A text that is not JSON grows: reasoning, a refusal, content that is read as text.

    Attributes:
        channel: Which text.
        text: What to append; never empty.
    """

    channel: Channel
    text: str


@event
class Retrying:
    """The stream broke off, and goes on by another request. Nothing is void so far.

    Attributes:
        attempt: Which request follows; 2 behind the first.
        delay: Seconds until it is sent.
        how: By what it goes on: `"replay"`, `"cursor"`, `"recover"`, `"prefill"`, `"restart"`,
            `"plain"`, `"polling"` or `"stream"`.
        cause: Why.
    """

    attempt: int
    delay: float
    how: str
    cause: Exception


StreamEvent: TypeAlias = TypedEvent | ToolEvent | TextDelta | Reset | Retrying | Heartbeat
