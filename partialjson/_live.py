"""The facts about a live value: what is finished, where it goes on, and all it takes to resume.

Path, completion, snapshot, copy and checkpoint follow from the position in the grammar and from the
stack of open containers.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import cache
from typing import Any, ClassVar, NamedTuple, Self

from . import _checkpoint
from ._grammar import (
    AFTER_ELEMENT,
    AFTER_MEMBER,
    AT_THE_ROOT,
    BEFORE_A_VALUE,
    BEHIND_WHAT_IS_SHOWN,
    END,
    GROWING,
    IN_AN_ARRAY,
    IN_AN_OBJECT,
    IN_WHOLE_STRING,
    POSITION_NAMES,
)
from ._intake import NOWHERE
from ._tree import FLOATS, Tree
from .errors import CheckpointError
from .path import JSON, Path

__all__ = ["Completion", "Live"]


class Completion(NamedTuple):
    """How to complete a cut text: `text[:offset] + suffix` is JSON and equals the value so far.

    Attributes:
        offset: How many characters of the text to keep; a skipped byte order mark is not counted.
        suffix: What closes the kept text: a quotation mark and brackets, or `null` where nothing
            started.
    """

    offset: int
    suffix: str


class Live(Tree):
    """What `Parser` and `LiveValue` share: the value, and the facts about it."""

    CLASS: ClassVar[str]  # as a checkpoint names it

    __slots__ = ()

    # -- facts -------------------------------------------------------------------------------------

    @property
    def started(self) -> bool:
        """Whether anything of the value can be seen."""
        return len(self.root) > 1

    @property
    def complete(self) -> bool:
        """Whether the value is whole; a number at the root is not before something follows it."""
        return self.at == END

    @property
    def path(self) -> Path:
        """The path of the innermost value in progress; O(depth)."""
        path = self.container_path()
        shown = self.at in GROWING
        read = self.at == IN_WHOLE_STRING or (self.carried and self.at in BEFORE_A_VALUE)
        if self.stack and (shown or read):
            path.append(len(self.container) - shown if self.key is None else self.key)
        return tuple(path)

    def container_path(self) -> list[str | int]:
        """The path of the innermost open container."""
        return [
            len(container) - 1 if key is None else key
            for container, key in zip(self.stack[1:], self.keys[1:], strict=False)
        ]

    @property
    def completion(self) -> Completion:
        """How to complete the text so far; O(depth), and no text is kept."""
        if not self.started:
            return Completion(0, "null")
        closers = "".join("]" if type(c) is list else "}" for c in self._open_containers()[::-1])
        if self.at in GROWING:
            return Completion(self.consumed, '"' + closers)
        return Completion(self.consumed if self.at in BEHIND_WHAT_IS_SHOWN else self.cut, closers)

    def is_closed(self, path: Path) -> bool:
        """Whether the value at a path is whole and will never change; O(length of the path).

        An unknown path is not closed. Of a repeated name it is the value that can be seen which
        counts.
        """
        holder: JSON = self.root
        slot: str | int = len(self.root) - 1
        for key in path:
            holder, slot = holder[slot], key
            if not has(holder, slot):
                return False
        depth = len(path)
        if depth < len(self.stack):  # as deep as an open container: is it that one?
            innermost = depth + 1 == len(self.stack)
            return holder[slot] is not (self.container if innermost else self.stack[depth + 1])
        growing = len(self.container) - 1 if self.slot == -1 else self.slot
        is_growing = self.at in GROWING and holder is self.container and slot == growing
        return self.started and not is_growing

    def snapshot(self) -> JSON:
        """The value so far, which later deltas never change.

        Open containers are copied one level deep; everything closed is shared with the live value
        and with other snapshots.
        """
        return self._spine()[0][-1]

    def _open_containers(self) -> list[Any]:
        return [*self.stack[1:], self.container] if self.stack else []

    def _spine(self) -> list[Any]:
        """Copies of the root list and of every open container, one in the other as they are."""
        copies = [container.copy() for container in [*self.stack, self.container]]
        for holder, key, child in zip(copies, self.keys, copies[1:], strict=False):
            holder[-1 if key is None else key] = child
        return copies

    # -- copying and saving ------------------------------------------------------------------------

    def copy(self) -> Self:
        """A twin that goes on by itself; O(the open containers), and closed values are shared."""
        twin = object.__new__(type(self))
        for name, held in self.__getstate__().items():
            setattr(twin, name, held.copy() if type(held) is list else held)
        spine = self._spine()
        twin.root, twin.container, twin.stack = spine[0], spine[-1], spine[:-1]
        twin.settle()
        return twin

    __copy__ = copy

    def __getstate__(self) -> dict[str, Any]:
        state = {name: getattr(self, name) for name in slots_of(type(self))}
        state |= getattr(self, "__dict__", {})
        return state | {"names": {}}

    def __setstate__(self, state: dict[str, Any]) -> None:
        for name, held in state.items():
            setattr(self, name, held)

    def checkpoint(self) -> bytes:
        """All that `restore` needs to go on, in another process if need be; versioned JSON.

        Raises:
            TypeError: `parse_float` is neither `float` nor `decimal.Decimal`.
            RuntimeError: After an error there is nothing to resume.
        """
        if self.error is not None:
            raise RuntimeError("checkpoint() after an error: there is nothing to resume")
        return _checkpoint.seal(self.saved())

    @classmethod
    def restore(cls, checkpoint: bytes | bytearray | memoryview) -> Self:
        """A parser that goes on where the one that wrote the checkpoint was, options included.

        Raises:
            CheckpointError: The bytes are not a checkpoint of this class, of another version, or
                damaged.
        """
        self = object.__new__(cls)
        self.resume(_checkpoint.open_sealed(checkpoint))
        return self

    def saved(self) -> dict[str, Any]:
        """The body of a checkpoint: options, state, and the tree as a JSON text of its own."""
        tree = {
            "value": self.value,
            "names": self.keys,
            "name": self.key,
            "gathered": "".join(self.gathered),
        }
        return {
            "class": self.CLASS,
            "strings": "growing" if self.strings_grow else "whole",
            "parse_float": name_of(self.parse_float),
            "duplicate_names": "error" if self.names_differ else "last",
            **{name: getattr(self, name) for name in (*LIMITS, *STATE)},
            "at": POSITION_NAMES[self.at],
            "undecoded": self.undecoded.hex(),
            "started": self.started,
            "tree": _checkpoint.dumps(tree),
        }

    def resume(self, body: dict[str, Any]) -> None:
        """Take up the state of a checkpoint."""
        take = _checkpoint.take
        if take(body, "class", str) != self.CLASS:
            found = body["class"]
            raise CheckpointError(f"expected a checkpoint of {self.CLASS}, got one of {found}")
        try:
            parse_float = FLOATS[take(body, "parse_float", str)]
            options = {name: body[name] for name in ("strings", "duplicate_names", *LIMITS)}
            Live.__init__(self, parse_float=parse_float, **options)
            self.undecoded = bytes.fromhex(take(body, "undecoded", str))
            self.at = POSITION_NAMES.index(take(body, "at", str))
            reader = Live(max_depth=sys.maxsize, max_number=sys.maxsize, parse_float=parse_float)
            reader.read(take(body, "tree", str))
            reader.close_text()
        except (EOFError, KeyError, TypeError, ValueError) as error:
            raise CheckpointError(f"damaged checkpoint: {error}") from error
        for name, kind in STATE.items():
            setattr(self, name, take(body, name, kind))
        self._grow_again(reader.value, started=take(body, "started", bool))
        self.open_to_str = not (self.of_bytes or self.closed or self.max_text is not None)
        if not self.open_to_str or (not self.stack and self.at in GROWING):
            self.plain_at = NOWHERE
        self.settle()

    def _grow_again(self, tree: JSON, *, started: bool) -> None:
        """Find the open containers again by the names under which they stand."""
        take = _checkpoint.take
        self.gathered = [take(tree, "gathered", str)]
        self.gathered_length = len(self.gathered[0])
        self.key = take(tree, "name", str, type(None))
        self.slot = -1 if self.key is None else self.key
        if started:
            self.root.append(tree.get("value"))
        for key in take(tree, "names", list):
            slot = len(self.container) - 1 if key is None else key
            if not (has(self.container, slot) and isinstance(self.container[slot], dict | list)):
                raise CheckpointError(f"damaged checkpoint: no open container at {slot!r}")
            self.stack.append(self.container)
            self.keys.append(key)
            self.opened.append(self.after)
            self.container = self.container[slot]
            self.after = AFTER_MEMBER if type(self.container) is dict else AFTER_ELEMENT
        if not has_position(self):
            raise CheckpointError("damaged checkpoint: its position is not one in its value")


# -- What the facts and the checkpoint share -------------------------------------------------------

LIMITS = ("max_depth", "max_number", "max_string", "max_text")
STATE = {
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


def has_position(live: Live) -> bool:
    """Whether the position in the grammar can be one inside the innermost open container."""
    slot = len(live.container) - 1 if live.slot == -1 else live.slot
    if live.at in GROWING and not (has(live.container, slot) and type(live.container[slot]) is str):
        return False
    if not live.stack:
        return live.at in AT_THE_ROOT and live.started == (live.at == END or live.at in GROWING)
    if type(live.container) is dict:
        return live.at in IN_AN_OBJECT or (live.at in AT_THE_ROOT - {END} and live.key is not None)
    return live.at in IN_AN_ARRAY or (live.at in AT_THE_ROOT - {END} and live.key is None)


@cache
def slots_of(cls: type) -> tuple[str, ...]:
    return tuple(name for base in cls.__mro__ for name in getattr(base, "__slots__", ()))
