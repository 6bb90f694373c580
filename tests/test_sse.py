"""`SSEDecoder` reads event streams as the HTML standard does, however the bytes are cut."""

from __future__ import annotations

import base64
import copy
import itertools
import json
import pickle
import re
import sys
from array import array

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from partialjson.errors import LimitExceeded
from partialjson.wire.sse import ServerSentEvent, SSEDecoder

BOM = b"\xef\xbb\xbf"


def message(data, id=""):  # noqa: A002  # the standard's name
    return ServerSentEvent("message", data, id)


# --- Decoding in pieces -------------------------------------------------------------------------


def decode(*chunks, **options):
    """The events of a stream that comes in these chunks, and the decoder after it."""
    decoder = SSEDecoder(**options)
    return [event for chunk in chunks for event in decoder.feed(chunk)], decoder


def facts(event):
    return event.event, event.data, event.id, event.fields, event.end


def place(error):
    return error.limit, error.limit_value, error.found, error.offset, error.line, error.column


def everything(chunks, **options):
    """All that a decoder says about a stream, so that two ways to cut it can be compared."""
    decoder = SSEDecoder(**options)
    events, comments, undispatched, error = [], [], [], None
    for chunk in chunks:
        try:
            events += decoder.feed(chunk)
        except LimitExceeded as limit:
            error = place(limit)
            events += limit.events
        comments += decoder.comments
        undispatched += decoder.undispatched
        if error:
            break
    return {
        "events": [facts(event) for event in events],
        "undispatched": [facts(block) for block in undispatched],
        "comments": comments,
        "last_event_id": decoder.last_event_id,
        "retry": decoder.retry,
        "unfinished": decoder.unfinished,
        "error": error,
    }


def every_byte(stream):
    return [stream[at : at + 1] for at in range(len(stream))]


