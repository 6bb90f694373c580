"""OpenAI's Responses to items: each shape by hand, in words of our own.

The messages are twins of what OpenAI and the services that speak its API send: their members and
their order. Every stream is read message by message, and the decoder is pickled before each.
"""

from __future__ import annotations

import json
from functools import partial

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
    Restart,
    ToolCall,
    Unknown,
    Usage,
)
from partialjson.wire.providers.responses import ResponsesDecoder

read = partial(read_by, ResponsesDecoder)


def refusal(text):
    return Delta(Channel("refusal"), text)


# --- the events ----------------------------------------------------------------------------------


def say(kind, place=0, /, **members):
    """An event of the inner life of the item at a place."""
    at = {"item_id": f"item_{place}", "output_index": place, "sequence_number": 7}
    return {"type": f"response.{kind}", **at, **members}


def text(delta, place=0, part=0):
    return say("output_text.delta", place, content_index=part, delta=delta, logprobs=[])


def text_done(whole, place=0, part=0):
    return say("output_text.done", place, content_index=part, text=whole)


def added(place, part):
    return say("content_part.added", place, content_index=part, part=parts("")[0])


def part_done(whole, place=0, part=0):
    return say("content_part.done", place, content_index=part, part=parts(whole)[0])


def say_summary_part(stage, part, whole=""):
    one = {"type": "summary_text", "text": whole}
    return say(f"reasoning_summary_part.{stage}", summary_index=part, part=one)


def raw(delta, place=0, part=0):
    return say("reasoning_text.delta", place, content_index=part, delta=delta)


def summary(delta, place=0, part=0):
    return say("reasoning_summary_text.delta", place, summary_index=part, delta=delta)


def argue(delta, place=0):
    return say("function_call_arguments.delta", place, delta=delta, obfuscation="x7")


def write(delta, place=0):
    return say("custom_tool_call_input.delta", place, delta=delta)


def item(stage, place, kind, /, **members):
    inner = {"type": kind, "id": f"item_{place}", **members}
    return {"type": f"response.output_item.{stage}", "output_index": place, "item": inner}


def call(stage, place=0, arguments="", kind="function_call", **members):
    facts = {"call_id": f"call_{place}", "name": "ferry", "arguments": arguments, **members}
    return item(stage, place, kind, **facts)


def custom(stage, written="", **members):
    facts = {"call_id": "call_0", "name": "poem", "input": written, **members}
    return item(stage, 0, "custom_tool_call", **facts)


def parts(*texts, kind="output_text"):
    member = "refusal" if kind == "refusal" else "text"
    return [{"type": kind, member: one, "annotations": []} for one in texts]


def message_done(*texts, place=0, **members):
    return item("done", place, "message", content=parts(*texts), role="assistant", **members)


def created(id_="resp_tide"):
    response = {"id": id_, "object": "response", "status": "in_progress", "output": []}
    return {"type": "response.created", "sequence_number": 0, "response": response}


def response(status="completed", *output, **members):
    told = {"id": "resp_tide", "object": "response", "status": status, "output": [*output]}
    return {**told, "error": None, "incomplete_details": None, "usage": None, **members}


def end(status="completed", *output, **members):
    return {"type": f"response.{status}", "response": response(status, *output, **members)}


COUNTED = {"input_tokens": 9, "output_tokens": 4, "total_tokens": 13}
COMPLETED = [Finish("completed"), Done()]


# --- texts ---------------------------------------------------------------------------------------

