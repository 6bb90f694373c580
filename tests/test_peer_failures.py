"""What other libraries get wrong, measured on their releases, and cannot happen here.

Each test's name says what goes wrong elsewhere, or what a trap of such parsers is; F1 to F20 are
the numbers of the study that found them.
"""

from __future__ import annotations

import copy
import json

import pytest
from support import (
    built,
    characters,
    events_of,
    exactly,
    fed,
    merged,
    outcome_of,
    sizes,
    two_way_cuts,
)

from partialjson import (
    Fragments,
    IncompleteJSONError,
    JSONSyntaxError,
    LimitExceeded,
    LiveValue,
    Parser,
    StringDelta,
    ValueEnd,
    complete,
    from_json,
    stream,
)

BOTH = pytest.mark.parametrize("kind", [Parser, LiveValue])


def shown(kind, deltas, **options):
    """A snapshot after every delta."""
    parser, values = kind(**options), []
    for delta in deltas:
        parser.feed(delta)
        values.append(parser.snapshot())
    return values


def every_cut(text):
    return [[text], characters(text), *two_way_cuts(text), characters(text.encode())]


def wrong(kind, deltas):
    with pytest.raises(JSONSyntaxError) as caught:
        fed(kind, *deltas)
    return caught.value


# -- Strings ---------------------------------------------------------------------------------------


@BOTH
def test_f1_a_string_keeps_growing_behind_its_first_delta(kind):
    names = shown(kind, ['{"name":', ' "', "J", "oe", " Smith ", '"', "}"])
    assert names[1:] == [{"name": name} for name in ("", "J", "Joe", *["Joe Smith "] * 3)]
    lengths = [len(value["s"]) for value in shown(kind, ['{"s":"x', *["abcd"] * 12])]
    assert lengths == list(range(1, 50, 4))


@BOTH
def test_f4_two_escaped_surrogates_are_one_character(kind):
    for deltas in every_cut('"\\ud83d\\ude00"'):
        assert fed(kind, *deltas).value.encode() == "😀".encode()


@BOTH
def test_f5_an_escape_in_a_name_may_be_cut_by_the_end_of_a_chunk(kind):
    for deltas in every_cut('{"a\\"k":1,"\\u0061\\ud83d\\ude00":2}'):
        assert fed(kind, *deltas).value == {'a"k': 1, "a😀": 2}


@BOTH
def test_f6_no_letter_of_an_escape_leaks_into_a_string(kind):
    text = '{"s":"hel\\u00e9 \\ud83d\\ude00 lo"}'
    for value in shown(kind, characters(text)):
        assert "hel\u00e9 😀 lo".startswith(value.get("s", ""))


@BOTH
def test_f11_a_name_does_not_vanish_while_an_escape_is_read(kind):
    text = '{"a\\"k":"h\\u0069"}'
    started = text.index(":") + 1
    for count, value in enumerate(shown(kind, characters(text)), 1):
        assert ('a"k' in value) == (count > started)


@BOTH
@pytest.mark.parametrize("text", ['"é"', '"😀漢"', '{"é":"😀"}', '["a\u2028b"]'])
def test_f12_a_cut_utf_8_sequence_is_no_replacement_character(kind, text):
    for deltas in [[d] for d in (text.encode(),)] + two_way_cuts(text.encode()):
        assert fed(kind, *deltas).value == json.loads(text)
    for value in shown(kind, characters(text.encode())):
        assert "\ufffd" not in str(value)


@BOTH
def test_f12_half_a_pair_shows_nothing_that_changes_later(kind):
    assert shown(kind, ['"a\\ud83d', "\\ude0", "0b"]) == ["a", "a", "a😀b"]


@BOTH
@pytest.mark.parametrize("escape", ["\\ud800", "\\ud800\\ud800", "\\udc00", "\\udc00\\ud800"])
def test_f13_lone_surrogates_are_kept_and_no_character_is_invented(kind, escape):
    text = f'{{"{escape}":"{escape}x"}}'
    for deltas in every_cut(text):
        assert exactly(fed(kind, *deltas).value) == exactly(json.loads(text))


