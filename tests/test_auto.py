"""Streams whose shape is told by their first messages, through a whole bridge."""

from __future__ import annotations

import copy
import json

import pytest

from partialjson import (
    BadContentType,
    Heartbeat,
    ProviderError,
    Reset,
    StringDelta,
    TextDelta,
    ValueEnd,
    stream,
)
from partialjson.stream import Bridge
from partialjson.wire.messages import Channel, Delta, Done, Failure, Unknown
from partialjson.wire.providers import PROVIDERS, AutoDecoder
from partialjson.wire.providers.auto import SHAPES

TEXT = '{"owl": "hoo"}'


def sse(*messages, event=None):
    name = f"event: {event}\n" if event else ""
    return "".join(f"{name}data: {json.dumps(message)}\n\n" for message in messages).encode()


def lines(*messages):
    return "".join(json.dumps(message) + "\n" for message in messages).encode()


CHAT = {"choices": [{"index": 0, "delta": {"content": TEXT}, "finish_reason": "stop"}]}
PART = {"type": "text_delta", "text": TEXT}
BLOCK = {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}
THREAD = [{"index": 0, "type": "text", "text": {"value": TEXT}}]
REPLY = {"type": "message", "role": "assistant", "content": [{"type": "text", "text": TEXT}]}

STREAMS = {
    "chat": sse(CHAT),
    "completions": sse({"choices": [{"index": 0, "text": TEXT, "finish_reason": "stop"}]}),
    "completions, llama.cpp": sse({"content": TEXT, "stop": False}, {"content": "", "stop": True}),
    "responses": sse(
        {"type": "response.output_text.delta", "output_index": 0, "delta": TEXT},
        {"type": "response.completed", "response": {"status": "completed"}},
    ),
    "assistants": sse(
        {"object": "thread.message.delta", "id": "m", "delta": {"content": THREAD}},
        event="thread.message.delta",
    )
    + sse({"object": "thread.run", "status": "completed"}, event="thread.run.completed"),
    "anthropic": sse(
        {"type": "message_start", "message": {"id": "m1", "content": []}},
        BLOCK,
        {"type": "content_block_delta", "index": 0, "delta": PART},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}},
        {"type": "message_stop"},
    ),
    "anthropic, whole": lines(REPLY | {"stop_reason": "end_turn"}),
    "gemini": sse(
        {"candidates": [{"content": {"parts": [{"text": TEXT}]}, "finishReason": "STOP"}]}
    ),
    "cohere": sse(
        {"type": "content-delta", "index": 0, "delta": {"message": {"content": {"text": TEXT}}}}
        | {"type": "content-start"},
        {"type": "content-delta", "index": 0, "delta": {"message": {"content": {"text": TEXT}}}},
        {"type": "message-end", "delta": {"finish_reason": "COMPLETE"}},
    ).replace(b'"text": "{\\"owl\\": \\"hoo\\"}"', b'"text": ""', 1),
    "ollama": lines(
        {"model": "owl", "message": {"content": TEXT}, "done": False},
        {"model": "owl", "message": {"content": ""}, "done": True, "done_reason": "stop"},
    ),
    "bedrock": lines(
        {"contentBlockDelta": {"contentBlockIndex": 0, "delta": {"text": TEXT}}},
        {"messageStop": {"stopReason": "end_turn"}},
    ),
    "replicate": f"event: output\ndata: {TEXT}\n\nevent: done\ndata: {{}}\n\n".encode(),
}


@pytest.mark.parametrize("case", STREAMS)
def test_a_stream_tells_its_shape(case):
    with stream(STREAMS[case], provider="auto") as flow:
        list(flow)
    assert flow.result == {"owl": "hoo"}
    assert (flow.verdict.status, flow.verdict.confirmed) == ("complete", True)


def test_every_shape_stands_here():
    assert {case.partition(",")[0] for case in STREAMS} == set(SHAPES)


@pytest.mark.parametrize("case", STREAMS)
def test_a_name_reads_the_shape_that_it_is_called_for(case):
    name = {"gemini": "vertex"}.get(shape := case.partition(",")[0], shape)
    with stream(STREAMS[case], provider=name) as flow:
        list(flow)
    assert flow.result == {"owl": "hoo"}


