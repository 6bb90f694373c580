"""A request to a loop: what `open_stream` gives, and its twin with `await`.

What flows in are attempts, one after the other as each breaks off; what flows out is one loop that
holds at most one connection, and lets go of it at once when it is left.
"""

from __future__ import annotations

import threading
import time
import warnings
from dataclasses import dataclass
from typing import Any, Self

from partialjson.errors import ConnectionLost, HTTPStatusError, TransportError
from partialjson.wire._loops import CLOSES_WITHIN, Interruptible, shielded, sleep
from partialjson.wire.clocks import Clocks
from partialjson.wire.http import AsyncRequest, Request
from partialjson.wire.routes import Ask

from ._sources import AsyncSource, Source, async_source_for, source_for
from .attempts import Attempts, Next
from .bridge import Bridge, EndPolicy
from .loops import AsyncStream, Loop, Stream, T

__all__ = ["OpenedAsyncStream", "OpenedStream", "Plan"]

FORGOTTEN = "a stream was never closed: use `with`, or read it to its end"
TOLD, NOT_TOLD = "the provider was told to stop", "the provider was not told to stop"
NOTHING_TO_SEND_TO = "send() needs an open WebSocket: deliver='websocket'"


@dataclass(slots=True)
class Plan:
    """Who is asked, how long an answer is waited for, and what follows where it breaks off.

    Attributes:
        client: Of httpx or httpx2; `None` where only a WebSocket is opened.
        clocks: How long to wait.
        attempts: What is asked, and what follows.
        pace: How soon to ask again while polling; `None` for the usual pace.
        on_cancel: The URL of the request that ends an answer, if one is to be sent.
    """

    client: Any
    clocks: Clocks
    attempts: Attempts
    pace: Any = None
    on_cancel: str | None = None

    def farewell(self, bridge: Bridge) -> Ask | None:
        """What is sent when the reader leaves before the end; nothing where nobody needs it."""
        answer_id = "" if bridge.reader is None else bridge.reader.cursor.answer_id
        if self.on_cancel is None or bridge.verdict is not None:
            return None
        return self.attempts.ask.over_http().cancelled(self.on_cancel, answer_id)


class Opening(Loop[T]):
    """What both twins know: which attempt is next, and whether there is one."""

    _plan: Plan
    _held: Source | AsyncSource | None
    _next: Next | None
    _was_asked: bool
    _is_left: threading.Event

    def _prepare(self, plan: Plan) -> None:
        self._plan, self._held, self._next = plan, None, None
        self._was_asked = False
        self._is_left = threading.Event()

    def state(self) -> dict[str, Any]:
        """Plain data from which another process goes on; see `Loop.state`."""
        return self._plan.attempts.state(self.bridge)

    def _ask_first(self) -> None:
        self._was_asked = True
        self._began = time.monotonic()
        self._next = self._plan.attempts.first(self.bridge, self._began)

    def _holds(self, source: Source | AsyncSource) -> None:
        self._held, self._clocks = source, source.clocks
        self._pending += self._plan.attempts.begin(self.bridge)

    def _answered(self, source: Source | AsyncSource) -> None:
        self._plan.attempts.answered(source.headers)
        if self.timing.headers is None:
            self.timing.headers = self._now

    @property
    def _refusal(self) -> Exception | None:
        """What is raised on entering: no answer has ever come."""
        return self.bridge.error if self.timing.headers is None else None

    def _over(self, lost: TransportError | None = None) -> None:
        """An attempt has ended; if the answer has not, another may follow."""
        if self._is_left.is_set():
            return  # it was ended by whoever leaves
        self._pending += self.bridge.end(lost)
        cause = self.bridge.unfinished(lost)
        if cause is not None:
            attempts = self._plan.attempts
            self._next = attempts.after(self.bridge, cause, time.monotonic())
            if self._next is not None:
                self._pending.append(attempts.told(self._next, cause))
                return
        if isinstance(lost, HTTPStatusError) and self.bridge.has_begun:
            refused = lost
            lost = ConnectionLost(f"it broke off, and could not be asked for again: {refused}")
            lost.__cause__ = refused
        self._end(lost=lost)

    def _break(self, error: BaseException) -> bool:
        """The source raised; one that was left is closed by whoever sees it."""
        if self._is_left.is_set() or not isinstance(error, Exception):
            return False
        return super()._break(error)

    def _fault(self) -> Exception | None:
        """What the loop raises behind its last event: nothing where it was ended on purpose."""
        fault = super()._fault()
        return None if self._is_left.is_set() else fault

    def _breaks_off(self) -> bool:
        """Whether nothing more is to be read of an attempt: its provider reported an error."""
        failure = self.bridge.failure
        return failure is not None and failure.retryable and self._plan.attempts.keeps