@BOTH
@pytest.mark.parametrize("text", ['["False$`"]', '{"None$":1}', '{"a, b: c":")b"}', '["True,]}"]'])
def test_f15_nothing_inside_a_string_is_rewritten(kind, text):
    for deltas in every_cut(text):
        assert fed(kind, *deltas).value == json.loads(text)


@BOTH
def test_f16_equal_deltas_in_a_row_are_all_kept(kind):
    assert fed(kind, '"ha', "ha", 'ha and ha"').value == "hahaha and ha"
    assert fed(kind, '"', "ha", "ha", "ha", '"').value == "hahaha"


@BOTH
def test_f16_a_delta_of_whitespace_alone_is_kept(kind):
    assert fed(kind, '"a', " ", "   ", "\u2003", 'c"').value == "a    \u2003c"


def test_f16_deltas_are_the_text_itself_and_not_what_is_new_by_guessing():
    parser = Parser()
    events = [e for d in ('"ha', "ha", "ha and ha", '"') for e in parser.feed(d)]
    assert [e.text for e in events if type(e) is StringDelta] == ["ha", "ha", "ha and ha"]


@BOTH
def test_f17_escapes_are_decoded_and_rows_are_not_joined_wrongly(kind):
    text = '{"title":"a \\"q\\"","items":[{"name":"x"},{"name":"y","qty":"2"}],"n":12}'
    for deltas in every_cut(text):
        assert fed(kind, *deltas).value == json.loads(text)


# -- Names and paths -------------------------------------------------------------------------------


def test_f5_f13_a_dot_in_a_name_makes_no_two_paths_one():
    events = events_of(['{"a.b":{"c":1},"a":{"b":{"c":2}},"item":[3]}'])
    ended = {event.path: event.value for event in events if type(event) is ValueEnd}
    assert ended["a.b", "c"] == 1
    assert ended["a", "b", "c"] == 2
    assert ended["item", 0] == 3


@BOTH
def test_f5_an_empty_name_is_a_name(kind):
    for deltas in every_cut('{"":{"":[1]}}'):
        assert fed(kind, *deltas).value == {"": {"": [1]}}


@BOTH
@pytest.mark.parametrize("text", ['[1,{"a":"b"}]', "[[1],[2]]", '[{"x":1},[],{}]'])
def test_f5_an_object_in_an_array_and_arrays_in_a_row_are_told_apart(kind, text):
    for deltas in every_cut(text):
        assert fed(kind, *deltas).value == json.loads(text)
    assert built(events_of(characters(text))) == json.loads(text)


@BOTH
@pytest.mark.parametrize("name", ["__proto__", "constructor", "toString", "__class__", "0", "-1"])
def test_no_name_is_special(kind, name):
    text = f'{{"{name}":{{"x":1}},"y":"{name}"}}'
    for deltas in every_cut(text):
        assert fed(kind, *deltas).value == json.loads(text)


@BOTH
def test_a_cut_name_is_neither_shown_nor_made_an_element(kind):
    for value in shown(kind, characters('{"title":1}'))[:9]:
        assert value == {}
    assert from_json('{"na') == {}
    assert from_json('{"na"') == {}
    assert from_json('{"na":') == {}


# -- Numbers ---------------------------------------------------------------------------------------


@BOTH
@pytest.mark.parametrize("text", ["[" + "1" * 4_301 + "]", '{"n":' + "1" * 5_000 + "}"])
def test_f2_f19_4301_digits_end_in_an_error_that_can_be_caught(kind, text):
    for deltas in ([text], sizes(text, 4), [text.encode()]):
        with pytest.raises(LimitExceeded) as caught:
            fed(kind, *deltas)
        assert caught.value.limit == "max_number"


