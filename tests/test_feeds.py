"""Messages for screens: whoever applies them, from whatever id, shows the parser's value."""

from __future__ import annotations

import itertools
import json
import math
import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import chunkings, exactly, sizes, texts, utf8_texts

from partialjson import (
    Channel,
    Feed,
    Invalid,
    Parser,
    Reset,
    StringDelta,
    ValueEnd,
    ValueStart,
    Verdict,
    stream,
)
from partialjson.render import ndjson, sse, to_ndjson, to_sse
from partialjson.render._document import Document
from partialjson.wire.sse import SSEDecoder

CONTENT = Channel("content")


class Screen:
    """What a client makes of messages, by the page that documents them."""

    def __init__(self):
        self.document, self.closed, self.last_id, self.end = Document(), set(), None, None

    def show(self, message):
        data = message["data"]
        match message["event"]:
            case "snapshot":
                self.document = Document()
                self.document.apply([{"op": "replace", "path": "", "value": data["value"]}])
                pointers = pointers_of(data["value"])
                self.closed = {one for one in pointers if not is_open(one, data["open"])}
            case "patch":
                self.document.apply(data)
            case "closed":
                assert not self.closed & set(data), "told once"
                assert set(data) <= set(pointers_of(self.document.value)), "told when it is there"
                self.closed |= set(data)
            case "done" | "error":
                assert self.end is None
                self.end = data
        self.last_id = message["id"]

    def follow(self, messages):
        for message in messages:
            self.show(message)


def is_open(pointer, of):
    return of is not None and (of == pointer or of.startswith(f"{pointer}/"))


def pointers_of(value, at=""):
    yield at
    if isinstance(value, dict):
        for name, child in value.items():
            yield from pointers_of(child, f"{at}/{name.replace('~', '~0').replace('/', '~1')}")
    elif isinstance(value, list):
        for index, child in enumerate(value):
            yield from pointers_of(child, f"{at}/{index}")


def feed_of(*deltas, **options):
    parser, feed = Parser(), Feed(**options)
    for delta in deltas:
        feed.feed(parser.feed(delta))
    return feed


# -- The laws --------------------------------------------------------------------------------------


@given(texts.flatmap(chunkings), st.sampled_from(["append", "rfc6902"]))
def test_a_screen_shows_the_parsers_value_after_every_delta(deltas, ops):
    parser, feed, screen = Parser(), Feed(ops=ops), Screen()
    for delta in deltas:
        screen.follow(feed.feed(parser.feed(delta)))
        assert exactly(screen.document.value) == exactly(parser.value) == exactly(feed.value)
        assert screen.closed == set(filter(lambda one: is_closed(parser, one), all_of(parser)))
    screen.follow(feed.feed(parser.close()) + feed.close())
    assert exactly(screen.document.value) == exactly(parser.value)
    assert screen.closed == set(all_of(parser))
    assert screen.end["status"] == "complete"


def all_of(parser):
    return pointers_of(parser.value) if parser.started else ()


def is_closed(parser, pointer):
    path, value = [], parser.value
    for token in pointer.split("/")[1:]:
        name = token.replace("~1", "/").replace("~0", "~")
        path.append(name if isinstance(value, dict) else int(name))
        value = value[path[-1]]
    return parser.is_closed(tuple(path))


@given(st.data())
def test_a_screen_that_comes_back_misses_nothing_and_gets_nothing_twice(data):
    deltas = data.draw(texts.flatmap(chunkings))
    log = data.draw(st.integers(0, 6))
    parser, feed, screen = Parser(), Feed(log=log), Screen()
    for events in [*map(parser.feed, deltas), parser.close()]:
        feed.feed(events)
        if data.draw(st.booleans()):
            missed = feed.since(screen.last_id)
            cut = data.draw(st.integers(0, len(missed)))  # the connection breaks again
            screen.follow(missed[:cut])
    feed.close()
    screen.follow(feed.since(screen.last_id))
    assert exactly(screen.document.value) == exactly(parser.value)
    assert screen.closed == set(pointers_of(parser.value))
    assert screen.end["status"] == "complete"
    assert feed.since(screen.last_id) == []


@given(utf8_texts.flatmap(chunkings))
def test_bytes_say_what_messages_say(deltas):
    as_events = b"".join(sse(map(Parser().feed, deltas)))
    as_lines = b"".join(ndjson(map(Parser().feed, deltas)))
    parser, feed = Parser(), Feed()
    messages = [*feed.since(), *(one for delta in deltas for one in feed.feed(parser.feed(delta)))]
    messages += feed.close()
    decoder = SSEDecoder()
    read = decoder.feed(as_events)
    assert not decoder.close()
    assert [
        {"event": one.event, "id": int(one.id), "data": json.loads(one.data)} for one in read
    ] == [*map(json.loads, as_lines.splitlines())]
    assert exactly([*map(json.loads, as_lines.splitlines())]) == exactly(messages)


# -- What is told ----------------------------------------------------------------------------------


