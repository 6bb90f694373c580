"""Operations of typed events, by real models: a screen shows what Pydantic made of each value."""

from __future__ import annotations

import datetime as dt
import enum
import json
from decimal import Decimal
from typing import Annotated

import pytest

pytest.importorskip("pydantic")

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, model_validator
from pydantic_core import to_jsonable_python
from support import sizes

from partialjson import Feed, Patches, TypedParser
from partialjson.render._document import Document
from partialjson.stream import Bridge


class Status(enum.Enum):
    OPEN = "open"
    SHUT = "shut"


class Row(BaseModel):
    id: int
    name: Annotated[str, AfterValidator(str.strip)]
    day: dt.date
    price: Decimal
    status: Status = Status.OPEN
    share: float = 0
    note: str = "none"  # never in the text, so never shown


class Page(BaseModel):
    heading: Annotated[str, AfterValidator(str.title)] = Field(alias="title")
    rows: list[Row]
    worth: Annotated[str, BeforeValidator(lambda one: f"{one['amount']} {one['currency']}")]

    @model_validator(mode="after")
    def exclaim(self):
        self.heading += "!"
        return self


ROW = {"id": "7", "name": " Salt ", "day": "2026-11-26", "price": 1.5, "status": "shut", "share": 1}
PAGE = {
    "title": "north quay",
    "rows": [ROW, {**ROW, "id": 8, "share": "0.5"}],
    "worth": {"amount": 3, "currency": "EUR"},
}
SHOWN = {
    "title": "North Quay!",
    "rows": [
        {**ROW, "id": 7, "name": "Salt", "price": "1.5"},
        {**ROW, "id": 8, "name": "Salt", "price": "1.5", "share": 0.5},
    ],
    "worth": "3 EUR",
}


@pytest.mark.parametrize("ops", ["append", "rfc6902"])
@pytest.mark.parametrize("size", [1, 4, 10_000])
def test_a_screen_shows_what_the_type_made_of_each_value(ops, size):
    parser, patches, document = TypedParser(Page), Patches(ops), Document()
    for delta in sizes(json.dumps(PAGE), size):
        document.apply(patches.feed(parser.feed(delta)))
        for path, made in parser.valid.items():
            shown = at(document.value, path)
            if not isinstance(shown, dict | list):
                assert shown == to_jsonable_python(made)
    parser.close()
    document.apply(patches.feed(parser.last_events))
    assert document.value == SHOWN
    assert patches.marks == []


def at(value, path):
    for key in path:
        value = value[key]
    return value


@pytest.mark.parametrize("size", [1, 10_000])
def test_a_wrong_value_is_marked_where_it_stands_and_nowhere_else(size):
    wrong = {**PAGE, "rows": [ROW, {**ROW, "price": "dear", "id": {"a": 1}}, {"id": 1}]}
    parser, patches = TypedParser(Page), Patches()
    for delta in sizes(json.dumps(wrong), size):
        patches.feed(parser.feed(delta))
    marks = {mark["path"]: [one["type"] for one in mark["errors"]] for mark in patches.marks}
    assert marks == {
        "/rows/1/price": ["decimal_parsing"],
        "/rows/1/id": ["int_type"],
        "/rows/2": ["missing"] * 3,
    }


WRONG = {
    **PAGE,
    "rows": [{**ROW, "price": "dear"}, {**ROW, "id": {"a": 1}}, {"id": 1}],
    "worth": "much",
}
TEXTS = {
    "right": json.dumps(PAGE),
    "wrong": json.dumps(WRONG),
    "a name twice": '{"title": "a", "rows": [{"id": "1", "id": "x", "id": "22"}], "title": 1}',
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
@pytest.mark.parametrize("way", range(3))
def test_after_a_replay_that_differs_all_is_as_if_the_rest_had_never_come(text, way):
    for cut in range(1 + way, len(text) - 8, 5):
        bridge, feed = Bridge(keeps=True, model=Page), Feed()
        feed.feed(bridge.feed(text[: cut + 7]))
        bridge.again()
        feed.feed(bridge.feed(text[:cut] + "9"))
        alone, as_new = Bridge(keeps=True, model=Page), Feed()
        as_new.feed(alone.feed(text[:cut] + "9"))
        assert feed.since(None)[0]["data"] == as_new.since(None)[0]["data"]


def test_marks_stand_in_the_snapshots_of_a_feed():
    parser, feed = TypedParser(list[int]), Feed()
    told = feed.feed(parser.feed('[1, "x", "3'))
    assert [one["data"]["path"] for one in told if one["event"] == "invalid"] == ["/1"]
    (snapshot,) = feed.since()
    assert snapshot["data"]["invalid"][0]["errors"][0]["msg"].startswith("Input should be")
    feed.feed(parser.feed('"]'))
    assert feed.value == [1, "x", 3]
