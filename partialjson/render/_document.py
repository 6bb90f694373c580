"""The document that a screen shows, as operations make it.

What flows in are operations, what flows out is a value that grows in place, at a price that does
not depend on what stands there already.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from partialjson.path import JSON

from .operations import Operation, key_of, put

__all__ = ["Document", "copied"]


class Document:
    """What a screen shows: a value that operations change in place; `None` before the first."""

    def __init__(self) -> None:
        self._root: list[JSON] = [None]  # the document is its only element
        self._grows: tuple[JSON, str | int] | None = None
        self._grows_at: str | None = None  # its pointer
        self._parts: list[str] = []

    def apply(self, operations: Sequence[Operation]) -> None:
        """Change it by some operations, in their order.

        Raises:
            ValueError: An operation cannot be done.
        """
        for operation in operations:
            if operation["op"] == "append" and operation["path"] == self._grows_at:
                self._parts.append(operation["value"])
                continue
            holder, token = self._place_of(operation["path"])
            if operation["op"] == "append":
                self._append(holder, token, operation)
                continue
            self._settle()
            own: Operation = {**operation, "value": copied(operation["value"])}
            if not self._put(holder, token, own):
                raise ValueError(f"cannot {operation['op']} at {operation['path']!r}")

    @property
    def value(self) -> JSON:
        """What it is now; the next operations change it in place."""
        self._settle()
        return self._root[0]

    def _put(self, holder: JSON, token: str, operation: Operation) -> bool:
        if holder is self._root:
            self._root[0] = operation["value"]
            return operation["op"] in ("add", "replace")
        return put(holder, token, operation)

    def _place_of(self, path: str) -> tuple[JSON, str]:
        *tokens, last = f"/0{path}".split("/")[1:]
        holder: JSON = self._root
        for token in tokens:
            key = key_of(holder, token)
            if key is None:
                raise ValueError(f"nothing stands at {path!r}")
            holder = holder[key]
        return holder, last

    def _append(self, holder: JSON, token: str, operation: Operation) -> None:
        """Keep the pieces of a string that grows: joining each is a copy of all before it."""
        key = key_of(holder, token)
        if key is None or not isinstance(holder[key], str):
            raise ValueError(f"no string stands at {operation['path']!r}")
        if self._grows is None or self._grows[0] is not holder or self._grows[1] != key:
            self._settle()
            self._grows, self._parts = (holder, key), [holder[key]]
            self._grows_at = operation["path"]
        self._parts.append(operation["value"])

    def _settle(self) -> None:
        if self._grows is not None:
            holder, key = self._grows
            holder[key] = "".join(self._parts)
            self._grows, self._grows_at, self._parts = None, None, []


def copied(value: JSON) -> JSON:
    """A value of its own, at any depth."""
    root: list[JSON] = [value]
    work: list[Any] = [root]
    while work:
        holder = work.pop()
        for key, child in holder.items() if isinstance(holder, dict) else enumerate(holder):
            if isinstance(child, dict | list):
                holder[key] = child.copy()
                work.append(holder[key])
    return root[0]
