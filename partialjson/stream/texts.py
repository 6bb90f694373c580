"""The JSON texts of one stream side by side: its content, and the arguments of each tool call.

What flows in is text by channel, what flows out are events; a fault ends the text that it is in,
and is kept. Where a text has a type it is validated as its values close. What comes again is not
known here: a text is taken back, and read anew, as it is told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from io import StringIO
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, Unpack, cast

from partialjson._extras import needs_pydantic
from partialjson.errors import ProviderError, TextError
from partialjson.events import TypedEvent
from partialjson.parser import Options, Parser
from partialjson.path import JSON, Path
from partialjson.wire.messages import ArgumentPart, Channel, Delta, Item, ToolCall, Whole

from ._arguments import ArgumentText
from .news import Reset, ToolEvent

if TYPE_CHECKING:
    from partialjson.validation import TypedParser

__all__ = ["Text", "ToolParsers", "TypedOptions"]

Piece: TypeAlias = str | bytes | bytearray | memoryview

OUT_OF_ORDER = "its parts did not come in the order of a document"
HELD = 65_536  # characters of a call whose name does not come


class TypedOptions(Options, total=False):
    """The options of a parser and, where there is a type, those of its validation."""

    on_invalid: Literal["collect", "raise", "skip"]
    strict: bool | None
    context: object
    by_alias: bool | None
    by_name: bool | None
    extra: Literal["allow", "ignore", "forbid"] | None


OF_VALIDATION = TypedOptions.__annotations__.keys() - Options.__annotations__.keys()


def of_parser(options: TypedOptions) -> Options:
    """Those of the options that a parser has, too."""
    return cast("Options", {k: v for k, v in options.items() if k not in OF_VALIDATION})


def place_of(call: tuple[Channel, Channel]) -> tuple[int, int]:
    return call[0].choice, call[0].index


class Text:
    """One JSON text that never raises for what it holds: its fault stands in `error`.

    Args:
        model: Its type, if it has one: whatever `pydantic.TypeAdapter` takes.
        options: Those of `Parser`, and with a type those of `TypedParser`.

    Attributes:
        parser: Reads the text.
        error: The fault that ended it: of the JSON, or of its validation.

    Raises:
        ValueError: An option of a validation, and no model.
        ImportError: A model, and no Pydantic.
    """

    parser: Parser | TypedParser[Any]
    error: Exception | None

    def __init__(self, model: Any = None, **options: Unpack[TypedOptions]) -> None:
        self.error = None
        self._is_closed = False
        if model is None:
            for name in OF_VALIDATION & options.keys():
                raise ValueError(f"{name}= needs a model to validate with")
            self.parser = Parser(**of_parser(options))
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
        """The value of its type as soon as it is whole and valid; before that the JSON so far."""
        valid = self.valid
        return valid[()] if self.error is None and () in valid else self.parser.value

    @property
    def whole(self) -> bool:
        """Whether the JSON is whole, valid or not."""
        return self.reader.complete and self.reader.error is None

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
        except Exception as error:
            if isinstance(self.parser, Parser) or self.parser.error is None:
                raise
            self.error = error  # `on_invalid="raise"`
            return [*self.parser.last_events]

    @contextmanager
    def keeping(self, before: Text) -> Iterator[None]:
        """A block in which it reads what another text of the type has read, and keeps its objects.

        What Pydantic makes of a value again, equal to what it made before, is that very object.
        """
        if isinstance(self.parser, Parser):
            yield
            return
        with self.parser.recalling(before.valid):
            yield

    def close(self) -> list[TypedEvent]:
        """What happens by the end; nothing behind a fault, and nothing again."""
        if self.error is not None or self._is_closed:
            return []
        self._is_closed = True
        try:
            closed = self.parser.close()
        except Exception as error:  # noqa: BLE001 - a validator may raise anything
            self.error = error
            return [*self.parser.last_events]
        return [*closed] if isinstance(self.parser, Parser) else [*self.parser.last_events]


class ToolParsers:
    """The arguments of tool calls that stream side by side, one parser for each call.

    A fault of one call ends that call alone.

    Args:
        models: The type of the arguments by the name of the tool. What is not named there is JSON
            without a type. If any tool has a type, a call is held back until its name is known, or
            64 KB of it came without one.
        text: Makes the text of each call; see `Bridge`.
        options: Those of `Parser`; with models also those of `TypedParser`.
    """

    def __init__(
        self,
        models: Mapping[str, Any] | None = None,
        *,
        text: Callable[..., Text] = Text,
        **options: Unpack[TypedOptions],
    ) -> None:
        self._models, self._make, self._options = models or {}, text, options
        if not self._models:
            text(None, **options)  # a wrong option is told now, not at the first call
        self._texts: dict[Channel, Text] = {}
        self._calls: dict[Channel, Channel] = {}  # each call as it was named last
        self._held: dict[Channel, StringIO] = {}  # of calls whose name is to come
        self._errors: dict[Channel, Exception] = {}
        self._parts: dict[Channel, ArgumentText] = {}  # of calls that are told path by path

    def feed(self, item: Item) -> list[ToolEvent | Reset]:
        """What an item of a provider's stream tells of a call; nothing, if it is of something else.

        `partialjson.wire.messages` has the items: a `ToolCall`, which begins or names a call, the
        `Delta` of a tool's channel, and an `ArgumentPart`. Parts that go back to what was told are
        held until the arguments are whole; then a `Reset` may say what of them still holds.
        """
        match item:
            case ToolCall(channel=channel):
                return [*self._grow(channel, "")]
            case Delta(channel=Channel(kind="tool") as channel, text=text):
                return [*self._grow(channel, text)]
            case ArgumentPart():
                told: list[ToolEvent | Reset] = []
                for one, kept in self.items_of(item):
                    told += self._anew(one, kept) if isinstance(one, Whole) else self.feed(one)
                return told
        return []

    def items_of(self, part: ArgumentPart) -> list[tuple[Item, int]]:
        """A part of a call's arguments as text, to be given to `feed`.

        It is a `Whole` with the number of its characters that were told before, if parts before
        this one went back to what was told.
        """
        channel = part.channel
        parts = self._parts.setdefault(channel, ArgumentText())
        if part.path_text == "$":
            text, keep = parts.close()
            if keep is not None:
                return [(Whole(channel, text), keep)]
            return [(Delta(channel, text), 0)]
        try:
            text = parts.feed(part.path_text, part.value, more=part.more)
        except ValueError as error:
            self._grow(channel, "")
            self._errors[channel] = ProviderError(f"an argument that cannot be read: {error}")
            self._texts[channel].error = self._errors[channel]
            return []
        return [(Delta(channel, text), 0)]

    def begin_parts(self) -> None:
        """What comes in parts begins anew."""
        self._parts = {}

    def rewind(self, channel: Channel, kept: str) -> list[TypedEvent]:
        """Only the first characters of a call hold; without any, it was never made.

        Their events are given, as if they alone had been fed.
        """
        before = self._texts.pop(channel, None)
        self._held.pop(channel, None)
        self._errors.pop(channel, None)
        if not kept:
            self._calls.pop(channel, None)
            return []
        if before is None:
            told = self._grow(channel, kept)
        else:
            self._begin(channel)
            with self._texts[channel].keeping(before):
                told = self._read(channel, kept)
        return [one.event for one in told]

    def close(self, *, finished: bool = True) -> list[ToolEvent]:
        """The stream has ended: what is still held, and what the end itself tells.

        Args:
            finished: Whether the stream said so. Only then a call of a type that has no arguments
                is taken for one with none, `{}`.
        """
        events: list[ToolEvent] = []
        for channel in [*self._held]:
            events += self._read(channel, self._held.pop(channel).getvalue())
        for channel, text in self._texts.items():
            if finished and text.is_typed and not text.parser.offset:
                events += self._read(channel, "{}")
            if text.parser.offset:  # some calls have no arguments
                events += self._told(channel, text.close())
        return events

    @property
    def began(self) -> bool:
        """Whether there is any call."""
        return bool(self._calls)

    @property
    def values(self) -> dict[Channel, JSON]:
        """The arguments of each call, in the order in which they began.

        Of their type as soon as they are whole and valid; before that the JSON so far.
        """
        return {call: text.value for call, text in self.texts.items()}

    @property
    def texts(self) -> dict[Channel, Text]:
        """The JSON text of each call: its parser, and its fault if it has one."""
        return {
            call: self._texts[channel]
            # One that was taken back wholly, and came again, stands where it stood.
            for channel, call in sorted(self._calls.items(), key=place_of)
            if channel in self._texts
        }

    @property
    def errors(self) -> dict[Channel, Exception]:
        """The faults of calls, in the order in which they were found."""
        return {self._calls[channel]: error for channel, error in self._errors.items()}

    def text_of(self, channel: Channel) -> Text | None:
        """The JSON text of one call; `None` if it has not begun."""
        return self._texts.get(channel)

    def _anew(self, item: Whole, keep: int) -> list[ToolEvent | Reset]:
        """A text goes on behind its first characters, and what was told behind them is void."""
        channel, text = item.channel, item.text
        kept = self.rewind(channel, text[:keep])
        self._calls.setdefault(channel, channel)
        reset = Reset(self._calls[channel], keep, OUT_OF_ORDER, kept)
        return [reset, *self._read(channel, text[keep:])]

    def _grow(self, channel: Channel, text: str) -> list[ToolEvent]:
        self._calls[channel] = channel  # its id and name may have come since
        if channel in self._texts:
            return self._read(channel, text)
        held = self._held.setdefault(channel, StringIO(newline=""))
        held.write(text)
        if self._models and channel.name is None and held.tell() < HELD:
            return []
        return self._read(channel, self._held.pop(channel).getvalue())

    def _read(self, channel: Channel, text: str) -> list[ToolEvent]:
        if channel not in self._texts:
            self._begin(channel)
        return self._told(channel, self._texts[channel].feed(text))

    def _begin(self, channel: Channel) -> None:
        model = self._models.get(self._calls[channel].name or "")
        options = self._options if model is not None else of_parser(self._options)
        self._texts[channel] = self._make(model, **options)

    def _told(self, channel: Channel, events: list[TypedEvent]) -> list[ToolEvent]:
        error = self._texts[channel].error
        if error is not None:
            self._errors.setdefault(channel, error)
        call = self._calls[channel]
        return [ToolEvent(call, event) for event in events]
