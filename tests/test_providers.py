"""Messages of chat completions to items: each shape by hand, then other people's streams.

The hand-written messages are twins of what providers send: their members and their order, with
words of our own. With `--corpora DIR` every recorded stream of the shape is read as well.
"""

from __future__ import annotations

import copy
import json
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partialjson.errors import ProviderError
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
)
from partialjson.wire.providers import PROVIDERS, ChatDecoder

CONTENT, REASONING, REFUSAL = Channel("content"), Channel("reasoning"), Channel("refusal")


def read(*messages, event="message"):
    """All items of some messages; one that is no text is the JSON of a message."""
    decoder = ChatDecoder()
    texts = [one if isinstance(one, str) else json.dumps(one) for one in messages]
    items = [item for text in texts for item in decoder.feed(text, event)]
    return items + decoder.close()


def chunk(*choices, **members):
    return {"id": "gen-lamp", "object": "chat.completion.chunk", "choices": [*choices], **members}


def delta(index=0, finish=None, /, **members):
    return chunk({"index": index, "delta": members, "finish_reason": finish})


def call(arguments=None, name=None, **members):
    function = {"name": name, "arguments": arguments}
    function = {key: value for key, value in function.items() if value is not None}
    return {"type": "function", "function": function, **members}


def calls(*entries):
    return delta(tool_calls=[*entries])


def tools(items):
    """The tool calls in order: `(id, name, arguments)`, by the last that was said of each."""
    held, texts = {}, {}
    for item in items:
        if isinstance(item, ToolCall):
            held[item.channel.choice, item.channel.index] = item.channel
        elif isinstance(item, Delta) and item.channel.kind == "tool":
            place = item.channel.choice, item.channel.index
            assert place in held, "a call is announced before it grows"
            texts[place] = texts.get(place, "") + item.text
    return [(one.id, one.name, texts.get(place, "")) for place, one in sorted(held.items())]


def passing(message, code=None, metadata=None):
    """A failure that is worth another try."""
    return Failure(message, code, retryable=True, metadata=metadata)


# --- texts ---------------------------------------------------------------------------------------

SAID = {
    "content": ({"content": "Owls "}, [("content", "Owls ")]),
    "no content": ({"content": None, "role": "assistant"}, []),
    "an absent content": ({"role": "assistant"}, []),
    "an empty text": ({"content": "", "refusal": "", "reasoning": ""}, []),
    "a refusal": ({"content": None, "refusal": "I will not."}, [("refusal", "I will not.")]),
    "reasoning of Groq": ({"reasoning": "Hm. ", "channel": "analysis"}, [("reasoning", "Hm. ")]),
    "reasoning of DeepSeek, xAI, vLLM": (
        {"content": None, "reasoning_content": "Well, "},
        [("reasoning", "Well, ")],
    ),
    "reasoning before the content of the same delta": (
        {"content": "Yes", "reasoning": "Sure."},
        [("reasoning", "Sure."), ("content", "Yes")],
    ),
    "reasoning under two names, once": (
        {"reasoning": "Let us see", "reasoning_content": "Let us see"},
        [("reasoning", "Let us see")],
    ),
    "reasoning that OpenRouter details, once": (
        {
            "reasoning": "A moth",
            "reasoning_details": [{"type": "reasoning.text", "text": "A moth", "index": 0}],
        },
        [("reasoning", "A moth")],
    ),
    "details alone": (
        {
            "reasoning": None,
            "reasoning_details": [
                {"type": "reasoning.text", "text": "A moth "},
                {"type": "reasoning.summary", "summary": "near a lamp"},
                {"type": "reasoning.encrypted", "data": "bW90aA=="},
                {"type": "reasoning.text", "signature": "c2ln"},
                {"text": "of no type"},
            ],
        },
        [("reasoning", "A moth near a lamp")],
    ),
    "parts of Mistral": (
        {
            "content": [
                {"type": "thinking", "thinking": [{"type": "text", "text": "Six, "}, 7, {}]},
                {"type": "thinking", "thinking": "seven."},
                {"type": "text", "text": "Se"},
                {"type": "reference", "reference_ids": [1]},
                "ven",
            ]
        },
        [("reasoning", "Six, "), ("reasoning", "seven."), ("content", "Se"), ("content", "ven")],
    ),
    "a part that is refused": (
        {"content": [{"type": "refusal", "refusal": "No."}]},
        [("refusal", "No.")],
    ),
    "a part of a type unheard of, by its text": (
        {"content": [{"type": "output_text", "text": "Elm"}, {"text": "Oak"}]},
        [("content", "Elm"), ("content", "Oak")],
    ),
    "members of the wrong type, left unread": (
        {"content": {"a": 1}, "refusal": 4, "reasoning": ["x"], "reasoning_details": "y"},
        [],
    ),
}


