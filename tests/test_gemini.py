"""Messages of Gemini to items: twins of what it sends, with words of our own."""

from __future__ import annotations

import json
import pickle

import pytest

from partialjson.stream import Bridge
from partialjson.wire.messages import (
    ArgumentPart,
    Channel,
    Delta,
    Failure,
    Finish,
    ToolCall,
    Unknown,
    Usage,
)
from partialjson.wire.providers import GeminiDecoder

CONTENT, REASONING = Channel("content"), Channel("reasoning")
DIG, FLY = Channel("tool", 0, None, "dig"), Channel("tool", 1, "f2", "fly")


def parts(*given, **members):
    return {"candidates": [{"content": {"role": "model", "parts": [*given]}, **members}]}


def call(**members):
    return {"functionCall": members}


def read(*messages):
    decoder, items = GeminiDecoder(), []
    for message in messages:
        decoder = pickle.loads(pickle.dumps(decoder))  # noqa: S301 - our own bytes
        items += decoder.feed(json.dumps(message))
    return items + decoder.close()


def value(path, text, more=True):  # noqa: FBT002 - as the API has it
    part = {"jsonPath": path, "stringValue": text}
    return call(partialArgs=[part | ({"willContinue": True} if more else {})], willContinue=True)


BEGIN, END = call(name="dig", willContinue=True), call()
WHOLE = ArgumentPart(DIG, "$", None)

SAID = {
    "texts": ([parts({"text": "Owls "}), parts({"text": ""})], [Delta(CONTENT, "Owls ")]),
    "thoughts": (
        [parts({"text": "Hm.", "thought": True}, {"text": "Yes."})],
        [Delta(REASONING, "Hm."), Delta(CONTENT, "Yes.")],
    ),
    "another candidate": (
        [parts({"text": "no"}, index=1)],
        [Delta(Channel("content", choice=1), "no")],
    ),
    "whole calls": (
        [parts(call(name="dig", args={"at": 3}), call(name="fly", id="f2"))],
        [ToolCall(DIG), Delta(DIG, '{"at": 3}'), ToolCall(FLY), Delta(FLY, "{}")],
    ),
    "arguments by path": (
        [
            parts(BEGIN),
            parts(value("$.a", "x")),
            parts(call(willContinue=True)),
            parts(value("$.a", "", more=False)),
            parts(
                call(
                    partialArgs=[
                        {"jsonPath": "$.n", "numberValue": 2},
                        {"jsonPath": "$.b", "boolValue": False},
                        {"jsonPath": "$.z", "nullValue": None},
                        {"stringValue": "of no path"},
                    ],
                    willContinue=True,
                )
            ),
            parts(END),
        ],
        [
            ToolCall(DIG),
            ArgumentPart(DIG, "$.a", "x", more=True),
            ArgumentPart(DIG, "$.a", ""),
            ArgumentPart(DIG, "$.n", 2),
            ArgumentPart(DIG, "$.b", value=False),
            ArgumentPart(DIG, "$.z", None),
            WHOLE,
        ],
    ),
    "an end that is not sent: text": (
        [parts(BEGIN), parts({"text": "So."})],
        [ToolCall(DIG), WHOLE, Delta(CONTENT, "So.")],
    ),
    "an end that is not sent: another call": (
        [parts(BEGIN), parts(call(name="fly", id="f2", args={}))],
        [ToolCall(DIG), WHOLE, ToolCall(FLY), Delta(FLY, "{}")],
    ),
    "an end that is not sent: the finish reason": (
        [parts(BEGIN), parts(finishReason="STOP")],
        [ToolCall(DIG), WHOLE, Finish("STOP")],
    ),
    "a finish reason, once": (
        [parts({"text": "a"}, finishReason="STOP"), parts(finishReason="STOP")],
        [Delta(CONTENT, "a"), Finish("STOP")],
    ),
    "a finish reason as its number": ([parts(finishReason=2)], [Finish("MAX_TOKENS")]),
    "a number unheard of": ([parts(finishReason=77)], [Finish("77")]),
    "a call that broke": (
        [parts(finishReason="MALFORMED_FUNCTION_CALL", finishMessage="dug too deep")],
        [Failure("dug too deep", "MALFORMED_FUNCTION_CALL", retryable=True)],
    ),
    "a prompt that is blocked": (
        [{"promptFeedback": {"blockReason": "SAFETY"}}] * 2,
        [Finish("SAFETY")],
    ),
    "usage, where it is news": (
        [{"usageMetadata": {"promptTokenCount": 3, "candidatesTokenCount": 4}}] * 2,
        [Usage(3, 4, {"promptTokenCount": 3, "candidatesTokenCount": 4})],
    ),
    "an error": (
        [[{"error": {"code": 503, "message": "No owls", "status": "UNAVAILABLE"}}]],
        [Failure("No owls", 503, retryable=True, metadata={"status": "UNAVAILABLE"})],
    ),
    "parts that say nothing here": (
        [parts({"inlineData": {}}, {"executableCode": {}}, {"text": 7}, 7)],
        [],
    ),
    "values without a call": ([parts(value("$.a", "x"))], []),
    "a message unheard of": ([{"hoot": 1}], [Unknown("message", {"hoot": 1})]),
    "members of the wrong type": (
        [{"candidates": 7, "usageMetadata": []}, {"candidates": [7, {"content": []}]}],
        [],
    ),
}


@pytest.mark.parametrize("case", SAID)
def test_messages_say(case):
    messages, items = SAID[case]
    assert read(*messages) == items


@pytest.mark.parametrize("name", ["gemini", "vertex", "auto"])
def test_an_array_that_is_streamed_fills_a_call(name):
    messages = [*SAID["arguments by path"][0], parts(finishReason="STOP")]
    bridge = Bridge(provider=name)
    for byte in json.dumps(messages, indent=1).encode():
        bridge.feed(bytes([byte]))
    bridge.close()
    assert bridge.tools == {DIG: {"a": "x", "n": 2, "b": False, "z": None}}
    assert bridge.verdict.status == "complete"


@pytest.mark.parametrize("reason", ["SAFETY", "RECITATION", "PROHIBITED_CONTENT", "SPII"])
def test_what_a_filter_held_back_is_filtered(reason):
    bridge = Bridge(provider="gemini")
    bridge.feed(json.dumps(parts({"text": "[1"}, finishReason=reason)).encode() + b"\n")
    bridge.close()
    assert bridge.verdict.status == "filtered"
