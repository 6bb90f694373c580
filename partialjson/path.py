"""Where a value stands: tuple paths, JSON Pointers (RFC 6901), and JSONPath patterns (RFC 9535).

A path is a tuple of member names and element indices from the root, `("items", 3, "title")`: exact,
hashable, and a dot or a slash in a name harms nothing. A pointer is the same as text, for screens,
messages and JSON Patch. A pattern says which paths are wanted.
"""

from __future__ import annotations

import json
import re
from typing import Any, NamedTuple, NoReturn, TypeAlias

from ._grammar import WS, matcher

__all__ = ["JSON", "Path", "Pattern", "from_pointer", "singular", "to_pointer"]

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
        name = unescaped(token)
        key = name if isinstance(value, dict) or not ARRAY_INDEX(name) else int(name)
        path.append(key)
        value = _child(value, key)
    return tuple(path)


def unescaped(token: str) -> str:
    """The name that a token of a JSON Pointer stands for (RFC 6901, section 4)."""
    return token.replace("~1", "/").replace("~0", "~")


def _child(value: JSON, key: str | int) -> JSON:
    if isinstance(value, dict):
        return value.get(key)
    if isinstance(value, list) and isinstance(key, int) and key < len(value):
        return value[key]
    return None


# -- Patterns: RFC 9535, as far as it can be answered while the text comes ------------------------

NAME_SHORTHAND = re.compile(
    r"[A-Za-z_\x80-\ud7ff\ue000-\U0010ffff][\w\x80-\ud7ff\ue000-\U0010ffff]*"
)
INTEGER = re.compile(r"-?(?:0|[1-9][0-9]*)")
UNPAIRED = r"(?![dD][89a-fA-F])[0-9A-Fa-f]{4}"
PAIR = r"[dD][89abAB][0-9A-Fa-f]{2}\\u[dD][c-fC-F][0-9A-Fa-f]{2}"
PLAIN = r"[\x20\x21\x23-\x26\x28-\x5b\x5d-\ud7ff\ue000-\U0010ffff]"
STRING_SO_FAR = {
    quote: matcher(rf"{quote}((?:{PLAIN}|{other}|\\(?:[{quote}bfnrt/\\]|u(?:{UNPAIRED}|{PAIR})))*)")
    for quote, other in ("'\"", "\"'")
}
GREATEST_INDEX = 2**53 - 1  # RFC 9535, section 2.1: what I-JSON keeps exactly
A_SELECTOR = "a name in quotation marks, an index or '*'"


class Segment(NamedTuple):
    """One step of a pattern: from a value to some of its children, or of all that is inside it."""

    keys: frozenset[str | int] | None  # `None` is the wildcard
    descends: bool


class Pattern:
    """Which paths are wanted: the JSONPath (RFC 9535) of names, indices, wildcards, descendants.

    `$.items[*].title`, `$..price`, `$['a b'][0]`, `$.rows[0, 1]['id', 'name']`. Filters and slices
    are refused, and so is an index from the end, which nobody knows while an array is written.

    A pattern is compiled to sets of states, each an `int` that says how many of the segments a path
    has gone through: begin with `START`, take a `step` for each key, and ask whether it `selects`.

    Attributes:
        text: The pattern as it was written.

    Raises:
        TypeError: The text is no `str`.
        ValueError: The text is no JSONPath of this kind; the message says where, and what was
            expected.
    """

    __slots__ = ("_end", "_segments", "text")

    START = 1
    NOTHING = 0  # the states of a path below which nothing can match

    text: str

    def __init__(self, text: str) -> None:
        if not isinstance(text, str):
            raise TypeError(f"expected a pattern as str, got {type(text).__name__}")
        self.text = text
        self._segments = PatternReader(text).segments()
        self._end = 1 << len(self._segments)

    def __repr__(self) -> str:
        return f"Pattern({self.text!r})"

    def matches(self, path: Path) -> bool:
        """Whether the pattern selects the value at a path."""
        states = self.START
        for key in path:
            states = self.step(states, key)
        return self.selects(states)

    def step(self, states: int, key: str | int) -> int:
        """The states of a child, by those of its parent."""
        after = self.NOTHING
        for at, (keys, descends) in enumerate(self._segments):
            if states >> at & 1:
                after |= (keys is None or key in keys) << at + 1 | descends << at
        return after

    def selects(self, states: int) -> bool:
        """Whether a value in these states is one of those that are wanted."""
        return bool(states & self._end)