@pytest.mark.parametrize("case", SAID)
def test_a_delta_says(case):
    members, expected = SAID[case]
    assert read(delta(**members)) == [Delta(Channel(kind), text) for kind, text in expected]


def test_each_choice_has_channels_of_its_own():
    said = read(delta(1, content="left"), delta(0, content="right"), delta(1, content="!"))
    assert [(one.channel.choice, one.text) for one in said] == [
        (1, "left"),
        (0, "right"),
        (1, "!"),
    ]
    assert said[0].channel == said[2].channel != said[1].channel


def test_choices_without_an_index_are_counted():
    answer = chunk({"delta": {"content": "a"}}, {"delta": {"content": "b"}, "index": True})
    assert [one.channel.choice for one in read(answer)] == [0, 1]


def test_a_whole_completion_is_read_as_one_message():
    answer = {
        "object": "chat.completion",
        "choices": [
            {
                "index": 0,
                "message": {"content": "Done.", "tool_calls": [call("{}", "rest", id="c1")]},
                "finish_reason": "stop",
            },
            {"index": 1, "message": {"refusal": "No."}, "finish_reason": "stop"},
        ],
        "usage": {"prompt_tokens": 3, "completion_tokens": 4},
    }
    tool = Channel("tool", 0, "c1", "rest")
    assert read(json.dumps(answer, indent=2)) == [
        Delta(CONTENT, "Done."),
        ToolCall(tool),
        Delta(tool, "{}"),
        Delta(Channel("refusal", choice=1), "No."),
        Finish("stop", 0),
        Finish("stop", 1),
        Usage(3, 4, answer["usage"]),
    ]


@pytest.mark.parametrize("beside", [{"delta": {"content": "Fin"}}, {}])
def test_a_message_beside_or_after_deltas_only_repeats_them(beside):
    last = chunk({"index": 0, **beside, "message": {"content": "The Fin"}})
    texts = [one.text for one in read(delta(content="The "), last)]
    assert texts == ["The ", *(["Fin"] if beside else [])]


# --- tool calls ----------------------------------------------------------------------------------

