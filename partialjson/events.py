"""Every value lives the same life: it starts, a string grows, it ends.

Events compare by value and are not hashable. Type checkers see them as frozen; at run time they are
plain slots, since a frozen dataclass costs three times as much to build, and one is built for every
value.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, TypeVar, dataclass_transform

from .path import JSON, Path

__all__ = [
    "Doomed",
    "Event",
    "Invalid",
    "Kind",
    "Revised",
    "StringDelta",
    "TypedEvent",
    "Valid",
    "ValueEnd",
    "ValueStart",
]

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


@event
class Valid:
    """A value is what its type asks for; of a `TypedParser`.

    Attributes:
        path: Where the value stands in the text, by the names of the JSON.
        value: What Pydantic made of it: the very object that stands in the final one.
    """

    path: Path
    value: Any


@event
class Invalid:
    """A value is whole, and not what its type asks for; of a `TypedParser`.

    Attributes:
        path: Where the value stands in the text, by the names of the JSON.
        errors: Pydantic's error dicts, each with its `loc` from the root.
    """

    path: Path
    errors: list[dict[str, Any]]


@event
class Doomed:
    """A value is not whole, and no continuation can make it valid; of a `TypedParser`.

    Certain, but for a later member of the same name, which would take the place of what is wrong.

    Attributes:
        path: Where the value stands in the text, by the names of the JSON.
        errors: What is certain already, in the shape of Pydantic's error dicts; `input` is what had
            arrived.
    """

    path: Path
    errors: list[dict[str, Any]]


@event
class Revised:
    """Another object stands where a `Valid` was told; of a `TypedParser`.

    A validator of the value around it put it there, or a later member of the same name.

    Attributes:
        path: Where the value stands in the text, by the names of the JSON.
        old: What was told before.
        value: What stands there now.
    """

    path: Path
    old: Any
    value: Any


TypedEvent: TypeAlias = Event | Valid | Invalid | Doomed | Revised