def chunkings(stream):
    """Byte by byte, with empty chunks between, and up to a thousand ways to cut it in two."""
    yield every_byte(stream)
    yield [piece for byte in every_byte(stream) for piece in (b"", byte, b"")]
    for cut in range(1, len(stream), 1 + len(stream) // 1_000):
        yield [stream[:cut], stream[cut:]]


# --- The standard, taken literally over the whole text ------------------------------------------


def by_the_standard(stream):
    """§9.2.6 word by word; the simplest thing that says what is right."""
    text = stream.decode("utf-8", "replace").removeprefix("\ufeff")
    *lines, tail = re.split("\r\n|\r|\n", text)

    data = event_type = last_event_id_buffer = last_event_id = ""
    block, fields, retry = [], [], None
    events, undispatched, comments = [], [], []
    for line in lines:
        if line == "":
            last_event_id = last_event_id_buffer
            event = (event_type or "message", data[:-1], last_event_id, tuple(fields))
            if data:
                events.append(event)
            elif block:
                undispatched.append(event)
            data = event_type = ""
            block, fields = [], []
        elif line[0] == ":":
            comments.append(line[1:])
        else:
            block.append(line)
            name, _, value = line.partition(":")
            value = value.removeprefix(" ")
            if name == "event":
                event_type = value
            elif name == "data":
                data += value + "\n"
            elif name == "id":
                last_event_id_buffer = last_event_id_buffer if "\0" in value else value
            elif name == "retry":
                retry = int(value) if re.fullmatch("[0-9]+", value) else retry
            else:
                fields.append((name, value))

    return {
        "events": events,
        "undispatched": undispatched,
        "comments": comments,
        "last_event_id": last_event_id,
        "retry": retry,
        "unfinished": "".join(line + "\n" for line in block) + tail,
        "error": None,
    }


def as_the_standard_says(outcome):
    """The same facts without those that the standard has no words for."""
    return outcome | {
        "events": [event[:-1] for event in outcome["events"]],
        "undispatched": [block[:-1] for block in outcome["undispatched"]],
        "unfinished": outcome["unfinished"].decode("utf-8", "replace"),
    }


PIECES = [
    *[b"\n", b"\r", b"\r\n", b"\n\n", b"\r\r", b"\r\n\r\n", b"\n\r", b":", b" ", b"\0", b"x", b"7"],
    *[b"data", b"data:", b"data: a\n", b"event: e\n", b"id: 1\n", b"id\n", b"id: 1\x002\n"],
    *[b"retry: 15\n", b"retry:-1\n", b"retry:\r", b"error: e\n", b": hb\n", b": hb\n\n", b" data:"],
    *[BOM, b"\xef", b"\xbb", b"\xbf", b"\xff", b"\xc3", b"\xa9", b"\xf0\x9f\x98\x80", b"\xf0\x9f"],
    *[b"\xed\xa0\x80", b"\xe2\x80\xa8", b"\xe2\x80\xa9", b"\xc2\x85", b"\x0b", b"\x0c", b"\x1c"],
]
STREAMS = st.lists(st.sampled_from(PIECES) | st.binary(max_size=2), max_size=25).map(b"".join)


@st.composite
def cut_streams(draw):
    stream = draw(STREAMS)
    cuts = [0, *sorted(draw(st.lists(st.integers(0, len(stream)), max_size=12))), len(stream)]
    return stream, [stream[a:b] for a, b in itertools.pairwise(cuts)]


@given(cut_streams())
def test_any_stream_cut_anywhere_is_read_as_the_standard_says(cut):
    stream, chunks = cut
    assert as_the_standard_says(everything(chunks)) == by_the_standard(stream)


@given(cut_streams(), st.integers(0, 30))
def test_chunking_never_shows_with_a_limit_either(cut, max_event):
    stream, chunks = cut
    whole = everything([stream], max_event=max_event)
    assert everything(chunks, max_event=max_event) == whole
    assert everything(every_byte(stream), max_event=max_event) == whole


@given(STREAMS, st.integers(0, 30))
def test_the_limit_is_reached_at_the_first_byte_over_it(stream, max_event):
    body = b"\n" + stream  # bytes that may be a mark would wait for the next
    error = everything([body], max_event=max_event)["error"]
    assume(error)
    offset = error[3]
    assert len(everything([body[:offset]], max_event=max_event)["unfinished"]) == max_event
    assert everything([body[: offset + 1]], max_event=max_event)["error"] == error


@given(STREAMS)
def test_an_event_ends_at_the_byte_that_its_end_says(stream):
    body = b"\n" + stream  # a mark is data here: it does not stand first
    events, _ = decode(body)
    for count, event in enumerate(events, 1):
        assert decode(body[: event.end])[0] == events[:count]
        assert decode(body[: event.end - 1])[0] == events[: count - 1]


@given(STREAMS)
def test_what_is_unfinished_can_be_finished_by_another_decoder(stream):
    _, decoder = decode(stream)
    assume(not decoder.unfinished.startswith(BOM))
    again = SSEDecoder(last_event_id=decoder.last_event_id)
    events = again.feed(decoder.unfinished + b"\r\r")
    assert decoder.feed(b"\r\r") == events
    assert decoder.undispatched == again.undispatched
    assert decoder.unfinished == b""


# --- Vectors ------------------------------------------------------------------------------------

VECTORS = {
    # Line ends
    "LF ends a line": (b"data: a\n\ndata: b\n\n", [message("a"), message("b")]),
    "CRLF ends a line": (b"data: a\r\n\r\ndata: b\r\n\r\n", [message("a"), message("b")]),
    "CR ends a line": (b"data: a\r\rdata: b\r\r", [message("a"), message("b")]),
    "line ends may be mixed": (
        b"data: a\n\r\ndata: b\r\n\ndata: c\r\rdata: d\n\rdata: e\r\n\r",
        [message("a"), message("b"), message("c"), message("d"), message("e")],
    ),
    "CRLF is one line end": (b"data:a\r\ndata\r\ndata:b\r\n\r\n", [message("a\n\nb")]),
    "LF CR is two line ends": (b"data:a\n\rdata:b\n\r", [message("a"), message("b")]),
    "nothing else ends a line": (
        "data: \u2028\u2029\u0085\v\f\x1c\x1d\x1e\n\n".encode(),
        [message("\u2028\u2029\u0085\v\f\x1c\x1d\x1e")],
    ),
    "blank lines alone are nothing": (b"\n\r\n\r\n\n", []),
    # The byte order mark, and UTF-8
    "one mark at the start is skipped": (BOM + b"data: a\n\n", [message("a")]),
    "a second mark is part of a name": (BOM + BOM + b"data: a\n\ndata: b\n\n", [message("b")]),
    "a mark at a later event is part of a name": (
        b"data: a\n\n" + BOM + b"data: b\n\n",
        [message("a")],
    ),
    "a mark inside a value is a character": (b"data: " + BOM + b"a\n\n", [message("\ufeffa")]),
    "half a mark is part of a name": (BOM[:2] + b"data: a\n\ndata: b\n\n", [message("b")]),
    "a stream may be a mark alone": (BOM, []),
    "the text is UTF-8": ("data: é😀日\n\n".encode(), [message("é😀日")]),
    "wrong bytes become U+FFFD": (
        b"data: \xff \xf0\x9f\x98 \xed\xa0\x80\nevent: \xc3\n\n",
        [ServerSentEvent("\ufffd", "\ufffd \ufffd \ufffd\ufffd\ufffd")],
    ),
    "a cut character does not eat the line end": (b"data: \xf0\x9f\n\n", [message("\ufffd")]),
    # Fields
    "one space after the colon is left out": (
        b"data:a\ndata: b\ndata:  c\ndata:\td\ndata: e \n\n",
        [message("a\nb\n c\n\td\ne ")],
    ),
    "only the first colon parts": (b"data: a:b: c\n\n", [message("a:b: c")]),
    "a line without a colon is a name": (b"data\n\n", [message("")]),
    "data may be empty": (b"data:\n\n", [message("")]),
    "empty lines of data count": (b"data:\ndata: \ndata\n\n", [message("\n\n")]),
    "names are case-sensitive, spaces and all": (
        b"Data: a\n data: b\ndata : c\ndata: d\n\n",
        [ServerSentEvent("message", "d", fields=(("Data", "a"), (" data", "b"), ("data ", "c")))],
    ),
    "NUL in data is a character": (b"data: a\0b\n\n", [message("a\0b")]),
    "a colon first makes a comment": (b":data: a\n: b\n:\ndata: c\n\n", [message("c")]),
    "a comment may stand inside an event": (b"data: a\n: hb\ndata: b\n\n", [message("a\nb")]),
    # The event type
    "the event type names the event": (b"event: e\ndata: a\n\n", [ServerSentEvent("e", "a")]),
    "the last event type counts": (b"event: e\nevent: f\ndata\n\n", [ServerSentEvent("f", "")]),
    "an empty event type is message": (b"event: e\nevent\ndata: a\n\n", [message("a")]),
    "an event type is for one event": (
        b"event: e\ndata: a\n\ndata: b\n\n",
        [ServerSentEvent("e", "a"), message("b")],
    ),
    "an event type without data is forgotten": (b"event: e\n\ndata: a\n\n", [message("a")]),
    # The last event ID
    "an ID stays": (b"id: 1\ndata: a\n\ndata: b\n\n", [message("a", "1"), message("b", "1")]),
    "an ID counts wherever it stands": (b"data: a\nid: 1\n\n", [message("a", "1")]),
    "an ID without data counts": (b"id: 1\n\ndata: a\n\n", [message("a", "1")]),
    "an empty ID takes it back": (
        b"id: 1\ndata: a\n\nid\ndata: b\n\n",
        [message("a", "1"), message("b", "")],
    ),
    "an ID with NUL is ignored": (
        b"id: 1\ndata: a\n\nid: 2\x003\ndata: b\n\n",
        [message("a", "1"), message("b", "1")],
    ),
    # The end
    "an event without its blank line is discarded": (b"data: a\n\ndata: b\n", [message("a")]),
    "an event without its line end is discarded": (b"data: a\n\ndata: b", [message("a")]),
}


@pytest.mark.parametrize(("stream", "events"), VECTORS.values(), ids=VECTORS)
def test_the_standard_is_followed(stream, events):
    decoded, decoder = decode(stream)
    assert decoded == events
    assert decoder.close() == []


@pytest.mark.parametrize("stream", [stream for stream, _ in VECTORS.values()], ids=VECTORS)
def test_the_standard_taken_literally_says_the_same_for_each_way_to_cut(stream):
    whole = everything([stream])
    assert as_the_standard_says(whole) == by_the_standard(stream)
    for chunks in chunkings(stream):
        assert everything(chunks) == whole


def arrivals(vector):
    stream = base64.b64decode(vector["bytes_b64"])
    yield [stream]
    if "chunk_sizes" in vector:
        ends = itertools.accumulate(vector["chunk_sizes"], initial=0)
        yield [stream[a:b] for a, b in itertools.pairwise(ends)]
    yield from chunkings(stream)


def test_the_vectors_of_other_suites_hold_for_each_way_to_cut(corpora):
    lines = (corpora / "sse_conformance" / "vectors.jsonl").read_text("utf-8").splitlines()
    vectors = [vector for vector in map(json.loads, lines) if "events" in vector]
    assert len(vectors) > 100
    for vector in vectors:
        whole = everything([base64.b64decode(vector["bytes_b64"])])
        events = [(event["event"], event["data"], event["id"]) for event in vector["events"]]
        assert [event[:3] for event in whole["events"]] == events, vector["id"]
        for fact in ("comments", "last_event_id", "retry"):
            assert whole[fact] == vector[fact], (vector["id"], fact)
        assert all(everything(chunks) == whole for chunks in arrivals(vector)), vector["id"]


def test_the_line_vectors_of_other_suites_hold_for_each_way_to_cut(corpora):
    # These lines have no colon: each is a field without a value, or unfinished. A blank line shows
    # by what it parts, so that of `\n\r\n\r` and `\r\r` (os103, os102) nothing shows.
    lines = (corpora / "sse_conformance" / "vectors.jsonl").read_text("utf-8").splitlines()
    vectors = [vector for vector in map(json.loads, lines) if "lines" in vector]
    assert len(vectors) > 10
    for vector in vectors:
        blocks = "\n".join(vector["lines"]).split("\n\n")
        expected = [block.split("\n") for block in blocks if block.strip("\n")]
        for chunks in arrivals(vector):
            outcome = everything(chunks)
            seen = [[name for name, _ in block[3]] for block in outcome["undispatched"]]
            tail = outcome["unfinished"].decode().removesuffix("\n")
            assert seen + [tail.split("\n")] * bool(tail) == expected, vector["id"]


# --- What other decoders get wrong --------------------------------------------------------------


@pytest.mark.parametrize(
    ("chunks", "data"),
    [
        pytest.param([BOM + b"data: a\n\n"], ["a"], id="a mark loses the first event"),
        pytest.param([*every_byte(BOM), b"data: a\n\n"], ["a"], id="a mark is missed when cut"),
        pytest.param(
            [b"data: a\n\n", BOM, b"data: b\n\n"], ["a"], id="a mark is skipped at a later chunk"
        ),
        pytest.param([b"event: ping\n\n"], [], id="a type alone fires an empty event"),
        pytest.param([b"id: 7\n\n: hb\n\n: hb\n\n"], [], id="heartbeats fire after an ID"),
        pytest.param([b"retry: 100\n\n"], [], id="a reconnection time alone fires"),
        pytest.param([b"data: x\r"], [], id="a trailing CR fires what is unfinished"),
        pytest.param([b"data: x\r\n"], [], id="the end of the stream fires what is unfinished"),
        pytest.param([b"data: x\r\n\r"], ["x"], id="a CR is held until the next chunk"),
        pytest.param([b"data: x\n\r\n"], ["x"], id="LF CRLF is held until the next chunk"),
        pytest.param(
            [b"data: a\r", b"\ndata: b\r", b"\n\r", b"\n"], ["a\nb"], id="a cut CRLF is two"
        ),
        pytest.param(
            [b"data: a\r\n\ndata: b\n\r\n"], ["a", "b"], id="mixed line ends merge events"
        ),
        pytest.param([b"data: \xff\n\n"], ["\ufffd"], id="a wrong byte kills the stream"),
        pytest.param(["data: é\n\n".encode()], ["é"], id="a charset parameter garbles the text"),
        pytest.param(["data: \u2028\n\n".encode()], ["\u2028"], id="str.splitlines cuts at U+2028"),
        pytest.param([b"data: a\rdata: b\r\r"], ["a\nb"], id="CR is no line end"),
        pytest.param([b"data: a\n\n"], ["a"], id="events without a type are skipped"),
        pytest.param([b"data:   a\n\n"], ["  a"], id="all leading spaces go"),
        pytest.param([b"data: a\ndata:\ndata\n\n"], ["a\n\n"], id="trailing empty lines go"),
        pytest.param([b'data:{"a":1}\n\n'], ['{"a":1}'], id="a colon without a space is refused"),
        pytest.param(
            [b": hb\nevent: e\nid: 1\ndata: a\n\n"], ["a"], id="only data lines are allowed"
        ),
        pytest.param(
            [b"data: " + b"x" * 2**21 + b"\n\n"], ["x" * 2**21], id="images are too large"
        ),
    ],
)
def test_we_do_not_make_this_mistake(chunks, data):
    assert [event.data for event in decode(*chunks)[0]] == data


@pytest.mark.parametrize(
    "value", ["-5", "+5", "1_000", "١٢", "²", " 12", "12 ", "1.5", "1e3", "0x1", "1500x", "", "\0"]
)
def test_a_reconnection_time_that_is_not_all_ascii_digits_is_ignored(value):
    _, decoder = decode(f"retry: 7\nretry: {value}\n\n".encode())
    assert decoder.retry == 7


def test_two_decoders_share_nothing():
    streams = ["data: é😀\n\n".encode(), "data: 日本\n\n".encode()]
    decoders = [SSEDecoder(), SSEDecoder()]
    events = [[], []]
    for at in range(max(map(len, streams))):
        for stream, decoder, decoded in zip(streams, decoders, events, strict=True):
            decoded.extend(decoder.feed(stream[at : at + 1]))
    assert events == [[message("é😀")], [message("日本")]]


def test_an_id_that_no_event_took_is_still_remembered():
    _, decoder = decode(b"data: a\n\nid: 9\n\n")
    assert decoder.last_event_id == "9"


# --- The reconnection time and the last event ID ------------------------------------------------


@pytest.mark.parametrize(
    ("line", "retry"),
    [
        (b"retry: 1500", 1500),
        (b"retry:0", 0),
        (b"retry:000", 0),
        (b"retry: " + b"0" * 5_000 + b"15", 15),
        (b"retry: " + b"9" * 15, 10**15 - 1),
        (b"retry: 1" + b"0" * 15, None),  # `retry / 1000` must never overflow
        (b"retry: " + b"9" * 5_000, None),  # `int()` would raise
        (b"retry", None),
        (b"retry:", None),
        (b"retry-after: 5", None),
        (b"Retry: 5", None),
    ],
)
def test_the_reconnection_time_is_in_milliseconds_and_never_an_error(line, retry):
    _, decoder = decode(line + b"\n")
    assert decoder.retry == retry


def test_the_reconnection_time_counts_before_the_blank_line_and_the_last_event_id_after_it():
    decoder = SSEDecoder()
    decoder.feed(b"retry: 10\nid: 1\ndata: a\n")
    assert (decoder.retry, decoder.last_event_id) == (10, "")
    decoder.feed(b"\n")
    assert (decoder.retry, decoder.last_event_id) == (10, "1")


def test_the_last_event_id_of_an_unfinished_event_does_not_count():
    _, decoder = decode(b"id: 1\ndata: a\n\nid: 2\ndata: b\n")
    decoder.close()
    assert decoder.last_event_id == "1"


def test_the_last_event_id_goes_on_from_the_connection_before():
    events, decoder = decode(b"data: a\n\nid\ndata: b\n\n", last_event_id="41")
    assert [event.id for event in events] == ["41", ""]
    assert decoder.last_event_id == ""


# --- What the standard throws away --------------------------------------------------------------


def test_a_comment_is_heard_at_the_end_of_its_line_before_any_event():
    decoder = SSEDecoder()
    heard = []
    for byte in every_byte(b":hb\rdata: a\n: OPENROUTER PROCESSING\n\n:last\n"):
        decoder.feed(byte)
        heard.append(decoder.comments)
    assert [comments for comments in heard if comments] == [
        ["hb"],
        [" OPENROUTER PROCESSING"],
        ["last"],
    ]
    assert heard[3] == ["hb"]  # at its CR


@pytest.mark.parametrize("after", [b"", b"data: a\n\n"])
def test_comments_and_undispatched_blocks_are_those_of_the_latest_feed(after):
    decoder = SSEDecoder()
    decoder.feed(b": a\n: b\nevent: ping\n\n")
    comments, undispatched = decoder.comments, decoder.undispatched
    decoder.feed(after)
    assert (decoder.comments, decoder.undispatched) == ([], [])
    assert (comments, undispatched) == ([" a", " b"], [ServerSentEvent("ping", "")])


def test_heartbeats_for_ever_take_no_memory_and_reach_no_limit():
    decoder = SSEDecoder(max_event=16)
    decoder.feed(b"data: a\n")
    for _ in range(100):
        decoder.feed(b": hb hb\n: hb")
        decoder.feed(b" hb\r\n")
    assert decoder.unfinished == b"data: a\n"
    assert decoder.feed(b"\n") == [message("a")]


def test_unknown_fields_stand_on_their_event():
    events, _ = decode(b"error: e: 1\ndata: a\nerror:2\n\xff\nevent: x\n\ndata: b\n\n")
    assert events == [
        ServerSentEvent("x", "a", fields=(("error", "e: 1"), ("error", "2"), ("\ufffd", ""))),
        message("b"),
    ]


@pytest.mark.parametrize(
    ("block", "undispatched"),
    [
        (
            b'error: {"code":500}\n\n',
            ServerSentEvent("message", "", fields=(("error", '{"code":500}'),)),
        ),
        (b"event: ping\n: hb\n\n", ServerSentEvent("ping", "")),
        (b"id: 5\n\n", ServerSentEvent("message", "", "5")),
        (b"retry: 5\n\n", ServerSentEvent("message", "")),
    ],
)
def test_a_block_without_data_fires_nothing_and_is_still_seen(block, undispatched):
    events, decoder = decode(b"\n: hb\n\n" + block)
    assert events == []
    assert decoder.undispatched == [undispatched]


def test_events_and_undispatched_blocks_can_be_put_in_the_order_they_came():
    events, decoder = decode(BOM + b"data: 0\n\nerror: 1\r\n\r\n: hb\n\ndata: 2\n\nevent: 3\n\n")
    blocks = sorted([*events, *decoder.undispatched], key=lambda block: block.end)
    assert [block.data or block.fields or block.event for block in blocks] == [
        "0",
        (("error", "1"),),
        "2",
        "3",
    ]
    assert [block.end for block in blocks] == [9, 20, 36, 46]


@pytest.mark.parametrize(
    ("stream", "unfinished"),
    [
        (b"", b""),
        (b"data: a\n\n", b""),
        (b"data: a\r\n\r", b""),
        (b"data: a\n\n: hb\n", b""),
        (b"\xef\xbb", b"\xef\xbb"),
        (BOM, b""),
        (b'data: a\n\n{"error": {\r\n  "code": 5\r}}', b'{"error": {\n  "code": 5\n}}'),
        (b"id: 1\r\r\n: hb\rdata: a\rdata: \xf0\x9f", b"data: a\ndata: \xf0\x9f"),
        (b"data: a\n: hb", b"data: a\n: hb"),
    ],
)
def test_what_the_end_cut_off_stands_in_unfinished(stream, unfinished):
    _, decoder = decode(stream)
    assert decoder.close() == []
    assert (decoder.unfinished, type(decoder.unfinished)) == (unfinished, bytes)


# --- The limit ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("event", "size"),
    [
        (b"data: 12345\n\n", 12),
        (b"data: 12345\r\n\r\n", 12),
        (b"id: 1\ndata: 12345\n\n", 18),
        (b": hb\ndata: 12345\n: hb\n\n", 16),
        (b"::::::::::::\ndata:\n\n", 12),
    ],
)
def test_an_event_may_be_as_large_as_the_limit_and_no_larger(event, size):
    fits = everything([event * 3], max_event=size)
    assert (len(fits["events"]), fits["error"]) == (3, None)
    assert everything([event], max_event=size - 1)["error"]
    assert len(decode(event, max_event=None)[0]) == 1


