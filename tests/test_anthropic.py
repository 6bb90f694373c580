"""Anthropic's Messages to items: each shape by hand, in words of our own.

The messages are twins of what Anthropic and gateways to it send: their members and their order.
Every stream is read message by message, and the decoder is pickled before each.
"""

from __future__ import annotations

import json
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st
from items import content, read_by, reasoning, told, tool

from partialjson.wire.messages import (
    Delta,
    Done,
    Failure,
    Finish,
    Heartbeat,
    Restart,
    ToolCall,
    Unknown,
    Usage,
)
from partialjson.wire.providers.anthropic import AnthropicDecoder

read = partial(read_by, AnthropicDecoder)


# --- the events ----------------------------------------------------------------------------------


def start(id_="msg_tide", blocks=(), reason=None, **usage):
    inner = {"id": id_, "type": "message", "role": "assistant", "content": [*blocks]}
    return {"type": "message_start", "message": {**inner, "stop_reason": reason, "usage": usage}}


def begin(index, kind, **members):
    block = {"type": kind, **members}
    return {"type": "content_block_start", "index": index, "content_block": block}


def begin_call(index, id_="toolu_1", name="ferry", held=None, kind="tool_use"):
    return begin(index, kind, id=id_, name=name, input=held or {})


def grow(index, kind, **members):
    return {"type": "content_block_delta", "index": index, "delta": {"type": kind, **members}}


def say(index, text):
    return grow(index, "text_delta", text=text)


def think(index, text):
    return grow(index, "thinking_delta", thinking=text)


def argue(index, text):
    return grow(index, "input_json_delta", partial_json=text)


def stop(index):
    return {"type": "content_block_stop", "index": index}


def end(reason, **usage):
    delta = {"stop_reason": reason, "stop_sequence": None}
    return {"type": "message_delta", "delta": delta, "usage": usage}


PING, STOP = {"type": "ping"}, {"type": "message_stop"}
FALLBACK = begin(0, "fallback", **{"from": {"model": "a"}, "to": {"model": "b"}})
RESULT = begin(1, "web_search_tool_result", tool_use_id="srvtoolu_1", content=[])
STRANGE = grow(0, "melody_delta", melody="la")
CALL = {"type": "tool_use", "id": "toolu_9", "name": "dice", "input": {"sides": 6}}

