"""`BodyDecoder` and its framings find the same messages in a body, however the bytes are cut."""

from __future__ import annotations

import copy
import json
import pickle
import sys
from array import array
from functools import partial

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from support import chunkings, pickled, two_way_cuts

from partialjson.errors import LimitExceeded
from partialjson.wire.framing import BodyDecoder, JSONArrayDecoder, Message, NDJSONDecoder, _texts
from partialjson.wire.sse import SSEDecoder

BOM = b"\xef\xbb\xbf"
DECODERS = [NDJSONDecoder, JSONArrayDecoder, BodyDecoder]
LIMIT = {NDJSONDecoder: "max_line", JSONArrayDecoder: "max_element", BodyDecoder: "max_message"}
EACH = pytest.mark.parametrize("kind", DECODERS)


# --- Decoding in pieces -------------------------------------------------------------------------


def decode(make, *chunks):
    """What comes out of a body in these chunks until its end, and the decoder after it."""
    decoder = make()
    whole = [one for chunk in chunks for one in decoder.feed(chunk)]
    return whole + decoder.close(), decoder


def place(error):
    return error.limit, error.limit_value, error.found, error.offset, error.line, error.column


FACTS = ("unfinished", "complete", "rest", "kind", "heard", "excerpt")


def everything(make, chunks):
    """All that a decoder says about a body, so that two ways to cut it can be compared."""
    decoder, whole, error = make(), [], None
    try:
        for chunk in chunks:
            whole += decoder.feed(chunk)
        before = facts(decoder)
        whole += decoder.close()
    except LimitExceeded as limit:
        # The head goes on where the error ends it: how much of it came depends on the cut.
        whole, error = whole + limit.events, place(limit)
        return whole, error, {**facts(decoder), "excerpt": None}
    return whole, error, before, facts(decoder)


def facts(decoder):
    return {fact: getattr(decoder, fact) for fact in FACTS if hasattr(decoder, fact)}


def every_byte(body):
    return [body[at : at + 1] for at in range(len(body))]


def limited(kind, limit):
    return partial(kind, **{LIMIT[kind]: limit})


PIECES = [
    *[b"\n", b"\r", b"\r\n", b"\n\n", b" ", b"\t", b",", b":", b"[", b"]", b"{", b"}", b'"', b"\\"],
    *[b'{"a":1}', b'{"a": "]}\\""}\n', b"[1, 2]", b'"[\\\\"', b"true", b"-1.5e3", b"null,", b"<p>"],
    *[b"data: a\n\n", b"data: a\r\n", b"event: e\n", b": hb\n", b'error: {"e":1}\n\n', b"\x1e{}\n"],
    *[b'{\n  "a": 1\n}', b'{"error": {\n "c": [1]\n}}\n', b"\xff", b"\xc3", b"\xa9", b"\xf0\x9f"],
    *["é😀".encode(), BOM, BOM[:2], BOM[2:]],
]
BEGINNINGS = [b"", b"", b"[", b"{", b"data: a\n\n", BOM, BOM + b" [", b"\x1e", b" \n", BOM[:2]]
BODIES = st.builds(
    lambda first, rest: first + b"".join(rest),
    st.sampled_from(BEGINNINGS),
    st.lists(st.sampled_from(PIECES) | st.binary(max_size=2), max_size=15),
)
CUT_BODIES = BODIES.flatmap(lambda body: st.tuples(st.just(body), chunkings(body)))


@EACH
@given(CUT_BODIES, st.none() | st.integers(0, 30))
def test_chunking_never_shows(kind, cut, limit):
    body, chunks = cut
    make = limited(kind, limit)
    whole = everything(make, [body])
    assert everything(make, chunks) == whole
    assert everything(make, every_byte(body)) == whole


