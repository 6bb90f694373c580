"""Closed values to verdicts: what Pydantic makes of each, given what it made of its members."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import is_dataclass
from typing import Any

from pydantic import BaseModel, ValidationError

from partialjson.events import Invalid, Revised, TypedEvent, Valid
from partialjson.path import Path

from ._frame import MISSING, Frame, Inside
from ._rebased import Details, Loc, located, located_error
from ._switches import slots_are_heeded
from .plan import Member, Node, ObjectNode
from .shells import DROPPED, Failure, Result, Shells, Surroundings, may_omit

__all__ = ["Judge"]


class Judge:
    """Says what closed values are worth, and keeps what was said.

    Attributes:
        out: Where it is told.
        valid: The validated values by path.
        result: What became of the root, as soon as it is whole.
        errors: Of the root, as soon as it is whole; and of the items that were left out.
        replaced: What was told where a repeated name stands now.
        before: What was made of the same text before, by path: kept where it is equal.
    """

    def __init__(self, shells: Shells, title: str, *, on_invalid: str) -> None:
        self.out: list[TypedEvent] = []
        self.valid: dict[Path, Any] = {}
        self.result: Result = MISSING
        self.errors: list[Details] = []
        self.replaced: dict[Path, Any] = {}
        self.before: Mapping[Path, Any] = {}
        self._keys: dict[Path, Iterable[str | int]] = {}  # of the members of what is whole
        self._shells, self._title = shells, title
        self._raises, self._skips = on_invalid == "raise", on_invalid == "skip"

    def root(self, node: Node, frame: Frame | None, text: str) -> None:
        """The root is whole."""
        self.result = self._whole(node, frame, text)
        self._tell((), self.result, None, None)

    def item(self, top: Frame, node: Node, frame: Frame | None, path: Path, text: str) -> None:
        """An item of an array or a mapping is whole."""
        result = self._whole(node, frame, text, top.around if node.looks else None)
        top.memos.append(result)
        if result is DROPPED:
            top.is_native = True
        if top.inside is not None and top.inside.opens == "object":
            top.keys.append(str(path[-1]))
        self._tell(path, result, top, None)

    def field(self, top: Frame, member: Member, frame: Frame | None, path: Path, text: str) -> None:
        """A field of an object is whole."""
        name, key = member.name, str(path[-1])
        if member.earlier is None:
            result = self._whole(member.node, frame, text)
        else:
            around = top.surroundings_of(member)
            result = DROPPED if around is None else self._whole(member.node, frame, text, around)
        if name in top.given:  # which of them counts differs from version to version
            top.leave_native(name, path, result)
            self._drop_those_that_saw(top, member.owner, name)
        elif result is DROPPED:
            top.leave_native(name, path, result)
        else:
            top.memos[name] = result
        top.given[name] = key
        top.keys.append(key)
        self._tell(path, result, top, member)

    def atom(self, top: Frame, path: Path, result: Result) -> None:
        """A value without members is whole, in a place about which there is no doubt."""
        key, inside = path[-1], top.inside
        if not isinstance(inside, ObjectNode):
            top.memos.append(result)
            if result is DROPPED:
                top.is_native = True
            member = None
        else:
            member = inside.plain[str(key)]
            name = member.name
            if result is DROPPED:
                top.leave_native(name, path, result)
            else:
                top.memos[name] = result
            top.given[name] = str(key)
            top.keys.append(str(key))
        if type(result) is Failure:
            self._tell(path, result, top, member)
        else:
            self.valid[path] = result
            self.out.append(Valid(path, result))

    def forget(self, path: Path) -> None:
        """A name comes again: what was told there is no more."""
        if path in self.valid:
            self.replaced[path] = self.valid[path]
        paths = [path]
        while paths:
            gone = paths.pop()
            self.valid.pop(gone, None)
            paths += [(*gone, key) for key in self._keys.pop(gone, ())]

    # -- what becomes of a value -------------------------------------------------------------------

    def _whole(
        self, node: Node, frame: Frame | None, text: str, around: Surroundings | None = None
    ) -> Result:
        if frame is None or frame.inside is None:
            result = self._shells.whole(node, text, around)
            return result if frame is None else self._as_before(frame.path, result)
        self._keys[frame.path] = frame.keys or range(len(frame.memos))
        if frame.is_native or not slots_are_heeded():
            result = self._shells.whole(node, text, around)
        else:
            result = self._of_members(frame, frame.inside, text, around)
        return self._as_before(frame.path, result)

    def _as_before(self, path: Path, result: Result) -> Result:
        """The object that was made of the same text before, where it is equal."""
        old = self.before.get(path, MISSING) if self.before else MISSING
        return old if type(old) is type(result) and is_equal(old, result) else result

    def _of_members(
        self, frame: Frame, inside: Inside, text: str, around: Surroundings | None
    ) -> Result:
        """What becomes of a container, given what became of its members."""
        if isinstance(inside, ObjectNode):
            result, seen = self._shells.object(inside, frame.memos, frame.native, text, around)
            if frame.native:
                self._settle(frame, inside, result, seen)
        else:
            result = self._shells.items(inside, frame.memos, text, around)
        may_revise = inside.may_revise
        for union in reversed(frame.unions):
            if result is not DROPPED:
                result = self._shells.choice(union, result, text, around)
            may_revise |= union.may_revise
        if may_revise and type(result) is not Failure:
            self._revise(frame, result)
        return result

    def _drop_those_that_saw(self, top: Frame, inside: ObjectNode, name: str) -> None:
        """A field may have another value than its followers were shown."""
        for member in inside.by_name.values():
            follower = member.name
            if name in (member.earlier or ()) and follower in top.memos:
                path = (*top.path, top.given[follower])
                top.leave_native(follower, path, top.memos[follower])

    # -- what is told ------------------------------------------------------------------------------

    def _tell(self, path: Path, result: Result, top: Frame | None, member: Member | None) -> None:
        if type(result) is not Failure:
            self.valid[path] = result
            self.out.append(Valid(path, result))
            if self.replaced and path in self.replaced:
                self.out.append(Revised(path, self.replaced.pop(path), result))
            return
        self.replaced.pop(path, None)
        if result is DROPPED:
            return
        loc = () if top is None else top.loc_of(path[-1], member)
        if isinstance(result.error, ValidationError):
            self._blame(path, located(result.error.errors(), loc), top)
        if self._raises:
            raise self._seen_from_the_root(result.error, loc)

    def _blame(self, path: Path, errors: list[Details], top: Frame | None) -> None:
        self.out.append(Invalid(path, errors))
        if top is None or (self._skips and may_omit(top.inside)):
            self.errors += errors
            return
        if top.errors is None:
            top.errors = {}
        top.errors[path[-1]] = errors

    def _seen_from_the_root(self, error: Exception, loc: Loc) -> Exception:
        if isinstance(error, ValidationError) and loc:
            return located_error(error, loc, self._title)
        return error

    def _settle(
        self, frame: Frame, inside: ObjectNode, result: Result, seen: dict[str, Any]
    ) -> None:
        """The members that Pydantic validated itself have their verdicts now."""
        failure = result.error if type(result) is Failure else None
        errors = failure.errors() if isinstance(failure, ValidationError) else []
        for name, (path, old) in frame.late.items():
            key = inside.by_name[name].loc_of(path[-1])
            own = [error for error in errors if error["loc"][:1] == (key,)]
            value = seen.get(name, MISSING)
            if value is MISSING and failure is None:
                value = part_of(result, name)
            if own and (old is DROPPED or type(old) is not Failure):
                self.valid.pop(path, None)
                self.out.append(Invalid(path, located(own, frame.loc)))
            elif value is not MISSING and value is not old:
                self.valid[path] = value
                is_new = type(old) is Failure
                self.out.append(Valid(path, value) if is_new else Revised(path, old, value))

    def _revise(self, frame: Frame, result: Result) -> None:
        """Tell which members are not those that were told, since a validator saw them last."""
        for key, memo, part in parts_of(frame, result):
            if part is not MISSING and part is not memo and type(memo) is not Failure:
                path = (*frame.path, key)
                self.valid[path] = part
                self.out.append(Revised(path, memo, part))


def is_equal(one: Any, other: Any) -> bool:
    """Whether they say that they are; a type may have another idea of that, or none."""
    try:
        return (one == other) is True
    except Exception:  # noqa: BLE001 - of a comparison that is not ours
        return False


def parts_of(frame: Frame, result: Any) -> list[tuple[str | int, Result, Any]]:
    """Each member of a container: its key, what was made of it, and what stands there now."""
    memos = frame.memos
    if isinstance(memos, dict):
        return [(frame.given[name], memo, part_of(result, name)) for name, memo in memos.items()]
    if isinstance(result, list | tuple) and len(result) == len(memos):
        return [(i, memo, result[i]) for i, memo in enumerate(memos)]
    return []


def part_of(value: Any, name: str) -> Any:
    """The field of an object as Pydantic made it; nothing where a validator made something else."""
    if isinstance(value, dict):
        return value.get(name, MISSING)
    is_ours = isinstance(value, BaseModel) or is_dataclass(value)
    return getattr(value, name, MISSING) if is_ours else MISSING
