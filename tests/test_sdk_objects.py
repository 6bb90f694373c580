"""The chunk objects of the real openai and anthropic packages as a source, off a socket."""

from __future__ import annotations

import asyncio
import json

import anthropic
import openai
import pytest
from fault_server import ANSWER, CHUNKED, DONE, LAST, answer, chunks, event, says, serving

from partialjson import (
    ConnectionLost,
    IncompleteJSONError,
    ToolEvent,
    ValueEnd,
    astream,
    stream,
)

VALUE = json.loads(ANSWER)
ASKED = [{"role": "user", "content": "owls"}]
BEGUN = answer()[:2]
NAMED = {"index": 0, "id": "c1", "type": "function", "function": {"name": "dig", "arguments": ""}}
ARGUED = {"index": 0, "function": {"arguments": '{"at": 3}'}}


def delta(finish=None, **members):
    choice = {"index": 0, "delta": members, "finish_reason": finish}
    return event({"object": "chat.completion.chunk", "choices": [choice]})


CALL = [delta(tool_calls=[NAMED]), delta(tool_calls=[ARGUED]), delta("tool_calls"), DONE]


def message(kind, **members):
    return f"event: {kind}\n".encode() + event({"type": kind, **members})


MESSAGE = [
    message(
        "message_start",
        message={
            "id": "m1",
            "type": "message",
            "role": "assistant",
            "model": "owl",
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": {"input_tokens": 3, "output_tokens": 1},
        },
    ),
    message("content_block_start", index=0, content_block={"type": "text", "text": ""}),
    *(
        message("content_block_delta", index=0, delta={"type": "text_delta", "text": text})
        for text in (ANSWER[:9], ANSWER[9:])
    ),
    message("content_block_stop", index=0),
    message("message_delta", delta={"stop_reason": "end_turn"}, usage={"output_tokens": 9}),
    message("message_stop"),
]


def openai_client(url, kind=openai.OpenAI):
    return kind(api_key="k", base_url=url.removesuffix("/chat/completions"), max_retries=0)


def anthropic_client(url, kind=anthropic.Anthropic):
    return kind(api_key="k", base_url=url.removesuffix("/v1/chat/completions"), max_retries=0)


def openai_chunks(client):
    return client.chat.completions.create(model="owl", messages=ASKED, stream=True)


def anthropic_chunks(client):
    return client.messages.create(model="owl", messages=ASKED, max_tokens=9, stream=True)


def script(*events):
    return [CHUNKED, *chunks(*events), LAST]


WHOLE = {
    "openai": (openai_client, openai.AsyncOpenAI, openai_chunks, answer()),
    "anthropic": (anthropic_client, anthropic.AsyncAnthropic, anthropic_chunks, MESSAGE),
}


@pytest.mark.parametrize("provider", ["openai", "anthropic", "auto"])
@pytest.mark.parametrize("sdk", WHOLE)
def test_chunks_fill_a_document(sdk, provider):
    made, _, opened, events = WHOLE[sdk]
    provider = sdk if provider != "auto" else provider
    with (
        serving(script(*events)) as server,
        made(server.url) as client,
        opened(client) as chunks_of,
        stream(chunks_of, provider=provider) as flow,
    ):
        list(flow)
    assert (flow.result, flow.verdict.status, flow.verdict.confirmed) == (VALUE, "complete", True)


@pytest.mark.parametrize("sdk", WHOLE)
def test_chunks_that_are_awaited_fill_a_document(sdk):
    made, kind, opened, events = WHOLE[sdk]

    async def main(server):
        async with (
            made(server.url, kind) as client,
            await opened(client) as chunks_of,
            astream(chunks_of, provider=sdk) as flow,
        ):
            return [one async for one in flow] and flow.result

    with serving(script(*events)) as server:
        assert asyncio.run(main(server)) == VALUE


def test_chunks_tell_of_calls():
    with (
        serving(script(*CALL)) as server,
        openai_client(server.url) as client,
        openai_chunks(client) as chunks_of,
        stream(chunks_of, provider="openai") as flow,
    ):
        ends = [
            one.event.value
            for one in flow
            if isinstance(one, ToolEvent) and isinstance(one.event, ValueEnd)
        ]
    assert ends == [3, {"at": 3}]
    assert [(call.id, call.name) for call in flow.tools] == [("c1", "dig")]


def test_members_that_the_package_does_not_know_are_read_too():
    thinking = delta(reasoning="An owl, then. ")
    with (
        serving(script(thinking, *answer())) as server,
        openai_client(server.url) as client,
        openai_chunks(client) as chunks_of,
        stream(chunks_of, provider="openrouter") as flow,
    ):
        first = next(flow)
    assert (first.channel.kind, first.text) == ("reasoning", "An owl, then. ")


@pytest.mark.parametrize("sdk", WHOLE)
def test_a_cut_that_the_package_takes_for_an_end_is_none(sdk):
    made, _, opened, events = WHOLE[sdk]
    cut = events[:2] if sdk == "openai" else events[:3]
    with (
        serving(script(*cut)) as server,
        made(server.url) as client,
        opened(client) as chunks_of,
        pytest.raises(IncompleteJSONError),
        stream(chunks_of, provider=sdk) as flow,
    ):
        list(flow)
    assert flow.verdict.status == "interrupted"


def test_an_exception_of_the_package_comes_through():
    broken = [CHUNKED, *chunks(*BEGUN), b"ff\r\ncut"]
    with serving(broken) as server, openai_client(server.url) as client:
        chunks_of = openai_chunks(client)
        flow = stream(chunks_of, provider="openai")
        with pytest.raises(openai.APIConnectionError):
            list(flow)
        assert flow.verdict.status == "interrupted"
        with pytest.raises(ConnectionLost, match="APIConnectionError"):
            _ = flow.result


@pytest.mark.parametrize("piece", [7, None, object(), "data: {}\n\n", []])
def test_what_is_no_message_is_refused(piece):
    with pytest.raises(TypeError, match=r"expected bytes of a provider's stream, or its SDK's"):
        next(stream([piece], provider="openai"))


def test_dicts_are_messages_too():
    given = [json.loads(says(ANSWER, "stop").removeprefix(b"data: "))]
    with stream(given, provider="openai") as flow:
        list(flow)
    assert flow.result == VALUE
