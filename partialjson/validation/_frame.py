"""One open container of a text: where it is in the plan, and what became of its members."""

from __future__ import annotations

from typing import Any, TypeAlias

from partialjson.events import Event
from partialjson.path import Path

from ._rebased import Details, Loc
from .guards import guard_of
from .plan import ArrayNode, MappingNode, Member, Node, ObjectNode, TaggedNode
from .shells import DROPPED, NONE, Failure, Result, Surroundings

__all__ = ["MISSING", "Frame", "Told"]

MISSING = object()
Told: TypeAlias = Event | str  # a name is told as a `str`
Inside: TypeAlias = ArrayNode | MappingNode | ObjectNode  # the places that know their members


class Frame:
    """One open container that has a place in the type.

    Most have nothing to say about most of this, and share what is empty: an empty set for each of
    them would cost more than the rest.
    """

    __slots__ = (
        *("around", "deciders", "errors", "given", "inside", "is_certain", "is_doomed"),
        *("is_enclosed", "is_native", "keys", "late", "loc", "member", "memos", "most", "names"),
        *("native", "node", "path", "rivals", "unions", "waiting"),
    )

    node: Node  # its place
    member: Member | None  # the field that it is the value of
    path: Path  # where it stands
    loc: Loc  # the same as Pydantic tells it, the tags of unions included
    is_certain: bool  # will it count? another name of its field may come, and win
    is_doomed: bool  # was that told?

    inside: Inside | None  # the place that knows its members, if they have places
    names: frozenset[str] | None  # that may come, if others are forbidden
    most: int | None  # how many items may come

    keys: list[str]  # of the members that came
    memos: Any  # what became of them: by field, or in order
    given: dict[str, str]  # the name in the text under which each field was found
    errors: dict[str | int, list[Details]] | None  # of the members, by their keys
    native: frozenset[str]  # the fields that Pydantic has to validate itself
    is_native: bool  # has it to validate the whole container itself?
    late: dict[str, tuple[Path, Result]]  # fields that are owed a verdict, and what was told before

    is_enclosed: bool  # is it in a field, the validators of which look around?
    around: Surroundings | None  # what they see there

    unions: tuple[TaggedNode, ...]  # that are decided on the way to `inside`
    deciders: frozenset[str]  # the names of the members that decided them
    rivals: frozenset[str]  # other names by which they might be decided
    waiting: list[Told]  # what was told before that

    def __init__(
        self, node: Node, member: Member | None, path: Path, loc: Loc, *, is_certain: bool
    ) -> None:
        self.node, self.member, self.path, self.loc = node, member, path, loc
        self.is_certain = is_certain
        self.is_doomed = self.is_enclosed = self.is_native = False
        self.inside = self.names = self.most = self.around = self.errors = None
        self.native = self.deciders = self.rivals = NONE
        self.unions = ()
        self.memos, self.given, self.keys = {}, {}, []

    def enter(self, node: Inside) -> None:
        """The members are those of this place."""
        self.inside = node
        if isinstance(node, ObjectNode):
            self.names = guard_of(node).names
            return
        self.memos = []
        if isinstance(node, ArrayNode):
            self.most = guard_of(node).max_items

    def leave(self) -> None:
        """Nothing is known of the members any more."""
        self.inside = self.names = self.most = None
        self.rivals = NONE

    def place_of(self, key: str | int) -> tuple[Node | None, Member | None]:
        """Where a member stands in the type; nowhere, if it does not count."""
        inside = self.inside
        if inside is None:
            return None, None
        if not isinstance(inside, ObjectNode):
            return inside.child(key), None
        member = inside.members.get(str(key))
        if member is None or self._is_beaten(member, key):
            return None, None
        return member.node, member

    def _is_beaten(self, member: Member, key: str | int) -> bool:
        """Whether its field was found under a name that wins."""
        if len(member.keys) == 1 or member.name not in self.given:
            return False
        return member.keys.index(self.given[member.name]) < member.keys.index(str(key))

    def loc_of(self, key: str | int, member: Member | None) -> Loc:
        """Where an error tells of a member."""
        return (*self.loc, key if member is None or member.tells_key else member.name)

    def counts_surely(self, key: str | int, member: Member | None) -> bool:
        """Whether what stands under this name decides about its field."""
        return self.is_certain and (member is None or member.keys[0] == key)

    def surroundings_of(self, member: Member) -> Surroundings | None:
        """What the validators of a member look at; none before all of it is there, and valid."""
        for name in member.earlier or ():
            if type(self.memos.get(name, DROPPED)) is Failure:
                return None
        return Surroundings(member, self.memos)

    def leave_native(self, name: str, path: Path, told: Result) -> None:
        """Let Pydantic validate a field itself; what became of it is told at the end."""
        if not self.native:
            self.late = {}
        self.memos.pop(name, None)
        self.native |= {name}
        self.late[name] = path, told

    @property
    def is_cut_off(self) -> bool:
        """Whether its validators cannot be shown the fields that they may look at."""
        return self.is_enclosed and self.around is None
