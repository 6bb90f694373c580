"""What is certain of a value before it closes: that no continuation can make it valid.

A guard is read from the core schema, and fires only where Pydantic has no choice: functions that
see a value before its schema does, and kinds of schema that are not named here, let anything pass.
The one exception is a later member of the same name, which takes the place of what is wrong.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from enum import Enum, EnumMeta
from typing import Any

from pydantic import ValidationError
from pydantic_core import InitErrorDetails

from partialjson.events import Kind

from ._rebased import Details, Loc
from ._schemas import layers_of
from ._switches import Schema
from .plan import ArrayNode, Member, Node, ObjectNode, TaggedNode
from .shells import Failure, Shells

__all__ = ["Guard"]

Kinds = frozenset[Kind]

ANY: Kinds = frozenset({"array", "boolean", "null", "number", "object", "string"})
SCALARS: Kinds = frozenset({"boolean", "number", "string"})
STRINGS: Kinds = frozenset({"string"})

# The kinds that a schema may accept where it is lax; where it is strict they are fewer.
KINDS: dict[str, Kinds] = {
    **dict.fromkeys(("bool", "decimal", "float", "int"), SCALARS),
    **dict.fromkeys(("date", "datetime", "time", "timedelta"), frozenset({"number", "string"})),
    **dict.fromkeys(("bytes", "multi-host-url", "str", "url", "uuid"), STRINGS),
    **dict.fromkeys(("dataclass-args", "dict", "model-fields"), frozenset({"object"})),
    **dict.fromkeys(("tagged-union", "typed-dict"), frozenset({"object"})),
    **dict.fromkeys(("frozenset", "list", "set", "tuple"), frozenset({"array"})),
    "none": frozenset({"null"}),
}
# The kinds of what is equal to a value, or converted to it.
KINDS_OF_VALUES: dict[type, Kinds] = {
    bool: frozenset({"boolean", "number"}),
    float: SCALARS,
    int: SCALARS,
    str: STRINGS,
    type(None): frozenset({"null"}),
}
SAMPLES: dict[Kind, str] = {"array": "[]", "number": "0", "object": "{}", "string": '""'}


class Guard:
    """What is known of the values at one place."""

    __slots__ = (
        *("at_a_glance", "kinds", "max_items", "max_length", "names", "strings", "strips"),
        "watches",
    )

    kinds: Kinds  # that a value may have
    strings: frozenset[str] | None  # all that a string may be, if they can be listed
    max_length: int | None  # characters that a string may have
    strips: bool  # does white space around a string not count?
    watches: bool  # must a string be looked at while it grows?
    at_a_glance: Kinds  # that need no further look before the value is whole
    max_items: int | None  # that an array may have
    names: frozenset[str] | None  # that an object may have, if others are forbidden

    def __init__(self, node: Node) -> None:
        config = node.core_config or {}
        self.kinds = kinds_of(node.schema, node.plan.definitions, config)
        self.strings = strings_of(node.core)
        self.max_length, self.strips = length_of(node.core, config)
        self.watches = self.strings is not None or self.max_length is not None
        self.at_a_glance = self.kinds - STRINGS if self.watches else self.kinds
        self.max_items = max_items_of(node)
        self.names = names_of(node, node.plan.extra)


def guard_of(node: Node) -> Guard:
    """The guard of a place, made once."""
    if node.guard is None:
        node.guard = Guard(node)
    return node.guard  # type: ignore[no-any-return]


class StringWatch:
    """One string as it grows, until it is too long, or none of those that it may be."""

    __slots__ = ("_blank", "_guard", "_left", "_length", "_seen", "member", "node")

    node: Node  # the string's place
    member: Member | None  # the field that it is the value of

    def __init__(self, node: Node, member: Member | None, guard: Guard) -> None:
        self.node, self.member, self._guard = node, member, guard
        self._left = guard.strings
        self._seen: list[str] = []
        self._length = self._blank = 0  # without, and of, white space that may come to nothing

    def is_doomed_by(self, text: str) -> bool:
        """Whether nothing can save the string once it has grown by this text."""
        self._seen.append(text)
        if self._left is not None:
            so_far = self.so_far
            self._left = frozenset(string for string in self._left if string.startswith(so_far))
            return not self._left
        self._count(text)
        return self._guard.max_length is not None and self._length > self._guard.max_length

    @property
    def so_far(self) -> str:
        """The string as far as it has come."""
        return "".join(self._seen)

    def _count(self, text: str) -> None:
        if not self._guard.strips:
            self._length += len(text)
            return
        text = text if self._length else text.lstrip()
        bare = len(text.rstrip())
        if bare:
            self._length += self._blank + bare
            self._blank = 0
        self._blank += len(text) - bare if self._length else 0


# -- The errors that are certain -------------------------------------------------------------------


def kind_errors(shells: Shells, node: Node, kind: Kind) -> list[Details]:
    """What Pydantic says to a value of an impossible kind.

    `input` is the empty value of it, as it had arrived; of a number nothing is known.
    """
    errors = sample_errors(shells, node, SAMPLES.get(kind, "null"))
    return [{**error, "input": None} for error in errors] if kind == "number" else errors


def string_errors(shells: Shells, node: Node, so_far: str) -> list[Details]:
    """What Pydantic says to a string that began so."""
    return sample_errors(shells, node, json.dumps(so_far))


def unknown_tag(shells: Shells, node: TaggedNode, name: str, text: str) -> list[Details]:
    """What Pydantic says to a discriminator that names no choice; nothing if it may name one."""
    are_strings = len(node.choices) == len(node.core["choices"])
    if not are_strings or name != node.discriminators[0]:
        return []
    return sample_errors(shells, node, f"{{{json.dumps(name)}:{text}}}")


def sample_errors(shells: Shells, node: Node, text: str) -> list[Details]:
    result = shells.whole(node, text)
    if type(result) is Failure and isinstance(result.error, ValidationError):
        return list(result.error.errors())  # type: ignore[arg-type]
    return []


def too_many(node: Node, most: int) -> list[Details]:
    """What Pydantic says to an array of more items; `actual_length` is what had arrived."""
    field_type = "Tuple" if node.core["type"] == "tuple" else "List"
    context = {"field_type": field_type, "max_length": most, "actual_length": most + 1}
    return errors_of(InitErrorDetails(type="too_long", loc=(), input=None, ctx=context))


def forbidden(node: Node, name: str) -> list[Details]:
    """What Pydantic says to a name that is none of the fields'."""
    is_call = node.core["type"] == "dataclass-args"
    kind = "unexpected_keyword_argument" if is_call else "extra_forbidden"
    loc: Loc = (name,)
    return errors_of(InitErrorDetails(type=kind, loc=loc, input=None))