@pytest.mark.parametrize("kind", ["sse", "ndjson", "array"])
@given(CUT_BODIES, st.none() | st.integers(0, 30))
def test_chunking_never_shows_where_the_kind_is_named(kind, cut, limit):
    body, chunks = cut
    make = partial(BodyDecoder, kind, max_message=limit)
    assert everything(make, chunks) == everything(make, [body])


@EACH
@given(BODIES, st.integers(1, 30))
def test_the_limit_is_reached_at_the_first_byte_over_it(kind, body, limit):
    make = limited(kind, limit)
    body = b"\n" + body  # bytes that may be a mark would wait for the next
    _, error, *_ = everything(make, [body])
    assume(error)
    offset, line, column = error[3:]
    decoder = make()
    decoder.feed(body[:offset])
    with pytest.raises(LimitExceeded) as caught:
        decoder.feed(body[offset : offset + 1])
    assert place(caught.value) == error
    if not (kind is BodyDecoder and decoder.kind == "sse"):  # there a CR ends a line, too
        before = body[:offset]
        assert (line, column) == (before.count(b"\n") + 1, offset - before.rfind(b"\n"))


# --- Lines --------------------------------------------------------------------------------------

LINES = {
    "LF and CRLF end a line": (b'{"a":1}\n{"b":2}\r\n', ['{"a":1}', '{"b":2}']),
    "the last line needs no end": (b"1\n2", ["1", "2"]),
    "half a line end is no part of the last line": (b"1\n2\r", ["1", "2"]),
    "a CR alone is a byte of its line": (b"1\r2\r\r\n", ["1\r2\r"]),
    "blank lines are skipped": (b"\n\r\n \t\n1\n\n\n2\n  ", ["1", "2"]),
    "a line stands as it came": (b"  1 \n", ["  1 "]),
    "one mark at the start is skipped": (BOM + b"1\n", ["1"]),
    "a second mark is a character": (BOM + BOM + b"1\n" + BOM + b"2\n", ["\ufeff1", "\ufeff2"]),
    "a body may be a mark alone": (BOM, []),
    "half a mark is wrong UTF-8": (BOM[:2], ["\ufffd"]),
    "wrong bytes become U+FFFD": (b"\xff\xf0\x9f\n\xc3\n", ["\ufffd\ufffd", "\ufffd"]),
    "a separator before a line is skipped": (b"\x1e1\n\x1e\n\x1e\x1e2\x1e\n", ["1", "2\x1e"]),
    "nothing else ends a line": ("\u2028\u0085\v\f\x1c\n".encode(), ["\u2028\u0085\v\f\x1c"]),
    "nothing is nothing": (b"", []),
}


@pytest.mark.parametrize(("body", "lines"), LINES.values(), ids=LINES)
def test_each_line_is_given_for_each_way_to_cut(body, lines):
    for chunks in [[body], every_byte(body), *two_way_cuts(body)]:
        whole, decoder = decode(NDJSONDecoder, *chunks)
        assert (whole, decoder.unfinished) == (lines, b"")


@given(BODIES)
def test_lines_are_those_of_the_whole_text_that_are_not_blank(body):
    lines = body.decode("utf-8", "replace").removeprefix("\ufeff").split("\n")
    lines = [line.removesuffix("\r").lstrip("\x1e") for line in lines]
    assert decode(NDJSONDecoder, body)[0] == [line for line in lines if line.strip(" \t\r")]


# --- Elements -----------------------------------------------------------------------------------

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False)
STRINGS = st.text(st.sampled_from('[]{},:"\\ \n\té漢😀\ufeffx') | st.characters(codec="utf-8"))
VALUES = st.recursive(
    SCALARS | STRINGS, lambda inner: st.lists(inner) | st.dictionaries(STRINGS, inner), max_leaves=8
)
SPACES = st.text(" \t\n\r", max_size=3)


@st.composite
def array_bodies(draw):
    values = draw(st.lists(VALUES, max_size=5))
    ways = {"ensure_ascii": draw(st.booleans()), "indent": draw(st.sampled_from([None, 1]))}
    texts = [draw(SPACES) + json.dumps(value, **ways) + draw(SPACES) for value in values]
    return values, f"{draw(SPACES)}[{','.join(texts) or draw(SPACES)}]{draw(SPACES)}".encode()