SAID = {
    "text": ([text("Low "), text("tide")], [content("Low "), content("tide")]),
    "an empty text": ([text("")], []),
    "what is whole and was said": (
        [
            *(text("Low "), text("tide"), text_done("Low tide")),
            part_done("Low tide"),
            message_done("Low tide"),
            end("completed", message_done("Low tide")["item"]),
        ],
        [content("Low "), content("tide"), *COMPLETED],
    ),
    "a text that came whole": ([text_done("Ebb"), message_done("Ebb")], [content("Ebb")]),
    "a part that came whole": (
        [part_done("Ebb"), text_done("Ebb")],
        [content("Ebb")],
    ),
    "an item that came whole": (
        [message_done("Ebb", "Flow")],
        [content("Ebb", 0), content("Flow", 1)],
    ),
    "the end of a text that deltas left out": (
        [text("Low "), text_done("Low tide")],
        [content("Low "), content("tide")],
    ),
    "a whole text that is another than its deltas": (
        [text("Low tide."), text_done("High tide."), message_done("Hi")],
        [content("Low tide.")],
    ),
    "parts and items side by side, in the order they began": (
        [text("b", 2), text("a", 1), added(1, 1), text("c", 1, 1), text("B", 2), text("A", 1)],
        [content("b", 0), content("a", 1), content("c", 2), content("B", 0), content("A", 1)],
    ),
    "a part without text before others": (
        [added(0, 0), text_done(""), added(0, 1), text("Ebb", 0, 1), message_done("", "Ebb")],
        [content("Ebb")],
    ),
    "a refusal": (
        [
            say("refusal.delta", content_index=0, delta="I must "),
            say("refusal.delta", content_index=0, delta="not."),
            say("refusal.done", content_index=0, refusal="I must not."),
            item("done", 0, "message", content=parts("I must not.", kind="refusal")),
        ],
        [refusal("I must "), refusal("not.")],
    ),
    "a refusal that came whole": (
        [say("refusal.done", content_index=0, refusal="No.")],
        [refusal("No.")],
    ),
    "raw reasoning": (
        [
            *(item("added", 0, "reasoning", summary=[], content=[]), raw("Wet. "), raw("So sea.")),
            say("reasoning_text.done", content_index=0, text="Wet. So sea."),
            item(
                "done",
                0,
                "reasoning",
                summary=[],
                content=parts("Wet. So sea.", kind="reasoning_text"),
            ),
        ],
        [reasoning("Wet. "), reasoning("So sea.")],
    ),
    "summaries, each a channel": (
        [
            *(say_summary_part("added", 0), summary("Wet"), summary("ter")),
            *(say_summary_part("added", 1), summary("So ", part=1), summary("sea", part=1)),
            *(say_summary_part("done", 1, "So sea."), say_summary_part("done", 0, "Wetter")),
        ],
        [
            *(reasoning("Wet"), reasoning("ter")),
            *(reasoning("So ", 1), reasoning("sea", 1), reasoning(".", 1)),
        ],
    ),
    "parts that are done before the next, and not announced": (
        [text("Ebb"), text_done("Ebb"), text("Flow", 0, 1), text_done("Flow", 0, 1)],
        [content("Ebb"), content("Flow", 1)],
    ),
    "an index that counts on at every delta (vLLM)": (
        [
            *(added(0, 0), text("Ebb ", 0, 1), text("tide", 0, 2)),
            *(text_done("Ebb tide", 0, 3), part_done("Ebb tide", 0, 4), message_done("Ebb tide")),
        ],
        [content("Ebb "), content("tide")],
    ),
    "an index that counts on through two parts": (
        [
            *(added(0, 0), text("Ebb", 0, 1), part_done("Ebb", 0, 2)),
            *(added(0, 3), text("Flow", 0, 4), text("s", 0, 5), message_done("Ebb", "Flows")),
        ],
        [content("Ebb"), content("Flow", 1), content("s", 1)],
    ),
    "an index that counts on from the item before (vLLM)": (
        [
            *(added(0, 0), text("Ebb"), message_done("Ebb"), added(1, 1), text("Flow", 1, 1)),
            *(text_done("Flow", 1, 1), message_done("Flow", place=1)),
        ],
        [content("Ebb"), content("Flow", 1)],
    ),
    "a part of reasoning that is called a text (vLLM)": (
        [
            *(item("added", 0, "reasoning"), raw("Wet"), added(0, 0), part_done("Wet")),
            item("done", 0, "reasoning", content=parts("Wet")),
        ],
        [reasoning("Wet")],
    ),
    "a summary that came whole": (
        [
            say_summary_part("done", 0, "Wet."),
            item("done", 0, "reasoning", summary=parts("Wet.", kind="summary_text")),
        ],
        [reasoning("Wet.")],
    ),
    "reasoning under two names, once": (
        [
            *(summary("Wet"), raw("Wet"), summary("ter"), raw("ter")),
            item(
                "done",
                0,
                "reasoning",
                content=parts("Wetter", kind="reasoning_text"),
                summary=parts("Wetter", kind="summary_text"),
            ),
        ],
        [reasoning("Wet"), reasoning("ter")],
    ),
    "reasoning under two names that came whole: the raw text": (
        [
            item(
                "done",
                0,
                "reasoning",
                content=parts("Wet and cold.", kind="reasoning_text"),
                summary=parts("Wet.", kind="summary_text"),
            ),
        ],
        [reasoning("Wet and cold.")],
    ),
    "another item's reasoning, under its own name": (
        [raw("Wet"), summary("Cold", 1)],
        [reasoning("Wet"), reasoning("Cold", 1)],
    ),
}


