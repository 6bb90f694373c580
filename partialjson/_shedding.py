"""A parser whose finished matches leave its value at once, so that an endless list fits in memory.

What flows in and out is what `Parser` has; indices count on, and the paths are those in the text.
What a match is good for is not known here.
"""

from __future__ import annotations

from typing import Any, ClassVar, NoReturn, Unpack

from ._plain import Parser
from ._tree import Options
from .events import Kind, ValueEnd
from .path import JSON, Path, Pattern

__all__ = ["Shedding"]


class Shedding(Parser):
    """A parser from whose value a match leaves when it is whole; the root and what is in it stay.

    Of matches inside each other the outermost one leaves. An element that has others before it
    leaves `None` in its place. A name whose value has left is a new one when it comes again.
    """

    CLASS: ClassVar[str] = "Shedding"  # so that no checkpoint is taken for its own

    __slots__ = ("_gone", "_matched", "_pattern", "_states")

    _gone: list[int]  # how many elements have left each open container, outermost first
    _matched: int | None  # at which depth a match is open that no other encloses
    _pattern: Pattern
    _states: list[int]  # of the pattern, for each open container

    def __init__(self, pattern: Pattern, **options: Unpack[Options]) -> None:
        super().__init__(**options)
        self._pattern = pattern
        self._gone, self._states = [], []
        self._matched = None

    @property
    def path(self) -> Path:
        """The path of the innermost value in progress, by the indices in the text; O(depth)."""
        held = super().path
        counted = zip(held, self._gone, strict=False)  # none is deeper than the open containers
        return tuple(key + gone if isinstance(key, int) else key for key, gone in counted)

    def is_closed(self, path: Path) -> bool:
        """As in `Parser`, by the indices in the text; an element that has left is closed."""
        held, spine = list(path), self.path
        for depth, (key, gone) in enumerate(zip(path, self._gone, strict=False)):
            if path[:depth] != spine[:depth]:
                break
            if type(key) is int:
                if 0 <= key < gone:
                    return True
                held[depth] = key - gone
        return super().is_closed(tuple(held))

    def checkpoint(self) -> NoReturn:
        """Refused: it could not hold what has left."""
        raise RuntimeError("checkpoint() of a parser that does not keep all of its value")

    # -- building, and letting go ------------------------------------------------------------------

    def _here(self) -> Path:
        path = super()._here()
        if self._key is not None or not self._gone:
            return path
        return (*path[:-1], len(self._container) + self._gone[-1])

    def on_atom(self, kind: Kind, value: JSON, start: int, end: int) -> None:
        path, replaces = self._here(), self._is_repeated()
        self._put(value)
        self.last_events.append(ValueEnd(path, kind, value, start, end, replaces))
        self._shed()

    def on_string(self, value: str, start: int, end: int) -> None:
        super().on_string(value, start, end)
        self._shed()

    def on_string_end(self, end: int) -> None:
        super().on_string_end(end)
        self._shed()

    def on_begin(self, container: Any, start: int) -> None:
        super().on_begin(container, start)
        path = self._prefix
        states = self._pattern.step(self._states[-1], path[-1]) if path else self._pattern.START
        if self._matched is None and path and self._pattern.selects(states):
            self._matched = len(path)
        self._states.append(states)
        self._gone.append(0)

    def on_end(self, end: int) -> None:
        super().on_end(end)
        self._states.pop()
        self._gone.pop()
        if self._matched == len(self._states):
            self._matched = None
        self._shed()

    def _shed(self) -> None:
        """What has just ended leaves, if it is a match that no other encloses."""
        if self._matched is not None or not self._states:
            return
        container, name = self._container, self._key
        key = len(container) - 1 + self._gone[-1] if name is None else name
        if not self._pattern.selects(self._pattern.step(self._states[-1], key)):
            return
        if name is not None:
            del container[name]
        elif len(container) == 1:
            container.clear()
            self._gone[-1] += 1
        else:
            container[-1] = None
