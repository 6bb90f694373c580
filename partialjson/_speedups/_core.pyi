from typing import Any, TypeVar

from partialjson._intake import Delta
from partialjson.events import Event
from partialjson.path import JSON, Path

_Class = TypeVar("_Class", bound=type)

def own(cls: _Class, /) -> _Class: ...

class Core:
    value: JSON
    last_events: list[Event]
    error: Exception | None
    def snapshot(self) -> JSON: ...
    def _begin_at(
        self, base: Path, consumed: int, line: int, line_start: int, *, of_bytes: bool
    ) -> None: ...
    def _take_up(
        self,
        state: dict[str, Any],
        levels: list[tuple[Any, str | None, int, bool]],
        prefix: Path,
        growing: Path,
        start: int,
        replaces: bool,
        /,
    ) -> None: ...

class Parser(Core):
    def feed(self, text: Delta) -> list[Event]: ...
    def close(self) -> list[Event]: ...

class LiveValue(Core):
    def feed(self, text: Delta) -> JSON: ...
    def close(self) -> JSON: ...
