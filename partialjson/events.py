"""Every value lives the same life: it starts, a string grows, it ends.

Events compare by value and are not hashable. Type checkers see them as frozen; at run time they are
plain slots, since a frozen dataclass costs three times as much to build, and one is built for every
value.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias, TypeVar, dataclass_transform

from .path import JSON, Path

__all__ = ["Event", "Kind", "StringDelta", "ValueEnd", "ValueStart"]

Kind: TypeAlias = Literal["object", "array", "string", "number", "boolean", "null"]

T = TypeVar("T")


@dataclass_transform(frozen_default=True)
def event(cls: type[T]) -> type[T]:
    """A dataclass that is frozen for type checkers alone."""
    return dataclass(slots=True)(cls)


@event
class ValueStart:
    """A container or a string begins. Numbers and literals only end: they arrive whole.

    Attributes:
        path: Where the value stands, from the root.
        kind: `"object"`, `"array"` or `"string"`.
        replaces: Whether it takes the place of an earlier member of the same name.
    """

    path: Path
    kind: Kind
    replaces: bool = False


@event
class StringDelta:
    """A string grows. Never empty; every string that is not empty has at least one.

    Attributes:
        path: Where the string stands, from the root.
        text: The decoded characters that came: cut escapes and surrogate pairs are held back until
            they are whole.
    """

    path: Path
    text: str


@event
class ValueEnd:
    """A value is whole and never changes again; once for each value, children before parents.

    Attributes:
        path: Where the value stands, from the root.
        kind: The value's kind.
        value: The value; a container is the live object itself, which the caller must not change.
        start: The offset of the value's first character.
        end: The offset behind its last character, so that `text[start:end]` is its JSON text.
        replaces: Whether it took the place of an earlier member of the same name.
    """

    path: Path
    kind: Kind
    value: JSON
    start: int
    end: int
    replaces: bool = False


Event: TypeAlias = ValueStart | StringDelta | ValueEnd
