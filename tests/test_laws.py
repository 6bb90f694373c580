"""The twelve promises of `Parser`, each a law with an oracle simpler than the code."""

from __future__ import annotations

import copy
import itertools
import json
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import (
    built,
    characters,
    chunkings,
    events_of,
    exactly,
    is_json,
    is_viable,
    merged,
    mutated,
    outcome_of,
    sizes,
    steps,
    texts,
    told,
    two_way_cuts,
    utf8_texts,
    value_of,
)

from partialjson import LiveValue, Parser, PartialJSONError, StringDelta, ValueEnd, ValueStart

BOTH = pytest.mark.parametrize("kind", [Parser, LiveValue])


def is_repeated(text):
    return any(getattr(event, "replaces", False) for event, _ in told(text))


def fed(kind, deltas, **options):
    parser = kind(**options)
    for delta in deltas:
        parser.feed(delta)
        yield parser


# -- What is told, and when ------------------------------------------------------------------------


@given(texts)
def test_the_events_are_those_of_the_oracle(text):
    assert exactly(merged(events_of([text]))) == exactly(merged(event for event, _ in told(text)))


@given(texts)
def test_every_event_comes_with_the_character_that_proves_it(text):
    expected = told(text)
    parser = Parser()
    for count in range(1, len(text) + 1):
        events = parser.feed(text[count - 1])
        assert exactly(merged(events)) == exactly(merged(e for e, at in expected if at == count))
    assert exactly(parser.close()) == exactly([e for e, at in expected if at > len(text)])


@BOTH
@given(text=texts)
def test_the_value_after_every_character_is_what_the_events_so_far_build(kind, text):
    expected = told(text)
    for count, parser in enumerate(fed(kind, characters(text)), 1):
        shown = [event for event, at in expected if at <= count]
        assert exactly(parser.value) == exactly(built(shown))
        assert parser.started == bool(shown)


# -- The promises ----------------------------------------------------------------------------------


@BOTH
@given(text=texts.filter(lambda text: not is_repeated(text)))
def test_promises_1_to_4_kinds_stay_atoms_are_whole_strings_grow_only_the_last_changes(kind, text):
    final = dict(steps(json.loads(text)))
    previous = None
    for parser in fed(kind, characters(text)):
        if not parser.started:
            continue
        for path, value in steps(parser.value):
            assert type(value) is type(final[path])
            if type(value) is str:
                assert final[path].startswith(value)
            elif type(value) not in (dict, list):
                assert exactly(value) == exactly(final[path])
        snapshot = parser.snapshot()
        if previous is not None:
            assert_only_the_last_changed(previous, snapshot)
        previous = snapshot


def assert_only_the_last_changed(before, after):
    if type(before) is list:
        assert exactly(before[:-1]) == exactly(after[: len(before)][:-1])
    elif type(before) is dict:
        kept = list(before)[:-1]
        assert list(after)[: len(kept)] == kept
        assert exactly([before[name] for name in kept]) == exactly([after[name] for name in kept])


@given(texts)
def test_promise_5_every_value_ends_once_and_children_end_before_their_parents(text):
    ended = [event for event in events_of(characters(text)) if type(event) is ValueEnd]
    assert len({event.start for event in ended}) == len(ended)
    assert [event.end for event in ended] == sorted(event.end for event in ended)
    for earlier, later in itertools.combinations(ended, 2):
        if later.start <= earlier.start:  # the later one encloses the earlier
            assert earlier.path[: len(later.path)] == later.path


@given(texts)
def test_the_offsets_of_a_value_enclose_its_json_text(text):
    for event in events_of([text]):
        if type(event) is ValueEnd:
            assert exactly(json.loads(text[event.start : event.end])) == exactly(event.value)
            assert text[event.start : event.end].strip() == text[event.start : event.end]


@BOTH
@given(data=st.data(), text=texts | mutated())
def test_promise_6_chunking_never_shows(kind, data, text):
    expected = outcome_of([text], kind)
    assert outcome_of(characters(text), kind) == expected
    assert outcome_of(data.draw(chunkings(text)), kind) == expected


@BOTH
@given(text=texts | mutated())
def test_promise_6_no_two_way_cut_shows(kind, text):
    expected = outcome_of([text], kind)
    for deltas in two_way_cuts(text):
        assert outcome_of(deltas, kind) == expected


@BOTH
@given(data=st.data(), text=utf8_texts | mutated(utf8_texts))
def test_promise_6_bytes_are_cut_inside_characters_and_give_the_same(kind, data, text):
    raw = text.encode()
    expected = outcome_of([text], kind)
    assert outcome_of([raw], kind) == expected
    assert outcome_of(characters(raw), kind) == expected
    assert outcome_of(data.draw(chunkings(bytearray(raw))), kind) == expected


