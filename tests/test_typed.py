"""Typed validation by examples: events and their order, identity, policies, what a cut text holds.

That values and errors are Pydantic's own is the business of `test_typed_fuzz.py`.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections import Counter
from decimal import Decimal
from typing import Annotated

import pytest
from pydantic import (
    AfterValidator,
    AliasChoices,
    BaseModel,
    ConfigDict,
    Field,
    Json,
    TypeAdapter,
    ValidationError,
    create_model,
    model_validator,
)
from test_typed_fuzz import outcome
from typed_zoo import CALLS, CHECKS, Checks, Movie, Nested, Owner, SeeingRoundly, Tagged

from partialjson import (
    Doomed,
    IncompleteJSONError,
    Invalid,
    JSONSyntaxError,
    LimitExceeded,
    Revised,
    Salvage,
    StringDelta,
    TypedParser,
    Valid,
    ValueEnd,
    ValueStart,
)
from partialjson._extras import needs_pydantic
from partialjson.validation import _rebased, _switches
from partialjson.validation._source import Source
from partialjson.validation.plan import plan_of
from partialjson.validation.shells import VARIANTS_KEPT


class Row(BaseModel):
    id: int
    name: str = ""


class Dashboard(BaseModel):
    summary: str
    rows: list[Row]
    total: int = 0


TEXT = '{"summary":"Owls","rows":[{"id":1},{"id":2,"name":"b"}],"total":2}'


def told_by(of, text, **options):
    parser = TypedParser(of, **options)
    told = parser.feed(text)
    parser.close()
    return told + parser.last_events


def verdicts(told):
    return [event for event in told if type(event) in {Valid, Invalid, Doomed, Revised}]


def loc_and_type(errors):
    return [(error["loc"], error["type"]) for error in errors]


# -- Events ----------------------------------------------------------------------------------------


def test_the_end_of_a_value_comes_before_its_verdict_and_members_before_what_they_are_in():
    assert told_by(dict[str, list[int]], '{"a": [1]}') == [
        ValueStart((), "object"),
        ValueStart(("a",), "array"),
        ValueEnd(("a", 0), "number", 1, 7, 8),
        Valid(("a", 0), 1),
        ValueEnd(("a",), "array", [1], 6, 9),
        Valid(("a",), [1]),
        ValueEnd((), "object", {"a": [1]}, 0, 10),
        Valid((), {"a": [1]}),
    ]


def test_a_value_is_judged_at_the_character_that_closes_it():
    parser = TypedParser(Dashboard)
    told = parser.feed('{"summary":"Ow')
    assert told[-1] == StringDelta(("summary",), "Ow")
    assert parser.feed('ls"')[-1] == Valid(("summary",), "Owls")
    assert parser.feed(',"rows":[{"id":1')[-1] == ValueStart(("rows", 0), "object")
    assert parser.feed("}")[-1] == Valid(("rows", 0), Row(id=1))


def test_the_object_of_an_event_is_the_object_in_the_final_value():
    parser = TypedParser(Dashboard)
    told = [event for character in TEXT for event in parser.feed(character)]
    dashboard = parser.close()
    objects = {event.path: event.value for event in told if type(event) is Valid}
    assert objects[()] is dashboard
    assert objects["rows",] is dashboard.rows
    assert [objects["rows", 0], objects["rows", 1]] == dashboard.rows
    assert all(objects["rows", i] is row for i, row in enumerate(dashboard.rows))


def test_the_object_of_an_event_is_the_final_one_in_unions_and_recursive_types_too():
    text = '{"name":"Jo","pet":{"kind":"dog","bark":"w","pups":[{"kind":"wolf","bark":"z"}]}}'
    parser = TypedParser(Owner)
    objects = {event.path: event.value for event in parser.feed(text) if type(event) is Valid}
    owner = parser.close()
    assert objects["pet",] is owner.pet
    assert objects["pet", "pups", 0] is owner.pet.pups[0]


def test_errors_tell_where_they_are_from_the_root_as_pydantic_tells_it():
    text = '{"name":1,"pet":{"kind":"cat","lives":"x"},"d":{"a":{"kind":"dog"}}}'
    with pytest.raises(ValidationError) as raised:
        TypeAdapter(Owner).validate_json(text)
    parser = TypedParser(Owner)
    invalid = {event.path: event.errors for event in parser.feed(text) if type(event) is Invalid}
    assert loc_and_type(invalid["pet", "lives"]) == [(("pet", "cat", "lives"), "int_parsing")]
    assert loc_and_type(invalid["d", "a"]) == [(("d", "a", "dog", "bark"), "missing")]
    assert invalid[()] == raised.value.errors()


def test_an_alias_is_told_as_it_stands_in_the_text():
    class Aliased(BaseModel):
        first: int = Field(validation_alias="f")

    parser = TypedParser(Aliased)
    assert verdicts(parser.feed('{"f":"x"'))[0].path == ("f",)


def test_the_values_of_an_opaque_schema_have_no_verdict_of_their_own():
    assert [event.path for event in verdicts(told_by(int | list[int], "[1,2]"))] == [()]


def test_a_number_at_the_root_is_told_by_closing():
    parser = TypedParser(int)
    assert parser.feed("12") == []
    assert parser.close() == 12
    assert parser.last_events == [ValueEnd((), "number", 12, 0, 2), Valid((), 12)]
    assert parser.close() == 12


def test_a_validator_around_a_value_that_changes_it_is_told_as_a_revision():
    class Summed(BaseModel):
        a: int
        total: int = 0

        @model_validator(mode="after")
        def add(self):
            self.total = self.a + 1
            return self

    told = told_by(Summed, '{"a":4,"total":9}')
    revised, valid = verdicts(told)[-2:]
    assert revised == Revised(("total",), 9, 5)
    assert valid.path == ()


def test_a_list_that_a_validator_puts_in_another_order_is_told_item_by_item():
    reverse = AfterValidator(lambda items: items[::-1])
    told = told_by(Annotated[list[int], reverse], "[1,2,3]")
    assert [e for e in told if type(e) is Revised] == [Revised((0,), 1, 3), Revised((2,), 3, 1)]


def test_only_what_still_has_its_place_is_told_as_revised():
    first = AfterValidator(lambda items: items[:1])
    told = told_by(Annotated[list[int], first], "[1,2]")
    assert told[-1] == Valid((), [1])
    assert not [event for event in told if type(event) is Revised]
    gone = AfterValidator(lambda movie: {**movie, "b": []})
    told = told_by(Annotated[Movie, gone], '{"a":1,"b":[{"kind":"cat"}]}')
    assert [event.path for event in told if type(event) is Revised] == [("b",)]
    to_list = AfterValidator(lambda row: [row.id])
    assert told_by(Annotated[Row, to_list], '{"id":1}')[-1] == Valid((), [1])


def test_a_repeated_name_is_told_as_a_revision():
    parser = TypedParser(Dashboard)
    text = '{"total":1,"summary":"a","rows":[{"id":1}],"rows":[],"total":2}'
    told = parser.feed(text)
    assert Revised(("total",), 1, 2) in told
    assert Revised(("rows",), [Row(id=1)], []) in told
    assert ("rows", 0) not in parser.valid
    assert parser.valid["total",] == parser.close().total == 2


def test_members_before_the_discriminator_are_judged_when_it_is_known():
    parser = TypedParser(Owner)
    assert not verdicts(parser.feed('{"pet":{"lives":"x","bark":{"a":[1]},'))
    told = verdicts(parser.feed('"kind":"cat"'))
    assert [(type(event), event.path) for event in told] == [
        (Invalid, ("pet", "lives")),
        (Valid, ("pet", "kind")),
    ]
    assert verdicts(parser.feed(',"lives":3'))[-1:] == []  # the number may go on
    assert verdicts(parser.feed("}"))[0] == Valid(("pet", "lives"), 3)


def test_which_discriminator_counts_if_it_comes_twice_is_for_pydantic_to_say():
    text = '{"name":"a","pet":{"kind":"cat","lives":1,"kind":"dog","bark":"w"}}'
    expected = outcome(TypeAdapter(Owner).validate_json, text)
    parser = TypedParser(Owner)
    parser.feed(text)
    assert outcome(parser.close) == expected


@pytest.mark.parametrize(
    ("of", "text"),
    [
        (Nested, '{"v":{"sub":"x","sub":"y","z":1,"kind":"i"}}'),
        (Nested, '{"v":{"kind":"i","kind":"i","sub":"x"}}'),
        (Tagged, '{"type":"u","n":1,"kind":"u"}'),
        (Tagged, '{"kind":"u","n":1,"type":"u"}'),
        (Tagged, '{"kind":"cow","type":"u","n":2}'),
        (Nested, '{"n":{"z":[1],"kind":"cat","kind":1},"v":"x"}'),
        (Nested, '{"n":{"z":[1],"kind":"cat","kind":null},"v":"x"}'),
        (Tagged, '{"n":1,"n":2,"type":"u"}'),
        (Tagged, '{"type":"u","n":1,"n":"x"}'),
        (SeeingRoundly, '{"a":1,"b":1,"c":"x"}'),
        (SeeingRoundly, '{"a":1,"b":2,"c":"x","d":2}'),
        (SeeingRoundly, '{"a":1,"b":3,"c":"x"}'),
    ],
)
def test_rare_texts_have_pydantics_outcome_too(of, text):
    parser = TypedParser(of)
    for character in text:
        parser.feed(character)
    assert outcome(parser.close) == outcome(TypeAdapter(of).validate_json, text)


def test_an_error_that_cannot_be_told_from_elsewhere_stays_as_it_is():
    class Strange:
        """Tells of an error of Pydantic's what none of that kind can be made of."""

        title = "strange"

        def errors(self):
            return [{"type": "too_long", "loc": ("a",), "msg": "", "input": 1, "url": ""}]

    strange = Strange()
    assert _rebased.without_first(strange) is None
    assert _rebased.located_error(strange, (1,), "title") is strange


