"""Amazon Bedrock's Converse to items: each shape by hand, in words of our own.

The messages are twins of what Bedrock sends: their members and their order. Every stream is read
message by message, and the decoder is pickled before each.
"""

from __future__ import annotations

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
    ToolCall,
    Unknown,
    Usage,
)
from partialjson.wire.providers.bedrock import BedrockDecoder

read = partial(read_by, BedrockDecoder)


# --- the events ----------------------------------------------------------------------------------


def begin(index, **start):
    return {"contentBlockStart": {"contentBlockIndex": index, "start": start, "p": "abc"}}


def begin_call(index, id_="tooluse_1", name="ferry", **members):
    return begin(index, toolUse={"toolUseId": id_, "name": name, **members})


def grow(index, **delta):
    return {"contentBlockDelta": {"contentBlockIndex": index, "delta": delta, "p": "abcd"}}


def think(index, **members):
    return grow(index, reasoningContent=members)


def argue(index, text):
    return grow(index, toolUse={"input": text})


def stop(index):
    return {"contentBlockStop": {"contentBlockIndex": index}}


def end(reason):
    return {"messageStop": {"stopReason": reason}}


START = {"messageStart": {"role": "assistant", "p": "ab"}}
COUNTED = {"inputTokens": 5, "outputTokens": 3, "totalTokens": 8}
METADATA = {"metadata": {"usage": COUNTED, "metrics": {"latencyMs": 40}}}
RESULT = begin(1, toolResult={"toolUseId": "tooluse_1", "status": "success"})
RESULT_DELTA = grow(1, toolResult=[{"json": {"exitCode": 0}}])

STREAMS = {
    "a text, and the metadata behind its end": (
        [
            START,
            grow(0, text="Low "),
            grow(0, text=""),
            grow(0, text="tide"),
            stop(0),
            end("end_turn"),
            METADATA,
        ],
        [content("Low "), content("tide"), Finish("end_turn"), Usage(5, 3, COUNTED)],
    ),
    "the metadata before the end": (
        [grow(0, text="a"), METADATA, end("end_turn")],
        [content("a"), Usage(5, 3, COUNTED), Finish("end_turn")],
    ),
    "events by their event type": (
        [
            ("messageStart", {"role": "assistant"}),
            ("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": "a"}}),
            ("messageStop", {"stopReason": "max_tokens"}),
            ("metadata", {"usage": COUNTED}),
        ],
        [content("a"), Finish("max_tokens"), Usage(5, 3, COUNTED)],
    ),
    "texts, each a channel of its own, and citations": (
        [
            begin(0),
            grow(0, text="one"),
            grow(0, citation={"title": "eins"}),
            stop(0),
            grow(2, text="two"),
        ],
        [content("one"), content("two", 1)],
    ),
    "reasoning, signed, and some that is hidden": (
        [
            think(0, text="Let me see."),
            think(0, signature="c2ln"),
            stop(0),
            think(1, redactedContent="aGlkZGVu"),
            think(2, text="So."),
        ],
        [reasoning("Let me see."), reasoning("So.", 1)],
    ),
    "calls side by side": (
        [
            begin_call(0),
            begin_call(1, "tooluse_2"),
            argue(1, '{"at":'),
            argue(0, '{"to": 1}'),
            argue(1, " 2}"),
            stop(0),
            stop(1),
        ],
        [
            *tool(0, "tooluse_1", "ferry"),
            *tool(1, "tooluse_2", "ferry", '{"at":'),
            *tool(0, "tooluse_1", "ferry", '{"to": 1}')[1:],
            *tool(1, "tooluse_2", "ferry", " 2}")[1:],
        ],
    ),
    "a call without arguments": (
        [begin_call(0), argue(0, ""), stop(0), stop(0)],
        tool(0, "tooluse_1", "ferry", "{}"),
    ),
    "a call that is cut before its arguments": (
        [begin_call(0), end("max_tokens")],
        [*tool(0, "tooluse_1", "ferry"), Finish("max_tokens")],
    ),
    "a call that is announced twice": (
        [begin_call(0), argue(0, "[1]"), begin_call(0), stop(0)],
        tool(0, "tooluse_1", "ferry", "[1]"),
    ),
    "a call of no block that began": ([argue(3, ""), argue(3, "[1")], tool(0, None, None, "[1")),
    "a tool that the server runs, and its result": (
        [
            begin_call(0, name="interpreter", type="server_tool_use"),
            argue(0, '{"code": "1"}'),
            stop(0),
            RESULT,
            RESULT_DELTA,
            stop(1),
        ],
        [
            *tool(0, "tooluse_1", "interpreter", '{"code": "1"}'),
            Unknown("message", RESULT),
            Unknown("message", RESULT_DELTA),
        ],
    ),
    "an end that is told twice, and one that changes": (
        [end("tool_use"), end("tool_use"), end("guardrail_intervened")],
        [Finish("tool_use"), Finish("guardrail_intervened")],
    ),
    "events unheard of": (
        [{"contentBlockPause": {}}, ("initial-response", {}), {"output": {"message": 1}}],
        [
            Unknown("message", {"contentBlockPause": {}}),
            Unknown("initial-response", {}),
            Unknown("message", {"output": {"message": 1}}),
        ],
    ),
    "members of the wrong type, left unread": (
        [
            grow(0, text=["a"]),
            grow("0", reasoningContent="b"),
            begin(1, toolUse=["c"]),
            begin_call(2, 7, {}),
            {"contentBlockDelta": {"delta": "d"}},
            {"messageStop": {"stopReason": 4}},
            {"metadata": {"usage": [1]}},
        ],
        [],
    ),
    "counts of the wrong type, left unread": (
        [{"metadata": {"usage": {"inputTokens": "5", "outputTokens": True}}}],
        [Usage(None, None, {"inputTokens": "5", "outputTokens": True})],
    ),
}


