"""The facts about a live value: what is finished, where it goes on, and all it takes to resume.

Path, completion, snapshot, copy and checkpoint follow from the position in the grammar and from the
stack of open containers, which both cores show under the same names.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from decimal import Decimal
from functools import cache
from typing import Any, ClassVar, NamedTuple, Self

from . import _checkpoint
from ._grammar import (
    BEFORE_A_VALUE,
    BEHIND_WHAT_IS_SHOWN,
    END,
    GROWING,
    IN_WHOLE_STRING,
    POSITION_NAMES,
)
from .path import JSON, Path

__all__ = ["FIELDS", "FLOATS", "LIMITS", "STATE", "Completion", "Facts", "has", "steps"]

FLOATS: dict[str, Callable[[str], JSON]] = {"float": float, "Decimal": Decimal}
LIMITS = ("max_depth", "max_number", "max_string", "max_text")
FIELDS = {  # of a checkpoint
    "at_start": bool,
    "carried": str,
    "closed": bool,
    "consumed": int,
    "cut": int,
    "gathered_at": int,
    "line": int,
    "line_start": int,
    "of_bytes": bool,
}
# All that is not made anew from the rest: what a copy and a pickle hold, whatever the core.
STATE = (
    *(f"_{name}" for name in (*LIMITS, *FIELDS)),
    *("_at", "_base", "_container", "_gathered", "_key", "_keys", "_names_differ", "_parse_float"),
    *("_replaces", "_root", "_stack", "_starts", "_strings_grow", "_tells_names", "_undecoded"),
    *("error", "last_events"),
)


class Completion(NamedTuple):
    """How to complete a cut text: `text[:offset] + suffix` is JSON and equals the value so far.

    Attributes:
        offset: How many characters of the text to keep; a skipped byte order mark is not counted.
        suffix: What closes the kept text: a quotation mark and brackets, or `null` where nothing
            started.
    """

    offset: int
    suffix: str


class Facts(ABC):
    """What both cores say of a value, and how its state is copied and saved."""

    __slots__ = ()

    CLASS: ClassVar[str]  # as a checkpoint names it
    MADE_ANEW: ClassVar[frozenset[str]] = frozenset()  # slots that follow from the state

    value: JSON
    error: Exception | None

    _at: int  # the position in the grammar where the next character stands
    _base: Path  # where the text itself stands: the index of one text of many
    _carried: str
    _consumed: int
    _container: Any  # the innermost open one: a dict or a list
    _cut: int
    _gathered: list[str]
    _gathered_at: int
    _key: str | None  # the name of the member that comes; None for an element
    _keys: list[str | None]  # the name under which each open container stands, outermost first
    _names_differ: bool
    _parse_float: Callable[[str], JSON]
    _replaces: list[bool]  # whether what is open took an earlier member's place; where it is told
    _root: list[JSON]  # its last element is the value, as soon as there is one
    _slot: str | int  # where in the container the string stands that grows
    _stack: list[Any]  # the containers around the innermost one, `_root` first
    _starts: list[int]  # the offset of every open container, and of the string that grows
    _strings_grow: bool
    _undecoded: bytes

    # -- facts -------------------------------------------------------------------------------------

    @property
    def started(self) -> bool:
        """Whether anything of the value can be seen."""
        return len(self._root) > 1

    @property
    def complete(self) -> bool:
        """Whether the value is whole; a number at the root is not before something follows it."""
        return self._at == END

    @property
    def path(self) -> Path:
        """The path of the innermost value in progress; O(depth)."""
        path = [*self._base, *self._container_path()]
        shown = self._at in GROWING
        read = self._at == IN_WHOLE_STRING or (self._carried and self._at in BEFORE_A_VALUE)
        if self._stack and (shown or read):
            path.append(len(self._container) - shown if self._key is None else self._key)
        return tuple(path)

    def _container_path(self) -> list[str | int]:
        """The path of the innermost open container."""
        return steps(self._stack[1:], self._keys[1:])

    @property
    def completion(self) -> Completion:
        """How to complete the text so far; O(depth), and no text is kept."""
        if not self.started:
            return Completion(0, "null")
        closers = "".join("]" if type(c) is list else "}" for c in self._open_containers()[::-1])
        if self._at in GROWING:
            return Completion(self._consumed, '"' + closers)
        return Completion(
            self._consumed if self._at in BEHIND_WHAT_IS_SHOWN else self._cut, closers
        )

    def is_closed(self, path: Path) -> bool:
        """Whether the value at a path is whole and will never change; O(length of the path).

        An unknown path is not closed. Of a repeated name it is the value that can be seen which
        counts.
        """
        holder: JSON = self._root
        slot: str | int = len(self._root) - 1
        for key in path:
            holder, slot = holder[slot], key
            if not has(holder, slot):
                return False
        depth = len(path)
        if depth < len(self._stack):  # as deep as an open container: is it that one?
            innermost = depth + 1 == len(self._stack)
            return holder[slot] is not (self._container if innermost else self._stack[depth + 1])
        growing = len(self._container) - 1 if self._slot == -1 else self._slot
        is_growing = self._at in GROWING and holder is self._container and slot == growing
        return self.started and not is_growing

    def snapshot(self) -> JSON:
        """The value so far, which later deltas never change.

        Open containers are copied one level deep; everything closed is shared with the live value
        and with other snapshots.
        """
        return self._spine()[0][-1]

    def _open_containers(self) -> list[Any]:
        return [*self._stack[1:], self._container] if self._stack else []

    def _spine(self) -> list[Any]:
        """Copies of the root list and of every open container, one in the other as they are."""
        copies = [container.copy() for container in [*self._stack, self._container]]
        for holder, key, child in zip(copies, self._keys, copies[1:], strict=False):
            holder[-1 if key is None else key] = child
        return copies

    def _start_at(self, depth: int) -> int | None:
        """The offset of the open value at a depth, or there of an atom that is cut, if any."""
        if depth < len(self._starts):
            return self._starts[depth]
        if self._at == IN_WHOLE_STRING:
            return self._gathered_at
        return self._consumed if self._carried and self._at in BEFORE_A_VALUE else None

    # -- copying and saving ------------------------------------------------------------------------

    def copy(self) -> Self:
        """A twin that goes on by itself; O(the open containers), and closed values are shared."""
        state = {
            name: held.copy() if type(held) is list else held
            for name, held in self.__getstate__().items()
        }
        spine = self._spine()
        state |= {"_root": spine[0], "_container": spine[-1], "_stack": spine[:-1]}
        twin = type(self).__new__(type(self))
        twin.__setstate__(state)
        return twin

    __copy__ = copy

    def __getstate__(self) -> dict[str, Any]:
        names = {*STATE, *slots_of(type(self))} - self.MADE_ANEW
        return {name: getattr(self, name) for name in names} | getattr(self, "__dict__", {})

    @classmethod
    @abstractmethod
    def restore(cls, checkpoint: bytes | bytearray | memoryview) -> Self:
        """A parser that goes on where the one that wrote the checkpoint was, options included.

        Raises:
            CheckpointError: The bytes are not a checkpoint of this class, of another version, or
                damaged.
        """

    @abstractmethod
    def __setstate__(self, state: dict[str, Any]) -> None:
        """Take up a state, of either core."""

    def checkpoint(self) -> bytes:
        """All that `restore` needs to go on, in another process if need be; versioned JSON.

        Raises:
            TypeError: `parse_float` is neither `float` nor `decimal.Decimal`.
            RuntimeError: After an error there is nothing to resume.
        """
        if self.error is not None:
            raise RuntimeError("checkpoint() after an error: there is nothing to resume")
        return _checkpoint.seal(self._saved())

    def _saved(self) -> dict[str, Any]:
        """The body of a checkpoint: options, state, and the tree as a JSON text of its own."""
        tree = {
            "value": self.value,
            "names": self._keys,
            "name": self._key,
            "gathered": "".join(self._gathered),
        }
        return {
            "class": self.CLASS,
            "strings": "growing" if self._strings_grow else "whole",
            "parse_float": name_of(self._parse_float),
            "duplicate_names": "error" if self._names_differ else "last",
            **{name: getattr(self, f"_{name}") for name in (*LIMITS, *FIELDS)},
            "at": POSITION_NAMES[self._at],
            "undecoded": self._undecoded.hex(),
            "started": self.started,
            "tree": _checkpoint.dumps(tree),
        }


def steps(containers: list[Any], keys: list[str | None]) -> list[str | int]:
    """The way through open containers: in each the name, or the index of the last element."""
    return [
        len(container) - 1 if key is None else key
        for container, key in zip(containers, keys, strict=True)
    ]


def name_of(parse_float: Callable[[str], JSON]) -> str:
    for name, function in FLOATS.items():
        if parse_float is function:
            return name
    expected = "expected parse_float to be float or Decimal in a checkpoint"
    raise TypeError(f"{expected}, got {parse_float!r}")


def has(holder: JSON, key: str | int) -> bool:
    """Whether something stands at a name or index, taken exactly: no index -1, no `True` for 1."""
    if type(holder) is dict:
        return type(key) is str and key in holder
    return type(holder) is list and type(key) is int and 0 <= key < len(holder)


@cache
def slots_of(cls: type) -> tuple[str, ...]:
    return tuple(name for base in cls.__mro__ for name in getattr(base, "__slots__", ()))
