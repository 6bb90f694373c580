"""An answer that is asked for again and again until it is whole: one piece for each time.

What flows in are a client and a request, or a function that fetches; what flows out are decoded
objects or items, and a heartbeat where nothing is new. What an object means is not known here, but
for its `status`. The halves of this room are twins that differ by `await`.
"""

from __future__ import annotations

import json
import threading
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import aclosing, closing, contextmanager
from dataclasses import dataclass, field
from typing import Any, ClassVar, Generic, Self, TypeAlias, TypeVar

from partialjson.errors import BadContentType, ConnectionLost, HTTPStatusError

from . import http
from ._answers import built, limits_of
from ._loops import sleep, within
from .backoff import retry_after
from .clocks import Clocks
from .messages import JSON, Channel, Delta, Done, Finish, Heartbeat, Item, Whole, text_in
from .routes import Ask

__all__ = ["AsyncPolling", "AsyncPolls", "Pace", "Page", "Polling", "Polls", "Snapshot"]

OK, ACCEPTED, NOT_MODIFIED = 200, 202, 304  # RFC 9110, section 15
ENDS = {
    *("completed", "succeeded", "failed", "incomplete", "cancelled", "canceled", "expired"),
    *("errored", "aborted", "done", "ended"),
}
GROWTH = 1.5  # of the pause, while nothing is new
REFUSALS = 3  # in a row that are waited out
LARGEST = 32 * 1024**2  # bytes of one answer
EXCERPT = 120  # characters of what cannot be read that are shown
CONTENT = Channel("content")

Piece: TypeAlias = dict[str, JSON] | Heartbeat
A = TypeVar("A")  # an answer
F = TypeVar("F")  # what `fetch` gives
S = TypeVar("S")  # what `sleep` gives


@dataclass(slots=True)
class Pace:
    """How long to pause before asking again: longer each time, until there is news.

    Attributes:
        least: Seconds behind news.
        most: Seconds that a pause grows to.
    """

    least: float = 0.5
    most: float = 10.0
    _last: float = field(default=0.0, init=False)

    def __post_init__(self) -> None:
        if not 0 <= self.least <= self.most:  # NaN is not, either
            raise ValueError(f"expected 0 <= least <= most, got {self.least!r} and {self.most!r}")
        self._last = self.least

    def wait(self, news: bool, asked: float | None) -> float:  # noqa: FBT001 - a fact, not a switch
        """Seconds to pause, by whether there was news; what the server asked for goes first."""
        self._last = self.least if news else min(self.most, self._last * GROWTH)
        return self._last if asked is None else asked


class Job:
    """What a polling is, whoever waits for its answers.

    Args:
        client: Of httpx or httpx2.
        first: What is asked first: a POST that begins a job, or a GET.
        clocks: How long to wait. Pauses count as well, but not for `idle`: they are our own.
        follow: Makes of the first answer what is asked from then on; where it makes nothing, that
            is the URL in the `Location` of a 202, or else the same again.
        pace: How long to pause.

    Attributes:
        clocks: How long to wait.
        headers: Those of the latest answer; none before it.
    """

    def __init__(
        self,
        client: Any,
        first: Ask,
        clocks: Clocks,
        *,
        follow: Callable[[dict[str, JSON]], Ask | None] | None = None,
        pace: Pace | None = None,
    ) -> None:
        self.clocks: Clocks = clocks
        self.headers: Mapping[str, str] = {}
        self._client, self._ask, self._follow = client, first, follow
        self._pace, self._pause = pace or Pace(), 0.0
        self._etag, self._refused = "", 0  # how often in a row
        self._said: tuple[int, bytes] | None = None  # by the latest answer
        self._pieces: deque[Piece] = deque()
        self._is_last = False
        self._left = threading.Event()  # from this side

    @property
    def is_open(self) -> bool:
        """Whether there is more to come. No connection is held between two answers."""
        is_over = self._left.is_set() or (self._is_last and not self._pieces)
        return self._said is not None and not is_over

    def _next(self) -> tuple[Any, dict[str, Any], dict[str, Any]]:
        """The next request, how it is sent, and its limits."""
        if self._left.is_set():
            raise ConnectionLost("the polling was ended from this side")
        ask = self._ask.with_headers({"If-None-Match": self._etag}) if self._etag else self._ask
        limits = limits_of(self._client, self.clocks)
        return *built(self._client, ask, limits), limits

    def _take(self, answer: Any, content: bytes) -> None:
        """An answer has come."""
        said, found = (answer.status_code, content), object_of(answer, content)
        state = text_in(found.get("status")).lower()
        self._is_last = state in ENDS if state else answer.status_code == OK
        is_news = said != self._said and bool(found)
        self._turn(answer, found)
        self._said, self._refused = said, 0
        self._say(found if is_news else None, retry_after(answer.headers, time.time()))

    def _turn(self, answer: Any, found: dict[str, JSON]) -> None:
        """Where the next answer is. An entity tag is of one place, and for GET alone."""
        there = self._follow(found) if self._follow is not None else None
        there, self._follow = there or monitor(answer, self._ask), None
        is_kept = there is None and self._ask.method.upper() == "GET"
        self._etag = answer.headers.get("etag", "") if is_kept else ""
        self._ask = there or self._ask

    @contextmanager
    def _again(self) -> Iterator[None]:
        """An answer of no success may say no more than to ask later."""
        try:
            yield
        except HTTPStatusError as refused:
            self._refused = 0 if refused.status_code == NOT_MODIFIED else self._refused + 1
            is_asked = refused.retryable and refused.retry_after is not None
            if self._refused and (not is_asked or self._refused > REFUSALS):
                raise
            self._say(None, refused.retry_after)

    def _say(self, found: Piece | None, asked: float | None) -> None:
        self._pieces.append(Heartbeat() if found is None else found)
        self._pause = self._pace.wait(found is not None, asked)


