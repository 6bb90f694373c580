"""Waiting with `await`, under asyncio and trio: for so long, no longer, and until somebody ends it.

Both HTTP libraries bring anyio, which knows both loops; with websockets alone there is asyncio.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

__all__ = ["CLOSES_WITHIN", "Interruptible", "shielded", "sleep", "within"]

CLOSES_WITHIN = 2.0  # seconds that an async close may take while its task is being cancelled


def within(seconds: float | None) -> AbstractContextManager[Any]:
    """A block that is left with `TimeoutError` when it takes longer."""
    if seconds is None:
        return nullcontext()
    from anyio import fail_after  # noqa: PLC0415 - both libraries bring it

    return fail_after(seconds)


def shielded() -> AbstractContextManager[Any]:
    """A block that is not broken off, in a task that is being cancelled too; it may not last."""
    from anyio import move_on_after  # noqa: PLC0415 - both libraries bring it

    return move_on_after(CLOSES_WITHIN, shield=True)


async def sleep(seconds: float) -> None:
    """Wait, on either loop."""
    try:
        from anyio import sleep as pause  # noqa: PLC0415 - both libraries bring it
    except ImportError:  # with websockets alone, which knows asyncio alone
        from asyncio import sleep as pause  # noqa: PLC0415
    await pause(seconds)


class Interruptible:
    """A wait that can be ended by another task, or from another thread, under asyncio and trio."""

    def __init__(self) -> None:
        self._scope: Any = None
        self._soon: Callable[..., object] | None = None
        self._is_ended = False

    def __enter__(self) -> None:
        try:
            from anyio import CancelScope  # noqa: PLC0415 - both libraries bring it
        except ImportError:  # with websockets alone
            return
        self._soon = soon()
        self._scope = CancelScope()
        self._scope.__enter__()
        if self._is_ended:
            self._scope.cancel()

    def __exit__(self, *raised: object) -> bool:
        scope, self._scope = self._scope, None
        return False if scope is None else bool(scope.__exit__(*raised))

    def end(self) -> None:
        """End it if it is going on, and any that follows."""
        self._is_ended = True
        scope = self._scope  # the loop's own thread may be leaving it
        if scope is not None and self._soon is not None:
            self._soon(scope.cancel)


def soon() -> Callable[..., object]:
    """What has the present loop call something, from whatever thread."""
    trio = sys.modules.get("trio")
    if trio is not None and trio.lowlevel.in_trio_run():
        return trio.lowlevel.current_trio_token().run_sync_soon  # type: ignore[no-any-return]
    import asyncio  # noqa: PLC0415 - it takes longer to load than all of this

    return asyncio.get_running_loop().call_soon_threadsafe