@pytest.mark.parametrize("case", STREAMS)
def test_a_stream_says(case):
    messages, expected = STREAMS[case]
    assert told(read(*messages)) == told(expected)


@pytest.mark.parametrize("last", [[end("end_turn"), METADATA], [METADATA, end("end_turn")]])
def test_neither_the_end_nor_the_metadata_is_the_end_of_the_stream(last):
    assert Done() not in read(START, grow(0, text="a"), *last)


# --- whole responses -----------------------------------------------------------------------------

CITED = {"content": [{"text": "At "}, {"text": "noon."}], "citations": []}


def test_a_whole_response_is_read_as_one_message():
    parts = [
        {"reasoningContent": {"reasoningText": {"text": "Six, seven.", "signature": "c2ln"}}},
        {"text": "Two ferries."},
        {"toolUse": {"toolUseId": "t1", "name": "dice", "input": {"sides": 6}}},
        {"toolUse": {"toolUseId": "t2", "name": "now", "input": {}}},
        {"video": {"format": "mp4"}},
        {"citationsContent": CITED},
    ]
    response = {
        "output": {"message": {"role": "assistant", "content": parts}},
        "stopReason": "tool_use",
        "usage": COUNTED,
        "metrics": {"latencyMs": 40},
    }
    assert told(read(response)) == told(
        [
            reasoning("Six, seven."),
            content("Two ferries."),
            *tool(0, "t1", "dice", '{"sides": 6}'),
            *tool(1, "t2", "now", "{}"),
            Unknown("message", {"video": {"format": "mp4"}}),
            content("At noon.", 1),
            Finish("tool_use"),
            Usage(5, 3, COUNTED),
        ]
    )


def test_a_call_in_a_whole_response_may_lack_its_arguments():
    part = {"toolUse": {"toolUseId": "t1", "name": "now"}}
    response = {"output": {"message": {"content": [part]}}}
    assert told(read(response)) == told(tool(0, "t1", "now", "{}"))


# --- errors --------------------------------------------------------------------------------------

EXCEPTIONS = {
    "internalServerException": True,
    "modelStreamErrorException": True,
    "serviceUnavailableException": True,
    "throttlingException": True,
    "ThrottlingException": True,
    "modelTimeoutException": True,
    "modelNotReadyException": True,
    "validationException": False,
    "accessDeniedException": False,
    "resourceNotFoundException": False,
    "serviceQuotaExceededException": False,
}


@pytest.mark.parametrize("name", EXCEPTIONS)
def test_an_exception_tells_whether_it_passes(name):
    facts = {"message": "Not now.", "originalStatusCode": 424}
    about = {"originalStatusCode": 424}
    failure = Failure("Not now.", name, retryable=EXCEPTIONS[name], metadata=about)
    assert read(grow(0, text="a"), {name: facts}) == [content("a"), failure]
    assert read((name, facts)) == [failure]


def test_an_exception_may_be_named_by_the_type_of_its_body():
    body = {"__type": "com.amazon.coral.service#ThrottlingException", "message": "Not now."}
    about = {"__type": body["__type"]}
    assert read(body) == [
        Failure("Not now.", "ThrottlingException", retryable=True, metadata=about)
    ]


def test_an_error_of_a_gateway_is_a_failure():
    assert read({"error": {"message": "Not now.", "code": 503}}) == [
        Failure("Not now.", 503, retryable=True)
    ]


# --- promises ------------------------------------------------------------------------------------

JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=4,
)


def objects(names, values):
    return st.dictionaries(st.sampled_from(names), values | JUNK)


PARTS = objects(
    ["text", "toolUse", "reasoningContent", "citationsContent", "toolResult"],
    objects(["text", "input", "toolUseId", "name", "reasoningText", "content"], JUNK),
)
HELD = objects(["contentBlockIndex", "start", "delta", "stopReason", "usage", "message"], PARTS)
EVENTS = [
    *("messageStart", "contentBlockStart", "contentBlockDelta", "contentBlockStop"),
    *("messageStop", "metadata", "throttlingException", "output", "stopReason", "error"),
]


@given(st.lists(objects(EVENTS, HELD), max_size=6))
def test_nothing_that_a_server_sends_raises(messages):
    announced = set()
    for item in read(*messages):
        if isinstance(item, ToolCall):
            announced.add(item.channel)
        elif isinstance(item, Delta):
            assert item.text
            assert item.channel.kind != "tool" or item.channel in announced
