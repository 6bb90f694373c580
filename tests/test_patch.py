"""Operations for a screen: applied in their order, they give the parser's value."""

from __future__ import annotations

import copy
import json
import math

import jsonpatch
import jsonpath
import jsonpointer
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import chunkings, exactly, mutated, sizes, texts, utf8_texts

from partialjson import (
    Channel,
    Doomed,
    Heartbeat,
    Invalid,
    Parser,
    PartialJSONError,
    Patches,
    Reset,
    Revised,
    StringDelta,
    TextDelta,
    ToolEvent,
    Valid,
    ValueEnd,
    ValueStart,
    stream,
)
from partialjson.render import coalesce
from partialjson.render._document import Document
from partialjson.stream import Bridge

CONTENT = Channel("content")
PROFILES = pytest.mark.parametrize("ops", ["append", "rfc6902"])


def in_the_standard(operations, value):
    """Operations with each append as the `replace` that does the same."""
    for operation in operations:
        grown = operation
        if operation["op"] == "append":
            so_far = jsonpointer.resolve_pointer(value, operation["path"])
            grown = {**operation, "op": "replace", "value": so_far + operation["value"]}
        value = jsonpatch.apply_patch(value, [grown])
        yield grown


def by_jsonpath(value, operations):
    """Inside an object, since it takes a document that is a string for a JSON text."""
    moved = [{**operation, "path": f"/in{operation['path']}"} for operation in operations]
    patch = jsonpath.JSONPatch(copy.deepcopy(moved), unicode_escape=False)
    return patch.apply({"in": copy.deepcopy(value)})["in"]


APPLIERS = {"jsonpatch": jsonpatch.apply_patch, "python-jsonpath": by_jsonpath}


def told(*deltas, ops="append", **options):
    parser, patches = Parser(**options), Patches(ops)
    return [patches.feed(parser.feed(delta)) for delta in deltas]


def steps_of(parser, deltas):
    """The events of each delta, and of the end, each when it comes."""
    for delta in deltas:
        yield parser.feed(delta)
    yield parser.close()


# -- The law ---------------------------------------------------------------------------------------


@PROFILES
@pytest.mark.parametrize("apply", APPLIERS.values(), ids=APPLIERS)
@given(st.data())
def test_after_every_delta_the_operations_give_the_parsers_value(apply, ops, data):
    deltas = data.draw(texts.flatmap(chunkings))
    parser, patches, value = Parser(), Patches(ops), None
    for events in steps_of(parser, deltas):
        value = apply(value, [*in_the_standard(patches.feed(events), value)])
        assert exactly(sorted_names(value)) == exactly(sorted_names(parser.value))


@PROFILES
@pytest.mark.parametrize("strings", ["growing", "whole"])
@given(st.data())
def test_fewer_operations_give_the_same_value(ops, strings, data):
    deltas = data.draw(texts.flatmap(chunkings))
    parser, patches = Parser(strings=strings), Patches(ops)
    document, pending = Document(), []
    for events in steps_of(parser, deltas):
        pending += patches.feed(events)
        if data.draw(st.booleans()):
            few, before = coalesce(pending), copy.deepcopy(pending)
            assert pending == before, "what is given is not changed"
            document.apply(few)
            pending = []
            assert exactly(document.value) == exactly(parser.value)
    document.apply(coalesce(pending))
    assert exactly(document.value) == exactly(parser.value)


@given(mutated())
def test_a_wrong_text_is_shown_as_far_as_it_was_read(text):
    parser, patches, document = Parser(), Patches(), Document()
    try:
        document.apply(patches.feed(parser.feed(text)))
        document.apply(patches.feed(parser.close()))
    except PartialJSONError as error:
        document.apply(patches.feed(error.events))
    assert exactly(document.value) == exactly(parser.value)


@given(texts.flatmap(chunkings))
def test_a_value_is_closed_where_its_path_is_no_beginning_of_the_open_one(deltas):
    parser, patches = Parser(), Patches()
    for events in steps_of(parser, deltas):
        patches.feed(events)
        open_ = patches.open
        for path in paths_of(parser.value) if parser.started else ():
            is_open = open_ is not None and open_[: len(path)] == path
            assert parser.is_closed(path) != is_open