@pytest.mark.parametrize(
    ("stream", "where", "found", "unfinished"),
    [
        (b"data: 12345", (10, 1, 11), "data: 1234", b"data: 1234"),
        (BOM + b"data: 12345", (10, 1, 11), "data: 1234", b"data: 1234"),
        (b"data: 1234\n", (10, 1, 11), "data: 1234", b"data: 1234"),
        (b"data: a\n\r\n: hb\rdata: 12345", (25, 4, 11), "data: 1234", b"data: 1234"),
        (b"id: 1\r\ndata: 5", (11, 2, 5), "id: 1\ndata", b"id: 1\ndata"),
        (b"id: 1\n:2345", (10, 2, 5), "id: 1\n:234", b"id: 1\n:234"),
        (b"data: \xf0\x9f\x98\x80!", (10, 1, 11), "data: 😀", b"data: \xf0\x9f\x98\x80"),
    ],
)
def test_an_event_over_the_limit_is_an_error_that_says_where(stream, where, found, unfinished):
    for chunks in ([stream], *chunkings(stream)):
        outcome = everything(chunks, max_event=10)
        assert outcome["error"] == ("max_event", 10, found, *where)
        assert outcome["unfinished"] == unfinished


def test_an_error_says_what_it_is_and_shows_only_the_beginning_of_a_large_event():
    with pytest.raises(LimitExceeded) as caught:
        decode(b"data: a\n\ndata: " + b"x" * 5_000, max_event=1_000)
    assert str(caught.value) == (
        f"over the limit max_event=1000, got 'data: {'x' * 34}' at line 3 column 1001 (offset 1009)"
    )
    assert caught.value.events == [message("a")]


