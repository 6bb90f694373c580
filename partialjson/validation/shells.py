"""A container closed by Pydantic itself, its members already validated: the same schema with slots.

A shell is a node's own schema in which the members are replaced by slots, functions that give back
what was made of a member, or raise again what was wrong with it. So pydantic-core itself puts
together errors, aliases, defaults and order. Where there is doubt about a member, its own schema
stays in place, and Pydantic validates the member itself: memo or native.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

from pydantic import ValidationError
from pydantic_core import PydanticOmit, SchemaError, SchemaValidator, core_schema

from ._rebased import without_first
from ._schemas import TRANSPARENT, raises
from ._switches import Schema, compiled
from .plan import ArrayNode, MappingNode, Member, Node, ObjectNode, TaggedNode

__all__ = ["Shells"]


class Failure:
    """What a value's validation raised."""

    __slots__ = ("error",)

    error: Exception

    def __init__(self, error: Exception) -> None:
        self.error = error


Result: TypeAlias = Any  # what Pydantic made of a value, or a `Failure`

Use: TypeAlias = str | frozenset[str]  # what a shell is for; of an object, which fields are native

DROPPED = Failure(RuntimeError("nothing can be said of a value without what is around it"))
NONE: frozenset[str] = frozenset()
VARIANTS_KEPT = 64  # the text decides which members are left native, and could ask for any of them


class Surroundings(NamedTuple):
    """A member whose validators look at the fields before it.

    Attributes:
        member: The member.
        memos: What became of the fields of its object.
    """

    member: Member
    memos: dict[str, Result]


class Shell:
    """A compiled schema with slots, and what the slots give during one run."""

    __slots__ = ("around", "memos", "seen", "validator")

    around: dict[str, Result]  # of the object around it
    memos: Any  # results by the names of their fields, or an iterator of them in order
    seen: dict[str, Any]  # what became of the members that were left native
    validator: SchemaValidator


class Shells:
    """Runs the validators of nodes, with the arguments of one parser.

    With `skips` a wrong item is left out of its list or set, as if it were not there.

    A shell is taken from its node for one run and put back behind it, so that threads, and
    validators that themselves validate, never share one that is running.
    """

    def __init__(self, arguments: dict[str, Any], *, skips: bool) -> None:
        self.arguments = arguments
        self._skips = skips

    def whole(self, node: Node, text: str, around: Surroundings | None = None) -> Result:
        """Validate a value from its text alone."""
        if around is not None:
            return self._run_shell(node, "whole", None, text, around)[0]
        if node.whole is None:
            validator = SchemaValidator(defined(node, node.schema), titled(node))
            node.whole = validator.validate_json
        try:
            return node.whole(text, **self.arguments)
        except SchemaError:  # an omission, or a wish for the default: whoever is around heeds it
            return DROPPED
        except Exception as error:  # noqa: BLE001 - raised again where Pydantic would raise it
            return Failure(error)

    def object(
        self,
        node: ObjectNode,
        memos: dict[str, Result],
        native: frozenset[str],
        text: str,
        around: Surroundings | None = None,
    ) -> tuple[Result, dict[str, Any]]:
        """Validate an object whose members are; and tell what became of those left native."""
        left = native
        if node.validated_defaults:
            left |= node.validated_defaults - memos.keys()
        return self._run_shell(node, left, memos, text, around)

    def items(
        self,
        node: ArrayNode | MappingNode,
        memos: list[Result],
        text: str,
        around: Surroundings | None = None,
    ) -> Result:
        """Validate an array or a mapping whose items are."""
        use = "skipping" if self._skips and may_omit(node) else "items"
        return self._run_shell(node, use, iter(memos), text, around)[0]

    def choice(
        self, node: TaggedNode, memo: Result, text: str, around: Surroundings | None = None
    ) -> Result:
        """Validate a union whose chosen branch is."""
        return self._run_shell(node, "choice", iter([memo]), text, around)[0]

    def _run_shell(
        self, node: Node, use: Use, memos: Any, text: str, around: Surroundings | None = None
    ) -> tuple[Result, dict[str, Any]]:
        key = use if around is None else (use, around.member)
        idle = node.idle.get(key)
        if idle is None:
            if len(node.idle) >= VARIANTS_KEPT:
                node.idle.clear()
            idle = node.idle[key] = []
        shell = idle.pop() if idle else made(node, use, around)
        seen: dict[str, Any] = {}
        shell.memos, shell.seen = memos, seen
        result = self._run(shell, text) if around is None else self._run_around(shell, text, around)
        shell.memos, shell.seen = None, {}
        idle.append(shell)
        return result, seen

    def _run(self, shell: Shell, text: str) -> Result:
        try:
            return shell.validator.validate_json(text, **self.arguments)
        except SchemaError:
            return DROPPED
        except Exception as error:  # noqa: BLE001 - as above
            return Failure(error)

    def _run_around(self, shell: Shell, text: str, around: Surroundings) -> Result:
        """The member alone, as the last field of an object of which it sees the others."""
        name = around.member.name
        shell.around = around.memos
        result = self._run(shell, f"{{{json.dumps(name)}:{text}}}")
        shell.around = {}
        if type(result) is not Failure:
            return result[0].get(name, DROPPED)  # a validator may have left it out
        if not isinstance(result.error, ValidationError):
            return result
        if any(
            line["loc"] == (name,) and line["type"] == "missing" for line in result.error.errors()
        ):
            return DROPPED  # it is there: a validator wished for the default
        error = without_first(result.error)
        return DROPPED if error is None else Failure(error)