def test_ids_grow_by_one():
    feed = feed_of('{"a": "Sa', 'lt", "b"', ": 1}")
    feed.close()
    assert [message["id"] for message in feed.since(0)] == [*range(1, feed.last_id + 1)]


def test_all_that_is_fed_together_is_one_patch():
    feed = Feed()
    (patch, closed) = feed.feed(Parser().feed('{"a": ["Salt", 1], "b": "x'))
    value = {"a": ["Salt", 1], "b": "x"}
    assert patch["data"] == [{"op": "replace", "path": "", "value": value}]
    assert closed["data"] == ["/a/0", "/a/1", "/a"]


def test_what_is_not_of_its_type_is_told():
    error = {"type": "int_type", "loc": ("n",), "msg": "a number", "input": "x", "url": "…"}
    feed = Feed()
    feed.feed([ValueStart((), "object")])
    told = feed.feed([ValueEnd(("n",), "number", 1, 6, 7), Invalid(("n",), [error])])
    mark = {
        "path": "/n",
        "errors": [{"type": "int_type", "loc": ["n"], "msg": "a number", "input": "x"}],
    }
    assert told[-1] == {"event": "invalid", "id": 4, "data": mark}
    assert feed.since()[0]["data"]["invalid"] == [mark]


def test_a_reset_is_a_snapshot():
    feed = feed_of('{"a": "Salt", "b": [1, 2')
    (told,) = feed.feed([Reset(CONTENT, 9, "it differs", Parser().feed('{"a": "Sa'))])
    assert told == {
        "event": "snapshot",
        "id": 3,
        "data": {"value": {"a": "Sa"}, "open": "/a", "invalid": []},
    }
    assert feed.since(1) == feed.since(2) == [told], "what came before it is void"


def test_a_snapshot_does_not_change_when_the_document_grows():
    feed = feed_of('{"a": {"b": "Sa')
    snapshot, *_ = feed.since()
    feed.feed([StringDelta(("a", "b"), "lt"), ValueEnd(("a", "b"), "string", "Salt", 12, 18)])
    feed.feed([ValueEnd(("a", "c"), "number", 1, 25, 26)])
    assert snapshot["data"]["value"] == {"a": {"b": "Sa"}}
    assert feed.value == {"a": {"b": "Salt", "c": 1}}


def test_a_name_that_comes_again_is_a_snapshot_where_it_opens():
    parser, feed = Parser(), Feed()
    feed.feed(parser.feed('{"a": {"b": 1}, '))
    (told,) = feed.feed(parser.feed('"a": ["x'))
    assert told["data"] == {"value": {"a": ["x"]}, "open": "/a/0", "invalid": []}


def test_a_feed_without_any_message_begins_with_an_empty_snapshot():
    empty = {"value": None, "open": "", "invalid": []}
    assert Feed().since() == [{"event": "snapshot", "id": 0, "data": empty}]


@pytest.mark.parametrize("unknown", ["", None, "x", "-1", "99", "9" * 99, "1\n"])
def test_an_id_of_no_message_of_this_feed_is_answered_by_a_snapshot(unknown):
    (snapshot,) = feed_of("[1, 2").since(unknown)
    assert (snapshot["event"], snapshot["id"]) == ("snapshot", 2)


@pytest.mark.parametrize("log", [0, 1, 2])
def test_a_short_log_gives_a_snapshot_and_the_end(log):
    feed = feed_of('["Sa', 'lt"]', log=log)
    feed.close()
    told = feed.since(0)
    assert [(one["event"], one["id"]) for one in told] == [("snapshot", 3), ("done", 4)]
    assert told[0]["data"] == {"value": ["Salt"], "open": None, "invalid": []}


def test_a_log_is_never_negative():
    with pytest.raises(ValueError, match="expected log=0 or more messages, got -1"):
        Feed(log=-1)


# -- Messages of one's own -------------------------------------------------------------------------


def test_a_message_of_your_own_stands_where_it_was_told():
    feed = feed_of("[1, ")
    own = feed.tell("tokens", {"count": 3})
    assert own == {"event": "tokens", "id": 3, "data": {"count": 3}}
    assert feed.since(1)[1] == own


@pytest.mark.parametrize("name", ["", "patch", "done", "a\nb", "a\rb", "\ud800"])
def test_a_name_of_the_format_or_one_that_no_line_can_hold_is_refused(name):
    with pytest.raises(ValueError, match="a printable name of your own"):
        Feed().tell(name, None)


@pytest.mark.parametrize("data", [object(), {"at": datetime(2026, 1, 1, tzinfo=UTC)}, [math.nan]])
def test_what_is_no_json_is_told_to_whoever_tells_it(data):
    feed = Feed()
    with pytest.raises(TypeError, match="expected what JSON can say"):
        feed.tell("mine", data)
    assert feed.last_id == 0


# -- The end ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["complete", "truncated", "filtered", "refused", "cancelled"])
def test_an_end_that_somebody_wanted_is_done(status):
    (told,) = Feed().close(Verdict(status, ("finish_reason='stop'",)))
    assert told == {
        "event": "done",
        "id": 1,
        "data": {"status": status, "evidence": ["finish_reason='stop'"]},
    }


