"""Results of batches: whatever holds the records, each answer is read as a stream would be.

The records are twins of what the APIs write: their members, with words of our own.
"""

from __future__ import annotations

import asyncio
import json

import httpx
import httpx2
import pytest
from fault_server import UNTIL_CLOSE, head, reset, serving, whole
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError
from support import chunkings, sizes

from partialjson import (
    BadContentType,
    Channel,
    ConnectionLost,
    HTTPStatusError,
    IncompleteJSONError,
    JSONSyntaxError,
    LimitExceeded,
    ProviderError,
)
from partialjson.stream.batches import Results, _maker, abatch, batch
from partialjson.wire.batch import Answered, answered, status_of
from partialjson.wire.framing import NDJSONDecoder
from partialjson.wire.messages import Failure

# --- twins of what providers write ---------------------------------------------------------------


def chat(content, reason="stop", **message):
    """An answer of chat completions."""
    said = {"role": "assistant", "content": content, **message}
    return {"object": "chat.completion", "choices": [choice(said, reason)], "usage": {"n": 1}}


def choice(message, reason):
    return {"index": 0, "message": message, "finish_reason": reason}


def message(content, reason="end_turn"):
    """An answer of Anthropic's Messages."""
    said = [{"type": "text", "text": content}]
    return {"id": "msg_1", "type": "message", "content": said, "stop_reason": reason}


def openai(custom_id, body, status=200):
    response = {"status_code": status, "request_id": "req_1", "body": body}
    return {"id": "batch_req_1", "custom_id": custom_id, "response": response, "error": None}


def unanswered(custom_id, code, words):
    error = {"code": code, "message": words}
    return {"id": "batch_req_1", "custom_id": custom_id, "response": None, "error": error}


def anthropic(custom_id, kind, **members):
    return {"custom_id": custom_id, "result": {"type": kind, **members}}


def openrouter(custom_id, body):
    return {"id": "result_1", "custom_id": custom_id, "response": body, "error": None}


OWL, HERON = '{"name": "owl"}', '{"name": "heron"}'
SLOW = {"error": {"message": "Too many owls", "type": "rate_limit_error", "code": None}}
OVERLOADED = {"type": "error", "error": {"type": "overloaded_error", "message": "Busy"}}

RECORDS = [
    openai("b", chat(OWL)),
    openai("é", SLOW, 429),
    anthropic("a", "succeeded", message=message(HERON)),
    anthropic("e", "expired"),
    openrouter("c", chat(OWL[:9], "length")),
    unanswered("x", "batch_expired", "The owls slept"),
]


def lines(records):
    return "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records).encode()


def listed(records, indent=None, **members):
    whole = {"id": "batch_1", "status": "completed", **members, "results": records}
    return json.dumps(whole, indent=indent, ensure_ascii=False).encode()


def shown(results):
    """What results are, errors included, as far as it can be compared."""
    return [
        (one.index, one.custom_id, one.value, one.verdict, type(one.error), str(one.error))
        for one in results
    ]


def bytewise(data):
    return [data[i : i + 1] for i in range(len(data))]


def only(record, **options):
    (result,) = batch(lines([record]), **options)
    return result


# --- the records of each API ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "record",
    [
        openai("a", chat(OWL)),
        openrouter("a", chat(OWL)),
        openrouter("a", {"body": chat(OWL)}),
        anthropic("a", "succeeded", message=message(OWL)),
    ],
)
def test_an_answer_is_read_whatever_is_around_it(record):
    result = only(record)
    assert (result.custom_id, result.index, result.error) == ("a", 0, None)
    assert result.result == result.value == {"name": "owl"}
    assert (result.verdict.status, result.verdict.confirmed) == ("complete", True)


