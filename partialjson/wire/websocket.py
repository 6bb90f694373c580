"""Messages of a WebSocket (RFC 6455) to their texts, and ours to the server, by `websockets`.

What flows in are a URL and what to send once it is open; what flows out are the texts of the
server's messages. What they mean is not known here, nor whether they are all, and no connection is
opened again. The library answers pings and does not tell of them: they hold off no clock.
The two halves are twins that differ by `await`, but for one thing: a write without it cannot be
left when a clock runs out, so a timer shuts the socket down. That with `await` is for asyncio
alone, as the library's own is.
"""

from __future__ import annotations

import json
import threading
import time
from codecs import getincrementaldecoder
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Any, ClassVar, Self

from partialjson.errors import ConnectionLost

from ._answers import refusal
from ._loops import CLOSES_WITHIN
from .clocks import Clocks
from .http import Wait

__all__ = ["AsyncWebSocket", "WebSocket"]

CLEAN = 1000  # this and the others: RFC 6455, section 7.4.1
PASSING = frozenset({1001, 1005, 1006, 1011, 1012, 1013, 1014, 1015})  # another try may succeed
DEFAULTS: dict[str, Any] = {
    "close_timeout": 1.0,  # seconds: a peer that is dead does not answer a close frame
    "max_size": 32 * 1024**2,  # the last event of a response repeats all of its output
}
NOT_OPEN = "expected a connection that is open, got one before or after that"
LEFT = "the connection was closed from this side"


class Told(AbstractContextManager[Any]):
    """What the library raises inside is told in our words."""

    def __init__(self, tell: Callable[[Exception], Exception]) -> None:
        self._tell = tell

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        if isinstance(error, Exception) and (ours := self._tell(error)) is not error:
            raise ours from error


class Line:
    """What a connection is, whoever waits for its messages.

    Args:
        url: Of the scheme `ws` or `wss`.
        messages: What to send at once: a `str` or `bytes` as it stands, else its JSON text.
        clocks: How long to wait; opening is among it, so there is no `open_timeout`.
        headers: Of the handshake's request.
        options: Of the library's `connect`.

    Attributes:
        clocks: How long to wait.
        headers: Those of the handshake's answer, by names in lower case; none before it.
    """

    _end: ClassVar[type[Exception]]

    def __init__(
        self,
        url: str,
        messages: Sequence[object],
        clocks: Clocks,
        *,
        headers: Mapping[str, str] | None = None,
        **options: Any,
    ) -> None:
        if "open_timeout" in options:
            raise TypeError("expected no open_timeout: the clocks limit the opening too")
        self.clocks: Clocks = clocks
        self.headers: Mapping[str, str] = {}
        self._url = url
        self._messages = [framed(message) for message in messages]
        self._options: dict[str, Any] = {**DEFAULTS, "additional_headers": headers, **options}
        self._connection: Any = None
        self._decoder = getincrementaldecoder("utf-8")("replace")
        self._is_left = False  # from this side
        self._is_over = False  # from the other side, and all that came has been read

    @property
    def is_open(self) -> bool:
        """Whether it holds a connection."""
        return self._connection is not None and not (self._is_left or self._is_over)

    def _unopened(self, error: Exception) -> Exception:
        from websockets.exceptions import InvalidStatus  # noqa: PLC0415 - an extra

        if not isinstance(error, InvalidStatus):
            return told(error)
        answer = error.response
        self.headers = joined(answer.headers)
        return refusal(answer.status_code, self.headers, bytes(answer.body or b""), time.time())

    def _unread(self, error: Exception) -> Exception:
        """How the messages end."""
        from websockets.exceptions import ConnectionClosed  # noqa: PLC0415 - an extra

        if not isinstance(error, ConnectionClosed):
            return error
        self._is_over = True
        if self._is_left:
            return ConnectionLost(LEFT)
        is_clean = error.rcvd is not None and error.rcvd.code == CLEAN
        return self._end() if is_clean else told(error)

    def _text(self, message: str | bytes) -> str | None:
        """Of text, as it stands; of bytes, what is whole of it: `None` if that is nothing."""
        return message if isinstance(message, str) else self._decoder.decode(message) or None

    def _must_not_be_left(self) -> None:
        if self._is_left:
            raise ConnectionLost(LEFT)


# -- Without await ---------------------------------------------------------------------------------