# -- Validators are called once --------------------------------------------------------------------


def test_every_validator_is_called_as_often_as_in_one_run_of_pydantic():
    CALLS.clear()
    Checks.model_validate_json(CHECKS)
    expected = sorted(CALLS)
    CALLS.clear()
    parser = TypedParser(Checks)
    for character in CHECKS:
        parser.feed(character)
    parser.close()
    assert sorted(CALLS) == expected
    assert len(expected) == 10


def test_only_a_repeated_name_lets_a_validator_be_called_again():
    CALLS.clear()
    parser = TypedParser(Checks)
    parser.feed('{"before":1,"after":2,"after":3,"wrap":3,"plain":4}')
    parser.close()
    assert CALLS.count("after") == 3  # at each of its ends, and by Pydantic, whose choice it is
    assert CALLS.count("before") == CALLS.count("wrap") == CALLS.count("plain") == 1


def test_closing_a_value_costs_its_own_length(monkeypatch):
    read = []
    span = Source.span
    monkeypatch.setattr(
        Source, "span", lambda self, start, end: read.append(end - start) or span(self, start, end)
    )
    text = json.dumps({"summary": "s", "rows": [{"id": i, "name": "n"} for i in range(200)]})
    told = told_by(Dashboard, text)
    ends = [event for event in told if type(event) is ValueEnd]
    containers = [event for event in ends if event.kind in ("object", "array")]
    assert not Counter(read) - Counter(event.end - event.start for event in ends)
    assert not Counter(event.end - event.start for event in containers) - Counter(read)


