"""The doors of the bridge: `stream` and `astream`, for a source that somebody else has opened.

What flows in is a source and what is to be made of it; what flows out is a loop. The two differ by
`await` alone.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Unpack, cast, overload

from partialjson.path import JSON
from partialjson.wire._answers import Answer, AsyncAnswer, is_answer, is_async_answer
from partialjson.wire.http import AsyncBody, Body

from .bridge import Bridge, Content, EndPolicy
from .loops import AsyncStream, Stream, T
from .texts import Piece, TypedOptions

if TYPE_CHECKING:
    from pydantic import TypeAdapter

__all__ = ["astream", "stream"]


@overload
def stream(
    source: Iterable[object] | Piece | Answer,
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
    source: Iterable[object] | Piece | Answer,
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
    source: Iterable[object] | Piece | Answer,
    *,
    provider: str | None = None,
    parse: Content = "json",
    model: object,
    tools: Mapping[str, Any] | None = None,
    finish: EndPolicy = "auto",
    **options: Unpack[TypedOptions],
) -> Stream[JSON]: ...
def stream(
    source: Iterable[object] | Piece | Answer,
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
        source: Pieces of the JSON text, `str` or bytes; with a provider, bytes of its stream, or
            the chunk objects of its SDK; or a response of httpx or httpx2 whose body is to come.
        provider: Whose stream it is: a name of `partialjson.wire.providers.PROVIDERS`; `"auto"`
            tells by the first messages; `"text"` is a body that is all content; `None` or `"json"`
            is the JSON text itself.
        parse: What the content is: `"json"`; `"find"`, an answer with JSON in it, of which the
            first text is read and any further one is a `TextDelta`; or `"text"` that is passed on
            unread.
        model: The type of the content, whatever `pydantic.TypeAdapter` takes: `Valid`, `Invalid`,
            `Doomed` and `Revised` come too, and `result` is of that type.
        tools: The types of the arguments of tool calls, by the names of the tools.
        finish: With `"auto"` a clean end without a marker is complete where the JSON is closed,
            with `"strict"` never; `"lenient"` leaves it to `verdict` to say how the stream ended.
        options: Those of `Parser`, for the content and for each tool call; with `model` or `tools`
            also those of `TypedParser`.

    Raises:
        JSONSyntaxError, IncompleteJSONError, LimitExceeded: By the loop, as `Parser` would.
        ValidationError: By the loop: Pydantic's own, of the content or of a tool call.
        ProviderError: By the loop: the provider reported an error, filtered or refused.
        ConnectionLost: By the loop: no end marker came, and no JSON tells otherwise.
        HTTPStatusError, BadContentType, StreamTimeout: By the loop: as they say.
        ValueError: A provider that does not exist, or a value that an option cannot have.
        ImportError: A model, and no Pydantic.
    """
    bridge = Bridge(
        provider=provider, parse=parse, model=model, tools=tools, finish=finish, **options
    )
    return Stream(source_of(source), bridge, finish)


@overload
def astream(
    source: AsyncIterable[object] | AsyncAnswer,
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
    source: AsyncIterable[object] | AsyncAnswer,
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
    source: AsyncIterable[object] | AsyncAnswer,
    *,
    provider: str | None = None,
    parse: Content = "json",
    model: object,
    tools: Mapping[str, Any] | None = None,
    finish: EndPolicy = "auto",
    **options: Unpack[TypedOptions],
) -> AsyncStream[JSON]: ...
def astream(
    source: AsyncIterable[object] | AsyncAnswer,
    *,
    provider: str | None = None,
    parse: Content = "json",
    model: Any = None,
    tools: Mapping[str, Any] | None = None,
    finish: EndPolicy = "auto",
    **options: Unpack[TypedOptions],
) -> AsyncStream[Any]:
    """Loop over what an async source says, as `stream` does: the twins differ by `await` alone."""
    bridge = Bridge(
        provider=provider, parse=parse, model=model, tools=tools, finish=finish, **options
    )
    return AsyncStream(async_source_of(source), bridge, finish)


def source_of(source: Iterable[object] | Piece | Answer) -> Iterable[object]:
    """What to iterate over: one piece is a source of one piece, `bytes` would give numbers."""
    if isinstance(source, str | bytes | bytearray | memoryview):
        return [source]
    return Body(source) if is_answer(source) else cast("Iterable[object]", source)


def async_source_of(source: AsyncIterable[object] | AsyncAnswer) -> AsyncIterable[object]:
    """What to iterate over."""
    return AsyncBody(source) if is_async_answer(source) else cast("AsyncIterable[object]", source)