@BOTH
@pytest.mark.parametrize(
    "text", ["12345678901234567", "[0]", "-0", "9" * 400, "[12345678901234567890]"]
)
def test_f4_integers_are_exact_and_stay_integers(kind, text):
    for deltas in ([text, " "], [*text, " "]):
        assert exactly(fed(kind, *deltas).value) == exactly(json.loads(text))


@BOTH
@pytest.mark.parametrize("text", ["123", "-0.5e+3", "[1.5]", "[1,-2.25e-1,3]", '{"a":10,"b":1.0}'])
def test_f8_a_closing_number_never_shrinks_and_is_never_shown_before_it_ends(kind, text):
    final = str(json.loads(text))
    shorter = 0
    for value in shown(kind, [*text, " "]):
        size = len(value) if type(value) in (list, dict) else value is not None
        assert size >= shorter
        shorter = size
        for number in value if type(value) is list else [value] if type(value) is float else ():
            assert str(number) in final


@BOTH
@pytest.mark.parametrize("text", ["[-.123]", "-.1", "[.5]", '{"a":-.1}'])
def test_f12_a_number_without_its_integer_part_is_wrong_in_any_cut(kind, text):
    expected = outcome_of([text], kind)
    for deltas in every_cut(text):
        assert wrong(kind, deltas).offset == text.index(".")
        assert outcome_of(deltas, kind) == expected


@BOTH
@pytest.mark.parametrize("text", ["[1.5]", "[\n  true,\n  [],\n  true\n]", "[1.5,2.25]"])
def test_f18_no_element_is_lost_in_any_chunks(kind, text):
    for size in range(1, len(text)):
        assert fed(kind, *sizes(text, size)).value == json.loads(text)


@BOTH
@pytest.mark.parametrize("text", ["１", "[１]", "1１", "[1.１]", "1_0", "[1e１]", "٣", "1²", "0b1"])
def test_full_width_digits_and_what_else_int_and_float_take_are_no_digits(kind, text):
    with pytest.raises(JSONSyntaxError):
        fed(kind, text).close()


@BOTH
def test_f19_a_number_beyond_doubles_is_infinite_as_in_json_loads_and_completes_the_same(kind):
    parser = fed(kind, "[1E400,-0")
    assert parser.value == [float("inf")]
    assert json.loads(complete("[1E400,-0")) == [float("inf")]


# -- What must not pass ----------------------------------------------------------------------------


@BOTH
@pytest.mark.parametrize(
    ("text", "offset"),
    [
        *(('{"a":1],"b":2}', 6), ("[1 2", 3), ('{"a":[1},"b":2}', 7), ('{"a":1}}}}', 7)),
        *(('{"a":1} garbage', 8), ('{"a":1}{"b":2}', 7), ("[01", 2), ('{"a":tru}', 8)),
        *(('["\\x', 3), ("[1]]", 3), ('{"a":+1}', 5), ('{"a":True}', 5), ("[3[4]]", 2)),
        *(("[abc]", 1), ('{"a":1 garbage}', 7), ("[1}", 2), ('{"a":"b"}#{}', 9), ("[NaN]", 1)),
        *(("[Infinity]", 1), ("[-Infinity]", 2), ("[+1]", 1), ("[2.e3]", 3), ("[1.5e+3e]", 7)),
        *(("['a']", 1), ("[\x0c1]", 1), ("[\xa01]", 1), ("\u2003[]", 0), ("[1,]", 3)),
    ],
)
def test_f8_f11_broken_structure_raises_at_once_with_its_place_and_never_looks_healthy(
    kind, text, offset
):
    for deltas in every_cut(text):
        error = wrong(kind, deltas)
        assert error.offset == offset
        assert (error.line, error.column) == (1, offset + 1)


@BOTH
@pytest.mark.parametrize("garbage", ["x", "]", "{}", "null", ",", "\x00", "1"])
def test_garbage_behind_the_text_raises_also_in_a_later_chunk(kind, garbage):
    parser = fed(kind, '{"a":1}', "", " \n")
    with pytest.raises(JSONSyntaxError, match="expected the end of the text") as caught:
        parser.feed(garbage)
    assert caught.value.value == {"a": 1}


