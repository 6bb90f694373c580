"""A tool call's arguments, told value by value and path by path, to the JSON text that says them.

What flows in are the parts of one call; what flows out is text that grows, so that the call's own
parser makes the ordinary events of it. Where a part cannot be said by more text, nothing is said
until the arguments are whole.
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple, cast

from partialjson.path import JSON, Path, singular
from partialjson.wire._shown import in_common

__all__ = ["ArgumentText", "Growth"]

MANY = 10_000  # elements that a part may skip: a greater index would be an attack on our memory


class Growth(NamedTuple):
    """What becomes of the text.

    Attributes:
        text: What follows; where not all that was said holds, the whole text anew.
        keep: How many characters of what was said hold; `None` for all of them.
    """

    text: str
    keep: int | None = None


class ArgumentText:
    """The text of one call. Parts that come in the order of a document make it grow at once.

    A part that goes back into a container that was left, or gives a value a second time, cannot be
    said by growing: from then on the values are kept, and `close` says what holds.
    """

    def __init__(self) -> None:
        self._root: dict[str, JSON] = {}
        self._said: list[str] = []
        self._open: list[dict[str, JSON] | list[JSON]] = []  # the containers that are not closed
        self._path: Path = ()  # of the innermost of them
        self._string: Path | None = None  # of the string that goes on, if one does
        self._is_late = False  # whether a part came that growing cannot say

    def feed(self, path_text: str, value: JSON, *, more: bool = False) -> str:
        """The text that a part adds.

        Args:
            path_text: A singular query of RFC 9535 below the root.
            value: A string or a piece of one, a number, a boolean or `None`.
            more: Whether another piece of this string follows.

        Raises:
            ValueError: The path is none, or goes through a value that is no container.
        """
        path = singular(path_text)
        before = len(self._said)
        if self._string == path and type(value) is str:
            self._say(json.dumps(value)[1:-1])
            holder, key = self._holder(path)
            holder[key] += value
        else:
            self._begin(path, value)
        if more and type(value) is str:
            self._string = path
        else:
            self._end_string()
        return "".join(self._said[before:])

    def close(self) -> Growth:
        """The arguments are whole: the brackets that close them, or all that is to be said anew."""
        before = len(self._said)
        if not self._is_late:
            self._end_string()
            self._leave(0)
            self._say("" if self._said else "{}")
            return Growth("".join(self._said[before:]))
        shown, text = "".join(self._said), json.dumps(self._root, separators=(",", ":"))
        keep = in_common(shown, text)
        return Growth(text[keep:]) if keep == len(shown) else Growth(text, keep)

    def _begin(self, path: Path, value: JSON) -> None:
        """A value that was not there before, and the containers on the way to it."""
        self._end_string()
        shared = in_common(self._path, path[:-1]) if self._open else 0
        is_late, at = self._is_late, cast("Any", self._root)
        for depth, key in enumerate(path):
            is_last = depth == len(path) - 1
            new = value if is_last else ([] if type(path[depth + 1]) is int else {})
            began = put(at, key, new, replace=is_last)
            is_late = is_late or began is None or (not began and (is_last or depth >= shared))
            at = at[key]
        self._is_late = is_late
        if not is_late:
            self._write(path, value, shared)

    def _write(self, path: Path, value: JSON, shared: int) -> None:
        self._leave(shared + 1)
        if not self._open:
            self._enter(self._root)
        for depth in range(shared, len(path)):
            holder, key = self._holder(path[: depth + 1])
            filled = len(holder) > 1
            name = f"{json.dumps(key)}:" if type(key) is str else ""
            self._say(("," if filled else "") + name)
            if depth < len(path) - 1:
                self._enter(holder[key])
        self._say(json.dumps(value)[: -1 if type(value) is str else None])
        self._string = path if type(value) is str else None
        self._path = path[:-1]

    def _enter(self, container: dict[str, JSON] | list[JSON]) -> None:
        self._open.append(container)
        self._say("[" if type(container) is list else "{")

    def _leave(self, depth: int) -> None:
        """Close the containers below a depth."""
        while len(self._open) > depth:
            self._say("]" if type(self._open.pop()) is list else "}")

    def _end_string(self) -> None:
        if self._string is not None:
            self._say('"')
            self._string = None

    def _say(self, text: str) -> None:
        if text and not self._is_late:
            self._said.append(text)

    def _holder(self, path: Path) -> tuple[Any, Any]:
        """The container that holds a value, and its key there."""
        at: Any = self._root
        for key in path[:-1]:
            at = at[key]
        return at, path[-1]


def put(holder: JSON, key: str | int, value: JSON, *, replace: bool) -> bool | None:
    """Put a value where there is none; whether it was put, `None` where others were skipped.

    Raises:
        ValueError: The holder is no container that has such a key.
    """
    if type(holder) is dict and type(key) is str:
        is_new = key not in holder
        if is_new or replace:
            holder[key] = value
        return is_new
    if type(holder) is not list or type(key) is not int or key > len(holder) + MANY:
        raise ValueError(f"expected a container that has {key!r}, got {type(holder).__name__}")
    skipped, is_new = key > len(holder), key >= len(holder)
    holder.extend([None] * (key - len(holder) + 1))
    if replace or holder[key] is None:  # new, or skipped before
        holder[key] = value
    return None if skipped else is_new