FAILED = {
    "a status that passes": (
        openai("a", SLOW, 429),
        ("status 429: Too many owls", "rate_limit_error", True),
    ),
    "a status that lasts": (
        openai("a", {"error": {"message": "No such owl", "code": "model_not_found"}}, 404),
        ("status 404: No such owl", "model_not_found", False),
    ),
    "missing money": (
        openai("a", {"error": {"message": "Pay", "code": "insufficient_quota"}}, 429),
        ("status 429: Pay", "insufficient_quota", False),
    ),
    "a server's fault that is not known to pass": (
        openai("a", {"error": {"message": "Not here"}}, 501),
        ("status 501: Not here", 501, False),
    ),
    "a status with plain words": (openai("a", "Bad owl", 502), ("status 502: Bad owl", 502, True)),
    "a status without words": (
        openai("a", None, 500),
        ("status 500: the provider reported an error without a message", 500, True),
    ),
    "expired at OpenAI": (
        unanswered("a", "batch_expired", "The owls slept"),
        ("The owls slept", "batch_expired", True),
    ),
    "cancelled at OpenAI": (
        unanswered("a", "batch_cancelled", "You left"),
        ("You left", "batch_cancelled", False),
    ),
    "expired at Anthropic": (
        anthropic("a", "expired"),
        ("the request expired before it was answered", "expired", True),
    ),
    "canceled at Anthropic": (
        anthropic("a", "canceled"),
        ("the request was canceled before it was answered", "canceled", False),
    ),
    "errored at Anthropic": (
        anthropic("a", "errored", error=OVERLOADED),
        ("Busy", "overloaded_error", True),
    ),
    "errored, without an envelope": (
        anthropic("a", "errored", error={"type": "invalid_request", "message": "No"}),
        ("No", "invalid_request", False),
    ),
    "an error inside the answer": (
        openai("a", {"error": {"message": "Out", "code": 503}}),
        ("Out", 503, True),
    ),
}


@pytest.mark.parametrize(("record", "facts"), FAILED.values(), ids=FAILED)
def test_a_failed_request_says_why_and_whether_another_batch_may_answer_it(record, facts):
    result = only(record)
    error = result.error
    assert isinstance(error, ProviderError)
    assert (result.custom_id, (str(error), error.code, error.retryable)) == ("a", facts)
    assert (result.verdict.status, error.verdict) == ("failed", result.verdict)
    with pytest.raises(ProviderError):
        _ = result.result


def test_the_facts_around_a_failure_are_kept():
    assert only(openai("a", SLOW, 429)).error.metadata == {
        "type": "rate_limit_error",
        "status_code": 429,
    }


@pytest.mark.parametrize(
    "record",
    [
        *(7, None, [], {}, {"custom_id": "a"}, {"status": "in_progress", "results": None}),
        *(openai("a", None), openai("a", []), openai("a", {}), openrouter("a", {})),
        *(anthropic("a", "succeeded"), anthropic("a", "hatched"), anthropic(7, "")),
    ],
)
def test_a_record_without_a_known_shape_is_a_failure_that_shows_it(record):
    result = only(record)
    assert isinstance(result.error, ProviderError)
    assert str(result.error).startswith("expected a result of a batch, got ")
    assert json.dumps(record)[:100] in str(result.error)
    assert result.verdict.status == "failed"


def test_a_record_without_a_shape_is_shown_in_short():
    assert len(str(only({"id": "o" * 1_000}).error)) < 200


def test_an_answer_of_no_known_shape_is_a_bad_content_type():
    result = only(openai("a", {"object": "list", "data": []}))
    assert isinstance(result.error, BadContentType)
    assert result.custom_id == "a"


def test_answered_says_the_same_without_reading_the_answer():
    assert answered(openai("a", {"any": 1})) == Answered("a", {"any": 1})
    expired = Failure("the request expired before it was answered", "expired", retryable=True)
    assert answered(anthropic("a", "expired")) == Answered("a", None, expired)


# --- how an answer ended -------------------------------------------------------------------------


def test_an_answer_cut_at_the_providers_limit_is_truncated_and_keeps_what_came():
    result = only(openai("a", chat('{"name": "owl", "legs": [1, 2', "length")))
    assert result.verdict.status == "truncated"
    assert isinstance(result.error, IncompleteJSONError)
    assert result.value == {"name": "owl", "legs": [1]}


