"""Streams with a type: the same events and the same end, whoever the source is; tool calls, too."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Annotated, Literal

import pytest
from support import sizes
from test_stream import CALLED, DONE, LENGTH, STOP, alisten, call, listen, says, sse

from partialjson import (
    Doomed,
    IncompleteJSONError,
    Invalid,
    JSONSyntaxError,
    ToolEvent,
    ToolParsers,
    Valid,
    ValueEnd,
    ValueStart,
    stream,
)
from partialjson.stream import Bridge, Text
from partialjson.wire.messages import Channel, Delta, Finish, ToolCall

pydantic = pytest.importorskip("pydantic", reason="models are its types")

from pydantic import (  # noqa: E402
    AfterValidator,
    BaseModel,
    TypeAdapter,
    ValidationError,
    field_validator,
)


class Row(BaseModel):
    id: int
    state: Literal["ok", "late"] = "ok"


class Board(BaseModel):
    title: str
    rows: list[Row]


GOOD = '{"title": "Salt", "rows": [{"id": 1}, {"id": "2", "state": "late"}]}'
BAD = '{"title": "Salt", "rows": [{"id": 1}, {"id": 2, "state": "open"}, {"id": 3}]}'


@pytest.fixture(params=[listen, alisten], ids=["stream", "astream"])
def hear(request):
    return request.param


def sources(text):
    """The same content in every form: text, bytes, an answer around it, and a provider's stream."""
    return [
        (sizes(text, 4), {}),
        (sizes(text.encode(), 3), {}),
        ([f"Sure:\n```json\n{text}\n```\nBye"], {"parse": "find"}),
        ([sse(*says(*sizes(text, 5)), STOP, DONE)], {"provider": "chat"}),
    ]


def kinds(events, *wanted):
    return [(type(event), event.path) for event in events if isinstance(event, wanted)]


# -- The content -----------------------------------------------------------------------------------


def test_the_result_is_of_the_type_and_an_item_in_an_event_is_the_item_in_it(hear):
    for source, options in sources(GOOD):
        heard = hear(source, model=Board, **options)
        board = heard.flow.result
        assert heard.error is None
        assert board == Board.model_validate_json(GOOD)
        rows = [e.value for e in heard.events if type(e) is Valid and type(e.value) is Row]
        assert [id(row) for row in rows] == [id(row) for row in board.rows]
        assert heard.flow.valid["rows", 1] is board.rows[1]
        assert heard.flow.value == json.loads(GOOD)
        assert heard.flow.verdict.status == "complete"
        assert heard.flow.verdict.evidence[-1] == "valid"


def test_what_is_invalid_is_told_at_its_place_and_raised_behind_the_last_event(hear):
    with pytest.raises(ValidationError) as native:
        Board.model_validate_json(BAD)
    for source, options in sources(BAD):
        heard = hear(source, each=lambda event: event, model=Board, finish="lenient", **options)
        wrong = ("rows", 1, "state")
        assert kinds(heard.events, Doomed, Invalid)[:2] == [(Doomed, wrong), (Invalid, wrong)]
        assert heard.flow.verdict.status == "complete"
        assert heard.flow.verdict.evidence[-1] == "invalid"
        with pytest.raises(ValidationError) as caught:
            _ = heard.flow.result
        assert caught.value.errors() == native.value.errors()


def test_the_loop_raises_the_validation_error_once_behind_its_last_event():
    flow, told = stream(sizes(BAD, 4), model=Board), []
    with pytest.raises(ValidationError):
        told += flow  # keeps what came before it breaks off
    assert (type(told[-1]), told[-1].path) == (Invalid, ())
    assert next(flow, None) is None


def test_a_cut_stream_is_incomplete_and_what_is_valid_stays_readable(hear):
    heard = hear([sse(*says(GOOD[:45]), LENGTH)], model=Board, provider="chat")
    assert type(heard.error) is IncompleteJSONError
    assert heard.flow.verdict.status == "truncated"
    assert heard.flow.valid["rows", 0] == Row(id=1)


def test_a_reader_may_stop_at_the_first_invalid_value(hear):
    pieces = iter(sizes(BAD, 4))
    with pytest.raises(ValidationError):
        hear(pieces, model=Board, on_invalid="raise")
    rest = "".join(pieces)
    assert len(rest) > 10
    flow = stream(sizes(BAD, 4), model=Board, on_invalid="raise", finish="lenient")
    told = [*flow]
    assert kinds(told, Invalid) == [(Invalid, ("rows", 1, "state"))]
    assert flow.verdict.status == "failed"
    assert "1 validation error" in flow.verdict.evidence[-1]


def test_invalid_items_may_be_left_out(hear):
    heard = hear(sizes(BAD, 4), model=Board, on_invalid="skip")
    assert [row.id for row in heard.flow.result.rows] == [1, 3]
    assert (Invalid, ("rows", 1)) in kinds(heard.events, Invalid)