@given(texts.flatmap(chunkings))
def test_every_value_is_told_as_closed_when_it_ends(deltas):
    parser, patches = Parser(), Patches()
    for events in steps_of(parser, deltas):
        ended = [event.path for event in events if isinstance(event, ValueEnd)]
        patches.feed(events)
        assert [pointer.count("/") for pointer in patches.closed] == [len(path) for path in ended]


def sorted_names(value):
    """Of an object that lost a name and got it back, no library promises its order."""
    if isinstance(value, dict):
        return {name: sorted_names(value[name]) for name in sorted(value)}
    return [sorted_names(one) for one in value] if isinstance(value, list) else value


def paths_of(value, path=()):
    yield path
    if not isinstance(value, dict | list):
        return
    for key, child in value.items() if isinstance(value, dict) else enumerate(value):
        yield from paths_of(child, (*path, key))


# -- What each event is ----------------------------------------------------------------------------


def test_each_change_is_one_operation():
    assert told('{"a/b": "Sa', "lt", '", "n": [12') == [
        [
            {"op": "replace", "path": "", "value": {}},
            {"op": "add", "path": "/a~1b", "value": ""},
            {"op": "append", "path": "/a~1b", "value": "Sa"},
        ],
        [{"op": "append", "path": "/a~1b", "value": "lt"}],
        [{"op": "add", "path": "/n", "value": []}],
    ]


def test_by_the_standard_alone_a_string_is_replaced_as_a_whole():
    assert told('["Sa', "lt", "y", ops="rfc6902")[1:] == [
        [{"op": "replace", "path": "/0", "value": "Salt"}],
        [{"op": "replace", "path": "/0", "value": "Salty"}],
    ]


def test_a_name_that_comes_again_is_replaced_and_opens_anew():
    assert told('{"a": {"b": 1}, "a": "x", "a": 2}')[0][3:] == [
        {"op": "replace", "path": "/a", "value": ""},
        {"op": "append", "path": "/a", "value": "x"},
        {"op": "replace", "path": "/a", "value": 2},
    ]


def test_a_whole_string_is_added_when_it_ends():
    assert told('["Sa', 'lt"]', strings="whole")[1] == [
        {"op": "add", "path": "/0", "value": "Salt"}
    ]


def test_other_operations_are_refused():
    with pytest.raises(ValueError, match="expected ops='append' or 'rfc6902', got 'merge'"):
        Patches("merge")


def test_of_a_stream_the_content_alone_is_shown():
    tool = Channel("tool", 0)
    others = [
        Heartbeat(),
        TextDelta(Channel("reasoning"), "hm"),
        ToolEvent(tool, ValueStart((), "object")),
        Reset(tool, 3, "it differs", Parser().feed("[1]")),
        Reset(Channel("content", choice=1), 3, "it differs", Parser().feed("[1]")),
    ]
    assert Patches().feed(others) == []


# -- Fewer operations ------------------------------------------------------------------------------


def add(path, value):
    return {"op": "add", "path": path, "value": value}


def append(path, value):
    return {"op": "append", "path": path, "value": value}


def replace(path, value):
    return {"op": "replace", "path": path, "value": value}


@pytest.mark.parametrize(
    ("many", "few"),
    [
        ([append("/a", "x"), append("/a", "y")], [append("/a", "xy")]),
        ([add("/a", ""), append("/a", "x"), append("/a", "y")], [add("/a", "xy")]),
        ([add("/a", {}), add("/a/b", []), add("/a/b/0", 1)], [add("/a", {"b": [1]})]),
        ([add("/a", []), add("/a/-", 1), add("/a/0", 0)], [add("/a", [0, 1])]),
        ([add("/a", "x"), replace("/a", 2)], [add("/a", 2)]),
        ([append("/a", "x"), replace("/a", 2)], [replace("/a", 2)]),
        ([replace("", {}), add("/a~1b~0", 1)], [replace("", {"a/b~": 1})]),
        ([add("/a", {"b": "x"}), append("/a/b", "y")], [add("/a", {"b": "xy"})]),
        ([add("/a", {"b": 1}), replace("/a/b", 2)], [add("/a", {"b": 2})]),
    ],
)
def test_what_is_done_to_a_value_just_put_there_is_folded_into_it(many, few):
    before = copy.deepcopy(many)
    assert coalesce(many) == few
    assert many == before


