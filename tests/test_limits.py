"""Limits hold at the first character over, however a text is cut; depth is only what they say."""

from __future__ import annotations

import json
import sys
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import (
    characters,
    chunkings,
    exactly,
    fed,
    mutated,
    outcome_of,
    sizes,
    texts,
    two_way_cuts,
)

from partialjson import (
    Completion,
    IncompleteJSONError,
    JSONSyntaxError,
    LimitExceeded,
    LiveValue,
    Parser,
)

BOTH = pytest.mark.parametrize("kind", [Parser, LiveValue])
DEEP = pytest.mark.parametrize(("kind", "depth"), [(LiveValue, 100_000), (Parser, 2_000)])


def over(kind, *deltas, **options):
    with pytest.raises(LimitExceeded) as caught:
        fed(kind, *deltas, **options).close()
    return caught.value


def every_cut(text):
    return [[text], characters(text), *two_way_cuts(text), characters(text.encode())]


def assert_over_at(kind, text, offset, limit, value, **options):
    """The limit is reached at this character, and before it nothing is wrong."""
    expected = outcome_of([text], kind, **options)
    for deltas in every_cut(text):
        error = over(kind, *deltas, **options)
        assert (error.offset, error.limit, error.limit_value) == (offset, limit, value)
        assert outcome_of(deltas, kind, **options) == expected
    fed(kind, text[:offset], **options)


# -- Depth -----------------------------------------------------------------------------------------


@BOTH
@pytest.mark.parametrize("opener", ["[", '{"a":'])
def test_a_hundred_thousand_brackets_end_in_limit_exceeded(kind, opener):
    for deltas in ([opener * 100_000], sizes(opener * 100_000, 1_000)):
        error = over(kind, *deltas)
        assert (error.limit, error.limit_value) == ("max_depth", 400)
        assert error.offset == 400 * len(opener)
        assert len(error.path) in (399, 400)


@BOTH
@pytest.mark.parametrize("text", ["[[[", '[{"a":[', '{"a":{"b":{', "[[],[[", "[[],{},[[]]]"])
def test_max_depth_counts_the_containers_that_are_open_at_once(kind, text):
    opened = 0
    for offset, c in enumerate(text):
        opened += (c in "[{") - (c in "]}")
        if opened == 3:
            assert_over_at(kind, text, offset, "max_depth", 2, max_depth=2)
            return


@BOTH
def test_a_depth_of_exactly_the_limit_is_allowed(kind):
    for depth in (1, 2, 400):
        text = "[" * depth + "]" * depth
        assert fed(kind, text, max_depth=depth).complete
        assert over(kind, text, max_depth=depth - 1).offset == depth - 1


@BOTH
@pytest.mark.parametrize("text", ["[]", "{}"])
def test_without_depth_only_atoms_are_left(kind, text):
    assert_over_at(kind, text, 0, "max_depth", 0, max_depth=0)
    assert fed(kind, '"a"', max_depth=0).value == "a"


def levels_of(value):
    """How deep single elements or members are nested in each other; read without recursion."""
    count = 0
    while type(value) in (list, dict) and value:
        count += 1
        value = value[0] if type(value) is list else value["a"]
    return count + (type(value) in (list, dict)), value


def nested(opener, depth):
    parser_kind = {"[": "]", "{": "}"}
    return opener * depth, parser_kind[opener[0]] * depth


@pytest.mark.deep
@DEEP
@pytest.mark.parametrize("opener", ["[", '{"a":'])
def test_nothing_recurses_when_the_limit_is_raised(kind, depth, opener):
    openers, closers = nested(opener, depth)
    parser = kind(max_depth=depth)
    for delta in sizes(openers + '"leaf', 4_096):
        parser.feed(delta)
    assert levels_of(parser.value) == levels_of(parser.snapshot()) == (depth, "leaf")
    assert len(parser.path) == depth
    assert parser.completion == Completion(len(openers) + 5, '"' + closers)
    assert not parser.is_closed(parser.path)
    twin, restored = parser.copy(), kind.restore(parser.checkpoint())
    for one in (parser, twin, restored):
        one.feed('"' + closers)
        one.close()
        assert levels_of(one.value) == (depth, "leaf")
        assert one.completion.suffix == ""
    del parser, twin, restored, one  # freed here, while the test can still fail