@BOTH
@pytest.mark.parametrize(
    "space", ["\f", "\v", "\xa0", "\u2028", "\u3000", "\x00", "\ufeff", "\x1c"]
)
def test_only_four_characters_are_whitespace(kind, space):
    for text in (f"{space}1", f"[{space}1", f"[1{space}", f'{{"a"{space}', f"{{}}{space}"):
        assert wrong(kind, [text]).offset == text.index(space)


@BOTH
@pytest.mark.parametrize("text", ["[1,2", '{"a":"b', '{"text": "abc', "[", '"'])
def test_a_truncated_text_is_neither_whole_nor_malformed(kind, text):
    parser = fed(kind, text)
    assert not parser.complete
    with pytest.raises(IncompleteJSONError):
        parser.close()


# -- Chunks ----------------------------------------------------------------------------------------


@BOTH
@pytest.mark.parametrize("deltas", [['{"a":', "", "1}"], ["", "[", "", "1", "", "]", ""]])
def test_f7_an_empty_delta_is_no_end(kind, deltas):
    for form in (deltas, [delta.encode() for delta in deltas]):
        parser = fed(kind, *form)
        parser.close()
        assert parser.value == json.loads("".join(deltas))


@BOTH
def test_f7_a_number_at_the_root_is_not_ended_by_an_empty_delta(kind):
    parser = fed(kind, "1", "", "2")
    parser.close()
    assert parser.value == 12


@BOTH
def test_a_number_at_the_root_ends_with_whitespace_or_the_end_alone(kind):
    assert fed(kind, "12").value is None
    assert fed(kind, "12\n").value == 12


@BOTH
@pytest.mark.parametrize("text", ["", "-", "nul", " "])
def test_f8_an_empty_or_barely_begun_text_is_no_error_before_its_end(kind, text):
    assert fed(kind, text).value is None


@BOTH
def test_f9_a_healthy_prefix_never_raises(kind):
    text = '{"a": 1, "b": [1, {"c": null}], "d": "e\\u00e9"}'
    for count in range(len(text)):
        assert fed(kind, text[:count]).started == (count > 0)


@BOTH
def test_f6_the_value_never_jumps_back_and_never_becomes_an_error(kind):
    text = '{"s":"a","l":[1,2,{"t":true}],"e":{}}'
    parser, before = kind(), 0
    for c in text:
        parser.feed(c)
        now = len(json.dumps(parser.value))
        assert now >= before
        before = now


@BOTH
@pytest.mark.parametrize("literal", ["true", "false", "null"])
def test_a_cut_literal_is_not_guessed(kind, literal):
    values = shown(kind, ["[", *literal, "]"])
    assert values == [[]] * len(literal) + [[json.loads(literal)]] * 2


# -- Depth, copies, cost ---------------------------------------------------------------------------


@BOTH
@pytest.mark.parametrize("opener", ["[", '{"a":'])
def test_f3_f10_a_hundred_thousand_brackets_neither_crash_nor_recurse(kind, opener):
    with pytest.raises(LimitExceeded):
        fed(kind, opener * 100_000)


@pytest.mark.deep
def test_f10_deep_nesting_costs_no_more_than_its_text():
    live = LiveValue(max_depth=100_000)
    for delta in sizes("[" * 100_000 + "]" * 100_000, 7):
        live.feed(delta)
    assert live.complete


@BOTH
def test_f9_a_snapshot_is_not_changed_under_its_reader(kind):
    parser = fed(kind, '{"a":[1,{"b":"x')
    snapshot, seen = parser.snapshot(), {"a": [1, {"b": "x"}]}
    parser.feed('y"},2],"c":3}')
    assert snapshot == seen