@pytest.mark.parametrize(
    "operations",
    [
        [add("/a", 1), add("/b", 2)],
        [add("/a", 1), add("/ab", 2)],  # beside it, not inside
        [append("/a", "x"), append("/b", "y"), append("/a", "z")],
        [add("/0", 1), add("/0", 2)],  # of an array, two elements
        [add("/-", {}), add("/-/b", 1)],  # where `-` is, the array knows
        [add("/a", [1]), add("/a/5", 1)],  # all below cannot be done, and are not hidden
        [add("/a", [1]), add("/a/01", 1)],
        [add("/a", {}), replace("/a/b", 1)],
        [add("/a", {}), append("/a/b", "x")],
        [add("/a", {"b": 1}), append("/a/b", "x")],
        [add("/a", 1), add("/a/b", 1)],
        [add("/a", 1), append("/a", "x")],
        [add("/a", {"b": 1}), add("/a/b/c", 1)],
        [add("/a", {}), add("/a/b/c", 1)],
        [add("/a", {"b": 1}), {"op": "remove", "path": "/a/b"}],  # all below are not of ours
        [{"op": "remove", "path": "/a/0"}, replace("/a/0", 1)],
        [{"op": "test", "path": "/a", "value": {}}, add("/a/b", 1)],
        [{"op": "move", "from": "/b", "path": "/a"}, replace("/a", 1)],
        [append("/a", "x"), add("/a/b", 1)],
    ],
)
def test_everything_else_stays_as_it_is(operations):
    assert coalesce(operations) == operations


def test_a_string_that_grows_in_one_list_is_joined_once():
    pieces = [append("/a", "x") for _ in range(100_000)]
    assert coalesce([add("/a", ""), *pieces]) == [add("/a", "x" * 100_000)]


@pytest.mark.parametrize(
    "operation",
    [append("", "x"), add("/a", 1), replace("/0", 1), append("/0", "x"), add("/0/b", 1)],
)
def test_an_operation_that_cannot_be_done_is_an_error(operation):
    document = Document()
    document.apply([replace("", [])])
    with pytest.raises(ValueError, match=r"at '"):
        document.apply([operation])


def test_a_document_keeps_nothing_of_what_it_is_given():
    document, operation = Document(), replace("", {"a": []})
    document.apply([operation])
    document.apply([add("/a/0", {}), add("/a/0/b", 1)])
    assert operation == replace("", {"a": []})
    assert document.value == {"a": [{"b": 1}]}


# -- Types -----------------------------------------------------------------------------------------


def ended(path, value, kind="string"):
    return [
        *([ValueStart(path, "string"), StringDelta(path, value)] if kind == "string" else []),
        ValueEnd(path, kind, value, 0, 1),
    ]


def test_a_validated_value_replaces_the_raw_one():
    pytest.importorskip("pydantic_core")
    told = Patches().feed([*ended(("n",), "12"), Valid(("n",), 12)])
    assert told[2:] == [replace("/n", 12)]


@pytest.mark.parametrize(("raw", "made"), [(1, 1.0), (0.5, 0.5), ("a", "a"), (None, None)])
def test_a_value_that_is_the_same_in_json_is_not_replaced(raw, made):
    pytest.importorskip("pydantic_core")
    kind = "string" if raw == "a" else "null" if raw is None else "number"
    told = Patches().feed([*ended(("n",), raw, kind), Valid(("n",), made)])
    assert [operation["op"] for operation in told].count("replace") == 0