class Polling(Job):
    """A request whose answer is asked for again and again, with the surface of `Request`."""

    _body: http.Body | None = None  # of the latest answer

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Piece:
        if self._said is None:
            self.open()
        if not self._pieces:
            if self._is_last:
                raise StopIteration
            with pausing(self.clocks, self._pause) as seconds:
                self._left.wait(seconds)
            with self._again():
                self.open()
        return self._pieces.popleft()

    def open(self) -> None:
        """Ask, and read the answer, which comes as the next piece.

        Raises:
            HTTPStatusError: The status is not success, or the job lies at another origin.
            ConnectionLost: No connection, or it broke; or the polling was ended.
            StreamTimeout: No answer in time.
            BadContentType: The answer is no JSON object.
        """
        request, how, limits = self._next()
        with http.Wait(self.clocks) as limits["read"]:
            answer = self._client.send(request, stream=True, **how)
            self.headers: Mapping[str, str] = answer.headers
            self._body = http.Body(answer, self.clocks, limits)
            self._body.check()
        content = bytearray()
        with closing(self._body):
            for piece in self._body:
                grow(content, piece)
        self._take(answer, bytes(content))

    def close(self) -> None:
        """Ask no more. Again: nothing."""
        self._left.set()

    def cancel(self) -> None:
        """From another thread: end a pause, or a read that is waiting, with `ConnectionLost`.

        Nothing ends the wait for the head of an answer but its own limit.
        """
        self._left.set()
        if self._body is not None:
            self._body.cancel()


class AsyncPolling(Job):
    """A request whose answer is asked for again and again: `Polling` with `await`."""

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Piece:
        if self._said is None:
            await self.open()
        if not self._pieces:
            if self._is_last:
                raise StopAsyncIteration
            with pausing(self.clocks, self._pause) as seconds:
                await sleep(seconds)
            with self._again():
                await self.open()
        return self._pieces.popleft()

    async def open(self) -> None:
        """Ask, and read the answer, which comes as the next piece; raises as `Polling.open`."""
        request, how, limits = self._next()
        with http.Wait(self.clocks) as limits["read"], within(limits["read"]):
            answer = await self._client.send(request, stream=True, **how)
            self.headers: Mapping[str, str] = answer.headers
            body = http.AsyncBody(answer, self.clocks, limits)
            await body.check()
        content = bytearray()
        async with aclosing(body):
            async for piece in body:
                grow(content, piece)
        self._take(answer, bytes(content))

    async def aclose(self) -> None:
        """Ask no more. Again: nothing."""
        self._left.set()


@contextmanager
def pausing(clocks: Clocks, seconds: float) -> Iterator[float]:
    """A pause of our own, and how long it may be: no silence of the server, so not `idle`.

    If a clock runs out in it, that is said by the wait for the next answer, which then is over.
    """
    idle, clocks.idle = clocks.idle, None
    try:
        with http.Wait(clocks) as left:
            yield seconds if left is None else min(seconds, left)
    finally:
        clocks.idle = idle


def grow(content: bytearray, piece: bytes) -> None:
    content += piece
    if len(content) > LARGEST:
        raise BadContentType(f"expected an answer of at most {LARGEST} bytes, got more")