def test_context_and_strictness_reach_the_validators(hear):
    class Asking(BaseModel):
        n: int

        @field_validator("n")
        @classmethod
        def scale(cls, value, info):
            return value * info.context

    assert hear(['{"n": 2}'], model=Asking, context=3).flow.result.n == 6
    with pytest.raises(ValidationError):
        _ = hear(['{"n": "2"}'], model=Asking, context=3, strict=True, finish="lenient").flow.result


def test_what_a_validator_breaks_off_with_is_the_fault():
    class Crashing(BaseModel):
        n: int

        @field_validator("n")
        @classmethod
        def crash(cls, value):
            raise KeyError(value)

    flow = stream(['{"n": 2}'], model=Crashing, finish="lenient")
    assert [event.path for event in flow if type(event) is ValueEnd] == [("n",), ()]
    with pytest.raises(KeyError):
        _ = flow.result


def test_the_value_of_a_type_may_be_none(hear):
    blank = Annotated[str, AfterValidator(lambda text: text or None)]
    assert hear(['""'], model=TypeAdapter(blank)).flow.result is None
    assert hear([" null "], model=int | None).flow.result is None


def test_whatever_a_validator_breaks_off_with_the_json_is_closed(hear):
    def crash(_):
        raise NotImplementedError

    odd = Annotated[int, AfterValidator(crash)]
    for source, options in sources("[1]"):
        for policy in ("collect", "raise"):
            with pytest.raises(NotImplementedError):
                hear(source, model=list[odd], on_invalid=policy, **options)
            flow = stream(source, model=list[odd], on_invalid=policy, finish="lenient", **options)
            told = [*flow]
            assert type(told[0]) is ValueStart
            with pytest.raises(NotImplementedError):
                _ = flow.result
            if policy == "collect":
                assert flow.verdict.status == "complete"
                assert flow.verdict.evidence[-2:] == ("JSON closed", "invalid")


def test_options_of_a_validation_need_a_model():
    with pytest.raises(ValueError, match="strict= needs a model"):
        stream([], strict=True)
    with pytest.raises(TypeError, match="unexpected keyword"):
        stream([], unheard_of=True)
    with pytest.raises(ValueError, match="expected on_invalid="):
        stream([], model=Board, on_invalid="never")
    with pytest.raises(ValueError, match="reads no JSON that a model could validate"):
        stream([], model=Board, provider="chat", parse="text")
    for make in (Text, ToolParsers):
        with pytest.raises(ValueError, match="strict= needs a model"):
            make(strict=True)


def test_of_tools_alone_the_content_has_no_type_and_the_options_are_theirs(hear):
    wire = [sse(*says('{"id": "1"}'), call('{"id": "1"}', 0, "a", "find"), CALLED, DONE)]
    heard = hear(wire, provider="chat", tools={"find": Row}, strict=True, finish="lenient")
    assert heard.flow.value == {"id": "1"}
    errors = heard.flow.bridge._contents.tools.errors.values()
    assert [type(error) for error in errors] == [ValidationError]


# -- Tool calls ------------------------------------------------------------------------------------

TOOLS = {"find": Row, "board": Board}


def test_parallel_calls_are_each_of_the_type_of_their_tool(hear):
    wire = sse(
        call('{"id"', 0, "a", "find"),
        call('{"title": "x", ', 1, "b", "board"),
        call(": 7}", 0),
        call('"rows": [{"id": "y"}]}', 1),
        call('{"any": [1]}', 2, "c", "else"),
        CALLED,
        DONE,
    )
    heard = hear([wire], provider="chat", tools=TOOLS, finish="lenient")
    find, board, other = heard.flow.tools.values()
    assert find == Row(id=7)
    assert board == {"title": "x", "rows": [{"id": "y"}]}
    assert other == {"any": [1]}
    told = [(e.channel.name, type(e.event), e.event.path) for e in heard.events]
    assert ("find", Valid, ()) in told
    assert ("board", Invalid, ("rows", 0, "id")) in told
    assert not [one for one in told if one[0] == "else" and one[1] in (Valid, Invalid)]
    with pytest.raises(ValidationError):
        _ = heard.flow.result
    assert heard.flow.verdict.evidence[-1] == "invalid"


def test_a_call_is_held_until_its_name_is_known():
    tools = ToolParsers({"find": Row})
    unnamed, named = Channel("tool"), Channel("tool", name="find")
    assert tools.feed(ToolCall(unnamed)) == tools.feed(Delta(unnamed, '{"id"')) == []
    assert tools.values == {}
    assert tools.began
    events = tools.feed(ToolCall(named)) + tools.feed(Delta(named, ": 1}"))
    assert {event.channel.name for event in events} == {"find"}
    assert [type(event.event) for event in events][-1] is Valid
    assert tools.close() == []
    assert tools.values == {named: Row(id=1)}


