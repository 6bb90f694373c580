"""A source to a loop: `for event in stream(source)`, and its twin with `await`.

What flows in is any iterable of pieces; what flows out are the events of a `Bridge`, one by one.
The two classes differ by `await` alone; what they share is decided in `Loop`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterable, Iterable, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, Literal, Self, TypeAlias, Unpack, overload

from partialjson.parser import Parser
from partialjson.path import JSON, Path
from partialjson.wire.messages import Channel
from partialjson.wire.resume import Verdict

from .bridge import Bridge, Content, StreamEvent
from .texts import Piece, TypedOptions

if TYPE_CHECKING:
    from pydantic import TypeAdapter
    from typing_extensions import TypeVar

    T = TypeVar("T", default=Any)  # so that `Stream` alone is a type, as it is before 3.13, too
else:
    from typing import TypeVar

    T = TypeVar("T")

EndPolicy: TypeAlias = Literal["auto", "lenient"]

__all__ = ["AsyncStream", "Stream", "astream", "stream"]


class Loop(Generic[T]):
    """What a stream is, whoever waits for its pieces.

    Attributes:
        bridge: The sans-I/O heart, which was fed what was read so far.
    """

    def __init__(self, bridge: Bridge, finish: EndPolicy) -> None:
        if finish not in ("auto", "lenient"):
            raise ValueError(f"expected finish='auto' or 'lenient', got {finish!r}")
        self.bridge = bridge
        self._finish = finish
        self._pending: deque[StreamEvent] = deque()
        self._told = False

    @property
    def parser(self) -> Parser:
        """The parser of the content: its facts can be read at any time."""
        return self.bridge.parser

    @property
    def value(self) -> JSON:
        """The content's value so far; it grows in place."""
        return self.bridge.parser.value

    @property
    def valid(self) -> Mapping[Path, Any]:
        """With a `model` the validated values of the content by path, as they are so far."""
        return self.bridge.valid

    @property
    def result(self) -> T:
        """The content's value at the end, with a `model` of that type; see `Bridge.result`."""
        return self.bridge.result  # type: ignore[no-any-return]

    @property
    def tools(self) -> dict[Channel, JSON]:
        """The value so far of each tool call's arguments; see `Bridge.tools`."""
        return self.bridge.tools

    @property
    def verdict(self) -> Verdict | None:
        """How the stream ended; `None` while it goes on."""
        return self.bridge.verdict

    def _take(self, piece: Piece) -> None:
        self._pending += self.bridge.feed(piece)

    def _end(self, *, cancelled: bool = False) -> None:
        self._pending += self.bridge.close(cancelled=cancelled)

    def _break(self, error: BaseException) -> None:
        """The source raised: Ctrl-C, or the end of a task, is a reader who leaves."""
        self._end(cancelled=not isinstance(error, Exception))

    def _fault(self) -> Exception | None:
        """What the loop raises behind its last event, once."""
        error, told = self.bridge.error, self._told
        self._told = True
        return None if told or self._finish == "lenient" else error


class Stream(Loop[T]):
    """The events of a stream, as `stream` gives them; a context manager that closes the source."""

    def __init__(self, source: Iterable[Piece], bridge: Bridge, finish: EndPolicy = "auto") -> None:
        super().__init__(bridge, finish)
        self._given, self._source = source, iter(source)

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> StreamEvent:
        while not self._pending and self.verdict is None:
            self._read()
        if self._pending:
            return self._pending.popleft()
        if fault := self._fault():
            raise fault
        raise StopIteration

    def _read(self) -> None:
        """Wait for the next piece, or for the end."""
        if self.bridge.over:
            self._end()
            return
        try:
            piece = next(self._source)
        except StopIteration:
            self._end()
        except BaseException as error:
            self._break(error)
            raise
        else:
            self._take(piece)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Leave the stream: the source is closed, if it can be; before its end that is a cancel."""
        self._end(cancelled=True)
        for held in {id(self._source): self._source, id(self._given): self._given}.values():
            if close := getattr(held, "close", None):
                close()


class AsyncStream(Loop[T]):
    """The events of a stream, as `astream` gives them; an async context manager."""

    def __init__(
        self, source: AsyncIterable[Piece], bridge: Bridge, finish: EndPolicy = "auto"
    ) -> None:
        super().__init__(bridge, finish)
        self._given, self._source = source, aiter(source)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> StreamEvent:
        while not self._pending and self.verdict is None:
            await self._read()
        if self._pending:
            return self._pending.popleft()
        if fault := self._fault():
            raise fault
        raise StopAsyncIteration

    async def _read(self) -> None:
        """Wait for the next piece, or for the end."""
        if self.bridge.over:
            self._end()
            return
        try:
            piece = await anext(self._source)
        except StopAsyncIteration:
            self._end()
        except BaseException as error:
            self._break(error)
            raise
        else:
            self._take(piece)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Leave the stream: the source is closed, if it can be; before its end that is a cancel."""
        self._end(cancelled=True)
        for held in {id(self._source): self._source, id(self._given): self._given}.values():
            if close := getattr(held, "aclose", None):
                await close()