def object_of(answer: Any, content: bytes) -> dict[str, JSON]:
    """The object in an answer; an empty one where a job was accepted without a word."""
    try:
        found = json.loads(content if content.strip() or answer.status_code != ACCEPTED else b"{}")
    except (ValueError, RecursionError):
        found = None
    if type(found) is not dict:
        excerpt = content[:EXCERPT].decode("utf-8", "replace")
        raise BadContentType(f"expected a JSON object, got {excerpt!r}")
    return found


def monitor(answer: Any, ask: Ask) -> Ask | None:
    """Where a job is to be asked for (RFC 9110, section 15.3.3), if an answer tells.

    Raises:
        HTTPStatusError: At another origin, which must not get the credentials of this one.
    """
    given = answer.headers.get("operation-location") or answer.headers.get("location")
    if answer.status_code != ACCEPTED or not given:
        return None
    here, url = answer.url, answer.url.join(given)
    if (url.scheme, url.host, url.port) != (here.scheme, here.host, here.port):
        reason = f"status {ACCEPTED}: expected a location at the same origin, got {given!r}"
        raise HTTPStatusError(reason, status_code=ACCEPTED)
    return ask.got(str(url))


# -- Answers of whatever else ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A text as it is so far, from its first character on; `done` if that is all of it.

    `retry_after`, here and in `Page`, is how many seconds the server asked to wait, if it did.
    """

    text: str
    done: bool = False
    channel: Channel = CONTENT
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """What of a text is new, and the cursor to fetch the next page by; a `gap` if one is lost."""

    text: str
    cursor: object
    done: bool = False
    gap: bool = False
    channel: Channel = CONTENT
    retry_after: float | None = None


class Fetched(Generic[A, F, S]):
    """What fetching again and again is, whoever waits for the answers.

    Args:
        fetch: Gives an answer, by the cursor of the latest page; `None` before that.
        extract: Finds the text in an answer.
        pace: How long to pause.
        sleep: Pauses for so many seconds.
    """

    repeats: ClassVar[bool] = True  # so that a stream keeps its texts, to compare them
    _sleeps: ClassVar[Any]  # by default

    def __init__(
        self,
        fetch: Callable[[Any], F],
        extract: Callable[[A], Snapshot | Page],
        *,
        pace: Pace | None = None,
        sleep: Callable[[float], S] | None = None,
    ) -> None:
        self._fetch, self._extract, self._sleep = fetch, extract, sleep or self._sleeps
        self._pace, self._pause = pace or Pace(), 0.0
        self._cursor: object = None
        self._texts: dict[Channel, str] = {}  # of snapshots
        self._is_done = False

    def _items(self, answer: A) -> list[Item]:
        """What an answer says."""
        found = self._extract(answer)
        said = self._page(found) if isinstance(found, Page) else self._snapshot(found)
        self._is_done = found.done
        self._pause = self._pace.wait(said is not None, found.retry_after)
        end: list[Item] = [Finish("stop", found.channel.choice), Done()] if found.done else []
        return [said or Heartbeat(), *end]

    def _page(self, page: Page) -> Item | None:
        if page.gap:
            reason = f"a page is missing behind the cursor {self._cursor!r}"
            raise ConnectionLost(reason, retryable=True)
        self._cursor = page.cursor
        return Delta(page.channel, page.text) if page.text else None

    def _snapshot(self, shot: Snapshot) -> Item | None:
        before, self._texts[shot.channel] = self._texts.get(shot.channel, ""), shot.text
        return Whole(shot.channel, shot.text) if shot.text != before else None


class Polls(Fetched[A, A, object]):
    """Items for `stream`, of answers that a function fetches; a text that is done ends them.

    Iterating raises:
        ConnectionLost: A page is missing.
    """

    _sleeps = staticmethod(time.sleep)

    def __iter__(self) -> Iterator[Item]:
        while not self._is_done:
            yield from self._items(self._fetch(self._cursor))
            if not self._is_done:
                self._sleep(self._pause)


class AsyncPolls(Fetched[A, Awaitable[A], Awaitable[object]]):
    """Items for `astream`, of answers that are fetched with `await`: twin of `Polls`."""

    _sleeps = staticmethod(sleep)

    async def __aiter__(self) -> AsyncIterator[Item]:
        while not self._is_done:
            for item in self._items(await self._fetch(self._cursor)):
                yield item
            if not self._is_done:
                await self._sleep(self._pause)
