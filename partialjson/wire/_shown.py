"""One channel's text: what was shown of it, and what comes again, character by character.

What flows in are the characters of one attempt after the other; what flows out are those that are
news, and what must be taken back. Which attempt is whole is told from outside.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from io import StringIO
from itertools import islice, takewhile
from typing import TypeAlias

from .messages import Channel, Delta

__all__ = ["Rewind", "Shown", "Step", "in_common"]

DIFFERS = "the answer differs from here on, now that it was asked for again"
SHORTER = "the answer ends here, now that it was asked for again"
TELLING = 24  # characters by which an answer that begins anew is known from one that goes on


@dataclass(frozen=True, slots=True)
class Rewind:
    """What was shown of a channel holds only up to here.

    Attributes:
        channel: Whose text.
        kept: The characters that still hold.
        reason: Why, in words.
    """

    channel: Channel
    kept: str
    reason: str


Step: TypeAlias = Delta | Rewind


@dataclass(slots=True)
class Shown:
    """One channel's text.

    Attributes:
        channel: The channel, as it was named last.
        came: Whether it was heard of in this attempt.
        seen: How many of its characters have come again; `None` where nothing is compared.
    """

    channel: Channel
    came: bool = True
    seen: int | None = None
    _written: StringIO = field(default_factory=lambda: StringIO(newline=""))
    _old: str = ""  # while it is compared: all that was shown
    _held: list[str] | None = None  # what came instead behind `seen`, until it is longer
    _held_length: int = 0
    _joins_at: int | None = None
    _void: str = ""  # why nothing is to be compared
    _stays: bool = False  # if it does not come again

    @property
    def text(self) -> str:
        """All that was shown."""
        return self._written.getvalue()

    @property
    def coming(self) -> str:
        """What has come again, and what came instead."""
        return self.text if self.seen is None else self._old[: self.seen] + self._let_go

    def begin(self, *, joins_at: int | None = None, reason: str = "", stays: bool = False) -> None:
        """From now on its text comes again, or goes on behind a place."""
        self._stays = stays
        self._old, self._held, self._held_length = self.text, None, 0
        self._joins_at, self._void = joins_at, reason
        self.came = False
        self.seen = 0 if self._old else None

    def grow(self, text: str, *, holds: bool) -> list[Step]:
        """What of the next characters is news."""
        self.came = True
        if self._joins_at is not None:
            return self._joined(text, holds=holds)
        if self._held is not None:
            return self._hold(text)
        if self.seen is None:
            self._written.write(text)
            return [Delta(self.channel, text)] if text else []
        return self._compare(self.seen, text, holds=holds)

    def _compare(self, seen: int, text: str, *, holds: bool) -> list[Step]:
        if self._void:
            return [*self.back_to(0, self._void), *self.grow(text, holds=holds)]
        same = common(self._old, seen, text)
        self.seen = seen + same
        if self.seen == len(self._old):
            self.seen, self._old = None, ""
            return self.grow(text[same:], holds=holds)
        if same == len(text):
            return []
        if holds:
            return self._hold(text[same:])
        return [*self.back_to(self.seen, DIFFERS), *self.grow(text[same:], holds=holds)]

    def whole(self, text: str, *, holds: bool) -> list[Step]:
        """What is news where all of the text so far comes at once."""
        if self.seen is None:
            self.begin()
            steps = self.grow(text, holds=holds)
            return [*steps, *self.end()]
        self.seen, self._held, self._held_length = 0, None, 0  # what is short may grow
        return self.grow(text, holds=holds)

    def end(self) -> list[Step]:
        """The attempt is whole: what did not come again is taken back."""
        steps: list[Step] = []
        if self._stays and not self.came:
            self.seen, self.came, self._void = None, True, ""
        if self._joins_at is not None:
            steps += self._settle(holds=False)
        if self.seen is not None or not self.came:
            seen, held = self.seen or 0, self._let_go
            steps += self.back_to(seen, DIFFERS if held else SHORTER)
            steps += self.grow(held, holds=False) if held else []
        return steps

    def back_to(self, kept: int, reason: str) -> list[Step]:
        """Take back what is shown behind its first characters; nothing is compared any more."""
        text = (self._old or self.text)[:kept]
        self._written = StringIO(newline="")
        self._written.write(text)
        self.seen = self._held = self._joins_at = None
        self._void, self._old, self._held_length = "", "", 0
        return [Rewind(self.channel, text, reason)]

    @property
    def _let_go(self) -> str:
        """What is held."""
        return "".join(self._held or ())

    def _hold(self, text: str) -> list[Step]:
        """Keep what comes instead, until it is longer than what is shown."""
        self._held = [] if self._held is None else self._held
        self._held.append(text)
        self._held_length += len(text)
        if (self.seen or 0) + self._held_length <= len(self._old):
            return []
        held = self._let_go
        return [*self.back_to(self.seen or 0, DIFFERS), *self.grow(held, holds=False)]

    def _joined(self, text: str, *, holds: bool) -> list[Step]:
        """A text that goes on: its first characters are held until they tell that it does."""
        self._held = [*(self._held or ()), text]
        return self._settle(holds=holds) if len(self._let_go) >= TELLING else []

    def _settle(self, *, holds: bool) -> list[Step]:
        text, at = self._let_go, self._joins_at or 0
        begins_anew = len(text) >= TELLING and self._old.startswith(text[:TELLING])
        self.seen, self._held, self._joins_at = 0 if begins_anew else at, None, None
        if self.seen == len(self._old):
            self.seen = None
        return self.grow(text, holds=holds)


def common(old: str, start: int, text: str) -> int:
    """How many characters of the text stand in the old one, from there on."""
    if old.startswith(text, start):
        return len(text)
    return in_common(islice(old, start, None), text)


def in_common(one: Iterable[object], other: Iterable[object]) -> int:
    """How many items, or characters, both begin with."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
