"""A stream that is relayed to a browser, until the browser leaves.

What flows in is a stream, and the `receive` of ASGI, by which a server says that its client has
gone; what flows out are the stream's events. No web framework is known here.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

from .bridge import StreamEvent
from .loops import AsyncStream

if TYPE_CHECKING:
    from anyio import CancelScope

__all__ = ["guard_disconnect"]

Receive = Callable[[], Awaitable[Mapping[str, Any]]]


class Received(Protocol):
    """A request of Starlette or FastAPI, or whatever else can tell what its server says."""

    @property
    def receive(self) -> Receive:
        """ASGI's `receive`."""


async def guard_disconnect(
    request: Received | Receive, stream: AsyncStream[Any]
) -> AsyncGenerator[StreamEvent, None]:
    """The events of a stream, for as long as somebody is there to see them.

    `async for event in guard_disconnect(request, stream)` is all that the body of a streaming
    response needs: when the browser leaves, the loop ends quietly and the stream is closed at
    once, its connection with it, so that the provider stops. That holds before the first event
    and while the provider is silent, under asyncio and trio. The stream's verdict is `cancelled`
    then. The stream is closed as well when it ends or raises, and when the response is cancelled.

    What the server still has to say of the request is taken: read its body before.

    Args:
        request: Of Starlette or FastAPI, or ASGI's `receive` itself.
        stream: As `aopen_stream` or `astream` give it; not entered, or entered by the caller.

    Raises:
        Exception: What the loop over the stream itself would raise.
    """
    browser = Browser(request.receive if hasattr(request, "receive") else request)
    # A generator, since the event loop closes one that was dropped while its reader was being
    # sent an event, as servers do when they cancel a response; an object is just forgotten.
    try:
        while (event := await browser.next_event(stream)) is not None:
            yield event
    finally:
        await stream.aclose()


class Browser:
    """Who the events are for.

    Attributes:
        has_left: Whether the server said so.
    """

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self.has_left: bool = False

    async def next_event(self, stream: AsyncStream[Any]) -> StreamEvent | None:
        """The next event of a stream; `None` behind the last, or where nobody waits for it."""
        if stream.has_news:  # no wait, so nothing to race against
            return await anext(stream)
        from anyio import create_task_group  # noqa: PLC0415 - every ASGI framework brings it

        event, fault = None, None
        # One group for each wait: none may be open while a generator is suspended (PEP 789).
        async with create_task_group() as group:
            group.start_soon(self._watch, group.cancel_scope)
            try:
                event = await anext(stream)
            except StopAsyncIteration:
                pass
            except Exception as error:  # noqa: BLE001 - raised below: here it would be grouped
                fault = error
            group.cancel_scope.cancel()
        if self.has_left:
            return None
        if fault is not None:
            raise fault
        return event

    async def _watch(self, scope: CancelScope) -> None:
        """Leave the scope when the browser does.

        Kept in `has_left`, as some servers say it once: it may come together with an event.
        """
        while not self.has_left:
            self.has_left = (await self._receive())["type"] == "http.disconnect"
        scope.cancel()