def test_a_refusal_is_an_error_in_the_models_own_words():
    result = only(openai("a", chat(None, refusal="I will not count owls")))
    assert result.verdict.status == "refused"
    assert (str(result.error), result.error.code) == ("I will not count owls", "refused")


def test_usage_stands_in_the_verdict():
    assert only(openai("a", chat(OWL))).verdict.usage.details == {"n": 1}


def test_tool_calls_are_at_hand_by_channel_and_the_content_is_none():
    function = {"name": "find", "arguments": OWL}
    calls = [{"id": "call_a", "type": "function", "function": function}]
    result = only(openai("a", chat(None, "tool_calls", tool_calls=calls)))
    assert result.result is None
    assert result.tools == {Channel("tool", 0): {"name": "owl"}}
    assert [channel.name for channel in result.tools] == ["find"]


class Bird(BaseModel):
    name: str


def test_a_model_makes_the_result_one_of_its_type():
    assert only(openai("a", chat(OWL)), model=Bird).result == Bird(name="owl")
    assert only(openai("a", chat("[1, 2]")), model=list[int] | str).result == [1, 2]


def test_an_answer_of_the_wrong_type_is_an_error_and_plain_json():
    result = only(openai("a", chat('{"name": 7}')), model=Bird)
    assert isinstance(result.error, ValidationError)
    assert result.value == {"name": 7}
    assert (result.custom_id, result.verdict.evidence[-1]) == ("a", "invalid")
    with pytest.raises(ValidationError):
        _ = result.result


def test_tools_are_validated_by_name():
    function = {"name": "find", "arguments": OWL}
    body = chat(None, "tool_calls", tool_calls=[{"id": "a", "function": function}])
    assert list(only(openai("a", body), tools={"find": Bird}).tools.values()) == [Bird(name="owl")]


def test_text_is_the_value_cut_or_not():
    assert only(openai("a", chat("An owl.")), parse="text").result == "An owl."
    cut = only(openai("a", chat("An o", "length")), parse="text")
    assert (cut.value, cut.error.code, cut.verdict.status) == ("An o", "length", "truncated")


def test_json_is_found_in_an_answer():
    assert only(openai("a", chat(f"Here:\n```json\n{OWL}\n```")), parse="find").result == {
        "name": "owl"
    }


def test_a_provider_that_is_named_reads_its_own_answers():
    assert only(openai("a", chat(OWL)), provider="openai").error is None
    other = only(openai("a", message(OWL)), provider="chat")
    assert isinstance(other.error, BadContentType)


@pytest.mark.parametrize(
    "options",
    [
        *({"provider": "owl"}, {"provider": "json"}, {"provider": "text"}, {"provider": None}),
        *({"parse": "owl"}, {"finish": "owl"}, {"strings": "owl"}, {"max_depth": -1}),
    ],
)
def test_a_wrong_option_is_told_at_once(options):
    with pytest.raises(ValueError, match=r"expected|max_depth"):
        batch(b"", **options)
    with pytest.raises(ValueError, match=r"expected|max_depth"):
        abatch(arriving(), **options)


# --- how the records are held --------------------------------------------------------------------