def test_after_an_error_feed_and_close_raise_the_same_error():
    decoder = SSEDecoder(max_event=10, last_event_id="0")
    with pytest.raises(LimitExceeded) as caught:
        decoder.feed(b": hb\nid: 1\n\nretry: 5\ndata: too long")
    for call in (decoder.close, lambda: decoder.feed(b"\n\n"), lambda: decoder.feed("text")):
        with pytest.raises(LimitExceeded) as again:
            call()
        assert again.value is caught.value
    assert (decoder.last_event_id, decoder.retry) == ("1", 5)
    assert (decoder.comments, len(decoder.undispatched)) == ([" hb"], 1)


def test_the_limit_is_32_mib_unless_it_is_said_otherwise():
    decoder = SSEDecoder()
    assert decoder.feed(b"x" * 2**25) == []
    with pytest.raises(LimitExceeded) as caught:
        decoder.feed(b"x")
    assert caught.value.limit_value == caught.value.offset == 2**25


# --- The manners of a decoder -------------------------------------------------------------------


def test_feed_after_close_is_misuse_and_closing_twice_is_not():
    _, decoder = decode(b": hb\nevent: e\n\ndata: a\n")
    assert (decoder.close(), decoder.close()) == ([], [])
    assert (decoder.comments, decoder.undispatched) == ([], [])
    for data in (b"\n", b""):
        with pytest.raises(RuntimeError, match=r"feed\(\) after close\(\)"):
            decoder.feed(data)
    assert decoder.unfinished == b"data: a\n"


