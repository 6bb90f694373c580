"""Types that nobody chose: drawn by a seed, each with texts that are mostly of it.

What flows in is a `random.Random`; what flows out is a type, whatever combination of models,
unions, containers, aliases, configurations and validators, and JSON made from its schema.
"""

from __future__ import annotations

import dataclasses
from collections import deque
from datetime import date, timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal, Optional, Union
from uuid import UUID

import pydantic.dataclasses
from pydantic import (
    AfterValidator,
    AliasChoices,
    AliasPath,
    BeforeValidator,
    ConfigDict,
    Field,
    Json,
    PlainValidator,
    RootModel,
    Strict,
    StringConstraints,
    WrapValidator,
    create_model,
    model_validator,
)
from pydantic_core import PydanticOmit, PydanticUseDefault
from typed_zoo import Color, Level, Shade
from typing_extensions import TypedDict

DEEPEST = 25  # a value of a type that recurses ends there

# -- Validators ------------------------------------------------------------------------------------


def same(value):
    return value


def turned(value):
    return value[::-1] if isinstance(value, list | str) else value


def choosy(value):
    if value in (3, "x", [], True):
        raise ValueError("no")
    return value


def unlike_the_last(value, info):
    if info.data and [*info.data.values()][-1] == value:
        raise ValueError("same")
    return value


def more_behind_an_odd_number(value, info):
    return value + 1 if type(value) is int and len(info.data or {}) % 2 else value


def passed_on(value, handler):
    return handler(value)


def crashing(value):
    if value == 5:
        raise KeyError("five")
    return value


def omitting(value):
    if value == 2:
        raise PydanticOmit
    return value


def defaulting(value):
    if value == "x":
        raise PydanticUseDefault
    return value


VALIDATORS = [
    *map(AfterValidator, (same, turned, choosy, unlike_the_last, more_behind_an_odd_number)),
    *map(AfterValidator, (crashing, omitting)),
    *map(BeforeValidator, (same, unlike_the_last, defaulting)),
    WrapValidator(passed_on),
    PlainValidator(same),
]


def as_it_is(self):
    return self


def differing(self):
    values = [*vars(self).values()]
    if len(values) > 1 and values[0] == values[1]:
        raise ValueError("equal")
    return self


def raised(self):
    for name, value in [*vars(self).items()]:
        if type(value) is int:
            vars(self)[name] = value + 1
    return self


AFTER = [model_validator(mode="after")(each) for each in (as_it_is, differing, raised)]
AROUND = [
    model_validator(mode="before")(classmethod(lambda _, value: value)),
    model_validator(mode="wrap")(classmethod(lambda _, value, handler: handler(value))),
]

# -- Types -----------------------------------------------------------------------------------------

SCALARS = [
    *(int, str, float, bool, int, str, date, Decimal, UUID, bytes, timedelta, Any, type(None)),
    *(Literal["a", "bb", 1], Literal["x"], Color, Shade, Level, Json, Json[int]),
    Annotated[str, Field(max_length=2)],
    Annotated[str, Field(min_length=1), StringConstraints(strip_whitespace=True)],
    Annotated[str, Field(pattern="^a")],
    Annotated[int, Field(ge=0, le=3)],
    Annotated[int, Strict()],
]

SETTINGS: dict[str, tuple[float, list[Any]]] = {  # how likely, and what it may be
    "extra": (0.2, ["forbid", "allow", "ignore"]),
    "populate_by_name": (0.15, [True]),
    "strict": (0.1, [True]),
    "str_strip_whitespace": (0.1, [True]),
    "str_max_length": (0.1, [4]),
    "validate_default": (0.1, [True]),
    "frozen": (0.1, [True]),
    "hide_input_in_errors": (0.1, [True]),
    "loc_by_alias": (0.1, [False]),
    "revalidate_instances": (0.1, ["always"]),
    "coerce_numbers_to_str": (0.07, [True]),
    "use_enum_values": (0.07, [True]),
    "title": (0.07, ["Some title"]),
}

ALIASES = [
    {"alias": "Alias"},
    {"alias": "Other"},
    {"validation_alias": AliasChoices("p", "q")},
    {"validation_alias": AliasChoices("q", "r")},
    {"validation_alias": AliasPath("p", 0)},
    {"validation_alias": AliasChoices("u", AliasPath("p", "x"))},
]