# -- The same validators for all -------------------------------------------------------------------


def test_types_that_are_equal_and_validate_differently_are_kept_apart():
    def errors(of):
        parser = TypedParser(of)
        (invalid,) = [event for event in parser.feed("[]") if type(event) is Invalid]
        return [error["type"] for error in invalid.errors]

    assert errors(int | str) == ["int_type", "string_type"]
    assert errors(str | int) == ["string_type", "int_type"]


def test_a_model_that_was_rebuilt_is_planned_anew():
    class Later(BaseModel):
        a: int

    assert told_by(Later, '{"a":1}')[-1] == Valid((), Later(a=1))
    Later.model_fields["a"].annotation = str
    Later.model_rebuild(force=True)
    assert told_by(Later, '{"a":"x"}')[-1] == Valid((), Later(a="x"))


def test_a_validator_may_itself_use_a_parser_of_the_same_type():
    class Boxed(BaseModel):
        a: int
        inner: str = ""

        @model_validator(mode="after")
        def look_inside(self):
            if self.inner:
                parser = TypedParser(Boxed)
                parser.feed(self.inner)
                assert parser.close().a == 7
            return self

    text = json.dumps({"a": 1, "inner": '{"a":7}'})
    assert told_by(Boxed, text)[-1].value.a == 1


