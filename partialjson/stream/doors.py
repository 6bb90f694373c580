"""The doors of the bridge: for a source that somebody else has opened, and for a request.

What flows in is a source or a request, and what is to be made of it; what flows out is a loop. Of
either two doors the second differs by `await` alone.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Unpack, cast, overload

from partialjson.path import JSON
from partialjson.wire._answers import Answer, AsyncAnswer, is_answer, is_async_answer
from partialjson.wire.backoff import Retry
from partialjson.wire.clocks import Clocks
from partialjson.wire.http import AsyncBody, Body
from partialjson.wire.resume import Divergence
from partialjson.wire.routes import Ask, Sent

from .attempts import Attempts, Delivery, Resume
from .bridge import Bridge, Content, EndPolicy
from .loops import AsyncStream, Stream, T
from .opening import OpenedAsyncStream, OpenedStream, Plan
from .texts import Piece, TypedOptions

if TYPE_CHECKING:
    from pydantic import TypeAdapter

    from partialjson.wire.polling import Pace

__all__ = ["OpenOptions", "aopen_stream", "astream", "open_stream", "stream"]

IDLE, PROGRESS, FIRST_EVENT = 60.0, 300.0, 120.0  # seconds


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
    keeps = getattr(source, "repeats", False)
    reads = {"provider": provider, "parse": parse, "model": model, "tools": tools, "keeps": keeps}
    bridge = Bridge(finish=finish, **reads, **options)
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
    keeps = getattr(source, "repeats", False)
    reads = {"provider": provider, "parse": parse, "model": model, "tools": tools, "keeps": keeps}
    bridge = Bridge(finish=finish, **reads, **options)
    return AsyncStream(async_source_of(source), bridge, finish)


class OpenOptions(TypedOptions, Sent, total=False):
    """What a request is made of, how long it is waited for, and what follows if it fails.

    Attributes:
        idle_timeout: Seconds without any bytes, once the server has answered: 60. `None` for no
            limit.
        progress_timeout: Seconds without data, heartbeats or not, once data has come: 300.
        first_event_timeout: Seconds until the first data, the wait for the answer included: 120.
        retry: How often the request may be sent again; without it never.
        resume: By what an answer goes on of which something was told. `"auto"`, the default, takes
            the first that there is: `"cursor"`, the events behind the last one (a Responses answer
            in the background, or ids of the event stream); `"recover"`, what the server has kept
            (such an answer, or a generation of OpenRouter); `"replay"`, the same request, compared
            character by character. To be asked for are `"prefill"`, to go on with the text in the
            assistant's mouth, and `"restart"`, which compares nothing. `None`: it does not go on.
        on_diverge: What is done where an answer that comes again differs: `"reset"`, the default,
            takes back what does not hold at once; `"hold"` when there is more to tell than before;
            `"raise"` ends the stream.
        fallback: Whether the same answer is asked for without a stream, once `retry` is spent.
        cache: Whether OpenRouter is asked to answer the same request the same, so that what comes
            again is equal.
        deliver: `"stream"`, the default; `"websocket"`; `"polling"`, an answer in the background
            that is fetched as it grows; `"plain"`, whole; or `"auto"`, the best of those that is
            not forbidden.
        pace: How soon to ask again while polling: a `partialjson.wire.polling.Pace`.
        on_cancel: Where to tell a provider to stop, when the stream is left before its end: a URL,
            with `{id}` for the answer's id; `True` is the request's own with `/{id}/cancel`.
        state: Of the `state()` of a stream, here or in another process, to go on with.
    """

    idle_timeout: float | None
    progress_timeout: float | None
    first_event_timeout: float | None
    retry: Retry | None
    resume: Resume | None
    on_diverge: Divergence
    fallback: bool
    cache: bool
    deliver: Delivery
    pace: Pace | None
    on_cancel: str | bool
    state: Mapping[str, Any] | None


@overload
def open_stream(
    client: Any,
    method: str,
    url: str,
    *,
    provider: str | None = "auto",
    parse: Content = "json",
    model: None = None,
    tools: Mapping[str, Any] | None = None,
    finish: EndPolicy = "auto",
    **options: Unpack[OpenOptions],
) -> OpenedStream[JSON]: ...
@overload
def open_stream(
    client: Any,
    method: str,
    url: str,
    *,
    provider: str | None = "auto",
    parse: Content = "json",
    model: type[T] | TypeAdapter[T],
    tools: Mapping[str, Any] | None = None,
    finish: EndPolicy = "auto",
    **options: Unpack[OpenOptions],
) -> OpenedStream[T]: ...
@overload  # a union, `Annotated` and others that are no class
def open_stream(
    client: Any,
    method: str,
    url: str,
    *,
    provider: str | None = "auto",
    parse: Content = "json",
    model: object,
    tools: Mapping[str, Any] | None = None,
    finish: EndPolicy = "auto",
    **options: Unpack[OpenOptions],
) -> OpenedStream[JSON]: ...
def open_stream(
    client: Any,
    method: str,
    url: str,
    *,
    provider: str | None = "auto",
    parse: Content = "json",
    model: Any = None,
    tools: Mapping[str, Any] | None = None,
    finish: EndPolicy = "auto",
    **options: Unpack[OpenOptions],
) -> OpenedStream[Any]:
    """Send a request, and loop over what the answer says as it comes.

    A context manager: the request is sent when its block is entered, and the connection is closed
    at once when it is left, by whatever way. What the loop gives is told at `stream`. Nothing is
    sent twice unless `retry`, `fallback` or `deliver` say so. Where an answer breaks off and is
    asked for again, `Retrying` says so; what comes again as it was is not told again, and a `Reset`
    names what must be taken back, if anything.

    Args:
        client: An `httpx.Client` or `httpx2.Client`; its limits for connecting, writing and its
            pool hold, and those for reading are `OpenOptions`. `None` where only a WebSocket is
            opened.
        method: Of HTTP.
        url: As the client takes it; for a WebSocket also `ws:` or `wss:`.
        provider: Whose stream it is: a name of `partialjson.wire.providers.PROVIDERS`; `"auto"`
            tells by the first messages; `"text"` is a body that is all content; `None` or `"json"`
            is a body that is the JSON text itself.
        parse: What the content is: `"json"`, `"find"` or `"text"`, as `stream` has it.
        model: The type of the content, whatever `pydantic.TypeAdapter` takes.
        tools: The types of the arguments of tool calls, by the names of the tools.
        finish: What makes a stream complete, and whether the loop raises, as `stream` has it.
        options: Of the request, by the names of httpx: `json`, `headers`, `params`, `content`,
            `data`, `files`, `cookies`, `extensions`, `auth`, `follow_redirects`; of the parsers, as
            `stream` has them; and of the waits and attempts, as `OpenOptions` has them.

    Raises:
        HTTPStatusError: On entering: the status is not success. It carries the provider's own
            message, and how long to wait.
        ConnectionLost, StreamTimeout: On entering or by the loop.
        BadContentType: By the loop: what came is no stream of this provider.
        ValueError: An option has a value that it cannot have.
    """
    reads = {"provider": provider, "parse": parse, "model": model, "tools": tools}
    plan, bridge = planned(client, Ask(method, url), options, finish=finish, **reads)
    return OpenedStream(plan, bridge, finish)


@overload
def aopen_stream(
    client: Any,
    method: str,
    url: str,
    *,
    provider: str | None = "auto",
    parse: Content = "json",
    model: None = None,
    tools: Mapping[str, Any] | None = None,
    finish: EndPolicy = "auto",
    **options: Unpack[OpenOptions],
) -> OpenedAsyncStream[JSON]: ...
@overload
def aopen_stream(
    client: Any,
    method: str,
    url: str,
    *,
    provider: str | None = "auto",
    parse: Content = "json",
    model: type[T] | TypeAdapter[T],
    tools: Mapping[str, Any] | None = None,
    finish: EndPolicy = "auto",
    **options: Unpack[OpenOptions],
) -> OpenedAsyncStream[T]: ...
@overload  # a union, `Annotated` and others that are no class
def aopen_stream(
    client: Any,
    method: str,
    url: str,
    *,
    provider: str | None = "auto",
    parse: Content = "json",
    model: object,
    tools: Mapping[str, Any] | None = None,
    finish: EndPolicy = "auto",
    **options: Unpack[OpenOptions],
) -> OpenedAsyncStream[JSON]: ...
def aopen_stream(
    client: Any,
    method: str,
    url: str,
    *,
    provider: str | None = "auto",
    parse: Content = "json",
    model: Any = None,
    tools: Mapping[str, Any] | None = None,
    finish: EndPolicy = "auto",
    **options: Unpack[OpenOptions],
) -> OpenedAsyncStream[Any]:
    """`open_stream` for an `AsyncClient`, under asyncio and trio: twins that differ by `await`."""
    reads = {"provider": provider, "parse": parse, "model": model, "tools": tools}
    plan, bridge = planned(client, Ask(method, url), options, finish=finish, **reads)
    return OpenedAsyncStream(plan, bridge, finish)


def planned(client: Any, ask: Ask, options: OpenOptions, **reads: Any) -> tuple[Plan, Bridge]:
    """What an opened stream needs to know, and the bridge that it feeds."""
    rest: dict[str, Any] = {**options}
    names = Sent.__annotations__.keys() & rest.keys()
    ask = replace(ask, sent=cast("Sent", {name: rest.pop(name) for name in names}))
    clocks = Clocks(
        idle=rest.pop("idle_timeout", IDLE),
        progress=rest.pop("progress_timeout", PROGRESS),
        first_event=rest.pop("first_event_timeout", FIRST_EVENT),
    )
    told = {name: rest.pop(name) for name in OF_ATTEMPTS & rest.keys()}
    attempts, pace = Attempts(ask, **told), rest.pop("pace", None)
    asked = rest.pop("on_cancel", False)
    bridge = Bridge(keeps=attempts.keeps, **reads, **rest)
    if told.get("state") is not None:
        bridge.restore(told["state"])
    on_cancel = None if asked is False else "" if asked is True else asked
    return Plan(client, clocks, attempts, pace, on_cancel), bridge


OF_ATTEMPTS = {"retry", "resume", "fallback", "cache", "deliver", "state"}


def source_of(source: Iterable[object] | Piece | Answer) -> Iterable[object]:
    """What to iterate over: one piece is a source of one piece, `bytes` would give numbers."""
    if isinstance(source, str | bytes | bytearray | memoryview):
        return [source]
    return Body(source) if is_answer(source) else cast("Iterable[object]", source)


def async_source_of(source: AsyncIterable[object] | AsyncAnswer) -> AsyncIterable[object]:
    """What to iterate over."""
    return AsyncBody(source) if is_async_answer(source) else cast("AsyncIterable[object]", source)