@pytest.mark.parametrize("name", SAID)
def test_texts_are_said_once_and_per_part(name):
    messages, said = SAID[name]
    assert read(*messages) == said


def test_the_type_tells_what_an_event_is_and_else_the_event_type_does():
    typed = text("Ebb")
    bare = {name: value for name, value in typed.items() if name != "type"}
    said = [content("Ebb")]
    assert read(typed) == read((typed["type"], typed)) == read((typed["type"], bare)) == said
    assert read(("response.refusal.delta", typed)) == said


# --- calls ---------------------------------------------------------------------------------------

CLICK = {"type": "click", "x": 3, "y": 4}
CALLED = {
    "deltas": (
        [
            *(call("added"), argue('{"to":'), argue('"Isle"}')),
            say("function_call_arguments.done", arguments='{"to":"Isle"}'),
            call("done", 0, '{"to":"Isle"}', status="completed"),
        ],
        tool(0, "call_0", "ferry", '{"to":', '"Isle"}'),
    ),
    "no deltas, the arguments whole (LM Studio)": (
        [
            *(call("added"), say("function_call_arguments.done", arguments='{"to":1}')),
            call("done", 0, '{"to":1}'),
        ],
        tool(0, "call_0", "ferry", '{"to":1}'),
    ),
    "nothing but the item as it is done": (
        [call("done", 0, '{"to":1}')],
        tool(0, "call_0", "ferry", '{"to":1}'),
    ),
    "arguments that the call begins with, held until it is done": (
        [call("added", 0, '{"to":1}'), call("done", 0, '{"to":1}')],
        tool(0, "call_0", "ferry", '{"to":1}'),
    ),
    "arguments as an object": (
        [call("done", 0, {"to": 1})],
        tool(0, "call_0", "ferry", '{"to": 1}'),
    ),
    "no arguments": (
        [call("added"), call("done", 0, "")],
        tool(0, "call_0", "ferry", "{}"),
    ),
    "no arguments, and no end of the item": (
        [call("added"), end()],
        [*tool(0, "call_0", "ferry", "{}"), *COMPLETED],
    ),
    "an unfinished call, left open": (
        [call("added"), argue('{"to'), call("done", 0, '{"to', status="incomplete")],
        tool(0, "call_0", "ferry", '{"to'),
    ),
    "an unfinished call without arguments, left open": (
        [call("added"), call("done", 0, "", status="incomplete"), end("incomplete")],
        [*tool(0, "call_0", "ferry"), Finish("incomplete"), Done()],
    ),
    "the id of the item where there is none of the call": (
        [call("added", call_id=None)],
        tool(0, "item_0", "ferry"),
    ),
    "an id and a name that come only as the item is done": (
        [argue("{}"), call("done", 0, "{}")],
        [*tool(0, None, None, "{}"), *tool(0, "call_0", "ferry")],
    ),
    "a name that comes with the whole arguments (OpenRouter)": (
        [say("function_call_arguments.done", arguments="{}", name="ferry")],
        tool(0, None, "ferry", "{}"),
    ),
    "a call told twice": ([call("added"), call("added")], tool(0, "call_0", "ferry")),
    "arguments behind a call that is done": (
        [call("done", 0, "{}"), argue("{}")],
        tool(0, "call_0", "ferry", "{}"),
    ),
    "parallel calls": (
        [call("added", 1), call("added", 2), argue("[", 2), argue("{", 1), argue("]", 2)],
        [
            *(*tool(0, "call_1", "ferry"), *tool(1, "call_2", "ferry", "[")),
            *(tool(0, "call_1", "ferry", "{")[1], tool(1, "call_2", "ferry", "]")[1]),
        ],
    ),
    "a call of a server of tools": (
        [
            call("added", kind="mcp_call"),
            *(say("mcp_call.in_progress"), say("mcp_call_arguments.delta", delta='{"a":2}')),
            say("mcp_call_arguments.done", arguments='{"a":2}'),
            *(say("mcp_call.completed"), call("done", 0, '{"a":2}', kind="mcp_call")),
        ],
        tool(0, "call_0", "ferry", '{"a":2}'),
    ),
    "an action, as the arguments of a tool named by the type": (
        [
            item("added", 0, "computer_call", call_id="call_0"),
            item("done", 0, "computer_call", call_id="call_0", action=CLICK),
        ],
        tool(0, "call_0", "computer", json.dumps(CLICK)),
    ),
    "several actions": (
        [item("done", 0, "computer_call", call_id="call_0", actions=[CLICK])],
        tool(0, "call_0", "computer", json.dumps([CLICK])),
    ),
    "a shell's action, whole as the item is done": (
        [
            item("added", 0, "shell_call", call_id="call_0", action={"commands": []}),
            say("shell_call_command.added", command_index=0, command=""),
            say("shell_call_command.delta", command_index=0, delta="ls"),
            say("shell_call_command.done", command_index=0, command="ls"),
            item("done", 0, "shell_call", call_id="call_0", action={"commands": ["ls"]}),
        ],
        tool(0, "call_0", "shell", '{"commands": ["ls"]}'),
    ),
    "a patch": (
        [
            say("apply_patch_call_operation_diff.delta", delta="+a"),
            item("done", 0, "apply_patch_call", call_id="call_0", operation={"diff": "+a"}),
        ],
        tool(0, "call_0", "apply_patch", '{"diff": "+a"}'),
    ),
}


