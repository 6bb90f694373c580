"""Many texts in one stream: which events, what is broken, and where reading goes on."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import (
    characters,
    chunkings,
    events_of,
    exactly,
    merged,
    mutated,
    pickled,
    sizes,
    texts,
)

from partialjson import (
    Broken,
    Documents,
    IncompleteJSONError,
    JSONSyntaxError,
    LimitExceeded,
    Parser,
    StringDelta,
    ValueEnd,
    ValueStart,
    documents,
)


def told_of(format_, deltas, **options):
    documents = Documents(format_, **options)
    told = [event for delta in deltas for event in documents.feed(delta)]
    return told + documents.close()


def moved(event, index, offset):
    """An event of one text, as it stands in a stream."""
    path = (index, *event.path)
    match event:
        case ValueStart():
            return ValueStart(path, event.kind, event.replaces)
        case StringDelta():
            return StringDelta(path, event.text)
        case ValueEnd():
            start, end = event.start + offset, event.end + offset
            return ValueEnd(path, event.kind, event.value, start, end, event.replaces)


def expected_of(texts, separator):
    """The events of each text alone, moved to its place."""
    offset, expected = 0, []
    for index, text in enumerate(texts):
        expected += [moved(event, index, offset) for event in events_of([text])]
        offset += len(text) + len(separator)
    return merged(expected)


def facts(told):
    """All that can be compared: events merged, and of what is broken the index and the facts."""
    shown = []
    for event in merged(told):
        if type(event) is Broken:
            error = event.error
            assert error.events == []
            place = (error.offset, error.line, error.column, error.path)
            shown.append((event.index, type(error), str(error), place))
        else:
            shown.append(exactly(event))
    return shown


in_one_line = texts.map(lambda text: text.replace("\n", " ").replace("\r", " "))


# -- Whole texts -----------------------------------------------------------------------------------


@given(many=st.lists(in_one_line, max_size=4), data=st.data())
def test_each_line_tells_what_its_text_tells_alone(many, data):
    stream = "\n".join(many)
    told = told_of("ndjson", data.draw(chunkings(stream)))
    assert exactly(merged(told)) == exactly(expected_of(many, "\n"))


@given(many=st.lists(texts, max_size=4), separator=st.sampled_from([" ", "\n", "\r\n\t"]))
def test_texts_behind_each_other_tell_what_each_tells_alone(many, separator):
    expected = exactly(expected_of(many, separator))
    stream = separator.join(many)
    assert exactly(merged(told_of("concatenated", [stream]))) == expected
    assert exactly(merged(told_of("concatenated", characters(stream)))) == expected


def test_between_texts_that_have_an_end_of_their_own_nothing_is_needed():
    told = told_of("concatenated", ['{"a":1}[]"x"truefalse{}null1 2'])
    roots = [event for event in told if type(event) is ValueEnd and len(event.path) == 1]
    assert [event.value for event in roots] == [{"a": 1}, [], "x", True, False, {}, None, 1, 2]
    assert [event.path for event in roots] == [(index,) for index in range(9)]


@pytest.mark.parametrize("size", [1, 100])
def test_behind_a_whole_text_a_byte_that_is_no_utf_8_is_the_next_one_s(size):
    *told, last = told_of("concatenated", sizes(b'{"a":1}\xff[2]', size))
    assert [event.value for event in told if type(event) is ValueEnd] == [1, {"a": 1}]
    assert (last.index, last.error.offset) == (1, 7)


@pytest.mark.parametrize("format_", ["ndjson", "concatenated"])
def test_offsets_lines_and_paths_run_over_the_whole_stream(format_):
    told = told_of(format_, ['{"a": 1}\n\n', ' ["é"]\n7'])
    ends = [event for event in told if type(event) is ValueEnd]
    assert [(end.path, end.start, end.end) for end in ends] == [
        ((0, "a"), 6, 7),
        ((0,), 0, 8),
        ((1, 0), 12, 15),
        ((1,), 11, 16),
        ((2,), 17, 18),
    ]


@pytest.mark.parametrize("format_", ["ndjson", "concatenated"])
@pytest.mark.parametrize("stream", ["", "\n", " \n\r\n\t", b"", b"\xef\xbb\xbf", b"\xef\xbb\xbf\n"])
def test_a_blank_stream_has_no_texts(format_, stream):
    assert told_of(format_, [stream]) == []


def test_a_byte_order_mark_is_skipped_at_the_start_of_the_stream_alone():
    told = told_of("ndjson", [b"\xef\xbb", b"\xbf1\n\xef\xbb\xbf2\n3"])
    assert [event.index for event in told if type(event) is Broken] == [1]
    assert [event.path for event in told if type(event) is ValueEnd] == [(0,), (2,)]


# -- Broken texts ----------------------------------------------------------------------------------


def test_behind_a_broken_line_the_next_is_read():
    told = told_of("ndjson", ['1\n{"a": [tru0, "x"]} \n[1,\n2 3\n"é"\n{"b'])
    assert facts(told)[0] == exactly(ValueEnd((0,), "number", 1, 0, 1))
    broken = [event for event in told if type(event) is Broken]
    errors = [(b.index, type(b.error), b.error.offset, b.error.line) for b in broken]
    assert errors == [
        (1, JSONSyntaxError, 12, 2),
        (2, IncompleteJSONError, 25, 3),
        (3, JSONSyntaxError, 28, 4),
        (5, IncompleteJSONError, 37, 6),
    ]
    assert [b.error.column for b in broken] == [11, 4, 3, 4]
    assert broken[0].error.path == (1, "a", 0)
    assert "in /1/a/0" in str(broken[0].error)
    assert [event.path for event in told if type(event) is ValueEnd][-1] == (4,)


def test_what_a_broken_text_held_is_told_before():
    told = told_of("ndjson", ['[1, "two", x'])
    assert [type(event) for event in told] == [
        *(ValueStart, ValueEnd, ValueStart, StringDelta, ValueEnd),
        Broken,
    ]


def test_behind_a_broken_text_a_concatenated_stream_is_not_read_on():
    documents = Documents("concatenated")
    told = documents.feed('1 [2] {"a": x} 3')
    assert [event.index for event in told if type(event) is Broken] == [2]
    assert type(told[-1]) is Broken
    assert documents.feed("4 ") == documents.close() == []


def test_a_number_runs_on_where_nothing_ends_it():
    *_, last = told_of("concatenated", ["1[2]"])
    assert (last.index, last.error.offset) == (0, 1)


@given(stream=mutated(), data=st.data())
@pytest.mark.parametrize("format_", ["ndjson", "concatenated"])
def test_however_a_stream_is_cut_the_same_is_told(format_, stream, data):
    whole = facts(told_of(format_, [stream]))
    assert facts(told_of(format_, characters(stream))) == whole
    assert facts(told_of(format_, data.draw(chunkings(stream)))) == whole


@given(data=st.data())
@pytest.mark.parametrize("format_", ["ndjson", "concatenated"])
def test_bytes_tell_the_same_in_every_cut_though_some_are_no_utf_8(format_, data):
    pieces = [b'{"a": "\xc3\xa9"}', b"\n", b"[1", b"\xff", b"\xc3", b"]", b" 2 ", b'"\xe2\x82"']
    stream = b"".join(data.draw(st.lists(st.sampled_from(pieces), max_size=8)))
    whole = facts(told_of(format_, [stream]))
    assert facts(told_of(format_, characters(stream))) == whole
    assert facts(told_of(format_, data.draw(chunkings(stream)))) == whole


def test_bytes_that_are_no_utf_8_break_their_line_alone():
    told = told_of("ndjson", ['"é"\n'.encode(), b'["\xff"]\n', b'"\xc3', b"\n3\n", b'"\xe2\x82'])
    broken = [event for event in told if type(event) is Broken]
    assert [(b.index, type(b.error), b.error.offset) for b in broken] == [
        (1, JSONSyntaxError, 6),
        (2, IncompleteJSONError, 11),
        (4, IncompleteJSONError, 16),
    ]
    assert broken[0].error.found == b"\xff"


def test_a_limit_breaks_a_text_and_max_text_counts_the_stream():
    first, last = told_of("ndjson", ["[[1]]\n2\n"], max_depth=1)[1:]
    assert (type(first), type(first.error)) == (Broken, LimitExceeded)
    assert last.path == (1,)


@pytest.mark.parametrize(
    ("format_", "stream", "limit", "index", "offset"),
    [
        ("ndjson", "12\n345\n6", 4, 1, 4),
        ("ndjson", "x\n   1\n", 3, 1, 3),
        ("concatenated", '{"a":1}\n12', 7, 1, 7),
        ("concatenated", "[1, 2]", 4, 0, 4),
    ],
)
def test_max_text_counts_the_whole_stream_and_ends_it_in_every_cut(
    format_, stream, limit, index, offset
):
    whole = facts(told_of(format_, [stream], max_text=limit))
    assert whole[-1][0] == index
    assert (whole[-1][1], whole[-1][3][0]) == (LimitExceeded, offset)
    for cut in range(len(stream)):
        assert facts(told_of(format_, [stream[:cut], stream[cut:]], max_text=limit)) == whole
    assert facts(told_of(format_, characters(stream), max_text=limit)) == whole


# -- The object ------------------------------------------------------------------------------------


def test_wrong_options_are_told_at_once():
    with pytest.raises(ValueError, match="expected format='ndjson' or 'concatenated', got 'csv'"):
        Documents("csv")
    with pytest.raises(ValueError, match="expected strings="):
        Documents(strings="no")


def test_the_other_kind_of_input_ends_nothing():
    documents = Documents()
    documents.feed("1")
    with pytest.raises(TypeError, match="expected str as before, got bytes"):
        documents.feed(b"2")
    assert documents.feed("\n") == [ValueEnd((0,), "number", 1, 0, 1)]


def test_after_close_there_is_no_feeding_and_closing_again_gives_nothing():
    documents = Documents()
    assert [event.path for event in documents.feed("1") + documents.close()] == [(0,)]
    assert documents.close() == []
    with pytest.raises(RuntimeError, match="after close"):
        documents.feed("2")


@pytest.mark.parametrize("format_", ["ndjson", "concatenated"])
def test_documents_are_plain_data_that_can_go_on_elsewhere(format_):
    stream = '{"a": "é\\n"} [1]\n12\n"x"'.encode()
    whole = facts(told_of(format_, [stream]))
    for cut in range(len(stream) + 1):
        first = Documents(format_)
        told = first.feed(stream[:cut])
        second = pickled(first)
        assert facts(told + second.feed(stream[cut:]) + second.close()) == whole


def test_ten_thousand_short_texts_in_one_delta_are_each_read_once(monkeypatch):
    """Behind each text its rest is read again, so a piece must not be all of the delta."""
    fed = []

    class Counted(Parser):
        def feed(self, text):
            fed.append(len(text))
            return super().feed(text)

    monkeypatch.setattr(documents, "Parser", Counted)
    told = Documents("concatenated").feed("{}" * 10_000)
    assert told[-1] == ValueEnd((9_999,), "object", {}, 19_998, 20_000)
    assert len(fed) == 10_000
    assert max(fed) <= 4_096