@given(array_bodies(), st.data())
def test_each_element_of_any_array_is_given_as_its_text(made, data):
    values, body = made
    elements, decoder = decode(JSONArrayDecoder, *data.draw(chunkings(body)))
    assert repr([json.loads(element) for element in elements]) == repr(values)
    assert [element.strip() for element in elements] == elements
    assert (decoder.complete, decoder.rest, decoder.unfinished) == (True, b"", b"")


@given(array_bodies())
def test_an_element_is_given_at_the_byte_that_proves_it(made):
    values, body = made
    decoder, count = JSONArrayDecoder(), 0
    for end, byte in enumerate(every_byte(body), 1):
        for element in decoder.feed(byte):
            count += 1
            proof = body[:end] if element[0] in '"[{' else body[: end - 1].rstrip()
            assert proof.endswith(element.encode())
    assert count == len(values)


ARRAYS = {  # the body, its elements, whether it is complete, the rest, what is unfinished
    "an array may be empty": (b"[]", [], True, b"", b""),
    "an array in an array is an element": (b"[[1,[2]],[]]", ["[1,[2]]", "[]"], True, b"", b""),
    "brackets in strings do not count": (b'["]",{"[":"}"}]', ['"]"', '{"[":"}"}'], True, b"", b""),
    "an escaped mark ends no string": (rb'["\"]\\","\\"]', [r'"\"]\\"', r'"\\"'], True, b"", b""),
    "blanks around elements are left out": (b" [\r\n1 \t,\n{} ]\n", ["1", "{}"], True, b"", b""),
    "one mark at the start is skipped": (BOM + b"[1]", ["1"], True, b"", b""),
    "wrong bytes become U+FFFD": (
        b'["\xff\xf0\x9f",\xc3]',
        ['"\ufffd\ufffd"', "\ufffd"],
        True,
        b"",
        b"",
    ),
    "a cut array is not complete": (b'[{"a":1},\n{"b"', ['{"a":1}'], False, b"", b'{"b"'),
    "a number may be cut anywhere": (b"[1, 2", ["1"], False, b"", b"2"),
    "a cut string is unfinished": (b'["a","b\\', ['"a"'], False, b"", b'"b\\'),
    "a blank is nothing unfinished": (b"[1,\n ", ["1"], False, b"", b""),
    "what stands behind the end is the rest": (b"[1]\n [2, 3] \n", ["1"], True, b"[2, 3]", b""),
    "the rest is kept in part": (b"[]" + b" " * 300 + b"x" * 300, [], True, b"x" * 200, b""),
    "none between commas is nothing": (b"[,1,,2,]", ["1", "2"], True, b"", b""),
    "a wrong element is given as it stands": (b"[1}2, a b]", ["1}2", "a b"], True, b"", b""),
    "a bare object is its own element": (
        b' {"error": {"m": "}"}}\n',
        ['{"error": {"m": "}"}}'],
        False,
        b"",
        b"",
    ),
    "a bare object may have a rest": (b"{}[1] ", ["{}"], False, b"[1]", b""),
    "a cut object is unfinished": (b'{"error": [', [], False, b"", b'{"error": ['),
    "words are given at the end": (
        b" not now, [try] later\n",
        ["not now, [try] later"],
        False,
        b"",
        b"",
    ),
    "half a mark is wrong UTF-8": (BOM[:2], ["\ufffd"], False, b"", b""),
    "blanks alone are nothing": (b" \n", [], False, b"", b""),
}


@pytest.mark.parametrize(
    ("body", "elements", "complete", "rest", "unfinished"), ARRAYS.values(), ids=ARRAYS
)
def test_each_element_is_given_for_each_way_to_cut(body, elements, complete, rest, unfinished):
    for chunks in [[body], every_byte(body), *two_way_cuts(body)]:
        whole, decoder = decode(JSONArrayDecoder, *chunks)
        assert whole == elements
        assert (decoder.complete, decoder.rest) == (complete, rest)
        assert decoder.unfinished == unfinished


