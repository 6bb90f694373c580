"""How long to wait, and whether to try again at all: decided here, carried out by the shells.

What flows in are facts of an answer, times included; what flows out are seconds and yes or no.
Nothing here sleeps, and no clock is read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC

__all__ = ["passes", "retry_after"]

PASSING = frozenset({408, 409, 425, 429, 500, 502, 503, 504, *range(520, 525), 529})
ASKED = {"true": True, "false": False}
SECONDS = re.compile(r"\d+(\.\d*)?|\.\d+", re.ASCII)  # `float` also takes nan, 1_0 and other digits


def passes(status: int, headers: Mapping[str, str]) -> bool:
    """Whether the same request may succeed later: by its status, or as `x-should-retry` says."""
    return ASKED.get(headers.get("x-should-retry", "").strip().lower(), status in PASSING)


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