STREAMS = {
    "a text, from the start to the end of the message": (
        [
            start(input_tokens=12, output_tokens=1),
            begin(0, "text", text=""),
            PING,
            say(0, "Low "),
            say(0, "tide"),
            stop(0),
            end("end_turn", output_tokens=7),
            STOP,
        ],
        [
            Usage(12, 1, {"input_tokens": 12, "output_tokens": 1}),
            Heartbeat(),
            content("Low "),
            content("tide"),
            Finish("end_turn"),
            Usage(12, 7, {"input_tokens": 12, "output_tokens": 7}),
            Done(),
        ],
    ),
    "events told apart by their event type alone": (
        [
            ("content_block_delta", {"index": 0, "delta": {"type": "text_delta", "text": "Hm"}}),
            ("message_stop", {}),
        ],
        [content("Hm"), Done()],
    ),
    "events whose type is told twice": ([("ping", PING)], [Heartbeat()]),
    "events of no block that began": (
        [say(0, "a"), argue(1, "{}"), stop(5)],
        [content("a"), *tool(0, None, None, "{}")],
    ),
    "a text that begins with its first words": (
        [begin(0, "text", text="Once "), say(0, "upon")],
        [content("Once "), content("upon")],
    ),
    "texts, each a channel of its own, and citations": (
        [
            begin(0, "text", text=""),
            say(0, "one"),
            grow(0, "citations_delta", citation={"cited_text": "eins"}),
            stop(0),
            begin(1, "text", text="", citations=[]),
            say(1, "two"),
        ],
        [content("one"), content("two", 1)],
    ),
    "thinking, signed, and some that is hidden": (
        [
            begin(0, "thinking", thinking="", signature=""),
            think(0, "Let me see."),
            grow(0, "signature_delta", signature="c2ln"),
            stop(0),
            begin(1, "redacted_thinking", data="aGlkZGVu"),
            stop(1),
            begin(2, "thinking", thinking="And ", signature=""),
            think(2, "then?"),
        ],
        [reasoning("Let me see."), reasoning("And ", 1), reasoning("then?", 1)],
    ),
    "calls side by side": (
        [
            begin_call(0),
            argue(0, ""),
            begin_call(1, "toolu_2"),
            argue(1, '{"at":'),
            argue(0, '{"to": 1}'),
            argue(1, " 2}"),
            stop(0),
            stop(1),
        ],
        [
            *tool(0, "toolu_1", "ferry"),
            *tool(1, "toolu_2", "ferry", '{"at":'),
            *tool(0, "toolu_1", "ferry", '{"to": 1}')[1:],
            *tool(1, "toolu_2", "ferry", " 2}")[1:],
        ],
    ),
    "a call without arguments": (
        [begin_call(0), argue(0, ""), stop(0), stop(0)],
        tool(0, "toolu_1", "ferry", "{}"),
    ),
    "a call that is cut before its arguments": (
        [begin_call(0), argue(0, ""), end("max_tokens")],
        [*tool(0, "toolu_1", "ferry"), Finish("max_tokens")],
    ),
    "arguments that come as the call begins, and again": (
        [begin_call(0, held={"to": "Bo"}), argue(0, '{"to": "Bo"}'), stop(0)],
        tool(0, "toolu_1", "ferry", '{"to": "Bo"}'),
    ),
    "arguments that are a text as the call begins": (
        [begin_call(0, held='{"to": 1}'), stop(0)],
        tool(0, "toolu_1", "ferry", '{"to": 1}'),
    ),
    "a tool that the server runs, and its result": (
        [
            begin_call(0, "srvtoolu_1", "web_search", kind="server_tool_use"),
            argue(0, '{"query": "tide"}'),
            stop(0),
            RESULT,
            stop(1),
            begin_call(2, "mcptoolu_1", "echo", kind="mcp_tool_use"),
            stop(2),
        ],
        [
            *tool(0, "srvtoolu_1", "web_search", '{"query": "tide"}'),
            Unknown("message", RESULT),
            *tool(1, "mcptoolu_1", "echo", "{}"),
        ],
    ),
    "blocks that all begin at index 0, or at none": (
        [
            begin_call(0),
            argue(0, "[1"),
            stop(0),
            begin_call(0, "toolu_2"),
            argue(0, "[2"),
            begin(None, "text", text=""),
            say(None, "so"),
        ],
        [
            *tool(0, "toolu_1", "ferry", "[1"),
            *tool(1, "toolu_2", "ferry", "[2"),
            content("so"),
        ],
    ),
    "a block of a type unheard of, with its deltas": (
        [FALLBACK, say(0, "quiet"), stop(0), begin(1, "text", text=""), say(1, "loud")],
        [Unknown("message", FALLBACK), Unknown("message", say(0, "quiet")), content("loud")],
    ),
    "a delta of a type unheard of": (
        [begin(0, "text", text="a"), STRANGE, say(0, "b")],
        [content("a"), Unknown("message", STRANGE), content("b")],
    ),
    "events of a type unheard of": (
        [{"type": "message_pause"}, ("tick", {}), {"type": "message", "content": "x"}],
        [
            Unknown("message", {"type": "message_pause"}),
            Unknown("tick", {}),
            Unknown("message", {"type": "message", "content": "x"}),
        ],
    ),
    "a refusal, which ends a message like any other": (
        [end("refusal"), STOP],
        [Finish("refusal"), Done()],
    ),
    "an end that is told twice, and one that changes": (
        [end("tool_use", output_tokens=3), end("tool_use", output_tokens=3), end("end_turn")],
        [Finish("tool_use"), Usage(None, 3, {"output_tokens": 3}), Finish("end_turn")],
    ),
    "a later count, which replaces an earlier one unless it is null": (
        [
            start(input_tokens=5, output_tokens=1, cache_read_input_tokens=2),
            end(None, input_tokens=9, output_tokens=4, cache_read_input_tokens=None),
        ],
        [
            Usage(5, 1, {"input_tokens": 5, "output_tokens": 1, "cache_read_input_tokens": 2}),
            Usage(9, 4, {"input_tokens": 9, "output_tokens": 4, "cache_read_input_tokens": 2}),
        ],
    ),
    "a start that holds whole blocks, and the end": (
        [start("msg_dice", [RESULT["content_block"], CALL, 7], "tool_use"), STOP],
        [
            Unknown("message", RESULT["content_block"]),
            *tool(0, "toolu_9", "dice", '{"sides": 6}'),
            Finish("tool_use"),
            Done(),
        ],
    ),
    "another message behind the end": (
        [STOP, start()],
        [Done(), Unknown("message", json.dumps(start()))],
    ),
    "members of the wrong type, left unread": (
        [
            {"type": "message_start", "message": "x"},
            {
                "type": "content_block_start",
                "index": 0,
                "content_block": {"type": "text", "text": 1},
            },
            {"type": "message_delta", "delta": [], "usage": "much"},
            begin(1, "tool_use", id=1, name=[], input=True),
            argue(1, None),
            stop("1"),
        ],
        tool(0, None, None),
    ),
}


@pytest.mark.parametrize("case", STREAMS)
def test_a_stream_says(case):
    messages, expected = STREAMS[case]
    assert told(read(*messages)) == told(expected)


# --- two answers in one stream -------------------------------------------------------------------

RESTARTS = {
    "another message": ([start("a"), say(0, "Lo"), start("b")], True),
    "another message before any block": ([start("a"), start("b")], True),
    "the same message after a block": ([start("a"), begin(0, "text", text=""), start("a")], True),
    "a start behind a block of none": ([say(0, "Lo"), start("a")], True),
    "the same start again": ([start("a"), start("a")], False),
    "the same start behind a ping": ([start("a"), PING, start("a")], False),
    "starts without an id": ([start(None), start(None)], False),
}