class Types:
    """A source of types; each class has a name of its own."""

    def __init__(self, chance):
        self.chance, self.count = chance, 0

    def root(self):
        kinds = [lambda: self.model(3), lambda: self.any(4), lambda: self.tagged(2)]
        return self.chance.choice([*kinds, lambda: list[self.model(2)]])()

    def any(self, depth):
        kinds = [self.one_of_many, self.one_of_two, self.model, self.model, self.tagged]
        if depth <= 0 or self.chance.random() < 0.3:
            of = self.chance.choice(SCALARS)
        else:
            of = self.chance.choice(kinds)(depth - 1)
        return Annotated[of, self.chance.choice(VALIDATORS)] if self.chance.random() < 0.18 else of

    def one_of_many(self, depth):
        of, few = self.any(depth), Field(min_length=1, max_length=self.chance.choice([1, 2, 3]))
        kinds = [list[of], list[of], dict[str, of], dict[int, of], tuple[of, ...], deque[of]]
        kinds += [Annotated[list[of], few], tuple[of, self.any(depth)], set[int], set[str]]
        return self.chance.choice(kinds)

    def one_of_two(self, depth):
        of = self.any(depth)
        return self.chance.choice([Optional[of], Union[of, self.any(depth)]])  # noqa: UP007, UP045

    def model(self, depth):
        fields = {name: self.any(depth) for name in self.names()}
        kind, name = self.chance.random(), self.named("Model")
        if kind < 0.07:
            return TypedDict(name, fields, total=self.chance.random() < 0.5)
        if kind < 0.2:
            made = dataclasses.make_dataclass(name, fields.items())
            return made if kind < 0.13 else pydantic.dataclasses.dataclass(made)
        if kind < 0.25:
            return create_model(name, __base__=RootModel[self.any(depth)])
        fields = {name: (of, self.field()) for name, of in fields.items()}
        return self.class_of(name, fields, self.config(), [*AFTER, *AROUND])

    def tagged(self, depth):
        by = {"alias": "ty"} if self.chance.random() < 0.2 else {}
        choices = []
        for tag in self.chance.sample(["k1", "k2", "k3"], self.chance.choice([2, 3])):
            fields = {name: (self.any(depth), self.field()) for name in self.names()}
            fields = [*fields.items(), ("kind", (Literal[tag], Field(**by)))]
            self.chance.shuffle(fields)
            config = ConfigDict() if by else self.config()
            choices.append(self.class_of(self.named(tag), dict(fields), config, AFTER))
        return Annotated[Union[tuple(choices)], Field(discriminator="kind")]  # noqa: UP007

    def class_of(self, name, fields, config, validators):
        often = self.chance.random() < 0.35
        held = {"check": self.chance.choice(validators)} if often else {}
        return create_model(name, __config__=config, __validators__=held, **fields)

    def field(self):
        facts = dict(self.chance.choice(ALIASES)) if self.chance.random() < 0.25 else {}
        if self.chance.random() < 0.4:
            facts["default"] = self.chance.choice([None, 1, "x", [], {}])
        elif self.chance.random() < 0.1:
            facts["default_factory"] = self.chance.choice([list, dict])
        if self.chance.random() < 0.1:
            facts["validate_default"] = True
        return Field(**facts)

    def config(self):
        found = {
            name: self.chance.choice(values)
            for name, (share, values) in SETTINGS.items()
            if self.chance.random() < share
        }
        return ConfigDict(**found)

    def names(self):
        return self.chance.sample("abcdefg", self.chance.randrange(5))

    def named(self, kind):
        self.count += 1
        return f"{kind}_{self.count}"


# -- Texts -----------------------------------------------------------------------------------------

ATOMS = {
    "int": [0, 1, 2, 3, 5, "1"],
    "str": ["a", "ab", "x", "abcdef", " a "],
    "float": [1.5, 2],
    "bool": [True],
    "none": [None],
    "date": ["2024-01-02"],
    "decimal": ["1.5"],
    "uuid": ["12345678-1234-5678-1234-567812345678"],
    "bytes": ["b"],
    "timedelta": ["PT1S"],
    "any": [1, [1], {"x": 1}],
    "json": ["1", "[1]", "x"],
    "function-plain": [1, "x", [1]],
}


class Sample:
    """JSON that is probably valid, by a core schema."""

    def __init__(self, chance, schema):
        self.chance = chance
        self.definitions = {part["ref"]: part for part in schema.get("definitions", ())}
        self.schema = schema["schema"] if schema["type"] == "definitions" else schema

    def value(self):
        return self.of(self.schema, 0)

    def of(self, schema, depth):  # noqa: PLR0911 - a kind after the other
        kind, some = schema["type"], self.chance.choice
        if depth > DEEPEST or (kind == "nullable" and self.chance.random() < 0.2):
            return None
        if kind in ATOMS:
            return some(ATOMS[kind])
        if kind in {"literal", "enum"}:
            known = schema["expected"] if kind == "literal" else schema["members"]
            return getattr(found := some(known), "value", found)
        if kind in {"model-fields", "typed-dict", "dataclass-args"}:
            return self.members(schema["fields"], depth)
        if kind == "dict":
            names = self.chance.sample(["1", "2", "a", "01"], self.chance.randrange(3))
            return {name: self.of(schema["values_schema"], depth + 1) for name in names}
        if kind in {"list", "set", "deque", "tuple"}:
            return [self.of(item, depth + 1) for item in self.items(schema)]
        return self.of(self.inner(schema), depth + 1)

    def items(self, schema):
        if schema["type"] != "tuple":
            return [schema.get("items_schema", {"type": "any"})] * self.chance.randrange(4)
        repeats = schema.get("variadic_item_index") is not None
        return schema["items_schema"] * (self.chance.randrange(3) if repeats else 1)

    def inner(self, schema):
        match schema["type"]:
            case "definition-ref":
                return self.definitions[schema["schema_ref"]]
            case "tagged-union":
                return self.chance.choice([*schema["choices"].values()])
            case "union":
                found = self.chance.choice(schema["choices"])
                return found[0] if isinstance(found, tuple) else found
            case "chain":
                return schema["steps"][0]
        names = ("schema", "json_schema", "lax_schema")
        return next((schema[name] for name in names if name in schema), {"type": "any"})

    def members(self, fields, depth):
        if isinstance(fields, list):
            fields = {field["name"]: field for field in fields}
        found = {}
        for name, field in fields.items():
            may_miss = field["schema"]["type"] == "default" or field.get("required") is False
            if not may_miss or self.chance.random() < 0.6:
                found |= self.member(name, field, self.of(field["schema"], depth + 1))
        return found

    def member(self, name, field, value):
        alias = field.get("validation_alias", name)
        if isinstance(alias, list):
            path = self.chance.choice(alias) if isinstance(alias[0], list) else alias
            alias, *rest = path
            for key in rest:
                value = [value] if key == 0 else {key: value}
        return {alias: value}
