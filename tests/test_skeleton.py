"""The shape of a value before it comes: what a screen may lay out, and what it must not know."""

from __future__ import annotations

import datetime as dt
import enum
import json
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Generic, Literal, TypeVar

import pytest

pydantic = pytest.importorskip("pydantic", reason="skeletons are read from its types")

from pydantic import BaseModel, ConfigDict, Field, RootModel  # noqa: E402
from typing_extensions import TypedDict  # noqa: E402

from partialjson.render import skeleton  # noqa: E402

T = TypeVar("T")


class Color(enum.Enum):
    RED = "red"
    SEA = "sea"


class Row(BaseModel):
    number: int = Field(title="No.", description="counts from 1", alias="no")
    color: Color = Color.SEA
    seen: dt.datetime | None = None
    tags: list[str] = Field(default_factory=list, max_length=3)


class Cat(BaseModel):
    kind: Literal["cat"]


class Dog(BaseModel):
    kind: Literal["dog"]


class Node(BaseModel):
    """A node of a tree."""

    children: list[Node] = []
    pet: Annotated[Cat | Dog, Field(discriminator="kind")]


class Page(BaseModel, Generic[T]):
    items: list[T]


class Loose(TypedDict, total=False):
    a: bool


@dataclass
class Point:
    x: float
    y: float = 0.5


ROW = {
    "kind": "object",
    "title": "Row",
    "members": {
        "no": {"kind": "number", "title": "No.", "description": "counts from 1", "required": True},
        "color": {"kind": "string", "title": "Color", "enum": ["red", "sea"], "default": "sea"},
        "seen": {
            "kind": "string",
            "format": "date-time",
            "nullable": True,
            "title": "Seen",
            "default": None,
        },
        "tags": {"kind": "array", "title": "Tags", "items": {"kind": "string"}, "most": 3},
    },
}

SHAPES = [
    (int, {"kind": "number"}),
    (str | None, {"kind": "string", "nullable": True}),
    (None, {"kind": "null"}),
    (Any, {"kind": "any"}),
    (Literal[1, 2], {"kind": "number", "enum": [1, 2]}),
    (Literal["a", 1], {"kind": "any", "enum": ["a", 1]}),
    (Literal[True], {"kind": "boolean", "enum": [True]}),
    (int | str, {"kind": "any", "choices": [{"kind": "number"}, {"kind": "string"}]}),
    (list[bool], {"kind": "array", "items": {"kind": "boolean"}}),
    (dict[str, float], {"kind": "object", "values": {"kind": "number"}}),
    (
        tuple[int, str],
        {"kind": "array", "most": 2, "first": [{"kind": "number"}, {"kind": "string"}]},
    ),
    (Row, ROW),
    (list[Row], {"kind": "array", "items": ROW}),
    (
        Page[Row],
        {
            "kind": "object",
            "title": "Page[Row]",
            "members": {
                "items": {"kind": "array", "title": "Items", "items": ROW, "required": True}
            },
        },
    ),
    (
        Loose,
        {"kind": "object", "title": "Loose", "members": {"a": {"kind": "boolean", "title": "A"}}},
    ),
    (
        Point,
        {
            "kind": "object",
            "title": "Point",
            "members": {
                "x": {"kind": "number", "title": "X", "required": True},
                "y": {"kind": "number", "title": "Y", "default": 0.5},
            },
        },
    ),
    (
        RootModel[list[int]],
        {"kind": "array", "title": "RootModel[list[int]]", "items": {"kind": "number"}},
    ),
]


@pytest.mark.parametrize(("type_", "shape"), SHAPES)
def test_a_skeleton_tells_what_the_type_tells_and_nothing_else(type_, shape):
    assert skeleton(type_) == shape
    assert json.loads(json.dumps(skeleton(type_))) == shape


def test_members_stand_in_the_order_of_the_type():
    assert list(skeleton(Row)["members"]) == ["no", "color", "seen", "tags"]
    assert next(iter(skeleton(Row, by_alias=False)["members"])) == "number"


def test_a_model_inside_itself_is_named_and_not_followed():
    shape = skeleton(Node)
    assert shape["description"] == "A node of a tree."
    again = shape["members"]["children"]["items"]
    assert (again["kind"], again["title"], again["repeats"]) == ("object", "Node", True)
    assert shape["members"]["children"]["default"] == []


def test_choices_of_one_kind_have_it_and_a_tag_tells_them_apart():
    pet = skeleton(Node)["members"]["pet"]
    assert (pet["kind"], pet["tag"], pet["required"]) == ("object", "kind", True)
    assert [choice["members"]["kind"]["enum"] for choice in pet["choices"]] == [["cat"], ["dog"]]


def test_extra_members_may_be_anything():
    class Open(BaseModel):
        model_config = ConfigDict(extra="allow")

    assert skeleton(Open)["values"] == {"kind": "any"}


def test_what_json_schema_has_no_words_for_is_left_out_without_a_warning():
    class Odd(BaseModel):
        call: Callable[[int], int] = print
        value: int = 1

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        shape = skeleton(Odd)
    assert shape["members"]["call"]["kind"] == "any"
    assert "default" not in shape["members"]["call"]
    assert shape["members"]["value"]["default"] == 1
