"""A source to a loop: what `for event in stream(source)` goes through, and its twin with `await`.

What flows in is any iterable of pieces; what flows out are the events of a `Bridge`, one by one.
The two classes differ by `await` alone; what they share is decided in `Loop`.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import AsyncIterable, Iterable, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, Self

from partialjson.errors import ConnectionLost, TransportError
from partialjson.parser import Parser
from partialjson.path import JSON, Path
from partialjson.wire._answers import lost
from partialjson.wire.clocks import Clocks
from partialjson.wire.messages import Channel
from partialjson.wire.resume import Verdict

from .bridge import Bridge, EndPolicy, StreamEvent
from .timing import Timing

if TYPE_CHECKING:
    from typing_extensions import TypeVar

    T = TypeVar("T", default=Any)  # so that `Stream` alone is a type, as it is before 3.13, too
else:
    from typing import TypeVar

    T = TypeVar("T")

__all__ = ["AsyncStream", "Stream"]


class Loop(Generic[T]):
    """What a stream is, whoever waits for its pieces.

    Attributes:
        bridge: The sans-I/O heart, which was fed what was read so far.
        timing: When what came first came, in seconds since the stream was made, or its request
            sent.
    """

    def __init__(self, bridge: Bridge, finish: EndPolicy, clocks: Clocks | None) -> None:
        self.bridge: Bridge = bridge
        self.timing: Timing = Timing()
        self._began = time.monotonic()
        self._clocks = clocks
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

    @property
    def has_news(self) -> bool:
        """Whether the next event is there already, so that the loop need not wait for it."""
        return bool(self._pending)

    def state(self) -> dict[str, Any]:
        """Plain data from which another process goes on, by the `state` of `open_stream`.

        It holds what was told of each channel, where the answer stands, and which attempt it is.

        Raises:
            RuntimeError: The texts are not kept, since nothing asks for the answer again.
        """
        return self.bridge.state()

    def _take(self, piece: object) -> None:
        clocks = self._clocks
        before = None if clocks is None else self.bridge.data
        events = self.bridge.feed(piece)
        if self.timing.first_closed is None:  # else there is nothing to note before the end
            self.timing.note(events, self._now)
        self._pending += events
        if clocks is not None and (before is None or self.bridge.data != before):
            clocks.progresses()

    def _over(self, lost: TransportError | None = None) -> None:
        """The source has ended, whatever that means."""
        self._end(lost=lost)

    def _end(
        self,
        *,
        cancelled: bool = False,
        lost: TransportError | None = None,
        notes: tuple[str, ...] = (),
    ) -> None:
        events = self.bridge.close(cancelled=cancelled, lost=lost, notes=notes)
        self.timing.note(events, self._now)
        self._pending += events
        if self.timing.end is None:
            self.timing.end = self._now

    def _break(self, error: BaseException) -> bool:
        """The source raised; whether that is said by the verdict, and nothing else is to be done.

        Ctrl-C, or the end of a task, is a reader who leaves.
        """
        if not isinstance(error, Exception):
            self._end(cancelled=True)
            return False
        if (ours := lost(error)) is not None:
            if ours is not error:
                ours.__cause__ = error
            self._over(ours)
            return True
        cause = ConnectionLost(f"the source raised {error!r}")
        cause.__cause__ = error
        self._end(lost=cause)
        return False

    @property
    def _now(self) -> float:
        return time.monotonic() - self._began

    def _fault(self) -> Exception | None:
        """What the loop raises behind its last event, once."""
        error, told = self.bridge.error, self._told
        self._told = True
        return None if told or self._finish == "lenient" else error


class Stream(Loop[T]):
    """The events of a stream, as `stream` gives them; a context manager that closes the source."""

    def __init__(
        self, source: Iterable[object], bridge: Bridge, finish: EndPolicy = "auto"
    ) -> None:
        super().__init__(bridge, finish, getattr(source, "clocks", None))
        self._given, self._source = source, iter(source)

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> StreamEvent:
        pending = self._pending
        while not pending and self.bridge.verdict is None:
            self._read()
        if pending:
            return pending.popleft()
        if fault := self._fault():
            raise fault
        raise StopIteration

    def _read(self) -> None:
        """Wait for the next piece, or for the end."""
        if self.bridge.over:
            self._over()
            return
        try:
            piece = next(self._source)
        except StopIteration:
            self._over()
        except BaseException as error:
            if not self._break(error):
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
        self, source: AsyncIterable[object], bridge: Bridge, finish: EndPolicy = "auto"
    ) -> None:
        super().__init__(bridge, finish, getattr(source, "clocks", None))
        self._given, self._source = source, aiter(source)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> StreamEvent:
        pending = self._pending
        while not pending and self.bridge.verdict is None:
            await self._read()
        if pending:
            return pending.popleft()
        if fault := self._fault():
            raise fault
        raise StopAsyncIteration

    async def _read(self) -> None:
        """Wait for the next piece, or for the end."""
        if self.bridge.over:
            self._over()
            return
        try:
            piece = await anext(self._source)
        except StopAsyncIteration:
            self._over()
        except BaseException as error:
            if not self._break(error):
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