# --- Any body -----------------------------------------------------------------------------------

PRETTY = (
    b'{\n  "error": {\n    "message": "no: [really] no",\n    "codes": [\n      5\n    ]\n  }\n}'
)
A, B = Message("a"), Message("b")
HEARD = {  # the body, its kind, its messages, what is unfinished at the end
    "an event stream": (b"data: a\n\ndata: b\n\n", "sse", [A, B], b""),
    "an event stream behind blanks and a mark": (BOM + b"\n\r\ndata: a\n\n", "sse", [A], b""),
    "a second mark is not skipped": (BOM + BOM + b"data: a\n\ndata: b\n\n", "sse", [B], b""),
    "an event has its type": (b"event: e\ndata: a\n\n", "sse", [Message("a", "e")], b""),
    "comments in their places": (
        b": hb\n\ndata: a\n\n:\ndata: b\n: hb\n\n",
        "sse",
        [Message(" hb", None), A, Message("", None), Message(" hb", None), B],
        b"",
    ),
    "an error field without data": (
        b'data: a\n\nerror: {"code":5}\n\ndata: b\n\n',
        "sse",
        [A, Message('{"code":5}', "error"), B],
        b"",
    ),
    "an error field with data": (b"error: x\ndata: a\n\n", "sse", [A], b""),
    "a cut event": (b"data: a\n\ndata: b\n", "sse", [A], b"data: b\n"),
    "a bare error behind events": (
        b"data: a\n\n" + PRETTY + b"\n",
        "sse",
        [A, Message(PRETTY.decode())],
        b"",
    ),
    "a bare array behind events": (b"data: a\n\n[{}]", "sse", [A, Message("[{}]")], b""),
    "a bare error that is cut": (b"data: a\n\n" + PRETTY[:-1], "sse", [A], PRETTY[:-1]),
    "a bare error before a blank line": (
        b"data: a\n\n" + PRETTY + b"\n\ndata: b\n\n",
        "sse",
        [A, Message(PRETTY.decode()), B],
        b"",
    ),
    "a bare error has the type of its block": (
        b'event: error\n{"code":5}\n\n',
        "sse",
        [Message('{"code": 5}', "error")],
        b"",
    ),
    "a bare error that is not whole": (b"data: a\n\n{a: 1}\n\n", "sse", [A], b""),
    "a number is no bare error": (b"data: a\n\n5", "sse", [A], b"5"),
    "words": (b"upstream error: no\n", "sse", [], b"upstream error: no\n"),
    "lines": (b'{"a":1}\n{"b":2}\n', "ndjson", [Message('{"a":1}'), Message('{"b":2}')], b""),
    "lines behind blanks, ended by CRLF": (
        BOM + b'\r\n {"a":1}\r\n\r\n{"b":2}',
        "ndjson",
        [Message(' {"a":1}'), Message('{"b":2}')],
        b"",
    ),
    "lines with separators": (b"\x1e{}\n\x1e[]", "ndjson", [Message("{}"), Message("[]")], b""),
    "a cut line": (b'{"a":1}\n{"b', "ndjson", [Message('{"a":1}')], b'{"b'),
    "a wrong line": (b"{}\nno\n{}\n", "ndjson", [Message("{}"), Message("no"), Message("{}")], b""),
    "a number of many digits": (
        b'{"a":' + b"1" * 5_000 + b"}\n{}\n",
        "ndjson",
        [Message('{"a":' + "1" * 5_000 + "}"), Message("{}")],
        b"",
    ),
    "an array": (
        b'[{"a":1}\n,\r\n{"b":2}\n]\n',
        "array",
        [Message('{"a":1}'), Message('{"b":2}')],
        b"",
    ),
    "a cut array": (b'[{"a":1},{"b', "array", [Message('{"a":1}')], b'{"b'),
    "an array with a rest": (b"[1]\n{}", "array", [Message("1")], b"{}"),
    "one body": (PRETTY + b"\n", "body", [Message(PRETTY.decode())], b""),
    "one body in one line": (b' {"a":1}', "body", [Message('{"a":1}')], b""),
    "a cut body": (PRETTY[:-1], "body", [], PRETTY[:-1]),
    "a cut body in one line": (b'{"a":1', "body", [], b'{"a":1'),
    "two bodies": (b'{\n"a":1}\n{\n"b":2}', "body", [], b'{\n"a":1}\n{\n"b":2}'),
    "a page": (b"\n<!doctype html>\n<p>data: a\n\n</p>", "html", [], b""),
    "nothing": (b"", None, [], b""),
    "blanks": (BOM + b" \n", None, [], b" \n"),
    "half a mark": (BOM[:2], "sse", [], BOM[:2]),
}