def test_a_number_that_became_true_is_replaced():
    pytest.importorskip("pydantic_core")
    told = Patches().feed([*ended(("n",), 1, "number"), Valid(("n",), value=True)])
    assert told[1:] == [replace("/n", value=True)]


def test_a_container_is_the_sum_of_its_members():
    pydantic = pytest.importorskip("pydantic")
    model = pydantic.create_model("Row", a=(int, 1), b=(int, 2))
    events = [ValueStart((), "object"), ValueEnd((), "object", {}, 0, 2), Valid((), model())]
    assert Patches().feed(events) == [replace("", {})]


def test_a_container_that_became_an_atom_is_replaced():
    pytest.importorskip("pydantic_core")
    events = [
        ValueStart(("a",), "object"),
        ValueEnd(("a",), "object", {}, 0, 2),
        Valid(("a",), "12 EUR"),
    ]
    assert Patches().feed(events)[1:] == [replace("/a", "12 EUR")]


def test_a_revised_value_is_replaced_where_it_stands():
    pytest.importorskip("pydantic_core")
    told = Patches().feed([Revised(("a", 0), "x", {"y": 1})])
    assert told == [replace("/a/0", {"y": 1})]


def test_what_pydantic_cannot_write_stays_as_it_was_written():
    pytest.importorskip("pydantic_core")
    endless: list[object] = []
    endless.append(endless)
    for unwritable in (endless, object()):
        assert Patches().feed([Revised(("a",), 1, unwritable)]) == []


def test_what_is_no_number_is_text_and_an_infinite_one_stays():
    pytest.importorskip("pydantic_core")
    told = Patches().feed([*ended(("n",), "NaN"), Valid(("n",), math.nan)])
    assert told[2:] == []
    told = Patches().feed([*ended(("n",), math.inf, "number"), Valid(("n",), math.inf)])
    assert told[1:] == []
    told = Patches().feed([Revised(("a",), 1, [math.nan])])
    assert told == [replace("/a", ["NaN"])]


def test_an_iterator_of_the_reader_is_left_to_the_reader():
    pytest.importorskip("pydantic_core")
    values = iter([1, 2])
    events = [ValueStart((), "array"), ValueEnd((), "array", [1, 2], 0, 6), Valid((), values)]
    assert Patches().feed(events) == [replace("", [])]
    assert list(values) == [1, 2]


def error_dict(*loc, given="x", **more):
    fact = {"type": "int_type", "loc": loc, "msg": "a number", "input": given}
    return fact | {"url": "https://example.com", "ctx": {"error": ValueError()}} | more


def test_what_is_wrong_is_marked_once_and_where_it_stands():
    patches = Patches()
    patches.feed([Doomed(("a",), [error_dict("a", given={"so": "far"})])])
    assert patches.invalid == [
        {"path": "/a", "errors": [{"type": "int_type", "loc": ["a"], "msg": "a number"}]}
    ]
    patches.feed(
        [
            Invalid(("a", 0), [error_dict("a", 0, given=1j)]),
            Invalid(("a",), [error_dict("a", msg="two numbers"), error_dict("a", 0)]),
            Invalid((), [error_dict("a"), error_dict("a", 0), error_dict("b")]),
        ]
    )
    told = {mark["path"]: mark["errors"] for mark in patches.invalid}
    assert [*told] == ["/a/0", "/a", ""]
    assert [error["loc"] for errors in told.values() for error in errors] == [
        ["a", 0],
        ["a"],
        ["b"],
    ]
    assert told["/a/0"][0]["input"] == "1j"
    assert told["/a"][0]["msg"] == "two numbers", "it replaces what was certain before"
    assert {mark["path"]: mark["errors"] for mark in patches.marks} == told
    json.dumps(patches.marks)


def test_a_mark_stays_where_all_of_it_was_said_inside_since():
    patches = Patches()
    patches.feed([Doomed(("a",), [error_dict("a", 0)])])
    patches.feed([Invalid(("a", 0), [error_dict("a", 0)]), Invalid(("a",), [error_dict("a", 0)])])
    assert [mark["path"] for mark in patches.marks] == ["/a"]