@given(
    st.data(),
    utf8_texts,
    st.integers(0, 30),
    st.sampled_from([b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xf0\x9f"]),
)
def test_promise_6_holds_for_bytes_that_are_not_utf_8(data, text, at, wrong):
    raw = text.encode()
    raw = raw[:at] + wrong + raw[at:]
    expected = outcome_of([raw])
    assert outcome_of(characters(raw)) == expected
    assert outcome_of(data.draw(chunkings(raw))) == expected


@given(texts)
def test_promise_7_the_end_is_what_json_loads_gives(text):
    for deltas in ([text], characters(text), sizes(text, 3)):
        assert exactly(value_of(deltas)) == exactly(json.loads(text))
        assert exactly(built(events_of(deltas))) == exactly(json.loads(text))


@BOTH
@given(text=mutated() | texts)
def test_promise_8_feed_raises_at_the_first_character_that_no_valid_text_has_there(kind, text):
    parser = kind()
    for count in range(1, len(text) + 1):
        try:
            parser.feed(text[count - 1])
        except PartialJSONError:
            assert not is_viable(text[:count])
            return
        assert is_viable(text[:count])


@BOTH
@pytest.mark.parametrize("strings", ["growing", "whole"])
@given(text=texts | mutated())
def test_promise_9_the_completion_is_valid_and_equals_the_value(kind, strings, text):
    parser = kind(strings=strings)
    for count in range(len(text) + 1):
        offset, suffix = parser.completion
        assert offset <= count
        assert exactly(json.loads(text[:offset] + suffix)) == exactly(parser.value)
        try:
            parser.feed(text[count : count + 1])
        except PartialJSONError:
            offset, suffix = parser.completion
            assert exactly(json.loads(text[:offset] + suffix)) == exactly(parser.value)
            return


def rest_of(parser, text, count):
    """What a parser that was fed `count` characters says to the rest."""
    events = []
    try:
        events.extend(parser.feed(c) for c in text[count:])
        events.append(parser.close())
    except PartialJSONError as error:
        events += [str(error), error.offset, error.events]
    return exactly(
        [events, parser.value, parser.path, parser.offset, parser.completion, parser.complete]
    )


RESUME = {
    "copy": lambda parser: parser.copy(),
    "copy.copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "checkpoint": lambda parser: type(parser).restore(parser.checkpoint()),
    "pickle": lambda parser: pickle.loads(pickle.dumps(parser)),  # noqa: S301 - our own
}


@BOTH
@pytest.mark.parametrize("how", RESUME)
@pytest.mark.parametrize("strings", ["growing", "whole"])
@given(text=texts | mutated())
def test_promise_10_copy_and_restore_change_nothing_that_follows(kind, how, strings, text):
    parser = kind(strings=strings)
    expected = rest_of(kind(strings=strings), text, 0)
    for count in range(len(text) + 1):
        twin = RESUME[how](parser)
        if count % 3 == 0:
            assert_follows(twin, text, count, kind, strings)
        try:
            parser.feed(text[count : count + 1])
        except PartialJSONError:
            return
    assert rest_of(kind(strings=strings), text, 0) == expected


def assert_follows(twin, text, count, kind, strings):
    plain = kind(strings=strings)
    for c in text[:count]:
        plain.feed(c)
    assert rest_of(twin, text, count) == rest_of(plain, text, count)


@BOTH
@given(text=texts)
def test_promise_10_a_twin_and_its_original_do_not_share_what_is_open(kind, text):
    parser = kind()
    for c in text[: len(text) // 2]:
        parser.feed(c)
    before = exactly(parser.value)
    twin = parser.copy()
    for c in text[len(text) // 2 :]:
        twin.feed(c)
    twin.close()
    assert exactly(parser.value) == before
    assert exactly(twin.value) == exactly(json.loads(text))


@BOTH
@given(text=texts)
def test_a_snapshot_is_never_changed_and_shares_what_is_closed(kind, text):
    parsers = fed(kind, characters(text))
    taken = [(parser.snapshot(), exactly(parser.value)) for parser in parsers]
    for snapshot, seen in taken:
        assert exactly(snapshot) == seen


@given(mutated())
def test_promise_12_what_was_decoded_before_an_error_stays_readable(text):
    whole, single = Parser(), Parser()
    events = []
    try:
        for c in text:
            events += single.feed(c)
    except PartialJSONError as expected:
        events += expected.events
        with pytest.raises(type(expected)) as caught:
            whole.feed(text)
        assert exactly(merged(caught.value.events)) == exactly(merged(events))
        assert exactly(whole.value) == exactly(single.value) == exactly(built(events))
        assert whole.value is caught.value.value


@given(texts)
def test_a_value_is_closed_exactly_when_it_has_ended(text):
    parser = Parser()
    ended, replaced = set(), is_repeated(text)
    for c in text:
        for event in parser.feed(c):
            if type(event) is ValueEnd:
                ended.add(event.path)
            elif type(event) is ValueStart:
                ended = {path for path in ended if path[: len(event.path)] != event.path}
        if parser.started and not replaced:
            for path, _ in steps(parser.value):
                assert parser.is_closed(path) == (path in ended)
    parser.close()
    assert all(parser.is_closed(path) for path, _ in steps(parser.value))


@given(texts)
def test_whole_strings_are_atoms(text):
    events = events_of(characters(text), strings="whole")
    assert not [event for event in events if type(event) is StringDelta]
    assert not [e for e in events if type(e) is ValueStart and e.kind == "string"]
    expected = [
        event
        for event, _ in told(text)
        if type(event) is ValueEnd or (type(event) is ValueStart and event.kind != "string")
    ]
    assert exactly(events) == exactly(expected)


@given(texts)
def test_the_place_of_the_next_character_is_counted(text):
    for count, parser in enumerate(fed(Parser, characters(text)), 1):
        lines = text[:count].split("\n")
        place = (parser.offset, parser.line, parser.column)
        assert place == (count, len(lines), len(lines[-1]) + 1)


@given(utf8_texts)
def test_the_oracle_itself_agrees_with_the_standard_library(text):
    assert is_json(text)
    assert exactly(built(event for event, _ in told(text))) == exactly(json.loads(text))