@pytest.mark.parametrize("name", CALLED)
def test_a_call_is_announced_then_grows(name):
    messages, said = CALLED[name]
    assert told(read(*messages)) == told(said)


# --- arguments that are no JSON ------------------------------------------------------------------

FREE = {
    "deltas": ([write('a "b"\n'), write("{c")], ['"a \\"b\\"\\n', "{c", '"']),
    "the whole text": ([say("custom_tool_call_input.done", input="{c")], ['"{c', '"']),
    "no text": ([], ['""']),
    "a pair that deltas cut": ([write("\ud83c"), write("\udf0a")], ['"\\ud83c', "\\udf0a", '"']),
}


@pytest.mark.parametrize("name", FREE)
def test_free_text_comes_as_a_json_string(name):
    events, texts = FREE[name]
    written = json.loads("".join(texts))
    messages = [custom("added"), *events, custom("done", written, status="completed")]
    assert told(read(*messages)) == told(tool(0, "call_0", "poem", *texts))


def test_free_text_is_closed_by_the_end_of_the_response_too():
    said = tool(0, "call_0", "poem", '"Oh ', '"')
    assert read(custom("added"), write("Oh "), end()) == [*said, *COMPLETED]


@pytest.mark.parametrize("last", [custom("done", "Oh ", status="incomplete"), end("incomplete")])
def test_free_text_that_was_cut_stays_open(last):
    said = read(custom("added"), write("Oh "), last)
    assert [one for one in said if type(one) is Delta] == tool(0, "", "", '"Oh ')[1:]


def test_code_comes_as_a_json_string_and_its_output_unread():
    done = item("done", 0, "code_interpreter_call", code="1+1", outputs=[{"logs": "2"}])
    messages = [
        item("added", 0, "code_interpreter_call", code="", outputs=None),
        *(
            say("code_interpreter_call.in_progress"),
            say("code_interpreter_call_code.delta", delta="1+1"),
        ),
        *(
            say("code_interpreter_call_code.done", code="1+1"),
            say("code_interpreter_call.completed"),
        ),
    ]
    said = tool(0, "item_0", "code_interpreter", '"1+1', '"')
    unread = Unknown("message", done)
    assert told(read(*messages, done)) == told([*said, unread])
    assert read(*messages, done, end("completed", done["item"])) == [*said, unread, *COMPLETED]


# --- items that are hard to find -----------------------------------------------------------------


def without(message, *names):
    return {name: value for name, value in message.items() if name not in names}


