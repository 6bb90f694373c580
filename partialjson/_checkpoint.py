"""The state of a parser as versioned JSON and back: never pickle, and never recursion.

A checkpoint is a flat JSON object in ASCII, `{"partialjson_checkpoint": 1, "crc32": …, "body":
{…}}`, whose body holds the options, the state of the reader and `tree`: the value and the names, as
a JSON text of its own in a string, so that any JSON reader can read a checkpoint however deep the
value is. `docs/reference/checkpoint.md` documents it.
"""

from __future__ import annotations

import json
import re
from decimal import Decimal
from json.encoder import encode_basestring as quoted
from math import inf
from typing import Any, cast
from zlib import crc32

from .errors import CheckpointError
from .path import JSON

__all__ = ["dumps", "open_sealed", "seal", "take"]

VERSION = 1
MARK = "partialjson_checkpoint"
CONSTANTS = {None: "null", True: "true", False: "false"}
# Two lone surrogates side by side are no pair, but two escapes would be read as one: the first
# stands as itself.
SECOND_OF_TWO_LONE = re.compile("(?<=[\ud800-\udbff])[\udc00-\udfff]")


def dumps(value: JSON) -> str:
    """As `json.dumps`, at any depth; an infinite double is written as a number that overflows.

    Raises:
        TypeError: It is no JSON.
    """
    parts: list[str] = []
    work: list[tuple[bool, JSON]] = [(False, value)]  # (is it text already?, the text or the value)
    while work:
        is_text, item = work.pop()
        if is_text:
            parts.append(item)
        elif type(item) is dict:
            parts.append("{")
            members = [(f"{quoted(name)}:", member) for name, member in item.items()]
            work += between(members, "}")
        elif type(item) in (list, tuple):
            parts.append("[")
            work += between([("", element) for element in item], "]")
        else:
            parts.append(atom(item))
    return SECOND_OF_TWO_LONE.sub(lambda m: f"\\u{ord(m[0]):04x}", "".join(parts))


def between(members: list[tuple[str, JSON]], closer: str) -> list[tuple[bool, JSON]]:
    """What is left to write of a container, the last first."""
    work: list[tuple[bool, JSON]] = [(True, closer)]
    for count, (prefix, member) in enumerate(reversed(members), 1):
        comma = "," if count < len(members) else ""
        work += [(False, member), (True, comma + prefix)]
    return work


def atom(item: JSON) -> str:
    if type(item) is str:
        return quoted(item)
    if item is None or type(item) is bool:
        return CONSTANTS[item]
    if item in (inf, -inf):
        return "1e999" if item > 0 else "-1e999"
    if type(item) is int or (type(item) is float and item == item):  # noqa: PLR0124 - not NaN
        return repr(item)
    if not isinstance(item, Decimal) or not item.is_finite():
        raise TypeError(f"expected what JSON can say, got {item!r}")
    digits = str(item)  # must not come back as an int
    return digits if "." in digits or "E" in digits else digits + "E0"


def seal(body: dict[str, Any]) -> bytes:
    text = json.dumps(body, separators=(",", ":"))
    return f'{{"{MARK}":{VERSION},"crc32":{crc32(text.encode())},"body":{text}}}'.encode()


def open_sealed(data: bytes | bytearray | memoryview) -> dict[str, Any]:
    """The body of a checkpoint, proved undamaged.

    Raises:
        CheckpointError: The bytes are not a checkpoint, of another version, or damaged.
    """
    if not isinstance(data, bytes | bytearray | memoryview):
        raise TypeError(f"expected a checkpoint as bytes, got {type(data).__name__}")
    try:
        outer = json.loads(bytes(data))
    except (ValueError, RecursionError):
        raise CheckpointError("expected a checkpoint, got bytes that are no JSON text") from None
    version = take(outer, MARK, int)
    if version != VERSION:
        raise CheckpointError(f"expected a checkpoint of version {VERSION}, got version {version}")
    body = take(outer, "body", dict)
    text = json.dumps(body, separators=(",", ":"))
    if take(outer, "crc32", int) != crc32(text.encode()):
        raise CheckpointError("damaged checkpoint: its crc32 is another")
    return cast("dict[str, Any]", body)


def take(fields: JSON, name: str, *kinds: type) -> Any:
    """A field of a checkpoint, of one of these types exactly."""
    value = fields.get(name) if type(fields) is dict else None
    if type(value) not in kinds:
        expected = " or ".join(kind.__name__ for kind in kinds)
        found = type(value).__name__
        raise CheckpointError(f"damaged checkpoint: expected {name!r}: {expected}, got {found}")
    return value
