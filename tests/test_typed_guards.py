"""Guards: what is certain before a value closes, told at the first character that proves it.

That no guard fires for a document that validates is proved by `test_typed_fuzz.py`.
"""

from __future__ import annotations

import dataclasses
from contextlib import suppress
from enum import Enum, StrEnum
from typing import Annotated, Any, Literal

import pydantic.dataclasses
import pytest
from pydantic import (
    AfterValidator,
    AliasChoices,
    AliasPath,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    RootModel,
    TypeAdapter,
    ValidationError,
    WrapValidator,
)
from test_typed_fuzz import KNOWN
from typing_extensions import TypedDict

from partialjson import Doomed, Invalid, JSONSyntaxError, TypedParser, ValueEnd, complete


class Status(StrEnum):
    done = "done"
    doing = "doing"


class Plain(Enum):
    one = "one"
    two = 2


class Mending(Enum):
    one = "one"

    @classmethod
    def _missing_(cls, _value):
        return cls.one


class Closed(BaseModel):
    model_config = ConfigDict(extra="forbid")
    a: int = 0
    b: int = Field(0, validation_alias=AliasChoices("bb", AliasPath("deep", "b")))


class ClosedDict(TypedDict, total=False):
    __pydantic_config__ = ConfigDict(extra="forbid")  # type: ignore[misc]
    a: int


@pydantic.dataclasses.dataclass(config=ConfigDict(extra="forbid"))
class ClosedClass:
    a: int = 0


class Stripped(BaseModel):
    model_config = ConfigDict(str_strip_whitespace=True, str_max_length=3)
    s: str


class Cat(BaseModel):
    kind: Literal["cat"]


class Dog(BaseModel):
    model_config = ConfigDict(extra="forbid")
    kind: Literal["dog"]


class One(BaseModel):
    kind: Literal[1]


class Short(RootModel[Annotated[str, Field(max_length=2)]]):
    pass


class Recursive(BaseModel):
    kids: list[Recursive] = []


class Coerced(BaseModel):
    model_config = ConfigDict(coerce_numbers_to_str=True, str_min_length=2)
    s: str


Pet = Annotated[Cat | Dog, Field(discriminator="kind")]
Two = Annotated[list[int], Field(max_length=2)]
Pair = tuple[int, str]
Name = Annotated[str, Field(max_length=3)]
Checked = Annotated[int, AfterValidator(lambda value: value)]

# A type, a text up to the character that proves it, and what is told there: the path, Pydantic's
# type of error, its place.
FIRES = [
    (int, "{", (), "int_type", ()),
    (int, "n", (), "int_type", ()),
    (str, "1", (), "string_type", ()),
    (str, "[", (), "string_type", ()),
    (Checked, "[", (), "int_type", ()),
    (list[int], '"', (), "list_type", ()),
    (list[int], "[1,[", (1,), "int_type", (1,)),
    (dict[str, int], '{"a":{', ("a",), "int_type", ("a",)),
    (Cat, "[", (), "model_type", ()),
    (Recursive, '{"kids":[{"kids":{', ("kids", 0, "kids"), "list_type", ("kids", 0, "kids")),
    (int | None, "[", (), "int_type", ()),
    (int | bool, "[", (), "int_type", ("int",)),
    (Short, "7", (), "string_type", ()),
    (Literal["alpha", "beta"], '"alpi', (), "literal_error", ()),
    (Literal["alpha", "beta"], '"\\u0062x', (), "literal_error", ()),
    (Literal["alpha", 1], '"x', (), "literal_error", ()),
    (Literal["alpha"], "[", (), "literal_error", ()),
    (Status, '"dor', (), "enum", ()),
    (Plain | None, "{", (), "enum", ()),
    (Name, '"abcd', (), "string_too_long", ()),
    (Name, '"ab\\u0063\\u0064', (), "string_too_long", ()),
    (Short, '"abc', (), "string_too_long", ()),
    (Stripped, '{"s":"  abc  d', ("s",), "string_too_long", ("s",)),
    (Two, "[1,2,3", (), "too_long", ()),
    (Two, "[1,2,[", (), "too_long", ()),
    (Pair, '[1,"a",n', (), "too_long", ()),
    (Closed, '{"x"', (), "extra_forbidden", ("x",)),
    (ClosedDict, '{"x"', (), "extra_forbidden", ("x",)),
    (ClosedClass, '{"x"', (), "unexpected_keyword_argument", ("x",)),
    (Pet, '{"kind":"cow"', (), "union_tag_invalid", ()),
    (Pet, '{"kind":1 ', (), "union_tag_invalid", ()),
    (Pet, '{"kind":"dog","x"', (), "extra_forbidden", ("dog", "x")),
    (list[Pet], '[{"lives":[],"kind":"cow"', (0,), "union_tag_invalid", (0,)),
]


@pytest.mark.parametrize(("of", "text", "path", "kind", "loc"), FIRES)
def test_a_guard_fires_at_the_first_character_that_proves_it(of, text, path, kind, loc):
    parser = TypedParser(of)
    told = [event for character in text[:-1] for event in parser.feed(character)]
    assert not [event for event in told if type(event) is Doomed]
    at_last = [event for event in parser.feed(text[-1]) if type(event) is Doomed]
    assert [event.path for event in at_last if event.errors[0]["type"] == kind] == [path]
    error = next(e.errors[0] for e in at_last if e.errors[0]["type"] == kind)
    assert error["loc"] == loc