ROUTES = {
    "an id and a name once, then the index alone": (
        [
            calls(call("", "find", index=0, id="c1")),
            calls(call('{"q":', index=0)),
            calls(call("", "open", index=1, id="c2")),
            calls(call("1}", index=0), call('{"n":2}', index=1)),
        ],
        [("c1", "find", '{"q":1}'), ("c2", "open", '{"n":2}')],
    ),
    "an id and a name that are repeated": (
        [
            calls(call('{"q', "find", index=0, id="c1")),
            calls(call('":1}', "find", index=0, id="c1")),
        ],
        [("c1", "find", '{"q":1}')],
    ),
    "names and ids that are empty later": (
        [
            calls(call('{"q', "find", index=0, id="c1")),
            calls(call('":1}', "", index=0, id="")),
        ],
        [("c1", "find", '{"q":1}')],
    ),
    "a name that is repeated with an index and no id": (
        [calls(call('{"q', "find", index=0)), calls(call('":1}', "find", index=0))],
        [(None, "find", '{"q":1}')],
    ),
    "whole calls without an index": (
        [calls(call('{"a":1}', "plus", id="c1"), call('{"a":2}', "minus", id="c2"))],
        [("c1", "plus", '{"a":1}'), ("c2", "minus", '{"a":2}')],
    ),
    "parallel calls that are all counted 0": (
        [
            calls(call('{"a":1}', "plus", index=0, id="c1")),
            calls(call('{"a":2}', "plus", index=0, id="c2")),
            calls(call('{"a":3}', "plus", index=0, id="c3")),
        ],
        [("c1", "plus", '{"a":1}'), ("c2", "plus", '{"a":2}'), ("c3", "plus", '{"a":3}')],
    ),
    "an id that was seen, at an index that another call took since": (
        [
            calls(call('{"a":', "plus", index=0, id="c1")),
            calls(call('{"b":', "minus", index=0, id="c2")),
            calls(call("1}", index=0, id="c1")),
            calls(call("2}", id="c2")),
        ],
        [("c1", "plus", '{"a":1}'), ("c2", "minus", '{"b":2}')],
    ),
    "an index without an id goes to the call that was last there": (
        [
            calls(call("", "plus", index=0, id="c1")),
            calls(call("", "minus", index=0, id="c2")),
            calls(call('{"b":2}', index=0)),
        ],
        [("c1", "plus", ""), ("c2", "minus", '{"b":2}')],
    ),
    "neither id nor index: the call that began last": (
        [
            calls(call("", "plus", id="c1")),
            calls(call('{"a"', "")),
            calls(call(":1}")),
            calls(call("[]", "minus", id="c2")),
        ],
        [("c1", "plus", '{"a":1}'), ("c2", "minus", "[]")],
    ),
    "whole calls of one tool with neither id nor index": (
        [calls(call('{"a":1}', "plus", id=""), call('{"a":2}', "plus", id=""))],
        [(None, "plus", '{"a":1}'), (None, "plus", '{"a":2}')],
    ),
    "whole calls of two tools, counted 0, without ids": (
        [calls(call("[1]", "plus", index=0)), calls(call("[2]", "minus", index=0))],
        [(None, "plus", "[1]"), (None, "minus", "[2]")],
    ),
    "a new id for each delta of a call": (
        [
            calls(call('{"q', "find", index=0, id="r1")),
            calls(call('":', index=0, id="r2")),
            calls(call("1}", index=0, id="r3")),
        ],
        [("r1", "find", '{"q":1}')],
    ),
    "an id and a name that come late": (
        [
            calls(call("{", index=0)),
            calls(call("", "find", index=0)),
            calls(call("}", index=0, id="c1")),
        ],
        [("c1", "find", "{}")],
    ),
    "an id that comes late, with the name once more": (
        [calls(call("{", "find", index=0)), calls(call("}", "find", index=0, id="c1"))],
        [("c1", "find", "{}")],
    ),
    "calls that the provider counts from 1": (
        [calls(call("[1]", "plus", index=1, id="c1")), calls(call("[2]", "minus", index=3))],
        [("c1", "plus", "[1]"), (None, "minus", "[2]")],
    ),
    "arguments that come as an object": (
        [calls(call({"a": [1, "é"]}, "plus", index=0, id="c1"))],
        [("c1", "plus", '{"a": [1, "\\u00e9"]}')],
    ),
    "a call without arguments": (
        [calls(call("", "now", index=0, id="c1"))],
        [("c1", "now", "")],
    ),
    "a call of nothing": ([calls({}, {"index": 0}, call("", ""), "x", {"function": []})], []),
    "the one call there was before tool calls": (
        [
            delta(function_call={"name": "find", "arguments": ""}),
            delta(function_call={"name": "find", "arguments": '{"q":'}),
            delta(function_call={"arguments": "1}"}),
        ],
        [(None, "find", '{"q":1}')],
    ),
}


@pytest.mark.parametrize("case", ROUTES)
def test_a_delta_finds_its_tool_call(case):
    messages, expected = ROUTES[case]
    assert tools(read(*messages)) == expected


def test_a_call_is_announced_once_and_again_when_its_name_comes_late():
    said = read(
        calls(call("{", index=0, id="c1")),
        calls(call("}", "find", index=0)),
        calls(call(" ", "find", index=0, id="c1")),
    )
    early, late = Channel("tool", 0, "c1"), Channel("tool", 0, "c1", "find")
    assert said == [
        *(ToolCall(early), Delta(early, "{")),
        *(ToolCall(late), Delta(late, "}")),
        Delta(late, " "),
    ]
    assert [item.channel.name for item in said] == [None, None, "find", "find", "find"]