def test_a_call_that_is_never_named_is_told_without_a_type_when_the_stream_ends():
    tools = ToolParsers({"find": Row})
    tools.feed(Delta(Channel("tool"), '{"id": "x"}'))
    events = tools.close()
    assert [type(event) for event in events] == [ToolEvent] * len(events)
    assert tools.values == {Channel("tool"): {"id": "x"}}
    bridge = Bridge(provider="chat", tools=TOOLS)
    bridge.feed(sse(call('{"id": "x"}', 0), CALLED, DONE))
    bridge.close()
    assert (bridge.verdict.status, [*bridge.tools.values()]) == ("complete", [{"id": "x"}])


def test_arguments_are_of_their_type_as_soon_as_they_are_whole():
    tools = ToolParsers({"find": Row})
    one = Channel("tool", name="find")
    tools.feed(Delta(one, '{"id": 1'))
    assert tools.values == {one: {}}
    tools.feed(Delta(one, "}"))
    assert tools.values == {one: Row(id=1)}


def test_a_call_without_arguments_is_judged_as_one_with_none_where_the_stream_ended_well(hear):
    class Optional(BaseModel):
        id: int = 1

    tools = {"find": Row, "ping": Optional}
    calls = (call("", 0, "a", "find"), call("", 1, "b", "ping"))
    heard = hear([sse(*calls, CALLED, DONE)], provider="chat", tools=tools, finish="lenient")
    assert [*heard.flow.tools.values()] == [{}, Optional()]
    assert heard.flow.verdict.evidence[-1] == "invalid"
    cut = hear([sse(*calls)], provider="chat", tools=tools, finish="lenient")
    assert [*cut.flow.tools.values()] == [None, None]
    assert cut.flow.verdict.status == "interrupted"


def test_a_call_that_is_named_late_keeps_its_place_and_its_error_its_name():
    tools = ToolParsers({"find": Row})
    tools.feed(Delta(Channel("tool", 0), '{"id": x'))
    tools.feed(Delta(Channel("tool", 1, name="find"), '{"id": 1}'))
    tools.feed(ToolCall(Channel("tool", 0, id="late", name="find")))
    assert [channel.index for channel in tools.values] == [0, 1]
    assert [channel.id for channel in tools.errors] == ["late"]


def test_of_a_call_without_a_name_so_much_is_held_and_no_more():
    tools = ToolParsers({"find": Row})
    told = [tools.feed(Delta(Channel("tool"), "[" + "1," * 8_191)) for _ in range(5)]
    assert [len(events) > 0 for events in told] == [False, False, False, False, True]


def test_without_types_no_call_is_held():
    tools = ToolParsers()
    assert [type(event.event) for event in tools.feed(Delta(Channel("tool"), "1 "))] == [ValueEnd]


def test_a_fault_of_one_call_ends_that_call_alone():
    tools = ToolParsers({"find": Row})
    one, two = Channel("tool", 0, name="find"), Channel("tool", 1, name="find")
    tools.feed(Delta(one, '{"id": x'))
    assert tools.feed(Delta(one, "1}")) == []
    tools.feed(Delta(two, '{"id": 2'))
    tools.feed(Delta(two, "}"))
    tools.close()
    assert tools.close() == []
    assert tools.values[two] == Row(id=2)
    assert {channel.index: type(error) for channel, error in tools.errors.items()} == {
        0: JSONSyntaxError
    }
    assert tools.texts[one].error is tools.errors[one]
    assert tools.text_of(Channel("tool", 9)) is None


def test_what_is_of_no_call_is_passed_over():
    tools = ToolParsers({"find": Row})
    for item in (Delta(Channel("content"), "hi"), Finish("stop")):
        assert tools.feed(item) == []
    assert not tools.began


# -- Without Pydantic ------------------------------------------------------------------------------

ABSENT = """
import sys
sys.modules.update(dict.fromkeys(["pydantic", "pydantic_core"]))
import partialjson as pj
from partialjson.wire.messages import Delta
call = Delta(pj.Channel("tool", name="a"), "1")
for use in (
    lambda: pj.TypedParser,
    lambda: pj.skeleton,
    lambda: pj.Fragments("$", model=int),
    lambda: pj.stream([], model=int),
    lambda: pj.ToolParsers({"a": int}).feed(call),
):
    try:
        use()
    except ImportError as error:
        print(error)
"""


def test_without_pydantic_it_is_said_what_to_install():
    done = subprocess.run(
        [sys.executable, "-c", ABSENT], capture_output=True, text=True, check=True, timeout=60
    )
    lines = done.stdout.splitlines()
    assert len(lines) == 5
    for line in lines:
        assert line.endswith("needs Pydantic: pip install 'partialjson-streaming[pydantic]'")