def may_omit(node: Node | None) -> bool:
    """Whether a wrong item may be left out: a tuple's items have their places."""
    return isinstance(node, ArrayNode) and node.core["type"] != "tuple"


# -- Schemas with slots ----------------------------------------------------------------------------


def made(node: Node, use: Use, around: Surroundings | None) -> Shell:
    shell = Shell()
    if use == "whole":
        schema = node.schema
    elif isinstance(node, ObjectNode):
        schema = changed_schema(node, fields_with_slots(shell, node, use))
    elif isinstance(node, TaggedNode):
        slot = next_slot_of(shell, skips=False)
        schema = changed_schema(node, {"choices": dict.fromkeys(node.core["choices"], slot)})
    else:
        slot = next_slot_of(shell, skips=use == "skipping")
        schema = changed_schema(node, items_with_slots(node, slot))
    if around is None:
        shell.validator = compiled(defined(node, schema), titled(node))
    else:
        alone = defined(node, behind_fields(shell, around, schema))
        shell.validator = compiled(alone, around.member.owner.core_config)
    return shell


def fields_with_slots(shell: Shell, node: ObjectNode, native: Use) -> Schema:
    def with_slot(name: str, field: Schema) -> Schema:
        if name not in node.by_name:
            return field
        if name in native:
            return {**field, "schema": below_default(field["schema"], spy(shell, name))}
        slot = slot_of(shell, name)
        return {**field, "schema": below_default(field["schema"], lambda _: slot)}

    fields = {name: with_slot(name, field) for name, field in node.fields.items()}
    return {"fields": list(fields.values()) if isinstance(node.core["fields"], list) else fields}


def items_with_slots(node: Node, slot: Schema) -> Schema:
    if isinstance(node, MappingNode):
        return {"values_schema": slot}
    items = node.core.get("items_schema")
    return {"items_schema": [slot] * len(items) if isinstance(items, list) else slot}


def behind_fields(shell: Shell, around: Surroundings, schema: Schema) -> Schema:
    """A field behind those that it may look at, which are defaults that a factory gives."""

    def given(name: str) -> Schema:
        return core_schema.with_default_schema(
            core_schema.any_schema(), default_factory=lambda: shell.around[name]
        )

    earlier = around.member.earlier or ()
    fields = {name: core_schema.model_field(given(name)) for name in earlier}
    fields[around.member.name] = core_schema.model_field(schema)
    return core_schema.model_fields_schema(fields)


def changed_schema(node: Node, changes: Schema) -> Schema:
    """A node's schema with another core, below the same layers."""
    core = {**node.core, **changes}
    core.pop("ref", None)  # the name stays with the original

    def changed(schema: Schema) -> Schema:
        if schema is node.core:
            return core
        if schema["type"] == "definition-ref":
            return changed(node.plan.definitions[schema["schema_ref"]])
        inside = TRANSPARENT[schema["type"]]
        layer = {**schema, inside: changed(schema[inside])}
        layer.pop("ref", None)
        return layer

    return changed(node.schema)


def below_default(schema: Schema, change: Callable[[Schema], Schema]) -> Schema:
    """A missing value takes the default as ever: only what is below it changes."""
    if schema["type"] == "default" and raises(schema):
        return {**schema, "schema": change(schema["schema"])}
    return change(schema)


def defined(node: Node, schema: Schema) -> Schema:
    definitions = list(node.plan.definitions.values())
    return core_schema.definitions_schema(schema, definitions) if definitions else schema


def titled(node: Node) -> Schema:
    return node.config if node.title is None else {**(node.config or {}), "title": node.title}


# -- What stands in a slot -------------------------------------------------------------------------


def slot_of(shell: Shell, name: str) -> Schema:
    def slot(_: Any) -> Any:
        memo = shell.memos[name]
        if type(memo) is Failure:
            raise memo.error
        return memo

    return core_schema.no_info_plain_validator_function(slot)


def next_slot_of(shell: Shell, *, skips: bool) -> Schema:
    def slot(_: Any) -> Any:
        memo = next(shell.memos)
        if type(memo) is Failure:
            if skips and isinstance(memo.error, ValidationError):
                raise PydanticOmit
            raise memo.error
        return memo

    return core_schema.no_info_plain_validator_function(slot)


def spy(shell: Shell, name: str) -> Callable[[Schema], Schema]:
    """See what a native member becomes; nothing about its validation changes."""

    def see(value: Any) -> Any:
        shell.seen[name] = value
        return value

    return lambda schema: core_schema.no_info_after_validator_function(see, schema)