FOUND = {
    "items without an index": (
        [without(one, "output_index") for one in (text("a"), text("b", 1), text("A"))],
        [content("a"), content("b", 1), content("A")],
    ),
    "items without an index or an id": (
        [without(one, "output_index", "item_id") for one in (text("a"), raw("b"), text("A"))],
        [content("a"), reasoning("b"), content("A")],
    ),
    "another id in every event (GitHub Copilot)": (
        [
            call("added"),
            *({**argue(one), "item_id": f"x{one}"} for one in ("{", "}")),
            {**call("done", 0, "{}"), "item": {**call("done", 0, "{}")["item"], "id": "y"}},
        ],
        tool(0, "call_0", "ferry", "{", "}"),
    ),
    "one index for items of every family (LiteLLM)": (
        [
            raw("Wet"),
            *({**text(one), "item_id": "msg"} for one in ("Ebb ", "tide")),
            *({**call("added", 3), "output_index": 0}, {**argue("{}", 3), "output_index": 0}),
            {**message_done("Ebb tide"), "output_index": 0},
        ],
        [reasoning("Wet"), content("Ebb "), content("tide"), *tool(0, "call_3", "ferry", "{}")],
    ),
    "another id and another index as a call is done (vLLM)": (
        [
            *(call("added"), argue("{}")),
            item(
                "done", 1, "function_call", id=None, item_id="item_0", call_id="z", arguments="{}"
            ),
        ],
        tool(0, "call_0", "ferry", "{}"),
    ),
    "one index for two calls that come whole": (
        [{**call("done", place, "{}"), "output_index": 0} for place in (1, 2)],
        [*tool(0, "call_1", "ferry", "{}"), *tool(1, "call_2", "ferry", "{}")],
    ),
    "an item that has another id at the end (OpenRouter)": (
        [
            raw("Wet"),
            end(
                "completed",
                {"type": "reasoning", "id": "z", "content": parts("Wet", kind="reasoning_text")},
            ),
        ],
        [reasoning("Wet"), *COMPLETED],
    ),
}


@pytest.mark.parametrize("name", FOUND)
def test_an_item_is_found_by_what_there_is(name):
    messages, said = FOUND[name]
    assert told(read(*messages)) == told(said)


# --- the whole response --------------------------------------------------------------------------

OUTPUT = [
    {"type": "reasoning", "id": "r", "summary": parts("Wet.", kind="summary_text")},
    {"type": "message", "id": "m", "content": parts("Ebb", "Flow")},
    {"type": "web_search_call", "id": "w", "action": {"query": "tide"}},
    call("done", 1, '{"to":1}')["item"],
    call("done", 2, "")["item"],
]
SPOKEN = [
    *(reasoning("Wet."), content("Ebb"), content("Flow", 1), Unknown("message", OUTPUT[2])),
    *(*tool(0, "call_1", "ferry", '{"to":1}'), *tool(1, "call_2", "ferry", "{}")),
]
ENDED = [Finish("completed"), Usage(9, 4, COUNTED), Done()]


def test_a_whole_response_is_one_message():
    whole = response("completed", *OUTPUT, usage=COUNTED)
    assert told(read(whole)) == told([*SPOKEN, *ENDED])


def test_a_response_without_ids_is_read_whole():
    output = [without(one, "id", "call_id") for one in OUTPUT]
    said = read(response("completed", *output))
    assert [one.text for one in said if type(one) is Delta] == [
        "Wet.",
        "Ebb",
        "Flow",
        '{"to":1}',
        "{}",
    ]


def test_output_that_no_event_told_comes_at_the_end():
    assert told(read(created(), end("completed", *OUTPUT, usage=COUNTED))) == told(
        [*SPOKEN, *ENDED]
    )


def test_calls_that_no_event_told_come_at_the_end_though_texts_were_told():
    message = {"type": "message", "id": "item_0", "content": parts("Ebb and flow")}
    said = [content("Ebb"), content(" and flow"), *tool(0, "call_1", "ferry", "{}"), *COMPLETED]
    assert read(text("Ebb"), end("completed", message, call("done", 1, "{}")["item"])) == said


def test_a_response_that_runs_says_what_is_new_each_time():
    def message(*texts):
        return {"type": "message", "id": "m", "content": parts(*texts)}

    polled = [
        *(response("queued"), response("in_progress", message("Ebb"))),
        *(response("in_progress", message("Ebb")), response("in_progress", message("Ebb and"))),
        response("completed", message("Ebb and", "flow")),
    ]
    said = [content("Ebb"), content(" and"), content("flow", 1)]
    assert read(*polled) == [*said, *COMPLETED]


def test_a_whole_response_without_a_status_ends_without_a_reason():
    assert read(without(response("", OUTPUT[1]), "status")) == [
        *(content("Ebb"), content("Flow", 1), Done())
    ]


# --- how a response ends -------------------------------------------------------------------------