class OpenedStream(Opening[T], Stream[T]):
    """A stream that sends its request itself: when the block is entered, or at the first event."""

    _held: Source | None

    def __init__(self, plan: Plan, bridge: Bridge, finish: EndPolicy) -> None:
        super().__init__((), bridge, finish)
        self._prepare(plan)

    def __enter__(self) -> Self:
        self._open()
        return self

    def _open(self) -> None:
        """Send the first request, once, and those that follow if it fails."""
        if self._was_asked or self.verdict is not None:
            return
        self._ask_first()
        try:
            self._go_on()
        except BaseException:
            self._leave()
            raise
        if (refusal := self._refusal) is not None:
            self._told = True
            raise refusal

    def _go_on(self) -> None:
        """Send the next request, until one is answered or none follows."""
        plan = self._plan
        while self._next is not None:
            upcoming, self._next = self._next, None
            self._let_go()
            if self._is_left.wait(upcoming.delay):
                return
            try:
                source = source_for(plan.client, upcoming, plan.clocks, plan.pace)
                self._holds(source)
                source.open()
            except BaseException as error:
                if not self._break(error):
                    raise
            else:
                self._source = source
                self._answered(source)

    def _read(self) -> None:
        try:
            self._open()
            if self._next is not None:
                self._go_on()
            elif self._breaks_off():
                self._over()
            elif self.verdict is None and not self._is_left.is_set():
                super()._read()
        except Exception:
            if not self._is_left.is_set():  # else it is how the read was ended
                raise
        except BaseException:  # an interrupt, or the end of a task
            self._leave()
            raise
        finally:
            if self._is_left.is_set():
                self._leave()
            if self.verdict is not None:
                self._let_go()

    def cancel(self) -> None:
        """End the stream from another thread: the connection is closed, the verdict `"cancelled"`.

        The loop does not raise: it was ended on purpose. `result` does, where there is none.
        The loop ends at once where it waits for bytes, or before another request; where it waits
        for the head of an answer, when that has come.
        """
        self._is_left.set()
        if self._held is not None:
            self._held.cancel()

    def send(self, message: object) -> None:
        """Say something more over the WebSocket: text as it stands, anything else as JSON.

        Raises:
            RuntimeError: There is no open WebSocket.
            ConnectionLost: It broke.
        """
        send = getattr(self._held, "send", None)
        if send is None:
            raise RuntimeError(NOTHING_TO_SEND_TO)
        send(message)

    def close(self) -> None:
        """Leave the stream: the connection is closed; before the end that is a cancel."""
        self._leave()
        super().close()

    def _leave(self) -> None:
        if self.verdict is not None:
            return
        self._let_go()
        notes: tuple[str, ...] = ()
        if self._held is not None and (farewell := self._plan.farewell(self.bridge)) is not None:
            request = Request(self._plan.client, farewell, Clocks(first_event=CLOSES_WITHIN))
            try:
                request.open()
                notes = (TOLD,)
            except Exception as error:  # noqa: BLE001 - the stream ends, whatever becomes of it
                notes = (f"{NOT_TOLD}: {error}",)
            finally:
                request.close()
        self._end(cancelled=True, notes=notes)

    def _let_go(self) -> None:
        if self._held is not None:
            self._held.close()

    def __del__(self) -> None:
        held: Source | None = getattr(self, "_held", None)  # it may not have been made
        if held is not None and held.is_open:
            warnings.warn(FORGOTTEN, ResourceWarning, stacklevel=2, source=self)
            held.close()


