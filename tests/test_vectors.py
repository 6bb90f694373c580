"""A small set of texts of our own: accepted, rejected at one character, or cut; however they come.

The larger sets are other people's (`test_conformance`). Here stands what a reader wants to see at a
glance, and what those sets do not hold.
"""

from __future__ import annotations

import json

import pytest
from support import characters, exactly, outcome_of, two_way_cuts

from partialjson import IncompleteJSONError, JSONSyntaxError, LiveValue, Parser

BOTH = pytest.mark.parametrize("kind", [Parser, LiveValue])

ACCEPTED = [
    *("null", "true", "false", '""', "[]", "{}", "0", "-0", "12", " 1 ", "\t\r\n1\n"),
    *("-1.5", "1e5", "1E+5", "1e-5", "-0.0e-0", "1e400", "-1e400", "5e-324", "0.10"),
    *("9007199254740993", "-123456789012345678901234567890"),
    *('"a"', '"\\u0041"', r'"\"\\\/\b\f\n\r\t"', '"\x7f\x80\u2028\u2029\ufeff"', '"😀"'),
    *(r'"\ud83d\ude00"', r'"\uD83D\uDE00"', r'"\ud83d"', r'"\ude00"', r'"\ud83d\u0041"'),
    *(r'"\ude00\ud83d"', r'"\ud83d\ud83d\ude00"', r'"\ud83d\n"', r'"\ud83d😀"', r'"\u0000"'),
    *("[1]", "[1,2]", "[ 1 , 2 ]", "[[],{}]", "[[[[]]]]", "[null,true]", '["",""]'),
    *('{"a":1}', '{ "a" : 1 }', '{"":0}', '{"a":{"a":{}}}', '{"a":1,"a":2}', '{"a":{},"a":[]}'),
    *('{"a.b":1,"a":{"b":2}}', '{"/":1,"~":2}', r'{"\u0061":1,"a":2}', '{"__proto__":{}}'),
    *('["]","}",",",":","\\""]', '{"{":"}"}', '\n{\n"a"\n:\n1\n}\n'),
]
REJECTED = [  # a text, and the offset of its first impossible character
    *(("x", 0), ("]", 0), ("}", 0), (",", 0), (":", 0), ("\\", 0), ("'a'", 0), ("\x00", 0)),
    *(("+1", 0), (".5", 0), ("01", 1), ("-01", 2), ("1.e1", 2), ("1.]", 2), ("1e]", 2), ("-]", 1)),
    *(("1-", 1), ("1.5.", 3), ("1e5e", 3), ("1e+-", 3), ("--1", 1), ("0x10", 1), ("1_0", 1)),
    *(("１", 0), ("1１", 1), ("1.１", 2), ("1\x0c", 1), ("\xa01", 0), ("\x0b1", 0), ("\u20281", 0)),
    *(("NaN", 0), ("Infinity", 0), ("-Infinity", 1), ("True", 0), ("nil", 1), ("nulx", 3)),
    *(("truex", 4), ("falses", 5), ("null1", 4), ("[tru]", 4), ("12x", 2), ("1 2", 2)),
    *(("[1 2", 3), ("[1,,", 3), ("[,", 1), ("[1,]", 3), ("[}", 1), ("[1}", 2), ("[1:", 2)),
    *(("{]", 1), ("{,", 1), ("{1", 1), ("{a", 1), ('{"a"}', 4), ('{"a",', 4), ('{"a" "b"', 5)),
    *(
        ('{"a":}', 5),
        ('{"a":,', 5),
        ('{"a"::', 5),
        ('{"a":1]', 6),
        ('{"a":1,}', 7),
        ('{"a":1,,', 7),
    ),
    *(('{"a":1 "b"', 7), ('{"a":1],"b":2}', 6), ("[[1]]]", 5), ("{}{", 2), ('""""', 2)),
    *(('"\n', 1), ('"a\x00', 2), ('"\x1f', 1), (r'"\x', 2), (r'"\U', 2), (r'"\u12g4', 5)),
    *((r'"\u+123', 3), (r'"\u 123', 3), (r'"\ud83d\x', 8), (r'"\ud83d\u1g', 10), ('"\\\n', 2)),
    *(('{"\n', 2), (r'{"\x', 3), (r'{"a\u00g', 7), ("[\ufeff", 1), ("// a", 0)),
]
INCOMPLETE = [
    *("", " ", "\n\t", "-", "1.", "1e", "1e+", "-0.", "t", "tru", "n", "nul", "fals"),
    *("[", "{", "[1", "[1,", "[1.", "[-", "[[]", "[tru", "[null", '["a"', '["a', "[ "),
    *('"', '"a', '"\\', r'"\u', r'"\ud83', r'"\ud83d', r'"\ud83d\ude0', r'"a\\', r'"\"'),
    *('{"', '{"a', r'{"\u00', '{"a"', '{"a" ', '{"a":', '{"a":1', '{"a":1,', '{"a":"', '{"a":{}'),
]


def every_cut(text):
    """As text and, where it can be encoded, as bytes: whole, by characters, in every two pieces."""
    for form in (text, text.encode(errors="replace")):
        yield from ([form], characters(form), *two_way_cuts(form))


@BOTH
@pytest.mark.parametrize("text", ACCEPTED)
def test_a_valid_text_is_accepted_however_it_is_cut(kind, text):
    for deltas in every_cut(text):
        parser = kind()
        for delta in deltas:
            parser.feed(delta)
        parser.close()
        assert parser.complete
        assert exactly(parser.value) == exactly(json.loads(text))


@BOTH
@pytest.mark.parametrize(("text", "offset"), REJECTED)
def test_a_wrong_text_is_rejected_at_its_first_impossible_character(kind, text, offset):
    expected = outcome_of([text], kind)
    for deltas in every_cut(text):
        parser = kind()
        with pytest.raises(JSONSyntaxError) as caught:
            [parser.feed(delta) for delta in deltas]
        assert caught.value.offset == offset
        assert caught.value.found == text[offset]
        assert outcome_of(deltas, kind) == expected


@BOTH
@pytest.mark.parametrize(("text", "offset"), REJECTED)
def test_what_stands_before_the_first_impossible_character_is_accepted(kind, text, offset):
    kind().feed(text[:offset])


@BOTH
@pytest.mark.parametrize("text", INCOMPLETE)
def test_a_cut_text_is_incomplete_at_its_length(kind, text):
    for deltas in every_cut(text):
        parser = kind()
        for delta in deltas:
            parser.feed(delta)
        with pytest.raises(IncompleteJSONError) as caught:
            parser.close()
        assert caught.value.offset == len(text)
        assert not parser.complete
