"""Other people's vectors: scalars as Pydantic converts them, the JSON Schema suite as models."""

from __future__ import annotations

import json
import random
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal, NotRequired
from uuid import UUID

from pydantic import (
    AnyUrl,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    create_model,
    with_config,
)
from test_typed_fuzz import outcome, streamed
from typed_zoo import pieces
from typing_extensions import TypedDict

from partialjson import Invalid, TypedParser, Valid

SCALARS = {
    **{kind.__name__: kind for kind in (bool, date, datetime, float, int, str, time, timedelta)},
    "decimal": Decimal,
    "url": AnyUrl,
    "uuid": UUID,
}


def read(of, text, **arguments):
    """The final value as its `repr`, or the types of the errors; each character by itself."""
    parser = TypedParser(of, **arguments)
    told = [event for character in text for event in parser.feed(character)]
    try:
        end = {"repr": repr(parser.close())}
    except ValidationError as error:
        end = {"error": [details["type"] for details in error.errors()]}
    last = (told + parser.last_events)[-1]
    assert isinstance(last, Valid if "repr" in end else Invalid)
    return end


def test_scalars_are_converted_as_pydantic_converts_them(corpora):
    lines = (corpora / "pydantic_cases/scalar_types.jsonl").read_text("utf-8").splitlines()
    compared = 0
    for line in lines:
        case = json.loads(line)
        of = SCALARS[case["type"]]
        for mode, strict in (("lax", None), ("strict", True)):
            expected = {key: case[mode][key] for key in ("repr", "error") if key in case[mode]}
            assert read(of, case["json"], strict=strict) == expected, (case, mode)
            compared += 1
    assert compared > 700


# -- JSON Schema -----------------------------------------------------------------------------------

KINDS = {"string": str, "integer": int, "number": float, "boolean": bool, "null": None}
CONSTRAINTS = {
    "minimum": "ge",
    "maximum": "le",
    "exclusiveMinimum": "gt",
    "exclusiveMaximum": "lt",
    "minLength": "min_length",
    "maxLength": "max_length",
    "minItems": "min_length",
    "maxItems": "max_length",
    "pattern": "pattern",
}
OF_KIND = {"string": ("Length", "pattern"), "array": ("Items",), "number": ("imum",)}


def type_of(schema):  # noqa: PLR0911 - one line for each kind of schema
    """A type that asks for what a schema does, as nearly as types can."""
    if not isinstance(schema, dict):
        return Any
    for key in ("anyOf", "oneOf"):
        if key in schema:
            branches = [type_of(branch) for branch in schema[key]]
            union = branches[0]
            for branch in branches[1:]:
                union |= branch
            return union
    if "enum" in schema or "const" in schema:
        return literal(schema.get("enum", [schema.get("const")]))
    if "properties" in schema or "required" in schema:
        return object_of(schema)
    kind = schema.get("type") or guessed_kind(schema)
    if kind == "array" or "items" in schema or "prefixItems" in schema:
        return array_of(schema)
    if kind == "object":
        return dict[str, type_of(schema.get("additionalProperties", True))]
    if isinstance(kind, list):
        kinds = [type_of({**schema, "type": one}) for one in kind]
        return kinds[0] if len(kinds) == 1 else kinds[0] | kinds[1]
    return constrained(KINDS[kind], schema) if kind in KINDS else Any


def guessed_kind(schema):
    for kind, marks in OF_KIND.items():
        if any(mark in key for key in schema for mark in marks):
            return kind
    return None


def constrained(kind, schema):
    found = {CONSTRAINTS[key]: schema[key] for key in schema if key in CONSTRAINTS}
    return Annotated[kind, Field(**found)] if found else kind


def literal(values):
    plain = tuple(value for value in values if isinstance(value, str | int | bool | None))
    return Literal[plain] if len(plain) == len(values) else Any


def array_of(schema):
    items = schema.get("items", True)
    if "prefixItems" in schema and items is False:
        return tuple[tuple(type_of(item) for item in schema["prefixItems"])]
    return constrained(list[type_of(items)], schema)


def object_of(schema):
    names = {**dict.fromkeys(schema.get("required", ()), True), **schema.get("properties", {})}
    extra = "forbid" if schema.get("additionalProperties") is False else "allow"
    required = set(schema.get("required", ()))
    if all(name.isidentifier() and not name.startswith("_") for name in names):
        fields = {
            f"field_{name}": (type_of(part), Field(... if name in required else None, alias=name))
            for name, part in names.items()
        }
        return create_model("Model", __config__=ConfigDict(extra=extra), **fields)
    parts = {
        name: type_of(part) if name in required else NotRequired[type_of(part)]
        for name, part in names.items()
    }
    return with_config(ConfigDict(extra=extra))(TypedDict("Dict", parts))


def schemas_in(folder):
    for file in sorted(folder.rglob("*.json")):
        for group in json.loads(file.read_text("utf-8")):
            yield f"{file.stem}: {group['description']}", group["schema"], group["tests"]


def test_models_of_the_json_schema_suite_judge_its_data_as_pydantic_does(corpora):
    chance, seen = random.Random(0), {"valid": 0, "invalid": 0}
    for title, schema, tests in schemas_in(corpora / "pydantic_cases/draft2020-12"):
        try:
            of = type_of(schema)
            adapter = TypeAdapter(of)
        except Exception:  # noqa: BLE001, S112 - what is no type is nothing to compare
            continue
        if of is Any:
            continue
        for test in tests:
            text, told = json.dumps(test["data"]), []
            expected = outcome(adapter.validate_json, text)
            assert outcome(streamed, adapter, pieces(chance, text), told) == expected, (title, text)
            assert type(told[-1]) is (Valid if expected[0] == "valid" else Invalid)
            seen[expected[0]] += 1
    assert seen["valid"] > 150
    assert seen["invalid"] > 150
