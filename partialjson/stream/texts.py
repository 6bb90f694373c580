"""The JSON texts of one stream side by side: its content, and the arguments of each tool call.

What flows in is text by channel, what flows out are events; a fault ends the text that it is in,
and is kept. Where a text has a type it is validated as its values close.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, Unpack, cast

from partialjson._extras import needs_pydantic
from partialjson.errors import PartialJSONError, TextError
from partialjson.events import TypedEvent, event
from partialjson.parser import Options, Parser
from partialjson.path import JSON, Path
from partialjson.wire.messages import Channel, Delta, Item, ToolCall

if TYPE_CHECKING:
    from partialjson.validation import TypedParser

__all__ = ["Text", "ToolEvent", "ToolParsers", "TypedOptions"]

Piece: TypeAlias = str | bytes | bytearray | memoryview


class TypedOptions(Options, total=False):
    """The options of a parser and, where there is a type, those of its validation."""

    on_invalid: Literal["collect", "raise", "skip"]
    strict: bool | None
    context: object
    by_alias: bool | None
    by_name: bool | None
    extra: Literal["allow", "ignore", "forbid"] | None


OF_VALIDATION = TypedOptions.__annotations__.keys() - Options.__annotations__.keys()


@event
class ToolEvent:
    """Something happened in the arguments of a tool call.

    Attributes:
        channel: The call: its index, its id and its name as far as they are known.
        event: What happened, as in a JSON text of its own.
    """

    channel: Channel
    event: TypedEvent


class Text:
    """One JSON text that never raises for what it holds: its fault stands in `error`.

    Args:
        model: Its type, if it has one: whatever `pydantic.TypeAdapter` takes.
        options: Those of `Parser`, and with a type those of `TypedParser`.

    Attributes:
        parser: Reads the text.
        error: The fault that ended it: of the JSON, of its validation, or an interrupt.
    """

    parser: Parser | TypedParser[Any]
    error: Exception | None

    def __init__(self, model: Any = None, **options: Unpack[TypedOptions]) -> None:
        self.error = None
        self._result: JSON = None
        if model is None:
            of_parser = {key: value for key, value in options.items() if key not in OF_VALIDATION}
            self.parser = Parser(**cast("Options", of_parser))
            return
        with needs_pydantic("a model"):
            from partialjson.validation import TypedParser  # noqa: PLC0415 - an extra
        self.parser = TypedParser(model, **options)

    @property
    def reader(self) -> Parser:
        """The parser of the JSON, validated or not."""
        return self.parser if isinstance(self.parser, Parser) else self.parser.parser

    @property
    def is_typed(self) -> bool:
        """Whether it is validated."""
        return not isinstance(self.parser, Parser)

    @property
    def valid(self) -> Mapping[Path, Any]:
        """The validated values by path, as they are so far; none without a type."""
        return {} if isinstance(self.parser, Parser) else self.parser.valid

    @property
    def value(self) -> JSON:
        """The value of its type once it is whole and valid; before that the JSON so far."""
        return self.parser.value if self._result is None else self._result

    @property
    def whole(self) -> bool:
        """Whether the JSON is whole, valid or not."""
        broken = isinstance(self.error, PartialJSONError | RuntimeError)
        return self.reader.complete and not broken

    def feed(self, piece: Piece) -> list[TypedEvent]:
        """What happens by the next piece; nothing behind a fault.

        Raises:
            TypeError: The input is of the other kind; this ends nothing.
        """
        if self.error is not None:
            return []
        try:
            return [*self.parser.feed(piece)]
        except TextError as error:
            self.error = error
            return error.events
        except ValueError as error:  # `on_invalid="raise"`
            self.error = error
            return [*self.parser.last_events]

    def close(self) -> list[TypedEvent]:
        """What happens by the end."""
        if self.error is not None:
            return []
        try:
            closed = self.parser.close()
        except Exception as error:  # noqa: BLE001 - a validator may raise anything
            self.error = error
            return [*self.parser.last_events]
        if isinstance(self.parser, Parser):
            return [*closed]
        self._result = closed
        return [*self.parser.last_events]


class ToolParsers:
    """The arguments of tool calls that stream side by side, one parser for each call.

    A fault of one call ends that call alone.

    Args:
        models: The type of the arguments by the name of the tool. What is not named there is JSON
            without a type. A call is held back until its name is known, if any tool has a type.
        text: Makes the text of each call; see `Bridge`.
        options: Those of `Parser` and of `TypedParser`, for each call.

    Attributes:
        errors: The faults of calls, in the order in which they were found.
    """

    errors: dict[Channel, Exception]

    def __init__(
        self,
        models: Mapping[str, Any] | None = None,
        *,
        text: Callable[..., Text] = Text,
        **options: Unpack[TypedOptions],
    ) -> None:
        self._models, self._make, self._options = models or {}, text, options
        self._texts: dict[Channel, Text] = {}
        self._calls: dict[Channel, Channel] = {}  # each call as it was named last
        self._held: dict[Channel, str] = {}  # of calls whose name is to come
        self.errors: dict[Channel, Exception] = {}

    def feed(self, item: Item) -> list[ToolEvent]:
        """What an item of a provider's stream tells of a call; nothing, if it is of something else.

        `partialjson.wire.messages` has the items: a `ToolCall`, which begins or names a call, and
        the `Delta` of a tool's channel.
        """
        match item:
            case ToolCall(channel=channel):
                return self._grow(channel, "")
            case Delta(channel=Channel(kind="tool") as channel, text=text):
                return self._grow(channel, text)
        return []

    def close(self) -> list[ToolEvent]:
        """The stream has ended: what is still held, and what the end itself tells."""
        events: list[ToolEvent] = []
        for channel in [*self._held]:
            events += self._read(channel, self._held.pop(channel))
        for channel, text in self._texts.items():
            if text.parser.offset:  # some calls have no arguments
                events += self._told(channel, text.close())
        return events

    @property
    def began(self) -> bool:
        """Whether there is any call."""
        return bool(self._texts or self._held)

    @property
    def values(self) -> dict[Channel, JSON]:
        """The arguments of each call, in the order in which they began.

        Of their type once they are whole and valid; before that the JSON so far.
        """
        return {self._calls[call]: text.value for call, text in self._texts.items()}

    @property
    def texts(self) -> dict[Channel, Text]:
        """The JSON text of each call: its parser, and its fault if it has one."""
        return {self._calls[call]: text for call, text in self._texts.items()}

    def text_of(self, channel: Channel) -> Text | None:
        """The JSON text of one call; `None` if it has not begun."""
        return self._texts.get(channel)

    def _grow(self, channel: Channel, text: str) -> list[ToolEvent]:
        if channel not in self._texts and channel.name is None and self._models:
            self._held[channel] = self._held.get(channel, "") + text
            return []
        return self._read(channel, self._held.pop(channel, "") + text)

    def _read(self, channel: Channel, text: str) -> list[ToolEvent]:
        self._calls[channel] = channel  # its id and name may have come since
        if channel not in self._texts:
            model = self._models.get(channel.name or "")
            self._texts[channel] = self._make(model, **self._options)
        return self._told(channel, self._texts[channel].feed(text))

    def _told(self, channel: Channel, events: list[TypedEvent]) -> list[ToolEvent]:
        call, error = self._calls[channel], self._texts[channel].error
        if error is not None:
            self.errors.setdefault(call, error)
        return [ToolEvent(call, event) for event in events]


def refuse_typed(options: TypedOptions) -> None:
    """Options of a validation that nothing is validated with are a mistake."""
    for name in OF_VALIDATION & options.keys():
        raise ValueError(f"{name}= needs a model to validate with")