@pytest.mark.parametrize("case", RESTARTS)
def test_a_start_restarts_an_answer(case):
    messages, restarts = RESTARTS[case]
    assert (Restart() in read(*messages)) is restarts


def test_a_restart_forgets_all_that_was_said():
    first = [start("a", input_tokens=8), begin_call(0), argue(0, '{"to": "Bo'), end("tool_use")]
    again = [
        start("b", output_tokens=1),
        begin(0, "thinking", thinking="Hm."),
        begin_call(1, "toolu_2"),
        argue(1, '{"to": 3}'),
        stop(1),
        end("tool_use"),
        STOP,
    ]
    both = read(*first, *again)
    assert told(both[both.index(Restart()) + 1 :]) == told(read(*again))
    assert told(read(*again)) == told(
        [
            Usage(None, 1, {"output_tokens": 1}),
            reasoning("Hm."),
            *tool(0, "toolu_2", "ferry", '{"to": 3}'),
            Finish("tool_use"),
            Done(),
        ]
    )


def test_a_start_told_twice_is_news_only_in_what_it_counts():
    first, second = start("a", input_tokens=4), start("a", input_tokens=9)
    assert read(first, second) == [
        Usage(4, None, {"input_tokens": 4}),
        Usage(9, None, {"input_tokens": 9}),
    ]
    assert read(first, first) == [Usage(4, None, {"input_tokens": 4})]


# --- whole messages ------------------------------------------------------------------------------

WHOLE = {
    "id": "msg_whole",
    "type": "message",
    "role": "assistant",
    "content": [
        {"type": "thinking", "thinking": "Six, seven.", "signature": "c2ln"},
        {"type": "text", "text": "Two ferries."},
        CALL,
        {"type": "tool_use", "id": "toolu_10", "name": "now", "input": {}},
        {"type": "text", "text": "Ask again."},
    ],
    "stop_reason": "tool_use",
    "usage": {"input_tokens": 3, "output_tokens": 4},
}
ENDED = [Finish("tool_use"), Usage(3, 4, WHOLE["usage"]), Done()]


def test_a_whole_message_is_read_as_one():
    assert told(read(json.dumps(WHOLE, indent=2))) == told(
        [
            reasoning("Six, seven."),
            content("Two ferries."),
            *tool(0, "toolu_9", "dice", '{"sides": 6}'),
            *tool(1, "toolu_10", "now", "{}"),
            content("Ask again.", 1),
            *ENDED,
        ]
    )


def test_a_whole_message_behind_its_deltas_only_repeats_them():
    assert read(say(0, "Two ferries."), WHOLE) == [content("Two ferries."), *ENDED]


def test_a_decoded_message_is_read_like_its_text():
    assert told(AnthropicDecoder().read(WHOLE)) == told(read(WHOLE))


# --- errors --------------------------------------------------------------------------------------

ERRORS = {
    "overloaded_error": True,
    "api_error": True,
    "rate_limit_error": True,
    "timeout_error": True,
    "invalid_request_error": False,
    "authentication_error": False,
    "permission_error": False,
    "not_found_error": False,
    "billing_error": False,
    "request_too_large": False,
}


@pytest.mark.parametrize("event", ["error", "message"])
@pytest.mark.parametrize("kind", ERRORS)
def test_an_error_tells_whether_it_passes(kind, event):
    message = {"type": "error", "error": {"type": kind, "message": "Not now."}, "request_id": "r"}
    failure = Failure("Not now.", kind, retryable=ERRORS[kind], metadata={"type": kind})
    assert read(say(0, "Lo"), (event, message)) == [content("Lo"), failure]


def test_an_error_may_be_told_by_its_event_type():
    assert read(("error", {"message": "Not now."})) == [Failure("Not now.")]


# --- promises ------------------------------------------------------------------------------------

JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=4,
)
NAMES = ["type", "index", "message", "delta", "content_block", "content", "usage", "stop_reason"]
INNER = ["type", "text", "thinking", "partial_json", "id", "name", "input", "content", "usage"]
TYPES = st.sampled_from(
    [
        *("message_start", "message_delta", "message_stop", "message", "error", "ping"),
        *("content_block_start", "content_block_delta", "content_block_stop"),
        *("text", "text_delta", "thinking", "thinking_delta", "tool_use", "input_json_delta"),
        *("redacted_thinking", "fallback"),
    ]
)


@given(
    st.lists(
        st.dictionaries(
            st.sampled_from(NAMES),
            st.dictionaries(st.sampled_from(INNER), JUNK | TYPES) | JUNK | TYPES,
        ),
        max_size=6,
    )
)
def test_nothing_that_a_server_sends_raises(messages):
    announced = set()
    for item in read(*messages):
        if isinstance(item, ToolCall):
            announced.add(item.channel)
        elif isinstance(item, Restart):
            announced.clear()
        elif isinstance(item, Delta):
            assert item.text
            assert item.channel.kind != "tool" or item.channel in announced