def singular(text: str) -> Path:
    """The path that a singular query (RFC 9535, section 2.3.5.1) names: `$.a[0]['b c']`.

    Raises:
        ValueError: The text is no query, or may select several values.
    """
    path: list[str | int] = []
    for keys, descends in PatternReader(text).segments():
        if descends or keys is None or len(keys) != 1:
            raise ValueError(f"expected a query that selects one value, got {text!r}")
        path += keys
    return tuple(path)


class PatternReader:
    """The text of a pattern, read from left to right; one method a production of RFC 9535."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def segments(self) -> tuple[Segment, ...]:
        """`jsonpath-query`: the root identifier, and segments with blank space before each."""
        if not self._skip("$"):
            self._fail("'$', the root")
        segments: list[Segment] = []
        while self._at < len(self._text):
            self._skip_blank()
            segments.append(self._segment())
        return tuple(segments)

    def _segment(self) -> Segment:
        descends = self._skip("..")
        if self._skip("["):
            return Segment(self._bracketed(), descends)
        if not (descends or self._skip(".")):
            self._fail("'.', '..' or '['")
        if self._skip("*"):
            return Segment(None, descends)
        name = NAME_SHORTHAND.match(self._text, self._at)
        if name is None:
            self._fail("a name, '*' or '['" if descends else "a name or '*'")
        self._at = name.end()
        return Segment(frozenset([name[0]]), descends)

    def _bracketed(self) -> frozenset[str | int] | None:
        keys: set[str | int] = set()
        wildcard = False
        while True:
            self._skip_blank()
            key = self._selector()
            wildcard = wildcard or key is None
            keys |= set() if key is None else {key}
            self._skip_blank()
            if self._skip("]"):
                return None if wildcard else frozenset(keys)
            if not self._skip(","):
                self._refuse_a_slice()
                self._fail("',' or ']'")

    def _selector(self) -> str | int | None:
        """A name or an index; `None` for the wildcard."""
        if self._skip("*"):
            return None
        if self._next() in STRING_SO_FAR:
            return self._name()
        if index := INTEGER.match(self._text, self._at):
            return self._index(index)
        self._refuse_a_slice()
        if self._next() == "?":
            self._fail(A_SELECTOR, "a filter, which is not supported")
        return self._fail(A_SELECTOR)

    def _name(self) -> str:
        quote = self._next()
        found = STRING_SO_FAR[quote](self._text, self._at)
        self._at = found.end()
        if not self._skip(quote):
            self._fail(f"a character of a name, an escape of RFC 9535 or {quote}")
        inside = found[1]
        if quote == "'":
            inside = inside.replace("\\'", "'").replace('"', '\\"')
        name: str = json.loads(f'"{inside}"')
        return name

    def _index(self, found: re.Match[str]) -> int:
        if found[0].startswith("-"):
            after = WS(self._text, found.end()).end()
            if self._text[after : after + 1] == ":":
                self._at = after
                self._refuse_a_slice()
            self._fail("an index from 0", "one from the end, which is known only when it is there")
        if int(found[0]) > GREATEST_INDEX:
            self._fail(f"an index up to {GREATEST_INDEX}")
        self._at = found.end()
        return int(found[0])

    # -- what the productions share ----------------------------------------------------------------

    def _next(self) -> str:
        return self._text[self._at : self._at + 1]

    def _skip(self, token: str) -> bool:
        found = self._text.startswith(token, self._at)
        self._at += len(token) if found else 0
        return found

    def _skip_blank(self) -> None:
        self._at = WS(self._text, self._at).end()

    def _refuse_a_slice(self) -> None:
        """If one stands here."""
        if self._next() == ":":
            self._fail(A_SELECTOR, "a slice, which is not supported")

    def _fail(self, expected: str, found: str = "") -> NoReturn:
        found = found or (repr(self._next()) if self._next() else "the end")
        place = f"at offset {self._at} of the pattern {self._text!r}"
        raise ValueError(f"expected {expected}, got {found} {place}")
