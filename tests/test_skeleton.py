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

from pydantic import (  # noqa: E402
    BaseModel,
    ConfigDict,
    Field,
    RootModel,
    StringConstraints,
    TypeAdapter,
)
from typing_extensions import TypedDict  # noqa: E402

from partialjson.render import skeleton  # noqa: E402

T = TypeVar("T")


class Color(enum.Enum):
    RED = "red"
    SEA = "sea"


class Blob(enum.Enum):
    RAW = b"\xff"


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
    (Literal["a", None], {"kind": "string", "nullable": True, "enum": ["a", None]}),  # noqa: PYI061
    (Blob, {"kind": "any", "title": "Blob"}),
    (TypeAdapter(int), {"kind": "number"}),
    (
        dict[Annotated[str, StringConstraints(pattern="^a")], int],
        {"kind": "object", "values": {"kind": "number"}},
    ),
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


def test_a_model_inside_itself_is_laid_out_once_and_referred_to():
    shape = skeleton(Node)
    assert (shape["kind"], shape["refers"]) == ("object", "Node")
    assert shape["description"] == "A node of a tree."
    node = shape["definitions"]["Node"]
    again = node["members"]["children"]["items"]
    assert (again["kind"], again["refers"]) == ("object", "Node")
    assert node["members"]["children"]["default"] == []


def test_a_label_beside_a_reference_is_its_own():
    class Link(BaseModel):
        next: Link | None = Field(None, title="Next one")

    shape = skeleton(Link)["definitions"]["Link"]["members"]["next"]
    assert (shape["title"], shape["refers"], shape["nullable"]) == ("Next one", "Link", True)


def test_models_that_all_hold_each_other_are_each_laid_out_once():
    names = [f"Part{number}" for number in range(12)]
    union = " | ".join(names)
    code = "\n".join(
        f"class {name}(BaseModel):\n kind: Literal['{name}']\n children: list[{union}] = []"
        for name in names
    )
    scope = {"BaseModel": BaseModel, "Literal": Literal, "__name__": __name__}
    exec(code, scope)  # noqa: S102 - twelve classes that name each other
    for name in names:
        scope[name].model_rebuild(_types_namespace=scope)
    shape = skeleton(scope["Part0"])
    assert sorted(shape["definitions"]) == sorted(names)
    assert len(json.dumps(shape)) < 30_000


def test_what_an_author_adds_to_a_schema_never_breaks_it():
    class Odd(BaseModel):
        model_config = ConfigDict(json_schema_extra={"required": ["zzz"]})
        either: str = Field("", json_schema_extra={"type": ["string", "null"]})
        foreign: int = Field(1, json_schema_extra={"$ref": "https://example.org/n.json"})
        endless: float = float("inf")

    members = skeleton(Odd)["members"]
    assert (members["either"]["kind"], members["either"]["nullable"]) == ("string", True)
    assert members["foreign"]["kind"] == "any"
    assert "default" not in members["endless"]
    json.dumps(skeleton(Odd), allow_nan=False)


def test_choices_of_one_kind_have_it_and_a_tag_tells_them_apart():
    pet = skeleton(Node)["definitions"]["Node"]["members"]["pet"]
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