@pytest.mark.parametrize("status", ["interrupted", "failed"])
def test_a_broken_end_is_an_error(status):
    (told,) = Feed().close(Verdict(status, ("no end marker", "JSON open")))
    assert told["event"] == "error"
    assert told["data"] == {"status": status, "message": "no end marker; JSON open"}


def test_without_a_verdict_the_text_is_whole_if_its_root_is_closed():
    assert feed_of("[1]").close()[0]["data"]["status"] == "complete"
    assert feed_of("[1").close()[0]["data"]["status"] == "interrupted"


def test_a_feed_ends_once():
    feed = feed_of("[1]")
    assert feed.close()
    assert feed.close() == []
    for again in (lambda: feed.feed([]), lambda: feed.tell("x", 1)):
        with pytest.raises(RuntimeError, match="this feed is closed"):
            again()


def test_the_bytes_of_a_stream_end_with_its_verdict():
    with stream(['{"a": 1', "}"]) as whole:
        *_, done = sse(whole)
    assert done.startswith(b"event: done\n")
    assert b'"status":"complete"' in done
    with stream(['{"a": "x', "yz"]) as cut:
        *_, patch, error = sse(cut)
    assert patch == b'event: patch\nid: 2\ndata: [{"op":"append","path":"/a","value":"yz"}]\n\n'
    assert error.startswith(b"event: error\n")
    assert b'"status":"interrupted"' in error


def test_what_came_before_a_wrong_character_is_shown_and_the_fault_is_told():
    *_, patch, closed, error = map(json.loads, ndjson(map(Parser().feed, ["[1, ", '"Salt", x'])))
    assert patch["data"] == [{"op": "add", "path": "/1", "value": "Salt"}]
    assert closed["data"] == ["/1"]
    assert error["data"]["status"] == "failed"
    assert error["data"]["message"].startswith("expected a value, got 'x'")


def test_a_stream_begins_with_a_snapshot_of_nothing():
    """So that a screen which had another answer before does not go on with this one."""
    first = next(sse(iter([])))
    assert first == b'event: snapshot\nid: 0\ndata: {"value":null,"open":"","invalid":[]}\n\n'


def test_a_fault_of_the_source_is_raised_behind_the_end():
    def source():
        yield Parser().feed("[1, ")
        raise OSError("the disk")

    told = ndjson(source())
    *_, end = itertools.takewhile(bool, (next(told) for _ in range(4)))
    assert json.loads(end)["data"] == {"status": "failed", "message": "the disk"}
    with pytest.raises(OSError, match="the disk"):
        next(told)


def test_what_is_not_of_its_type_is_not_raised():
    pydantic = pytest.importorskip("pydantic")
    model = pydantic.create_model("Model", a=int)
    with stream(['{"a": "x"}'], model=model) as wrong:
        told = [json.loads(line)["event"] for line in ndjson(wrong)]
    assert told == ["snapshot", "patch", "closed", "invalid", "done"]


def test_events_one_by_one_are_fed_one_by_one():
    parser = Parser()
    (_, first, *_) = sse(iter(parser.feed("[[")))
    assert first == b'event: patch\nid: 1\ndata: [{"op":"replace","path":"","value":[]}]\n\n'


# -- Bytes -----------------------------------------------------------------------------------------


def test_what_utf_8_cannot_carry_and_every_line_end_is_escaped():
    told = to_sse({"event": "x", "id": 1, "data": ["\ud800", "é", "a\nb"]})
    assert told.decode() == 'event: x\nid: 1\ndata: ["\\ud800","é","a\\nb"]\n\n'
    ends = "\n\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"
    line = to_ndjson({"event": "x", "id": 1, "data": ends}).decode()
    assert len(line.splitlines()) == 1
    assert json.loads(line)["data"] == ends


def test_what_json_has_no_number_for_overflows():
    assert to_ndjson({"event": "x", "id": 1, "data": [math.inf, -math.inf]}) == (
        b'{"event":"x","id":1,"data":[1e999,-1e999]}\n'
    )


def test_depth_is_no_limit_of_the_bytes():
    deep = None
    for _ in range(5_000):
        deep = [deep]
    assert to_ndjson({"event": "x", "id": 1, "data": deep}).count(b"[") == 5_000


@pytest.mark.parametrize("size", [1, 4])
def test_the_work_of_a_feed_does_not_grow_with_what_came_before(size):
    """Counted in bytes: a message is as long as its delta wants, at the end as at the start."""
    sent = [*sse(map(Parser().feed, sizes('["' + "Salt " * 400 + '"]', size)))]
    appends = [one for one in sent if b"append" in one]
    assert max(map(len, appends)) - min(map(len, appends)) <= size + 3  # digits of the id


def test_names_that_a_browser_must_not_follow_are_only_names():
    (patch, *_) = Feed().feed(Parser().feed('{"__proto__": {"x": 1}}'))
    assert re.search(rb'"value":\{"__proto__":\{"x":1\}\}', to_sse(patch))