@pytest.mark.parametrize("data", ["data: b\n", None, 5, [100], object()])
def test_what_is_not_bytes_is_a_type_error_that_changes_nothing(data):
    _, decoder = decode(b"data: a\n: hb\n")
    with pytest.raises(TypeError, match=f"an event stream is bytes, got {type(data).__name__}"):
        decoder.feed(data)
    assert decoder.comments == [" hb"]
    assert decoder.feed(b"\n") == [message("a")]


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview, lambda data: array("B", data)])
def test_any_kind_of_bytes_is_read_and_never_kept(kind):
    buffer = bytearray(b"data: a\n")
    decoder = SSEDecoder()
    decoder.feed(kind(buffer))
    buffer[:] = b"data: b\n"
    assert decoder.feed(kind(b"\n")) == [message("a")]


HARD = BOM + "retry: 5\r\nid: 1\r\n: hb\r\ndata: é\rdata: 😀\r\n\r\nerror: e\n\nevent: e\n".encode()
REST = b"data: end\n\n: hb\n"


@pytest.mark.parametrize(
    "duplicate",
    [copy.copy, copy.deepcopy, lambda decoder: pickle.loads(pickle.dumps(decoder))],  # noqa: S301
    ids=["copy", "deepcopy", "pickle"],
)
def test_a_decoder_can_be_copied_at_any_byte_and_both_go_on(duplicate):
    def rest_of(decoder, at):
        events = decoder.feed(HARD[at:] + REST)
        blocks = [facts(block) for block in (*events, *decoder.undispatched)]
        return blocks, decoder.comments, decoder.last_event_id, decoder.retry, decoder.unfinished

    for at in range(len(HARD) + 1):
        _, untouched = decode(HARD[:at])
        _, original = decode(HARD[:at])
        twin = duplicate(original)
        expected = rest_of(untouched, at)
        assert rest_of(twin, at) == expected
        assert rest_of(original, at) == expected


