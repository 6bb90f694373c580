"""The values at a pattern: which, when, with which text, and what is left of the rest."""

from __future__ import annotations

import copy
import gc
import json
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import (
    built,
    characters,
    chunkings,
    exactly,
    mutated,
    pickled,
    sizes,
    texts,
    told,
    utf8_texts,
)

from partialjson import (
    CheckpointError,
    Fragment,
    Fragments,
    IncompleteJSONError,
    JSONSyntaxError,
    LimitExceeded,
    Parser,
    PartialJSONError,
    ValueEnd,
)
from partialjson.path import Pattern

PATTERNS = ["$", "$.a", "$[*]", "$..*", "$..a", "$[0]", "$[1]", "$.*.*", "$..[0]", "$.b[*].a"]
patterns = st.sampled_from(PATTERNS)


def fragments_of(pattern, deltas, **options):
    fragments = Fragments(pattern, **options)
    found = [fragment for delta in deltas for fragment in fragments.feed(delta)]
    return found + fragments.close()


def expected_of(pattern, text):
    """By the oracle of the events, each with how many characters prove it."""
    wanted = Pattern(pattern)
    return [
        (Fragment(event.path, event.value, text[event.start : event.end]), at)
        for event, at in told(text)
        if type(event) is ValueEnd and wanted.matches(event.path)
    ]


# -- Which, and when -------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [{}, {"keep": False}, {"strings": "whole"}])
@given(pattern=patterns, text=texts, data=st.data())
def test_however_a_text_is_cut_the_matches_are_those_of_the_oracle(options, pattern, text, data):
    expected = [fragment for fragment, _ in expected_of(pattern, text)]
    deltas = data.draw(chunkings(text))
    assert exactly(fragments_of(pattern, deltas, **options)) == exactly(expected)


@given(pattern=patterns, text=utf8_texts, data=st.data())
def test_bytes_cut_inside_characters_give_the_same_matches(pattern, text, data):
    expected = [fragment for fragment, _ in expected_of(pattern, text)]
    deltas = data.draw(chunkings(b"\xef\xbb\xbf" + text.encode()))
    assert exactly(fragments_of(pattern, deltas)) == exactly(expected)


@given(pattern=patterns, text=texts)
def test_a_match_comes_with_the_character_that_proves_it(pattern, text):
    expected = expected_of(pattern, text)
    fragments = Fragments(pattern)
    for count, character in enumerate(text, 1):
        found = fragments.feed(character)
        assert exactly(found) == exactly([match for match, at in expected if at == count])


def test_a_text_is_the_items_own_character_for_character():
    text = '{"rows": [ { "a" :\n1.50 } , "\\u00e9\\/" ]}'
    found = fragments_of("$.rows[*]", characters(text))
    assert [fragment.text for fragment in found] == ['{ "a" :\n1.50 }', '"\\u00e9\\/"']
    assert [fragment.value for fragment in found] == [{"a": 1.5}, "é/"]


def test_children_come_before_their_parents_and_a_nested_match_has_a_text_of_its_own():
    found = fragments_of("$..a", characters('{"a": {"a": [1, {"a": 2}]}}'))
    assert [(fragment.path, fragment.text) for fragment in found] == [
        (("a", "a", 1, "a"), "2"),
        (("a", "a"), '[1, {"a": 2}]'),
        (("a",), '{"a": [1, {"a": 2}]}'),
    ]


def test_the_value_of_a_match_is_the_live_object():
    fragments = Fragments("$[*]")
    (first,) = fragments.feed('[{"a": 1}, ')
    assert first.value is fragments.parser.value[0]


def test_a_number_at_the_root_matches_when_the_text_ends():
    fragments = Fragments("$")
    assert fragments.feed("4") == fragments.feed("2") == []
    assert fragments.close() == [Fragment((), 42, "42")]
    assert fragments.close() == []


@pytest.mark.parametrize("strings", ["growing", "whole"])
def test_nothing_is_kept_of_what_does_not_match(strings):
    fragments = Fragments("$.a", strings=strings)
    for delta in ['{"b": "', "x" * 1000, "y" * 1000, '", "a": "', "z" * 10, '"']:
        fragments.feed(delta)
        held = fragments._text.getvalue() if fragments._text else ""
        assert len(held) <= 12


def test_closing_a_small_match_does_not_read_the_large_one_around_it():
    """4,000 matches inside one: their texts together are copied, and nothing more."""
    fragments = Fragments("$..*")
    text = '{"a": [' + ", ".join(["123"] * 4_000) + "]}"
    found = [fragment for delta in sizes(text, 4) for fragment in fragments.feed(delta)]
    assert sum(len(fragment.text) for fragment in found) < 2 * len(text)


