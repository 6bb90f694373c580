"""How long to wait, and whether to try again at all: decided here, carried out by the shells.

What flows in are facts of an answer, times included; what flows out are seconds and yes or no.
Nothing here sleeps, and no clock is read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC

__all__ = ["Budget", "Retry", "passes", "retry_after"]

PASSING = frozenset({408, 409, 425, 429, 500, 502, 503, 504, *range(520, 525), 529})
PAYMENT_REQUIRED = 402
ASKED = {"true": True, "false": False}
MOST_DOUBLINGS = 64
SECONDS = re.compile(r"\d+(\.\d*)?|\.\d+", re.ASCII)  # `float` also takes nan, 1_0 and other digits


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """How often a request may be sent again, and how long to wait before.

    A wait is drawn between nothing and a ceiling that doubles each time, so that clients which
    failed together do not come back together. What the server asks for goes before that.

    Attributes:
        before_first_token: How often while nothing of the answer has come.
        after_first_token: How often once something has: providers bill what they generate again.
            Going on at a server's cursor, and fetching what it has stored, generate nothing. So
            they count with the others, and anew behind all that is news.
        base: The first ceiling, in seconds.
        cap: The highest ceiling, in seconds.
        max_retry_after: Seconds that a server may ask for; if it asks for more, no request follows.
        deadline: Seconds from the first request after which none follows; `None` for no limit.
        jitter: Gives a number from 0 to 1 for each wait; `random.random` by default.

    Raises:
        ValueError: A number is negative, or none.
    """

    before_first_token: int = 3
    after_first_token: int = 1
    base: float = 0.5
    cap: float = 8.0
    max_retry_after: float = 120.0
    deadline: float | None = None
    jitter: Callable[[], float] | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        for name in ("before_first_token", "after_first_token", "base", "cap", "max_retry_after"):
            if not getattr(self, name) >= 0:  # NaN is not, either
                raise ValueError(f"expected {name} of at least 0, got {getattr(self, name)!r}")
        if self.deadline is not None and not self.deadline >= 0:
            raise ValueError(f"expected deadline of at least 0 or None, got {self.deadline!r}")

    def ceiling(self, sent: int) -> float:
        """The longest wait, in seconds, once so many requests have been sent again."""
        return min(self.cap, self.base * 2.0 ** min(sent, MOST_DOUBLINGS))

    def draw(self) -> float:
        """A number from 0 to 1."""
        if self.jitter is not None:
            return self.jitter()
        from random import random  # noqa: PLC0415 - it takes longer to load than all of this

        return random()  # noqa: S311 - for spreading, not for secrets


@dataclass(slots=True)
class Budget:
    """What is left of a `Retry` for one stream.

    Attributes:
        retry: The policy.
        began: The moment of the first request, by any clock that never goes back.
    """

    retry: Retry
    began: float
    _before: int = field(default=0, init=False)
    _after: int = field(default=0, init=False)
    _free: int = field(default=0, init=False)

    def progresses(self) -> None:
        """Something came that is news."""
        self._free = 0

    def charge(self) -> None:
        """What was taken for free was generated anew."""
        self._after += 1

    def allows(self, now: float, wait: float) -> float | None:
        """The wait itself, if a request may follow it; `None` if not. Nothing is counted."""
        return None if wait > self.retry.max_retry_after or self._is_late(now + wait) else wait

    def wait(
        self,
        now: float,
        *,
        has_begun: bool,
        is_free: bool = False,
        asked: float | None = None,
        floor: float = 0.0,
    ) -> float | None:
        """Seconds to wait before the next request, which then counts; `None` if there is none.

        Args:
            now: The present moment, by the clock of `began`.
            has_begun: Whether anything of the answer has come.
            is_free: Whether nothing is generated anew.
            asked: Seconds that the server asked to wait, in the head of an answer.
            floor: Seconds that it asked for in the stream, by `retry`: the least to wait.
        """
        retry = self.retry
        if is_free:
            sent, most = self._free, retry.before_first_token
        elif has_begun:
            sent, most = self._after, retry.after_first_token
        else:
            sent, most = self._before, retry.before_first_token
        if sent >= most or max(asked or 0.0, floor) > retry.max_retry_after:
            return None
        wait = max(floor, retry.draw() * retry.ceiling(sent) if asked is None else asked)
        if self._is_late(now + wait):
            return None
        self._before += not has_begun and not is_free
        self._after += has_begun and not is_free
        self._free += is_free
        return wait

    def _is_late(self, moment: float) -> bool:
        deadline = self.retry.deadline
        return deadline is not None and moment - self.began > deadline


def passes(status: int, headers: Mapping[str, str]) -> bool:
    """Whether the same request may succeed later: by its status, or as `x-should-retry` says.

    402 is money that is missing for good, or (OpenRouter) that other requests hold for the moment:
    only then the answer says how long to wait.
    """
    held = status == PAYMENT_REQUIRED and "retry-after" in headers
    return ASKED.get(headers.get("x-should-retry", "").strip().lower(), held or status in PASSING)


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds that a server asks to wait; `None` if it does not say so in a form that is known.

    Milliseconds in `retry-after-ms` are the more exact, so they come first; `Retry-After` holds
    seconds, which some servers write with a fraction, or a date (RFC 9110, section 10.2.3).

    Args:
        headers: Those of the answer, by lower-case names.
        now: The time by the caller's clock, in seconds since 1970. The server's own `Date` counts
            instead, where there is one: its clock may be wrong, and is then wrong twice.
    """
    exact = headers.get("retry-after-ms", "").strip()
    if SECONDS.fullmatch(exact):
        return float(exact) / 1_000
    asked = headers.get("retry-after", "").strip()
    if SECONDS.fullmatch(asked):
        return float(asked)
    until, sent = _moment(asked), _moment(headers.get("date", ""))
    if until is None:
        return None
    return max(0.0, until - (now if sent is None else sent))


def _moment(date: str) -> float | None:
    """Seconds since 1970 of an HTTP date in any of its three forms (RFC 9110, section 5.6.7)."""
    from email.utils import parsedate_to_datetime  # noqa: PLC0415 - it loads `socket`

    try:
        moment = parsedate_to_datetime(date)
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