def test_a_copy_of_an_ended_decoder_is_ended_too():
    decoder = SSEDecoder(max_event=3)
    with pytest.raises(LimitExceeded) as caught:
        decoder.feed(b"data")
    with pytest.raises(LimitExceeded) as again:
        pickle.loads(pickle.dumps(decoder)).feed(b"")  # noqa: S301
    assert place(again.value) == place(caught.value)


# --- Linear work, by counting -------------------------------------------------------------------


class Watched(bytearray):
    """A buffer that notes what is done to it, besides asking its length and appending."""

    def __init__(self):
        super().__init__()
        self.uses = []

    def __getattribute__(self, name):
        if name != "uses":
            self.uses.append(name)
        return super().__getattribute__(name)

    def __getitem__(self, key):
        self.uses.append("[]")
        return super().__getitem__(key)


def test_a_piece_of_a_line_is_appended_and_nothing_before_it_is_looked_at_again():
    decoder = SSEDecoder()
    held = decoder._held = Watched()
    for _ in range(1_000):
        assert decoder.feed(b"data: x") == []
    assert decoder._held is held
    assert held.uses == []
    decoder.feed(b"\n")
    assert held.uses  # the watch works


@pytest.mark.parametrize("size", [16, 1024])
def test_a_line_of_4_mb_is_copied_a_constant_number_of_times(size):
    decoder = SSEDecoder()
    held, room, copied = decoder._held, 0, 0
    for _ in range(2**22 // size):
        decoder.feed(b"x" * size)
        if sys.getsizeof(held) != room:  # a larger buffer may have taken a copy of all that is held
            room = sys.getsizeof(held)
            copied += len(held)
    assert decoder._held is held
    assert len(held) == 2**22
    assert copied < 12 * len(held)  # it grows by an eighth; a copy for each piece gives thousands


def test_many_small_lines_are_not_read_again_before_their_event_is_whole():
    decoder = SSEDecoder()
    held = decoder._held = Watched()
    for _ in range(1_000):
        decoder.feed(b"data: x\n")
    assert set(held.uses) == {"startswith"}  # of the latest line alone
    assert len(held.uses) <= 2 * 1_000
    assert decoder.feed(b"\n") == [message("\n".join(["x"] * 1_000))]
    assert held.uses.count("find") == 1_000 + 1
