"""Events of a text to the same events, each followed by what it decides about the values.

Beside the open containers of the text stands a stack of frames. A value that begins is shown to the
guards; one that ends goes to the judge, its members before it.
"""

from __future__ import annotations

from typing import Any

from partialjson.events import Doomed, Kind, StringDelta, TypedEvent, ValueEnd, ValueStart
from partialjson.path import Path

from . import guards
from ._frame import Frame, Inside, Told
from ._judge import Judge
from ._rebased import Details, located
from ._source import Source
from .guards import StringWatch, guard_of
from .plan import ArrayNode, Member, Node, ObjectNode, Plan, TaggedNode
from .shells import Shells

__all__ = ["Walk"]


class Walk:
    """The way of one text through a plan."""

    def __init__(
        self, plan: Plan, source: Source, arguments: dict[str, Any], *, on_invalid: str
    ) -> None:
        self._plan, self._source = plan, source
        self._skips = on_invalid == "skip"
        self._shells = Shells(arguments, skips=self._skips)
        self.judge = Judge(self._shells, plan.root.title or "", on_invalid=on_invalid)
        self._stack: list[Frame | None] = []  # none for a container that has no place
        self._undecided: Frame | None = None  # a union on the stack
        self._watch: StringWatch | None = None  # of the string under way
        self._has_begun = False  # were the guards shown the atom under way?
        self._plain: list[Any] = []  # where plain events are told

    def lets_pass(self, events: list[Told]) -> bool:
        """Whether there is nothing to add: to no event, or one piece of a string.

        Most pieces of four characters bring no more than that.
        """
        if not events:
            is_seen = self._has_begun or self._undecided is not None
            return is_seen or self._source.cut_kind is None
        is_piece = len(events) == 1 and type(events[0]) is StringDelta
        return is_piece and self._watch is None and self._undecided is None

    def take(self, events: list[Told], out: list[TypedEvent]) -> None:
        """Add to `out` the events, and behind each what it decides.

        Raises:
            ValidationError: With `on_invalid="raise"`, at the first value that is invalid.
        """
        self.judge.out = self._plain = out
        self._take_all(events)
        if self._has_begun or self._undecided is not None:
            return
        kind = self._source.cut_kind
        if kind is not None:
            path = self._source.path
            node, member = self._place(path)
            self._has_begun = True
            self._begin(kind, path, node, member)

    @property
    def open_errors(self) -> list[Details]:
        """Of all values that are whole and invalid, those around which nothing is."""
        frames = [frame for frame in self._stack if frame is not None and frame.errors]
        parts = [errors for frame in frames for errors in (frame.errors or {}).values()]
        return [*self.judge.errors, *(error for part in parts for error in part)]

    def _take_all(self, events: list[Told]) -> None:
        for event in events:
            kind = type(event)
            if self._undecided is not None and not is_end_of(self._undecided, event):
                self._wait(self._undecided, event)
            elif kind is ValueEnd:
                if not self._end_plainly(event):  # type: ignore[arg-type]
                    self._end(event)  # type: ignore[arg-type]
            elif kind is ValueStart:
                if not self._start_plainly(event):  # type: ignore[arg-type]
                    self._start(event)  # type: ignore[arg-type]
            elif kind is str:
                top = self._stack[-1]
                if top is not None and (top.names is not None or top.rivals):
                    self._name(top, str(event))
            else:
                self._plain.append(event)
                if self._watch is not None:
                    self._grow(self._watch, event)  # type: ignore[arg-type]

    # -- the short way of most values: an atom in its only place, of a kind that it may have -------

    def _plain_node(self, event: ValueStart | ValueEnd) -> Node | None:
        """The place of a value about which there is no doubt; its guard is made."""
        top = self._stack[-1] if self._stack else None
        if top is None or event.replaces or self.judge.replaced:
            return None
        inside, key = top.inside, event.path[-1]
        if type(inside) is ObjectNode:
            member = inside.plain.get(key)  # type: ignore[arg-type]
            node = None if member is None or member.name in top.given else member.node
        elif type(inside) is ArrayNode and top.most is None:
            node = inside.child(key)
        else:
            return None
        return node if node is not None and node.guard is not None and not node.looks else None

    def _start_plainly(self, event: ValueStart) -> bool:
        """Whether it is a string that the guards let pass."""
        if event.kind != "string":
            return False
        node = self._plain_node(event)
        if node is None or "string" not in node.guard.at_a_glance:
            return False
        self._plain.append(event)
        self._has_begun = True
        return True

    def _end_plainly(self, event: ValueEnd) -> bool:
        """Whether it is an atom that is valid, or not, by itself; it is told."""
        kind = event.kind
        if kind == "object" or kind == "array":  # noqa: PLR1714 - a set takes longer
            return False
        node = self._plain_node(event)
        if node is None or not (self._has_begun or kind in node.guard.at_a_glance):
            return False
        self._has_begun, self._watch = False, None
        self._plain.append(event)
        top = self._stack[-1]
        assert top is not None, "else the value had no place"  # noqa: S101
        if type(event.value) in node.exact and is_exact(event.value):
            self.judge.atom(top, event.path, event.value)
        else:
            text = self._source.span(event.start, event.end)
            self.judge.atom(top, event.path, self._shells.whole(node, text))
        return True

    # -- where a value stands ----------------------------------------------------------------------

    def _place(self, path: Path) -> tuple[Node | None, Member | None]:
        if not self._stack:
            return self._plan.root, None
        top = self._stack[-1]
        return (None, None) if top is None else top.place_of(path[-1])

    # -- a value begins ----------------------------------------------------------------------------

    def _start(self, event: ValueStart) -> None:
        self._plain.append(event)
        path, kind = event.path, event.kind
        if event.replaces:
            self._replace(path)
        node, member = self._place(path)
        is_doomed = self._begin(kind, path, node, member)
        if kind == "string":
            self._has_begun = True
        elif node is None:
            self._stack.append(None)
        else:
            frame = self._frame(node, member, path)
            frame.is_doomed = is_doomed
            self._stack.append(frame)
            if node.opens == kind and not (node.looks and frame.is_cut_off):
                self._enter(frame, node)

    def _frame(self, node: Node, member: Member | None, path: Path) -> Frame:
        top = self._stack[-1] if self._stack else None
        if top is None:
            return Frame(node, member, path, (), is_certain=True)
        key = path[-1]
        certain = top.counts_surely(key, member)
        frame = Frame(node, member, path, top.loc_of(key, member), is_certain=certain)
        if member is None:
            frame.around, frame.is_enclosed = top.around, top.is_enclosed
        elif member.earlier is not None:
            frame.around, frame.is_enclosed = top.surroundings_of(member), True
        return frame

    def _enter(self, frame: Frame, node: Node) -> None:
        """The members have places, or will have once a union is decided."""
        if isinstance(node, TaggedNode):
            frame.unions, frame.waiting = (node,), []
            self._undecided = frame
        elif isinstance(node, Inside):
            frame.enter(node)

    def _replace(self, path: Path) -> None:
        """A name comes again: what stood there is no more."""
        top = self._stack[-1] if self._stack else None
        if top is not None and top.unions:
            # Which member of the two counts is not the same inside a union as outside, before 2.11.
            top.is_native = True
            if path[-1] in top.deciders:
                top.leave()  # another branch may be meant
        self.judge.forget(path)

    # -- guards ------------------------------------------------------------------------------------

    def _begin(self, kind: Kind, path: Path, node: Node | None, member: Member | None) -> bool:
        """Show the guards the kind of a value, by its first character; whether it is doomed."""
        top = self._stack[-1] if self._stack else None
        if top is not None and top.most is not None and path[-1] == top.most and not self._skips:
            self._doom(top, guards.too_many(top.node, top.most))
        if node is None:
            return False
        guard = node.guard or guard_of(node)
        if kind in guard.kinds:
            if kind == "string" and guard.watches:
                self._watch = StringWatch(node, member, guard)
            return False
        return self._doom_value(path, member, guards.kind_errors(self._shells, node, kind))

    def _grow(self, watch: StringWatch, event: StringDelta) -> None:
        if watch.is_doomed_by(event.text):
            self._watch = None
            errors = guards.string_errors(self._shells, watch.node, watch.so_far)
            self._doom_value(event.path, watch.member, errors)

    def _name(self, top: Frame, name: str) -> None:
        if name in top.rivals:
            top.leave()  # the union may be decided by this one instead
        elif top.names is not None and name not in top.names:
            self._doom(top, guards.forbidden(top.inside or top.node, name))

    def _doom(self, frame: Frame, errors: list[Details]) -> None:
        if errors and frame.is_certain and not frame.is_doomed:
            frame.is_doomed = True
            self.judge.out.append(Doomed(frame.path, located(errors, frame.loc)))

    def _doom_value(self, path: Path, member: Member | None, errors: list[Details]) -> bool:
        top = self._stack[-1] if self._stack else None
        certain = top is None or top.counts_surely(path[-1], member)
        if errors and certain:
            loc = () if top is None else top.loc_of(path[-1], member)
            self.judge.out.append(Doomed(path, located(errors, loc)))
        return bool(errors) and certain

    # -- unions that a member decides --------------------------------------------------------------

    def _wait(self, frame: Frame, event: Told) -> None:
        """Keep what happens in a union until its discriminator is whole."""
        frame.waiting.append(event)
        if type(event) is not str:
            self._plain.append(event)
        if is_member(frame, event, frame.unions[-1].discriminators):
            self._decide(frame, event)  # type: ignore[arg-type]

    def _decide(self, frame: Frame, event: ValueEnd) -> None:
        union, name = frame.unions[-1], str(event.path[-1])
        choice = union.choices.get(event.value) if event.kind == "string" else None
        if choice is None:
            text = self._source.span(event.start, event.end)
            self._doom(frame, guards.unknown_tag(self._shells, union, name, text))
            self._undecided = None
            return
        frame.deciders |= {name}
        frame.loc = (*frame.loc, event.value)
        if name != union.discriminators[0]:
            frame.is_certain = False  # the better name may come, and another branch with it
        if isinstance(choice, TaggedNode):
            self._decide_inner(frame, choice)
            return
        self._undecided = None
        if isinstance(choice, ObjectNode):
            frame.enter(choice)
            names = (name for union in frame.unions for name in union.discriminators)
            frame.rivals = frozenset(names) - frame.deciders
            self._take_again(frame.waiting)

    def _decide_inner(self, frame: Frame, union: TaggedNode) -> None:
        """The chosen branch is a union itself; its discriminator may have come before."""
        frame.unions = (*frame.unions, union)
        seen = [event for event in frame.waiting if is_member(frame, event, union.discriminators)]
        if len(seen) == 1:
            self._decide(frame, seen[0])  # type: ignore[arg-type]
        elif seen:
            self._undecided = None

    def _take_again(self, events: list[Told]) -> None:
        """Now it is known where these stand; they themselves were told."""
        plain, self._plain = self._plain, []
        self._take_all(events)
        self._plain = plain

    # -- a value ends ------------------------------------------------------------------------------

    def _end(self, event: ValueEnd) -> None:
        if event.kind == "object" or event.kind == "array":  # noqa: PLR1714 - a set takes longer
            self._plain.append(event)
            frame = self._stack.pop()
            if frame is not None:
                if self._undecided is frame:
                    self._undecided = None
                self._judge(frame.node, frame.member, frame, event)
            return
        if event.replaces and (event.kind != "string" or not self._has_begun):
            self._replace(event.path)  # of a string that grew, its start told it
        node, member = self._place(event.path)
        if self._has_begun:
            self._has_begun, self._watch = False, None
        else:
            self._begin_whole(event, node, member)
        self._plain.append(event)
        if node is not None:
            self._judge(node, member, None, event)

    def _begin_whole(self, event: ValueEnd, node: Node | None, member: Member | None) -> None:
        """The guards see an atom that arrived at once as well."""
        self._begin(event.kind, event.path, node, member)
        if self._watch is not None:
            if event.value:
                self._grow(self._watch, StringDelta(event.path, event.value))
            self._watch = None

    def _judge(
        self, node: Node, member: Member | None, frame: Frame | None, event: ValueEnd
    ) -> None:
        if not self._stack:
            # The white space before the root counts: an error of the text has a line and a column.
            self.judge.root(node, frame, self._source.span(0, event.end))
            return
        top = self._stack[-1]
        if top is None or top.inside is None:  # its discriminator came again
            return
        text = self._source.span(event.start, event.end)
        if member is None:
            self.judge.item(top, node, frame, event.path, text)
        else:
            self.judge.field(top, member, frame, event.path, text)


def is_exact(value: Any) -> bool:
    """Whether an atom is certain to be the same to Pydantic: no surrogate, no infinite double."""
    kind = type(value)
    if kind is str:
        return bool(value.isascii())
    return kind is not float or value - value == 0


def is_end_of(frame: Frame, event: Told) -> bool:
    return type(event) is ValueEnd and len(event.path) == len(frame.path)


def is_member(frame: Frame, event: Told, names: tuple[str, ...]) -> bool:
    """Whether a member of one of these names ends."""
    if type(event) is not ValueEnd or len(event.path) != len(frame.path) + 1:
        return False
    return event.path[-1] in names
