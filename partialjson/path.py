"""Where a value stands: tuple paths, and JSON Pointers (RFC 6901) in and out.

A path is a tuple of member names and element indices from the root, `("items", 3, "title")`: exact,
hashable, and a dot or a slash in a name harms nothing. A pointer is the same as text, for screens,
messages and JSON Patch.
"""

from __future__ import annotations

import re
from typing import Any, TypeAlias

__all__ = ["JSON", "Path", "from_pointer", "to_pointer"]

Path: TypeAlias = tuple[str | int, ...]
# What `json.loads` gives; spelt once, so that no other `Any` is needed at the door.
JSON: TypeAlias = Any

# RFC 6901, section 4: ASCII digits, no leading zero. More digits than an index has are a name.
ARRAY_INDEX = re.compile(r"0|[1-9][0-9]{0,17}").fullmatch
STRAY_TILDE = re.compile(r"~(?![01])").search


def to_pointer(path: Path) -> str:
    """The JSON Pointer (RFC 6901) of a path: `("a/b", 0)` is `/a~1b/0`, the root is empty."""
    return "".join(f"/{str(key).replace('~', '~0').replace('/', '~1')}" for key in path)


def from_pointer(pointer: str, value: JSON = None) -> Path:
    """The path of a JSON Pointer (RFC 6901).

    A pointer does not tell the index `0` from the member named `0`: the value that it points into
    does (section 4). Where `value` has an object, the token is a name; elsewhere a token that looks
    like an array index is one.

    Raises:
        ValueError: The pointer is neither empty nor begins with `/`, or has a `~` that is not `~0`
            or `~1`.
    """
    if pointer and not pointer.startswith("/"):
        raise ValueError(
            f"expected a JSON Pointer that is empty or begins with '/', got {pointer!r}"
        )
    if stray := STRAY_TILDE(pointer):
        raise ValueError(
            f"expected '~0' or '~1' at offset {stray.start()} of the JSON Pointer {pointer!r}"
        )
    path: list[str | int] = []
    for token in pointer.split("/")[1:]:
        name = token.replace("~1", "/").replace("~0", "~")
        key = name if isinstance(value, dict) or not ARRAY_INDEX(name) else int(name)
        path.append(key)
        value = _child(value, key)
    return tuple(path)


def _child(value: JSON, key: str | int) -> JSON:
    if isinstance(value, dict):
        return value.get(key)
    if isinstance(value, list) and isinstance(key, int) and key < len(value):
        return value[key]
    return None