def test_parsers_of_one_type_run_side_by_side_in_threads():
    results = {}

    def run(number):
        parser = TypedParser(Dashboard)
        text = json.dumps({"summary": "s", "rows": [{"id": number}] * 50, "total": number})
        for character in text:
            parser.feed(character)
        results[number] = parser.close()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {number: result.total for number, result in results.items()} == {0: 0, 1: 1, 2: 2, 3: 3}
    assert all(row.id == number for number, result in results.items() for row in result.rows)


def test_an_adapter_brings_its_configuration():
    adapter = TypeAdapter(list[str], config=ConfigDict(str_max_length=2))
    parser = TypedParser(adapter)
    told = verdicts(parser.feed('["a","bcd"]'))
    assert [type(event) for event in told] == [Valid, Doomed, Invalid, Invalid]


def test_arguments_of_a_run_are_those_of_pydantic():
    class Contextual(BaseModel):
        n: Annotated[int, AfterValidator(lambda n, info: n + info.context["add"])]

    assert told_by(Contextual, '{"n":1}', context={"add": 2})[-1].value.n == 3
    assert type(told_by(list[int], '["1"]')[-1]) is Valid
    assert type(TypedParser(list[int], strict=True).feed('["1"]')[-1]) is Invalid


def test_an_argument_that_pydantic_does_not_know_is_a_type_error(monkeypatch):
    monkeypatch.setattr("partialjson.validation.parser.ANYTHING", Old())
    with pytest.raises(TypeError, match="by_name"):
        TypedParser(int, by_name=True)


class Old:
    """The door of a validator that knows fewer arguments."""

    def validate_json(self, text, *, strict=None, context=None):
        """As Pydantic 2.10 takes it."""


# -- Texts -----------------------------------------------------------------------------------------


def test_a_byte_order_mark_is_not_counted():
    parser = TypedParser(Dashboard)
    for byte in b"\xef\xbb\xbf" + TEXT.encode():
        parser.feed(bytes([byte]))
    assert parser.close() == Dashboard.model_validate_json(TEXT)
    assert parser.offset == len(TEXT)


@pytest.mark.parametrize(
    "text",
    [
        '\n ["\\ud800"] \n',
        '["a\\udc00b", "c"]\t',
        "[" * 202 + "]" * 202,
        " " + "[" * 250 + "1" + "]" * 250 + "\n",
    ],
)
def test_what_pydantic_refuses_as_a_whole_closing_refuses_in_its_words(text):
    adapter = TypeAdapter(list[str])
    with pytest.raises(ValidationError) as expected:
        adapter.validate_json(text)
    parser = TypedParser(adapter)
    for character in text:
        parser.feed(character)
    for _ in range(2):
        with pytest.raises(ValidationError) as raised:
            parser.close()
        assert str(raised.value) == str(expected.value)
        assert raised.value.errors() == expected.value.errors()


