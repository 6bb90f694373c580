"""What the path of a stream costs, in calls that can be counted, and what its short cuts may do."""

from __future__ import annotations

import re
import signal
from collections import Counter
from random import Random

import pytest

from benchmarks.path import floors, stacks
from benchmarks.path.recording import DEMO, Recording
from partialjson.render import coalesce
from partialjson.wire import sse
from partialjson.wire.providers import chat

# Python calls a token with CPython 3.11, and a tenth more: later versions make fewer of the same.
MOST = {
    floors.SSE: 5,
    floors.PROVIDER: 14,
    floors.BRIDGE: 35,
    floors.FEED: 15,
    floors.BYTES: 4,
}


@pytest.fixture(scope="module")
def demo():
    return Recording()


@pytest.fixture(scope="module")
def counted(demo):
    return floors.calls(demo.whole)


@pytest.mark.parametrize(("floor", "most"), MOST.items(), ids=MOST)
def test_a_token_costs_a_floor_so_many_calls_at_most(demo, counted, floor, most):
    assert 0.5 * most < counted[floor] / demo.tokens <= most


def test_calls_are_the_same_each_time(demo, counted):
    assert floors.calls(demo.whole) == counted


def test_every_call_is_of_a_floor(counted):
    assert counted.keys() <= {*floors.FLOORS}


def test_a_small_piece_costs_no_more_calls_than_its_events_do(demo):
    """All events of a piece are read together, so that a large one is the cheaper."""
    apart, together = floors.calls(demo.whole), Recording()
    together.pieces = [b"".join(demo.pieces)]
    assert floors.calls(together.whole).total() < 0.7 * apart.total()


# -- short cuts: what is read at a glance is what was read step by step ----------------------------


def cut(data, rnd):
    at = 0
    while at < len(data):
        size = rnd.choice((1, 3, 40, 400, 4_000))
        yield data[at : at + size]
        at += size


def framed(pieces, limit):
    decoder, told = sse.SSEDecoder(max_event=limit), []
    for piece in pieces:
        try:
            events = decoder.feed(piece)
        except sse.LimitExceeded as error:
            return [*told, repr(error), error.offset, error.line, error.column, error.events]
        facts = decoder.comments, decoder.comment_ends, decoder.undispatched, decoder.unfinished
        told.append((events, [event.end for event in events], *facts, decoder.last_event_id))
    return told


STREAM = (
    b": ping\n\ndata: a\n\nevent: delta\ndata:b\n\nevent:\ndata: c\n\ndata\n\ndata: \xff\n\n"
    b"id: 7\ndata: d\n\ndata: e\ndata: f\n\nevent: x\n\nretry: 5\n\n\n\ndata: g\n: in\n\ndata: h"
)


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n", b"\r"], ids=["LF", "CRLF", "CR"])
@pytest.mark.parametrize("limit", [None, 16, 300])
def test_an_everyday_event_is_read_as_its_lines_are(monkeypatch, line_end, limit):
    data = (STREAM + b"\n\n" + DEMO.read_bytes()[:8_000]).replace(b"\n", line_end)
    cuts = [[*cut(data, Random(seed))] for seed in range(20)]
    at_a_glance = [framed(pieces, limit) for pieces in cuts]
    monkeypatch.setattr(sse, "EVERYDAY", lambda *_: None)
    monkeypatch.setattr(sse, "WITH_CR", lambda *_: None)
    assert at_a_glance == [framed(pieces, limit) for pieces in cuts]


@pytest.mark.parametrize(
    "beside",
    [
        {},
        {"reasoning": None, "refusal": None, "tool_calls": []},
        {"reasoning": "hm"},
        {"reasoning_content": "hm"},
        {"reasoning_details": [{"type": "reasoning.text", "text": "hm"}]},
        {"refusal": "no"},
        {"tool_calls": [{"index": 0, "id": "a", "function": {"name": "f", "arguments": "{"}}]},
        {"function_call": {"name": "f", "arguments": "{}"}},
    ],
    ids=lambda beside: "+".join(beside) or "alone",
)
@pytest.mark.parametrize("content", ["text", "", None, ["a", {"type": "text", "text": "b"}], 5])
@pytest.mark.parametrize("choice", [0, 3])
def test_an_everyday_delta_is_read_as_any_other(monkeypatch, beside, content, choice):
    delta = {"role": "assistant", "content": content, **beside}
    message = {"choices": [{"index": choice, "delta": delta}]}
    at_a_glance = chat.ChatDecoder().read(message)
    monkeypatch.setattr(chat, "BESIDE_CONTENT", ("role",))
    assert at_a_glance == chat.ChatDecoder().read(message)


def test_one_operation_is_given_as_it_is_and_is_another_object():
    operation = {"op": "append", "path": "/a", "value": "x"}
    (only,) = coalesce([operation])
    assert only == operation
    assert only is not operation


# -- the benchmark ---------------------------------------------------------------------------------


@pytest.mark.parametrize("model", [True, False], ids=["typed", "untyped"])
def test_the_table_has_every_floor(model):
    recording = Recording()
    if not model:
        recording.model = None
    table = floors.floors(recording, 1)
    names = [name for name in floors.FLOORS if model or name != floors.TYPED]
    assert [*table.rows] == [*names, floors.WHOLE]
    assert table.rows[floors.WHOLE]["share"] == "100%"


def test_a_recording_that_is_no_json_is_read_as_text(tmp_path):
    data = '{"choices":[{"index":0,"delta":{"content":"%s"}}]}'
    lines = [f"data: {data % word}\n\n" for word in ("Dear", " reader")]
    path = tmp_path / "prose.sse"
    path.write_text("".join(lines))
    recording = Recording(path)
    assert (recording.parse, recording.tokens, len(recording.pieces)) == ("text", 2, 2)
    assert len(recording.streamed()) == 2
    assert recording.whole()


STACKS = Counter({("a", "b", "c"): 6, ("a", "b"): 1, ("a", "d"): 2, ("e",): 1})


def test_a_tree_has_callees_below_their_callers_the_widest_first():
    assert [*stacks.tree(STACKS, 0.15)] == [" 90%  a", " 70%    b", " 60%      c", " 20%    d"]


def test_a_function_has_its_own_share():
    assert [*stacks.own(STACKS, 2)] == ["60.0%  c", "20.0%  d"]


def test_collapsed_stacks_are_one_a_line():
    assert [*stacks.collapsed(STACKS)] == ["a;b 1", "a;b;c 6", "a;d 2", "e 1"]


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="samples are taken on Unix alone")
def test_samples_begin_with_a_function_of_ours(demo):
    found = stacks.sampled(demo.whole, 0.1)
    assert found
    assert all(re.match(r"(render|stream|wire|validation|cli)\b.*:", stack[0]) for stack in found)
