"""What httpx and httpx2 say, in words that belong to neither: requests, refusals, exceptions.

What flows in are a client's arguments, a response, or an exception; what flows out are arguments,
an error of ours, or nothing. Neither library is imported: an answer is known by what it can do, and
an exception by the modules that are loaded. Nothing here waits.
"""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any, Protocol, TypeGuard

from partialjson.errors import ConnectionLost, HTTPStatusError, StreamTimeout, TransportError

from .backoff import passes, retry_after
from .clocks import Clocks
from .messages import Failure, read_failure
from .routes import Ask

EXCERPT = 200  # characters of an answer that are shown where it holds no message
HOW_TO_SEND = ("auth", "follow_redirects")
MESSAGES = ("error", "message", "detail")  # members that hold what went wrong, or say it


def built(client: Any, ask: Ask, limits: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    """A request of a client, and the arguments of its `send`.

    The limits stand in an extension, by the name that both libraries read: so they can be changed
    once the answer has begun, since a long wait for an answer says nothing about its body.
    """
    how = {name: value for name, value in ask.sent.items() if name in HOW_TO_SEND}
    made = {name: value for name, value in ask.sent.items() if name not in HOW_TO_SEND}
    extensions = {**ask.sent.get("extensions", {}), "timeout": limits}
    made = {**made, "extensions": extensions}
    return client.build_request(ask.method, ask.url, **made), how


def limits_of(client: Any, clocks: Clocks) -> dict[str, float | None]:
    """The time limits of a request: the client's own, but for reading."""
    own = getattr(client, "timeout", None)
    limits = {name: getattr(own, name, None) for name in ("connect", "write", "pool")}
    return {**limits, "read": clocks.first_event or clocks.idle}


class Answer(Protocol):
    """A response of httpx or httpx2, or of whatever is like them, whose body is still to come."""

    @property
    def status_code(self) -> int:
        """The status (RFC 9110, section 15)."""
        ...

    @property
    def headers(self) -> Any:
        """A mapping of names, in any case."""
        ...

    def iter_bytes(self) -> Iterator[bytes]:
        """The body as it comes, without its content coding."""
        ...

    def read(self) -> bytes:
        """The whole body."""
        ...

    def close(self) -> None:
        """Let go of the connection."""
        ...


class AsyncAnswer(Protocol):
    """`Answer` with `await`."""

    @property
    def status_code(self) -> int:
        """The status (RFC 9110, section 15)."""
        ...

    @property
    def headers(self) -> Any:
        """A mapping of names, in any case."""
        ...

    def aiter_bytes(self) -> AsyncIterator[bytes]:
        """The body as it comes, without its content coding."""
        ...

    async def aread(self) -> bytes:
        """The whole body."""
        ...

    async def aclose(self) -> None:
        """Let go of the connection."""
        ...


def is_answer(source: object) -> TypeGuard[Answer]:
    """Whether it is a response, by what it can do."""
    return hasattr(source, "iter_bytes") and hasattr(source, "status_code")


def is_async_answer(source: object) -> TypeGuard[AsyncAnswer]:
    """Whether it is a response with `await`, by what it can do."""
    return hasattr(source, "aiter_bytes") and hasattr(source, "status_code")


def lost(error: BaseException) -> TransportError | None:
    """What an exception of httpx or httpx2 means in our words; `None` if it is of another kind."""
    if isinstance(error, TransportError):
        return error
    for library in filter(None, map(sys.modules.get, ("httpx", "httpx2"))):
        if isinstance(error, library.TimeoutException):
            return StreamTimeout(_words(error), retryable=True)
        if isinstance(error, library.TransportError | library.DecodingError):
            ours = (library.UnsupportedProtocol, library.LocalProtocolError, library.ProxyError)
            return ConnectionLost(_words(error), retryable=not isinstance(error, ours))
        if isinstance(error, library.StreamError):  # of a body that somebody else has read
            return ConnectionLost(_words(error))
    return None


def _words(error: BaseException) -> str:
    kind = type(error).__name__
    return f"{error} ({kind})" if str(error) else kind


def refusal(status: int, headers: Mapping[str, str], body: bytes, now: float) -> HTTPStatusError:
    """What a status that is no success says: in the provider's own words, if there are any.

    Args:
        status: The status.
        headers: Those of the answer.
        body: The whole answer.
        now: Seconds since 1970.
    """
    headers = {name.lower(): value for name, value in headers.items()}
    failure = _reported(body.decode("utf-8", "replace"))
    return HTTPStatusError(
        f"status {status}: {failure.message}" if failure.message else f"status {status}",
        status_code=status,
        code=failure.code,
        metadata=failure.metadata,
        retryable=passes(status, headers),
        retry_after=retry_after(headers, now),
    )


def _reported(text: str) -> Failure:
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        shown = " ".join(text[:EXCERPT].split())
        return Failure(f"{shown}…" if len(text) > EXCERPT else shown)
    if type(message) is list and message:  # Google wraps its errors so
        message = message[0]
    if type(message) is not dict:
        return Failure(str(message)[:EXCERPT])
    for name in MESSAGES:
        if message.get(name):
            return read_failure(message if name == "message" else message[name], message)
    return read_failure(message, message)
