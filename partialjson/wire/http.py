"""An answer of httpx or httpx2 to its bytes: checked first, timed while they come, closed at once.

What flows in is a client and a request, or an answer that somebody else opened; what flows out are
pieces of its body. What the bytes mean is not known here. The two halves of this room are twins
that differ by `await`, but for one thing: a read without it cannot be left when a clock runs out,
so a thread watches.
"""

from __future__ import annotations

import threading
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

from ._answers import built, limits_of, lost, refusal
from ._loops import shielded, within
from .clocks import Clocks
from .routes import Ask

__all__ = ["AsyncBody", "AsyncRequest", "Body", "Request"]

SUCCESS = range(200, 300)
SHARED = ("HTTP/2", "HTTP/3")  # one connection for many streams


class Wait:
    """One wait for bytes: the clocks run inside it, and what goes wrong is told in our words."""

    def __init__(self, clocks: Clocks) -> None:
        self._clocks = clocks

    def __enter__(self) -> float | None:
        """How many seconds the wait may take; `None` if it may go on for ever.

        Raises:
            StreamTimeout: There were heartbeats enough, and no data.
        """
        now = time.monotonic()
        self._clocks.waits(now)
        if (late := self._clocks.ran_out(now)) is not None:
            raise late
        left = self._clocks.deadline - now
        return left if left < float("inf") else None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if error is None:
            self._clocks.hears(time.monotonic())
        elif isinstance(error, Exception):  # else the reader leaves
            # A connection that was shut down for being late looks like one that broke, or ended.
            now = float("inf") if isinstance(error, TimeoutError) else time.monotonic()
            late = self._clocks.ran_out(now)
            ours = late or lost(error)
            if ours is not None and ours is not error:
                raise ours from (None if late else error)


class Source:
    """What a body is, whoever waits for its pieces.

    Attributes:
        clocks: How long to wait; no limits for an answer that somebody else opened.
        is_closed: Whether the connection was let go of.
    """

    def __init__(
        self, answer: Any, clocks: Clocks | None = None, limits: dict[str, Any] | None = None
    ) -> None:
        self.clocks: Clocks = clocks or Clocks()
        self._answer = answer
        self._is_shared = getattr(answer, "http_version", "") in SHARED
        self._limits = {} if limits is None else limits
        self.is_closed: bool = False

    @property
    def headers(self) -> Mapping[str, str]:
        """Those of the answer."""
        found: Mapping[str, str] = getattr(self._answer, "headers", {})
        return found

    def _keeps_to(self, seconds: float | None) -> None:
        """Over a shared connection the library itself looks at its limit, at each read."""
        self._limits["read"] = seconds if self._is_shared else None


# -- Without await ---------------------------------------------------------------------------------


class Body(Source):
    """The pieces of an answer's body, as they come.

    Iterating raises:
        HTTPStatusError: The status is not success; at the first piece.
        ConnectionLost: The connection broke.
        StreamTimeout: A clock ran out.
    """

    def __init__(
        self, answer: Any, clocks: Clocks | None = None, limits: dict[str, Any] | None = None
    ) -> None:
        super().__init__(answer, clocks, limits)
        self._pieces: Iterator[bytes] | None = None
        self._watch: Watch | None = None

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> bytes:
        with Wait(self.clocks) as seconds:
            self._keeps_to(seconds)
            if self._pieces is None:
                self.check()
                if seconds is not None and not self._is_shared:
                    self._watch = watched(self._answer, self.clocks)
                self._pieces = iter(self._answer.iter_bytes())
            return next(self._pieces)

    def check(self) -> None:
        """Raise `HTTPStatusError` if the status is not success."""
        if self._answer.status_code not in SUCCESS:
            try:
                body = self._answer.read()
            finally:
                self.close()
            raise refusal(self._answer.status_code, self._answer.headers, body, time.time())

    def close(self) -> None:
        """Let go of the connection, at once. Again: nothing."""
        if self._watch is not None:
            self._watch.stop()
        if not self.is_closed:
            self.is_closed = True
            self._answer.close()

    def cancel(self) -> None:
        """From another thread: end a read that is waiting."""
        socket = None if self._is_shared else socket_of(self._answer)
        if socket is not None and not self.is_closed:
            shut(socket)


class Watch:
    """Shuts a socket down when a clock runs out: a blocked read cannot look at clocks itself.

    A read timeout of the socket would do for `idle` alone: it starts anew with each heartbeat.
    """

    def __init__(self, clocks: Clocks, socket: Any) -> None:
        limits = (clocks.idle, clocks.progress, clocks.first_event)
        self._clocks, self._socket = clocks, socket
        self._pause = min(limit for limit in limits if limit is not None) / 4
        self._stopped = threading.Event()
        threading.Thread(target=self._run, name="partialjson-clocks", daemon=True).start()

    def stop(self) -> None:
        """The stream is over."""
        self._stopped.set()

    def _run(self) -> None:
        pause = self._pause
        while not self._stopped.wait(pause):
            left = self._clocks.deadline - time.monotonic()
            if left <= 0:
                shut(self._socket)
                return
            pause = min(self._pause, left)