# -- What goes wrong -------------------------------------------------------------------------------


def outcome(pattern, deltas, **options):
    """The matches, and the facts of the error, if one ends them."""
    fragments = Fragments(pattern, **options)
    found = []
    try:
        for delta in deltas:
            found += fragments.feed(delta)
        found += fragments.close()
    except PartialJSONError as error:
        found += error.events
        return exactly(found), (type(error), str(error), error.offset, error.path)
    return exactly(found), None


@pytest.mark.parametrize("keep", [True, False])
@given(pattern=patterns, text=mutated(), data=st.data())
def test_a_wrong_text_gives_the_same_matches_and_the_same_error_in_every_cut(
    keep, pattern, text, data
):
    whole = outcome(pattern, [text], keep=keep)
    assert outcome(pattern, characters(text), keep=keep) == whole
    assert outcome(pattern, data.draw(chunkings(text)), keep=keep) == whole
    assert outcome(pattern, [text]) == whole  # what is kept changes no error and no match


def test_the_matches_before_a_fault_are_on_the_error_once():
    fragments = Fragments("$[*]")
    with pytest.raises(JSONSyntaxError) as caught:
        fragments.feed('[1, "two", x')
    error = caught.value
    assert error.events == [Fragment((0,), 1, "1"), Fragment((1,), "two", '"two"')]
    for again in (fragments.feed, lambda _: fragments.close()):
        with pytest.raises(JSONSyntaxError) as repeated:
            again("[")
        assert repeated.value is error
    assert len(error.events) == 2


def test_a_cut_text_is_incomplete_and_its_whole_matches_have_come():
    fragments = Fragments("$.rows[*]")
    assert [fragment.value for fragment in fragments.feed('{"rows": [1, 2, {"a"')] == [1, 2]
    with pytest.raises(IncompleteJSONError) as caught:
        fragments.close()
    assert caught.value.path == ("rows", 2)


def test_the_other_kind_of_input_ends_nothing():
    fragments = Fragments("$[*]")
    fragments.feed("[1")
    with pytest.raises(TypeError, match="expected str as before, got bytes"):
        fragments.feed(b",")
    assert fragments.feed(",") == [Fragment((0,), 1, "1")]


def test_the_matches_before_bytes_that_are_no_utf_8_are_on_the_error():
    fragments = Fragments("$[*]")
    with pytest.raises(JSONSyntaxError) as caught:
        fragments.feed('["é", "'.encode() + b"\xff")
    assert (caught.value.found, caught.value.offset) == (b"\xff", 7)
    assert caught.value.events == [Fragment((0,), "é", '"é"')]


def test_a_str_is_what_its_characters_are():
    class Shouting(str):
        __slots__ = ()

        def __getitem__(self, _):
            return "!"

    (match,) = Fragments("$[*]").feed(Shouting('["ab"]'))
    assert match.text == '"ab"'


def test_the_options_are_those_of_the_parser():
    with pytest.raises(LimitExceeded):
        Fragments("$", max_depth=1).feed("[[")
    with pytest.raises(ValueError, match="expected strings="):
        Fragments("$", strings="no")
    with pytest.raises(ValueError, match="a filter"):
        Fragments("$[?@.a]")


# -- What leaves -----------------------------------------------------------------------------------


def test_a_match_leaves_and_indices_count_on():
    fragments = Fragments("$.rows[*]", keep=False)
    paths = []
    for character in '{"n": 1, "rows": [1, {"a": 2}, "x", [3], null, {"b':
        paths += [fragment.path for fragment in fragments.feed(character)]
        rows = fragments.parser.value.get("rows", []) if fragments.parser.started else []
        assert len(rows) <= 1
    assert paths == [("rows", index) for index in range(5)]
    assert fragments.parser.value == {"n": 1, "rows": [{}]}
    assert fragments.parser.path == ("rows", 5)
    assert fragments.parser.is_closed(("rows", 0))
    assert not fragments.parser.is_closed(("rows", 5))
    assert not fragments.parser.is_closed(("rows", 6))
    assert not fragments.parser.is_closed(("rows", -1))
    assert fragments.parser.is_closed(("n",))
    assert not fragments.parser.is_closed(("n", 0))


