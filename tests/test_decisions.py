"""Every decision of the design, so that two people build the same: each has a test that says it."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from support import (
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
    CheckpointError,
    Completion,
    IncompleteJSONError,
    JSONSyntaxError,
    LimitExceeded,
    LiveValue,
    Parser,
    StringDelta,
    ValueEnd,
    ValueStart,
    _plain,
    complete,
    from_json,
)

BOTH = pytest.mark.parametrize("kind", [Parser, LiveValue])
MARK = b"\xef\xbb\xbf"


def failure(kind, *deltas, **options):
    """The error that these deltas, or the end behind them, raise."""
    with pytest.raises((JSONSyntaxError, IncompleteJSONError, LimitExceeded)) as caught:
        fed(kind, *deltas, **options).close()
    return caught.value


def every_cut(text):
    return [[text], characters(text), *two_way_cuts(text)]


# -- Offsets, lines and columns --------------------------------------------------------------------


@BOTH
@pytest.mark.parametrize("text", ['["😀é",x', '["漢\\ud83d\\ude00",x', '"\x7f\u2028"x'])
def test_offsets_count_code_points_for_bytes_too(kind, text):
    for deltas in (*every_cut(text), *every_cut(text.encode())):
        error = failure(kind, *deltas)
        assert (error.offset, error.column) == (len(text) - 1, len(text))


@BOTH
def test_a_byte_order_mark_at_the_start_of_bytes_is_skipped_and_not_counted(kind):
    for deltas in every_cut(MARK + b"[1 "):
        parser = fed(kind, *deltas)
        assert (parser.value, parser.offset, parser.column) == ([1], 3, 4)
    for deltas in every_cut(MARK + b"[x"):
        assert failure(kind, *deltas).offset == 1


@BOTH
@pytest.mark.parametrize(
    ("delta", "offset"), [("\ufeff1", 0), (MARK + MARK, 0), (b" " + MARK, 1), (b"1" + MARK, 1)]
)
def test_a_byte_order_mark_anywhere_else_is_an_error(kind, delta, offset):
    for deltas in every_cut(delta):
        error = failure(kind, *deltas)
        assert (type(error), error.offset, error.found) == (JSONSyntaxError, offset, "\ufeff")


@BOTH
@pytest.mark.parametrize(
    ("text", "place"),
    [
        *(("", (1, 1)), ("[", (1, 2)), ("[\n", (2, 1)), ("\n\n[", (3, 2)), ("[\r", (1, 3))),
        *(("[\r\n ", (2, 2)), ('["a\u2028', (1, 5)), ('["a\\n', (1, 6)), ("\n\r\n\n12", (4, 3))),
    ],
)
def test_line_and_column_are_the_place_of_the_next_character_and_only_a_line_feed_ends_a_line(
    kind, text, place
):
    for deltas in (*every_cut(text), *every_cut(text.encode())):
        parser = fed(kind, *deltas)
        assert (parser.offset, parser.line, parser.column) == (len(text), *place)


def test_a_line_that_the_bulk_path_read_is_counted():
    rows = "[" + ",\n".join('{"a": [1,\n2], "b": "long enough to be read at once"}' for _ in "123")
    for text in (rows, rows + "]\n", rows + "]"):
        whole, single = fed(LiveValue, text), fed(LiveValue, *text)
        assert (whole.line, whole.column) == (single.line, single.column)


def test_the_ends_of_a_string_include_its_quotation_marks_those_of_a_number_nothing_but_itself():
    text = ' ["a\\n", -12.5 ,"" ]'
    for deltas in every_cut(text):
        spans = [(e.start, e.end) for e in events_of(deltas) if type(e) is ValueEnd]
        assert [text[a:b] for a, b in spans] == ['"a\\n"', "-12.5", '""', text[1:]]


# -- The offset of an error ------------------------------------------------------------------------


@BOTH
@pytest.mark.parametrize(
    ("text", "offset", "names"),
    [
        ("01", 1, "invalid number '01': "),
        ("nulx", 3, "invalid literal 'nulx': "),
        ("1.e1", 2, "invalid number '1.e': "),
        ("-]", 1, "invalid number '-]': "),
        ("[1e+ ", 4, "invalid number '1e+ ': "),
        ("12x", 2, "invalid number '12x': "),
        ('"\\x', 2, "invalid escape '\\\\x': "),
        ('{"\\u00g', 6, "invalid escape '\\\\u00g': "),
        ("[1" + "0" * 50 + "x", 52, f"invalid number '1{'0' * 39}…': "),
        ("[1 2", 3, ""),
    ],
)
def test_an_error_stands_at_the_first_impossible_character_and_names_the_atom(
    kind, text, offset, names
):
    for deltas in (*every_cut(text), *every_cut(text.encode())):
        error = failure(kind, *deltas)
        assert error.offset == offset
        assert str(error).startswith(f"{names}expected ")


@BOTH
@pytest.mark.parametrize(
    ("text", "path"),
    [
        *(('{"a":[01', ("a", 0)), ('{"a":tru]', ("a",)), ('{"a":"\x01', ("a",))),
        *(('{"a":["x","\\x', ("a", 1)), ('[[],{"b":-x', (1, "b")), ("[1,2x", (1,))),
        *(('{"a":[1 2', ("a",)), ('{"a"x', ()), ('{"a":x', ()), ("[[],x", ()), ('{"a\x01', ())),
        *(("[[1]x", ()), ('[{"a":1}}', ()), ("x", ()), ("01", ()), ("1 x", ())),
    ],
)
def test_the_path_of_an_error_is_that_of_the_value_being_read_otherwise_of_the_open_container(
    kind, text, path
):
    for deltas in every_cut(text):
        assert failure(kind, *deltas).path == path
        assert failure(kind, *deltas, strings="whole").path == path


@BOTH
@pytest.mark.parametrize(
    ("text", "path"),
    [
        *(('{"a":[1', ("a", 0)), ('{"a":nu', ("a",)), ('{"a":"x', ("a",)), ('[0,"\\', (1,))),
        *(("[1,", ()), ('{"a":', ()), ('{"a', ()), ("[[]", ()), ("", ()), ("-", ())),
    ],
)
def test_the_path_of_an_incomplete_text_is_that_of_the_innermost_value_in_progress(
    kind, text, path
):
    parser = fed(kind, text)
    assert parser.path == path
    assert failure(kind, text).path == path


# -- What proves the end of a value ----------------------------------------------------------------


@pytest.mark.parametrize("proof", [" ", "\t", "\n", "\r", ",", "]"])
def test_a_number_in_an_array_is_proved_whole_by_whitespace_a_comma_or_a_bracket(proof):
    parser = fed(Parser, "[12")
    assert parser.value == []
    assert parser.feed(proof)[0] == ValueEnd((0,), "number", 12, 1, 3)
    assert parser.value == [12]


def test_a_number_in_an_object_is_proved_whole_by_its_brace():
    parser = fed(Parser, '{"a":1')
    assert parser.feed("}") == [
        ValueEnd(("a",), "number", 1, 5, 6),
        ValueEnd((), "object", {"a": 1}, 0, 7),
    ]


@pytest.mark.parametrize("text", ["12x", '12"', "12[", "12:", "12\x0c", "12/", "1.5.", "00"])
def test_any_other_character_behind_a_number_ends_nothing(text):
    for deltas in every_cut(text):
        error = failure(Parser, *deltas)
        assert error.events == []
        assert error.value is None


@pytest.mark.parametrize(
    ("word", "value", "kind"),
    [("true", True, "boolean"), ("false", False, "boolean"), ("null", None, "null")],
)
def test_a_literal_ends_at_its_last_letter_also_before_an_error(word, value, kind):
    ended = ValueEnd((), kind, value, 0, len(word))
    assert exactly(fed(Parser, word[:-1]).feed(word[-1])) == exactly([ended])
    error = failure(Parser, word + "x")
    assert (error.offset, exactly(error.events)) == (len(word), exactly([ended]))


def test_one_character_ends_the_number_first_and_then_its_container():
    assert [event.path for event in fed(Parser, "[[7").feed("]")] == [(0, 0), (0,)]


# -- What is counted of a delta --------------------------------------------------------------------


@BOTH
def test_the_offset_counts_what_was_fed_less_a_cut_utf_8_sequence(kind):
    parser = fed(kind, b'["\xf0\x9f\x98')
    assert parser.offset == 2
    parser.feed(b"\x80")
    assert (parser.offset, parser.value) == (3, ["😀"])


@BOTH
@pytest.mark.parametrize("text", ["[12", "[tru", '["\\ud83d\\ude0', '{"na', "[1, "])
def test_the_offset_counts_what_is_carried(kind, text):
    assert fed(kind, text).offset == fed(kind, *text).offset == len(text)


# -- Bytes that are not UTF-8 ----------------------------------------------------------------------


@BOTH
@pytest.mark.parametrize(
    ("data", "offset", "found"),
    [
        (b'["a\xff', 3, b"\xff"),
        (b'["\xc3(', 2, b"\xc3"),
        (b'["\xed\xa0\x80"]', 2, b"\xed"),
        (b'["\xf0\x9f\x98x', 2, b"\xf0\x9f\x98"),
        (b'["\xc0\x80', 2, b"\xc0"),
        (b'["\xf5', 2, b"\xf5"),
        ('["é'.encode() + b"\x80", 3, b"\x80"),
        (b"[1\xe9", 2, b"\xe9"),
        (b"\xff", 0, b"\xff"),
    ],
)
def test_invalid_utf_8_is_reported_where_its_first_byte_would_begin_a_character(
    kind, data, offset, found
):
    for deltas in every_cut(data):
        if found == b"\xe9":
            deltas.append(b"x")  # alone it could still go on
        error = failure(kind, *deltas)
        assert (type(error), error.offset, error.found) == (JSONSyntaxError, offset, found)
        assert error.expected == "UTF-8"


def test_what_came_before_invalid_utf_8_is_told_by_the_error():
    error = failure(Parser, b'["ab\xff')
    assert error.events[-1] == StringDelta((0,), "ab")
    assert error.value == ["ab"]


@BOTH
@pytest.mark.parametrize(("data", "offset"), [(b"[x\xff", 1), (b"[01\xff", 2), (b'"\n\xff', 1)])
def test_an_earlier_json_error_wins_over_invalid_utf_8(kind, data, offset):
    for deltas in every_cut(data):
        error = failure(kind, *deltas)
        assert (error.offset, type(error.found)) == (offset, str)


@BOTH
@pytest.mark.parametrize(
    ("data", "raised"),
    [
        *((b'"a\xc3', IncompleteJSONError), (b'{"a\xf0\x9f', IncompleteJSONError)),
        *((b'"\\ud83d\xc3', IncompleteJSONError), (b"\xc3", JSONSyntaxError)),
        *(
            (b"12\xc3", JSONSyntaxError),
            (b"[\xf0\x9f", JSONSyntaxError),
            (b"{}\xc3", JSONSyntaxError),
        ),
        *((b'{"a"\xc3', JSONSyntaxError), (b"tru\xc3", JSONSyntaxError)),
    ],
)
def test_the_end_inside_a_utf_8_sequence_is_incomplete_in_a_string_and_wrong_elsewhere(
    kind, data, raised
):
    for deltas in every_cut(data):
        error = failure(kind, *deltas)
        assert type(error) is raised
        assert error.offset == len(data.decode(errors="ignore"))


# -- The end of a text -----------------------------------------------------------------------------


@BOTH
@pytest.mark.parametrize("text", ["-", "1.", "1e", "1e-", "", " ", "\n\n  "])
def test_the_end_at_a_cut_number_or_of_a_blank_text_is_incomplete_at_the_length(kind, text):
    for deltas in every_cut(text):
        error = failure(kind, *deltas)
        assert (type(error), error.offset) == (IncompleteJSONError, len(text))


@pytest.mark.parametrize(("text", "value"), [("12", 12), ("-0.5", -0.5), ("1e400", float("inf"))])
def test_a_whole_number_at_the_root_ends_with_the_text(text, value):
    for deltas in every_cut(text):
        parser, live = fed(Parser, *deltas), fed(LiveValue, *deltas)
        assert not parser.started
        assert not live.complete
        ended = [ValueEnd((), "number", value, 0, len(text))]
        assert exactly(parser.close()) == exactly(ended)
        assert exactly(live.close()) == exactly(value)
        assert exactly(live.last_events) == exactly(ended)


def test_the_last_events_of_a_live_value_are_empty_where_closing_produced_nothing():
    live = fed(LiveValue, "[1]")
    live.close()
    assert live.last_events == []


# -- Kinds of input --------------------------------------------------------------------------------


@BOTH
@pytest.mark.parametrize(("first", "rest"), [("[1", "]"), (b"[1", b"]"), (bytearray(b"["), b"1]")])
def test_the_first_input_that_is_not_empty_fixes_the_kind_and_the_other_ends_nothing(
    kind, first, rest
):
    other, message = (b"2", "expected str") if type(first) is str else ("2", "expected bytes")
    parser = fed(kind, other[:0], first)
    with pytest.raises(TypeError, match=message):
        parser.feed(other)
    parser.feed(rest)
    parser.close()
    assert parser.value == [1]


@BOTH
@pytest.mark.parametrize("delta", [None, 3, ["["], object()])
def test_what_is_neither_text_nor_bytes_is_a_type_error_and_ends_nothing(kind, delta):
    parser = kind()
    with pytest.raises(TypeError, match="expected str or a bytes-like object"):
        parser.feed(delta)
    parser.feed("[]")
    parser.close()


@BOTH
@pytest.mark.parametrize("form", [bytes, bytearray, memoryview])
def test_bytes_of_any_kind_are_read(kind, form):
    parser = fed(kind, form(b'["\xc3'), form(b'\xa9"]'))
    parser.close()
    assert parser.value == ["é"]


class Shouting(str):
    __slots__ = ()

    def __str__(self):
        return self.upper()


@BOTH
def test_a_subclass_of_str_is_read_for_its_characters(kind):
    assert fed(kind, Shouting('["a')).value == ["a"]
    assert fed(kind, '["', Shouting("b")).value == ["b"]


@BOTH
@pytest.mark.parametrize("text", ['{"a":"b\\u00e9"}', "12", "[true]"])
@pytest.mark.parametrize("empty", ["", b"", bytearray()])
def test_an_empty_delta_of_either_kind_is_no_end_and_no_event(kind, text, empty):
    parser = kind()
    for c in text:
        assert parser.feed(empty) == ([] if kind is Parser else parser.value)
        parser.feed(c)
    parser.feed(empty)
    parser.close()
    assert exactly(parser.value) == exactly(json.loads(text))


# -- Afterwards ------------------------------------------------------------------------------------


@BOTH
@pytest.mark.parametrize("delta", ["", " ", "x", b" "])
def test_feeding_after_the_end_is_a_runtime_error(kind, delta):
    parser = fed(kind, "[]")
    parser.close()
    with pytest.raises(RuntimeError, match="after close"):
        parser.feed(delta)


def test_closing_again_gives_nothing_new():
    parser, live = fed(Parser, "12"), fed(LiveValue, "12")
    assert (len(parser.close()), parser.close(), parser.close()) == (1, [], [])
    assert (live.close(), live.close()) == (12, 12)


def ended(kind, text):
    """A parser that this text, or its end, has ended, and the error."""
    parser = fed(kind, text[:1])
    with pytest.raises((JSONSyntaxError, LimitExceeded, IncompleteJSONError)) as caught:
        [parser.feed(text[1:]), parser.close()]  # whichever of the two finds it
    return parser, caught.value


@BOTH
@pytest.mark.parametrize("text", ["[x", "[" * 401, '"'])
@pytest.mark.parametrize("delta", ["", "x", "]", b"1", None])
def test_after_an_error_feed_and_close_raise_the_same_instance(kind, text, delta):
    parser, error = ended(kind, text)
    for again in (lambda: parser.feed(delta), parser.close):
        with pytest.raises(type(error)) as caught:
            again()
        assert caught.value is error


@BOTH
def test_behind_a_whole_text_whitespace_is_nothing_and_all_else_a_syntax_error(kind):
    parser = fed(kind, "[1]")
    assert parser.feed(" \t\r\n") == ([] if kind is Parser else [1])
    with pytest.raises(JSONSyntaxError, match="expected the end of the text") as caught:
        parser.feed("[")
    assert caught.value.offset == 7
    assert parser.value == [1]


@BOTH
@pytest.mark.parametrize(
    "text", ["[1.5]", '[{"a":"long enough to be read by the C scanner","b":1.5}]']
)
def test_an_exception_of_the_callers_own_passes_through_and_ends_the_parser(kind, text):
    def refuse(number):
        raise KeyError(number)

    parser = kind(parse_float=refuse)
    with pytest.raises(KeyError):
        parser.feed(text)
    for again in (parser.close, lambda: parser.feed("]")):
        with pytest.raises(RuntimeError, match=r"broken off .* KeyError"):
            again()


# -- String events ---------------------------------------------------------------------------------


def test_a_string_has_deltas_that_are_never_empty_one_at_least_unless_it_is_empty():
    for deltas in every_cut('["", "ab\\n\\ud83d\\ude00", {"": "x"}]'):
        texts = {}
        for event in events_of(deltas):
            if type(event) is StringDelta:
                assert event.text
                texts[event.path] = texts.get(event.path, "") + event.text
        assert texts == {(1,): "ab\n😀", (2, ""): "x"}


@pytest.mark.parametrize(
    ("deltas", "told"),
    [
        (['"', "a", "", "b", '"'], ["a", "b"]),
        (['"ab"'], ["ab"]),
        (['"a', "\\", "n", "b"], ["a", "\n", "b"]),
        (['"\\ud83d', "\\ude0", "0"], ["😀"]),
        (['"\\ud83d', "a"], ["\ud83da"]),
    ],
)
def test_a_string_is_told_as_it_comes_cut_escapes_held_back(deltas, told):
    parser = Parser()
    events = [event for delta in deltas for event in parser.feed(delta)]
    assert [event.text for event in events if type(event) is StringDelta] == told


def test_whole_strings_are_told_once_at_their_end():
    parser = fed(Parser, '{"a":"b', strings="whole")
    assert parser.value == {}
    assert parser.feed('c"') == [ValueEnd(("a",), "string", "bc", 5, 9)]


# -- Containers are live, copies share what is closed ----------------------------------------------


def test_the_value_of_a_container_that_ended_is_the_live_object_itself():
    parser = Parser()
    ended = {}
    for c in '{"a":[{},[1]],"b":{"c":"d"}}':
        for event in parser.feed(c):
            if type(event) is ValueEnd:
                ended[event.path] = event.value
    assert ended[()] is parser.value
    assert ended["a",] is parser.value["a"]
    assert ended["a", 1] is parser.value["a"][1]
    assert ended["b",] is parser.value["b"]


@BOTH
@pytest.mark.parametrize("how", ["copy", "snapshot"])
def test_copy_and_snapshot_share_closed_values_and_nothing_open(kind, how):
    parser = fed(kind, '{"closed":[1,[2]],"open":[[3],{"x":"y')
    twin = parser.copy().value if how == "copy" else parser.snapshot()
    assert twin == parser.value
    assert twin is not parser.value
    assert twin["closed"] is parser.value["closed"]
    assert twin["open"] is not parser.value["open"]
    assert twin["open"][0] is parser.value["open"][0]
    assert twin["open"][1] is not parser.value["open"][1]


# -- Repeated names --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "kind", "starts"),
    [
        ("[]", "array", True),
        ("{}", "object", True),
        ('"b"', "string", True),
        ("2", "number", False),
    ],
)
def test_replaces_stands_on_the_start_and_the_end_of_a_value_that_repeats_a_name(
    value, kind, starts
):
    for deltas in every_cut(f'{{"a":1,"a":{value}}}'):
        told = [event for event in events_of(deltas) if event.path == ("a",)]
        assert not told[0].replaces
        assert [e for e in told if type(e) is ValueStart] == (
            [ValueStart(("a",), kind, replaces=True)] if starts else []
        )
        assert told[-1].replaces


@BOTH
@pytest.mark.parametrize(
    ("rest", "shown"),
    [('"', ""), ("[", []), ("{", {}), ("2", "old"), ("2 ", 2), ("tru", "old"), ("true", True)],
)
def test_the_old_value_goes_when_the_new_one_becomes_visible(kind, rest, shown):
    assert exactly(fed(kind, '{"a":"old","a":', *rest).value) == exactly({"a": shown})


@BOTH
def test_the_old_value_stays_until_a_whole_string_is_finished(kind):
    parser = fed(kind, '{"a":1,"a":"x', strings="whole")
    assert parser.value == {"a": 1}
    parser.feed('"')
    assert parser.value == {"a": "x"}


@BOTH
def test_a_repeated_name_keeps_its_first_place(kind):
    assert list(fed(kind, '{"a":1,"b":2,"a":3}').value.items()) == [("a", 3), ("b", 2)]


@BOTH
@pytest.mark.parametrize(
    ("text", "offset"),
    [
        *(('{"a":1,"a":2}', 7), ('{"a":1,\n "b":2, "\\u0061":3}', 16), ('{"":1,"":2}', 6)),
        *(('[{"a":1},{"a":{"a":1},"a":1}]', 22), ('{"a":1, "a" x', 8)),
    ],
)
def test_a_refused_name_is_reported_at_its_opening_quote_when_its_closing_one_comes(
    kind, text, offset
):
    expected = outcome_of([text], kind, duplicate_names="error")
    for deltas in every_cut(text):
        error = failure(kind, *deltas, duplicate_names="error")
        assert (type(error), error.offset, error.found) == (JSONSyntaxError, offset, '"')
        assert outcome_of(deltas, kind, duplicate_names="error") == expected
    closing = text.index('"', offset + 1)
    fed(kind, text[:closing], duplicate_names="error")
    assert str(error).startswith("repeated name ")


@BOTH
def test_equal_names_in_different_objects_are_no_repetition(kind):
    text = '[{"a":{"a":1}},{"a":2}]'
    assert fed(kind, text, duplicate_names="error").value == json.loads(text)


# -- Events ----------------------------------------------------------------------------------------


def test_events_compare_by_value_and_are_not_hashable():
    events = [ValueStart((), "array"), StringDelta((0,), "a"), ValueEnd((), "array", [], 0, 2)]
    for event, same in zip(events, [type(e)(*fields(e)) for e in events], strict=True):
        assert event == same
        assert event is not same
        with pytest.raises(TypeError):
            hash(event)
    assert ValueStart((), "array") != ValueStart((), "object")


def fields(event):
    return [getattr(event, name) for name in event.__dataclass_fields__]


def test_the_type_of_a_value_is_that_of_json_loads():
    events = events_of(["[1,1.0,true,0,-0,-0.0,false,null,1e0]"])
    *elements, array = [event.value for event in events if type(event) is ValueEnd]
    assert exactly(elements) == exactly(array)
    assert exactly(array) == "[1, 1.0, True, 0, 0, -0.0, False, None, 1.0]"


# -- Facts -----------------------------------------------------------------------------------------


@BOTH
@pytest.mark.parametrize("text", ["", " ", "1", "-", "nul", '"'[:0]])
def test_nothing_is_shown_before_the_start_and_the_completion_is_null(kind, text):
    parser = fed(kind, text)
    assert (parser.value, parser.started, parser.complete) == (None, False, False)
    assert parser.completion == Completion(0, "null")
    assert parser.snapshot() is None


@BOTH
def test_null_is_a_value_that_has_started(kind):
    parser = fed(kind, "null")
    assert (parser.value, parser.started, parser.complete) == (None, True, True)
    assert parser.is_closed(())


@BOTH
@pytest.mark.parametrize(
    "path", [("b",), (0,), ("a", 2), ("a", -1), ("a", "0"), ("a", 0, 0), ("a", True), ("a", 0.0)]
)
def test_an_unknown_path_is_not_closed(kind, path):
    parser = fed(kind, '{"a":["x",1]}')
    assert not parser.is_closed(path)
    assert parser.is_closed(("a", 0))


@BOTH
def test_a_fact_about_closing_follows_the_value_that_can_be_seen(kind):
    parser = fed(kind, '{"a":{"b":1},"c":["d","e')
    closed = {(): False, ("a",): True, ("a", "b"): True, ("c",): False, ("c", 0): True}
    assert {path: parser.is_closed(path) for path in closed} == closed
    assert not parser.is_closed(("c", 1))
    parser = fed(kind, '{"a":"old","a":')
    assert parser.is_closed(("a",))
    parser.feed('"new')
    assert not parser.is_closed(("a",))


@BOTH
def test_nothing_is_closed_before_the_start(kind):
    assert not kind().is_closed(())
    assert not fed(kind, "12").is_closed(())


@BOTH
@pytest.mark.parametrize(
    ("text", "offset", "suffix"),
    [
        *(("[", 1, "]"), ("[1", 1, "]"), ("[1,", 2, "]"), ("[1 ", 3, "]"), ("[1, 2", 2, "]")),
        *(('{"a', 1, "}"), ('{"a":1,"b', 6, "}"), ('{"a":', 1, "}"), ('{"a":[tru', 6, "]}")),
        *(('"ab', 3, '"'), ('"ab\\', 3, '"'), ('"ab\\ud83d', 3, '"'), ('[{"a":"x', 8, '"}]')),
        *(("[]", 2, ""), ("[] ", 3, ""), ("true", 4, ""), ("12 ", 3, "")),
    ],
)
def test_the_completion_keeps_what_is_certain_and_closes_it(kind, text, offset, suffix):
    assert fed(kind, text).completion == fed(kind, *text).completion == Completion(offset, suffix)


# -- Checkpoints -----------------------------------------------------------------------------------


@BOTH
@pytest.mark.parametrize(
    "text",
    [
        '["\\ud83d","\\ude00"]',
        '["\\ude00\\ud83d"]',
        '["\ud83d\ude00", "\\ud83d\ude00", 1]',
        '{"\ud83d\ude00":1,"\\ud83d\\ude00":"\ud83d\ude00"}',
        "[1e400, -1e400, -0.0, 5e-324, 12345678901234567890]",
    ],
)
def test_a_checkpoint_keeps_lone_surrogates_apart_and_infinities(kind, text):
    parser = kind()
    for c in text:
        parser = kind.restore(parser.checkpoint())
        parser.feed(c)
    assert exactly(parser.value) == exactly(json.loads(text))


@BOTH
@pytest.mark.parametrize(
    ("first", "other"), [("[", b"]"), (b"[", "]"), ('["a', b"b"), (b'["a', "b"), (b'["\xc3', "b")]
)
def test_a_checkpoint_keeps_the_kind_of_the_input(kind, first, other):
    twin = kind.restore(fed(kind, first).checkpoint())
    with pytest.raises(TypeError):
        twin.feed(other)


@BOTH
@pytest.mark.parametrize("data", [b"\xef\xbb", MARK + b'["\xc3', b'["\xf0\x9f'])
def test_a_checkpoint_keeps_a_cut_utf_8_sequence(kind, data):
    rest = (MARK + b'["\xc3\xa9"]' if data[:1] == MARK[:1] else '["😀"]'.encode())[len(data) :]
    parser = fed(kind, data)
    twin = kind.restore(parser.checkpoint())
    assert exactly([twin.feed(rest), twin.offset]) == exactly([parser.feed(rest), parser.offset])


@BOTH
@pytest.mark.parametrize("text", ["", "12", "[1.50", '{"a":[1.50,1E+3,1e-7,-0.0,0e5,1e400'])
def test_a_checkpoint_keeps_every_digit_of_a_decimal(kind, text):
    parser = fed(kind, text, parse_float=Decimal)
    twin = kind.restore(parser.checkpoint())
    assert exactly(twin.value) == exactly(parser.value)
    assert twin._parse_float is Decimal


def answer(parser, delta):
    """What a parser says to one more delta: all that can be seen of it."""
    try:
        given = parser.feed(delta)
    except (JSONSyntaxError, LimitExceeded) as error:
        given = str(error)
    return exactly([given, parser.value, parser.completion])


@BOTH
@pytest.mark.parametrize(
    ("rest", "limited"),
    [
        *((",[[", "max_depth=3"), (',"12345"', "max_string=4"), (",123456", "max_number=5")),
        *((',"x","y","z"' + " " * 60, "max_text=60"), ('],"a"', "repeated name ")),
        *((",1.50,", "Decimal('1.50')"), (',"ab', "['b']")),
    ],
)
def test_a_checkpoint_keeps_every_option(kind, rest, limited):
    limits = {"max_depth": 3, "max_string": 4, "max_number": 5, "max_text": 60}
    options = {"strings": "whole", "duplicate_names": "error", "parse_float": Decimal, **limits}
    parser = fed(kind, '{"a":["b"', **options)
    twin = kind.restore(parser.checkpoint())
    expected = answer(parser, rest)
    assert limited in expected
    assert answer(twin, rest) == expected


@BOTH
def test_only_float_and_decimal_can_stand_in_a_checkpoint(kind):
    with pytest.raises(TypeError, match="float or Decimal"):
        kind(parse_float=str).checkpoint()


@BOTH
def test_there_is_nothing_to_resume_after_an_error(kind):
    parser = kind()
    with pytest.raises(JSONSyntaxError):
        parser.feed("x")
    with pytest.raises(RuntimeError, match="nothing to resume"):
        parser.checkpoint()


@BOTH
@pytest.mark.parametrize("text", ["", "[1", '{"a":"b', "[1]"])
def test_a_checkpoint_is_versioned_json_in_ascii(kind, text):
    checkpoint = fed(kind, text).checkpoint()
    assert json.loads(checkpoint.decode("ascii"))["partialjson_checkpoint"] == 1


@BOTH
def test_a_closed_parser_is_closed_after_its_checkpoint_too(kind):
    parser = fed(kind, "[1]")
    parser.close()
    twin = kind.restore(parser.checkpoint())
    with pytest.raises(RuntimeError):
        twin.feed(" ")
    assert twin.value == [1]


@BOTH
@pytest.mark.parametrize("form", [bytes, bytearray, memoryview])
def test_a_checkpoint_is_restored_from_bytes_of_any_kind(kind, form):
    assert kind.restore(form(fed(kind, '["a').checkpoint())).value == ["a"]


def test_a_checkpoint_of_the_other_class_is_refused():
    for kind, other in ((Parser, LiveValue), (LiveValue, Parser)):
        with pytest.raises(CheckpointError, match=f"checkpoint of {kind.__name__}"):
            kind.restore(other().checkpoint())


@BOTH
@pytest.mark.parametrize(
    ("data", "reason"),
    [
        *((b"", "no JSON"), (b"\xff", "no JSON"), (b"[" * 100_000, "no JSON"), (b"{}", "expected")),
        *((b"[]", "partialjson_checkpoint"), (b"null", "partialjson_checkpoint")),
        (b'{"partialjson_checkpoint":2}', "version 1, got version 2"),
        (b'{"partialjson_checkpoint":true}', "got bool"),
        (b'{"partialjson_checkpoint":1}', "'body'"),
        (b'{"partialjson_checkpoint":1,"body":{}}', "'crc32'"),
        (b'{"partialjson_checkpoint":1,"body":{},"crc32":1}', "crc32 is another"),
    ],
)
def test_what_is_no_checkpoint_or_of_another_version_is_refused(kind, data, reason):
    with pytest.raises(CheckpointError, match=reason):
        kind.restore(data)


@BOTH
def test_no_damage_of_a_checkpoint_goes_unnoticed(kind):
    text = '{"a":[1.5,"é\\ud83d"],"b":"x'
    checkpoint = fed(kind, text).checkpoint()
    for at in range(len(checkpoint)):
        assert_refused_or_equal(kind, checkpoint[:at] + b"7" + checkpoint[at + 1 :], text)
        assert_refused_or_equal(kind, checkpoint[:at] + checkpoint[at + 1 :], text)


def assert_refused_or_equal(kind, damaged, text):
    try:
        twin = kind.restore(damaged)
    except CheckpointError:
        return
    assert exactly(twin.value) == exactly(fed(kind, text).value)


def resealed(checkpoint, **changes):
    """A checkpoint that is undamaged as bytes, and says something that cannot be."""
    from partialjson import _checkpoint  # noqa: PLC0415 - the one test that forges

    body = json.loads(checkpoint)["body"]
    return _checkpoint.seal({**body, **changes})


@pytest.mark.parametrize(
    ("text", "changes"),
    [
        *(("[1", {"at": "nowhere"}), ("[1", {"at": "after member"}), ("[1", {"at": "end"})),
        *(("[1", {"tree": "["}), ("[1", {"tree": "x"}), ("[1", {"tree": "[]"})),
        *(("[1", {"max_depth": -1}), ("[1", {"max_depth": "9"}), ("[1", {"strings": "some"})),
        *(("[1", {"parse_float": "int"}), ("[1", {"undecoded": "zz"}), ("[1", {"carried": 1})),
        *(("[1", {"started": False}), ("", {"started": True}), ("[1", {"starts": []})),
        *(("[1", {"starts": None}), ("[1", {"replaces": [True, True]}), ('["a', {"starts": [0]})),
        *(('{"a":[', {"tree": '{"value":{},"names":[null,"a"],"name":null,"gathered":""}'}),),
        *(('["a', {"tree": '{"value":[1],"names":[null],"name":null,"gathered":""}'}),),
        *(("[1", {"consumed": -5}), ("[1", {"starts": ["x"]}), ("[1", {"replaces": [1]})),
        *(("[1", {"carried": "[1,2"}), ("[tr", {"carried": "true"}), ('["a', {"carried": "b"})),
    ],
)
def test_a_checkpoint_that_contradicts_itself_is_refused(text, changes):
    with pytest.raises(CheckpointError):
        Parser.restore(resealed(fed(Parser, text).checkpoint(), **changes))


# -- Options ---------------------------------------------------------------------------------------


@BOTH
@pytest.mark.parametrize(
    ("options", "raised"),
    [
        *(({"strings": "some"}, ValueError), ({"duplicate_names": "first"}, ValueError)),
        *(({"max_depth": -1}, ValueError), ({"max_string": -1}, ValueError)),
        *(({"max_number": None}, TypeError), ({"max_text": "9"}, TypeError)),
        *(({"max_depth": 1.5}, TypeError), ({"max_depth": True}, TypeError)),
        *(({"strict": False}, TypeError), ({"max_text": -5}, ValueError)),
    ],
)
def test_an_option_that_cannot_be_is_refused_at_the_door(kind, options, raised):
    with pytest.raises(raised):
        kind(**options)


@BOTH
def test_options_are_given_by_keyword_only(kind):
    with pytest.raises(TypeError):
        kind("growing")


@BOTH
def test_parse_float_makes_the_value_of_a_number_with_a_fraction_or_an_exponent(kind):
    text = "[1.10,1e2,12,-0,0.1e-5]"
    for deltas in every_cut(text):
        parser = fed(kind, *deltas, parse_float=Decimal)
        assert exactly(parser.value) == exactly(json.loads(text, parse_float=Decimal))


# -- One shot --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "completed"),
    [
        *(("", "null"), (" ", "null"), ("-", "null"), ("1.", "null"), ("tru", "null")),
        *(("12", "12"), (" 12 ", " 12 "), ("[1]", "[1]"), ("null", "null"), ('"a"', '"a"')),
        *(("[1, 2", "[1]"), ('{"a": "b', '{"a": "b"}'), ('{"a": "b\\', '{"a": "b"}')),
        *(('{"a": 1, "b', '{"a": 1}'), ('[{"a": [tru', '[{"a": []}]'), ('"é', '"é"')),
    ],
)
def test_complete_closes_a_cut_text_and_leaves_a_whole_one_alone(text, completed):
    assert complete(text) == complete(text.encode()) == completed
    assert complete(MARK + text.encode()) == completed


@pytest.mark.parametrize("data", [b'["\xc3', b'["a\xf0\x9f\x98'])
def test_complete_and_from_json_leave_out_a_cut_character(data):
    kept = data.decode(errors="ignore")
    assert complete(data) == f'{kept}"]'
    assert from_json(data) == json.loads(f'{kept}"]')


@pytest.mark.parametrize(
    ("text", "value"),
    [("", None), ("12", 12), ("[1, 2", [1]), ('{"a":"b', {"a": "b"}), ("[1]", [1]), ("[1.", [])],
)
def test_from_json_gives_the_value_so_far(text, value):
    assert from_json(text) == from_json(text.encode()) == value


def test_from_json_of_a_cut_text_raises_when_asked_for_a_whole_one():
    assert from_json("[1]", partial=False) == [1]
    with pytest.raises(IncompleteJSONError):
        from_json("[1", partial=False)


@pytest.mark.parametrize("one_shot", [complete, from_json])
def test_one_shot_raises_for_a_wrong_text_and_over_a_limit(one_shot):
    with pytest.raises(JSONSyntaxError):
        one_shot("[1}")
    with pytest.raises(LimitExceeded):
        one_shot("[[", max_depth=1)
    assert json.loads(complete('["a', strings="whole")) == []


def test_the_same_events_come_from_any_pieces():
    text = '{"a":[1,"x\\u00e9",null],"b":{"":true}}'
    expected = exactly(merged(events_of([text])))
    for size in range(1, len(text)):
        assert exactly(merged(events_of(sizes(text, size)))) == expected
        assert exactly(merged(events_of(sizes(text.encode(), size)))) == expected


@pytest.mark.parametrize("kind", [_plain.Parser, _plain.LiveValue])
def test_an_interrupt_before_the_first_step_ends_the_text_too(kind, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    parser = kind()
    parser.feed(b'["caf\xc3')
    monkeypatch.setattr(kind, "_take", interrupted)
    with pytest.raises(KeyboardInterrupt):
        parser.feed(b"\xa9")
    monkeypatch.undo()
    for _ in range(3):
        with pytest.raises(RuntimeError, match="broken off") as caught:
            parser.feed(b" and more")
    assert len(caught.traceback) < 8


@BOTH
@pytest.mark.parametrize("checkpoint", ["{}", None, 3])
def test_a_checkpoint_is_bytes(kind, checkpoint):
    with pytest.raises(TypeError, match="expected a checkpoint as bytes"):
        kind.restore(checkpoint)