@pytest.mark.parametrize(("body", "kind", "messages", "unfinished"), HEARD.values(), ids=HEARD)
def test_the_first_bytes_tell_the_framing_for_each_way_to_cut(body, kind, messages, unfinished):
    for chunks in [[body], every_byte(body), *two_way_cuts(body)[:200]]:
        heard, decoder = decode(BodyDecoder, *chunks)
        assert heard == messages
        assert (decoder.kind, decoder.unfinished) == (kind, unfinished)
        assert decoder.heard == bool(messages)


@pytest.mark.parametrize(
    ("kind", "body", "messages"),
    [
        ("array", PRETTY, [Message(PRETTY.decode())]),
        ("array", b"no, not now\n", [Message("no, not now")]),
        ("ndjson", b'"a"\n', [Message('"a"')]),
        ("ndjson", b'{"a":1', []),
        ("sse", PRETTY, [Message(PRETTY.decode())]),
        ("sse", b"", []),
    ],
)
def test_a_kind_that_is_named_is_not_told_by_the_first_bytes(kind, body, messages):
    for chunks in ([body], every_byte(body)):
        heard, decoder = decode(partial(BodyDecoder, kind), *chunks)
        assert (heard, decoder.kind) == (messages, kind)


@pytest.mark.parametrize("kind", ["html", "body", "", "json"])
def test_only_a_framing_can_be_named(kind):
    with pytest.raises(ValueError, match="expected kind=None, 'sse', 'ndjson' or 'array', got"):
        BodyDecoder(kind)


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (BOM + b"\r\n  <html>\n", "<html>\n"),
        (b"x" * 1_000, "x" * 200),
        ("😀".encode() * 300, "😀" * 200),
        (b" " * 5_000 + b"no", "no"),
        (b"\n", ""),
    ],
)
def test_the_excerpt_is_how_the_body_begins(body, shown):
    for chunks in ([body], every_byte(body)):
        assert decode(BodyDecoder, *chunks)[1].excerpt == shown


def test_a_message_is_heard_as_soon_as_it_is_whole():
    for body, count in [(b'{"a":1}\n', 1), (b'[{"a":1}', 1), (b"data: a\n\n", 1), (b": hb\n", 1)]:
        decoder = BodyDecoder()
        heard = [message for byte in every_byte(body) for message in decoder.feed(byte)]
        assert (len(heard), decoder.heard) == (count, True)


@given(BODIES)
def test_events_are_those_of_the_event_stream(body):
    decoder = SSEDecoder()
    expected = [(event.data, event.event) for event in decoder.feed(body)]
    heard = BodyDecoder("sse").feed(body)
    comments = [message.data for message in heard if message.event is None]
    assert comments == decoder.comments
    told = [(message.data, message.event) for message in heard if message.event is not None]
    assert [one for one in told if one in expected] == expected
    assert len(told) - len(expected) <= sum(len(block.fields) for block in decoder.undispatched)


