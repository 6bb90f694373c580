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
    CHARACTERS,
    END,
    GROWING,
    IN_A_STRING,
    IN_A_VALUE,
    IN_AN_ARRAY,
    IN_AN_OBJECT,
    IN_WHOLE_STRING,
    LITERALS,
    NUMBER_SO_FAR,
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
        return len(self._root) > 1

    @property
    def complete(self) -> bool:
        """Whether the value is whole; a number at the root is not before something follows it."""
        return self._at == END

    @property
    def path(self) -> Path:
        """The path of the innermost value in progress; O(depth)."""
        path = self._container_path()
        shown = self._at in GROWING
        read = self._at == IN_WHOLE_STRING or (self._carried and self._at in BEFORE_A_VALUE)
        if self._stack and (shown or read):
            path.append(len(self._container) - shown if self._key is None else self._key)
        return tuple(path)

    def _container_path(self) -> list[str | int]:
        """The path of the innermost open container."""
        return [
            len(container) - 1 if key is None else key
            for container, key in zip(self._stack[1:], self._keys[1:], strict=False)
        ]

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

    # -- copying and saving ------------------------------------------------------------------------

    def copy(self) -> Self:
        """A twin that goes on by itself; O(the open containers), and closed values are shared."""
        twin = object.__new__(type(self))
        for name, held in self.__getstate__().items():
            setattr(twin, name, held.copy() if type(held) is list else held)
        spine = self._spine()
        twin._root, twin._container, twin._stack = spine[0], spine[-1], spine[:-1]
        twin._settle()
        return twin

    __copy__ = copy

    def __getstate__(self) -> dict[str, Any]:
        state = {name: getattr(self, name) for name in slots_of(type(self))}
        state |= getattr(self, "__dict__", {})
        return state | {"_names": {}}

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
        return _checkpoint.seal(self._saved())

    @classmethod
    def restore(cls, checkpoint: bytes | bytearray | memoryview) -> Self:
        """A parser that goes on where the one that wrote the checkpoint was, options included.

        Raises:
            CheckpointError: The bytes are not a checkpoint of this class, of another version, or
                damaged.
        """
        self = object.__new__(cls)
        self._resume(_checkpoint.open_sealed(checkpoint))
        return self

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

    def _resume(self, body: dict[str, Any]) -> None:
        """Take up the state of a checkpoint."""
        take = _checkpoint.take
        if take(body, "class", str) != self.CLASS:
            found = body["class"]
            raise CheckpointError(f"expected a checkpoint of {self.CLASS}, got one of {found}")
        try:
            parse_float = FLOATS[take(body, "parse_float", str)]
            options = {name: body[name] for name in ("strings", "duplicate_names", *LIMITS)}
            Live.__init__(self, parse_float=parse_float, **options)
            self._undecoded = bytes.fromhex(take(body, "undecoded", str))
            self._at = POSITION_NAMES.index(take(body, "at", str))
            reader = Live(max_depth=sys.maxsize, max_number=sys.maxsize, parse_float=parse_float)
            reader._read(take(body, "tree", str))
            reader._close_text()
        except (EOFError, KeyError, TypeError, ValueError) as error:
            raise CheckpointError(f"damaged checkpoint: {error}") from error
        for name, kind in FIELDS.items():
            value = take(body, name, kind)
            if kind is int and value < 0:
                raise CheckpointError(f"damaged checkpoint: expected {name!r} from 0, got {value}")
            setattr(self, f"_{name}", value)
        self._grow_again(reader.value, started=take(body, "started", bool))
        self._open_to_str = not (self._of_bytes or self._closed or self._max_text is not None)
        if not self._open_to_str or (not self._stack and self._at in GROWING):
            self._plain_at = NOWHERE
        self._settle()

    def _grow_again(self, tree: JSON, *, started: bool) -> None:
        """Find the open containers again by the names under which they stand."""
        take = _checkpoint.take
        self._gathered = [take(tree, "gathered", str)]
        self._gathered_length = len(self._gathered[0])
        self._key = take(tree, "name", str, type(None))
        self._slot = -1 if self._key is None else self._key
        if started:
            self._root.append(tree.get("value"))
        for key in take(tree, "names", list):
            slot = len(self._container) - 1 if key is None else key
            if not (has(self._container, slot) and isinstance(self._container[slot], dict | list)):
                raise CheckpointError(f"damaged checkpoint: no open container at {slot!r}")
            self._stack.append(self._container)
            self._keys.append(key)
            self._opened.append(self._after)
            self._container = self._container[slot]
            self._after = AFTER_MEMBER if type(self._container) is dict else AFTER_ELEMENT
        if not (self._has_position() and self._carries_what_was_cut()):
            raise CheckpointError("damaged checkpoint: its position is not one in its value")

    def _carries_what_was_cut(self) -> bool:
        """Whether what is carried can be the beginning of something at the position."""
        cut = self._carried
        if self._at in BEFORE_A_VALUE:
            word = LITERALS[cut[0]][0] if cut[:1] in LITERALS else ""
            is_literal = word.startswith(cut) and cut != word
            return is_literal or NUMBER_SO_FAR(cut, 0).end() == len(cut)
        is_escape = cut[:1] == "\\" and CHARACTERS(cut, 0).end() == len(cut)
        return not cut or (self._at in IN_A_STRING and is_escape)

    def _has_position(self) -> bool:
        """Whether the position in the grammar can be one inside the innermost open container."""
        slot = len(self._container) - 1 if self._slot == -1 else self._slot
        if self._at in GROWING and not (
            has(self._container, slot) and type(self._container[slot]) is str
        ):
            return False
        if not self._stack:
            return self._at in AT_THE_ROOT and self.started == (
                self._at == END or self._at in GROWING
            )
        if type(self._container) is dict:
            return self._at in IN_AN_OBJECT or (self._at in IN_A_VALUE and self._key is not None)
        return self._at in IN_AN_ARRAY or (self._at in IN_A_VALUE and self._key is None)


# -- What the facts and the checkpoint share -------------------------------------------------------

LIMITS = ("max_depth", "max_number", "max_string", "max_text")
FIELDS = {
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


@cache
def slots_of(cls: type) -> tuple[str, ...]:
    return tuple(name for base in cls.__mro__ for name in getattr(base, "__slots__", ()))