SERVER = {"code": "server_error", "message": "Not now."}
ENDINGS = {
    "completed": (end("completed", usage=COUNTED), ENDED),
    "completed, and nothing else is told": ({"type": "response.completed"}, COMPLETED),
    "the limit": (
        end("incomplete", incomplete_details={"reason": "max_output_tokens"}),
        [Finish("max_output_tokens"), Done()],
    ),
    "the filter": (
        end("incomplete", incomplete_details={"reason": "content_filter"}, usage=COUNTED),
        [Finish("content_filter"), Usage(9, 4, COUNTED), Done()],
    ),
    "incomplete for no reason": (end("incomplete"), [Finish("incomplete"), Done()]),
    "an event that says less than the status": (
        {"type": "response.completed", "response": response("incomplete")},
        [Finish("incomplete"), Done()],
    ),
    "a status that cannot be": (
        {"type": "response.completed", "response": response("in_progress")},
        COMPLETED,
    ),
    "response.done": ({"type": "response.done", "response": response()}, COMPLETED),
    "cancelled": (end("cancelled"), [Finish("cancelled"), Done()]),
    "failed": (
        end("failed", error=SERVER, usage=COUNTED),
        [Failure("Not now.", "server_error", retryable=True), Usage(9, 4, COUNTED), Done()],
    ),
    "failed for good": (
        end("failed", error={"code": "invalid_prompt", "message": "No."}),
        [Failure("No.", "invalid_prompt"), Done()],
    ),
    "failed for no reason": (
        end("failed"),
        [Failure("the response failed", "failed"), Done()],
    ),
    "failed, and the error stands beside": (
        {"type": "response.failed", "error": SERVER},
        [Failure("Not now.", "server_error", retryable=True), Done()],
    ),
    "an error takes the place of the finish": (
        end("incomplete", error=SERVER),
        [Failure("Not now.", "server_error", retryable=True), Done()],
    ),
}


@pytest.mark.parametrize("name", ENDINGS)
def test_a_response_ends_with_its_reason(name):
    message, said = ENDINGS[name]
    assert read(created(), text("Lo"), message) == [content("Lo"), *said]


def test_a_cancelled_call_stays_open():
    said = read(custom("added"), write("Oh "), end("cancelled"))
    assert said == [*tool(0, "call_0", "poem", '"Oh '), Finish("cancelled"), Done()]


# --- errors --------------------------------------------------------------------------------------

LIMITED = {"code": "rate_limit_exceeded", "message": "Not now.", "param": None}
ERRORS = {
    "flat": ({"type": "error", "sequence_number": 3, **LIMITED}, {"param": None}),
    "nested": (
        {"type": "error", "sequence_number": 3, "error": {**LIMITED, "type": "requests"}},
        {"param": None, "type": "requests"},
    ),
    "under a name of its own": ({"type": "response.error", "error": LIMITED}, {"param": None}),
    "without a type": ({"error": LIMITED}, {"param": None}),
    "told by the event type": (("error", LIMITED), {"param": None}),
}


@pytest.mark.parametrize("name", ERRORS)
def test_an_error_is_read_in_each_of_its_shapes(name):
    message, metadata = ERRORS[name]
    failure = Failure("Not now.", "rate_limit_exceeded", retryable=True, metadata=metadata)
    assert read(text("Lo"), message) == [content("Lo"), failure]


def test_an_error_without_a_code_has_none():
    assert read({"type": "error", "message": "Not now.", "code": None}) == [Failure("Not now.")]


def test_an_error_is_said_once():
    error = {"type": "error", **SERVER}
    failure = Failure("Not now.", "server_error", retryable=True)
    assert read(error, error, end("failed", error=SERVER)) == [failure, Done()]
    assert read(text("Lo"), error, created(), error)[1:] == [failure, Restart(), failure]
    other = end("failed", error={"code": "invalid_prompt", "message": "No."})
    assert read(error, other) == [failure, Failure("No.", "invalid_prompt"), Done()]


# --- what else there is --------------------------------------------------------------------------


def test_a_response_in_the_place_of_another_is_a_restart():
    said = [content("Lo"), Restart(), content("Hi")]
    assert read(created(), text("Lo"), created("resp_2"), text("Hi")) == said
    assert read(created(), text("Lo"), created(), text("Hi")) == said
    assert read(created(), created("resp_2")) == [Restart()]


def test_a_response_created_twice_before_it_speaks_is_no_news():
    assert read(created(), created(), text("Lo")) == [content("Lo")]


