"""Arguments told path by path: the text that comes of them, and the events of that text."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partialjson import Parser, ProviderError, Reset, ToolEvent, ToolParsers, ValueEnd
from partialjson.stream._arguments import ArgumentText, Growth
from partialjson.wire.messages import ArgumentPart, Channel, ToolCall

CALL = Channel("tool", 0, None, "dig")
END = ("$", None, False)

GROWING = {
    "a value": ([("$.a", 1, False)], '{"a":1}'),
    "values of every kind": (
        [("$.a", True, False), ("$.b", None, False), ("$.c", 1.5, False), ("$['d e']", "", False)],
        '{"a":true,"b":null,"c":1.5,"d e":""}',
    ),
    "a string in pieces": (
        [("$.a", "Sal", True), ("$.a", 't "', True), ("$.a", "", False)],
        r'{"a":"Salt \""}',
    ),
    "a string that is left open": ([("$.a", "Sal", True), ("$.b", 2, False)], '{"a":"Sal","b":2}'),
    "containers": (
        [("$.r[0].n", "x", False), ("$.r[0].m", 1, False), ("$.r[1].n", "y", False)],
        '{"r":[{"n":"x","m":1},{"n":"y"}]}',
    ),
    "lists in lists": ([("$.r[0][0]", 1, False), ("$.r[0][1]", 2, False)], '{"r":[[1,2]]}'),
    "nothing": ([], "{}"),
}


@pytest.mark.parametrize("case", GROWING)
def test_parts_in_order_grow(case):
    parts, text = GROWING[case]
    arguments = ArgumentText()
    grown = "".join(arguments.feed(path, value, more=more) for path, value, more in parts)
    assert grown + arguments.close().text == text
    assert json.loads(text) is not None


LATE = {
    "back into a container": (
        [("$.a.x", 1, False), ("$.b", 2, False), ("$.a.y", 3, False)],
        '{"a":{"x":1},"b":2',
        Growth('{"a":{"x":1,"y":3},"b":2}', 11),
    ),
    "a second value": (
        [("$.a", 1, False), ("$.a", 2, False)],
        '{"a":1',
        Growth('{"a":2}', 5),
    ),
    "a skipped element, which was not told yet": (
        [("$.a[1]", 1, False), ("$.a[0]", 2, False)],
        "",
        Growth('{"a":[2,1]}'),
    ),
}


@pytest.mark.parametrize("case", LATE)
def test_parts_out_of_order_are_told_at_the_end_with_what_still_holds(case):
    parts, shown, growth = LATE[case]
    arguments = ArgumentText()
    grown = "".join(arguments.feed(path, value, more=more) for path, value, more in parts)
    assert (grown, arguments.close()) == (shown, growth)


@pytest.mark.parametrize("path", ["a", "$..a", "$.a[*]", "$.a.b", "$.l.x", "$.l[99999999]", "$[0]"])
def test_a_path_that_leads_nowhere_is_an_error(path):
    arguments = ArgumentText()
    arguments.feed("$.a", 1)
    arguments.feed("$.l[0]", 1)
    with pytest.raises(ValueError, match="expected"):
        arguments.feed(path, 2)


SCALARS = st.integers(-9, 9) | st.booleans() | st.none() | st.text(max_size=6)
NAMES = st.text(max_size=4)
TREES = st.dictionaries(
    NAMES,
    st.recursive(
        SCALARS,
        lambda inner: (
            st.lists(inner, min_size=1, max_size=3)
            | st.dictionaries(NAMES, inner, min_size=1, max_size=3)
        ),
        max_leaves=8,
    ),
    max_size=3,
)


def flattened(value, path, cut):
    if isinstance(value, dict | list):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, inner in items:
            yield from flattened(inner, f"{path}[{json.dumps(key)}]", cut)
    elif isinstance(value, str):
        yield path, value[:cut], True
        yield path, value[cut:], False
    else:
        yield path, value, False


@given(TREES, st.integers(0, 4))
def test_an_object_told_in_order_is_its_text_and_each_prefix_can_go_on(tree, cut):
    arguments, parser, text = ArgumentText(), Parser(), ""
    for path, value, more in flattened(tree, "$", cut):
        piece = arguments.feed(path, value, more=more)
        parser.feed(piece)
        text += piece
    closing = arguments.close()
    parser.feed(closing.text)
    parser.close()
    assert (json.loads(text + closing.text), parser.value, closing.keep) == (tree, tree, None)


@given(TREES, st.randoms(use_true_random=False))
def test_an_object_told_in_any_order_comes_to_the_same(tree, chance):
    parts = [part for part in flattened(tree, "$", 99) if part[1:] != ("", False)]
    chance.shuffle(parts)
    arguments = ArgumentText()
    shown = "".join(arguments.feed(path, value) for path, value, _ in parts)
    text, keep = arguments.close()
    assert json.loads(text if keep is not None else shown + text) == tree
    assert keep is None or shown[:keep] == text[:keep]


def told(*parts):
    tools = ToolParsers()
    events = tools.feed(ToolCall(CALL))
    for path, value, more in parts:
        events += tools.feed(ArgumentPart(CALL, path, value, more))
    return tools, events


def test_parts_are_the_ordinary_events_of_a_call():
    tools, events = told(("$.a", "Sa", True), ("$.a", "lt", False), END)
    assert tools.values == {CALL: {"a": "Salt"}}
    ends = [one.event.path for one in events if isinstance(one.event, ValueEnd)]
    assert ends == [("a",), ()]


def test_what_was_told_in_the_wrong_order_is_taken_back():
    tools, events = told(*LATE["back into a container"][0], END)
    assert tools.values == {CALL: {"a": {"x": 1, "y": 3}, "b": 2}}
    (at,) = [at for at, one in enumerate(events) if isinstance(one, Reset)]
    assert (events[at].channel, events[at].keep) == (CALL, 11)
    assert events[at].events == Parser().feed('{"a":{"x":1')
    ends = [one.event.path for one in events[at + 1 :] if isinstance(one.event, ValueEnd)]
    assert ends == [("a", "x"), ("a", "y"), ("a",), ("b",), ()]


def test_a_part_that_cannot_be_read_ends_its_call_alone():
    tools, events = told(("$..a", 1, False), ("$.b", 1, False))
    assert isinstance(tools.errors[CALL], ProviderError)
    assert not [one for one in events if isinstance(one, ToolEvent)]