@overload
def stream(
    source: Iterable[Piece] | Piece,
    *,
    provider: str | None = None,
    parse: Content = "json",
    model: None = None,
    tools: Mapping[str, Any] | None = None,
    finish: EndPolicy = "auto",
    **options: Unpack[TypedOptions],
) -> Stream[JSON]: ...
@overload
def stream(
    source: Iterable[Piece] | Piece,
    *,
    provider: str | None = None,
    parse: Content = "json",
    model: type[T] | TypeAdapter[T],
    tools: Mapping[str, Any] | None = None,
    finish: EndPolicy = "auto",
    **options: Unpack[TypedOptions],
) -> Stream[T]: ...
@overload  # a union, `Annotated` and others that are no class
def stream(
    source: Iterable[Piece] | Piece,
    *,
    provider: str | None = None,
    parse: Content = "json",
    model: object,
    tools: Mapping[str, Any] | None = None,
    finish: EndPolicy = "auto",
    **options: Unpack[TypedOptions],
) -> Stream[JSON]: ...
def stream(
    source: Iterable[Piece] | Piece,
    *,
    provider: str | None = None,
    parse: Content = "json",
    model: Any = None,
    tools: Mapping[str, Any] | None = None,
    finish: EndPolicy = "auto",
    **options: Unpack[TypedOptions],
) -> Stream[Any]:
    """What a source says, to loop over as it comes.

    Content events come bare, those of a tool call as `ToolEvent`, reasoning and refusal as
    `TextDelta`, comments as `Heartbeat`. Of several choices the content of the first is read as
    JSON, that of others is `TextDelta`. When the source ends, the loop raises what `result` would
    raise, behind the last event: a cut stream never looks like a whole one.

    Args:
        source: Pieces of the JSON text, `str` or bytes; with a provider, bytes of its stream.
        provider: Whose event stream it is: a name of `partialjson.wire.providers.PROVIDERS`.
        parse: What the content is: `"json"`; `"find"`, an answer with JSON in it, of which the
            first text is read and any further one is a `TextDelta`; or `"text"` that is passed on
            unread.
        model: The type of the content, whatever `pydantic.TypeAdapter` takes: `Valid`, `Invalid`,
            `Doomed` and `Revised` come too, and `result` is of that type.
        tools: The types of the arguments of tool calls, by the names of the tools.
        finish: `"lenient"` leaves it to `verdict` to say how the stream ended.
        options: Those of `Parser`, for the content and for each tool call; with `model` or `tools`
            also those of `TypedParser`.

    Raises:
        JSONSyntaxError, IncompleteJSONError, LimitExceeded: By the loop, as `Parser` would.
        ValidationError: By the loop: Pydantic's own, of the content or of a tool call.
        ProviderError: By the loop: the provider reported an error, filtered or refused.
        ConnectionLost: By the loop: no end marker came, and no JSON tells otherwise.
        ValueError: A provider that does not exist, or a value that an option cannot have.
        ImportError: A model, and no Pydantic.
    """
    bridge = Bridge(provider=provider, parse=parse, model=model, tools=tools, **options)
    return Stream(pieces_of(source), bridge, finish)


@overload
def astream(
    source: AsyncIterable[Piece],
    *,
    provider: str | None = None,
    parse: Content = "json",
    model: None = None,
    tools: Mapping[str, Any] | None = None,
    finish: EndPolicy = "auto",
    **options: Unpack[TypedOptions],
) -> AsyncStream[JSON]: ...
@overload
def astream(
    source: AsyncIterable[Piece],
    *,
    provider: str | None = None,
    parse: Content = "json",
    model: type[T] | TypeAdapter[T],
    tools: Mapping[str, Any] | None = None,
    finish: EndPolicy = "auto",
    **options: Unpack[TypedOptions],
) -> AsyncStream[T]: ...
@overload  # a union, `Annotated` and others that are no class
def astream(
    source: AsyncIterable[Piece],
    *,
    provider: str | None = None,
    parse: Content = "json",
    model: object,
    tools: Mapping[str, Any] | None = None,
    finish: EndPolicy = "auto",
    **options: Unpack[TypedOptions],
) -> AsyncStream[JSON]: ...
def astream(
    source: AsyncIterable[Piece],
    *,
    provider: str | None = None,
    parse: Content = "json",
    model: Any = None,
    tools: Mapping[str, Any] | None = None,
    finish: EndPolicy = "auto",
    **options: Unpack[TypedOptions],
) -> AsyncStream[Any]:
    """Loop over what an async source says, as `stream` does: the twins differ by `await` alone."""
    bridge = Bridge(provider=provider, parse=parse, model=model, tools=tools, **options)
    return AsyncStream(source, bridge, finish)


def pieces_of(source: Iterable[Piece] | Piece) -> Iterable[Piece]:
    """One piece is a source of one piece: iterating `bytes` would give numbers."""
    return [source] if isinstance(source, str | bytes | bytearray | memoryview) else source
