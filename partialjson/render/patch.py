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

from ._dumped import Fact, fact_of, is_of_members, is_same, key_of, written
from .operations import Operation, coalesce

__all__ = ["Mark", "Operations", "Patches"]

Operations: TypeAlias = Literal["append", "rfc6902"]
EMPTY: dict[str, Callable[[], JSON]] = {"object": dict, "array": list, "string": str}
CONTAINERS = ("object", "array")


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
    """A `Reset` of a stream: what was told is void, but for what is told with it."""

    @property
    def channel(self) -> Any:
        """Whose text."""

    @property
    def keep(self) -> int:
        """How many of its characters still hold."""

    @property
    def events(self) -> Sequence[object]:
        """What they tell."""


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
        invalid: What the last `feed` told to be not of its type, with all that is wrong there. A
            container is marked for what is wrong with itself, and not inside it.

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
        self._parts: list[str] = []  # of it, where it is told anew as a whole
        self._grows: tuple[Path, str] = (), ""  # the path and the pointer of the delta before
        self._ended: ValueEnd | None = None
        self._marked: dict[Path, list[Fact]] = {}
        self._said: set[str] = set()  # what the marks are of

    def feed(self, events: Iterable[object]) -> list[Operation]:
        """The operations of some events, in their order, one for each change.

        A `Reset` is one `replace` of the root by what still holds; every value that ended behind
        it is open again or gone, as `open` then says; what `closed` and `invalid` told before it
        in the same call is left out. `coalesce` makes fewer operations of many.
        """
        self.closed, self.invalid = [], []
        operations: list[Operation] = []
        for event in events:
            if isinstance(event, StringDelta):  # first, and by itself: there are most of them
                operations.append(self._grown(event.path, event.text))
            else:
                operations += self._told(event)
        return operations

    @property
    def marks(self) -> list[Mark]:
        """All that is marked, each value once."""
        marked = self._marked.items()
        return [{"path": to_pointer(path), "errors": errors} for path, errors in marked]

    def _told(self, event: object) -> Sequence[Operation]:
        match event:
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
            self._string, self._parts = path, []
        return [placed(path, EMPTY[kind](), replaces=replaces)]

    def _grown(self, path: Path, text: str) -> Operation:
        before, pointer = self._grows
        if path != before:
            pointer = to_pointer(path)
            self._grows = path, pointer
        if self._appends:
            return {"op": "append", "path": pointer, "value": text}
        self._parts.append(text)
        return {"op": "replace", "path": pointer, "value": "".join(self._parts)}

    def _over(self, end: ValueEnd) -> list[Operation]:
        path = end.path
        self.closed.append(to_pointer(path))
        self.open = path[:-1] if path else None
        self._ended = end
        if end.kind in CONTAINERS:
            return []
        is_shown, self._string = self._string == path, None
        if is_shown:
            return []
        if end.replaces:
            self._forget(path)
        return [placed(path, end.value, replaces=end.replaces)]

    def _validated(self, path: Path, value: Any) -> list[Operation]:
        """What a type made of a value, most often of the one that has just ended."""
        end = self._ended if self._ended is not None and self._ended.path == path else None
        if end is not None and end.kind in CONTAINERS and is_of_members(value):
            return []
        try:
            made = written(value)
        except ValueError:  # it is no JSON, so what was written stays
            return []
        is_shown = end is not None and is_same(made, end.value)
        return [] if is_shown else [placed(path, made, replaces=True)]

    def _mark(self, path: Path, errors: list[dict[str, Any]]) -> None:
        before = self._marked.get(path, [])
        self._said.difference_update(map(key_of, before))
        facts = {key_of(fact): fact for fact in map(fact_of, errors)}
        marks = [fact for key, fact in facts.items() if key not in self._said] or before
        self._said.update(map(key_of, marks))
        if marks != before:
            self._marked[path] = marks
            self.invalid.append({"path": to_pointer(path), "errors": marks})

    # -- what is void ------------------------------------------------------------------------------

    def _taken_back(self, reset: TakenBack) -> list[Operation]:
        """Begin anew with what still holds."""
        void: Operation = {"op": "replace", "path": "", "value": None}
        anew = Patches("append" if self._appends else "rfc6902")
        operations = coalesce([void, *anew.feed(reset.events)])
        vars(self).update(vars(anew), closed=[], invalid=[])
        return operations

    def _forget(self, path: Path) -> None:
        """Another value stands there now."""
        for other in [other for other in self._marked if other[: len(path)] == path]:
            self._said.difference_update(map(key_of, self._marked.pop(other)))


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
