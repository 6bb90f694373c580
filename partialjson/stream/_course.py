"""What a stream has come to so far, attempt by attempt: items in, events out.

What flows in is what a provider says, or pieces of the JSON itself, of one source after another;
what flows out are events, and whether the answer is over where a source is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from partialjson.errors import ConnectionLost, TransportError
from partialjson.wire.framing import is_whole
from partialjson.wire.messages import (
    ArgumentPart,
    Channel,
    Delta,
    Failure,
    Heartbeat,
    Item,
    Restart,
    ToolCall,
    Whole,
)
from partialjson.wire.providers import Cursor
from partialjson.wire.resume import Verdict, Witness

from ._checks import EndPolicy
from ._contents import Contents
from ._ending import NO_MARKER
from ._reader import CONTENT, PLAIN_TEXT, Reader
from .news import StreamEvent

__all__ = ["Course"]

OF_A_CHANNEL = (Delta, Whole, ToolCall, ArgumentPart)
STATE = 1  # the version of `state()`
NO_TEXT = "the answer, asked for again, ended without any text"


class Course:
    """What all attempts of one stream have in common; `Bridge` tells what its attributes are."""

    def __init__(
        self,
        provider: str | None,
        reader: Reader | None,
        contents: Contents,
        finish: EndPolicy,
        only: Callable[[Channel], bool] | None,
    ) -> None:
        self._provider, self._contents = provider, contents
        self.reader: Reader | None = reader
        self._finish, self._only = finish, only
        self.error: Exception | None = None
        self.verdict: Verdict | None = None
        self.epoch: int = 0
        self.may_resume: bool = True
        self._billed, self._bills = 0, True
        self._has_told = False  # whether there was any text in this attempt
        self._witness = Witness()

    @property
    def over(self) -> bool:
        """Whether there is nothing more to read: closed, failed, or the end marker came."""
        return self._witness.done or self.error is not None or self.verdict is not None

    def items(self, piece: object) -> list[Item]:
        """What the provider says in a piece, to be given to `hear`; `feed` does both.

        Comments are heartbeats, in their places.

        Raises:
            TypeError: The piece is of a kind that this source cannot have; this ends nothing.
        """
        if self.reader is None:
            raise TypeError("items() needs a provider: without one the source is the JSON itself")
        return [] if self.over else self._items(self.reader, piece)

    def _items(self, reader: Reader, piece: object) -> list[Item]:
        items = reader.feed(piece)
        self.error = reader.error
        return items

    def hear(self, items: list[Item]) -> list[StreamEvent]:
        """What happens by the items, up to the end marker or a fault of the content."""
        events: list[StreamEvent] = []
        for item in items:
            if not (self._witness.done or self._contents.fault) or isinstance(item, Heartbeat):
                events += self._heard(item)  # else it is as unread as a piece behind this one
        return events

    def end(self, lost: TransportError | None = None) -> list[StreamEvent]:
        """A source has ended, and another may follow: what its clean end tells.

        Args:
            lost: Why it came to no clean end, if so.
        """
        if lost is not None or self.reader is None or self.verdict is not None:
            return []
        return self.hear(self.reader.end())

    def unfinished(self, lost: TransportError | None = None) -> TransportError | None:
        """Why the stream is not over although its source is; `None` if it is. To be asked at `end`.

        Args:
            lost: Why the source came to no clean end, if so.
        """
        if self.error is not None or self.verdict is not None:
            return None
        if self._witness.failure is not None:
            return self._witness.failure.error()
        if self._finished:
            is_void = self._contents.replay.is_behind and not self._has_told
            return ConnectionLost(NO_TEXT, retryable=True) if is_void else None
        if self._rests(lost):
            return None
        unreadable = None if self.reader is None else self.reader.unreadable
        return lost or unreadable or ConnectionLost(NO_MARKER, retryable=True)

    def again(
        self,
        *,
        resumes: bool = False,
        compares: bool = True,
        joins_at: int | None = None,
        bills: bool = True,
    ) -> list[StreamEvent]:
        """Another attempt begins: what comes now is of a new source.

        Args:
            resumes: Whether it goes on at the cursor; a reader that cannot compares instead.
            compares: Whether what comes is compared with what was told; else its first text takes
                all of that back. Without `keeps` all is taken back at once.
            joins_at: Behind how many characters of the content it goes on, if it does.
            bills: Whether it is generated anew.
        """
        self.epoch += 1
        resumes, self.may_resume = resumes and self.may_resume, True
        if self.reader is not None:
            self.reader.again(resumes=resumes)
        if resumes and self.reader is not None:
            self._witness.failure = None  # it ended that attempt, and not the answer
            return []
        self._begin_anew(bills=bills)
        if joins_at is not None:
            self._contents.join(joins_at)
        elif compares or not self._contents.replay.keeps:
            return self._contents.begin()
        else:
            self._contents.void()
        return []

    @property
    def shown(self) -> dict[Channel, str]:
        """With `keeps` the text of each channel, as far as it was told."""
        replay = self._contents.replay
        return {channel: replay.text(channel) for channel in replay.channels}

    @property
    def has_begun(self) -> bool:
        """Whether any text has come, in this attempt or before."""
        return self._contents.replay.began

    @property
    def failure(self) -> Failure | None:
        """The error that the provider reported in this attempt, if it did."""
        return self._witness.failure

    @property
    def billed(self) -> int:
        """How many attempts had text generated anew, so far."""
        return self._billed + (self._has_told and self._bills)

    def state(self) -> dict[str, Any]:
        """Plain data from which `restore` goes on, in another process too.

        Raises:
            RuntimeError: The texts are not kept.
        """
        if not self._contents.replay.keeps:
            raise RuntimeError("state() needs the texts: keeps=True, or an opened stream's retry=")
        reader, texts = self.reader, [[asdict(one), text] for one, text in self.shown.items()]
        place, last = {}, {}
        if reader is not None:
            # In the middle of a replay the texts are not those that the cursor is behind.
            is_apart = self._contents.replay.is_behind or reader.is_between
            cursor = replace(reader.cursor, sequence=None) if is_apart else reader.cursor
            place, last_id = {"cursor": asdict(cursor)}, "" if is_apart else reader.last_event_id
            last = {"last_event_id": last_id}
        facts = {"epoch": self.epoch, "billed": self.billed, "of_bytes": self._contents.of_bytes}
        return {"version": STATE, **facts, "texts": texts, **place, **last}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on where another bridge was: what it told stands, and is not told again.

        Raises:
            ValueError: It is no state, or of another version.
        """
        if state.get("version") != STATE:
            raise ValueError(f"expected a state of version {STATE}, got {state.get('version')!r}")
        self.epoch, self._billed = state["epoch"], state["billed"]
        self._contents.of_bytes = state["of_bytes"]
        for channel, text in state["texts"]:
            self._contents.restore(Channel(**channel), text)
        if self.reader is not None and "cursor" in state:
            self.reader.restore(Cursor(**state["cursor"]), state["last_event_id"])
        # A new reader counts calls, and texts, from the first that it sees; and where events have
        # numbers, the last ones repeat whole texts.
        is_plain = all(one.kind != "tool" and one.index == 0 for one in self.shown)
        is_numbered = self.reader is not None and self.reader.cursor.sequence is not None
        self.may_resume = is_plain and not is_numbered

    def _fail(self, error: Exception | None) -> None:
        self.error = self.error or error

    def _conclude(self, verdict: Verdict, error: Exception | None) -> None:
        self.verdict = verdict
        self._fail(error)

    def _begin_anew(self, *, bills: bool) -> None:
        self._billed = self.billed
        self._witness, self._has_told, self._bills = Witness(), False, bills

    def _heard(self, item: Item) -> Sequence[StreamEvent]:
        if isinstance(item, Restart):
            self._begin_anew(bills=True)
        self._witness.hear(item)
        if isinstance(item, OF_A_CHANNEL):
            self._has_told = True
            if self._only and not self._only(item.channel):
                return []
        events = self._contents.tell(item)
        if (fault := self._contents.fault) is not None:
            self._fail(fault)
        return events

    def _read(self, piece: Any) -> list[StreamEvent]:
        """What happens by a piece of the JSON itself."""
        self._has_told = True
        events = [*self._contents.read(piece)]
        self._fail(self._contents.fault)
        return events

    @property
    def _marked(self) -> bool:
        """Whether there is no protocol, and the JSON is closed."""
        if self.reader is not None:
            return False
        replay = self._contents.replay
        if not replay.is_behind:
            return self._contents.json.whole
        coming = replay.coming(CONTENT).rstrip()
        # A number has no closing mark: one that looks whole may have been cut.
        return self._contents.finder is None and not coming[-1:].isdigit() and is_whole(coming)

    @property
    def _finished(self) -> bool:
        return self._witness.finished or self._marked

    def _rests(self, lost: TransportError | None) -> bool:
        """Whether what has come in this attempt counts as all of it, without an end marker."""
        if lost is None and self._provider == PLAIN_TEXT:
            return True
        sealed, strict = self._contents.may_seal, self._finish == "strict"
        return self._witness.rests(sealed=sealed, lost=lost is not None, strict=strict)
