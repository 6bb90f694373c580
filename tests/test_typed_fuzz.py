"""The gate of typed validation: the same value and the same errors as Pydantic over the whole text.

Documents of every type of the zoo, mostly spoilt, cut in pieces of any length. What is compared is
everything that can be seen: values with their types, fields set, extras and private attributes;
errors with their order, their title and their text. `--typed-documents` and `--typed-seed` ask for
more than a usual run has (`nox -s typed-fuzz`, `nox -s typed-long`).
"""

from __future__ import annotations

import dataclasses
import inspect
import json
import os
import random
from collections import Counter, deque

import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError
from typed_random import Sample, Types
from typed_zoo import CALLS, ZOO, Long, Short, document, has_repeated_names, pieces

from partialjson import (
    Doomed,
    IncompleteJSONError,
    Invalid,
    JSONSyntaxError,
    TypedParser,
    Valid,
    ValueEnd,
)

USUAL = 20_000 if os.environ.get("HYPOTHESIS_PROFILE") == "ci" else 2_000
PLAIN_OF = 4  # every how many documents have arguments of a run
ARGUMENTS = [
    {"strict": True},
    {"strict": False},
    {"context": {"add": 5}},
    {"by_alias": False, "by_name": True},
    {"by_alias": True, "by_name": True},
    {"extra": "forbid"},
    {"extra": "allow"},
    {"extra": "ignore"},
    {"strict": True, "extra": "forbid", "context": {"add": 1}},
]
KNOWN = set(inspect.signature(TypeAdapter.validate_json).parameters)
ARGUMENTS = [arguments for arguments in ARGUMENTS if set(arguments) <= KNOWN]
# Definitions that are no class, in classes of different configurations: seen by Pydantic alone.
AS_A_WHOLE = [Long, list[Short]]
ADAPTERS = [of if isinstance(of, TypeAdapter) else TypeAdapter(of) for of, _ in ZOO]


# -- What can be seen ------------------------------------------------------------------------------


def exact(value):
    """A form in which everything differs that a user could tell apart."""
    if isinstance(value, BaseModel):
        fields = [(name, exact(part)) for name, part in value.__dict__.items()]
        more = exact(value.__pydantic_extra__), exact(value.__pydantic_private__)
        return type(value), fields, sorted(value.model_fields_set), more
    if dataclasses.is_dataclass(value):
        names = [field.name for field in dataclasses.fields(value)]
        return type(value), [(name, exact(getattr(value, name))) for name in names]
    if isinstance(value, dict):
        return type(value), [(exact(key), exact(part)) for key, part in value.items()]
    if isinstance(value, list | tuple | deque):
        return type(value), [exact(part) for part in value]
    return type(value), repr(value)


def outcome(result, *arguments, **options):
    """What a call gives or raises; a text that is no JSON is the same, however it is refused."""
    try:
        return "valid", exact(result(*arguments, **options))
    except ValidationError as error:
        first = error.errors()[0]
        if first["type"] == "json_invalid" and not first["loc"]:
            return ("no JSON",)
        return "invalid", error.title, repr(error.errors()), str(error)
    except (JSONSyntaxError, IncompleteJSONError):
        return ("no JSON",)
    except Exception as error:  # noqa: BLE001 - what a validator raises passes through as it is
        return "crashed", type(error), str(error)


def streamed(of, deltas, told, **options):
    parser = TypedParser(of, **options)
    try:
        for delta in deltas:
            told += parser.feed(delta)
        return parser.close()
    finally:
        told += parser.last_events


# -- The oracle of places --------------------------------------------------------------------------

WRAPPERS = {
    **dict.fromkeys(("dataclass", "default", "function-after", "model", "nullable"), "schema"),
    "json-or-python": "json_schema",
}
LISTS = {"list", "set", "frozenset", "tuple"}