def test_a_call_has_one_channel_from_its_first_delta_to_its_last():
    early, late = Channel("tool", 0), Channel("tool", 0, "c1", "find")
    assert early == late
    assert len({early, late, Channel("tool", 0, "c2")}) == 1
    assert len({late, Channel("tool", 1), Channel("tool", 0, choice=1), CONTENT}) == 4


def test_calls_of_two_choices_do_not_meet():
    said = read(
        delta(0, tool_calls=[call("[1", "plus", index=0, id="c1")]),
        delta(1, tool_calls=[call("[2", "plus", index=0, id="c2")]),
        delta(0, tool_calls=[call("]", index=0)]),
        delta(1, tool_calls=[call("]", index=0)]),
    )
    assert tools(said) == [("c1", "plus", "[1]"), ("c2", "plus", "[2]")]


# --- ends ----------------------------------------------------------------------------------------


def test_a_finish_reason_is_said_once_for_each_choice():
    said = read(delta(0, "stop"), delta(1, "length"), delta(0, "stop"), delta(1, ""))
    assert said == [Finish("stop", 0), Finish("length", 1)]


def test_a_finish_reason_is_said_again_when_it_changes():
    end = {"index": 0, "delta": {}, "finish_reason": "stop"}
    said = read(chunk(end), chunk({**end, "native_finish_reason": "end_turn"}), delta(0, "length"))
    assert said == [Finish("stop"), Finish("stop", 0, "end_turn"), Finish("length")]


def test_a_finish_reason_may_come_with_the_last_text():
    assert read(delta(0, "stop", content=".")) == [Delta(CONTENT, "."), Finish("stop")]


COUNTED = {
    "without choices": chunk(usage={"prompt_tokens": 5, "completion_tokens": 6}),
    "with an empty choice": chunk(
        {"index": 0, "delta": {"content": ""}, "finish_reason": None},
        usage={"prompt_tokens": 5, "completion_tokens": 6},
    ),
    "alone": {"usage": {"prompt_tokens": 5, "completion_tokens": 6}},
    "by Groq alone": chunk(x_groq={"usage": {"prompt_tokens": 5, "completion_tokens": 6}}),
}


@pytest.mark.parametrize("case", COUNTED)
def test_usage_is_read(case):
    assert read(COUNTED[case]) == [Usage(5, 6, {"prompt_tokens": 5, "completion_tokens": 6})]


def test_usage_may_lack_counts_and_be_no_usage_at_all():
    assert read(chunk(usage={"total_tokens": 9})) == [Usage(None, None, {"total_tokens": 9})]
    assert not read(chunk(usage=None), chunk(usage={}), chunk(usage=3), chunk(x_groq={"id": "r"}))


@pytest.mark.parametrize("marker", ["[DONE]", " [DONE]\n"])
def test_the_end_marker_ends_the_stream(marker):
    assert read(delta(content="a"), marker) == [Delta(CONTENT, "a"), Done()]


def test_what_comes_after_the_end_marker_belongs_to_nobody():
    late = json.dumps(delta(content="b"))
    assert read("[DONE]", late, "[DONE]") == [Done(), Unknown("message", late)]


def test_a_decoder_serves_one_stream():
    decoder = ChatDecoder()
    assert decoder.close() == decoder.close() == []
    with pytest.raises(RuntimeError, match="feed after close"):
        decoder.feed("[DONE]")


# --- errors --------------------------------------------------------------------------------------