@pytest.mark.deep
@DEEP
def test_at_any_depth_one_more_is_over_the_limit(kind, depth):
    parser = fed(kind, "[" * depth, max_depth=depth)
    with pytest.raises(LimitExceeded) as caught:
        parser.feed("[")
    assert (caught.value.offset, len(caught.value.path)) == (depth, depth - 1)
    assert len(str(caught.value)) < 300


@pytest.mark.deep
@DEEP
def test_a_deep_text_that_is_wrong_or_cut_says_so(kind, depth):
    parser = fed(kind, "[" * depth, max_depth=depth)
    with pytest.raises(IncompleteJSONError):
        parser.copy().close()
    with pytest.raises(JSONSyntaxError):
        parser.feed("}")
    assert levels_of(parser.value)[0] == depth


@pytest.mark.deep
def test_a_deep_text_is_read_at_once_and_in_pieces_alike():
    text = "[" * 100_000 + "]" * 100_000
    for deltas in ([text], sizes(text, 64), [text.encode()]):
        live = fed(LiveValue, *deltas, max_depth=100_000)
        assert levels_of(live.close())[0] == 100_000


# -- Strings and names -----------------------------------------------------------------------------

STRINGS = pytest.mark.parametrize("strings", ["growing", "whole"])


@BOTH
@STRINGS
@pytest.mark.parametrize(
    ("text", "most", "offset"),
    [
        *(('"abc"', 2, 3), ('"a"', 0, 1), ('["ab","abc"]', 2, 9), ('"\\n\\n\\n"', 2, 5)),
        *(('"a\\u00e9b"', 2, 8), ('"\\ud83d\\ude00b"', 1, 13), ('"\\ud83d\\ud83d"', 1, 7)),
        *(('"\\ud83d\\u0041"', 1, 7), ('"a\\ud83d"', 1, 2), ('"é漢😀x"', 3, 4)),
        *(('{"abc":1}', 2, 4), ('{"a\\u00e9b":1}', 2, 9), ('{"":"ab"}', 1, 6)),
        *(('{"\\ud83d\\ude00b":1}', 1, 14), ('{"a":1,"bcd":1}', 2, 10)),
        *(('["' + "x" * 60 + '","' + "y" * 61 + '"]', 60, 65 + 60),),
        *(('["' + "\\t" * 70 + '"]', 60, 2 + 120),),
    ],
)
def test_max_string_is_reached_at_the_first_decoded_character_over(
    kind, strings, text, most, offset
):
    assert_over_at(kind, text, offset, "max_string", most, max_string=most, strings=strings)
    whole = fed(kind, text, max_string=most + 5 + most, strings=strings)
    assert exactly(whole.value) == exactly(json.loads(text))


@BOTH
@STRINGS
@pytest.mark.parametrize(
    ("text", "most"),
    [('"ab"', 2), ('""', 0), ('{"":""}', 0), ('"\\ud83d\\ude00"', 1), ("12345", 0)],
)
def test_a_string_of_exactly_the_limit_is_allowed(kind, strings, text, most):
    for deltas in every_cut(text):
        parser = fed(kind, *deltas, max_string=most, strings=strings)
        parser.close()
        assert parser.value == json.loads(text)


@BOTH
def test_what_fits_below_max_string_is_shown(kind):
    for deltas in every_cut('["a\\nbcd"]'):
        assert over(kind, *deltas, max_string=3).value == ["a\nb"]


@BOTH
def test_an_earlier_fault_wins_over_max_string(kind):
    for deltas in every_cut('"ab\\x'):
        with pytest.raises(JSONSyntaxError):
            fed(kind, *deltas, max_string=2)


# -- Numbers ---------------------------------------------------------------------------------------


@BOTH
@pytest.mark.parametrize(
    ("text", "most", "offset"),
    [
        *(("[123]", 2, 3), ("[-12]", 2, 3), ("[1.5e3]", 4, 5), ("123", 2, 2), ("[12,123 ]", 2, 6)),
        *(("1" * 4_301, 4_300, 4_300), ("[1]", 0, 1), ("[0.0]", 1, 2)),
    ],
)
def test_max_number_is_reached_at_the_first_character_over(kind, text, most, offset):
    cuts = every_cut(text) if len(text) < 100 else [[text], sizes(text, 7), [text[:4_300], "1"]]
    for deltas in cuts:
        error = over(kind, *deltas, max_number=most)
        assert (error.offset, error.limit, error.limit_value) == (offset, "max_number", most)
    fed(kind, text[:offset], max_number=most)


