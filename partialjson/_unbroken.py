"""What an interrupt breaks off is over: nobody knows how much of the piece was read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["Unbroken"]


class Unbroken:
    """A decoder whose `feed` and `close` run to their end, or never again.

    An error that it raises itself, and after which it may be called again, is named.
    """

    _is_reading: bool = False

    @contextmanager
    def _reading(self, *expected: type[Exception]) -> Iterator[None]:
        if self._is_reading:
            raise RuntimeError("feed() was broken off in the middle of a piece: nothing goes on")
        self._is_reading = True
        try:
            yield
        except expected:
            self._is_reading = False
            raise
        self._is_reading = False