OUT = {"message": "The owl is out", "code": 502}
FAILURES = {
    "of OpenRouter, with what it knows": (
        chunk(
            error={**OUT, "metadata": {"error_type": "provider_unavailable", "raw": "…"}},
        ),
        passing("The owl is out", 502, {"error_type": "provider_unavailable", "raw": "…"}),
    ),
    "of OpenAI, with a type for a code": (
        {"error": {"message": "Too much", "type": "server_error", "param": None, "code": None}},
        passing("Too much", "server_error", {"type": "server_error", "param": None}),
    ),
    "as a text": ({"error": "The owl is out"}, Failure("The owl is out")),
    "as a text with facts beside it": (
        {"error": "Busy", "error_type": "overloaded"},
        passing("Busy", None, {"error_type": "overloaded"}),
    ),
    "as a short text with a longer one beside it": (
        {"error": "Internal Error", "message": "The owl fell"},
        Failure("The owl fell"),
    ),
    "as a mark with facts beside it": (
        {"error": True, "message": "Busy", "code": 503},
        passing("Busy", 503, {"error": True}),
    ),
    "inside a choice": (
        chunk({"index": 0, "delta": {}, "finish_reason": "error", "error": OUT}),
        passing("The owl is out", 502),
    ),
    "of vLLM before 2025": (
        {"object": "error", "message": "Too long", "type": "BadRequestError", "code": 400},
        Failure("Too long", 400, metadata={"object": "error", "type": "BadRequestError"}),
    ),
    "by the type of the message": (
        {"type": "error", "message": "Busy"},
        Failure("Busy", "error", metadata={"type": "error"}),
    ),
    "in a list": ([{"error": {**OUT, "code": 400}}], Failure("The owl is out", 400)),
    "whose message is no text": (
        {"error": {"message": {"detail": "x"}}},
        Failure('{"detail": "x"}'),
    ),
    "without a message": (
        {"error": {"code": [1]}},
        Failure("the provider reported an error without a message"),
    ),
    "with an empty message": (
        {"error": {"message": "", "metadata": "none"}},
        Failure("the provider reported an error without a message"),
    ),
}


@pytest.mark.parametrize("case", FAILURES)
def test_an_error_is_reported(case):
    message, expected = FAILURES[case]
    assert read(message) == [expected]


def test_an_error_has_a_text_before_it_and_usage_behind_it():
    message = chunk(
        {"index": 0, "delta": {"content": "Wai"}, "finish_reason": "length"},
        error={"message": "Limit", "code": 400},
        usage={"prompt_tokens": 1},
    )
    assert read(message, delta(0, "length")) == [
        Delta(CONTENT, "Wai"),
        Failure("Limit", 400),
        Usage(1, None, {"prompt_tokens": 1}),
    ]


def test_an_error_is_reported_after_a_finish_reason_too():
    said = read(delta(0, "length"), delta(0, "length"), chunk(error=OUT), "[DONE]")
    assert said == [Finish("length"), passing("The owl is out", 502), Done()]


def test_the_finish_reason_error_is_an_error_even_alone():
    end = {"index": 0, "delta": {}, "finish_reason": "error", "native_finish_reason": "upstream"}
    lost = passing("the provider broke the answer off", "upstream")
    assert read(chunk(end), chunk(end)) == [lost]
    assert read(delta(0, "error")) == [passing(lost.message, "error")]


@pytest.mark.parametrize("nothing", [None, "", False, {}])
def test_an_empty_error_is_none(nothing):
    quiet = chunk({"index": 0, "delta": {"content": "a"}, "error": nothing}, error=nothing)
    assert read(quiet) == [Delta(CONTENT, "a")]


def test_an_event_called_error_is_an_error_in_whatever_words():
    assert read("out of owls", event="error") == [Failure("out of owls")]
    assert read({"message": "No owls", "code": 500}, event="error") == [passing("No owls", 500)]
    assert read({"error": {"message": "No owls"}}, event="error") == [Failure("No owls")]


PASSING = {
    408: True,
    429: True,
    "429": True,
    500: True,
    529: True,
    400: False,
    402: False,
    404: False,
    7: False,  # no status at all
    "rate_limit_exceeded": True,
    "Overloaded": True,
    "context_length_exceeded": False,
    "teapot": False,
}


@pytest.mark.parametrize("code", PASSING)
def test_a_code_tells_whether_to_try_again(code):
    (failure,) = read({"error": {"message": "x", "code": code}})
    assert (failure.code, failure.retryable) == (code, PASSING[code])


def test_a_number_that_is_no_status_tells_nothing():
    (failure,) = read({"error": {"message": "x", "code": 1302, "type": "server_error"}})
    assert (failure.code, failure.retryable) == (1302, True)