def places(schema, value, path, definitions):
    """The paths of all values outside the kinds of schema that are opaque."""
    yield path
    kind = schema["type"]
    while kind in WRAPPERS or kind == "definition-ref":
        if schema.get("custom_init") or "on_error" in schema:
            return
        is_reference = kind == "definition-ref"
        key = schema["schema_ref"] if is_reference else WRAPPERS[kind]
        schema = definitions[key] if is_reference else schema[key]
        kind = schema["type"]
    if kind == "tagged-union" and isinstance(schema["discriminator"], str):
        tag = value.get(schema["discriminator"]) if isinstance(value, dict) else None
        if type(tag) is str and tag in schema["choices"]:
            inner = places(schema["choices"][tag], value, path, definitions)
            yield from list(inner)[1:]
        return
    parts = dict(enumerate(value)) if isinstance(value, list) else value
    for key, part in parts.items() if isinstance(parts, dict) else ():
        inside = schema_inside(schema, key) if (kind in LISTS) == isinstance(value, list) else None
        is_forgiven = inside is not None and "on_error" in inside
        if inside is not None and not is_forgiven:
            yield from places(inside, part, (*path, key), definitions)


def schema_inside(schema, key):
    kind = schema["type"]
    if kind in {"model-fields", "typed-dict", "dataclass-args"}:
        fields = schema["fields"]
        listed = (
            fields if isinstance(fields, list) else [{"name": n} | f for n, f in fields.items()]
        )
        return next((f["schema"] for f in listed if is_named(f, key)), None)
    if kind == "dict":
        return schema.get("values_schema")
    items = schema.get("items_schema") if kind in LISTS else None
    if isinstance(items, list):
        variadic = schema.get("variadic_item_index") is not None
        return items[key] if key < len(items) else items[-1] if variadic else None
    return items


def is_named(field, name):
    return field.get("validation_alias", field["name"]) == name


def told_at_once(told):
    """The paths that have their verdict between their own end and the next.

    A member that comes before the discriminator of its union has it at the end of that.
    """
    found, last = set(), ()
    for event in told:
        if type(event) is ValueEnd:
            last = event.path
        elif type(event) in {Valid, Invalid}:
            union = last[:-1] if last[-1:] in {("kind",), ("type",), ("sub",)} else None
            if event.path == last or event.path[: len(last) - 1] == union:
                found.add(event.path)
    return found


# -- The measurement -------------------------------------------------------------------------------


class Measured(Counter):
    """Counts; and the documents that should not exist, to be read when there are any."""

    def __init__(self):
        super().__init__()
        self.differences, self.false_alarms, self.unsound, self.called_again = [], [], [], []
        self.verdicts = []


def measure(count, seed):
    measured, chance = Measured(), random.Random(seed)
    for number in range(count):
        which = number % len(ZOO)
        (of, text), adapter = ZOO[which], ADAPTERS[which]
        arguments = {} if number % PLAIN_OF else chance.choice(ARGUMENTS)
        look_at(measured, chance, of, adapter, document(chance, text), arguments)
    return measured


def look_at(measured, chance, of, adapter, text, arguments):  # noqa: PLR0917 - all that a case is
    CALLS.clear()
    expected = outcome(adapter.validate_json, text, **arguments)
    calls, told = Counter(CALLS), []
    CALLS.clear()
    found = outcome(streamed, of, pieces(chance, text), told, **arguments)
    case = of, text, arguments
    measured["documents"] += 1
    measured[expected[0]] += 1
    if found != expected:
        measured.differences.append((case, expected, found))
    if expected[0] == "no JSON" or has_repeated_names(text):
        return
    if Counter(CALLS) != calls and expected[0] != "crashed":
        measured.called_again.append((case, calls, Counter(CALLS)))
    doomed = [event for event in told if type(event) is Doomed]
    if expected[0] == "valid":
        measured["valid, names once"] += 1
        if doomed:
            measured.false_alarms.append((case, doomed))
        if any(type(event) is Invalid for event in told) and not came_twice(of, text):
            measured.unsound.append(case)
    if expected[0] == "invalid":
        measured["invalid, names once"] += 1
        measured["doomed"] += bool(doomed)
    if expected[0] != "crashed" and of not in AS_A_WHOLE:
        count_verdicts(measured, adapter, text, told, case)


def came_twice(of, text):
    """Whether a field has two values under two names: the one that came first may not count."""
    return has_repeated_names(text) or getattr(of, "__name__", "") in {
        "Aliased",
        "SameAlias",
        "Camel",
    }


