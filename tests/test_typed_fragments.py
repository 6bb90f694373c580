"""The values at a pattern as values of a type: each judged alone, none kept."""

from __future__ import annotations

import gc
import sys

import pytest
from support import characters, sizes

from partialjson import Fragment, Fragments, IncompleteJSONError, Invalid, JSONSyntaxError

pydantic = pytest.importorskip("pydantic", reason="models are its types")

from pydantic import BaseModel, Field, TypeAdapter, field_validator  # noqa: E402


class Row(BaseModel):
    id: int
    name: str = Field("", max_length=3)


TEXT = '{"rows": [{"id": 1, "name": "a"}, {"id": "x"}, {"id": 2, "name": "long"}, {"id": "3"}]}'


def test_each_match_is_of_its_type_or_says_what_is_wrong_with_its_full_place():
    for deltas in ([TEXT], characters(TEXT), sizes(TEXT.encode(), 3)):
        fragments = Fragments("$.rows[*]", model=Row)
        found = [one for delta in deltas for one in fragments.feed(delta)] + fragments.close()
        assert [type(one) for one in found] == [Fragment, Invalid, Invalid, Fragment]
        assert [one.path for one in found] == [("rows", index) for index in range(4)]
        assert found[0] == Fragment(("rows", 0), Row(id=1, name="a"), '{"id": 1, "name": "a"}')
        assert found[3].value == Row(id=3)
        (error,) = found[1].errors
        assert (error["type"], error["loc"], error["input"]) == (
            "int_parsing",
            ("rows", 1, "id"),
            "x",
        )
        assert found[2].errors[0]["type"] == "string_too_long"


def test_nothing_is_kept_of_a_match_that_has_a_type_unless_it_is_asked_for():
    for options, kept in (({}, []), ({"keep": True}, [{"id": 1}, {"id": 2}])):
        fragments = Fragments("$[*]", model=Row, **options)
        fragments.feed('[{"id": 1}, {"id": 2}]')
        assert fragments.parser.value == kept


def test_a_match_is_validated_in_json_mode_and_its_type_may_be_any():
    sets = Fragments("$[*]", model=frozenset[int])
    assert [one.value for one in sets.feed("[[1, 1, 2]]")] == [frozenset({1, 2})]
    adapted = Fragments("$[*]", model=TypeAdapter(tuple[int, ...]))
    assert [one.value for one in adapted.feed("[[1, 2]]")] == [(1, 2)]


def test_what_pydantic_refuses_of_a_text_that_is_json_is_invalid():
    fragments = Fragments("$[*]", model=str)
    (refused,) = fragments.feed('["\\ud800"]')
    assert type(refused) is Invalid
    assert refused.path == (0,)


def test_the_matches_before_a_fault_are_judged_and_stand_on_the_error():
    with pytest.raises(JSONSyntaxError) as caught:
        Fragments("$[*]", model=Row).feed('[{"id": 1}, {"id": "x"}, oops')
    assert [type(one) for one in caught.value.events] == [Fragment, Invalid]


class Fussy(BaseModel):
    id: int

    @field_validator("id")
    @classmethod
    def check(cls, value):
        if value == 2:
            raise KeyError("two")
        return value


def test_what_a_validator_breaks_off_with_is_raised_and_nothing_else_is_lost():
    fragments = Fragments("$[*]", model=Fussy)
    with pytest.raises(KeyError, match="two"):
        fragments.feed('[{"id": 1}, {"id": 2}, {"id": 3}, {"id')
    assert [one.value.id for one in fragments.feed('": 4}')] == [1, 3, 4]


def test_what_a_validator_breaks_off_with_hides_no_match_from_the_end_or_a_fault():
    rows = '[{"id": 1}, {"id": 2}, {"id": 3}'
    fragments = Fragments("$[*]", model=Fussy)
    with pytest.raises(KeyError):
        fragments.feed(rows)
    with pytest.raises(IncompleteJSONError) as caught:
        fragments.close()
    assert [one.value.id for one in caught.value.events] == [1, 3]
    with pytest.raises(JSONSyntaxError) as caught:
        Fragments("$[*]", model=Fussy).feed(rows + ", oops")
    assert [one.value.id for one in caught.value.events] == [1, 3]
    assert caught.value.__notes__ == ["and a validator raised KeyError('two')"]


def test_each_match_is_validated_once():
    calls = []

    class Counted(BaseModel):
        id: int

        @field_validator("id")
        @classmethod
        def count(cls, value):
            calls.append(value)
            return value

    fragments = Fragments("$[*]", model=Counted)
    for character in '[{"id": 1}, {"id": 2}, {"id": 3}]':
        fragments.feed(character)
    assert calls == [1, 2, 3]


def test_an_endless_list_is_validated_in_constant_memory():
    def blocks_after(count):
        fragments = Fragments("$[*]", model=Row)
        fragments.feed("[")
        for _ in range(count):
            fragments.feed('{"id": 1}, ')
        gc.collect()
        return sys.getallocatedblocks()

    blocks_after(100)
    assert abs(blocks_after(4_000) - blocks_after(2_000)) <= 200
