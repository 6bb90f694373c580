"""One stream to any number of screens, tick by tick, for as long as somebody looks.

What flows in are the events of a stream, what flows out are the messages of a feed, to each screen
from where it left off. No web framework is known here, and no socket of a browser.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING, Any

from partialjson.path import JSON
from partialjson.render.feeds import Feed, Message
from partialjson.render.patch import Operations
from partialjson.wire._loops import shielded, sleep

from .bridge import StreamEvent
from .loops import AsyncStream
from .news import Retrying

if TYPE_CHECKING:
    from anyio import CancelScope, Event

__all__ = ["Relay"]

TICK = 0.033  # seconds: two frames of a screen that draws 60 a second
LINGER = 30.0  # seconds: a phone that changes its network is back by then


class Relay:
    """A stream that is read once, and shown on any number of screens.

    `run` reads it in a task of its own; each screen follows in the task that answers it, and one
    that comes back goes on where it was. What came within a tick is told at once, so that a screen
    changes as often as it can draw; what comes first is told without waiting. A `Retrying` is told
    as a message of its own. Under asyncio and trio, with anyio, which every ASGI framework brings;
    all of it in one thread.

    Args:
        stream: As `aopen_stream` or `astream` give it; it is closed when `run` ends.
        ops: The operations that screens know; see `Patches`.
        tick: Seconds between two tellings, at the least; 0 tells every delta.
        log: How many messages are kept for screens that come back; see `Feed`.
        linger: Seconds that the stream goes on while nobody looks; `None` for ever.

    Attributes:
        feed: What was told so far.
        stream: What is read.

    Raises:
        ValueError: There are no such operations, or a time or the log is negative.
    """

    feed: Feed
    stream: AsyncStream[Any]

    def __init__(
        self,
        stream: AsyncStream[Any],
        *,
        ops: Operations = "append",
        tick: float = TICK,
        log: int = 1_000,
        linger: float | None = LINGER,
    ) -> None:
        if tick < 0 or (linger or 0) < 0:
            raise ValueError(f"expected seconds from 0, got {tick=}, {linger=}")
        self.feed, self.stream = Feed(ops=ops, log=log), stream
        self._tick, self._linger = tick, linger
        self._screens = 0
        self._pending: list[StreamEvent] = []
        self._has_run = self._is_cancelled = False
        self._fault: BaseException | None = None
        self._scope: CancelScope | None = None
        self._delta, self._message, self._screen = Bell(), Bell(), Bell()

    async def run(self) -> None:
        """Read the stream to its end. A stream that breaks is told to the screens, not raised.

        Raises:
            Exception: What the source itself raised, and is no fault of a stream.
            RuntimeError: It runs, or has run.
        """
        from anyio import create_task_group  # noqa: PLC0415 - every ASGI framework brings it

        if self._has_run:
            raise RuntimeError("a relay runs once")
        self._has_run = True
        try:
            async with create_task_group() as group:
                self._scope = group.cancel_scope
                if self._is_cancelled:
                    self._scope.cancel()
                group.start_soon(self._tell_by_ticks)
                group.start_soon(self._leave_when_nobody_looks)
                await self._read()
                self._scope.cancel()
        finally:
            try:
                with shielded():
                    await self.stream.aclose()
                self._tell()
            finally:
                self.feed.close(self.stream.verdict)
                self._message.ring()
        if self._fault is not None:
            raise self._fault

    def cancel(self) -> None:
        """End it: the stream is closed at once, and screens are told that it was cancelled."""
        self._is_cancelled = True
        if self._scope is not None:
            self._scope.cancel()

    def tell(self, event: str, data: JSON) -> None:
        """A message of your own, to all screens at once; see `Feed.tell`.

        Raises:
            ValueError: The name is one of the format's own, is empty or cannot be printed.
            TypeError: The data is no JSON.
            RuntimeError: The feed is closed.
        """
        self._tell()
        self.feed.tell(event, data)
        self._message.ring()

    async def follow(self, last_event_id: str | int | None = None) -> AsyncGenerator[Message, None]:
        """The messages for one screen, up to the last.

        Args:
            last_event_id: Where it left off, as its request says in `Last-Event-ID`; see
                `Feed.since`.
        """
        self._screens += 1
        self._screen.ring()
        try:
            while (messages := self.feed.since(last_event_id)) or not self.feed.is_over:
                for message in messages:
                    yield message
                    last_event_id = message["id"]
                if not messages:
                    await self._message.wait()
        finally:
            self._screens -= 1
            self._screen.ring()

    # -- reading -----------------------------------------------------------------------------------

    async def _read(self) -> None:
        """Read; what is raised, where the stream's verdict does not say it, is raised by `run`."""
        try:
            async for event in self.stream:
                if isinstance(event, Retrying):
                    facts = {"attempt": event.attempt, "delay": event.delay, "how": event.how}
                    self.tell("retrying", facts | {"cause": str(event.cause)})
                self._pending.append(event)
                if not self.stream.has_news:
                    await self._delta_is_read()
        except (Exception, KeyboardInterrupt, SystemExit) as error:  # noqa: BLE001 - see `run`
            self._fault = None if error is self.stream.bridge.error else error

    async def _delta_is_read(self) -> None:
        if self._tick:
            self._delta.ring()
        else:
            self._tell()
        await sleep(0)  # who follows, or cancels, has a turn where the next delta is there already

    # -- telling -----------------------------------------------------------------------------------

    async def _tell_by_ticks(self) -> None:
        while self._tick:
            while not self._pending:
                await self._delta.wait()
            try:
                self._tell()
            except Exception as error:  # noqa: BLE001 - raised by `run`: here it would be grouped
                self._fault = error
                self.cancel()
            await sleep(self._tick)

    def _tell(self) -> None:
        pending, self._pending = self._pending, []
        if self.feed.feed(pending):
            self._message.ring()

    async def _leave_when_nobody_looks(self) -> None:
        from anyio import move_on_after  # noqa: PLC0415 - every ASGI framework brings it

        while self._linger is not None:
            while self._screens:
                await self._screen.wait()
            with move_on_after(self._linger):
                while not self._screens:
                    await self._screen.wait()
            if not self._screens:
                self.cancel()
                return


class Bell:
    """Wakes all who wait for it."""

    def __init__(self) -> None:
        self._event: Event | None = None  # made by who waits, inside the loop that wakes it

    async def wait(self) -> None:
        from anyio import Event  # noqa: PLC0415 - every ASGI framework brings it

        if self._event is None:
            self._event = Event()
        await self._event.wait()

    def ring(self) -> None:
        if self._event is not None:
            self._event.set()
            self._event = None