def test_a_spent_quota_is_not_worth_another_try_though_its_status_is():
    (failure,) = read({"error": {"message": "x", "code": 429, "type": "insufficient_quota"}})
    assert not failure.retryable


def test_a_failure_gives_its_facts_as_an_exception():
    error = passing("Busy", 503, {"raw": "x"}).error()
    assert isinstance(error, ProviderError)
    assert (str(error), error.code, error.metadata) == ("Busy", 503, {"raw": "x"})
    assert (error.retryable, error.retry_after) == (True, None)


# --- the unexpected ------------------------------------------------------------------------------


@pytest.mark.parametrize("data", ["", " \n"])
def test_an_empty_message_is_a_heartbeat(data):
    assert read(data) == [Heartbeat()]


@pytest.mark.parametrize(
    "message", [{}, {"type": "ping"}, {"choices": None}, {"choices": {"a": 1}}, [7], "null", '"x"']
)
def test_a_message_unheard_of_passes_through(message):
    (value,) = message if isinstance(message, list) else [message]
    value = json.loads(value) if isinstance(value, str) else value
    assert read(message, event="note") == [Unknown("note", value)]


@pytest.mark.parametrize(
    "message",
    [
        chunk(),
        chunk(prompt_filter_results=[{"prompt_index": 0}], id="", model=""),
        chunk({"index": 0, "finish_reason": None, "content_filter_results": {}}),
        chunk(7, None, [], {"delta": [], "message": 3, "finish_reason": 5}),
        delta(role="assistant", tool_calls=None, function_call=None),
        delta(tool_calls={"0": {}}),
    ],
)
def test_a_message_without_news_gives_nothing(message):
    assert read(message) == []


@pytest.mark.parametrize("junk", ['{"choices": [', "<html>", "\ufeff{}", "[" * 100_000])
def test_junk_is_a_failure_worth_another_try_and_the_stream_goes_on(junk):
    failure, after = read(junk, delta(content="a"))
    assert (failure.retryable, after) == (True, Delta(CONTENT, "a"))
    assert failure.message.startswith("expected a JSON message, got ")
    assert len(failure.message) < 200


def test_numbers_that_python_refuses_are_junk_too():
    (failure,) = read('{"choices": [], "n": ' + "1" * 5_000 + "}")
    assert isinstance(failure, Failure)


@pytest.mark.parametrize(
    "message",
    [calls(call({"a": "@"}, "dig", index=0)), {"error": {"message": "@"}}, {"unheard of": "@"}],
)
def test_values_of_any_depth_are_an_item_and_never_a_crash(message):
    before, after = json.dumps(message).split('"@"')
    readable = deepest(lambda depth: json.loads(before + "[" * depth + "]" * depth + after))
    for depth in range(readable - 60, readable + 20):
        said = read(before + "[" * depth + "]" * depth + after)
        assert isinstance(said[-1], Delta | Failure | Unknown)


def deepest(attempt):
    """The greatest depth that Python can read here, which depends on its version."""
    low, high = 0, 200_000
    while high - low > 1:
        middle = (low + high) // 2
        try:
            attempt(middle)
        except RecursionError:
            high = middle
        else:
            low = middle
    return low


NAMES = st.sampled_from(
    [
        *("choices", "delta", "message", "index", "content", "type", "text", "thinking", "role"),
        *("reasoning", "reasoning_content", "reasoning_details", "refusal", "tool_calls", "id"),
        *("function", "function_call", "name", "arguments", "finish_reason", "error", "code"),
        *("metadata", "usage", "prompt_tokens", "x_groq", "object", "native_finish_reason"),
    ]
)
WORDS = st.sampled_from(["", "a", "b", "error", "text", "thinking", "stop", "reasoning.text"])
ATOMS = st.none() | st.booleans() | st.integers(-2, 600) | st.floats(0, 9) | WORDS
VALUES = st.recursive(
    ATOMS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=5)
)
CALLS = st.fixed_dictionaries(
    {"function": st.fixed_dictionaries({}, optional={"name": WORDS, "arguments": VALUES})},
    optional={"index": st.integers(0, 2) | ATOMS, "id": WORDS | ATOMS},
)
DELTAS = st.fixed_dictionaries(
    {},
    optional={
        "content": WORDS | VALUES,
        "tool_calls": st.lists(CALLS, max_size=3),
        "function_call": VALUES,
    },
)
CHUNKS = st.builds(
    chunk,
    st.fixed_dictionaries(
        {}, optional={"delta": DELTAS | VALUES, "index": ATOMS, "finish_reason": ATOMS}
    ),
)
ITEMS = (Delta, ToolCall, Finish, Usage, Failure, Heartbeat, Done, Unknown)