BODIES = {
    "lines": lines(RECORDS),
    "lines without a last end": lines(RECORDS).rstrip(b"\n"),
    "lines behind blank ones": b"\xef\xbb\xbf\r\n \n" + lines(RECORDS).replace(b"\n", b"\r\n\n"),
    "a list": listed(RECORDS),
    "a list in many lines": listed(RECORDS, indent=1) + b"\n",
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_lines_and_a_list_tell_the_same(body):
    results = list(batch(body))
    assert shown(results) == shown(batch(lines(RECORDS)))
    assert [one.custom_id for one in results] == ["b", "é", "a", "e", "c", "x"]
    assert [one.index for one in results] == [0, 1, 2, 3, 4, 5]
    assert [one.verdict.status for one in results[:5]] == [
        *("complete", "failed", "complete", "failed", "truncated"),
    ]


FAULTY = {
    **BODIES,
    "a cut line": lines(RECORDS)[:-60],
    "a broken first line": b'{"custom_id": "n", oops}\n' + lines(RECORDS),
    "a broken line": lines(RECORDS[:2]) + b'{"custom_id": "n", oops}\n' + lines(RECORDS[2:]),
    "a line that holds nothing known": b"[]\n" + lines(RECORDS[:2]),
    "a cut list": listed(RECORDS)[:-60],
    "a list cut between records": listed(RECORDS[:2])[:-2],
    "a list with a broken record": listed(RECORDS[:3]).replace(b'"expired"', b"oops"),
    "a list and more": listed(RECORDS[:1]) + b" oops",
    "an empty list": listed([]),
    "a batch without results": b'{"id": "batch_1", "status": "in_progress", "results": null}',
    "nothing": b"",
}


@pytest.mark.parametrize("body", FAULTY.values(), ids=FAULTY)
def test_every_cut_of_the_bytes_gives_the_same_results(body):
    expected = shown(batch(body))
    assert shown(batch(bytewise(body))) == expected
    for at in range(0, len(body), 7):
        assert shown(batch([body[:at], b"", body[at:]])) == expected


@given(st.sampled_from([*FAULTY.values()]).flatmap(chunkings))
def test_however_the_bytes_are_cut_the_results_are_the_same(pieces):
    assert shown(batch(pieces)) == shown(batch(b"".join(pieces)))


@pytest.mark.parametrize("body", [lines(RECORDS[:3]), listed(RECORDS[:3])])
def test_a_body_that_ends_anywhere_gives_the_whole_records_and_then_says_that_it_is_cut(body):
    whole = shown(batch(body))
    for end in range(len(body)):
        *before, last = list(batch(body[:end])) or [None]
        assert shown(before) == whole[: len(before)]
        if last is not None and last.error is not None and last.verdict is None:
            assert isinstance(last.error, IncompleteJSONError)
            assert last.custom_id in (None, RECORDS[last.index]["custom_id"])
            with pytest.raises(IncompleteJSONError):
                _ = last.result
        elif last is not None:
            assert shown([last]) == [whole[last.index]]


def test_bytes_of_any_kind_are_read():
    body = lines(RECORDS)
    for source in (bytearray(body), memoryview(body), [bytearray(body)], iter([memoryview(body)])):
        assert shown(batch(source)) == shown(batch(body))


@pytest.mark.parametrize("source", ["{}", ["{}"], [{}]])
def test_what_is_not_bytes_is_refused(source):
    with pytest.raises(TypeError, match=r"expected the bytes of results, got (str|dict)"):
        list(batch(source))


def test_no_bytes_are_no_results():
    assert list(batch(b"")) == list(batch([])) == list(batch(b" \n\n")) == []


def test_an_empty_list_is_no_results():
    assert list(batch(listed([]))) == []


def test_a_list_need_not_come_last():
    body = json.dumps({"results": RECORDS, "status": "completed"}).encode()
    assert shown(batch(body)) == shown(batch(lines(RECORDS)))


def test_a_list_inside_an_answer_is_not_taken_for_one_of_records():
    assert only(openai("a", {**chat(OWL), "results": [1]})).custom_id == "a"


# --- what is broken or cut -----------------------------------------------------------------------


def test_a_bad_line_is_one_error_and_the_next_line_is_read():
    body = lines(RECORDS[:1]) + b'{"custom_id": "n", oops}\n' + lines(RECORDS[2:3])
    first, bad, third = batch(body)
    assert (first.error, third.error, third.index) == (None, None, 2)
    assert (bad.custom_id, bad.index, bad.verdict) == ("n", 1, None)
    assert isinstance(bad.error, JSONSyntaxError)


def test_a_line_with_more_behind_its_record_is_one_error():
    (result,) = batch(lines(RECORDS[:1]).rstrip() + b" oops\n")
    assert isinstance(result.error, JSONSyntaxError)
    assert result.custom_id == "b"


CUT = {
    '{"custom_id": "owl-1", "resp': "owl-1",
    '{"custom_id": "owl-1': None,  # or owl-17
    '{"custom_id"': None,
    '{"id": "x"': None,
    '{"results': None,
    '{"id": {"custom_id": "no': None,
}


@pytest.mark.parametrize(("record", "custom_id"), CUT.items())
def test_a_cut_record_has_its_id_if_that_was_whole(record, custom_id):
    for body in (lines(RECORDS[:1]).decode() + record, f'{{"results": [{{}}, {record}'):
        last = list(batch(body.encode()))[-1]
        assert isinstance(last.error, IncompleteJSONError)
        assert (last.custom_id, last.index) == (custom_id, 1)


def test_a_member_of_the_lists_name_in_a_later_line_is_nothing_special():
    for member in (b'{"results": {"custom_id": "', b'{"results": "', b'{"results": [1'):
        assert list(batch(lines(RECORDS[:1]) + member))[-1].custom_id is None


def test_a_list_that_is_cut_between_records_says_so():
    first, cut = batch(listed(RECORDS[:1])[:-2])
    assert first.error is None
    assert isinstance(cut.error, IncompleteJSONError)
    assert (cut.custom_id, cut.index) == (None, 1)


def test_behind_a_fault_in_a_list_nothing_is_read():
    def source():
        yield b'{"results": [' + json.dumps(RECORDS[0]).encode() + b', {"custom_id": "n", oops'
        pytest.fail("it was read on")

    first, bad = batch(source())
    assert first.error is None
    assert isinstance(bad.error, JSONSyntaxError)
    assert bad.custom_id == "n"


@pytest.mark.parametrize("start", [b"", lines(RECORDS[:1])])
def test_a_line_over_the_limit_ends_the_reading(start):
    results = Results(_maker(None))
    results._lines = NDJSONDecoder(max_line=1_000)
    assert len(list(results.feed(start))) == bool(start)
    assert list(results.feed(b'{"custom_id": "')) == []
    while not results.over:
        last = list(results.feed(b"o" * 500))
    assert [type(one.error) for one in last] == [LimitExceeded]
    assert (last[0].custom_id, last[0].index) == (None, bool(start))
    assert list(results.close()) == []


def test_an_error_keeps_no_record():
    for body in (lines(RECORDS) + b"{oops", listed(RECORDS) + b"oops"):
        last = list(batch(body))[-1]
        assert (last.error.events, last.error.__traceback__) == ([], None)


# --- while it downloads --------------------------------------------------------------------------


@pytest.mark.parametrize("body", [lines(RECORDS), listed(RECORDS, indent=1)])
def test_a_result_is_given_as_its_record_has_arrived(body):
    read = 0

    def source():
        nonlocal read
        for byte in bytewise(body):
            read += 1
            yield byte

    begins = [body.index(f'"custom_id": "{one["custom_id"]}"'.encode()) for one in RECORDS]
    nexts = [*begins[1:], len(body) + 1]
    results = batch(source())
    for record, before in zip(RECORDS, nexts, strict=True):
        assert next(results).custom_id == record["custom_id"]
        assert read < before


def endless(kind):
    yield b"" if kind == "lines" else b'{"results": ['
    for number in range(3_000):
        record = json.dumps(openai(str(number), chat(OWL))).encode()
        yield from sizes(record + (b"\n" if kind == "lines" else b", "), 100)


@pytest.mark.parametrize("kind", ["lines", "list"])
def test_an_endless_body_is_read_in_constant_memory(kind):
    results, count = Results(_maker(None)), 0
    for piece in endless(kind):
        count += sum(one.error is None for one in results.feed(piece))
        assert len(results._lines.unfinished) < 1_000
        assert len(results._early) <= 1
        assert len(results._list.parser.value.get("results", ()) if count else ()) <= 1
    assert count == 3_000


# --- with await ----------------------------------------------------------------------------------


async def arriving(*pieces):
    for piece in pieces:
        await asyncio.sleep(0)
        yield piece


def gathered(source, **options):
    async def main():
        return [one async for one in abatch(source, **options)]

    return asyncio.run(main())


@pytest.mark.parametrize("body", FAULTY.values(), ids=FAULTY)
def test_the_twin_gives_the_same(body):
    assert shown(gathered(arriving(*sizes(body, 50)))) == shown(batch(body))


def test_the_twin_takes_the_same_options():
    (one,) = gathered(arriving(lines(RECORDS[:1])), model=Bird, provider="openai")
    assert one.result == Bird(name="owl")


# --- over HTTP -----------------------------------------------------------------------------------


@pytest.mark.parametrize("library", [httpx, httpx2])
def test_a_response_is_a_source_and_is_closed(library):
    body = lines(RECORDS)
    with serving(whole(body, connection="close")) as server, library.Client() as client:
        request = client.build_request("GET", server.url)
        response = client.send(request, stream=True)
        assert shown(batch(response)) == shown(batch(body))
        assert response.is_closed

        response = client.send(request, stream=True)
        results = batch(response)
        assert next(results).custom_id == "b"
        results.close()
        assert response.is_closed


@pytest.mark.parametrize("library", [httpx, httpx2])
def test_a_response_with_await_is_a_source_and_is_closed(library):
    async def main(url):
        async with library.AsyncClient() as client:
            request = client.build_request("GET", url)
            response = await client.send(request, stream=True)
            results = [one async for one in abatch(response)]
            assert response.is_closed

            response = await client.send(request, stream=True)
            some = abatch(response)
            assert (await anext(some)).custom_id == "b"
            await some.aclose()
            assert response.is_closed
        return results

    with serving(whole(listed(RECORDS), connection="close")) as server:
        assert shown(asyncio.run(main(server.url))) == shown(batch(lines(RECORDS)))


def test_a_status_that_is_no_success_is_raised_by_the_loop():
    refusal = whole(b'{"error": {"message": "No such batch"}}', "404 Not Found")
    with serving(refusal) as server, httpx.Client() as client:
        response = client.send(client.build_request("GET", server.url), stream=True)
        with pytest.raises(HTTPStatusError, match="status 404: No such batch"):
            next(batch(response))


def test_a_connection_that_breaks_is_raised_behind_the_records_that_came():
    script = [head(content_length="9999") + lines(RECORDS[:2]) + b'{"custom_id": "', reset]
    with serving(script) as server, httpx.Client() as client:
        response = client.send(client.build_request("GET", server.url), stream=True)
        results, came = batch(response), []
        with pytest.raises(ConnectionLost):
            came.extend(results)
    assert shown(came) == shown(batch(lines(RECORDS[:2])))


def test_a_download_that_ends_early_without_saying_so_ends_with_the_cut_record():
    script = [UNTIL_CLOSE + lines(RECORDS[:1]) + b'{"custom_id": "a", "re']
    with serving(script) as server, httpx.Client() as client:
        response = client.send(client.build_request("GET", server.url), stream=True)
        first, cut = batch(response)
    assert (first.error, cut.custom_id) == (None, "a")
    assert isinstance(cut.error, IncompleteJSONError)


# --- how far a batch is --------------------------------------------------------------------------

FAR = {
    "running": ["validating", "in_progress", "finalizing", "cancelling"],
    "ended": ["completed", "expired", "cancelled"],
    "failed": ["failed"],
}


@pytest.mark.parametrize(("told", "status"), [(k, one) for k, v in FAR.items() for one in v])
def test_a_status_says_whether_there_may_be_results(told, status):
    assert status_of({"id": "batch_1", "status": status}) == told


@pytest.mark.parametrize(
    ("status", "told"), [("in_progress", "running"), ("canceling", "running"), ("ended", "ended")]
)
def test_a_processing_status_says_the_same(status, told):
    assert status_of({"id": "msgbatch_1", "processing_status": status}) == told


@pytest.mark.parametrize("batch", [{}, {"status": None}, {"status": "hatching"}, {"status": []}])
def test_a_status_that_is_not_known_is_refused(batch):
    with pytest.raises(ValueError, match=r"expected a status of .*completed.*, got "):
        status_of(batch)
