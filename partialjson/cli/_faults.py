"""What is wrong with the values of one text, by where they stand, until it is taken back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeAlias

from partialjson.events import Doomed, Invalid, TypedEvent, Valid, ValueEnd, ValueStart
from partialjson.path import Path, to_pointer

from ._lines import printable

__all__ = ["Faults", "said"]

Fact: TypeAlias = tuple[tuple[str | int, ...], str]  # where, and of which type


class Faults:
    """Fed with the events of a text; what was said of a value is not said again of those around.

    Attributes:
        words: What is wrong with each value, in one line.
    """

    def __init__(self) -> None:
        self.words: dict[Path, str] = {}
        self._facts: dict[Path, set[Fact]] = {}
        self._told: set[Fact] = set()
        self._certain_at: dict[Path, int] = {}
        self._end = 0  # of the value that closed last

    def note(self, event: TypedEvent, offset: int) -> str | None:
        """Something happened; gives what is now known to be wrong, if anything is.

        Args:
            event: What.
            offset: How many characters have been read.
        """
        match event:
            case Invalid(path, errors):
                return self._add(path, errors, self._end)
            case Doomed(path, errors):
                return self._add(path, errors, offset)
            case Valid(path):
                self._drop([path])
            case ValueStart(path, replaces=True):
                self._drop_in(path)
            case ValueEnd(path):
                self._end = event.end
                if event.replaces:
                    self._drop_in(path)
        return None

    def take_back(self, keep: int) -> None:
        """What was said behind so many characters is void."""
        self._drop([path for path, at in self._certain_at.items() if at > keep])

    def _add(self, path: Path, errors: list[dict[str, Any]], at: int) -> str | None:
        before = self.words.get(path)
        self._drop([path])
        news = [one for one in errors if fact_of(one) not in self._told]
        if not news:
            return None
        self.words[path], self._certain_at[path] = said(path, news), at
        self._facts[path] = {fact_of(one) for one in news}
        self._told |= self._facts[path]
        return self.words[path] if self.words[path] != before else None

    def _drop(self, paths: Iterable[Path]) -> None:
        for path in paths:
            if self.words.pop(path, None) is not None:
                self._told -= self._facts.pop(path)
                del self._certain_at[path]

    def _drop_in(self, path: Path) -> None:
        self._drop([other for other in self.words if other[: len(path)] == path])


def fact_of(error: dict[str, Any]) -> Fact:
    return tuple(error["loc"]), error["type"]


def said(path: Path, errors: list[dict[str, Any]]) -> str:
    """Pydantic's errors of a value in one line: the first, and how many more there are."""
    error, more = errors[0], len(errors) - 1
    inside = to_pointer(tuple(error["loc"][len(path) :])).lstrip("/")
    words = f"{inside}: {error['msg']}" if inside else error["msg"]
    return printable(f"{words} (and {more} more)" if more else words)
