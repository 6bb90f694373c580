"""Events to JSON Patch (RFC 6902), without comparing anything: a parser knows what it did.

What flows in are the events of one JSON text, what flows out are operations that make a screen's
document of it, and which of its values are final. Who draws it, and how often, is not known here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal, Protocol, TypeAlias, TypedDict, TypeGuard, get_args

from partialjson.events import (
    Doomed,
    Invalid,
    Revised,
    StringDelta,
    Valid,
    ValueEnd,
    ValueStart,
)
from partialjson.path import JSON, Path, to_pointer

from ._dumped import as_json, fact_of, is_of_members, is_same, spelt
from .operations import Operation, coalesce

__all__ = ["Mark", "Operations", "Patches"]

Operations: TypeAlias = Literal["append", "rfc6902"]
EMPTY: dict[str, Callable[[], JSON]] = {"object": dict, "array": list, "string": str}
CONTAINERS = ("object", "array")
MISSING = object()


class Mark(TypedDict):
    """A value that is not what its type asks for.

    Attributes:
        path: Where it stands, as a JSON Pointer.
        errors: Pydantic's error dicts, ready for JSON: `type`, `loc`, `msg`, and the `input` where
            that is no container.
    """

    path: str
    errors: list[dict[str, JSON]]


class TakenBack(Protocol):
    """A `Reset` of a stream: what was told is void, but for a value that still holds."""

    @property
    def channel(self) -> Any:
        """Whose text."""

    @property
    def keep(self) -> int:
        """How many of its characters still hold."""

    @property
    def value(self) -> JSON:
        """What they say."""

    @property
    def open(self) -> Path | None:
        """The innermost value that they leave open."""


class Patches:
    """Events to operations: applied in their order to `None`, they give the parser's value.

    Feed it the events of a `Parser`, a `TypedParser` or a stream; of a stream it reads the content
    and passes over everything else. Validated values replace raw ones, member by member: what a
    type adds to a container, such as defaults, is not in its text and not shown.

    Args:
        ops: `"append"` has an operation of its own for a string that grows; `"rfc6902"` replaces
            the whole string each time, for screens that know the standard alone.

    Attributes:
        open: Where the innermost value stands that is being written; `None` when all is closed.
            A value is closed unless its path is this or a beginning of it.
        closed: The pointers of the values that the last `feed` closed, children before parents.
        invalid: What the last `feed` told to be not of its type, each fact once: a container is
            marked for what is wrong with itself.

    Raises:
        ValueError: There are no such operations.
    """

    open: Path | None
    closed: list[str]
    invalid: list[Mark]

    def __init__(self, ops: Operations = "append") -> None:
        if ops not in get_args(Operations):
            raise ValueError(f"expected ops='append' or 'rfc6902', got {ops!r}")
        self._appends = ops == "append"
        self.open, self.closed, self.invalid = (), [], []
        self._string: Path | None = None  # the one that grows
        self._length = 0
        self._parts: list[str] = []  # of it, where it is told anew as a whole
        self._ended: ValueEnd | None = None
        self._made: dict[Path, JSON] = {}  # what types made of values
        self._marked: dict[Path, list[dict[str, JSON]]] = {}
        self._said: set[str] = set()  # what the marks say

    def feed(self, events: Iterable[object]) -> list[Operation]:
        """The operations of some events, in their order, one for each change.

        A `Reset` is one `replace` of the root by what still holds; every value that ended behind
        it is open again or gone, as `open` then says. `coalesce` makes fewer operations of many.
        """
        self.closed, self.invalid = [], []
        operations: list[Operation] = []
        for event in events:
            operations += self._told(event)
        return operations

    @property
    def marks(self) -> list[Mark]:
        """All that is marked, each value once."""
        marked = self._marked.items()
        return [{"path": to_pointer(path), "errors": errors} for path, errors in marked]

    def _told(self, event: object) -> Sequence[Operation]:
        match event:
            case StringDelta(path, text):
                return self._grown(path, text)
            case ValueEnd():
                return self._over(event)
            case ValueStart(path, kind, replaces):
                return self._begun(path, kind, replaces=replaces)
            case Valid(path, value) | Revised(path, _, value):
                return self._validated(path, value)
            case Invalid(path, errors) | Doomed(path, errors):
                self._mark(path, errors)
        return self._taken_back(event) if takes_back(event) else ()

    # -- what happened -----------------------------------------------------------------------------

    def _begun(self, path: Path, kind: str, *, replaces: bool) -> list[Operation]:
        self.open = path
        if replaces:
            self._forget(path)
        if kind == "string":
            self._string, self._length, self._parts = path, 0, []
        return [placed(path, EMPTY[kind](), replaces=replaces)]

    def _grown(self, path: Path, text: str) -> list[Operation]:
        self._length += len(text)
        if self._appends:
            return [{"op": "append", "path": to_pointer(path), "value": text}]
        self._parts.append(text)
        return [placed(path, "".join(self._parts), replaces=True)]

    def _over(self, end: ValueEnd) -> list[Operation]:
        path = end.path
        self.closed.append(to_pointer(path))
        self.open = path[:-1] if path else None
        self._ended = end
        if end.kind in CONTAINERS:
            return []
        is_shown = self._string == path and self._length == len(end.value)
        self._string = None
        if is_shown:
            return []
        if end.replaces:
            self._forget(path)
        return [placed(path, end.value, replaces=end.replaces)]

    def _validated(self, path: Path, value: Any) -> list[Operation]:
        """What a type made of a value, most often of the one that has just ended."""
        end = self._ended
        if end is None or end.path != path:
            return self._make(path, as_json(value))
        if end.kind in CONTAINERS and is_of_members(value):
            return []
        made = as_json(value)
        return [] if is_same(made, end.value) else self._make(path, made)

    def _make(self, path: Path, made: JSON) -> list[Operation]:
        self._made[path] = made
        return [placed(path, made, replaces=True)]

    def _mark(self, path: Path, errors: list[dict[str, Any]]) -> None:
        facts = {spelt(fact): fact for fact in map(fact_of, errors)}
        news = [fact for said, fact in facts.items() if said not in self._said]
        if news:
            self._said |= facts.keys()
            self._marked[path] = self._marked.get(path, []) + news
            self.invalid.append({"path": to_pointer(path), "errors": news})

    # -- what is void ------------------------------------------------------------------------------

    def _taken_back(self, reset: TakenBack) -> list[Operation]:
        self.closed, self.invalid = [], []
        self.open, self._ended, self._string = reset.open, None, None
        string = found(reset.value, reset.open)
        if type(string) is str:
            self._string, self._length, self._parts = reset.open, len(string), [string]
        self._keep(lambda path: found(reset.value, path) is not MISSING and not self._is_open(path))
        root: Operation = {"op": "replace", "path": "", "value": reset.value}
        return coalesce([root, *(placed(*one, replaces=True) for one in self._made.items())])

    def _forget(self, path: Path) -> None:
        """Another value stands there now."""
        self._keep(lambda other: other[: len(path)] != path)

    def _keep(self, holds: Callable[[Path], bool]) -> None:
        """What was made of values, and said of them, where that still holds."""
        self._made = {path: made for path, made in self._made.items() if holds(path)}
        self._marked = {path: facts for path, facts in self._marked.items() if holds(path)}
        self._said = {spelt(fact) for facts in self._marked.values() for fact in facts}

    def _is_open(self, path: Path) -> bool:
        return self.open is not None and self.open[: len(path)] == path


def takes_back(event: object) -> TypeGuard[TakenBack]:
    """Whether an event is a `Reset` of the content: it is known by what it says."""
    if not hasattr(event, "keep"):
        return False
    channel = getattr(event, "channel", None)
    return getattr(channel, "kind", "") == "content" and not getattr(channel, "choice", 1)


def placed(path: Path, value: JSON, *, replaces: bool) -> Operation:
    """A value at its place, where another one stood or nothing did."""
    op: Literal["add", "replace"] = "replace" if replaces or not path else "add"
    return {"op": op, "path": to_pointer(path), "value": value}


def found(value: JSON, path: Path | None) -> JSON:
    """What stands at a path, or `MISSING`."""
    for key in path if path is not None else ():
        try:
            value = value[key]
        except (KeyError, IndexError, TypeError):
            return MISSING
    return value
