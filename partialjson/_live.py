"""The state of the plain core: taken up from a checkpoint, a copy or a pickle, and proved sound."""

from __future__ import annotations

import sys
from codecs import utf_8_decode
from typing import Any, Self

from . import _checkpoint
from ._facts import FIELDS, FLOATS, LIMITS, Facts, has
from ._grammar import (
    AFTER_ELEMENT,
    AFTER_MEMBER,
    AT_THE_ROOT,
    BEFORE_A_VALUE,
    CHARACTERS,
    END,
    GROWING,
    IN_A_STRING,
    IN_A_VALUE,
    IN_AN_ARRAY,
    IN_AN_OBJECT,
    IN_ESCAPE,
    IN_STRING,
    LITERALS,
    NAME_SEPARATOR,
    NUMBER_SO_FAR,
    POSITION_NAMES,
)
from ._intake import NOWHERE
from ._strings import CUT
from ._tree import Tree
from .errors import CheckpointError
from .path import JSON, Path

__all__ = ["Live"]

LONGEST = sys.maxsize // 2  # no text is longer


class Live(Facts, Tree):
    """What `Parser` and `LiveValue` share beside the facts: how each takes up a state."""

    __slots__ = ()

    MADE_ANEW = frozenset(
        {
            *("_after", "_attempts", "_few", "_gathered_length", "_growing", "_may_scan", "_names"),
            *("_open_to_str", "_opened", "_plain_at", "_prefix", "_slot", "_window", "value"),
        }
    )

    def _begin_at(
        self, base: Path, consumed: int, line: int, line_start: int, *, of_bytes: bool
    ) -> None:
        """Stand in a stream of many texts, where this one begins."""
        self._base = base
        self._consumed, self._line, self._line_start = consumed, line, line_start
        self._of_bytes = of_bytes
        self._at_start = False  # only the stream has a byte order mark
        self._make_anew()

    def __setstate__(self, state: dict[str, Any]) -> None:
        for name, held in state.items():
            setattr(self, name, held)
        self._make_anew()

    def _make_anew(self) -> None:
        """What follows from the rest of the state."""
        containers = self._open_containers()
        after = [END, *(AFTER_MEMBER if type(c) is dict else AFTER_ELEMENT for c in containers)]
        self._after, self._opened = after.pop(), after
        self._attempts, self._few, self._window = 0, None, 0
        self._gathered_length = sum(map(len, self._gathered))
        self._names = {}
        self._slot = -1 if self._key is None else self._key
        ended = self._closed or self.error is not None
        self._open_to_str = not (ended or self._of_bytes) and self._max_text is None
        at_a_glance = self._open_to_str and self._strings_grow and self._max_string is None
        grows_at_the_root = not self._stack and self._at in GROWING
        self._plain_at = IN_STRING if at_a_glance and not grows_at_the_root else NOWHERE
        self._may_scan = self._can_scan()
        self._settle()

    @classmethod
    def restore(cls, checkpoint: bytes | bytearray | memoryview) -> Self:
        self = object.__new__(cls)
        self._resume(_checkpoint.open_sealed(checkpoint))
        return self

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
            if kind is int and not 0 <= value <= LONGEST:
                raise CheckpointError(f"damaged checkpoint: expected {name!r} from 0, got {value}")
            setattr(self, f"_{name}", value)
        self._grow_again(reader.value, started=take(body, "started", bool))
        self._make_anew()

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
            self._container = self._container[slot]
        if not (self._has_position() and self._carries_what_was_cut() and self._has_cut_bytes()):
            raise CheckpointError("damaged checkpoint: its position is not one in its value")

    def _carries_what_was_cut(self) -> bool:
        """Whether what is carried can be the beginning of something at the position."""
        cut = self._carried
        if self._at in BEFORE_A_VALUE:
            word = LITERALS[cut[0]][0] if cut[:1] in LITERALS else ""
            is_literal = word.startswith(cut) and cut != word
            return is_literal or NUMBER_SO_FAR(cut, 0).end() == len(cut)
        if not cut:
            return self._at != IN_ESCAPE
        return self._at in IN_A_STRING and CHARACTERS(cut, 0).span(CUT) == (0, len(cut))

    def _has_cut_bytes(self) -> bool:
        """Whether the bytes that wait, if any, begin one UTF-8 sequence."""
        try:
            return utf_8_decode(self._undecoded, "strict", False) == ("", 0)  # noqa: FBT003 - it takes no keyword
        except UnicodeDecodeError:
            return False

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
            if self._key is None:  # a value, and the colon before it, stand behind a name
                return self._at in IN_AN_OBJECT - {NAME_SEPARATOR}
            return self._at in IN_AN_OBJECT | IN_A_VALUE
        return self._at in IN_AN_ARRAY or (self._at in IN_A_VALUE and self._key is None)