def test_an_error_behind_what_left_names_the_index_in_the_text():
    fragments = Fragments("$[*]", keep=False)
    with pytest.raises(JSONSyntaxError, match=r"in /3/a/0$") as caught:
        fragments.feed('[1, 2, 3, {"a": [tru0')
    assert caught.value.path == (3, "a", 0)


@pytest.mark.parametrize(
    ("pattern", "text", "left"),
    [
        ("$.a", '{"a": 1, "b": 2}', {"b": 2}),
        ("$[1]", "[0, 1, 2]", [0, None, 2]),
        ("$[0, 1]", "[0, 1, 2]", [2]),
        ("$..id", '[{"id": 1, "x": {"id": 2}}, {"id": 3}]', [{"x": {}}, {}]),
        ("$..a", '{"a": {"a": 1}, "b": {"a": "x"}}', {"b": {}}),
        ("$[*]", '["growing", [1], {}]', []),
        ("$", "[1]", [1]),
        ("$..*", '{"a": [1, {"b": 2}]}', {}),
    ],
)
@pytest.mark.parametrize("size", [1, 1000])
def test_of_matches_inside_each_other_the_outermost_leaves_and_the_root_stays(
    pattern, text, left, size
):
    fragments = Fragments(pattern, keep=False)
    found = [fragment for delta in sizes(text, size) for fragment in fragments.feed(delta)]
    assert fragments.parser.value == left
    assert exactly(found) == exactly([match for match, _ in expected_of(pattern, text)])


def test_a_name_whose_value_has_left_is_a_new_one():
    parser = Fragments("$.a", keep=False, duplicate_names="error").parser
    parser.feed('{"a": 1, "a": 2, "b": 1')
    with pytest.raises(JSONSyntaxError, match="repeated name 'b'"):
        parser.feed(', "b"')


def test_what_has_left_cannot_be_saved():
    with pytest.raises(RuntimeError, match="does not keep all"):
        Fragments("$[*]", keep=False).parser.checkpoint()
    with pytest.raises(CheckpointError, match="expected a checkpoint of Shedding"):
        type(Fragments("$[*]", keep=False).parser).restore(Parser().checkpoint())


def objects_after(count, size):
    """How many objects and blocks of memory there are when so much of an endless list was read."""
    row = '{"id": 12, "of": ["x"]}, '
    fragments = Fragments("$.rows[*]", keep=False)
    fragments.feed('{"rows": [')
    found = 0
    for _ in range(count // 1_000):
        for delta in sizes(row * 1_000, size):
            found += len(fragments.feed(delta))
    gc.collect()
    assert found == count
    assert fragments.parser.value == {"rows": []}
    return len(gc.get_objects()), sys.getallocatedblocks()


@pytest.mark.parametrize(
    ("size", "count"),
    [
        (4, 2_000),
        (65_536, 5_000),
        pytest.param(65_536, 100_000, marks=pytest.mark.soak),
        pytest.param(4, 100_000, marks=pytest.mark.soak),
    ],
)
def test_an_endless_list_is_read_in_constant_memory(size, count):
    objects_after(1_000, size)
    objects, blocks = objects_after(count, size)
    more_objects, more_blocks = objects_after(2 * count, size)
    assert abs(more_objects - objects) <= 5
    assert abs(more_blocks - blocks) <= 200


# -- Going on elsewhere ----------------------------------------------------------------------------


@pytest.mark.parametrize("keep", [True, False])
@pytest.mark.parametrize("twin_of", [copy.deepcopy, pickled])
def test_fragments_are_plain_data_that_can_go_on_elsewhere(keep, twin_of):
    text = '{"b": [{"a": "é\\n"}, {"a": [1, 2.5]}]}'
    whole = fragments_of("$.b[*].a", [text], keep=keep)
    for cut in range(len(text) + 1):
        first = Fragments("$.b[*].a", keep=keep)
        found = first.feed(text[:cut])
        second = twin_of(first)
        found += second.feed(text[cut:]) + second.close()
        assert exactly(found) == exactly(whole)


def test_a_parser_that_forgets_can_be_copied():
    fragments = Fragments("$[*]", keep=False)
    fragments.feed('[1, 2, {"a"')
    twin = fragments.parser.copy()
    twin.feed(": 3}, 4")
    assert (twin.path, fragments.parser.path) == ((3,), (2,))


@given(text=texts)
def test_what_is_kept_is_the_whole_value(text):
    fragments = Fragments("$..a")
    fragments.feed(text)
    fragments.close()
    assert exactly(fragments.parser.value) == exactly(json.loads(text))
    parser = Parser()
    assert exactly(built(parser.feed(text) + parser.close())) == exactly(json.loads(text))
