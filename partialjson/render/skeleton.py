"""The shape of a value that is still to come, read from its type: for a screen to lay out.

What flows in is a type that Pydantic can validate, what flows out is plain data, ready for JSON. It
tells what the JSON Schema of the type tells; what the type checks beyond that is not known here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypedDict

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue, JsonSchemaWarningKind

from partialjson.events import Kind
from partialjson.path import JSON

if TYPE_CHECKING:
    from pydantic_core import CoreSchema

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
        repeats: True where a model comes inside itself: its members stand further out, under the
            same title.
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
    repeats: bool


def skeleton(T: Any, *, by_alias: bool = True) -> Skeleton:  # noqa: N803 - as Pydantic calls it
    """The shape of a value of a type, before its first character has come.

    Args:
        T: Anything that `pydantic.TypeAdapter` takes: a model, `list[Model]`, a union …
        by_alias: Whether members are named by their aliases, as in the JSON that is validated.
    """
    schema = TypeAdapter(T).json_schema(
        by_alias=by_alias, schema_generator=WhatCanBeSaid, mode="validation"
    )
    return Reader(schema.get("$defs", {})).shape_of(schema, ())


class WhatCanBeSaid(GenerateJsonSchema):
    """JSON Schema that says nothing of what it has no words for, instead of refusing all of it."""

    def handle_invalid_for_json_schema(
        self,
        schema: CoreSchema,  # noqa: ARG002 - whatever it is
        error_info: str,  # noqa: ARG002
    ) -> JsonSchemaValue:
        return {}

    def emit_warning(self, kind: JsonSchemaWarningKind, detail: str) -> None:
        """A default that is no JSON is left out."""


class Reader:
    """Reads the schemas of one type, whose definitions refer to each other."""

    def __init__(self, definitions: Mapping[str, Schema]) -> None:
        self._definitions = definitions

    def shape_of(self, schema: Any, within: tuple[str, ...]) -> Skeleton:
        """What a schema says, inside of the definitions that were gone through."""
        if not isinstance(schema, dict):  # `true` stands for anything
            return {"kind": "any"}
        if "$ref" in schema:
            return self._referred(schema, within)
        shape = self._one_of(schema, within) or self._alone(schema, within)
        for fact in FACTS:
            if fact in schema:
                shape[fact] = schema[fact]
        return shape

    def _referred(self, schema: Schema, within: tuple[str, ...]) -> Skeleton:
        """A definition, and what is said beside the reference to it."""
        name = schema["$ref"].removeprefix("#/$defs/").replace("~1", "/").replace("~0", "~")
        definition = {**self._definitions[name], **schema}
        del definition["$ref"]
        if name not in within:
            return self.shape_of(definition, (*within, name))
        again: Skeleton = {"kind": kind_of(definition), "repeats": True}
        again["title"] = definition.get("title", name)
        return again

    def _one_of(self, schema: Schema, within: tuple[str, ...]) -> Skeleton | None:
        """One of several, of which `null` is told apart; `None` where there is no choice."""
        choices = schema.get("anyOf") or schema.get("oneOf")
        if not choices:
            return None
        shapes = [self.shape_of(choice, within) for choice in choices if choice != NULL]
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

    def _alone(self, schema: Schema, within: tuple[str, ...]) -> Skeleton:
        shape: Skeleton = {"kind": kind_of(schema)}
        if "enum" in schema or "const" in schema:
            shape["enum"] = schema["enum"] if "enum" in schema else [schema["const"]]
        if "maxItems" in schema:
            shape["most"] = schema["maxItems"]
        if "properties" in schema:
            shape["members"] = self._members(schema, within)
        if schema.get("additionalProperties"):
            shape["values"] = self.shape_of(schema["additionalProperties"], within)
        if "prefixItems" in schema:
            shape["first"] = [self.shape_of(one, within) for one in schema["prefixItems"]]
        if "items" in schema:
            shape["items"] = self.shape_of(schema["items"], within)
        return shape

    def _members(self, schema: Schema, within: tuple[str, ...]) -> dict[str, Skeleton]:
        members = {
            name: self.shape_of(member, within) for name, member in schema["properties"].items()
        }
        for name in schema.get("required", []):
            members[name]["required"] = True
        return members


def kind_of(schema: Schema) -> Kind | Literal["any"]:
    """The one kind that a schema allows, if it says so."""
    if schema.get("type") in KINDS:
        return KINDS[schema["type"]]
    values = schema.get("enum") or ([schema["const"]] if "const" in schema else [])
    kinds = {kind_of_value(value) for value in values}
    return kinds.pop() if len(kinds) == 1 else "any"


def kind_of_value(value: JSON) -> Kind:
    if value is None:
        return "null"
    of_type: dict[type, Kind] = {bool: "boolean", str: "string", list: "array", dict: "object"}
    return of_type.get(type(value), "number")
