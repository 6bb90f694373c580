"""What the steps tell, built into a tree that can be looked at after every delta.

The tree grows in place. Beside it stands one stack: the open containers and the names under which
they stand.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, NoReturn, TypedDict

from . import _bulk
from ._facts import FLOATS
from ._intake import NOWHERE
from .events import Kind
from .path import JSON, Path
from .tokenizer import UNSEEN, Tokenizer, count_lines, shown

__all__ = ["Options", "Tree"]

ATTEMPTS = 16  # that a delta may lose on containers which it leaves open
SCANNERS = {parse_float: _bulk.scanner(parse_float) for parse_float in FLOATS.values()}


class Options(TypedDict, total=False):
    """The options of a parser, for those who pass them on; `Parser` says what each of them does."""

    strings: Literal["growing", "whole"]
    parse_float: Callable[[str], JSON]
    duplicate_names: Literal["last", "error"]
    max_depth: int
    max_string: int | None
    max_number: int
    max_text: int | None


class Tree(Tokenizer):
    """The options, and the tree that grows with every step."""

    __slots__ = (
        *("_base", "_container", "_key", "_keys", "_may_scan", "_names_differ", "_replaces"),
        *("_root", "_slot", "_stack", "_starts", "_tells_names"),
    )

    value: JSON

    _container: Any  # the innermost open one: a dict or a list
    _key: str | None  # the name of the member that comes; None for an element
    _keys: list[str | None]  # the name under which each open container stands, outermost first
    _may_scan: bool  # can whole containers go through the C scanner of `json`?
    _names_differ: bool  # `duplicate_names="error"`
    _root: list[JSON]  # its last element is the value, as soon as there is one
    _base: Path  # where the text itself stands: the index of one text of many
    _replaces: list[bool]
    _slot: str | int  # where in the container the string stands that grows
    _starts: list[int]
    _stack: list[Any]  # the containers around the innermost one, `_root` first
    _tells_names: bool  # among the events, each as a plain `str` when it is whole

    def __init__(
        self,
        *,
        strings: Literal["growing", "whole"] = "growing",
        parse_float: Callable[[str], JSON] = float,
        duplicate_names: Literal["last", "error"] = "last",
        max_depth: int = 400,
        max_string: int | None = None,
        max_number: int = 4_300,
        max_text: int | None = None,
    ) -> None:
        if strings not in ("growing", "whole"):
            raise ValueError(f"expected strings='growing' or 'whole', got {strings!r}")
        if duplicate_names not in ("last", "error"):
            raise ValueError(f"expected duplicate_names='last' or 'error', got {duplicate_names!r}")
        check_limit("max_depth", max_depth)
        check_limit("max_number", max_number)
        if max_string is not None:
            check_limit("max_string", max_string)
        if max_text is not None:
            check_limit("max_text", max_text)
        super().__init__(
            strings_grow=strings == "growing",
            parse_float=parse_float,
            max_depth=max_depth,
            max_string=max_string,
            max_number=max_number,
            max_text=max_text,
        )
        self._names_differ = duplicate_names == "error"
        self._root = [None]
        self._container = self._root
        self._key = None
        self._keys = []
        self._stack = []
        self._slot = -1
        self._base = ()
        self._starts, self._replaces = [], []
        self._tells_names = False
        self._may_scan = self._can_scan()
        self._prepare()

    def _prepare(self) -> None:
        """Set up what a subclass keeps beside the value."""

    def _can_scan(self) -> bool:
        """The C scanner of `json` knows no limit of ours.

        It lets the last of two equal names win in silence, and would ask a caller's own function
        again where it gave up.
        """
        pure = any(self._parse_float is function for function in SCANNERS)
        unlimited = self._max_string is None and self._max_number > 0
        return pure and unlimited and not self._names_differ

    # -- building ----------------------------------------------------------------------------------

    def _put(self, value: JSON) -> None:
        if self._key is None:
            self._container.append(value)
        else:
            self._container[self._key] = value

    def on_atom(self, kind: Kind, value: JSON, start: int, end: int) -> None:  # noqa: ARG002
        if self._key is None:  # as `_put`, which would cost a call for each atom
            self._container.append(value)
        else:
            self._container[self._key] = value

    def on_string(self, value: str, start: int, end: int) -> None:  # noqa: ARG002
        if self._key is None:
            self._container.append(value)
        else:
            self._container[self._key] = value

    def on_string_start(self, text: str, start: int) -> None:  # noqa: ARG002
        if self._key is not None:
            self._container[self._key] = text
            self._slot = self._key
            return
        self._container.append(text)
        self._slot = -1
        if not self._stack:
            self._plain_at = NOWHERE  # `value` must let go of a string at the root before it grows

    def on_text(self, text: str) -> None:
        # CPython appends in place where it holds the only reference: take the string out, add to a
        # local on a line of its own, put it back. Any other shape copies what came before: 15 s for
        # 200,000 deltas instead of 0.02 s.
        container, slot = self._container, self._slot
        string = container[slot]
        container[slot] = None
        string += text
        container[slot] = string

    def on_string_end(self, end: int) -> None:
        pass

    def _string_length(self) -> int:
        return len(self._container[self._slot])

    def on_name(self, name: str, start: int) -> None:
        if self._names_differ and name in self._container:
            self._refuse_name(name, start)
        self._key = name
        if self._tells_names:
            self.last_events.append(name)  # type: ignore[arg-type] # who asked for it knows

    def _refuse_name(self, name: str, start: int) -> NoReturn:
        """The fault is told where the name begins, although only its end could show it."""
        at = start - self._consumed
        reason = f"repeated name {shown(name)}: "
        self._fail("", at, at, "a new name", reason=reason, found='"')

    def on_begin(self, container: Any, start: int) -> None:  # noqa: ARG002
        self._put(container)
        self._stack.append(self._container)
        self._keys.append(self._key)
        self._container, self._key = container, None

    def on_end(self, end: int) -> None:  # noqa: ARG002
        self._container = self._stack.pop()
        self._key = self._keys.pop()

    def _bulk(self, text: str, pos: int) -> int:
        """Containers that end in this text go through the C scanner of `json`."""
        if self._attempts == UNSEEN:
            self._look_at(text, pos)
        if not self._attempts:
            return pos
        scan = SCANNERS[self._parse_float]
        room = self._max_depth - len(self._opened)
        few = len(text) - pos <= 2 * room or self._has_few_openers(text, pos, room)
        try:
            if self._key is None and self._stack:
                run = _bulk.run_of(scan, text, pos, room, self._window)
                elements, end, self._window = run
                self._container += elements
            elif few or self._stack:
                value, end = scan(text, pos) if few else _bulk.one_of(scan, text, pos, room)
                self._put(value)
            else:
                return pos  # the outermost one, which all those brackets are in
        except _bulk.REFUSALS:
            self._attempts -= 1
            return pos
        count_lines(self, text, pos, end)
        return end

    def _look_at(self, text: str, pos: int) -> None:
        """Once for a delta: whether the C scanner can be asked at all."""
        usable = self._may_scan and not _bulk.holds_long_number(text, pos, self._max_number)
        self._attempts = ATTEMPTS if usable else 0
        self._few, self._window = None, _bulk.WINDOW

    def _has_few_openers(self, text: str, pos: int, room: int) -> bool:
        if self._few is None:  # what is ahead later in this delta is less
            self._few = _bulk.has_few_openers(text, pos, room)
        return self._few

    def _settle(self) -> None:
        self.value = self._root[-1]


def check_limit(name: str, value: int) -> None:
    if type(value) is not int:
        raise TypeError(f"expected {name} to be an int, got {type(value).__name__}")
    if value < 0:
        raise ValueError(f"expected {name} to be 0 or more, got {value}")
