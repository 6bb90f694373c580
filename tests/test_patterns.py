"""Patterns against a whole-document JSONPath library, and what is refused with its place."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import pickled, steps, texts

from partialjson.path import Pattern

rfc9535 = pytest.importorskip("jsonpath_rfc9535", reason="the oracle of these tests")

QUERIES = [
    *("$", "$.a", "$..price", "$.items[*].title", "$.*.*", "$..*", "$..[*]", "$..a..b"),
    *("$['a b'][0]", '$["a\\"b"]', "$['a\\'b']", "$['a\"b']", '$["a\'b"]', "$['']", "$..['a']"),
    *(r"$['\u00e9']", r'$["\ud83d\ude00"]', r"$['\t\n\\\/']", "$.é", "$.😀_1", "$.K"),
    *("$ .a", "$.a\n.b", "$\t[ 0 , 'x' ]", "$[*, 0]", "$[0,0]", "$[9007199254740991]", "$[0]['0']"),
]
WRONG = [  # the text, what was expected, what stands there, and at which offset
    ("", "'$', the root", "the end", 0),
    (" $", "'$', the root", "' '", 0),
    ("a", "'$', the root", "'a'", 0),
    ("$a", "'.', '..' or '['", "'a'", 1),
    ("$.a ", "'.', '..' or '['", "the end", 4),
    ("$.a-b", "'.', '..' or '['", "'-'", 3),
    ("$.", "a name or '*'", "the end", 2),
    ("$. a", "a name or '*'", "' '", 2),
    ("$.1a", "a name or '*'", "'1'", 2),
    ("$..", "a name, '*' or '['", "the end", 3),
    ("$[", "a name in quotation marks, an index or '*'", "the end", 2),
    ("$[a]", "a name in quotation marks, an index or '*'", "'a'", 2),
    ("$[0", "',' or ']'", "the end", 3),
    ("$[01]", "',' or ']'", "'1'", 3),
    ("$['a", "a character of a name, an escape of RFC 9535 or '", "the end", 4),
    (r"$['\"']", "a character of a name, an escape of RFC 9535 or '", r"'\\'", 3),
    (r'$["\ud83d"]', 'a character of a name, an escape of RFC 9535 or "', r"'\\'", 3),
    ("$[9007199254740992]", "an index up to 9007199254740991", "'9'", 2),
]
REFUSED = [  # valid JSONPath whose matches a stream cannot tell, or that we do not read
    ("$[?@.a]", "a filter, which is not supported", 2),
    ("$[0, ?@]", "a filter, which is not supported", 5),
    ("$[1:2]", "a slice, which is not supported", 3),
    ("$[:]", "a slice, which is not supported", 2),
    ("$[1 :2]", "a slice, which is not supported", 4),
    ("$[-2:]", "a slice, which is not supported", 4),
    ("$[-1]", "one from the end, which is known only when it is there", 2),
]


def selected(query, value):
    """The paths that the oracle selects, by its nodes' locations."""
    return {node.location for node in rfc9535.find(query, value)}


def matching(pattern, value):
    """The paths inside a value that a pattern matches."""
    return {path for path, _ in steps(value) if Pattern(pattern).matches(path)}


@pytest.mark.parametrize("query", QUERIES)
def test_what_the_oracle_reads_is_read(query):
    rfc9535.compile(query)
    assert Pattern(query).text == query


names = st.sampled_from(["a", "b", "a.b", "0", "é", "__proto__", ""])
selectors = st.one_of(names.map(lambda name: f"'{name}'"), st.integers(0, 3).map(str), st.just("*"))
segments = st.one_of(
    st.lists(selectors, min_size=1, max_size=2).map(lambda some: f"[{', '.join(some)}]"),
    st.sampled_from([".a", ".*", "..a", "..*", "..b", "..['0', 0]", "..[*]"]),
)
queries = st.lists(segments, max_size=4).map(lambda some: "$" + "".join(some))


@given(query=queries, text=texts)
def test_a_pattern_selects_what_the_oracle_selects_in_a_whole_document(query, text):
    value = json.loads(text)
    assert matching(query, value) == selected(query, value)


@pytest.mark.parametrize("query", [query for query in QUERIES if "a" in query])
def test_what_a_pattern_names_is_found_by_both(query):
    value = {"a": {"b": [{"price": 1, "a": {"b": 2}}], "0": 3}, "items": [{"title": "x"}, 1]}
    value |= {"a b": [0], 'a"b': 1, "a'b": 2, "x": 3}
    assert matching(query, value) == selected(query, value) != set()


@pytest.mark.parametrize(("text", "expected", "found", "offset"), WRONG)
def test_a_wrong_pattern_is_told_with_its_place(text, expected, found, offset):
    with pytest.raises(ValueError, match="pattern") as caught:
        Pattern(text)
    message = f"expected {expected}, got {found} at offset {offset} of the pattern {text!r}"
    assert str(caught.value) == message
    with pytest.raises(rfc9535.JSONPathError):
        rfc9535.compile(text)


@pytest.mark.parametrize(("text", "found", "offset"), REFUSED)
def test_what_a_stream_cannot_select_is_refused_and_named(text, found, offset):
    rfc9535.compile(text)
    with pytest.raises(ValueError, match="pattern") as caught:
        Pattern(text)
    assert f", got {found} at offset {offset} of the pattern {text!r}" in str(caught.value)


def test_a_name_of_digits_is_no_index_and_an_index_no_name():
    assert Pattern("$[0]").matches((0,))
    assert not Pattern("$[0]").matches(("0",))
    assert Pattern("$['0']").matches(("0",))
    assert not Pattern("$['0']").matches((0,))


def test_below_what_cannot_match_there_are_no_states():
    pattern = Pattern("$.a.b")
    states = pattern.step(pattern.START, "x")
    assert states == Pattern.NOTHING == pattern.step(states, "b")


def test_a_pattern_is_plain_data():
    twin = pickled(Pattern("$..a"))
    assert repr(twin) == "Pattern('$..a')"
    assert twin.matches(("x", "a"))


@pytest.mark.parametrize("text", [5, None, b"$", Pattern("$")])
def test_a_pattern_is_a_text(text):
    with pytest.raises(TypeError, match="expected a pattern as str, got"):
        Pattern(text)