def watched(answer: Any, clocks: Clocks) -> Watch | None:
    """Who looks at the clocks during a read, where the answer has a socket."""
    socket = socket_of(answer)
    return None if socket is None else Watch(clocks, socket)


def socket_of(answer: Any) -> Any:
    """The socket that an answer comes by, where it tells."""
    stream = answer.extensions.get("network_stream") if hasattr(answer, "extensions") else None
    return None if stream is None else stream.get_extra_info("socket")


def shut(socket: Any) -> None:
    """End what another thread is reading, or will."""
    with suppress(OSError):  # it is gone already
        socket.shutdown(2)  # both ways


class Request:
    """A request, and the pieces of the answer once it is open.

    Args:
        client: An `httpx.Client` or an `httpx2.Client`.
        ask: What is asked.
        clocks: How long to wait.
    """

    def __init__(self, client: Any, ask: Ask, clocks: Clocks) -> None:
        self.body: Body | None = None
        self.clocks: Clocks = clocks
        self._client = client
        self._limits = limits_of(client, clocks)
        self._request, self._how = built(client, ask, self._limits)

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> bytes:
        if self.body is None:
            self.open()
        return next(self.body)  # type: ignore[arg-type]

    def open(self) -> None:
        """Send it, and wait for the head of the answer.

        Raises:
            HTTPStatusError: The status is not success.
            ConnectionLost: No connection, or it broke.
            StreamTimeout: No answer in time.
        """
        with Wait(self.clocks):
            answer = self._client.send(self._request, stream=True, **self._how)
            self.body = Body(answer, self.clocks, self._limits)
            self.body.check()

    @property
    def is_open(self) -> bool:
        """Whether it holds a connection."""
        return self.body is not None and not self.body.is_closed

    @property
    def headers(self) -> Mapping[str, str]:
        """Those of the answer; none before it."""
        return {} if self.body is None else self.body.headers

    def close(self) -> None:
        """Let go of the connection, at once. Again: nothing."""
        if self.body is not None:
            self.body.close()

    def cancel(self) -> None:
        """From another thread: end a read that is waiting, as if the connection had broken.

        Over a connection that other streams share the next bytes end it; and nothing ends the wait
        for the head of an answer but its own limit.
        """
        if self.body is not None:
            self.body.cancel()


# -- With await ------------------------------------------------------------------------------------


class AsyncBody(Source):
    """The pieces of an answer's body, as they come: `Body` with `await`, under asyncio and trio."""

    def __init__(
        self, answer: Any, clocks: Clocks | None = None, limits: dict[str, Any] | None = None
    ) -> None:
        super().__init__(answer, clocks, limits)
        self._pieces: AsyncIterator[bytes] | None = None

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        with Wait(self.clocks) as seconds, within(seconds):
            self._keeps_to(seconds)
            if self._pieces is None:
                await self.check()
                self._pieces = aiter(self._answer.aiter_bytes())
            return await anext(self._pieces)

    async def check(self) -> None:
        """Raise `HTTPStatusError` if the status is not success."""
        if self._answer.status_code not in SUCCESS:
            try:
                body = await self._answer.aread()
            finally:
                await self.aclose()
            raise refusal(self._answer.status_code, self._answer.headers, body, time.time())

    async def aclose(self) -> None:
        """Let go of the connection, at once, in a task that is being cancelled too."""
        if self.is_closed:
            return
        self.is_closed = True
        with shielded():
            await self._answer.aclose()
            if self._pieces is not None and not self._is_shared:
                # The library's generators stand in one another; only their end closes all.
                with suppress(Exception):  # what a closed connection gives is no news
                    async for _ in self._pieces:
                        pass


class AsyncRequest:
    """A request, and the pieces of the answer once it is open: `Request` with `await`."""

    def __init__(self, client: Any, ask: Ask, clocks: Clocks) -> None:
        self.body: AsyncBody | None = None
        self.clocks: Clocks = clocks
        self._client = client
        self._limits = limits_of(client, clocks)
        self._request, self._how = built(client, ask, self._limits)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        if self.body is None:
            await self.open()
        return await anext(self.body)  # type: ignore[arg-type]

    async def open(self) -> None:
        """Send it, and wait for the head of the answer; raises as `Request.open` does."""
        with Wait(self.clocks) as seconds, within(seconds):
            answer = await self._client.send(self._request, stream=True, **self._how)
            self.body = AsyncBody(answer, self.clocks, self._limits)
            await self.body.check()

    @property
    def is_open(self) -> bool:
        """Whether it holds a connection."""
        return self.body is not None and not self.body.is_closed

    @property
    def headers(self) -> Mapping[str, str]:
        """Those of the answer; none before it."""
        return {} if self.body is None else self.body.headers

    async def aclose(self) -> None:
        """Let go of the connection, at once. Again: nothing."""
        if self.body is not None:
            await self.body.aclose()