def errors_of(line: InitErrorDetails) -> list[Details]:
    error = ValidationError.from_exception_data("", [line], input_type="json")
    return list(error.errors())  # type: ignore[arg-type]


# -- What a schema can accept ----------------------------------------------------------------------


def kinds_of(schema: Schema, definitions: Mapping[str, Schema], config: Schema) -> Kinds:
    """The kinds that a value may have; any, where that is not known."""
    layers = list(layers_of(schema, definitions))
    core, kind = layers[-1], layers[-1]["type"]
    if kind == "union":
        choices = (choice[0] if type(choice) is tuple else choice for choice in core["choices"])
        kinds = Kinds().union(*(kinds_of(choice, definitions, config) for choice in choices))
    elif kind in {"enum", "literal"}:
        kinds = kinds_of_values(core)
    elif kind == "str" and setting("coerce_numbers_to_str", core, config):
        kinds = frozenset({"number", "string"})
    else:
        kinds = KINDS.get(kind, ANY)
    return kinds | {"null"} if any(layer["type"] == "nullable" for layer in layers) else kinds


def kinds_of_values(schema: Schema) -> Kinds:
    values = values_of(schema)
    if values is None:
        return ANY
    if schema.get("sub_type"):
        return SCALARS
    return Kinds().union(*(KINDS_OF_VALUES.get(type(value), ANY) for value in values))


def values_of(schema: Schema) -> list[Any] | None:
    """What a literal or an enum accepts; none if code decides."""
    if schema["type"] == "enum":
        return [member.value for member in schema["members"]] if is_plain(schema["cls"]) else None
    values = schema["expected"]
    return None if any(isinstance(value, Enum) for value in values) else values


def is_plain(cls: type[Enum]) -> bool:
    """Whether a call of an enum's class knows the values of its members and no others."""
    is_default = cls._missing_.__func__ is Enum._missing_.__func__  # type: ignore[attr-defined]
    known = len(cls._value2member_map_) + len(cls._unhashable_values_)  # type: ignore[attr-defined]
    return type(cls) is EnumMeta and is_default and known == len(cls)


def strings_of(schema: Schema) -> frozenset[str] | None:
    """All that a JSON string may be."""
    if schema["type"] not in {"enum", "literal"}:
        return None
    values = values_of(schema)
    plain = {bool, int, str, type(None)} if schema["type"] == "literal" else {str}
    if values is None or any(type(value) not in plain for value in values):
        return None
    return frozenset(value for value in values if type(value) is str)


def length_of(schema: Schema, config: Schema) -> tuple[int | None, bool]:
    """The characters that a JSON string may have, and whether it is stripped before."""
    if schema["type"] != "str":
        return None, False
    strips = schema.get("strip_whitespace", config.get("str_strip_whitespace", False))
    return schema.get("max_length", config.get("str_max_length")), strips


def setting(name: str, schema: Schema, config: Schema) -> bool:
    """What a schema says itself, else its configuration."""
    return bool(schema.get(name, config.get(name, False)))


def max_items_of(node: Node) -> int | None:
    if not isinstance(node, ArrayNode) or node.core["type"] not in {"list", "tuple"}:
        return None  # of a set only different items count
    if node.core["type"] == "tuple" and not node.repeats:
        return len(node.items)
    most: int | None = node.core.get("max_length")
    return most


def names_of(node: Node, extra: str | None) -> frozenset[str] | None:
    """The names that an object may have; none if others may stand there as well."""
    if not isinstance(node, ObjectNode):
        return None
    configured = (node.core_config or {}).get("extra_fields_behavior")
    own = node.core.get("extra_behavior") or node.core.get("extras_behavior") or configured
    if own != "forbid" or extra not in {None, "forbid"}:
        return None
    aliases = (field.get("validation_alias") for field in node.fields.values())
    return frozenset(node.fields).union(*(strings_in(alias) for alias in aliases))


def strings_in(alias: Any) -> Iterator[str]:
    """The names in an alias, paths and choices of paths included."""
    if isinstance(alias, str):
        yield alias
    elif isinstance(alias, list):
        for part in alias:
            yield from strings_in(part)