SUFFIXES = {".sse": "sse", ".lines.ndjson": "ndjson", ".ndjson": "ndjson", ".array.json": "array"}


def test_each_recorded_body_is_told_by_its_first_bytes(corpora):
    seen = set()
    for path in sorted((corpora / "recordings").glob("*/*")):
        kind = next((SUFFIXES[end] for end in SUFFIXES if path.name.endswith(end)), None)
        if kind is None:
            continue
        body = path.read_bytes()
        pieces = [body[at : at + 4_096] for at in range(0, len(body), 4_096)]
        heard, decoder = decode(BodyDecoder, *pieces)
        assert (decoder.kind, heard) == (kind, decode(partial(BodyDecoder, kind), body)[0]), path
        if kind == "array":
            assert [json.loads(message.data) for message in heard] == json.loads(body), path
        seen.add(kind)
    assert seen == {"sse", "ndjson", "array"}


# --- The limit ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "body", "fits"),
    [
        (NDJSONDecoder, b"12345\n", 5),
        (NDJSONDecoder, b"\n\n12345\r\n", 6),
        (NDJSONDecoder, b"\x1e12345", 6),
        (JSONArrayDecoder, b"[ 1, 12345 , 1 ]", 6),
        (JSONArrayDecoder, b'[ {"a":5},\n"12345" ]', 7),
        (JSONArrayDecoder, b"  12345", 5),
        (BodyDecoder, b"data: 12345\n\n", 12),
        (BodyDecoder, b"\n[12345]", 5),
        (BodyDecoder, b'{"a":1}\n{"b":\n', 7),
        (BodyDecoder, b'  {\n"a":1\n}', 11),
        (BodyDecoder, b"        ", 8),
    ],
)
def test_a_message_may_be_as_large_as_the_limit_and_no_larger(make, body, fits):
    assert everything(limited(make, fits), [body])[1] is None
    assert everything(limited(make, fits - 1), [body])[1] is not None
    assert everything(limited(make, None), [body])[1] is None


@pytest.mark.parametrize(
    ("make", "body", "before", "where", "unfinished"),
    [
        (NDJSONDecoder, b"1\r\n\n23456", ["1"], ("2345", 8, 3, 5), b"2345"),
        (NDJSONDecoder, BOM + b"1\n23456\n7\n", ["1"], ("2345", 6, 2, 5), b"2345"),
        (JSONArrayDecoder, b'[1,\n "2345"]', ["1"], ('"234', 9, 2, 6), b'"234'),
        (JSONArrayDecoder, BOM + b"[1,\n [23, 4], 5]", ["1"], ("[23,", 9, 2, 6), b"[23,"),
        (BodyDecoder, b"[1,\n23456]", [Message("1")], ("2345", 8, 2, 5), b"2345"),
        (
            BodyDecoder,
            b"{}\n{  }\n23456",
            [Message("{}"), Message("{  }")],
            ("2345", 12, 3, 5),
            b"2345",
        ),
        (BodyDecoder, b":h\n\n: 345", [Message("h", None)], (": 34", 8, 3, 5), b": 34"),
        (BodyDecoder, BOM + b"{\n23}", [], ("{\n23", 4, 2, 3), b"{\n23"),
    ],
)
def test_what_is_over_the_limit_is_an_error_that_says_where(make, body, before, where, unfinished):
    for chunks in [[body], every_byte(body), *two_way_cuts(body)]:
        whole, error, rest = everything(limited(make, 4), chunks)
        assert whole == before
        assert error == (LIMIT[make], 4, *where)
        assert rest["unfinished"] == unfinished