def test_half_a_surrogate_pair_as_it_is_in_a_str_is_refused_as_by_pydantic():
    text = '["\ud800"]'
    with pytest.raises(ValidationError) as expected:
        TypeAdapter(list[str]).validate_json(text)
    parser = TypedParser(list[str])
    parser.feed(text)
    with pytest.raises(ValidationError) as raised:
        parser.close()
    assert raised.value.errors() == expected.value.errors()


def test_a_wrong_character_is_an_error_with_the_typed_events_before_it():
    parser = TypedParser(list[int])
    with pytest.raises(JSONSyntaxError) as raised:
        parser.feed("[1,x")
    assert raised.value.events == [
        ValueStart((), "array"),
        ValueEnd((0,), "number", 1, 1, 2),
        Valid((0,), 1),
    ]
    assert parser.error is raised.value
    assert parser.last_events == raised.value.events
    for call in (parser.close, lambda: parser.feed("]")):
        with pytest.raises(JSONSyntaxError) as again:
            call()
        assert again.value is raised.value
        assert len(again.value.events) == 3


def test_a_cut_text_is_incomplete_and_not_invalid():
    parser = TypedParser(Dashboard)
    parser.feed(TEXT[:30])
    with pytest.raises(IncompleteJSONError):
        parser.close()


def test_the_options_of_a_parser_are_those_of_the_text():
    parser = TypedParser(Dashboard, parse_float=Decimal, max_string=8)
    parser.feed('{"total":1.0,')
    assert parser.value == {"total": Decimal("1.0")}
    with pytest.raises(LimitExceeded):
        parser.feed('"summary":"123456789"')
    with pytest.raises(JSONSyntaxError):
        TypedParser(Dashboard, duplicate_names="error").feed('{"total":1,"total":2}')


def test_strings_may_be_told_when_they_are_whole():
    told = told_by(list[Annotated[str, Field(max_length=3)]], '["abc"]', strings="whole")
    assert told[1:3] == [ValueEnd((0,), "string", "abc", 1, 6), Valid((0,), "abc")]


def test_the_facts_are_those_of_the_text():
    parser = TypedParser(Dashboard)
    assert (parser.started, parser.complete, parser.path) == (False, False, ())
    parser.feed('{"summary":"Ow')
    assert (parser.started, parser.path, parser.offset) == (True, ("summary",), 14)
    assert (parser.line, parser.column, parser.error) == (1, 15, None)
    assert parser.value == {"summary": "Ow"}
    assert not parser.is_closed(("summary",))
    parser.feed('ls","rows":[]}')
    assert parser.complete
    assert parser.is_closed(("summary",))
    assert parser.valid == {("summary",): "Owls", ("rows",): [], (): parser.close()}


# -- Policies --------------------------------------------------------------------------------------


def test_raise_ends_at_the_first_invalid_value_with_its_place_from_the_root():
    parser = TypedParser(Dashboard, on_invalid="raise")
    with pytest.raises(ValidationError) as raised:
        parser.feed('{"summary":"a","rows":[{"id":1},{"id":"x","name":"never read"}],"total":"y"}')
    assert loc_and_type(raised.value.errors()) == [(("rows", 1, "id"), "int_parsing")]
    assert raised.value.title == "Dashboard"
    assert parser.last_events[-1] == Invalid(("rows", 1, "id"), raised.value.errors())
    for call in (parser.close, lambda: parser.feed("]")):
        with pytest.raises(ValidationError) as again:
            call()
        assert again.value is raised.value


def test_raise_heeds_an_invalid_value_before_a_wrong_character_behind_it():
    parser = TypedParser(list[int], on_invalid="raise")
    with pytest.raises(ValidationError):
        parser.feed('["x",}')
    assert isinstance(parser.error, ValidationError)


