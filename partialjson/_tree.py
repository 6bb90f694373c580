"""What the steps tell, built into a tree that can be looked at after every delta.

The tree grows in place. Beside it stands one stack: the open containers and the names under which
they stand.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any, Literal, NoReturn, TypedDict

from . import _bulk
from ._intake import NOWHERE
from .events import Kind
from .path import JSON
from .tokenizer import Tokenizer, count_lines, shown

__all__ = ["Options", "Tree"]

FLOATS: dict[str, Callable[[str], JSON]] = {"float": float, "Decimal": Decimal}
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

    __slots__ = ("container", "key", "keys", "may_scan", "names_differ", "root", "slot", "stack")

    container: Any  # the innermost open one: a dict or a list
    key: str | None  # the name of the member that comes; None for an element
    keys: list[str | None]  # the name under which each open container stands, outermost first
    may_scan: bool  # can whole containers go through the C scanner of `json`?
    names_differ: bool  # `duplicate_names="error"`
    root: list[JSON]  # its last element is the value, as soon as there is one
    slot: str | int  # where in the container the string stands that grows
    stack: list[Any]  # the containers around the innermost one, `root` first

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
        self.names_differ = duplicate_names == "error"
        self.root = [None]
        self.container = self.root
        self.key = None
        self.keys = []
        self.stack = []
        self.slot = -1
        # The C scanner of `json` has no limit for strings, lets the last of two equal names win in
        # silence, and would ask a caller's own function again where it gave up.
        pure = any(parse_float is function for function in SCANNERS)
        self.may_scan = pure and not self.names_differ and max_string is None and max_number > 0
        self.prepare()

    def prepare(self) -> None:
        """Set up what a subclass keeps beside the value."""

    # -- building ----------------------------------------------------------------------------------

    def put(self, value: JSON) -> None:
        if self.key is None:
            self.container.append(value)
        else:
            self.container[self.key] = value

    def atom(self, kind: Kind, value: JSON, start: int, end: int) -> None:  # noqa: ARG002
        if self.key is None:  # as `put`, which would cost a call for each atom
            self.container.append(value)
        else:
            self.container[self.key] = value

    def string(self, value: str, start: int, end: int) -> None:  # noqa: ARG002
        if self.key is None:
            self.container.append(value)
        else:
            self.container[self.key] = value

    def begin_string(self, text: str, start: int) -> None:  # noqa: ARG002
        if self.key is not None:
            self.container[self.key] = text
            self.slot = self.key
            return
        self.container.append(text)
        self.slot = -1
        if not self.stack:
            self.plain_at = NOWHERE  # `value` must let go of a string at the root before it grows

    def text(self, text: str) -> None:
        # CPython appends in place where it holds the only reference: take the string out, add to a
        # local on a line of its own, put it back. Any other shape copies what came before: 15 s for
        # 200,000 deltas instead of 0.02 s.
        container, slot = self.container, self.slot
        string = container[slot]
        container[slot] = None
        string += text
        container[slot] = string

    def end_string(self, end: int) -> None:
        pass

    def string_length(self) -> int:
        return len(self.container[self.slot])

    def name(self, name: str, start: int) -> None:
        if self.names_differ and name in self.container:
            self.refuse_name(name, start)
        self.key = name

    def refuse_name(self, name: str, start: int) -> NoReturn:
        """The fault is told where the name begins, although only its end could show it."""
        at = start - self.consumed
        reason = f"repeated name {shown(name)}: "
        self.fail("", at, at, "a new name", reason=reason, found='"')

    def begin(self, container: Any, start: int) -> None:  # noqa: ARG002
        self.put(container)
        self.stack.append(self.container)
        self.keys.append(self.key)
        self.container, self.key = container, None

    def end(self, end: int) -> None:  # noqa: ARG002
        self.container = self.stack.pop()
        self.key = self.keys.pop()

    def bulk(self, text: str, pos: int) -> int:
        """Containers that end in this text go through the C scanner of `json`."""
        if not self.may_scan or not self.attempts:
            return pos
        scan = SCANNERS[self.parse_float]
        room = self.max_depth - len(self.opened)
        if self.few is None:  # once for a delta: what is ahead later is less
            self.few = _bulk.has_few_openers(text, pos, room)
            if _bulk.holds_long_number(text, pos, self.max_number):
                self.attempts = 0
                return pos
        try:
            if self.key is None and self.stack:
                window = len(text) if self.few else _bulk.WINDOW
                values, end = _bulk.run_of(scan, text, pos, room, window)
            elif self.few:
                value, end = scan(text, pos)
                values = [value]
            elif self.stack:
                values, end = _bulk.one_of(scan, text, pos, room)
            else:
                return pos  # the outermost one, which all those brackets are in
        except _bulk.REFUSALS:
            self.attempts -= 1
            return pos
        if self.key is None:
            self.container += values
        else:
            self.container[self.key] = values[0]
        count_lines(self, text, pos, end)
        return end

    def settle(self) -> None:
        self.value = self.root[-1]


def check_limit(name: str, value: int) -> None:
    if type(value) is not int:
        raise TypeError(f"expected {name} to be an int, got {type(value).__name__}")
    if value < 0:
        raise ValueError(f"expected {name} to be 0 or more, got {value}")