class WebSocket(Line):
    """A connection, and the texts of its messages once it is open.

    The messages end where the server closes with code 1000. Iterating raises what `open` does, and:
        ConnectionLost: Any other end; `retryable` as the code tells. The reason is the server's.
        StreamTimeout: A clock ran out.
    """

    _end = StopIteration

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> str:
        self._must_not_be_left()
        if self._connection is None:
            self.open()
        while True:
            with Wait(self.clocks) as seconds, Told(self._unread):
                message = self._connection.recv(timeout=seconds)
            if (text := self._text(message)) is not None:
                return text

    def open(self) -> None:
        """Connect, and send the messages.

        Raises:
            ImportError: The library is missing; the message says what to install.
            HTTPStatusError: The handshake was refused.
            ConnectionLost: No connection, or it broke; for a malformed URL not `retryable`.
            StreamTimeout: A clock ran out.
        """
        self._must_not_be_left()
        with needs_websockets():
            from websockets.sync.client import connect  # noqa: PLC0415 - an extra
        try:
            with Wait(self.clocks) as seconds, Told(self._unopened):
                opening = connect(self._url, open_timeout=seconds, **self._options)
                # Since version 17.1 one that is not entered warns; before, it is entered already.
                self._connection = opening.__enter__()
            self.headers: Mapping[str, str] = joined(self._connection.response.headers)
            with Wait(self.clocks) as seconds, Told(told), self._cancelled_after(seconds):
                for message in self._messages:
                    self._connection.send(message)
        except BaseException:
            self.close()
            raise

    def send(self, message: object) -> None:
        """Steer it: a `str` or `bytes` as it stands, else its JSON text; from any thread.

        Raises:
            RuntimeError: It is not open yet, or has ended.
            ConnectionLost: The connection is gone.
        """
        if not self.is_open:
            raise RuntimeError(NOT_OPEN)
        with Told(told):
            self._connection.send(framed(message))

    def cancel(self) -> None:
        """End a read that is blocked in another thread, with `ConnectionLost`; then close."""
        self._is_left = True
        if self._connection is not None:
            with suppress(OSError):  # it is gone already
                self._connection.socket.shutdown(2)  # both ways

    def close(self) -> None:
        """Let go of the connection, at once. Again: nothing."""
        self._is_left = True
        if self._connection is not None:
            with self._cancelled_after(CLOSES_WITHIN):
                self._connection.close()

    @contextmanager
    def _cancelled_after(self, seconds: float | None) -> Iterator[None]:
        """A write that blocks inside it, since the server does not read, ends after so long."""
        timer = threading.Timer(seconds or threading.TIMEOUT_MAX, self.cancel)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            timer.join()


# -- With await ------------------------------------------------------------------------------------


class AsyncWebSocket(Line):
    """A connection, and the texts of its messages once it is open: `WebSocket` with `await`."""

    _end = StopAsyncIteration

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> str:
        self._must_not_be_left()
        if self._connection is None:
            await self.open()
        while True:
            with Wait(self.clocks) as seconds, Told(self._unread):
                async with within(seconds):
                    message = await self._connection.recv()
            if (text := self._text(message)) is not None:
                return text

    async def open(self) -> None:
        """Connect, and send the messages; raises as `WebSocket.open` does."""
        self._must_not_be_left()
        with needs_websockets():
            from websockets.asyncio.client import connect  # noqa: PLC0415 - an extra
        try:
            with Wait(self.clocks) as seconds, Told(self._unopened):
                opening = connect(self._url, open_timeout=seconds, **self._options)
                self._connection = await opening
            self.headers: Mapping[str, str] = joined(self._connection.response.headers)
            with Wait(self.clocks) as seconds, Told(told):
                async with within(seconds):
                    for message in self._messages:
                        await self._connection.send(message)
        except BaseException:
            await self.aclose()
            raise

    async def send(self, message: object) -> None:
        """Steer it; raises as `WebSocket.send` does."""
        if not self.is_open:
            raise RuntimeError(NOT_OPEN)
        with Told(told):
            await self._connection.send(framed(message))

    async def aclose(self) -> None:
        """Let go of the connection, at once, in a task that is being cancelled too."""
        self._is_left = True
        if self._connection is not None:
            from asyncio import ensure_future, wait  # noqa: PLC0415 - loaded by then

            closing = ensure_future(self._connection.close())
            try:
                await wait([closing], timeout=CLOSES_WITHIN)
            finally:
                if not closing.done():
                    self._connection.transport.abort()


def within(seconds: float | None) -> Any:
    """A block with `await` that is left with `TimeoutError` when it takes longer."""
    from asyncio import timeout  # noqa: PLC0415 - loaded by then

    return timeout(seconds)


# -- What both say ---------------------------------------------------------------------------------


@contextmanager
def needs_websockets() -> Iterator[None]:
    """Import inside it."""
    try:
        yield
    except ModuleNotFoundError as error:  # it needs no others
        extra = "pip install 'partialjson-streaming[ws]'"
        raise ImportError(f"a WebSocket needs websockets: {extra}", name=error.name) from error


def framed(message: object) -> str | bytes:
    """A message as it is sent."""
    return message if isinstance(message, str | bytes) else json.dumps(message, allow_nan=False)


def joined(headers: Any) -> dict[str, str]:
    """Headers by names in lower case; lines of one name are one list (RFC 9110, section 5.3)."""
    return {name.lower(): ", ".join(headers.get_all(name)) for name in headers}


def told(error: Exception) -> Exception:
    """What an exception of the library, or of a socket, means in our words; itself if nothing."""
    from websockets import exceptions as ws  # noqa: PLC0415 - an extra

    words = f"{error} ({type(error).__name__})"
    match error:
        case ws.ConnectionClosed():
            return closed(error)
        case ws.WebSocketException() | ValueError():  # a certificate that does not hold, too
            return ConnectionLost(words, retryable=isinstance(error.__cause__, EOFError))
        case TimeoutError(errno=None):  # a clock ran out: it says so itself
            return error
        case OSError() | EOFError():
            return ConnectionLost(words, retryable=True)
    return error


def closed(error: Any) -> ConnectionLost:
    """What an end other than a clean one says: of two close frames the first counts."""
    frame, who = error.rcvd, "the server"
    if frame is None or error.rcvd_then_sent is False:
        frame, who = error.sent, "this side"
    if frame is None:
        return ConnectionLost("the connection broke without a close frame", retryable=True)
    words = f"{who} closed with code {frame.code}" + (f": {frame.reason}" if frame.reason else "")
    return ConnectionLost(words, retryable=frame.code in PASSING)
