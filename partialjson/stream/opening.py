"""A request to a loop: `with open_stream(client, …) as stream`, and its twin with `await`.

What flows in is a client of httpx or httpx2, a request, and what is to be made of the answer; what
flows out is a loop that holds the connection, and lets go of it at once when it is left.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, Unpack, cast, overload

from partialjson.path import JSON
from partialjson.wire._answers import Sent
from partialjson.wire.clocks import Clocks
from partialjson.wire.http import AsyncRequest, Request

from .bridge import Bridge, Content, EndPolicy
from .loops import AsyncStream, Stream, T
from .texts import TypedOptions

if TYPE_CHECKING:
    from pydantic import TypeAdapter

__all__ = ["OpenOptions", "OpenedAsyncStream", "OpenedStream", "aopen_stream", "open_stream"]

IDLE, PROGRESS, FIRST_EVENT = 60.0, 300.0, 120.0  # seconds
FORGOTTEN = "a stream was never closed: use `with`, or read it to its end"


class OpenOptions(TypedOptions, Sent, total=False):
    """What a request is made of, by the names of httpx, and the options of the parsers."""


class OpenedStream(Stream[T]):
    """A stream that sends its request itself: when the block is entered, or at the first event."""

    def __init__(self, request: Request, bridge: Bridge, finish: EndPolicy) -> None:
        super().__init__(request, bridge, finish)
        self._request = request

    def __enter__(self) -> Self:
        self._open()
        return self

    def _open(self) -> None:
        """Send the request, once."""
        if self._request.body is not None or self.verdict is not None:
            return
        self._began = time.monotonic()
        try:
            self._request.open()
        except BaseException as error:
            self._break(error)
            self._told = True
            raise
        self.timing.headers = self._now

    def _read(self) -> None:
        try:
            self._open()
            super()._read()
        finally:
            if self.verdict is not None:
                self._request.close()

    def __del__(self) -> None:
        if self._request.is_open:
            warnings.warn(FORGOTTEN, ResourceWarning, stacklevel=2, source=self)
            self._request.close()


class OpenedAsyncStream(AsyncStream[T]):
    """A stream that sends its request itself: when the block is entered, or at the first event."""

    def __init__(self, request: AsyncRequest, bridge: Bridge, finish: EndPolicy) -> None:
        super().__init__(request, bridge, finish)
        self._request = request

    async def __aenter__(self) -> Self:
        await self._open()
        return self

    async def _open(self) -> None:
        """Send the request, once."""
        if self._request.body is not None or self.verdict is not None:
            return
        self._began = time.monotonic()
        try:
            await self._request.open()
        except BaseException as error:
            self._break(error)
            self._told = True
            raise
        self.timing.headers = self._now

    async def _read(self) -> None:
        try:
            await self._open()
            await super()._read()
        finally:
            if self.verdict is not None:
                await self._request.aclose()

    def __del__(self) -> None:
        if self._request.is_open:  # and nobody is there to wait until it is closed
            warnings.warn(FORGOTTEN, ResourceWarning, stacklevel=2, source=self)


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
    idle_timeout: float | None = IDLE,
    progress_timeout: float | None = PROGRESS,
    first_event_timeout: float | None = FIRST_EVENT,
    **options: Unpack[OpenOptions],
) -> Stream[JSON]: ...
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
    idle_timeout: float | None = IDLE,
    progress_timeout: float | None = PROGRESS,
    first_event_timeout: float | None = FIRST_EVENT,
    **options: Unpack[OpenOptions],
) -> Stream[T]: ...
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
    idle_timeout: float | None = IDLE,
    progress_timeout: float | None = PROGRESS,
    first_event_timeout: float | None = FIRST_EVENT,
    **options: Unpack[OpenOptions],
) -> Stream[JSON]: ...
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
    idle_timeout: float | None = IDLE,
    progress_timeout: float | None = PROGRESS,
    first_event_timeout: float | None = FIRST_EVENT,
    **options: Unpack[OpenOptions],
) -> Stream[Any]:
    """Send a request, and loop over what the answer says as it comes.

    A context manager: the request is sent when its block is entered, and the connection is closed
    at once when it is left, by whatever way. What the loop gives is told at `stream`.

    Args:
        client: An `httpx.Client` or `httpx2.Client`; its limits for connecting, writing and its
            pool hold, and those for reading are the three below.
        method: Of HTTP.
        url: As the client takes it.
        provider: Whose stream it is: a name of `partialjson.wire.providers.PROVIDERS`; `"auto"`
            tells by the first messages; `"text"` is a body that is all content; `None` or `"json"`
            is a body that is the JSON text itself.
        parse: What the content is: `"json"`, `"find"` or `"text"`, as `stream` has it.
        model: The type of the content, whatever `pydantic.TypeAdapter` takes.
        tools: The types of the arguments of tool calls, by the names of the tools.
        finish: What makes a stream complete, and whether the loop raises, as `stream` has it.
        idle_timeout: Seconds without any bytes, once the server has answered; `None` for no limit.
        progress_timeout: Seconds without data, heartbeats or not, once data has come.
        first_event_timeout: Seconds until the first data, the wait for the answer included.
        options: Of the request, by the names of httpx: `json`, `headers`, `params`, `content`,
            `data`, `files`, `cookies`, `extensions`, `auth`, `follow_redirects`; and of the
            parsers, as `stream` has them.

    Raises:
        HTTPStatusError: On entering: the status is not success. It carries the provider's own
            message, and how long to wait.
        ConnectionLost, StreamTimeout: On entering or by the loop.
        BadContentType: By the loop: what came is no stream of this provider.
        ValueError: An option has a value that it cannot have.
    """
    request, read = shared_out(options)
    clocks = Clocks(idle=idle_timeout, progress=progress_timeout, first_event=first_event_timeout)
    bridge = Bridge(provider=provider, parse=parse, model=model, tools=tools, finish=finish, **read)
    return OpenedStream(Request(client, method, url, clocks, **request), bridge, finish)


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
    idle_timeout: float | None = IDLE,
    progress_timeout: float | None = PROGRESS,
    first_event_timeout: float | None = FIRST_EVENT,
    **options: Unpack[OpenOptions],
) -> AsyncStream[JSON]: ...
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
    idle_timeout: float | None = IDLE,
    progress_timeout: float | None = PROGRESS,
    first_event_timeout: float | None = FIRST_EVENT,
    **options: Unpack[OpenOptions],
) -> AsyncStream[T]: ...
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
    idle_timeout: float | None = IDLE,
    progress_timeout: float | None = PROGRESS,
    first_event_timeout: float | None = FIRST_EVENT,
    **options: Unpack[OpenOptions],
) -> AsyncStream[JSON]: ...
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
    idle_timeout: float | None = IDLE,
    progress_timeout: float | None = PROGRESS,
    first_event_timeout: float | None = FIRST_EVENT,
    **options: Unpack[OpenOptions],
) -> AsyncStream[Any]:
    """`open_stream` for an `AsyncClient`, under asyncio and trio: twins that differ by `await`."""
    request, read = shared_out(options)
    clocks = Clocks(idle=idle_timeout, progress=progress_timeout, first_event=first_event_timeout)
    bridge = Bridge(provider=provider, parse=parse, model=model, tools=tools, finish=finish, **read)
    return OpenedAsyncStream(AsyncRequest(client, method, url, clocks, **request), bridge, finish)


def shared_out(options: OpenOptions) -> tuple[Sent, TypedOptions]:
    """What of the options is the request's, and what the parsers'."""
    request = {name: value for name, value in options.items() if name in Sent.__annotations__}
    read = {name: value for name, value in options.items() if name not in request}
    return cast("Sent", request), cast("TypedOptions", read)
