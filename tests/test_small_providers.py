"""The providers with small decoders: Cohere, Ollama, completions, Replicate, Assistants.

The messages are twins of what the providers send: their members and their order, with words of our
own. Every stream is read message by message, and the decoder is pickled before each.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from items import content, read_by, reasoning, told, tool

from partialjson.wire.messages import (
    Channel,
    Delta,
    Done,
    Failure,
    Finish,
    Heartbeat,
    ToolCall,
    Unknown,
    Usage,
    Whole,
)
from partialjson.wire.providers.assistants import AssistantsDecoder
from partialjson.wire.providers.cohere import CohereDecoder
from partialjson.wire.providers.completions import CompletionsDecoder
from partialjson.wire.providers.ollama import OllamaDecoder
from partialjson.wire.providers.replicate import ReplicateDecoder

DECODERS = (
    AssistantsDecoder,
    CohereDecoder,
    CompletionsDecoder,
    OllamaDecoder,
    ReplicateDecoder,
)


def passing(message, code, metadata=None):
    """A failure that is worth another try."""
    return Failure(message, code, retryable=True, metadata=metadata)


# --- Cohere, version 2 ---------------------------------------------------------------------------


def cohere(kind, index=None, **inner):
    place = {} if index is None else {"index": index}
    return {"type": kind, **place, "delta": {"message": inner}}


def cohere_call(kind, index, **call):
    return cohere(kind, index, tool_calls=call)


def cohere_end(reason, **members):
    return {"type": "message-end", "delta": {"finish_reason": reason, **members}}


COUNTED = {
    "billed_units": {"input_tokens": 3, "output_tokens": 5},
    "tokens": {"input_tokens": 40, "output_tokens": 8},
    "cached_tokens": 0,
}
CALLED = {"id": "ferry_1", "type": "function", "function": {"name": "ferry", "arguments": ""}}

COHERE = {
    "a text, from its start to the end of the message": (
        [
            {"id": "m", **cohere("message-start", role="assistant", content=[], tool_plan="")},
            cohere("content-start", 0, content={"type": "text", "text": ""}),
            cohere("content-delta", 0, content={"text": "Low "}),
            cohere("content-delta", 0, content={"text": "tide"}),
            {"type": "content-end", "index": 0},
            cohere_end("COMPLETE", usage=COUNTED),
        ],
        [content("Low "), content("tide"), Finish("COMPLETE"), Usage(40, 8, COUNTED), Done()],
    ),
    "thinking, which is reasoning, and a text that cites": (
        [
            cohere("content-start", 0, content={"type": "thinking", "thinking": ""}),
            cohere("content-delta", 0, content={"thinking": "Let me see."}),
            {"type": "content-end", "index": 0},
            cohere("content-start", 1, content={"type": "text", "text": "At "}),
            cohere("citation-start", 0, citations={"start": 0, "end": 4, "text": "noon"}),
            cohere("content-delta", 1, content={"text": "noon"}),
            {"type": "citation-end", "index": 0},
        ],
        [reasoning("Let me see."), content("At "), content("noon")],
    ),
    "two texts, each a channel": (
        [
            cohere("content-delta", 0, content={"text": "one"}),
            cohere("content-delta", 3, content={"text": "two"}),
        ],
        [content("one"), content("two", 1)],
    ),
    "a plan, and calls side by side": (
        [
            cohere("tool-plan-delta", tool_plan="I ask "),
            cohere("tool-plan-delta", tool_plan="both."),
            cohere_call("tool-call-start", 0, **CALLED),
            cohere_call("tool-call-delta", 0, function={"arguments": '{"at":'}),
            cohere_call("tool-call-delta", 0, function={"arguments": "7}"}),
            {"type": "tool-call-end", "index": 0},
            cohere_call("tool-call-start", 1, **{**CALLED, "id": "ferry_2"}),
            {"type": "tool-call-end", "index": 1},
            cohere_end("TOOL_CALL"),
        ],
        [
            reasoning("I ask "),
            reasoning("both."),
            *tool(0, "ferry_1", "ferry", '{"at":', "7}"),
            *tool(1, "ferry_2", "ferry"),
            Finish("TOOL_CALL"),
            Done(),
        ],
    ),
    "an error, which outweighs the usage but does not hide it": (
        [cohere_end("ERROR", error="out of ink", usage=COUNTED)],
        [Failure("out of ink", "ERROR"), Usage(40, 8, COUNTED), Done()],
    ),
    "an error without words": (
        [cohere_end("ERROR")],
        [Failure("the generation ended in an error", "ERROR"), Done()],
    ),
    "a time-out, which is worth another try": (
        [cohere_end("TIMEOUT")],
        [passing("the generation took too long", "TIMEOUT"), Done()],
    ),
    "an error without a finish reason": (
        [{"type": "message-end", "delta": {"error": "no more"}}],
        [Failure("no more"), Done()],
    ),
    "the body of an error": (
        [{"id": "r1", "message": "invalid request"}],
        [Failure("invalid request", metadata={"id": "r1"})],
    ),
    "an end that gives no reason": ([cohere_end(None)], [Done()]),
    "a call of nothing, which does not begin": (
        [cohere("tool-call-start", 0), cohere_call("tool-call-delta", 0, function={})],
        [],
    ),
    "the end marker after the end, which is no news": (
        [cohere_end("MAX_TOKENS"), "[DONE]"],
        [Finish("MAX_TOKENS"), Done()],
    ),
    "tokens that are billed, where no others are counted": (
        [cohere_end("COMPLETE", usage={"billed_units": {"input_tokens": 2, "output_tokens": 1}})],
        [
            Finish("COMPLETE"),
            Usage(2, 1, {"billed_units": {"input_tokens": 2, "output_tokens": 1}}),
            Done(),
        ],
    ),
    "tokens that are doubles, as the API defines them": (
        [cohere_end("COMPLETE", usage={"tokens": {"input_tokens": 2.0, "output_tokens": 0.5}})],
        [
            Finish("COMPLETE"),
            Usage(2, None, {"tokens": {"input_tokens": 2.0, "output_tokens": 0.5}}),
            Done(),
        ],
    ),
    "a whole response": (
        [
            {
                "id": "m",
                "message": {
                    "role": "assistant",
                    "tool_plan": "I go.",
                    "content": [
                        {"type": "thinking", "thinking": "Hm."},
                        {"type": "text", "text": "Gone"},
                    ],
                    "tool_calls": [
                        {**CALLED, "function": {"name": "ferry", "arguments": '{"a":1}'}}
                    ],
                },
                "finish_reason": "TOOL_CALL",
                "usage": COUNTED,
            }
        ],
        [
            reasoning("I go."),
            reasoning("Hm.", 1),
            content("Gone"),
            *tool(0, "ferry_1", "ferry", '{"a":1}'),
            Finish("TOOL_CALL"),
            Usage(40, 8, COUNTED),
        ],
    ),
}


def old(kind, **members):
    return {"is_finished": kind == "stream-end", "event_type": kind, **members}


COHERE_OLD = {
    "a text, which the end repeats": (
        [
            old("stream-start", generation_id="g"),
            old("search-results", documents=[]),
            old("text-generation", text="High "),
            old("text-generation", text="tide"),
            old("citation-generation", citations=[]),
            old(
                "stream-end",
                finish_reason="COMPLETE",
                response={"text": "High tide", "meta": COUNTED},
            ),
        ],
        [content("High "), content("tide"), Finish("COMPLETE"), Usage(40, 8, COUNTED), Done()],
    ),
    "calls in pieces, which are then told whole": (
        [
            old("tool-calls-chunk", text="I ask."),
            old("tool-calls-chunk", tool_call_delta={"index": 0, "name": "ferry"}),
            old("tool-calls-chunk", tool_call_delta={"index": 0, "parameters": '{"at":'}),
            old("tool-calls-chunk", tool_call_delta={"index": 0, "parameters": "7}"}),
            old("tool-calls-generation", tool_calls=[{"name": "ferry", "parameters": {"at": 7}}]),
        ],
        [reasoning("I ask."), *tool(0, None, "ferry", '{"at":', "7}")],
    ),
    "calls that are told whole alone": (
        [old("tool-calls-generation", tool_calls=[{"name": "ferry", "parameters": {"at": 7}}])],
        tool(0, None, "ferry", '{"at": 7}'),
    ),
    "a stream that failed": (
        [old("stream-end", finish_reason="ERROR", response={})],
        [Failure("the generation ended in an error", "ERROR"), Done()],
    ),
    "a word of the filter, passed on": (
        [old("stream-end", finish_reason="ERROR_TOXIC")],
        [Finish("ERROR_TOXIC"), Done()],
    ),
}


# --- Ollama --------------------------------------------------------------------------------------


def ollama(**members):
    return {"model": "owl", "created_at": "2025-01-01T00:00:00Z", "done": False, **members}


def ollama_end(**members):
    return ollama(**{"done": True, **members})


def ollama_chat(**members):
    return ollama(message={"role": "assistant", **members})


def ollama_call(name, arguments, id_=None, **members):
    call = {"function": {"name": name, "arguments": arguments, **members}}
    return {"id": id_, **call} if id_ else call


TIMED = {"total_duration": 90, "prompt_eval_count": 11, "eval_count": 4, "eval_duration": 60}

OLLAMA = {
    "a chat": (
        [
            ollama_chat(content="", thinking="Dusk "),
            ollama_chat(content="", thinking="comes."),
            ollama_chat(content="Good "),
            ollama_chat(content="night"),
            ollama_end(message={"content": ""}, done_reason="stop", **TIMED),
        ],
        [
            reasoning("Dusk "),
            reasoning("comes."),
            content("Good "),
            content("night"),
            Finish("stop"),
            Usage(11, 4, TIMED),
            Done(),
        ],
    ),
    "a generation": (
        [
            ollama(response="", thinking="Dawn"),
            ollama(response="Morn"),
            ollama(response="ing"),
            ollama_end(response="", done_reason="length", context=[1, 2], **TIMED),
        ],
        [
            reasoning("Dawn"),
            content("Morn"),
            content("ing"),
            Finish("length"),
            Usage(11, 4, TIMED),
            Done(),
        ],
    ),
    "the one object of a chat that does not stream": (
        [ollama_end(message={"content": "Noon", "thinking": "Hm"}, done_reason="stop", **TIMED)],
        [reasoning("Hm"), content("Noon"), Finish("stop"), Usage(11, 4, TIMED), Done()],
    ),
    "an end without a reason or a count": (
        [ollama_end(response="")],
        [Finish("stop"), Done()],
    ),
    "calls whose index is 0 each, in one line and in two": (
        [
            ollama_chat(
                content="",
                tool_calls=[
                    ollama_call("hoot", {"at": [1]}, index=0),
                    ollama_call("hoot", {"at": [1]}, index=0),
                ],
            ),
            ollama_chat(content="", tool_calls=[ollama_call("rest", {}, index=0)]),
        ],
        [
            *tool(0, None, "hoot", '{"at": [1]}'),
            *tool(1, None, "hoot", '{"at": [1]}'),
            *tool(2, None, "rest", "{}"),
        ],
    ),
    "calls with ids, of which one is repeated": (
        [
            ollama_chat(tool_calls=[ollama_call("hoot", {"a": 1}, "call_a", index=0)]),
            ollama_chat(
                tool_calls=[
                    ollama_call("hoot", {"a": 1}, "call_a", index=0),
                    ollama_call("hoot", {"a": 2}, "call_b", index=1),
                ]
            ),
        ],
        [*tool(0, "call_a", "hoot", '{"a": 1}'), *tool(1, "call_b", "hoot", '{"a": 2}')],
    ),
    "calls of the wrong type, or of nothing, left unread": (
        [ollama_chat(tool_calls=["hoot", {}, {"function": 3}, {"function": {"name": ""}}])],
        [],
    ),
    "an error in the middle": (
        [ollama_chat(content="Wh"), {"error": "the runner has stopped"}],
        [content("Wh"), Failure("the runner has stopped")],
    ),
    "a line that nothing is known of": (
        [{"status": "pulling", "total": 3}],
        [Unknown("message", {"status": "pulling", "total": 3})],
    ),
}


# --- completions ---------------------------------------------------------------------------------


def text(piece, index=0, finish=None, **members):
    choice = {"text": piece, "index": index, "logprobs": None, "finish_reason": finish}
    return {"id": "cmpl-1", "object": "text_completion", "choices": [choice], **members}


def own(piece, **members):
    return {"index": 0, "content": piece, "tokens": [7], "stop": False, "id_slot": 0, **members}


BILL = {"prompt_tokens": 6, "completion_tokens": 2, "total_tokens": 8}
SPENT = {"tokens_evaluated": 6, "tokens_predicted": 2}

COMPLETIONS = {
    "a text": (
        [
            text("Once", usage=None),
            text(" upon", finish="length"),
            {"object": "text_completion", "choices": [], "usage": BILL},
            "[DONE]",
        ],
        [content("Once"), content(" upon"), Finish("length"), Usage(6, 2, BILL), Done()],
    ),
    "two choices": (
        [text("a", 1), text("b", 0), text("", 1, "stop"), text("", 0, "stop")],
        [content("a", choice=1), content("b"), Finish("stop", 1), Finish("stop", 0)],
    ),
    "a whole completion": (
        [text("All of it.", finish="stop", usage=BILL)],
        [content("All of it."), Finish("stop"), Usage(6, 2, BILL)],
    ),
    "an error": (
        [{"error": {"message": "try later", "type": "server_error", "code": None}}, "[DONE]"],
        [
            passing("try later", "server_error", {"type": "server_error"}),
            Done(),
        ],
    ),
    "llama.cpp's own": (
        [own("Wo"), own("ol"), own("", stop=True, stop_type="eos", truncated=False, **SPENT)],
        [content("Wo"), content("ol"), Finish("eos"), Usage(6, 2, SPENT)],
    ),
    "llama.cpp's own for two prompts, of which one goes on": (
        [
            own("a", index=0),
            own("", index=0, stop=True, stop_type="limit"),
            own("b", index=1),
            own("", index=1, stop=True, stop_type="word", stopping_word="\n"),
        ],
        [content("a"), Finish("limit"), content("b", choice=1), Finish("word", 1)],
    ),
    "llama.cpp's own, whole": (
        [own("Wool", stop=True, stop_type="none", generation_settings={}, **SPENT)],
        [content("Wool"), Finish("none"), Usage(6, 2, SPENT)],
    ),
    "llama.cpp's own, before there was a stop type": (
        [
            own("", stop=True, stopped_eos=False, stopped_word=True, stopped_limit=False),
            own("", index=1, stop=True, stopped_eos=True),
            own("", index=2, stop=True, stopped_eos=False, truncated=True),
            own("", index=3, stop=True),
        ],
        [Finish("word"), Finish("eos", 1), Finish("limit", 2), Finish("none", 3)],
    ),
    "the progress of a prompt, which is no news": ([own("", prompt_progress={"total": 9})], []),
    "llama.cpp's error": (
        [
            own("Wo"),
            {"error": {"code": 500, "message": "slot lost", "type": "server_error"}},
        ],
        [content("Wo"), passing("slot lost", 500, {"type": "server_error"})],
    ),
    "an error beside a text of its own": (
        [own("", stop=True, error="slot lost", type="server_error")],
        [
            passing("slot lost", "server_error", own("", stop=True, type="server_error")),
        ],
    ),
    "a message that nothing is known of": (
        [{"object": "ping"}],
        [Unknown("message", {"object": "ping"})],
    ),
}


# --- Replicate -----------------------------------------------------------------------------------

REPLICATE = {
    "output to the last space, then the end": (
        [
            ("output", ""),
            ("output", " Reeds"),
            ("output", "\n\n  sway "),
            ("output", " \n"),
            ("done", "{}"),
        ],
        [
            Heartbeat(),
            content(" Reeds"),
            content("\n\n  sway "),
            content(" \n"),
            Finish("done"),
            Done(),
        ],
    ),
    "output that looks like JSON, like an error and like an end": (
        [("output", '{"error": 1}'), ("output", "[DONE]"), ("output", "null")],
        [content('{"error": 1}'), content("[DONE]"), content("null")],
    ),
    "output after the end, which belongs to nothing": (
        [("done", "{}"), ("output", "late")],
        [Finish("done"), Done(), Unknown("output", "late")],
    ),
    "a prediction that was cancelled": (
        [("output", "Re"), ("done", '{"reason": "canceled"}')],
        [content("Re"), Finish("canceled"), Done()],
    ),
    "an error that the end alone tells": (
        [("done", '{"reason": "error"}')],
        [Failure("the prediction failed", "error", metadata={"reason": "error"}), Done()],
    ),
    "an error in plain words, told once": (
        [("error", "the mill stands still"), ("done", '{"reason": "error"}')],
        [Failure("the mill stands still"), Done()],
    ),
    "an error in JSON, told once": (
        [("error", {"detail": "no water"}), ("done", {"reason": "error"})],
        [Failure("no water"), Done()],
    ),
    "an error as a JSON text": ([("error", '"no wind"')], [Failure("no wind")]),
    "an error with a message of its own": (
        [("error", {"message": "no grain", "detail": "none at all"})],
        [Failure("no grain", metadata={"detail": "none at all"})],
    ),
    "an empty error, after which the end tells one": (
        [("error", ""), ("done", {"reason": "error"})],
        [
            Heartbeat(),
            Failure("the prediction failed", "error", metadata={"reason": "error"}),
            Done(),
        ],
    ),
    "a prediction that is whole": (
        [{"id": "p", "status": "succeeded", "output": ["Re", "eds"], "error": None}],
        [content("Reeds"), Finish("succeeded")],
    ),
    "a prediction that is whole and counted": (
        [{"status": "succeeded", "output": "Reeds", "metrics": {"output_token_count": 2}}],
        [content("Reeds"), Finish("succeeded"), Usage(None, 2, {"output_token_count": 2})],
    ),
    "a prediction that failed": (
        [{"status": "failed", "output": None, "error": "out of memory"}],
        [Failure("out of memory", "failed")],
    ),
    "a prediction that goes on": (
        [{"status": "processing", "output": ["Re"]}],
        [Whole(content("Re").channel, "Re")],
    ),
    "an event that nothing is known of": (
        [("logs", {"line": "x"})],
        [Unknown("logs", {"line": "x"})],
    ),
}


# --- Assistants ----------------------------------------------------------------------------------


def run(status, **members):
    held = {"id": "run_1", "object": "thread.run", "status": status, **members}
    return f"thread.run.{status}", held


def message(*parts, id_="msg_1"):
    delta = {"id": id_, "object": "thread.message.delta", "delta": {"content": [*parts]}}
    return "thread.message.delta", delta


def written(value, index=0):
    return {"index": index, "type": "text", "text": {"value": value, "annotations": []}}


def step(*calls, id_="step_1"):
    details = {"type": "tool_calls", "tool_calls": [*calls]}
    delta = {"id": id_, "object": "thread.run.step.delta", "delta": {"step_details": details}}
    return "thread.run.step.delta", delta


def function(index, arguments, name=None, id_=None):
    call = {"name": name, "arguments": arguments, "output": None}
    return {"index": index, "id": id_, "type": "function", "function": call}


def code(typed):
    return {"index": 0, "type": "code_interpreter", "code_interpreter": {"input": typed}}


REQUIRED = {
    "type": "submit_tool_outputs",
    "submit_tool_outputs": {
        "tool_calls": [
            {"id": "call_1", "type": "function", "function": {"name": "knit", "arguments": "{}"}}
        ]
    },
}
LIMITED = {"code": "rate_limit_exceeded", "message": "too fast"}

ASSISTANTS = {
    "a run that writes a message": (
        [
            run("created", usage=None),
            run("queued"),
            run("in_progress"),
            ("thread.run.step.created", {"id": "step_1", "usage": None}),
            ("thread.message.created", {"id": "msg_1", "content": []}),
            message(written("Warm ")),
            message(written("wool")),
            ("thread.message.completed", {"id": "msg_1", "content": [written("Warm wool")]}),
            ("thread.run.step.completed", {"id": "step_1", "usage": {"prompt_tokens": 1}}),
            run("completed", usage=BILL, last_error=None),
            ("done", "[DONE]"),
        ],
        [content("Warm "), content("wool"), Finish("completed"), Usage(6, 2, BILL), Done()],
    ),
    "each part of each message in a channel of its own": (
        [
            message(written("a", 0), {"index": 1, "type": "image_file"}, written("b", 2)),
            message(written("c", 0), id_="msg_2"),
            message(written("d", 2)),
            message({"index": 3, "type": "refusal", "refusal": "No."}),
        ],
        [
            content("a"),
            content("b", 1),
            content("c", 2),
            content("d", 1),
            Delta(Channel("refusal"), "No."),
        ],
    ),
    "calls side by side, whole again where the run waits for them": (
        [
            step(function(0, "", "knit", "call_1"), function(1, "", "purl", "call_2")),
            step(function(1, '{"n":')),
            step(function(0, "{}")),
            step(function(1, "2}")),
            run("requires_action", required_action=REQUIRED),
            ("done", "[DONE]"),
        ],
        [
            *tool(0, "call_1", "knit"),
            *tool(1, "call_2", "purl", '{"n":'),
            *tool(0, "call_1", "knit", "{}")[1:],
            *tool(1, "call_2", "purl", "2}")[1:],
            Finish("requires_action"),
            Done(),
        ],
    ),
    "the calls of another step are others": (
        [step(function(0, "1", "knit", "a")), step(function(0, "2", "knit", "b"), id_="step_2")],
        [*tool(0, "a", "knit", "1"), *tool(1, "b", "knit", "2")],
    ),
    "calls that only the run tells": (
        [run("requires_action", required_action=REQUIRED)],
        [*tool(0, "call_1", "knit", "{}"), Finish("requires_action")],
    ),
    "a call of nothing, which does not begin": ([step(function(0, ""))], []),
    "code that runs on the server, left unread": (
        [step(code("for row in ")), step(code('"wool"'))],
        [],
    ),
    "a run that is incomplete, and why": (
        [run("incomplete", incomplete_details={"reason": "max_completion_tokens"}, usage=BILL)],
        [Finish("max_completion_tokens"), Usage(6, 2, BILL)],
    ),
    "a run that is incomplete, and nobody knows why": (
        [run("incomplete", incomplete_details=None)],
        [Finish("incomplete")],
    ),
    "a run that was cancelled": (
        [run("cancelling"), run("cancelled")],
        [Finish("cancelled")],
    ),
    "a run that failed": (
        [run("failed", last_error=LIMITED)],
        [passing("too fast", "rate_limit_exceeded")],
    ),
    "a run that failed without an error": (
        [run("failed", last_error=None)],
        [Failure("the run failed", "failed")],
    ),
    "a run that expired, which is worth another try": (
        [run("expired", last_error=None)],
        [passing("the run expired", "expired", {"type": "timeout"})],
    ),
    "an error of the stream": (
        [("error", {"message": "bad day", "type": "server_error", "code": None})],
        [passing("bad day", "server_error", {"type": "server_error"})],
    ),
    "events without their event type, known by their object": (
        [
            message(written("Warm"))[1],
            step(function(0, "{}", "knit", "a"))[1],
            {"object": "thread.run", "status": "in_progress"},
            {"object": "thread.run", "status": "completed"},
        ],
        [content("Warm"), *tool(0, "a", "knit", "{}"), Finish("completed")],
    ),
    "events of an SDK": (
        [
            {"event": "thread.message.delta", "data": message(written("Warm"))[1]},
            {"event": "thread.run.failed", "data": {"last_error": LIMITED}},
            {"event": "done", "data": {}},
        ],
        [
            content("Warm"),
            passing("too fast", "rate_limit_exceeded"),
            Done(),
        ],
    ),
    "an event that nothing is known of": (
        [("thread.run.step.paused", {"id": "s"}), ("completed", {})],
        [Unknown("thread.run.step.paused", {"id": "s"}), Unknown("completed", {})],
    ),
}

TABLES = (
    (CohereDecoder, COHERE),
    (CohereDecoder, COHERE_OLD),
    (OllamaDecoder, OLLAMA),
    (CompletionsDecoder, COMPLETIONS),
    (ReplicateDecoder, REPLICATE),
    (AssistantsDecoder, ASSISTANTS),
)
STREAMS = [
    pytest.param(make, *case, id=f"{make.__name__}-{name}")
    for make, table in TABLES
    for name, case in table.items()
]


@pytest.mark.parametrize(("make", "messages", "expected"), STREAMS)
def test_a_stream_says(make, messages, expected):
    assert told(read_by(make, *messages)) == told(expected)


@pytest.mark.parametrize(("make", "messages", "expected"), STREAMS)
def test_a_message_that_is_decoded_already_says_the_same(make, messages, expected):
    decoder, said = make(), []
    for one in messages:
        event, data = one if type(one) is tuple else ("message", one)
        if type(data) is str:  # an end marker, or a text that is no JSON
            said += decoder.feed(data, event)
        else:
            said += decoder.read(data, event)
    assert told(said) == told(expected)


def test_output_that_is_decoded_already_is_a_text():
    decoder = ReplicateDecoder()
    assert decoder.read(" Reeds", "output") == [content(" Reeds")]
    assert decoder.read("the mill burns", "error") == [Failure("the mill burns")]
    assert decoder.read({"reason": "error"}, "done") == [Done()]


REPEATED = {
    AssistantsDecoder: ("thread.run.completed", {"object": "thread.run"}),
    CohereDecoder: ("message", {"message": {"content": []}, "finish_reason": "COMPLETE"}),
    CompletionsDecoder: ("message", own("", stop=True, stop_type="eos")),
    OllamaDecoder: ("message", [ollama_end(response=""), ollama_end(response="")]),
    ReplicateDecoder: ("message", {"status": "succeeded", "output": None}),
}


@pytest.mark.parametrize("make", DECODERS)
def test_a_finish_reason_that_is_repeated_is_said_once(make):
    said = read_by(make, REPEATED[make], REPEATED[make])
    assert [type(item) for item in said].count(Finish) == 1


# --- laws ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", DECODERS)
@pytest.mark.parametrize("event", ["message", "output"])
def test_nothing_is_read_after_close(make, event):
    decoder = make()
    assert decoder.close() == decoder.close() == []
    with pytest.raises(RuntimeError, match="after close"):
        decoder.feed("{}", event)
    with pytest.raises(RuntimeError, match="after close"):
        decoder.read({}, event)


@pytest.mark.parametrize("make", DECODERS)
def test_junk_is_a_failure_that_is_worth_another_try(make):
    (failure,) = read_by(make, "<html>busy</html>")
    assert isinstance(failure, Failure)
    assert failure.retryable


def words(value):
    """Every member's name and every text of some messages, as likely as not to mean something."""
    if isinstance(value, dict):
        return {*value}.union(*map(words, value.values()))
    if isinstance(value, (list, tuple)):
        return set().union(*map(words, value))
    return {value} if isinstance(value, str) else set()


