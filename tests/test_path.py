"""Paths and JSON Pointers: RFC 6901 in and out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partialjson import from_pointer, to_pointer
from partialjson.path import singular

# RFC 6901, section 5: a document, and what each pointer names in it.
DOCUMENT = {
    "foo": ["bar", "baz"],
    "": 0,
    "a/b": 1,
    "c%d": 2,
    "e^f": 3,
    "g|h": 4,
    "i\\j": 5,
    'k"l': 6,
    " ": 7,
    "m~n": 8,
}
SECTION_5 = [
    ("", (), DOCUMENT),
    ("/foo", ("foo",), ["bar", "baz"]),
    ("/foo/0", ("foo", 0), "bar"),
    ("/", ("",), 0),
    ("/a~1b", ("a/b",), 1),
    ("/c%d", ("c%d",), 2),
    ("/e^f", ("e^f",), 3),
    ("/g|h", ("g|h",), 4),
    ("/i\\j", ("i\\j",), 5),
    ('/k"l', ('k"l',), 6),
    ("/ ", (" ",), 7),
    ("/m~0n", ("m~n",), 8),
]


def at(value, path):
    for key in path:
        value = value[key]
    return value


@pytest.mark.parametrize(("pointer", "path", "value"), SECTION_5)
def test_the_pointers_of_rfc_6901_section_5(pointer, path, value):
    assert from_pointer(pointer) == from_pointer(pointer, DOCUMENT) == path
    assert to_pointer(path) == pointer
    assert at(DOCUMENT, path) == value


@pytest.mark.parametrize(
    ("pointer", "path"),
    [
        *(("/~01", ("~1",)), ("/~10", ("/0",)), ("/~0~1~0", ("~/~",)), ("//", ("", ""))),
        *(("/0", (0,)), ("/10", (10,)), ("/00", ("00",)), ("/01", ("01",)), ("/-1", ("-1",))),
        *(
            ("/-", ("-",)),
            ("/1.5", ("1.5",)),
            ("/1e0", ("1e0",)),
            ("/１", ("１",)),
            ("/ 1", (" 1",)),
        ),
        *(("/a.b/é", ("a.b", "é")), ("/__proto__", ("__proto__",)), ("/0x0", ("0x0",))),
    ],
)
def test_escapes_are_read_in_one_pass_and_an_index_is_ascii_digits_without_a_leading_zero(
    pointer, path
):
    assert from_pointer(pointer) == path
    assert to_pointer(path) == pointer


@pytest.mark.parametrize(
    ("value", "path"),
    [
        *(({"a": {"0": 1}}, ("a", "0")), ({"a": [1]}, ("a", 0)), ({"a": []}, ("a", 0))),
        *(
            (None, ("a", 0)),
            ({}, ("a", 0)),
            ([], ("a", 0)),
            ({"a": {}}, ("a", "0")),
            ("text", ("a", 0)),
        ),
    ],
)
def test_the_value_tells_whether_a_number_is_a_name_or_an_index(value, path):
    assert from_pointer("/a/0", value) == path


def test_a_name_inside_an_element_is_told_by_the_value_too():
    assert from_pointer("/0/0/0", [{"0": [5]}]) == (0, "0", 0)
    assert from_pointer("/5/0", [{"0": 1}]) == (5, 0)


@pytest.mark.parametrize(
    ("pointer", "reason"),
    [
        *(("a", "'/'"), ("0", "'/'"), ("#/a", "'/'"), (" /a", "'/'")),
        *(("/~", "offset 1"), ("/a~2", "offset 2"), ("/a/b~", "offset 4"), ("/~~0", "offset 1")),
    ],
)
def test_a_text_that_is_no_pointer_is_a_value_error(pointer, reason):
    with pytest.raises(ValueError, match=reason):
        from_pointer(pointer)


@given(st.lists(st.text(alphabet="ab/~01é ", max_size=4) | st.integers(0, 12), max_size=4))
def test_a_path_comes_back_from_its_pointer(path):
    value = None
    for key in reversed(path):
        value = {key: value} if isinstance(key, str) else [None] * key + [value]
    assert from_pointer(to_pointer(tuple(path)), value) == tuple(path)


SINGULAR = {"$": (), "$.a[0]['b c']": ("a", 0, "b c"), '$["a"].b': ("a", "b")}


@pytest.mark.parametrize("text", SINGULAR)
def test_a_query_that_selects_one_value_is_a_path(text):
    assert singular(text) == SINGULAR[text]


@pytest.mark.parametrize("text", ["a", "$.*", "$..a", "$[0,1]", "$.a["])
def test_a_query_that_may_select_several_is_none(text):
    with pytest.raises(ValueError, match="expected"):
        singular(text)
