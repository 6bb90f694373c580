"""Events to the messages that a screen is sent, and to the bytes that carry them.

What flows in are the events of one JSON text, what flows out are dicts, server-sent events (HTML,
section 9.2) or NDJSON lines, as `docs/reference/wire-format.md` has them. Who sends them, to whom
and when, is not known here.
"""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Protocol, TypeAlias, TypedDict

from partialjson._checkpoint import dumps
from partialjson.errors import PartialJSONError, TextError
from partialjson.events import StringDelta, ValueEnd, ValueStart
from partialjson.path import JSON, to_pointer

from ._document import Document, copied
from .operations import coalesce
from .patch import Operations, Patches, takes_back

__all__ = ["Ending", "Feed", "Message", "ndjson", "sse", "to_ndjson", "to_sse"]

OUR_NAMES = frozenset({"snapshot", "patch", "closed", "invalid", "done", "error"})
# What UTF-8 cannot carry, and what some readers of lines take for the end of one.
NEVER_RAW = re.compile("[\ud800-\udfff\u2028\u2029\x85]")
# Made once: `json.dumps` makes one for each text, a third of the price of writing a message.
encode: Callable[[object], str] = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, separators=(",", ":")
).encode
AN_ID = re.compile(r"[0-9]{1,18}").fullmatch
BROKEN = ("interrupted", "failed")
CLOSED, NOT_CLOSED = "the root of the JSON is closed", "the root of the JSON is not closed"


class Message(TypedDict):
    """What a screen is sent.

    Attributes:
        event: `"snapshot"`, `"patch"`, `"closed"`, `"invalid"`, `"done"`, `"error"`, or a name of
            your own.
        id: Grows by one from message to message.
        data: Ready for JSON.
    """

    event: str
    id: int
    data: JSON


class Ending(Protocol):
    """How a stream ended, as a `Verdict` says it."""

    @property
    def status(self) -> str:
        """One word."""

    @property
    def evidence(self) -> Sequence[str]:
        """What says so."""


class Feed:
    """What screens are told of one JSON text, and told again when they come back.

    It keeps the document as screens show it, and the last messages. Nothing is sent from here, and
    messages must not be changed.

    Args:
        ops: The operations that screens know; see `Patches`.
        log: How many messages are kept for screens that come back. One that missed more is sent a
            snapshot.

    Attributes:
        last_id: The id of the last message; 0 before the first.

    Raises:
        ValueError: There are no such operations, or the log is negative.
    """

    last_id: int

    def __init__(self, *, ops: Operations = "append", log: int = 1_000) -> None:
        if log < 0:
            raise ValueError(f"expected log=0 or more messages, got {log}")
        self._patches = Patches(ops)
        self._document = Document()
        self._log: deque[Message] = deque(maxlen=log)
        self._end: list[Message] = []  # which is kept, however short the log is
        self.last_id = 0

    @property
    def is_over(self) -> bool:
        """Whether the last message has been told."""
        return bool(self._end)

    @property
    def value(self) -> JSON:
        """The document as screens show it; it grows in place."""
        return self._document.value

    def feed(self, events: Iterable[object]) -> list[Message]:
        """The messages that say what happened: a patch, what it closed, what is not of its type.

        All events that are fed together are one patch, so that whoever feeds decides how often a
        screen changes. Where what was told is void, or a name comes again, it is a snapshot.

        Raises:
            RuntimeError: The feed is closed.
        """
        if self.is_over:
            raise RuntimeError("this feed is closed")
        events = [*events]
        if not events:
            return []
        operations = coalesce(self._patches.feed(events))
        self._document.apply(operations)
        if resyncs(events):
            self._log.clear()
            return [self._told("snapshot", self._all_of_it())]
        messages = [self._told("patch", operations)] if operations else []
        if self._patches.closed:
            messages.append(self._told("closed", self._patches.closed))
        return messages + [self._told("invalid", mark) for mark in self._patches.invalid]

    def tell(self, event: str, data: JSON) -> Message:
        """A message of your own: screens that do not know its name pass it over.

        It is not in snapshots, so a screen that missed too much never gets it.

        Raises:
            ValueError: The name is one of the format's own, is empty or cannot be printed.
            TypeError: The data is no JSON.
            RuntimeError: The feed is closed.
        """
        if event in OUR_NAMES or not event or not event.isprintable():
            raise ValueError(f"expected a printable name of your own, got {event!r}")
        if self.is_over:
            raise RuntimeError("this feed is closed")
        in_one_line(data)  # said to whoever tells it, and not to every screen
        return self._told(event, data)

    def close(self, verdict: Ending | None = None) -> list[Message]:
        """The last message: `done`, or `error` where the stream was interrupted or has failed.

        Args:
            verdict: How the stream ended; a `Verdict` is one. Without it the text was all that
                there was, and is complete if its root is closed.
        """
        if self.is_over:
            return []
        status, evidence = self._ending() if verdict is None else (verdict.status, verdict.evidence)
        if status in BROKEN:
            told = self._next("error", {"status": status, "message": "; ".join(evidence)})
        else:
            told = self._next("done", {"status": status, "evidence": [*evidence]})
        self._end.append(told)
        return [told]

    def since(self, last_event_id: str | int | None = None) -> list[Message]:
        """What a screen has missed: every message behind that id, or one snapshot.

        Args:
            last_event_id: The last id that it has seen, as in `Last-Event-ID`. Without one, or with
                one that is of no message of this feed, it is sent a snapshot.
        """
        told = f"{'' if last_event_id is None else last_event_id}"
        last_seen = int(told) if AN_ID(told) else -1
        last_logged = self.last_id - len(self._end)
        first_logged = self._log[0]["id"] if self._log else last_logged + 1
        if first_logged - 1 <= last_seen <= self.last_id:
            logged = [*islice(reversed(self._log), max(last_logged - last_seen, 0))]
            return [*logged[::-1], *(self._end if last_seen < self.last_id else [])]
        return [{"event": "snapshot", "id": last_logged, "data": self._all_of_it()}, *self._end]

    def _told(self, event: str, data: JSON) -> Message:
        message = self._next(event, data)
        self._log.append(message)
        return message

    def _next(self, event: str, data: JSON) -> Message:
        self.last_id += 1
        return {"event": event, "id": self.last_id, "data": data}

    def _all_of_it(self) -> JSON:
        at = self._patches.open
        return {
            "value": copied(self._document.value),
            "open": None if at is None else to_pointer(at),
            "invalid": self._patches.marks,
        }

    def _ending(self) -> tuple[str, Sequence[str]]:
        is_closed = self._patches.open is None
        return ("complete", [CLOSED]) if is_closed else ("interrupted", [NOT_CLOSED])