@BOTH
def test_the_longest_number_by_default_is_the_longest_that_int_takes(kind):
    text = "9" * 4_300
    parser = fed(kind, *sizes(text, 100))
    parser.close()
    assert parser.value == int(text)
    assert over(kind, text + "9").limit == "max_number"


@BOTH
@pytest.mark.parametrize("sign", ["", "-"])
@pytest.mark.parametrize(("before", "after"), [("", ""), ("[", "]"), ('{"a":[0,', " , 1]}")])
def test_a_number_that_int_itself_refuses_is_a_limit_and_never_a_value_error_of_int(
    kind, sign, before, after
):
    text = f"{before}{sign}{'7' * 4_301}{after}"
    for deltas in ([text], sizes(text, 1_000), [text.encode()]):
        error = over(kind, *deltas, max_number=10_000)
        assert (error.limit, error.limit_value) == ("int_max_str_digits", 4_300)
        assert error.offset == len(before) + len(sign) + 4_300
        assert error.__class__ is LimitExceeded


@BOTH
def test_the_limit_of_int_is_the_one_that_python_was_told(kind):
    before = sys.get_int_max_str_digits()
    try:
        sys.set_int_max_str_digits(640)
        assert over(kind, "[" + "1" * 641 + "]").offset == 641
        sys.set_int_max_str_digits(0)
        assert fed(kind, "[" + "1" * 5_000 + "]", max_number=5_000).complete
    finally:
        sys.set_int_max_str_digits(before)


ABSURD = "1e9999999999999999999"  # an exponent that `Decimal` will not take


@BOTH
@pytest.mark.parametrize(
    ("text", "path"),
    [
        *((ABSURD, ()), (f"[{ABSURD}]", (0,)), (f'{{"a":[1,{ABSURD} ]}}', ("a", 1))),
        (f'[{{"a":"long enough to be read by the C scanner of json","b":{ABSURD}}}]', (0, "b")),
    ],
)
def test_a_number_that_parse_float_refuses_is_a_limit_with_its_place_and_path(kind, text, path):
    for deltas in every_cut(text):
        error = over(kind, *deltas, parse_float=Decimal)
        assert (error.limit, error.offset) == ("parse_float", text.index(ABSURD))
        assert error.path == path


@BOTH
def test_what_parse_float_raises_otherwise_is_the_callers_own(kind):
    def refuse(text):
        raise KeyError(text)

    with pytest.raises(KeyError):
        fed(
            kind,
            '{"a":"long enough to be read by the C scanner of json","b":1.5}',
            parse_float=refuse,
        )


# -- The whole text --------------------------------------------------------------------------------


@BOTH
@pytest.mark.parametrize(
    ("text", "most"),
    [
        *(("[1,2,3]", 5), ("[]", 0), ('"abc"', 3), ("12345", 3), ("truex", 3), ("[]   ", 3)),
        *(('"a\\u00e9"', 4), ('"é漢😀"', 3), ('{"name":1}', 4), ("[" + "1," * 50, 60)),
    ],
)
def test_max_text_is_reached_at_the_first_character_over(kind, text, most):
    assert_over_at(kind, text, most, "max_text", most, max_text=most)


@BOTH
def test_a_text_of_exactly_the_limit_is_allowed(kind):
    for deltas in every_cut('["é",1]'):
        parser = fed(kind, *deltas, max_text=7)
        parser.close()
        assert parser.value == ["é", 1]


@BOTH
def test_what_fits_below_max_text_is_shown_and_an_earlier_fault_wins(kind):
    for deltas in every_cut('["abc'):
        assert over(kind, *deltas, max_text=4).value == ["ab"]
    for deltas in every_cut('["a\n,'):
        with pytest.raises(JSONSyntaxError):
            fed(kind, *deltas, max_text=4)


@BOTH
def test_a_skipped_byte_order_mark_is_not_counted_by_max_text(kind):
    for deltas in (*two_way_cuts(b"\xef\xbb\xbf[]"), [b"\xef\xbb\xbf", b"[", b"]"]):
        assert fed(kind, *deltas, max_text=2).complete


# -- All limits together ---------------------------------------------------------------------------