@EACH
def test_after_an_error_feed_and_close_raise_the_same_error(kind):
    decoder = limited(kind, 9)()
    with pytest.raises(LimitExceeded, match=f"over the limit {LIMIT[kind]}=9, got ") as caught:
        decoder.feed(b'[{"a": "too long"}]')
    for call in (decoder.close, lambda: decoder.feed(b""), lambda: decoder.feed("text")):
        with pytest.raises(LimitExceeded) as again:
            call()
        assert again.value is caught.value
    with pytest.raises(LimitExceeded) as again:
        pickled(decoder).feed(b"")
    assert place(again.value) == place(caught.value)


def test_half_a_mark_can_be_over_the_limit_at_the_end():
    decoder = NDJSONDecoder(max_line=1)
    assert decoder.feed(BOM[:2]) == []
    for _ in range(2):
        with pytest.raises(LimitExceeded) as caught:
            decoder.close()
        assert caught.value.offset == 1


@EACH
def test_the_limit_is_32_mib_unless_it_is_said_otherwise(kind):
    decoder = kind()
    assert decoder.feed(b'{"' + b"x" * (2**25 - 2)) == []
    with pytest.raises(LimitExceeded) as caught:
        decoder.feed(b"x")
    assert caught.value.limit_value == caught.value.offset == 2**25


# --- The manners of a decoder -------------------------------------------------------------------


@EACH
def test_feed_after_close_is_misuse_and_closing_twice_is_not(kind):
    decoder = kind()
    decoder.feed(b'{"a":1}')
    decoder.close()
    assert decoder.close() == []
    for data in (b"\n", b""):
        with pytest.raises(RuntimeError, match=rf"feed\(\) after close\(\): .* {kind.__name__}"):
            decoder.feed(data)


@EACH
@pytest.mark.parametrize("data", ["[]", None, 5, [100], object()])
def test_what_is_not_bytes_is_a_type_error_that_changes_nothing(kind, data):
    decoder = kind()
    decoder.feed(b'{"a":')
    with pytest.raises(TypeError, match=f"a body is bytes, got {type(data).__name__}"):
        decoder.feed(data)
    assert decoder.feed(b"1}\n") + decoder.close() in (['{"a":1}'], [Message('{"a":1}')])


@EACH
@pytest.mark.parametrize("data", [bytes, bytearray, memoryview, lambda data: array("B", data)])
def test_any_kind_of_bytes_is_read_and_never_kept(kind, data):
    buffer = bytearray(b'{"a":')
    decoder = kind()
    decoder.feed(data(buffer))
    buffer[:] = b"xxxxx"
    assert decoder.feed(data(b"1}\n")) + decoder.close() in (['{"a":1}'], [Message('{"a":1}')])


HARD = [
    BOM + '\r\n[{"a": "é😀\\"]"},\n "x\\\\", 5 , [[]] ] rest '.encode(),
    BOM + b' {"a":1}\r\n\x1e{"b":2}\n{"c',
    BOM + b": hb\r\ndata: a\r\n\r\nerror: e\n\n" + PRETTY,
    PRETTY,
]


@EACH
@pytest.mark.parametrize("body", HARD)
@pytest.mark.parametrize(
    "duplicate",
    [copy.copy, copy.deepcopy, lambda decoder: pickle.loads(pickle.dumps(decoder))],  # noqa: S301
    ids=["copy", "deepcopy", "pickle"],
)
def test_a_decoder_can_be_copied_at_any_byte_and_both_go_on(kind, body, duplicate):
    def rest_of(decoder, at):
        whole = decoder.feed(body[at:])
        return whole + decoder.close(), facts(decoder)

    for at in range(len(body) + 1):
        untouched, original = kind(), kind()
        untouched.feed(body[:at])
        original.feed(body[:at])
        twin = duplicate(original)
        expected = rest_of(untouched, at)
        assert rest_of(twin, at) == expected
        assert rest_of(original, at) == expected


# --- Linear work and constant memory, by counting -----------------------------------------------