def resyncs(events: Iterable[object]) -> bool:
    """Whether what a screen knows to be closed is open again or gone, which no patch can say."""
    for event in events:
        if isinstance(event, (ValueStart, ValueEnd)):
            if event.replaces:
                return True
        elif not isinstance(event, StringDelta) and takes_back(event):
            return True
    return False


# -- Bytes -----------------------------------------------------------------------------------------

Events: TypeAlias = Iterable[object]


def to_sse(message: Message) -> bytes:
    """A message as one server-sent event."""
    head = f"event: {message['event']}\nid: {message['id']}\ndata: "
    return f"{head}{in_one_line(message['data'])}\n\n".encode()


def to_ndjson(message: Message) -> bytes:
    """A message as one line of NDJSON."""
    return f"{in_one_line(message)}\n".encode()


def sse(events: Events, *, ops: Operations = "append") -> Iterator[bytes]:
    """The server-sent events of one stream, as they come; the last says how it ended.

    They begin with a snapshot of nothing. A screen that comes back, with a `Last-Event-ID`, is one
    for a `Feed`, or for the status 204: from here it would be told another answer.

    Args:
        events: A stream, or the lists that `Parser.feed` gives: each is one patch.
        ops: The operations that the screen knows; see `Patches`.

    Raises:
        Exception: What the source raised, behind the end that says so. A fault of the text, of its
            type or of the transport is told to the screen, and not raised.
    """
    return map(to_sse, messages_of(events, ops))


def ndjson(events: Events, *, ops: Operations = "append") -> Iterator[bytes]:
    """The same as NDJSON lines; see `sse`."""
    return map(to_ndjson, messages_of(events, ops))


def messages_of(events: Events, ops: Operations) -> Iterator[Message]:
    feed = Feed(ops=ops, log=0)
    yield from feed.since()
    pending: list[object] = []
    fault: Fault | None = None
    try:
        for told in events:
            pending += told if isinstance(told, list) else [told]
            if not getattr(events, "has_news", False):  # of a stream, all that a piece told
                yield from feed.feed(pending)
                pending = []
    except Exception as error:  # noqa: BLE001 - raised below, behind the end
        fault = Fault(error)
        if isinstance(error, TextError) and not hasattr(events, "verdict"):  # a stream told them
            pending += error.events
    yield from feed.feed(pending)
    yield from feed.close(getattr(events, "verdict", None) or fault)
    if fault is not None and not fault.is_of(events):
        raise fault.error


class Fault:
    """An error that ended a stream, as a verdict where it has none of its own."""

    status = "failed"

    def __init__(self, error: Exception) -> None:
        self.error = error
        self.evidence: Sequence[str] = [str(error)]

    def is_of(self, events: object) -> bool:
        """Whether it is a fault of the stream, and not of what it is read from."""
        bridge = getattr(events, "bridge", None)
        is_its_own = bridge is not None and self.error is bridge.error
        return is_its_own or isinstance(self.error, PartialJSONError)


def in_one_line(data: object) -> str:
    """A JSON text without line ends; `json` writes most of them, and what it cannot is rare."""
    try:
        text = encode(data)
    except (TypeError, ValueError, RecursionError):  # a Decimal, an infinite double, much depth
        text = dumps(data)
    if text.isascii():
        return text
    return NEVER_RAW.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
