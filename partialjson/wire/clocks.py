"""Three clocks over one stream: how long to wait for what comes next, and which ran out.

What flows in are moments in seconds, by any clock that never goes back; what flows out are
deadlines. Only waiting counts: the time in which a reader works on what came is not the server's.
Nothing here sleeps, and no clock is read.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from partialjson.errors import StreamTimeout

__all__ = ["Clocks"]

NEVER = float("inf")


@dataclass(slots=True)
class Clocks:
    """Call `waits` before each wait for bytes, `hears` behind it, and `progresses` at data.

    Heartbeats are bytes and no data: they hold off `idle` alone, else a dead model behind a living
    proxy would be waited for without end. A limit of `None` is none.

    Attributes:
        idle: Seconds without any bytes, once the server has answered.
        progress: Seconds without data, once data has come.
        first_event: Seconds without data before the first of it, the request's own included.
    """

    idle: float | None = None
    progress: float | None = None
    first_event: float | None = None
    _since: float = field(default=NEVER, init=False)  # when the present wait began
    _quiet: float = field(default=0.0, init=False)  # seconds waited since the last data
    _heard: bool = field(default=False, init=False)  # whether the answer has come
    _began: bool = field(default=False, init=False)  # whether data has come

    def __post_init__(self) -> None:
        limits = {"idle": self.idle, "progress": self.progress, "first_event": self.first_event}
        for name, limit in limits.items():
            if limit is not None and not limit > 0:  # NaN is not, either
                raise ValueError(f"expected {name}_timeout above 0 seconds or None, got {limit!r}")

    def waits(self, now: float) -> None:
        """A wait for bytes begins."""
        self._since = now

    def hears(self, now: float) -> None:
        """The wait is over: the answer came, or bytes of it, of whatever kind."""
        self._quiet += now - self._since
        self._since, self._heard = NEVER, True

    def progresses(self) -> None:
        """What came last was data."""
        self._quiet, self._began = 0.0, True

    @property
    def deadline(self) -> float:
        """The moment at which the present wait is too long; infinity if it may go on for ever."""
        return self._since + min(left for left, _ in self._left())

    def ran_out(self, now: float) -> StreamTimeout | None:
        """What to raise if the present wait is too long by now."""
        left, words = min(self._left())
        if left == NEVER or now - self._since < left:
            return None
        return StreamTimeout(words, retryable=True)

    def _left(self) -> list[tuple[float, str]]:
        """Seconds that each clock leaves to the present wait, and what is said when they are over.

        Of clocks that run out together the first that a reader would think of speaks.
        """
        left = [(NEVER, "")]
        if self.idle is not None and (self._heard or self.first_event is None):
            left.append((self.idle, f"no bytes for {self.idle:g} seconds (idle_timeout)"))
        name, limit = (
            ("progress", self.progress) if self._began else ("first_event", self.first_event)
        )
        if limit is not None:
            words = f"no data for {limit:g} seconds ({name}_timeout)"
            left.append((limit - self._quiet, words))
        return left