LONG = b"x" * 2**16
SHAPES = {
    "a long string": b'{"a":"' + LONG + b'"}',
    "escapes": b'{"a":"' + b'\\n\\"\\\\' * 2**13 + b'"}',
    "records": b'{"rows":[' + b'{"id": 12, "tags": ["a", "b"]},' * 2**11 + b"0]}",
    "blanks": b'{"a":' + b" \n" * 2**15 + b"1}",
    "brackets": b'{"a":' + b"[" * 2**15 + b"]" * 2**15 + b"}",
}


@pytest.fixture
def scanned(monkeypatch):
    """How many bytes the patterns of the array looked at, one by one in a list."""
    counts = []

    def counting(match):
        def run(body, at=0, end=sys.maxsize):
            found = match(body, at, end)
            counts.append((found.end() if found else min(end, len(body))) - min(at, len(body)))
            return found

        return run

    for name in ("NOT_BLANK", "AMONG_ELEMENTS", "IN_STRING", "IN_ELEMENT"):
        monkeypatch.setattr(_texts, name, counting(getattr(_texts, name)))
    return counts


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("size", [16, 1_024, 2**20])
def test_no_byte_of_an_array_is_looked_at_more_than_twice(scanned, shape, size):
    body = b"[" + SHAPES[shape] + b"," + SHAPES[shape] + b"]"
    chunks = [body[at : at + size] for at in range(0, len(body), size)]
    whole, decoder = decode(JSONArrayDecoder, *chunks)
    assert (whole, decoder.complete) == ([SHAPES[shape].decode()] * 2, True)
    assert len(body) / 2 < sum(scanned) <= 2 * len(body) + 2 * len(chunks)


def held_by(decoder):
    """The buffer in which a decoder keeps what is not whole."""
    inner = getattr(decoder, "_inner", None)
    return (decoder if inner is None else inner)._held


@pytest.mark.parametrize("size", [16, 1024])
@pytest.mark.parametrize(
    ("kind", "opening"),
    [
        (NDJSONDecoder, b"{"),
        (JSONArrayDecoder, b'["'),
        (JSONArrayDecoder, b"["),
        (JSONArrayDecoder, b"x"),
        *[(BodyDecoder, opening) for opening in (b'{"', b'{\n"', b'["', b"data:", b"{}\n")],
    ],
)
def test_a_message_of_4_mb_is_copied_a_constant_number_of_times(kind, opening, size):
    decoder = kind()
    decoder.feed(opening)
    held, room, copied = held_by(decoder), 0, 0
    for _ in range(2**22 // size):
        decoder.feed(b"x" * size)
        if sys.getsizeof(held) != room:  # a larger buffer may have taken a copy of all that is held
            room = sys.getsizeof(held)
            copied += len(held)
    assert held_by(decoder) is held
    assert len(held) >= 2**22
    assert copied < 12 * len(held)  # it grows by an eighth; a copy for each piece gives thousands


@pytest.mark.parametrize(
    ("kind", "opening", "message"),
    [
        (NDJSONDecoder, b"", b'{"a": 1}\n'),
        (NDJSONDecoder, b"", b"\r\n"),
        (JSONArrayDecoder, b"[", b'{"a": "]"},\n'),
        (JSONArrayDecoder, b"[", b"12 , "),
        (JSONArrayDecoder, b"[1,", b" \n"),
        (JSONArrayDecoder, b"[]", b"[1]"),
        (BodyDecoder, b"", b'{"a": 1}\n'),
        (BodyDecoder, b"[", b'{"a": "]"},\n'),
        (BodyDecoder, b"[]", b"[1]"),
        (BodyDecoder, b"<", b"<p>no</p>\n"),
        (BodyDecoder, b"", b": hb\ndata: b\n\n"),
    ],
)
def test_messages_for_ever_take_no_memory(kind, opening, message):
    decoder = limited(kind, 100)()
    decoder.feed(opening)
    for _ in range(100):
        decoder.feed(message * 10)
    size = len(pickle.dumps(decoder))
    for _ in range(1_000):
        decoder.feed(message * 10)
    assert len(pickle.dumps(decoder)) - size < 64  # the numbers of the place grow