def test_skip_leaves_wrong_items_out_and_tells_each_with_its_index_in_the_text():
    parser = TypedParser(list[Row], on_invalid="skip")
    told = verdicts(parser.feed('[{"id":0},{"id":"x"},{"id":2},7]'))
    assert parser.close() == [Row(id=0), Row(id=2)]
    rows = {event.path: type(event) for event in told if len(event.path) == 1}
    assert rows == {(0,): Valid, (1,): Invalid, (2,): Valid, (3,): Invalid}
    assert [error["loc"] for error in parser.finish().errors] == [(1, "id"), (3,)]


def test_skip_leaves_items_out_at_every_depth_and_nothing_else():
    class Box(BaseModel):
        tags: set[int]
        pair: tuple[int, int]

    parser = TypedParser(list[Box], on_invalid="skip")
    parser.feed('[{"tags":[1,"x"],"pair":[1,2]},{"tags":[],"pair":[1,"y"]}]')
    assert parser.close() == [Box(tags={1}, pair=(1, 2))]


def test_skip_does_not_forgive_what_is_wrong_outside_a_list():
    parser = TypedParser(Dashboard, on_invalid="skip")
    parser.feed('{"summary":1,"rows":[{"id":"x"}]}')
    with pytest.raises(ValidationError) as raised:
        parser.close()
    assert loc_and_type(raised.value.errors()) == [(("summary",), "string_type")]


def test_what_a_validator_breaks_off_with_is_raised_by_closing():
    def crash(value):
        raise KeyError(value)

    parser = TypedParser(dict[str, Annotated[int, AfterValidator(crash)]])
    assert not verdicts(parser.feed('{"a":1}'))
    for _ in range(2):
        with pytest.raises(KeyError):
            parser.close()


def test_an_interrupt_inside_a_validator_ends_the_parser():
    def interrupt(value):
        raise KeyboardInterrupt(value)

    parser = TypedParser(list[Annotated[int, AfterValidator(interrupt)]])
    with pytest.raises(KeyboardInterrupt):
        parser.feed("[1,")
    with pytest.raises(RuntimeError, match="broken off"):
        parser.feed("2]")


def test_another_policy_is_a_value_error():
    with pytest.raises(ValueError, match="on_invalid='collect', 'raise' or 'skip', got 'drop'"):
        TypedParser(int, on_invalid="drop")


def test_raise_is_pydantics_own_error_where_the_root_itself_is_wrong():
    parser = TypedParser(int, on_invalid="raise")
    with pytest.raises(ValidationError) as raised:
        parser.feed('"x"')
    assert raised.value.title == "int"


def test_raise_lets_pass_what_a_validator_breaks_off_with():
    def crash(value):
        raise KeyError(value)

    with pytest.raises(KeyError):
        TypedParser(list[Annotated[int, AfterValidator(crash)]], on_invalid="raise").feed("[1,")


# -- What a cut text holds -------------------------------------------------------------------------


def test_finish_gives_what_is_whole_and_makes_nothing_up():
    parser = TypedParser(Dashboard)
    parser.feed('{"total":"x","summary":"a","rows":[{"id":1,"name":"b"},{"id":2,"name":"cu')
    assert parser.finish(reason="length") == Salvage(
        valid={
            ("summary",): "a",
            ("rows", 0, "id"): 1,
            ("rows", 0, "name"): "b",
            ("rows", 0): Row(id=1, name="b"),
            ("rows", 1, "id"): 2,
        },
        items={("rows",): {0: Row(id=1, name="b")}},
        open_paths=[(), ("rows",), ("rows", 1), ("rows", 1, "name")],
        errors=parser.finish().errors,
        reason="length",
    )
    assert loc_and_type(parser.finish().errors) == [(("total",), "int_parsing")]
    with pytest.raises(RuntimeError, match="finish"):
        parser.feed("t")


def test_finish_of_a_whole_text_has_nothing_open_and_the_errors_of_the_root():
    parser = TypedParser(Dashboard)
    parser.feed('{"summary":1,"rows":[{"id":"x"}]}')
    salvage = parser.finish()
    assert salvage.open_paths == []
    with pytest.raises(ValidationError) as raised:
        parser.close()
    assert salvage.errors == raised.value.errors()