class Nothing:
    """What an async stream is read from before its first answer."""

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> object:
        raise StopAsyncIteration


class OpenedAsyncStream(Opening[T], AsyncStream[T]):
    """A stream that sends its request itself: when the block is entered, or at the first event."""

    _held: AsyncSource | None

    def __init__(self, plan: Plan, bridge: Bridge, finish: EndPolicy) -> None:
        super().__init__(Nothing(), bridge, finish)
        self._prepare(plan)
        self._wait = Interruptible()

    async def __aenter__(self) -> Self:
        with self._wait:
            await self._open()
        if self._is_left.is_set():
            await self._leave()
        return self

    async def _open(self) -> None:
        """Send the first request, once, and those that follow if it fails."""
        if self._was_asked or self.verdict is not None:
            return
        self._ask_first()
        try:
            await self._go_on()
        except BaseException:
            await self._leave()
            raise
        if (refusal := self._refusal) is not None:
            self._told = True
            raise refusal

    async def _go_on(self) -> None:
        """Send the next request, until one is answered or none follows."""
        plan = self._plan
        while self._next is not None:
            upcoming, self._next = self._next, None
            await self._let_go()
            await sleep(upcoming.delay)
            try:
                source = async_source_for(plan.client, upcoming, plan.clocks, plan.pace)
                self._holds(source)
                await source.open()
            except BaseException as error:
                if not self._break(error):
                    raise
            else:
                self._source = source
                self._answered(source)

    async def _read(self) -> None:
        try:
            with self._wait:
                await self._open()
                if self._next is not None:
                    await self._go_on()
                elif self._breaks_off():
                    self._over()
                elif self.verdict is None and not self._is_left.is_set():
                    await super()._read()
        except Exception:
            if not self._is_left.is_set():  # else it is how the read was ended
                raise
        except BaseException:  # an interrupt, or the end of a task
            await self._leave()
            raise
        finally:
            if self._is_left.is_set():
                await self._leave()
            if self.verdict is not None:
                await self._let_go()

    def cancel(self) -> None:
        """End the stream from another task or thread: the verdict is `"cancelled"`.

        The loop does not raise: it was ended on purpose. `result` does, where there is none.
        The loop ends at once, whatever it waits for, and its connection is closed.
        """
        self._is_left.set()
        self._wait.end()

    async def send(self, message: object) -> None:
        """Say something more over the WebSocket; see `OpenedStream.send`."""
        send = getattr(self._held, "send", None)
        if send is None:
            raise RuntimeError(NOTHING_TO_SEND_TO)
        await send(message)

    async def aclose(self) -> None:
        """Leave the stream: the connection is closed; before the end that is a cancel."""
        await self._leave()
        await super().aclose()

    async def _leave(self) -> None:
        if self.verdict is not None:
            return
        await self._let_go()
        notes: tuple[str, ...] = ()
        if self._held is not None and (farewell := self._plan.farewell(self.bridge)) is not None:
            request = AsyncRequest(self._plan.client, farewell, Clocks(first_event=CLOSES_WITHIN))
            notes = (f"{NOT_TOLD}: no answer in time",)
            try:
                with shielded():
                    await request.open()
                    notes = (TOLD,)
            except Exception as error:  # noqa: BLE001 - the stream ends, whatever becomes of it
                notes = (f"{NOT_TOLD}: {error}",)
            finally:
                await request.aclose()
        self._end(cancelled=True, notes=notes)

    async def _let_go(self) -> None:
        if self._held is not None:
            await self._held.aclose()

    def __del__(self) -> None:
        held: AsyncSource | None = getattr(self, "_held", None)  # it may not have been made
        if held is not None and held.is_open:
            warnings.warn(FORGOTTEN, ResourceWarning, stacklevel=2, source=self)