BEATS = ["ping", "keepalive", "response.keep_alive", "response.keepalive"]


@pytest.mark.parametrize("kind", BEATS)
def test_a_sign_of_life_is_a_heartbeat(kind):
    assert read({"type": kind}, (kind, {"sequence_number": 4}), "") == [Heartbeat()] * 3


QUIET = [
    created(),
    *({"type": f"response.{state}", "response": response(state)} for state in ("queued",)),
    {"type": "response.in_progress", "response": response("in_progress")},
    item("added", 0, "message", content=[], role="assistant"),
    item("added", 0, "reasoning", summary=[]),
    item("added", 0, "image_generation_call", status="in_progress"),
    item("done", 0, "reasoning", summary=[], encrypted_content="c2Vh"),
    added(0, 0),
    say_summary_part("added", 0),
    say("content_part.added", part={"type": "melody"}),
    say("web_search_call.searching"),
    say("file_search_call.completed"),
    say("image_generation_call.generating"),
    say("mcp_list_tools.failed"),
]


@pytest.mark.parametrize("message", QUIET, ids=lambda message: message["type"])
def test_what_is_known_and_no_news_says_nothing(message):
    assert read(message) == []


UNREAD = [
    {"type": "response.melody.delta", "delta": "la"},
    {"type": "response.steer.failed", "error": {"message": "Too late."}},
    {"type": "tide"},
    {"half": 1},
    item("done", 0, "image_generation_call", result="c2Vh"),
    item("done", 0, "melody"),
    say("image_generation_call.partial_image", partial_image_b64="c2Vh"),
    say("output_text.annotation.added", annotation={"type": "url_citation"}),
    say("content_part.done", part={"type": "melody"}),
    say("shell_call_output_content.delta", delta={"stdout": "a"}),
]


@pytest.mark.parametrize("message", UNREAD, ids=lambda message: message.get("type", "none"))
def test_what_is_not_read_is_passed_on(message):
    assert read(message) == [Unknown("message", message)]


def test_nothing_is_read_behind_the_end():
    late = text("Hi")
    assert read(text("Lo"), end(), late) == [
        *(content("Lo"), *COMPLETED, Unknown("message", json.dumps(late)))
    ]


# --- promises ------------------------------------------------------------------------------------

JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=4,
)
INNER = [
    *("type", "id", "call_id", "name", "arguments", "input", "code", "action", "content", "status"),
    *("summary", "output", "error", "usage", "incomplete_details", "text", "refusal", "response"),
]
OUTER = [
    *("item", "item_id", "output_index", "content_index", "summary_index", "delta", "text", "part"),
    *("response", "error", "object", "arguments", "input", "name", *INNER),
]
TYPES = st.sampled_from(
    [
        *(f"response.{state}" for state in ("created", "completed", "failed", "incomplete")),
        *(f"response.output_text.{stage}" for stage in ("delta", "done")),
        *(f"response.reasoning_text.{stage}" for stage in ("delta", "done")),
        *(f"response.function_call_arguments.{stage}" for stage in ("delta", "done")),
        *(f"response.custom_tool_call_input.{stage}" for stage in ("delta", "done")),
        *(f"response.output_item.{stage}" for stage in ("added", "done")),
        *("response.content_part.done", "response.error", "error"),
    ]
)
KINDS = st.sampled_from(
    [
        *("message", "reasoning", "function_call", "custom_tool_call", "shell_call", "mcp_call"),
        *("output_text", "summary_text", "refusal", "response", "completed", "in_progress"),
    ]
)
HELD = st.dictionaries(st.sampled_from(INNER), st.lists(JUNK | KINDS, max_size=2) | JUNK | KINDS)
MEMBERS = HELD | st.lists(HELD, max_size=2) | JUNK | KINDS


@given(
    st.lists(
        st.builds(
            lambda kind, members: {**members, "type": kind},
            TYPES | KINDS | JUNK,
            st.dictionaries(st.sampled_from(OUTER), MEMBERS),
        ),
        max_size=6,
    )
)
def test_nothing_that_a_server_sends_raises(messages):
    announced = set()
    for one in read(*messages):
        if isinstance(one, ToolCall):
            announced.add(one.channel)
        elif isinstance(one, Restart):
            announced.clear()
        elif isinstance(one, Delta):
            assert one.text
            assert one.channel.kind != "tool" or one.channel in announced
