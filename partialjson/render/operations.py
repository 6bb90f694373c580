"""Operations of a JSON Patch, and fewer of them that do the same.

What flows in are lists of operations, what flows out are shorter ones. Where they come from, and
when they are sent, is not known here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Literal, TypedDict

from partialjson.path import ARRAY_INDEX, JSON, unescaped

__all__ = ["Operation", "coalesce"]

# RFC 6902, section 4.1: an index may be the array's length; `-` says so without counting.
BEHIND_THE_LAST = "-"
OURS = ("add", "replace", "append")


class Operation(TypedDict):
    """One operation of a JSON Patch, ready for JSON.

    Attributes:
        op: `"add"` or `"replace"`, as in RFC 6902, section 4; `"append"` writes a string behind the
            string that stands there.
        path: A JSON Pointer (RFC 6901).
        value: What to put there.
    """

    op: Literal["add", "replace", "append"]
    path: str
    value: JSON


# -- Fewer operations ------------------------------------------------------------------------------


def coalesce(operations: Iterable[Operation]) -> list[Operation]:
    """Fewer operations that do the same; those that are given are not changed.

    Appends to one string that follow each other are one, and what is done to a value that the
    operation before has just put there is folded into it.
    """
    given = [*operations]
    if len(given) == 1:
        return [given[0].copy()]
    folded: list[Operation] = []
    own = Own()
    for operation in joined(given):
        if not (folded and own.fold(folded[-1], operation)):
            folded.append(operation)
    return folded


def joined(operations: Iterable[Operation]) -> Iterator[Operation]:
    """Copies, runs of appends to one string as one: joined once, since joining each is a copy."""
    for (op, path), run in groupby(operations, key=lambda one: (one["op"], one["path"])):
        if op == "append":
            yield {"op": op, "path": path, "value": "".join(one["value"] for one in run)}
        else:
            yield from (one.copy() for one in run)


class Own:
    """Which containers were made here, and so may be changed: all others are copied first."""

    def __init__(self) -> None:
        self._made: dict[int, JSON] = {}

    def fold(self, last: Operation, new: Operation) -> bool:
        """Do an operation to the value of the one before it, if it is done there or inside."""
        if last["op"] not in OURS or new["op"] not in OURS:
            return False
        if last["path"].endswith(f"/{BEHIND_THE_LAST}"):  # where that is, the array knows
            return False
        if last["path"] == new["path"]:
            return fold_into(last, new)
        if last["op"] == "append" or not new["path"].startswith(f"{last['path']}/"):
            return False
        tokens = new["path"][len(last["path"]) + 1 :].split("/")
        last["value"] = holder = self._owned(last["value"])
        for token in tokens[:-1]:
            key = key_of(holder, token)
            if key is None or not isinstance(holder[key], dict | list):
                return False
            holder[key] = self._owned(holder[key])
            holder = holder[key]
        return isinstance(holder, dict | list) and put(holder, tokens[-1], new)

    def _owned(self, value: JSON) -> JSON:
        """A container that may be changed, as deep as one level; anything else is itself."""
        if not isinstance(value, dict | list) or id(value) in self._made:
            return value
        copy = value.copy()
        self._made[id(copy)] = copy
        return copy


def fold_into(last: Operation, new: Operation) -> bool:
    """Do an operation to the value of the one before, at the same place."""
    if new["op"] == "replace":
        if last["op"] == "append":
            last["op"] = "replace"
        last["value"] = new["value"]
        return True
    if new["op"] == "append" and isinstance(last["value"], str):
        last["value"] += new["value"]
        return True
    return False  # an `add` to an array is one element more


def key_of(holder: JSON, token: str) -> str | int | None:
    """What a token of a pointer names in a container; `None` if that is not there."""
    if isinstance(holder, dict):
        name = unescaped(token)
        return name if name in holder else None
    if isinstance(holder, list) and ARRAY_INDEX(token) and int(token) < len(holder):
        return int(token)
    return None


def put(holder: JSON, token: str, operation: Operation) -> bool:
    """Do an operation in the container that holds its place; false where it cannot be done."""
    key, op, value = key_of(holder, token), operation["op"], operation["value"]
    if op == "add":
        return add(holder, token, value)
    if key is None:
        return False
    if op == "append":
        if not isinstance(holder[key], str):
            return False
        value = holder[key] + value
    holder[key] = value
    return True


def add(holder: JSON, token: str, value: JSON) -> bool:
    if isinstance(holder, dict):
        holder[unescaped(token)] = value
        return True
    index = len(holder) if token == BEHIND_THE_LAST else int(token) if ARRAY_INDEX(token) else -1
    if not 0 <= index <= len(holder):
        return False
    holder.insert(index, value)
    return True