def damaged(value, draw):
    """A message with some of its members replaced by what is not expected there."""
    if draw(st.integers(0, 9)) == 0:
        return draw(st.sampled_from([None, True, 0, -1, 0.5, "", "error", [], {}, [[]], {"": 0}]))
    if isinstance(value, dict):
        return {name: damaged(member, draw) for name, member in value.items()}
    if isinstance(value, list):
        return [damaged(element, draw) for element in value]
    return value


def vocabulary(make):
    tables = [table for other, table in TABLES if other is make]
    return sorted(words([sent for table in tables for sent, _ in table.values()]))


WORDS = {make: vocabulary(make) for make in DECODERS}


def unheard_of(make):
    texts = st.sampled_from(WORDS[make])
    leaves = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | texts
    return st.recursive(
        leaves,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=4),
        max_leaves=12,
    )


def assert_is_news(said):
    """The promises that hold for whatever was sent."""
    begun, finished = set(), {}
    for item in said:
        if isinstance(item, ToolCall):
            begun.add(item.channel)
        elif isinstance(item, Delta | Whole):
            assert item.text, "no delta is empty"
            assert item.channel.kind != "tool" or item.channel in begun, "announced, then grown"
        elif isinstance(item, Finish):
            assert finished.get(item.choice) != item, "said again only if it changes"
            finished[item.choice] = item
        else:
            assert isinstance(item, (Usage, Failure, Done, Heartbeat, Unknown))


@pytest.mark.parametrize("make", DECODERS)
@given(data=st.data())
def test_whatever_a_server_sends_nothing_raises(make, data):
    anything = st.tuples(st.sampled_from([*WORDS[make], "message", "error"]), unheard_of(make))
    assert_is_news(read_by(make, *data.draw(st.lists(anything, max_size=4))))


@pytest.mark.parametrize(("make", "table"), TABLES)
@given(data=st.data())
def test_a_member_of_the_wrong_type_is_left_unread(make, table, data):
    messages, _ = table[data.draw(st.sampled_from(sorted(table)))]
    sent = []
    for one in messages:
        event, body = one if type(one) is tuple else ("message", one)
        sent.append((event, body if type(body) is str else damaged(body, data.draw)))
    assert_is_news(read_by(make, *sent))