@given(st.lists(CHUNKS | st.dictionaries(NAMES, VALUES) | VALUES, max_size=6), WORDS)
def test_whatever_is_sent_gives_items_and_no_exception(messages, event):
    said = read(*map(json.dumps, messages), event=event)
    assert all(type(item) in ITEMS for item in said)
    assert all(item.text for item in said if isinstance(item, Delta))
    tools(said)  # asserts that no call grows unannounced


@given(st.lists(CHUNKS, max_size=6), st.integers(0, 6))
def test_a_copy_or_a_pickle_at_any_message_goes_on_as_the_decoder_would(messages, cut):
    decoder = ChatDecoder()
    for message in messages[:cut]:
        decoder.feed(json.dumps(message))
    twins = [copy.copy(decoder), copy.deepcopy(decoder), pickle.loads(pickle.dumps(decoder))]  # noqa: S301 our own bytes
    assert twins[1:] == [decoder] * 2
    rest = [decoder.feed(json.dumps(message)) for message in messages[cut:]]
    for twin in twins[1:]:
        assert [twin.feed(json.dumps(message)) for message in messages[cut:]] == rest
        assert twin == decoder
    assert "ChatDecoder(" in repr(decoder)


# --- the names -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PROVIDERS)
def test_every_provider_is_a_new_decoder_each_time(name):
    one, other = PROVIDERS[name](), PROVIDERS[name]()
    assert one is not other
    out = json.dumps({"error": "The owl is out"})
    assert one.feed(out, "error") == other.feed(out, "error")
    assert isinstance(one.feed("The owl is out", "error")[0], Failure)
    assert one.close() == other.close() == []
    with pytest.raises(RuntimeError):
        one.feed("{}")


# --- recordings ----------------------------------------------------------------------------------

KINDS = {"text": "content", "tool": "tool", "reasoning": "reasoning", "refusal": "refusal"}

# Streams that have reasoning in `reasoning_details` alone, at least in some deltas. The summaries
# beside the recordings do not look there; a plain walk over the deltas takes their place.
DETAILED = {
    "openrouter-fixtures/openrouter-fixtures_openai-chat_text_02.sse": "no other reasoning",
    "openrouter-fixtures/openrouter-fixtures_openai-chat_text_06.sse": "then `reasoning` goes on",
    "openrouter-fixtures/openrouter-fixtures_openai-chat_text_08.sse": "no other reasoning",
    "openrouter-fixtures/openrouter-fixtures_openai-chat_text_09.sse": "no other reasoning",
    "openrouter-fixtures/openrouter-fixtures_openai-chat_tool_06.sse": "no other reasoning",
    "snowflake/snowflake_openai-chat_text_02.sse": "no other reasoning",
}

# Streams that report an error: the code, and whether it is worth another try.
FAILED = {
    "groq/groq_openai-chat_text_03.sse": ("tool_use_failed", False),
    "groq/groq_openai-chat_text_04.sse": ("tool_use_failed", False),
    "openrouter-fixtures/openrouter-fixtures_openai-chat_text_04.sse": ("server_error", True),
}


@pytest.fixture(scope="module")
def recordings(corpora):
    """The recorded streams of the shape, by file: the summary and the messages."""
    folder = corpora / "recordings"
    lines = (folder / "index.jsonl").read_text("utf-8").splitlines()
    found = {}
    for entry in map(json.loads, lines):
        if entry["api"] == "openai-chat" and entry["transport"] in ("sse", "payload-lines"):
            file = folder / entry["file"]
            summary = next(folder.glob(f"{entry['file'].partition('.')[0]}.meta.json"))
            messages = split_sse if entry["transport"] == "sse" else split_lines
            found[entry["file"]] = (
                json.loads(summary.read_text("utf-8")),
                messages(file.read_bytes().decode("utf-8")),
            )
    return found


