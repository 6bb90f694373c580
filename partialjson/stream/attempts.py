"""What follows an attempt that broke off: by what way, how soon, and whether at all.

What flows in are the facts of an attempt that is over; what flows out is the next one, or nothing.
Nothing is sent here, nobody waits, and no clock is read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias, get_args

from partialjson.errors import (
    BadContentType,
    ConnectionLost,
    HTTPStatusError,
    StreamTimeout,
    TransportError,
)
from partialjson.wire.backoff import Budget, Retry
from partialjson.wire.routes import GENERATION_HEADER, Ask

from ._reader import CONTENT
from .bridge import Bridge
from .news import Retrying, StreamEvent

__all__ = ["Attempts", "Delivery", "Next", "Resume"]

Resume: TypeAlias = Literal["auto", "cursor", "recover", "replay", "prefill", "restart"]
Delivery: TypeAlias = Literal["stream", "websocket", "polling", "plain", "auto"]

NOTHING_AGAIN = Retry(before_first_token=0, after_first_token=0)
IN_TURN: tuple[Resume, ...] = ("cursor", "recover", "replay")
FREE = ("cursor", "recover")  # nothing is generated again
REFUSED = frozenset({403, 405, 406, 415, 426, 501})  # statuses that may mean the way alone
WEBSOCKET = ("ws", "wss")


@dataclass(frozen=True, slots=True)
class Next:
    """One attempt that is to be made.

    Attributes:
        ask: What is asked.
        delivery: How it is delivered.
        how: By what the answer goes on, for the reader.
        delay: Seconds to wait before.
        resumes: Whether it goes on at the cursor.
        compares: Whether what comes is compared with what was told.
        joins_at: Behind how many characters of the content it goes on, if it does.
    """

    ask: Ask
    delivery: Delivery = "stream"
    how: str = "replay"
    delay: float = 0.0
    resumes: bool = False
    compares: bool = True
    joins_at: int | None = None


class Attempts:
    """The attempts of one stream.

    Args:
        ask: The request.
        retry: How often it may be sent again; `None` for never.
        resume: By what an answer goes on once something of it has come; `"auto"` takes the first
            that the API has: its cursor, the answer that it keeps, the same request compared.
            `None`: it does not.
        fallback: Whether an answer without a stream is asked for in the end.
        cache: Whether OpenRouter is asked to answer the same each time.
        deliver: By what way the answer comes; with `"auto"` by another where one is forbidden.
        state: Of a stream in another process, which this one goes on with.

    Attributes:
        ask: The request, as it is sent first.

    Raises:
        ValueError: An option has a value that it cannot have.
    """

    def __init__(
        self,
        ask: Ask,
        *,
        retry: Retry | None = None,
        resume: Resume | None = "auto",
        fallback: bool = False,
        cache: bool = False,
        deliver: Delivery = "stream",
        state: Mapping[str, Any] | None = None,
    ) -> None:
        if resume is not None and resume not in get_args(Resume):
            raise ValueError(f"expected resume of {get_args(Resume)} or None, got {resume!r}")
        if deliver not in get_args(Delivery):
            raise ValueError(f"expected deliver of {get_args(Delivery)}, got {deliver!r}")
        self.ask: Ask = ask.cached() if cache else ask
        self._resume, self._fallback = resume, fallback
        self._budget = Budget(retry or NOTHING_AGAIN, 0.0)
        self._ways = ways_of(self.ask, deliver)
        self._spent: set[str] = set()  # ways of going on that the server refused
        self._now: Next = Next(self.ask)
        self._delivery = self._ways[0]
        self._sent = 0
        self._was_answered = False
        self._billed = 0  # attempts, before this one
        self._length = 0  # characters that were told
        self._generation = "" if state is None else str(state.get("generation", ""))
        self._goes_on = state is not None

    @property
    def keeps(self) -> bool:
        """Whether the texts must be kept, since there may be another attempt."""
        is_one = self._budget.retry is NOTHING_AGAIN and not self._fallback
        return not is_one or len(self._ways) > 1 or "polling" in self._ways or self._goes_on

    def first(self, bridge: Bridge, now: float) -> Next:
        """The first attempt, which goes on with a stream of another process if there is one."""
        self._budget.began = now
        self._now = self._going_on(bridge) if self._goes_on else self._anew()
        self._sent += 1
        return self._now

    def begin(self, bridge: Bridge) -> list[StreamEvent]:
        """The attempt begins: what the bridge must know."""
        self._was_answered, self._billed = False, bridge.billed
        if self._sent == 1 and not self._goes_on:
            return []
        now = self._now
        return bridge.again(
            resumes=now.resumes,
            compares=now.compares,
            joins_at=now.joins_at,
            bills=now.how not in FREE,
        )

    def answered(self, headers: Mapping[str, str]) -> None:
        """The head of an answer has come."""
        self._was_answered = True
        found = {name.lower(): value for name, value in headers.items()}
        self._generation = found.get(GENERATION_HEADER, self._generation)

    def after(self, bridge: Bridge, cause: TransportError, now: float) -> Next | None:
        """What follows an attempt that broke off.

        Args:
            bridge: What was told so far.
            cause: Why it broke off.
            now: The present moment.
        """
        self._note_progress(bridge)
        found = self._again(bridge, cause, now) or self._otherwise(bridge, cause, now)
        if found is not None:
            self._now, self._sent = found, self._sent + 1
        return found

    def told(self, upcoming: Next, cause: Exception) -> StreamEvent:
        """What the reader is told of it."""
        return Retrying(self._sent, upcoming.delay, upcoming.how, cause)

    def state(self, bridge: Bridge) -> dict[str, Any]:
        """Plain data from which another process goes on."""
        return bridge.state() | {"generation": self._generation}

    # -- the same answer ---------------------------------------------------------------------------

    def _again(self, bridge: Bridge, cause: TransportError, now: float) -> Next | None:
        if self._now.how == "plain":
            return None
        is_gone = self._now.how in FREE and isinstance(cause, HTTPStatusError | BadContentType)
        if not cause.retryable and not is_gone:
            return None
        if not cause.retryable or (self._now.how == "recover" and self._now.delivery == "plain"):
            self._spent.add(self._now.how)  # it is not kept, or not whole: the request itself is
        if bridge.has_begun and self._resume is None:
            return None
        way = self._going_on(bridge) if self._has_place(bridge) else self._anew()
        delay = self._budget.wait(
            now,
            has_begun=bridge.has_begun,
            # A request that had no answer was not billed: another takes its place.
            is_free=way.how in FREE or (bridge.has_begun and not self._was_answered),
            asked=cause.retry_after,
            floor=(bridge.reader.retry or 0) / 1_000 if bridge.reader is not None else 0.0,
        )
        return None if delay is None else replace(way, delay=delay)

    def _has_place(self, bridge: Bridge) -> bool:
        """Whether there is anything to go on from: a text, or the id of an answer that is kept."""
        reader = bridge.reader
        is_known = reader is not None and reader.cursor.answer_id != "" and self.ask.is_kept()
        return bridge.has_begun or (is_known and self._resume is not None)

    def _anew(self) -> Next:
        return Next(self._by(self._delivery), self._delivery)

    def _going_on(self, bridge: Bridge) -> Next:
        """The first way there is; the request itself, compared, where there is none better."""
        ways = IN_TURN if self._resume in ("auto", None) else (self._resume,)
        if bridge.over and bridge.failure is not None:  # the answer itself has failed
            ways = tuple(how for how in ways if how not in FREE)
        for how in ways:
            way = None if how in self._spent else self._way(how, bridge)
            if way is not None:
                return way
        return self._anew()

    def _way(self, how: str | None, bridge: Bridge) -> Next | None:
        match how:
            case "cursor":
                return self._cursor(bridge)
            case "recover":
                return self._recover(bridge)
            case "prefill":
                joined = self.ask.joined(bridge.shown.get(CONTENT, ""))
                if joined is not None and self._delivery == "stream":
                    return Next(joined[0], how="prefill", joins_at=joined[1])
            case "restart":
                return replace(self._anew(), how="restart", compares=False)
        return self._anew() if how == "replay" else None

    def _cursor(self, bridge: Bridge) -> Next | None:
        reader = bridge.reader
        if reader is None or self._delivery != "stream":
            return None
        place = reader.cursor
        if place.answer_id and place.sequence is not None and self.ask.is_kept():
            resumes = bridge.may_resume
            ask = self.ask.behind(place.answer_id, place.sequence if resumes else -1)
            return Next(ask, how="cursor", resumes=resumes)
        if reader.last_event_id and bridge.may_resume:
            return Next(self.ask.after(reader.last_event_id), how="cursor", resumes=True)
        return None

    def _recover(self, bridge: Bridge) -> Next | None:
        place = None if bridge.reader is None else bridge.reader.cursor
        if place is not None and place.answer_id and self.ask.is_kept():
            return Next(self.ask.kept(place.answer_id), "polling", how="recover")
        stored = self.ask.stored(self._generation) if self._generation else None
        return None if stored is None else Next(stored, "plain", how="recover")

    # -- by another way ----------------------------------------------------------------------------

    def _otherwise(self, bridge: Bridge, cause: TransportError, now: float) -> Next | None:
        """The next way of delivery where this one is forbidden; in the end a plain request."""
        delay = self._budget.allows(now, cause.retry_after or 0.0)
        if self._now.how == "plain" or delay is None:
            return None
        rest = self._ways[self._ways.index(self._delivery) + 1 :]
        if rest and not bridge.has_begun and is_of_the_way(cause):
            self._delivery = rest[0]
            return replace(self._anew(), how=rest[0], delay=delay)
        if self._fallback and cause.retryable:
            return Next(self._by("plain"), "plain", how="plain", delay=delay)
        return None

    def _by(self, delivery: Delivery) -> Ask:
        if delivery == "websocket":
            return self.ask
        ask = self.ask.over_http()
        if delivery == "plain":
            return ask.plain()
        return ask.in_background() if delivery == "polling" else ask

    def _note_progress(self, bridge: Bridge) -> None:
        length = sum(map(len, bridge.shown.values()))
        if self._now.how == "cursor" and bridge.billed > self._billed:
            self._spent.add("cursor")  # the server paid no heed to it, and began anew
            self._budget.charge()
        elif length > self._length:
            self._budget.progresses()
        self._length = length


def ways_of(ask: Ask, deliver: Delivery) -> tuple[Delivery, ...]:
    """The ways of delivery, from the best to the one that always works."""
    if deliver != "auto":
        return (deliver,)
    first: tuple[Delivery, ...] = ("websocket",) if ask.url.partition(":")[0] in WEBSOCKET else ()
    polled: tuple[Delivery, ...] = ("polling",) if ask.may_be_kept() else ()
    return (*first, "stream", *polled, "plain")


def is_of_the_way(cause: TransportError) -> bool:
    """Whether it may be this way of delivery that is forbidden, and not what was asked."""
    if isinstance(cause, HTTPStatusError):
        return cause.status_code in REFUSED
    return isinstance(cause, BadContentType | ConnectionLost | StreamTimeout)