@pytest.mark.parametrize(("of", "text", "path", "kind", "loc"), FIRES)
def test_a_guard_fires_as_well_where_all_comes_at_once(of, text, path, kind, loc):
    told = TypedParser(of).feed(completed(text))
    doomed = [event for event in told if type(event) is Doomed and event.path == path]
    assert kind in [event.errors[0]["type"] for event in doomed]
    assert loc in [event.errors[0]["loc"] for event in doomed]


@pytest.mark.parametrize(("of", "text", "path", "kind", "loc"), FIRES)
def test_what_a_guard_says_is_what_pydantic_says_in_the_end(of, text, path, kind, loc):
    with pytest.raises(ValidationError) as raised:
        TypeAdapter(of).validate_json(completed(text))
    final = {(error["loc"], error["type"]): error for error in raised.value.errors()}
    assert final[loc, kind].keys() == doomed_of(of, text, path, kind).keys()


def doomed_of(of, text, path, kind):
    told = TypedParser(of).feed(completed(text))
    dooms = [event for event in told if type(event) is Doomed and event.path == path]
    return next(e.errors[0] for e in dooms if e.errors[0]["type"] == kind)


def completed(text):
    """The text that goes on with as little as it can."""
    for end in ("ull", ":1 ", '"', " "):
        with suppress(JSONSyntaxError):
            whole = complete(text + end)
            if whole.startswith(text):
                return whole
    raise AssertionError(text)


@pytest.mark.parametrize(("of", "text", "path"), [case[:3] for case in FIRES])
def test_a_doomed_value_is_invalid_when_it_closes(of, text, path):
    told = TypedParser(of).feed(completed(text) + " ")
    kinds = [type(event) for event in told if event.path == path]
    assert kinds.index(Doomed) < kinds.index(Invalid)
    assert kinds.count(Doomed) == 1
    assert kinds.count(Invalid) == 1
    assert ValueEnd in kinds


def anything(value):
    return value


# What may still come right: nothing is said.
SILENT = [
    (int, '"12"'),
    (int, "true"),
    (float, '"1e5"'),
    (Any, "{}"),
    (int | list[str], "[]"),
    (Annotated[int, BeforeValidator(lambda _: 1)], "[]"),
    (Annotated[int, WrapValidator(lambda _, __: 1)], "{}"),
    (Annotated[int, PlainValidator(anything)], "{}"),
    (Annotated[str, BeforeValidator(lambda value: value[:2]), Field(max_length=2)], '"abcdef"'),
    (Literal["alpha", "beta"], '"al\\u0070ha"'),
    (Literal["a", "b"] | int | str, '"zzz"'),  # noqa: PYI051 - a branch of its own
    (Mending, '"whatever"'),
    (Mending, "[]"),
    (Mending, '"zebra"'),
    (Name, '"abc"'),
    (Name, '"\\ud83d\\ude00\\ud83d\\ude00\\ud83d\\ude00"'),
    (Stripped, '{"s":"   abc   "}'),
    (Coerced, '{"s":12}'),
    (Two, "[1,2]"),
    (Annotated[set[int], Field(max_length=1)], "[1,1,1]"),
    (Annotated[dict[int, int], Field(max_length=1)], '{"1":1,"01":2}'),
    (tuple[int, ...], "[1,2,3,4]"),
    (Closed, '{"bb":1,"a":1}'),
    (Closed, '{"deep":{"b":1}}'),
    (Annotated[One | Cat, Field(discriminator="kind")], '{"kind":1}'),
]


@pytest.mark.parametrize(("of", "text"), SILENT)
def test_a_guard_is_silent_while_there_is_a_way_out(of, text):
    TypeAdapter(of).validate_json(text)
    parser = TypedParser(of)
    told = [event for character in text for event in parser.feed(character)]
    parser.close()
    assert not [e for e in told + parser.last_events if type(e) in {Doomed, Invalid}]


def test_a_field_that_may_come_under_a_better_name_is_not_doomed_yet():
    class Named(BaseModel):
        n: int = Field(validation_alias=AliasChoices("a", "b"))
        inner: Cat | None = Field(None, validation_alias=AliasChoices("c", "d"))

    parser = TypedParser(Named)
    told = parser.feed('{"b":[],"d":{"kind":"x"},"a":1,"c":null}')
    assert parser.close().n == 1
    assert not [event for event in told if type(event) is Doomed]


def test_with_skip_a_list_may_have_more_items_than_count():
    parser = TypedParser(Two, on_invalid="skip")
    told = parser.feed('[1,2,"x"]')
    assert parser.close() == [1, 2]
    assert not [event for event in told if type(event) is Doomed]


@pytest.mark.skipif("extra" not in KNOWN, reason="this Pydantic has no extra= for a run")
def test_with_other_names_allowed_for_a_run_no_name_is_forbidden():
    told = TypedParser(Closed, extra="ignore").feed('{"x":1}')
    assert not [event for event in told if type(event) is Doomed]


def test_a_value_that_has_hardly_begun_is_told_as_far_as_it_had_come():
    (doomed,) = [e for e in TypedParser(Name).feed('"abcdefgh') if type(e) is Doomed]
    assert doomed.errors[0]["input"] == "abcdefgh"
    (doomed,) = [e for e in TypedParser(str).feed("12") if type(e) is Doomed]
    assert doomed.errors[0]["input"] is None


def test_a_string_that_is_told_when_it_is_whole_is_doomed_before_its_end():
    told = TypedParser(Name, strings="whole").feed('"abcd"')
    assert [type(event) for event in told] == [Doomed, ValueEnd, Invalid]


@dataclasses.dataclass
class Standard:
    a: int


def test_a_dataclass_is_no_array():
    (doomed,) = [event for event in TypedParser(Standard).feed("[") if type(event) is Doomed]
    assert doomed.errors[0]["type"] == "dataclass_type"
