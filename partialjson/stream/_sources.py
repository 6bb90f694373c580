"""An attempt to what its pieces come from: a request, a WebSocket, or a poll."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Protocol, Self

from partialjson.wire.clocks import Clocks
from partialjson.wire.http import AsyncRequest, Request
from partialjson.wire.routes import Ask

from .attempts import Next

__all__ = ["AsyncSource", "Source", "async_source_for", "source_for"]


class Source(Protocol):
    """What is opened once, read to its end, and closed; see `partialjson.wire.http.Request`."""

    clocks: Clocks

    @property
    def is_open(self) -> bool: ...
    @property
    def headers(self) -> Mapping[str, str]: ...
    def open(self) -> None: ...
    def __iter__(self) -> Self: ...
    def __next__(self) -> object: ...
    def cancel(self) -> None: ...
    def close(self) -> None: ...


class AsyncSource(Protocol):
    """`Source` with `await`."""

    clocks: Clocks

    @property
    def is_open(self) -> bool: ...
    @property
    def headers(self) -> Mapping[str, str]: ...
    async def open(self) -> None: ...
    def __aiter__(self) -> Self: ...
    async def __anext__(self) -> object: ...
    async def aclose(self) -> None: ...


def source_for(client: Any, attempt: Next, clocks: Clocks, pace: Any = None) -> Source:
    """What an attempt is read from, not open so far."""
    ask, clocks = attempt.ask, clocks_of(attempt, clocks)
    if attempt.delivery == "websocket":
        from partialjson.wire.websocket import WebSocket  # noqa: PLC0415 - seldom needed

        url, said = ask.over_websocket()
        return WebSocket(url, said, clocks, headers=headers_of(ask))
    if attempt.delivery == "polling":
        from partialjson.wire.polling import Polling  # noqa: PLC0415 - seldom needed

        return Polling(client, ask, clocks, follow=follower(ask), pace=pace and replace(pace))
    return Request(client, ask, clocks)


def async_source_for(client: Any, attempt: Next, clocks: Clocks, pace: Any = None) -> AsyncSource:
    """What an attempt is read from, not open so far."""
    ask, clocks = attempt.ask, clocks_of(attempt, clocks)
    if attempt.delivery == "websocket":
        from partialjson.wire.websocket import AsyncWebSocket  # noqa: PLC0415 - seldom needed

        url, said = ask.over_websocket()
        return AsyncWebSocket(url, said, clocks, headers=headers_of(ask))
    if attempt.delivery == "polling":
        from partialjson.wire.polling import AsyncPolling  # noqa: PLC0415 - seldom needed

        return AsyncPolling(client, ask, clocks, follow=follower(ask), pace=pace and replace(pace))
    return AsyncRequest(client, ask, clocks)


def clocks_of(attempt: Next, clocks: Clocks) -> Clocks:
    """Fresh clocks; an answer that comes whole may take as long as one that has begun."""
    first = clocks.first_event if attempt.delivery != "plain" else clocks.progress
    return replace(clocks, first_event=first)


def headers_of(ask: Ask) -> dict[str, str] | None:
    given = ask.sent.get("headers")
    return None if given is None else dict(given)


def follower(ask: Ask) -> Any:
    """What finds where an answer grows that was asked for by a POST; a GET is sent again."""

    def follow(answer: Mapping[str, Any]) -> Ask | None:
        urls = answer.get("urls")
        url = urls.get("get") if isinstance(urls, Mapping) else None  # Replicate
        if isinstance(url, str) and ask.is_near(url):
            return ask.got(url)
        id_ = answer.get("id")
        return ask.kept(id_) if isinstance(id_, str) and ask.may_be_kept() else None

    return follow if ask.method.upper() == "POST" else None