@pytest.mark.parametrize("case", ["gemini", "ollama", "replicate"])
def test_a_stream_of_another_api_is_not_taken_for_an_empty_one(case):
    with pytest.raises(BadContentType, match="expected messages of 'mistral', got") as caught:
        list(stream(STREAMS[case], provider="mistral"))
    assert caught.value.verdict.status == "failed"


def test_what_comes_before_a_shape_is_told():
    decoder = AutoDecoder()
    assert decoder.feed('{"hoot": 1}') == [Unknown("message", {"hoot": 1})]
    assert decoder.feed('{"error": {"message": "Out"}}') == [Failure("Out")]
    assert decoder.feed("{oops") == [
        Failure("expected a JSON message, got '{oops'", retryable=True),
    ]
    assert decoder.read(CHAT)[0] == Delta(Channel("content"), TEXT)
    assert copy.deepcopy(decoder).feed("[DONE]") == [Done()]
    assert AutoDecoder().feed("[DONE]") == [Done()]
    assert decoder.close() == []
    with pytest.raises(RuntimeError):
        decoder.read(CHAT)


@pytest.mark.parametrize("name", PROVIDERS)
def test_an_error_alone_is_an_error_whoever_sends_it(name):
    body = b'{\n  "error": {\n    "code": 500,\n    "message": "the owl is out"\n  }\n}\n'
    with pytest.raises(ProviderError, match="the owl is out"):
        list(stream(body, provider=name))


# --- bodies without a protocol -------------------------------------------------------------------


def test_a_text_is_all_content_and_has_no_end_marker():
    flow = stream([b"Ow", "l 🦉".encode()[:4], "l 🦉".encode()[4:]], provider="text", parse="text")
    assert next(flow) == TextDelta(Channel("content"), "Ow")
    flow = stream([b"{}"], provider="text", finish="lenient")
    assert [type(one) for one in flow][-1] is ValueEnd
    assert (flow.verdict.status, flow.verdict.confirmed) == ("complete", False)
    cut = stream(b"A tale" + b"\xf0\x9f", provider="text", parse="text", finish="lenient")
    assert "".join(one.text for one in cut) == "A tale\ufffd"
    assert cut.verdict.status == "interrupted"
    with pytest.raises(TypeError, match="expected text or bytes, got int"):
        next(stream([7], provider="text"))


def test_the_json_itself_is_confirmed_by_its_own_bracket():
    for provider in (None, "json"):
        flow = stream(["[1", "]"], provider=provider, finish="strict")
        list(flow)
        assert (flow.result, flow.verdict.confirmed) == ([1], True)


# --- an answer that begins anew ------------------------------------------------------------------


def test_what_a_spliced_answer_said_before_is_taken_back():
    start = {"type": "message_start", "message": {"id": "m2", "content": []}}
    cut = {"type": "content_block_delta", "index": 0, "delta": {**PART, "text": '{"owl": "h'}}
    wire = sse({"type": "message_start", "message": {"id": "m1"}}, BLOCK, cut, start)
    whole = STREAMS["anthropic"].partition(b"\n\n")[2]
    events = list(flow := stream(wire + whole, provider="anthropic"))
    (at,) = [at for at, one in enumerate(events) if isinstance(one, Reset)]
    assert (events[at].channel, events[at].keep) == (Channel("content"), 0)
    assert StringDelta(("owl",), "h") in events[:at]
    assert StringDelta(("owl",), "hoo") in events[at:]
    assert (flow.result, flow.verdict.status) == ({"owl": "hoo"}, "complete")


# --- some channels alone -------------------------------------------------------------------------


def test_only_the_channels_that_are_asked_for_are_read():
    named = {"index": 0, "function": {"name": "dig", "arguments": "[1]"}}
    both = {"content": "Digging: ", "reasoning": "Hm.", "tool_calls": [named]}
    body = sse({"choices": [{"index": 0, "delta": both, "finish_reason": "tool_calls"}]})
    bridge = Bridge(provider="chat", only=lambda channel: channel.kind == "tool")
    events = bridge.feed(b": beat\n\n" + body)
    bridge.close()
    assert isinstance(events[0], Heartbeat)
    assert {one.channel.kind for one in events[1:]} == {"tool"}
    assert ([*bridge.tools.values()], bridge.verdict.status) == ([[1]], "complete")