def count_verdicts(measured, adapter, text, told, case):
    schema = adapter.core_schema
    definitions = {part["ref"]: part for part in schema.get("definitions", ())}
    schema = schema["schema"] if schema["type"] == "definitions" else schema
    expected = set(places(schema, json.loads(text), (), definitions))
    measured["values"] += len(expected)
    measured["told at once"] += len(expected & told_at_once(told))
    verdicts = Counter(event.path for event in told if type(event) in {Valid, Invalid})
    dooms = Counter(event.path for event in told if type(event) is Doomed)
    if max(verdicts.values(), default=0) > 1 or max(dooms.values(), default=0) > 1:
        measured.verdicts.append(case)


@pytest.fixture(scope="module")
def measured(request):
    count = request.config.getoption("--typed-documents") or USUAL
    seed = request.config.getoption("--typed-seed")
    found = measure(count, seed)
    print({**found, "seed": seed, "differences": len(found.differences)})  # noqa: T201 - with -s
    return found


def test_every_value_and_every_error_is_the_same(measured):
    assert not measured.differences[:3]


def test_valid_and_invalid_and_broken_documents_were_compared(measured):
    every = measured["documents"]
    assert measured["valid"] > every / 4
    assert measured["invalid"] > every / 4
    assert measured["no JSON"] > every / 50
    assert measured["crashed"] > 0


def test_a_guard_never_fires_for_a_document_that_validates(measured):
    assert not measured.false_alarms[:3]


def test_no_value_is_called_invalid_in_a_document_that_validates(measured):
    assert not measured.unsound[:3]


def test_four_of_ten_invalid_documents_are_doomed_before_the_wrong_value_closes(measured):
    assert measured["doomed"] >= 0.4 * measured["invalid, names once"]


def test_no_validator_is_called_more_often_than_by_pydantic_itself(measured):
    assert not measured.called_again[:3]


def test_nearly_all_values_have_their_verdict_at_their_own_last_character(measured):
    assert measured["told at once"] >= 0.95 * measured["values"]


def test_no_value_has_two_verdicts_and_none_is_doomed_twice(measured):
    assert not measured.verdicts[:3]


# -- Types that nobody chose -----------------------------------------------------------------------


def test_of_types_that_nobody_chose_every_value_and_every_error_is_the_same():
    measured, chance = Measured(), random.Random(USUAL)
    types = Types(chance)
    for _ in range(USUAL // 50):
        of = types.root()
        adapter = TypeAdapter(of)
        sample = Sample(chance, adapter.core_schema)
        for _ in range(10):
            text = document(chance, json.dumps(sample.value()), (0, 0, 1, 1, 2, 3))
            arguments = {} if chance.random() < 0.7 else chance.choice(ARGUMENTS)
            look_at(measured, chance, chance.choice([of, adapter]), adapter, text, arguments)
    print({**measured, "differences": len(measured.differences)})  # noqa: T201 - with -s
    assert not measured.differences[:3]
    assert not measured.false_alarms[:3]
    assert not measured.verdicts[:3]
    assert measured["valid"] > measured["documents"] / 5


# -- However it is cut -----------------------------------------------------------------------------


def verdicts_of(of, deltas):
    told = []
    end = outcome(streamed, of, deltas, told)
    judged = [event for event in told if type(event) in {Valid, Invalid}]
    seen = [(type(e), e.path, exact(e.value if type(e) is Valid else e.errors)) for e in judged]
    return end, seen, {event.path for event in told if type(event) is Doomed}


@pytest.mark.parametrize("seed", range(3))
def test_chunking_never_shows_in_a_verdict(seed):
    chance = random.Random(seed)
    for of, text in ZOO:
        spoilt = document(chance, text)
        at_once = verdicts_of(of, [spoilt])
        assert verdicts_of(of, list(spoilt)) == at_once, (of, spoilt)
        assert verdicts_of(of, [spoilt.encode()]) == at_once, (of, spoilt)


# -- Without the switches --------------------------------------------------------------------------


def test_where_changed_schemas_are_not_heeded_the_results_are_the_same(monkeypatch):
    monkeypatch.setattr("partialjson.validation._judge.slots_are_heeded", lambda: False)
    found = measure(500, seed=1)
    assert not found.differences[:3]
    assert not found.unsound[:3]
    assert found["told at once"] >= 0.95 * found["values"]