def test_finish_after_a_wrong_character_gives_what_came_before():
    parser = TypedParser(list[int])
    with pytest.raises(JSONSyntaxError):
        parser.feed("[1,2 3")
    assert parser.finish("stop").valid == {(0,): 1, (1,): 2}


def test_a_number_that_is_cut_is_open():
    parser = TypedParser(list[int])
    parser.feed("[1,2")
    assert parser.finish().open_paths == [(), (1,)]


# -- What Pydantic does not promise ----------------------------------------------------------------


def test_before_2_13_classes_look_unfinished_while_a_schema_with_slots_is_compiled(monkeypatch):
    compiled = _switches.SchemaValidator

    def as_it_was(schema, config):
        return compiled(schema, config)

    monkeypatch.setattr(_switches, "SchemaValidator", as_it_was)
    assert _switches.slots_are_heeded.__wrapped__()
    assert Dashboard.__pydantic_complete__
    adapter = TypeAdapter(Dashboard)
    parser = TypedParser(adapter)
    rows = [e.value for e in parser.feed(TEXT) if type(e) is Valid and len(e.path) == 2]
    assert all(told is row for told, row in zip(rows, parser.close().rows, strict=True))


def test_a_text_decides_which_fields_are_left_to_pydantic_and_never_how_much_is_kept():
    names = "abcdefgh"
    wide = create_model("Wide", **dict.fromkeys(names, (int, 0)))
    for chosen in range(2 ** len(names)):
        twice = [name for at, name in enumerate(names) if chosen >> at & 1] * 2
        parser = TypedParser(wide)
        parser.feed("{" + ",".join(f'"{name}":{at}' for at, name in enumerate(twice)) + "}")
        parser.close()
    assert len(plan_of(wide).root.idle) <= VARIANTS_KEPT


@pytest.mark.parametrize("text", ['"[1]"', '"x"', '"[1"', "1"])
def test_json_in_a_string_that_is_wrong_is_not_a_text_that_is_wrong(text):
    parser = TypedParser(Json[list[int]])
    parser.feed(text)
    assert outcome(parser.close) == outcome(TypeAdapter(Json[list[int]]).validate_json, text)


def test_half_a_surrogate_pair_is_refused_as_well_where_a_validator_looks_around():
    class Looking(BaseModel):
        a: int
        b: Annotated[str, AfterValidator(lambda value, info: value * info.data["a"])]

    text = '{"a":1,"b":"\\ud800"}'
    parser = TypedParser(Looking)
    parser.feed(text)
    with pytest.raises(ValidationError) as raised:
        parser.close()
    assert [error["type"] for error in raised.value.errors()] == ["json_invalid"]


# -- The optional dependency -----------------------------------------------------------------------


def test_changed_schemas_are_heeded_by_this_pydantic():
    assert _switches.slots_are_heeded()


def test_without_pydantic_the_door_says_what_to_install():
    code = (
        "import sys; sys.modules['pydantic'] = None; import partialjson\n"
        "try: partialjson.TypedParser\n"
        "except ImportError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "partialjson-streaming[pydantic]" in done.stdout


def test_any_other_module_that_is_missing_is_named_as_it_is():
    with pytest.raises(ModuleNotFoundError, match="'no_such_module'"), needs_pydantic("a model"):
        import no_such_module  # noqa: F401, PLC0415 - looked for in vain


def test_a_name_that_the_door_does_not_have_is_an_attribute_error():
    with pytest.raises(AttributeError, match="TypedParse'"):
        __import__("partialjson").TypedParse  # noqa: B018 - looked up for its error


class Narrow(BaseModel):
    n: int = Field(validation_alias=AliasChoices("a", "b"))


def test_of_two_names_of_a_field_the_one_that_wins_is_judged_alone():
    told = verdicts(told_by(Narrow, '{"a":1,"b":"x"}'))
    assert [(type(event), event.path) for event in told] == [(Valid, ("a",)), (Valid, ())]