@BOTH
@given(data=st.data(), text=texts | mutated())
def test_chunking_never_shows_under_any_limits(kind, data, text):
    options = data.draw(
        st.fixed_dictionaries(
            {},
            optional={
                "max_depth": st.integers(0, 4),
                "max_string": st.integers(0, 4),
                "max_number": st.integers(0, 5),
                "max_text": st.integers(0, 40),
                "duplicate_names": st.sampled_from(["last", "error"]),
                "strings": st.sampled_from(["growing", "whole"]),
                "parse_float": st.just(Decimal),
            },
        )
    )
    expected = outcome_of([text], kind, **options)
    assert outcome_of(characters(text), kind, **options) == expected
    assert outcome_of(data.draw(chunkings(text)), kind, **options) == expected


# -- Whole containers in one delta: what the C scanner of `json` must not let through --------------

LONG = "a text that is long enough to be read at once, by the scanner"
BULK = {
    "brackets inside strings are no depth": (f'["{LONG}[[[[[[","]]]]{{{{{{"]', {"max_depth": 1}),
    "exactly the depth": (f'[["{LONG}"],[[]]]', {"max_depth": 3}),
    "one level too deep": (f'[["{LONG}"],[[]]]', {"max_depth": 2}),
    "one level too deep at the front": (f'[[[]],["{LONG}"]]', {"max_depth": 2}),
    "one level too deep in an object": (f'[{{"a":{{"b":{{}}}},"c":"{LONG}"}}]', {"max_depth": 3}),
    "exactly the depth in an object": (f'[{{"a":{{"b":{{}}}},"c":"{LONG}"}}]', {"max_depth": 4}),
    "depth in a value that a repeated name replaces": (
        f'{{"a":[[[]]],"a":1,"b":"{LONG}"}}',
        {"max_depth": 2},
    ),
    "no depth at all": (f'["{LONG}"]', {"max_depth": 0}),
    "many brackets side by side": ("[" + ",".join(["[]", "{}"] * 30) + "]", {"max_depth": 2}),
    "a hundred levels": ("[" * 100 + "]" * 100, {"max_depth": 100}),
    "a hundred and one": ("[" * 101 + "]" * 101, {"max_depth": 100}),
    "the default depth": ("[" * 400 + "]" * 400, {}),
    "one level over the default": ("[" * 401 + "]" * 401, {}),
    "one level over, beside much else": (f'["{LONG * 400}",{"[" * 400}{"]" * 400}]', {}),
    "the default depth, beside much else": (f'["{LONG * 400}",{"[" * 399}{"]" * 399}]', {}),
    "a number over its limit": (f'["{LONG}",12345]', {"max_number": 4}),
    "a fraction over its limit": (f'["{LONG}",{{"a":-1.5e3}}]', {"max_number": 5}),
    "a number of one character": (f'["{LONG}",1]', {"max_number": 0}),
    "numbers of exactly the limit": (f'["{LONG}",{"1234," * 20}5]', {"max_number": 4}),
    "digits in a string are no number": (f'["{LONG}","{"1" * 99}"]', {"max_number": 4}),
    "a number over the default": (f"[{'1' * 4_301}]", {}),
    "a fraction over the default": (f"[0.{'1' * 4_300}]", {}),
    "a number of the default": (f"[{'1' * 4_300}]", {}),
    "NaN inside": (f'["{LONG}",NaN]', {}),
    "Infinity inside": (f'["{LONG}",{{"a":-Infinity}}]', {}),
    "a fault inside": (f'["{LONG}",{{"a":1,}}]', {}),
    "a fault behind": (f'["{LONG}"]]', {}),
    "a control character": (f'["{LONG}\n"]', {}),
    "a form feed": (f'["{LONG}",\f1]', {}),
    "a full-width digit": (f'["{LONG}",１]', {}),
    "a cut text": (f'["{LONG}",{{"a":[1,2', {}),
    "a repeated name, the last of which wins": (f'{{"a":"{LONG}","b":1,"a":2}}', {}),
    "a repeated name": (f'{{"a":"{LONG}","b":1,"a":2}}', {"duplicate_names": "error"}),
    "a repeated name inside": (f'["{LONG}",{{"a":1,"a":2}}]', {"duplicate_names": "error"}),
    "lone surrogates": (f'["{LONG}\\ud83d","\\ude00","\\ud83d\\u0041","\\ude00\\ud83d"]', {}),
    "raw lone surrogates": (f'["{LONG}\ud83d","\ude00","\ud83d\ude00"]', {}),
    "a string over its limit": (f'["{LONG}"]', {"max_string": 10}),
    "a text over its limit": (f'["{LONG}",1,2,3]', {"max_text": len(LONG) + 6}),
    "decimals": (f'["{LONG}",1.10,1e400,-0.0]', {"parse_float": Decimal}),
    "an infinite double": (f'["{LONG}",1e400,-1e400]', {}),
    "a decimal that is refused": (f'["{LONG}",{ABSURD}]', {"parse_float": Decimal}),
    "strings that are shown when whole": (f'["{LONG}",{{"a":"b"}}]', {"strings": "whole"}),
    "arrays side by side whose elements look alike": (
        f'[[{{"a":1}}],[{{"b":2}},{{"c":3}}],[{{"d":4}}, {{"e":5}}],"{LONG}"]',
        {},
    ),
    "objects side by side whose members look alike": (
        f'{{"a":[{{"b":1}},{{"b":2}}],"c":[{{"b":3}},{{"b":4}}],"d":"{LONG}"}}',
        {},
    ),
    "elements that meet inside a string": (f'[{{"a":"}},{{"}},{{"b":"],["}},"{LONG}"]', {}),
    "elements that meet in deeper arrays": (f"[{'[[1],[2]],' * 20}[[3],[4]]]", {}),
    "elements that meet in deeper arrays and are cut": (f"[[{'[[1],[2]],' * 20}[[3],[4", {}),
    "lines": (f'[\n"{LONG}"\n,\r\n{{"a"\n:1}}\n,\nx', {}),
}