def split_lines(text):
    return [("message", line) for line in text.split("\n") if line]


def split_sse(text):
    """Events of well-formed streams, which the recordings are."""
    found, event, data = [], "message", []
    for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        name, _, value = line.partition(":")
        if name == "event":
            event = value.strip()
        elif name == "data":
            data.append(value.removeprefix(" "))
        elif not line and data:
            found.append((event, "\n".join(data)))
            event, data = "message", []
    return found


def decode(messages):
    decoder = ChatDecoder()
    said = [item for event, data in messages for item in decoder.feed(data, event)]
    return said + decoder.close()


def texts(said):
    """What each channel came to, by kind, choice and, for a tool, its place, id and name."""
    told = {item.channel: item.channel for item in said if isinstance(item, ToolCall)}
    found = {key(channel, channel): "" for channel in told}
    for item in said:
        if isinstance(item, Delta):
            place = key(item.channel, told.get(item.channel))
            found[place] = found.get(place, "") + item.text
    return found


def key(channel, told):
    if channel.kind != "tool":
        return channel.kind, channel.choice
    return channel.kind, channel.choice, channel.index, told.id, told.name


def expected_texts(summary):
    found = {}
    for output in summary["outputs"]:
        place = (KINDS[output["channel"]], *output["index"])
        if output["channel"] == "tool":
            place = (*place, output.get("id"), output["name"])
        found[place] = output["final"]
    return found


def walked_reasoning(messages):
    """Reasoning by the plainest reading of it: a delta's own, or else that of its details."""
    deltas = [
        choice["delta"]
        for _, data in messages
        if data.startswith("{")
        for choice in json.loads(data)["choices"]
    ]
    return "".join(
        one.get("reasoning")
        or "".join(
            part.get("text") or part.get("summary") or ""
            for part in one.get("reasoning_details") or ()
        )
        for one in deltas
    )


def test_recordings_come_to_the_texts_that_others_made_of_them(recordings):
    assert len(recordings) > 100
    for file, (summary, messages) in recordings.items():
        assert summary["responses_in_file"] == 1, file
        expected, found = expected_texts(summary), texts(decode(messages))
        if file in DETAILED:
            assert found != expected, f"{file}: no exception any more"
            expected["reasoning", 0] = walked_reasoning(messages)
        assert found == expected, file


def test_recordings_end_for_the_reasons_that_others_read(recordings):
    for file, (summary, messages) in recordings.items():
        said = decode(messages)
        reasons = [item.reason for item in said if isinstance(item, Finish)]
        assert set(reasons) == {*filter(None, [summary["finish_reason"]])}, file
        choices = [item.choice for item in said if isinstance(item, Finish)]
        assert len(choices) == len(set(choices)), f"{file}: a finish reason is said once"
        marked = [data for _, data in messages].count("[DONE]")
        assert sum(isinstance(item, Done) for item in said) == marked, file


def test_recordings_fail_where_they_report_an_error(recordings):
    failures = {
        file: (item.code, item.retryable)
        for file, (_, messages) in recordings.items()
        for item in decode(messages)
        if isinstance(item, Failure)
    }
    assert failures == FAILED
    reported = {file for file, (summary, _) in recordings.items() if summary["error_events"]}
    assert reported == set(FAILED)


def test_recordings_hold_nothing_that_is_unheard_of(recordings):
    for file, (_, messages) in recordings.items():
        assert not [item for item in decode(messages) if isinstance(item, Unknown)], file


def test_a_recording_copied_at_each_message_says_the_same(recordings):
    for file, (_, messages) in sorted(recordings.items())[::10]:
        decoder, said = ChatDecoder(), []
        for event, data in messages:
            decoder = pickle.loads(pickle.dumps(decoder))  # noqa: S301 our own bytes
            said += decoder.feed(data, event)
        assert said == decode(messages), file


def test_every_exception_is_of_a_recording(recordings):
    assert set(DETAILED) | set(FAILED) <= set(recordings), "exceptions without a recording"