@BOTH
@pytest.mark.parametrize("twin_of", [copy.copy, copy.deepcopy])
def test_a_parser_can_be_copied_in_the_middle_of_anything(kind, twin_of):
    text = '{"a\\u00e9":["\\ud83d\\ude00",-1.5,true]}'
    for count in range(len(text)):
        twin = twin_of(fed(kind, text[:count]))
        twin.feed(text[count:])
        assert twin.value == json.loads(text)


@BOTH
def test_a_limit_is_not_escaped_by_small_chunks(kind):
    for limit, text in {
        "max_number": "1" * 20,
        "max_string": '"' + "x" * 20,
        "max_text": "[" + " " * 20,
        "max_depth": "[" * 20,
    }.items():
        for size in (1, 2, 19):
            with pytest.raises(LimitExceeded) as caught:
                fed(kind, *sizes(text, size), **{limit: 9})
            assert caught.value.limit == limit


# -- Order and completeness of what is told --------------------------------------------------------


def test_f14_numbers_and_the_last_value_are_ended_only_when_they_are_proved():
    ended = [e for e in fed(Parser, '{"n":1').feed("2") if type(e) is ValueEnd]
    assert ended == []
    (number, _) = fed(Parser, '{"n":12').feed("}")
    assert number == ValueEnd(("n",), "number", 12, 5, 7)


def test_members_may_come_in_any_order_and_a_missing_one_delays_nothing():
    told = [event.path for event in events_of(['{"b":12,"a":"x"}']) if type(event) is ValueEnd]
    assert told == [("b",), ("a",), ()]


@pytest.mark.parametrize("text", ["{}", "[]", "[{},[]]", '{"a":{},"b":[]}'])
def test_empty_containers_are_told(text):
    assert built(events_of(characters(text))) == json.loads(text)


def test_every_way_to_cut_tells_the_same():
    text = '{"a":"b","c":[1,"d\\n",{"e":null}],"f":-0.5}'
    expected = exactly(merged(events_of([text])))
    for deltas in every_cut(text):
        assert exactly(merged(events_of(deltas))) == expected


# -- Whole values, and JSON in prose ---------------------------------------------------------------


def matched(pattern, text):
    fragments = Fragments(pattern)
    return [one.value for delta in characters(text) for one in fragments.feed(delta)]


def test_f13_a_pattern_tells_a_name_with_a_dot_and_a_name_like_item_from_steps():
    text = '{"a.b": {"c": 1}, "a": {"b": {"c": 2}}, "x": {"item": 3, "0": 4}, "y": [5]}'
    assert matched("$.a.b.c", text) == [2]
    assert matched("$['a.b'].c", text) == [1]
    assert matched("$.x.item", text) == [3]
    assert matched("$.x[0]", text) == []
    assert matched("$.y[0]", text) == [5]


def test_f17_rows_are_given_whole_and_none_is_lost_or_joined():
    text = '{"title":"t","items":[{"name":"x"},{"name":"y","qty":"2"}]}'
    assert matched("$.items[*]", text) == [{"name": "x"}, {"name": "y", "qty": "2"}]


@pytest.mark.deep
def test_f10_a_match_below_ten_thousand_brackets_costs_its_text():
    depth = 10_000
    fragments = Fragments("$..a", max_depth=depth + 2)
    fragments.feed("[" * depth)
    assert [one.text for one in fragments.feed('{"a": 1}')] == ["1"]
    assert len(fragments.feed("]" * depth)) == 0
    fragments.close()


@pytest.mark.parametrize(
    "answer",
    [
        'Use {placeholders} like {this}. Answer: {"a":1}',
        'See [1] and [note]: {"a":1}',
        'I can\'t say "no": {"a":1}',
        '```json\n{"a":1}\n```\nI hope {this} helps.',
        '<think>{"a": 2}?</think>{"a":1}',
    ],
)
def test_f20_json_in_prose_is_neither_missed_nor_invented(answer):
    for pieces in every_cut(answer):
        with stream(pieces, parse="find") as flow:
            for _ in flow:
                pass
        assert flow.result == {"a": 1}