@pytest.mark.parametrize("case", BULK)
def test_a_text_read_at_once_is_read_as_character_by_character(case):
    text, options = BULK[case]
    expected = outcome_of(
        characters(text) if len(text) < 9_000 else sizes(text, 20), LiveValue, **options
    )
    assert outcome_of([text], LiveValue, **options) == expected
    for size in (49, 64, len(text) - 1):
        assert outcome_of(sizes(text, size), LiveValue, **options) == expected
    for begun in range(1, 8):
        assert outcome_of([text[:begun], text[begun:]], LiveValue, **options) == expected
    assert outcome_of([text], Parser, **options)[0] == expected[0]


@pytest.mark.parametrize("opener", ["[", '{"":', "[[0],", '{"a":[],"":'])
@pytest.mark.parametrize("opened", range(18))
def test_brackets_that_are_open_before_a_value_count_towards_its_depth(opener, opened):
    before = opener * opened + '{"":'
    levels = before.count("[") - before.count("]") + before.count("{")
    depth, text = levels + 90, before + "[" * 90 + "]" * 90
    assert fed(LiveValue, text, max_depth=depth).offset == len(text)
    for cut in (0, 1, len(opener) + 1):
        deltas = [text[:cut], text[cut:]]
        assert over(LiveValue, *deltas, max_depth=depth - 1).offset == len(before) + 89
        assert over(LiveValue, *deltas, max_depth=depth - 5).offset == len(before) + 85


def long_texts(source):
    """Texts that are worth the C scanner: rows, and arrays of rows, alike and unlike."""
    arrays = st.lists(source, min_size=2, max_size=6).map(lambda parts: f"[{','.join(parts)}]")
    rows = st.tuples(arrays, st.integers(1, 4)).map(lambda of: f"[{', '.join([of[0]] * of[1])}]")
    members = st.lists(arrays, min_size=2, max_size=3).map(
        lambda parts: "{" + ",".join(f'"a{i}":{part}' for i, part in enumerate(parts)) + "}"
    )
    return arrays | rows | members


@given(data=st.data(), text=long_texts(texts) | mutated(long_texts(texts)))
def test_the_bulk_path_shows_nothing_of_itself(data, text):
    options = data.draw(
        st.fixed_dictionaries(
            {},
            optional={
                "max_depth": st.integers(0, 5),
                "max_number": st.integers(1, 8),
                "max_text": st.integers(0, 120),
                "parse_float": st.just(Decimal),
            },
        )
    )
    expected = outcome_of(characters(text), LiveValue, **options)
    assert outcome_of([text], LiveValue, **options) == expected
    assert outcome_of(sizes(text, 50), LiveValue, **options) == expected
    assert outcome_of(data.draw(chunkings(text)), LiveValue, **options) == expected
    assert outcome_of([text], Parser, **options)[0] == expected[0]