def test_a_name_that_comes_again_has_no_marks():
    patches = Patches()
    patches.feed([*ended(("a",), "x"), Invalid(("a",), [error_dict("a")])])
    patches.feed([ValueStart(("a",), "string", replaces=True)])
    assert patches.marks == []
    patches.feed([Invalid(("a",), [error_dict("a")])])
    assert len(patches.invalid) == 1


# -- What is taken back ----------------------------------------------------------------------------


def reset_to(text):
    return Reset(CONTENT, len(text), "it differs", Parser().feed(text))


@PROFILES
def test_a_reset_is_one_replacement_of_the_root(ops):
    parser, patches = Parser(), Patches(ops)
    patches.feed(parser.feed('{"a": "Salt", "b": 1, "c": [true'))
    assert patches.feed([reset_to('{"a": "Sa')]) == [replace("", {"a": "Sa"})]
    assert (patches.open, patches.closed) == (("a",), [])
    parser = Parser()
    parser.feed('{"a": "Sa')
    told = {"append": append("/a", "nd"), "rfc6902": replace("/a", "Sand")}
    assert patches.feed(parser.feed('nd"')) == [told[ops]]
    assert patches.closed == ["/a"]


@PROFILES
@given(st.data())
def test_after_a_reset_operations_go_on_as_if_what_holds_had_just_been_fed(ops, data):
    text, other = data.draw(texts), data.draw(texts)
    keep = data.draw(st.integers(0, len(text)))
    patches, document = Patches(ops), Document()
    document.apply(patches.feed(Parser().feed(text)))
    operations = patches.feed([reset_to(text[:keep])])
    assert [operation["path"] for operation in operations] == [""]
    document.apply(operations)
    parser = Parser()
    parser.feed(text[:keep])
    assert exactly(document.value) == exactly(parser.value)
    for delta in [text[keep:], other]:
        try:
            events = parser.feed(delta)
        except PartialJSONError as error:
            events = error.events
        document.apply(patches.feed(events))
        assert exactly(document.value) == exactly(parser.value)


def test_marks_of_what_holds_stay_and_others_go():
    patches = Patches()
    wrong = {name: Invalid(("a", name), [error_dict("a", name)]) for name in "xy"}
    patches.feed([ValueStart((), "object"), ValueStart(("a",), "object"), *wrong.values()])
    kept = [ValueStart((), "object"), ValueStart(("a",), "object"), wrong["x"]]
    patches.feed([Reset(CONTENT, 9, "", kept)])
    assert [mark["path"] for mark in patches.marks] == ["/a/x"]
    patches.feed([wrong["y"]])
    assert [mark["path"] for mark in patches.invalid] == ["/a/y"]


def test_a_reset_of_all_begins_anew():
    patches = Patches()
    patches.feed([ValueStart((), "object"), *ended(("a",), "Salt")])
    assert patches.feed([Reset(CONTENT, 0, "it differs")]) == [replace("", None)]
    assert patches.open == ()


@PROFILES
@pytest.mark.parametrize("parse", ["json", "find"])
@given(st.data())
def test_a_replay_that_differs_leaves_the_screen_as_the_parser_is(ops, parse, data):
    text = data.draw(utf8_texts.filter(lambda text: text.lstrip()[0] in "[{"))
    cut, other = data.draw(st.integers(1, len(text))), data.draw(st.integers(0, len(text)))
    bridge = Bridge(keeps=True, parse=parse)
    patches, document = Patches(ops), Document()
    document.apply(patches.feed(bridge.feed(text[:cut])))
    bridge.again()
    for piece in [f"{text[:other]}]x", "}"]:
        document.apply(patches.feed(bridge.feed(piece)))
        assert exactly(document.value) == exactly(bridge.parser.value)


def test_a_stream_is_shown_as_it_comes():
    document, patches = Document(), Patches()
    with stream(sizes('{"a": [1, "Salt", {"b": null}]}', 3)) as events:
        for event in events:
            document.apply(patches.feed([event]))
    assert document.value == events.value
