"""The shape of a value that is still to come, read from its type: for a screen to lay out.

What flows in is a type that Pydantic can validate, what flows out is plain data, ready for JSON. It
tells what the JSON Schema of the type tells; what the type checks beyond that is not known here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypedDict

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue, JsonSchemaWarningKind

from partialjson.events import Kind
from partialjson.path import JSON, unescaped

if TYPE_CHECKING:
    from pydantic_core import CoreSchema, core_schema

__all__ = ["Skeleton", "skeleton"]

Schema: TypeAlias = Mapping[str, Any]

KINDS: dict[str, Kind] = {
    "object": "object",
    "array": "array",
    "string": "string",
    "integer": "number",
    "number": "number",
    "boolean": "boolean",
    "null": "null",
}
NULL = {"type": "null"}
FACTS: tuple[Literal["title", "description", "format", "default"], ...] = (
    "title",
    "description",
    "format",
    "default",
)


class Skeleton(TypedDict, total=False):
    """What is known of a value before it comes; what is not known is left out.

    Attributes:
        kind: The value's kind, as in events; `"any"` where it may be of several, or nothing tells.
        nullable: True where it may be `null` instead.
        title: A label; the member's or the model's own.
        description: What its author says of it.
        format: What a string holds: `"date-time"`, `"uuid"`, `"email"` …
        enum: All values that it may have.
        default: What it will be if it does not come. It has not come: mark it as a default.
        required: True where its parent is not valid without it.
        members: Of an object: the members that are known, by their names in JSON, in their order.
        values: Of an object: what any other member looks like.
        first: Of an array: its first elements, each at its place.
        items: Of an array: what every other element looks like.
        most: Of an array: how many elements it may have.
        choices: What it may look like, where that is one of several.
        tag: The name of the member that tells which of the choices it is.
        refers: Of a model that comes inside itself: the name of its shape among `definitions`.
        definitions: Of the outermost shape: those of the models that come inside themselves.
    """

    kind: Kind | Literal["any"]
    nullable: bool
    title: str
    description: str
    format: str
    enum: list[JSON]
    default: JSON
    required: bool
    members: dict[str, Skeleton]
    values: Skeleton
    first: list[Skeleton]
    items: Skeleton
    most: int
    choices: list[Skeleton]
    tag: str
    refers: str
    definitions: dict[str, Skeleton]


def skeleton(T: Any, *, by_alias: bool = True) -> Skeleton:  # noqa: N803 - as Pydantic calls it
    """The shape of a value of a type, before its first character has come.

    Args:
        T: Anything that `pydantic.TypeAdapter` takes: a model, `list[Model]`, a union …; or a
            `TypeAdapter`.
        by_alias: Whether members are named by their aliases, as in the JSON that is validated.
    """
    adapter: TypeAdapter[Any] = T if isinstance(T, TypeAdapter) else TypeAdapter(T)
    schema = adapter.json_schema(
        by_alias=by_alias, schema_generator=WhatCanBeSaid, mode="validation"
    )
    return Reader(schema.get("$defs", {})).outermost(schema)


class WhatCanBeSaid(GenerateJsonSchema):
    """JSON Schema that says nothing of what it has no words for, instead of refusing all of it."""

    def handle_invalid_for_json_schema(
        self,
        schema: CoreSchema,  # noqa: ARG002 - whatever it is
        error_info: str,  # noqa: ARG002
    ) -> JsonSchemaValue:
        return {}

    def enum_schema(self, schema: core_schema.EnumSchema) -> JsonSchemaValue:
        try:
            return super().enum_schema(schema)
        except ValueError:  # bytes that are no text
            return {}

    def emit_warning(self, kind: JsonSchemaWarningKind, detail: str) -> None:
        """A default that is no JSON is left out."""


class Reader:
    """Reads the schemas of one type, whose definitions refer to each other.

    A definition that comes inside itself is laid out once; were it laid out wherever it is met, a
    few models in one union would fill the memory.
    """

    def __init__(self, definitions: Mapping[str, Schema]) -> None:
        self._schemas = definitions
        self._inside = {name: references_in(schema) for name, schema in definitions.items()}
        self._definitions: dict[str, Skeleton] = {}

    def outermost(self, schema: Schema) -> Skeleton:
        """What a schema says, with the definitions that it refers to."""
        shape = self.shape_of({name: part for name, part in schema.items() if name != "$defs"})
        if self._definitions:
            shape["definitions"] = self._definitions
        return shape

    def shape_of(self, schema: Any) -> Skeleton:
        """What a schema says."""
        if not isinstance(schema, dict):  # `true` stands for anything
            return {"kind": "any"}
        if "$ref" in schema:
            return self._referred(schema)
        return with_facts(self._one_of(schema) or self._alone(schema), schema)

    def _referred(self, schema: Schema) -> Skeleton:
        """A definition, and what is said beside the reference to it."""
        name = name_of(schema["$ref"])
        if name not in self._schemas:  # somebody else's
            return {"kind": "any"}
        definition = {**self._schemas[name], **schema}
        del definition["$ref"]
        if not self._comes_inside_itself(name):
            return self.shape_of(definition)
        if name not in self._definitions:
            self._definitions[name] = {"kind": "any"}  # while it is laid out, it may be met again
            self._definitions[name] = self.shape_of(self._schemas[name])
        return with_facts({"kind": kind_of(self._schemas[name]), "refers": name}, definition)

    def _comes_inside_itself(self, name: str) -> bool:
        seen: set[str] = set()
        ahead = [name]
        while ahead:
            inside = self._inside.get(ahead.pop(), set()) - seen
            if name in inside:
                return True
            seen |= inside
            ahead += inside
        return False

    def _one_of(self, schema: Schema) -> Skeleton | None:
        """One of several, of which `null` is told apart; `None` where there is no choice."""
        choices = schema.get("anyOf") or schema.get("oneOf")
        if not choices:
            return None
        shapes = [self.shape_of(choice) for choice in choices if choice != NULL]
        shape: Skeleton = {"kind": "any", "choices": shapes}
        if len(shapes) == 1:
            (shape,) = shapes
        elif len({one["kind"] for one in shapes}) == 1:
            shape["kind"] = shapes[0]["kind"]
        if NULL in choices:
            shape["nullable"] = True
        if tag := schema.get("discriminator", {}).get("propertyName"):
            shape["tag"] = tag
        return shape

    def _alone(self, schema: Schema) -> Skeleton:
        shape: Skeleton = {"kind": kind_of(schema)}
        values = values_of(schema)
        if values:
            shape["enum"] = values
        if shape["kind"] != "null" and (None in values or "null" in types_of(schema)):
            shape["nullable"] = True
        if "maxItems" in schema:
            shape["most"] = schema["maxItems"]
        if "properties" in schema:
            shape["members"] = self._members(schema)
        by_pattern = iter(schema.get("patternProperties", {}).values())
        if others := schema.get("additionalProperties") or next(by_pattern, False):
            shape["values"] = self.shape_of(others)
        if "prefixItems" in schema:
            shape["first"] = [self.shape_of(one) for one in schema["prefixItems"]]
        if "items" in schema:
            shape["items"] = self.shape_of(schema["items"])
        return shape

    def _members(self, schema: Schema) -> dict[str, Skeleton]:
        members = {name: self.shape_of(part) for name, part in schema["properties"].items()}
        for name in members.keys() & set(schema.get("required", ())):
            members[name]["required"] = True
        return members


def references_in(schema: Any) -> set[str]:
    """The names of the definitions that a schema refers to."""
    if isinstance(schema, list):
        return {name for part in schema for name in references_in(part)}
    if not isinstance(schema, dict):
        return set()
    ref = schema.get("$ref")
    own = {name_of(ref)} if isinstance(ref, str) else set()
    return own.union(*(references_in(part) for part in schema.values()))


def name_of(ref: str) -> str:
    """The name of the definition that a reference points to."""
    return unescaped(ref.removeprefix("#/$defs/"))


def with_facts(shape: Skeleton, schema: Schema) -> Skeleton:
    """A shape, and what the author says of it."""
    for fact in FACTS:
        if fact in schema and is_json(schema[fact]):
            shape[fact] = schema[fact]
    return shape


def is_json(fact: JSON) -> bool:
    """Whether a fact can be written as JSON: an infinite default cannot."""
    try:
        json.dumps(fact, allow_nan=False)
    except (TypeError, ValueError):
        return False
    return True


def types_of(schema: Schema) -> list[str]:
    """The types that a schema names."""
    types = schema.get("type", [])
    return types if isinstance(types, list) else [types]


def values_of(schema: Schema) -> list[JSON]:
    """All values that a schema allows, if it lists them."""
    if "enum" in schema:
        return list(schema["enum"])
    return [schema["const"]] if "const" in schema else []


def kind_of(schema: Schema) -> Kind | Literal["any"]:
    """The one kind beside `null` that a schema allows, if it says so."""
    kinds = {KINDS[name] for name in types_of(schema) if name in KINDS}
    kinds = kinds or {kind_of_value(value) for value in values_of(schema)}
    if len(kinds) > 1:
        kinds.discard("null")
    return kinds.pop() if len(kinds) == 1 else "any"


def kind_of_value(value: JSON) -> Kind:
    if value is None:
        return "null"
    of_type: dict[type, Kind] = {bool: "boolean", str: "string", list: "array", dict: "object"}
    return of_type.get(type(value), "number")
