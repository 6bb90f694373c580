"""Streams that break and go on, over real sockets: nothing is told twice, and nothing is missing.

A scripted server breaks each attempt where the test says; what the attempts come to together is
compared with what one that never broke comes to. Nothing waits before an attempt.
"""

from __future__ import annotations

import json
import random
import socket
import threading
from types import SimpleNamespace

import anyio
import httpx2
import pytest
from fault_server import DONE, LAST, chunk, cut, head, reset, serving, stall, whole
from pydantic import BaseModel
from support import exactly
from test_recordings import INCOMPLETE, SAID_MORE, recorded
from ways import SOME, UNUSED, WAYS, nothing

from partialjson import (
    Channel,
    ConnectionLost,
    Heartbeat,
    HTTPStatusError,
    Reset,
    Retry,
    Retrying,
    StreamTimeout,
    StringDelta,
    TextDelta,
    ToolEvent,
    aopen_stream,
    stream,
)
from partialjson.stream import Bridge

LONG = 10  # seconds that a test waits at most for what must happen
SHORT = 0.1  # seconds, where a clock is to run out
RETRY = Retry(before_first_token=3, after_first_token=3, jitter=lambda: 0)
MOST = 4  # requests that it allows for
ASKED = {"model": "owl", "stream": True}


# --- ways to ask ---------------------------------------------------------------------------------


@pytest.fixture(params=SOME)
def way(request):
    return WAYS[request.param]


CHAT = "/v1/chat/completions"


def heard(way, *scripts, read=nothing, path=CHAT, **options):
    """What is told of an answer whose attempts go by these scripts, the last one again if need be.

    In the end every connection has been let go of.
    """
    events = []

    def note(one, flow):
        events.append(one)
        read(one, flow)

    options = {"provider": "chat", "json": ASKED, "retry": RETRY} | options
    with serving(*scripts) as server:
        url = server.url.removesuffix(CHAT) + path
        flow, error = way.run(url, note, **options)
        assert server.is_idle(LONG)
    return SimpleNamespace(
        flow=flow,
        error=error,
        events=events,
        requests=server.requests,
        resets=[one for one in events if isinstance(one, Reset)],
        retries=[one for one in events if isinstance(one, Retrying)],
    )


def told(events):
    """The events less attempts and heartbeats, and adjacent pieces of one text as one."""
    result = []
    for one in events:
        if isinstance(one, Retrying | Heartbeat):
            continue
        joined = joined_by(result[-1], one) if result else None
        if joined is None:
            result.append(one)
        else:
            result[-1] = joined
    return result


def joined_by(last, one):
    """Two pieces of one text as one; `None` if they are something else."""
    match last, one:
        case StringDelta(path=path), StringDelta() if path == one.path:
            return StringDelta(path, last.text + one.text)
        case TextDelta(channel=channel), TextDelta() if channel == one.channel:
            return TextDelta(channel, last.text + one.text)
        case ToolEvent(channel=channel), ToolEvent() if channel == one.channel:
            inner = joined_by(last.event, one.event)
            return None if inner is None else ToolEvent(channel, inner)
    return None


def uncut(body, **options):
    """What is told of an answer that never breaks, and what it comes to."""
    flow = stream([body], **{"provider": "chat"} | options)
    events = told(flow)
    assert flow.verdict.status == "complete"
    return events, flow.result, flow.tools


def assert_as_uncut(got, expected):
    """As if it had never broken: nothing twice, nothing missing, nothing taken back."""
    events, result, tools = expected
    assert got.error is None
    assert got.flow.verdict.status == "complete"
    assert exactly([got.flow.result, got.flow.tools]) == exactly([result, tools])
    assert got.resets == []
    assert exactly(told(got.events)) == exactly(events)
    assert len(got.requests) == len(got.retries) + 1 == got.flow.verdict.attempts
    assert [one.attempt for one in got.retries] == list(range(2, len(got.requests) + 1))


def first_line(request):
    return request.partition(b" HTTP/1.1\r\n")[0].decode()


def body_of(request):
    return request.partition(b"\r\n\r\n")[2]


def bodies(got):
    return {body_of(one) for one in got.requests}


# --- what a server says --------------------------------------------------------------------------

HEAD = head(transfer_encoding="chunked", connection="close")


def line(message, name="data"):
    """An event with its characters as they are, some of several bytes."""
    data = json.dumps(message, ensure_ascii=False, separators=(",", ":"))
    return f"{name}: {data}\n\n".encode()


def delta(**members):
    return {"choices": [{"delta": members}]}


def chat(*texts):
    """A whole answer of so many texts."""
    said = [*(delta(content=text) for text in texts)]
    stop = {"choices": [{"delta": {}, "finish_reason": "stop"}]}
    return b"".join([*map(line, [*said, stop]), DONE])


def upto(body, at, fault=cut, start=HEAD):
    """An attempt that is cut there."""
    return [start, *([chunk(body[:at])] if at else []), fault]


def all_of(body):
    return [HEAD, chunk(body), LAST]


def as_json(message):
    """An answer that comes whole."""
    return whole(json.dumps(message).encode(), connection="close")


# --- the cut sweep -------------------------------------------------------------------------------

SMALL = chat('{"é', '":"Uhü\\u0', '0e9","n":[1', "2,true]}")
CLOSED = SMALL.index(b"]}", SMALL.index(b"true")) + len(b']}"}}]}\n\n')  # the JSON is whole
STOPPED = SMALL.index(DONE)  # the finish reason is there
FAULTS = {"close": (cut, STOPPED), "reset": (reset, STOPPED), "clean end": (LAST, CLOSED)}
OPEN = SMALL.index(b"0e9") - 20  # behind its second text
BEFORE = {"first": (), "second": (100,), "third": (100, 160)}  # cuts of the attempts before

SWEEPS = [
    ("httpx", 11),
    ("httpx2, asyncio", 61),
    ("httpx2, trio", 61),
    *(pytest.param(name, 7, marks=pytest.mark.soak) for name in WAYS),
    *(pytest.param(name, 1, marks=pytest.mark.sweep) for name in WAYS),
]


@pytest.mark.parametrize("attempt", BEFORE)
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize(("name", "step"), SWEEPS)
def test_an_answer_that_is_cut_anywhere_is_told_as_if_it_were_not(name, step, fault, attempt):
    (end, over), before, expected = FAULTS[fault], BEFORE[attempt], uncut(SMALL)
    for at in range(step // 2, len(SMALL) + 1, step):
        scripts = [upto(SMALL, place, end) for place in (*before, at)]
        got = heard(WAYS[name], *scripts, all_of(SMALL))
        assert_as_uncut(got, expected)
        assert len(got.requests) == len(before) + (1 if at >= over else 2) <= MOST
        assert len(bodies(got)) == 1


STALLS = [0, 3, 70, 130, STOPPED - 1, STOPPED]


@pytest.mark.parametrize("at", STALLS)
def test_an_answer_that_stalls_is_asked_for_again(way, at):
    clocks = {"idle_timeout": SHORT, "first_event_timeout": 2 * SHORT}
    got = heard(way, upto(SMALL, at, stall), all_of(SMALL), **clocks)
    assert_as_uncut(got, uncut(SMALL))
    assert [type(one.cause) for one in got.retries] == [StreamTimeout] * (at < STOPPED)


def test_what_is_news_is_told_by_whichever_attempt_comes_furthest(way):
    cuts = [200, 90, 130]  # bytes
    got = heard(way, *(upto(SMALL, at) for at in cuts), all_of(SMALL))
    assert_as_uncut(got, uncut(SMALL))
    assert (got.flow.verdict.attempts, got.flow.verdict.billed) == (4, 4)


# --- the same for what others recorded -----------------------------------------------------------

SMALLEST, NEXT = 30, 40
PLACES = 30  # event boundaries of a longer one at which it is cut


def chosen(corpora, first, behind):
    """Recordings that ended well, from the smallest on."""
    well = [one for one in recorded(corpora) if one[0] not in {*INCOMPLETE, *SAID_MORE}]
    return sorted(well, key=lambda one: (len(one[2]), one[0]))[first:behind]


def reads(summary):
    return {"provider": "auto", "parse": "json" if summary["kind"] == "json" else "text"}


def assert_cuts_do_not_show(way, fault, summary, body, cuts):
    expected = uncut(body, **reads(summary))
    for at in cuts:
        got = heard(way, upto(body, at, fault), all_of(body), **reads(summary))
        assert_as_uncut(got, expected)
        assert len(got.requests) <= 2


BYTES = [  # how often and how a recording is cut
    pytest.param("httpx", 4, cut, marks=pytest.mark.soak),
    pytest.param("httpx2, asyncio", 12, reset, marks=pytest.mark.soak),
    pytest.param("httpx", 1, cut, marks=pytest.mark.sweep),
    pytest.param("httpx2, asyncio", 3, reset, marks=pytest.mark.sweep),
]


@pytest.mark.parametrize(("name", "step", "fault"), BYTES)
def test_a_small_recording_that_is_cut_anywhere_is_told_as_if_it_were_not(
    corpora, name, step, fault
):
    for number, (_, summary, body) in enumerate(chosen(corpora, 0, SMALLEST)):
        cuts = range(number % step, len(body) + 1, step)
        assert_cuts_do_not_show(WAYS[name], fault, summary, body, cuts)


@pytest.mark.parametrize(
    "count", [pytest.param(20, marks=pytest.mark.soak), pytest.param(50, marks=pytest.mark.sweep)]
)
def test_a_recording_that_is_cut_at_its_events_is_told_as_if_it_were_not(corpora, count):
    for file, summary, body in chosen(corpora, SMALLEST, SMALLEST + NEXT):
        numbers = random.Random(file)
        ends = [at + 1 for at in range(len(body)) if body[at : at + 1] == b"\n"]
        cuts = numbers.sample(ends, min(PLACES, len(ends)))
        cuts += numbers.sample(range(len(body)), min(count, len(body)))
        assert_cuts_do_not_show(WAYS["httpx"], cut, summary, body, cuts)


def resumed(body, at, summary):
    """What is told of a body that is cut there, and then comes again, without a connection."""
    bridge = Bridge(keeps=True, **reads(summary))
    events = bridge.feed(body[:at])
    lost = ConnectionLost("cut", retryable=True)
    if bridge.over or bridge.unfinished(lost) is None:
        return bridge, events + bridge.close(lost=lost)
    events += bridge.again()
    return bridge, events + bridge.feed(body) + bridge.close()


@pytest.mark.parametrize(
    "step", [pytest.param(7, marks=pytest.mark.soak), pytest.param(1, marks=pytest.mark.sweep)]
)
def test_a_bridge_tells_a_recording_that_is_cut_as_if_it_were_not(corpora, step):
    for file, summary, body in chosen(corpora, SMALLEST, SMALLEST + NEXT):
        events, result, tools = uncut(body, **reads(summary))
        expected = exactly([events, result, tools])
        for at in range(0, len(body) + 1, step):
            bridge, said = resumed(body, at, summary)
            assert bridge.verdict.status == "complete", (file, at)
            assert exactly([told(said), bridge.result, bridge.tools]) == expected, (file, at)


# --- an answer that says something else ----------------------------------------------------------

SAYS = '{"title":"Owls","of":"Spain"}'
IN_STRINGS = [at for at in range(len(SAYS)) if SAYS[at].isalpha()]


def differing(text, at):
    """An answer of the same beginning that then differs, and breaks off."""
    return upto(chat(text[:at] + "X"), -len(DONE) - 50)


@pytest.mark.parametrize("at", IN_STRINGS[::3])
def test_what_does_not_hold_is_taken_back_and_the_new_answer_told_from_there(way, at):
    got = heard(way, differing(SAYS, at), all_of(chat(SAYS)))
    (void,) = got.resets
    assert (void.channel, void.keep) == (Channel("content"), at)
    held, _, _ = lenient(SAYS[:at])
    behind = got.events[got.events.index(void) + 1 :]
    assert told([*held, *behind]) == uncut(chat(SAYS))[0]
    assert (got.error, got.flow.result) == (None, json.loads(SAYS))


def lenient(text):
    """What is told of a text that is cut, and what it comes to."""
    flow = stream([text], finish="lenient")
    events = list(flow)
    return events, flow.value, flow.verdict


LONGER, SHORTER = '{"title":"Cats and owls"}', '{"title":"O"}'
BEGUN = upto(chat('{"title":"Owls","of":"S'), -len(DONE) - 50)


@pytest.mark.parametrize(("second", "keep"), [(LONGER, 10), (SHORTER, 11)])
def test_held_back_is_what_differs_until_there_is_more_to_tell(way, second, keep):
    got = heard(way, BEGUN, all_of(chat(*second)), on_diverge="hold")
    assert [one.keep for one in got.resets] == [keep]
    assert (got.error, got.flow.result) == (None, json.loads(second))


def test_an_answer_that_differs_may_be_an_error(way):
    got = heard(way, BEGUN, all_of(chat(*LONGER)), on_diverge="raise")
    assert type(got.error) is ConnectionLost
    assert "character 10 of content" in str(got.error)
    assert got.resets == []
    assert got.flow.value["title"] == "Owls"
    assert len(got.requests) == 2


def test_an_answer_that_is_shorter_takes_back_the_rest(way):
    got = heard(
        way, upto(chat("Owls and cats"), -len(DONE) - 50), all_of(chat("Owls")), parse="text"
    )
    assert [one.keep for one in got.resets] == [len("Owls")]
    assert (got.error, got.flow.result) == (None, "Owls")


class Owl(BaseModel):
    name: str


class Barn(BaseModel):
    owls: list[Owl]


def test_validated_objects_that_still_hold_stay_the_same_objects(way):
    first, second = (
        '{"owls":[{"name":"Ulla"},{"name":"Bo',
        '{"owls":[{"name":"Ulla"},{"name":"Ida"}]}',
    )
    kept = []

    def read(one, flow):
        if isinstance(one, Retrying):
            kept.append(flow.valid["owls", 0])

    got = heard(
        way, upto(chat(first), -len(DONE) - 50), all_of(chat(second)), read=read, model=Barn
    )
    assert got.error is None
    assert got.flow.result == Barn(owls=[Owl(name="Ulla"), Owl(name="Ida")])
    assert [got.flow.valid["owls", 0]] == kept
    assert got.flow.valid["owls", 0] is kept[0]
    assert got.flow.result.owls[0] is kept[0]


# --- before the first token ----------------------------------------------------------------------


def status(line, **headers):
    return whole(b"", line, connection="close", **headers)


BUSY = status("429 Too Many Requests", retry_after="0")
DOWN = status("503 Service Unavailable")
PASSING = {
    "a limit": (BUSY, HTTPStatusError),
    "a server that is down": (DOWN, HTTPStatusError),
    "a wish against its status": (
        status("400 Bad Request", x_should_retry="true"),
        HTTPStatusError,
    ),
    "no head": ([reset], ConnectionLost),
    "half a head": ([b"HTTP/1.1 200 OK\r\nConte", cut], ConnectionLost),
    "no body": (upto(b"", 0), ConnectionLost),
    "an error in the stream": (
        all_of(line({"error": {"code": 502, "message": "the owl is out"}})),
        None,
    ),
}


@pytest.mark.parametrize("case", PASSING)
def test_what_may_pass_is_asked_again_and_nothing_of_it_is_billed(way, case):
    refusal, kind = PASSING[case]
    got = heard(way, refusal, refusal, all_of(SMALL))
    assert_as_uncut(got, uncut(SMALL))
    assert got.events[:2] == got.retries
    assert kind is None or {type(one.cause) for one in got.retries} == {kind}
    assert len(bodies(got)) == 1
    assert (got.flow.verdict.attempts, got.flow.verdict.billed) == (3, 1)


LASTING = {
    "a wrong request": status("400 Bad Request"),
    "no key": status("401 Unauthorized"),
    "a wish against its status": status("503 Service Unavailable", x_should_retry="false"),
    "a wait that is too long": status("429 Too Many Requests", retry_after="121"),
}


@pytest.mark.parametrize("case", LASTING)
def test_what_will_not_pass_is_asked_once(way, case):
    got = heard(way, LASTING[case], all_of(SMALL))
    assert type(got.error) is HTTPStatusError
    assert (got.flow.verdict.status, len(got.requests), got.events) == ("failed", 1, [])


@pytest.mark.parametrize("budget", [0, 1, 3])
def test_a_budget_that_is_spent_ends_in_the_last_refusal(way, budget):
    retry = Retry(before_first_token=budget, after_first_token=9, jitter=lambda: 0)
    got = heard(way, BUSY, DOWN, retry=retry)
    assert type(got.error) is HTTPStatusError
    assert got.error.status_code == (503 if budget else 429)
    assert len(got.requests) == budget + 1 == got.flow.verdict.attempts
    assert got.flow.verdict.billed == 0


def test_attempts_in_vain_can_still_be_read_of():
    got = heard(WAYS["httpx"], BUSY, DOWN)
    retries = list(got.flow)
    assert [one.attempt for one in retries] == [2, 3, 4]
    assert [one.cause.status_code for one in retries] == [429, 503, 503]
    assert [one.delay for one in retries] == [0, 0, 0]


def test_a_server_that_is_not_there_is_asked_again(way):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    flow, error = way.run(f"http://127.0.0.1:{port}/", nothing, retry=RETRY)
    assert type(error) is ConnectionLost
    assert (flow.verdict.status, flow.verdict.attempts) == ("interrupted", 4)


def test_a_budget_is_each_for_itself(way):
    retry = Retry(before_first_token=1, after_first_token=1, jitter=lambda: 0)
    got = heard(way, BUSY, upto(SMALL, OPEN), all_of(SMALL), retry=retry)
    assert_as_uncut(got, uncut(SMALL))
    spent = heard(way, BUSY, upto(SMALL, OPEN), upto(SMALL, 150), all_of(SMALL), retry=retry)
    assert type(spent.error) is ConnectionLost
    assert len(spent.requests) == 3


def test_a_request_that_is_refused_later_is_a_lost_connection_with_all_that_came(way):
    got = heard(way, upto(SMALL, OPEN), status("400 Bad Request"))
    assert type(got.error) is ConnectionLost
    assert "status 400" in str(got.error)
    assert got.error.value == {"é": "Uhü"}
    assert got.flow.verdict.status == "interrupted"


def test_a_refusal_in_the_middle_takes_nothing_from_what_follows(way):
    got = heard(way, upto(SMALL, OPEN), DOWN, BUSY, all_of(SMALL))
    assert_as_uncut(got, uncut(SMALL))
    assert got.flow.verdict.billed == 2


# --- without a stream, in the end ----------------------------------------------------------------

TEXT = json.dumps({"é": "Uhü é", "n": [12, True]}, ensure_ascii=False)
PLAIN = {"choices": [{"message": {"role": "assistant", "content": TEXT}, "finish_reason": "stop"}]}


def test_in_the_end_the_same_is_asked_for_whole_and_only_the_rest_is_told(way):
    body = chat(TEXT[:10], TEXT[10:])
    once = Retry(after_first_token=1, jitter=lambda: 0)
    begun = upto(body, body.index(b"\n\n") + 2)
    got = heard(way, begun, begun, as_json(PLAIN), retry=once, fallback=True)
    assert_as_uncut(got, uncut(body))
    asked = [json.loads(body_of(one)) for one in got.requests]
    assert asked == [ASKED, ASKED, {**ASKED, "stream": False}]
    assert [one.how for one in got.retries] == ["replay", "plain"]


@pytest.mark.parametrize("last", [DOWN, LASTING["a wrong request"], [reset]])
def test_where_that_fails_too_all_that_came_stands_on_the_error(way, last):
    got = heard(way, upto(SMALL, OPEN), last, retry=None, fallback=True)
    assert type(got.error) is ConnectionLost
    assert got.error.value == got.flow.value == {"é": "Uhü"}
    assert got.flow.verdict.status == "interrupted"
    assert len(got.requests) == 2


# --- at the server's cursor ----------------------------------------------------------------------

RESPONSES = "/v1/responses"
KEPT = {"background": True, "stream": True}
ID = "resp_7"


def answered(status="completed", text=TEXT):
    part = {"type": "output_text", "text": text, "annotations": []}
    output = {"type": "message", "id": "m", "role": "assistant", "content": [part]}
    return {"id": ID, "object": "response", "status": status, "output": [output] if text else []}


def responses(*texts):
    """The events of an answer in the background, numbered."""
    at = {"item_id": "m", "output_index": 0, "content_index": 0}
    said = [
        {"type": "response.created", "response": answered("in_progress", "")},
        *({"type": "response.output_text.delta", **at, "delta": text} for text in texts),
        {"type": "response.completed", "response": answered()},
    ]
    return [line({**one, "sequence_number": number}) for number, one in enumerate(said)]


EVENTS = responses(TEXT[:7], TEXT[7:12], TEXT[12:])
OF_RESPONSES = {"provider": "responses", "json": KEPT, "path": RESPONSES}


@pytest.mark.parametrize("count", [1, 2, 3, 4])
@pytest.mark.parametrize("overlap", [0, 1])
def test_an_answer_in_the_background_goes_on_at_its_cursor(way, count, overlap):
    begun, rest = b"".join(EVENTS[:count]), b"".join(EVENTS[max(0, count - overlap) :])
    got = heard(way, upto(begun, len(begun)), all_of(rest), **OF_RESPONSES)
    assert_as_uncut(got, uncut(b"".join(EVENTS), provider="responses"))
    assert first_line(got.requests[1]) == (
        f"GET {RESPONSES}/{ID}?stream=true&starting_after={count - 1}"
    )
    assert [one.how for one in got.retries] == ["cursor"]
    assert got.flow.verdict.billed == 1


@pytest.mark.parametrize("polls", [1, 2])
def test_where_the_cursor_is_refused_the_answer_is_fetched_as_it_grows(way, polls):
    begun = b"".join(EVENTS[:2])
    growing = [as_json(answered("in_progress", TEXT[: 9 + at])) for at in range(polls - 1)]
    got = heard(
        way,
        upto(begun, len(begun)),
        status("400 Bad Request"),
        *growing,
        as_json(answered()),
        **OF_RESPONSES,
    )
    events, result, _ = uncut(b"".join(EVENTS), provider="responses")
    assert got.error is None
    assert (got.flow.result, told(got.events), got.resets) == (result, events, [])
    assert [one.how for one in got.retries] == ["cursor", "recover"]
    assert {first_line(one) for one in got.requests[2:]} == {f"GET {RESPONSES}/{ID}"}
    assert (len(got.requests), got.flow.verdict.billed) == (2 + polls, 1)


STORED = {"data": {"input": {"messages": []}, "output": {"completion": TEXT, "reasoning": None}}}


def test_a_generation_that_openrouter_has_stored_is_fetched(way):
    body = chat(TEXT[:10], TEXT[10:])
    start = head(transfer_encoding="chunked", connection="close", X_Generation_Id="gen-7")
    begun = upto(body, body.index(b"\n\n") + 2, start=start)
    stored = as_json(STORED)
    got = heard(way, begun, stored, path=f"/api{CHAT}", provider="openrouter")
    assert_as_uncut(got, uncut(body))
    assert first_line(got.requests[1]) == "GET /api/v1/generation/content?id=gen-7"
    assert [one.how for one in got.retries] == ["recover"]
    assert got.flow.verdict.billed == 1


def test_a_generation_that_was_not_stored_is_asked_for_again(way):
    body = chat(TEXT[:10], TEXT[10:])
    start = head(transfer_encoding="chunked", connection="close", X_Generation_Id="gen-7")
    begun = upto(body, body.index(b"\n\n") + 2, start=start)
    got = heard(
        way, begun, status("404 Not Found"), all_of(body), path=f"/api{CHAT}", provider="openrouter"
    )
    assert_as_uncut(got, uncut(body))
    assert [one.how for one in got.retries] == ["recover", "replay"]


def with_ids(*texts):
    """The events of an answer, each with an id."""
    said = [*(delta(content=text) for text in texts)]
    stop = {"choices": [{"delta": {}, "finish_reason": "stop"}]}
    return [b"id: %d\n" % at + line(one) for at, one in enumerate([*said, stop])]


@pytest.mark.parametrize("is_heeded", [True, False])
@pytest.mark.parametrize("count", [1, 2, 3])
def test_the_id_of_the_last_event_is_sent_and_may_be_heeded_or_not(way, count, is_heeded):
    events = with_ids(TEXT[:7], TEXT[7:12], TEXT[12:])
    begun, rest = b"".join(events[:count]), b"".join(events[count if is_heeded else 0 :])
    got = heard(way, upto(begun, len(begun)), all_of(rest + DONE))
    assert_as_uncut(got, uncut(b"".join(events) + DONE))
    assert f"last-event-id: {count - 1}\r\n".encode() in got.requests[1].lower()
    assert b"last-event-id" not in got.requests[0].lower()


# --- leaving -------------------------------------------------------------------------------------

SOON = 0.05  # seconds
STALLED = upto(SMALL, OPEN, stall)
FOR_A_SECOND = Retry(base=1, cap=1, jitter=lambda: 1)
WAITS = {"for bytes": (STALLED, RETRY), "to ask again": (upto(SMALL, OPEN), FOR_A_SECOND)}


@pytest.mark.parametrize("case", WAITS)
def test_a_stream_is_ended_from_another_thread(way, case):
    script, retry = WAITS[case]
    timers = []

    def read(_, flow):
        if not timers:
            timers.append(threading.Timer(SOON, flow.cancel))
            timers[0].start()

    got = heard(way, script, read=read, retry=retry)
    timers[0].join()
    assert got.flow.verdict.status == "cancelled"
    assert len(got.requests) == 1


def test_a_stream_is_ended_by_its_reader_before_it_is_asked_for_again(way):
    def read(one, flow):
        if isinstance(one, Retrying):
            flow.cancel()

    got = heard(way, upto(SMALL, OPEN), read=read, retry=FOR_A_SECOND)
    assert got.flow.verdict.status == "cancelled"
    assert len(got.requests) == 1


@pytest.mark.parametrize("loop", ["asyncio", "trio"])
@pytest.mark.parametrize("case", WAITS)
def test_a_stream_is_ended_from_another_task(loop, case):
    script, retry = WAITS[case]
    options = {"provider": "chat", "retry": retry}

    async def end(flow):
        await anyio.sleep(SOON)
        flow.cancel()

    async def main(url):
        async with (
            httpx2.AsyncClient(verify=UNUSED) as client,
            aopen_stream(client, "POST", url, **options) as flow,
            anyio.create_task_group() as tasks,
        ):
            tasks.start_soon(end, flow)
            with anyio.fail_after(LONG):
                async for _ in flow:
                    pass
        return flow.verdict.status

    with serving(script) as server:
        assert anyio.run(main, server.url, backend=loop) == "cancelled"
        assert server.is_idle(LONG)


class Leaves(Exception):
    pass


def leaves(*_):
    raise Leaves


def cancels(_, flow):
    flow.cancel()


BEGUN_KEPT = b"".join(EVENTS[:2])
STALLED_KEPT = upto(BEGUN_KEPT, len(BEGUN_KEPT), stall)


@pytest.mark.parametrize("read", [leaves, cancels])
@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (as_json({}), "the provider was told to stop"),
        (DOWN, "the provider was not told to stop: status 503"),
    ],
)
def test_the_provider_is_told_to_stop(way, read, answer, words):
    got = heard(way, STALLED_KEPT, answer, read=read, on_cancel=True, **OF_RESPONSES)
    assert got.flow.verdict.status == "cancelled"
    assert first_line(got.requests[1]) == f"POST {RESPONSES}/{ID}/cancel"
    assert words in got.flow.verdict.evidence
    assert len(got.requests) == 2


def test_a_provider_that_has_ended_is_not_told_to_stop(way):
    got = heard(way, all_of(b"".join(EVENTS)), on_cancel=True, **OF_RESPONSES)
    assert got.flow.verdict.status == "complete"
    assert len(got.requests) == 1


# --- in another process --------------------------------------------------------------------------

NONE = Retry(before_first_token=0, after_first_token=0)  # here it is given up, and can be gone on


@pytest.mark.parametrize("at", range(0, STOPPED, 23))
def test_another_process_goes_on_with_what_was_told_here(way, at):
    first = heard(
        way, upto(SMALL, at), retry=None, state=Bridge(provider="chat", keeps=True).state()
    )
    state = json.loads(json.dumps(first.flow.state()))
    second = heard(way, all_of(SMALL), retry=None, state=state)
    events, result, _ = uncut(SMALL)
    assert (second.error, second.resets) == (None, [])
    assert second.flow.result == result
    assert exactly(told([*first.events, *second.events])) == exactly(events)


@pytest.mark.parametrize("count", [2, 3])
def test_another_process_goes_on_at_the_cursor(way, count):
    begun, again = b"".join(EVENTS[:count]), b"".join(EVENTS)
    first = heard(way, upto(begun, len(begun)), **OF_RESPONSES, retry=NONE)
    state = json.loads(json.dumps(first.flow.state()))
    second = heard(way, all_of(again), **OF_RESPONSES, state=state)
    events, result, _ = uncut(b"".join(EVENTS), provider="responses")
    assert second.error is None
    assert first_line(second.requests[0]).endswith(f"{ID}?stream=true")  # generates nothing
    assert exactly(told([*first.events, *second.events])) == exactly(events)
    assert second.flow.result == result


# --- other answers -------------------------------------------------------------------------------


def call(index, arguments, **members):
    return {"index": index, "function": {"arguments": arguments, **members}}


CALLS = [
    delta(reasoning="Which way? "),
    delta(tool_calls=[{"id": "a", **call(0, "", name="ferry")}]),
    delta(tool_calls=[call(0, '{"to":"Hi')]),
    delta(tool_calls=[{"id": "b", **call(1, '{"at', name="ferry")}]),
    delta(tool_calls=[call(0, 'iu"}'), call(1, '":[7,')]),
    delta(tool_calls=[call(1, '"é"]}')]),
    {"choices": [{"delta": {}, "finish_reason": "tool_calls"}]},
]
FOUND = chat("Here it is:\n```json\n", '{"owls":[1,2', '],"of":"Spain', '"}\n```\nand ', "[3]")
NDJSON = [
    {"model": "owl", "message": {"content": '{"owls":[1,2'}, "done": False},
    {"model": "owl", "message": {"content": '],"of":"Spain"}'}, "done": False},
    {"model": "owl", "message": {"content": ""}, "done": True, "done_reason": "stop"},
]
GEMINI = [
    {"candidates": [{"content": {"parts": [{"text": '{"owls":[1,2'}]}}]},
    {"candidates": [{"content": {"parts": [{"text": '],"of":"Sp'}]}}]},
    {"candidates": [{"content": {"parts": [{"text": 'ain"}'}]}, "finishReason": "STOP"}]},
]
OTHERS = {
    "calls": (b"".join(map(line, CALLS)) + DONE, {}),
    "JSON in an answer": (FOUND, {"parse": "find"}),
    "a text": (chat("Owls hoo", "t, ", "é"), {"parse": "text"}),
    "reasoning": (
        b"".join(map(line, [delta(reasoning="Hm"), delta(reasoning="m.")])) + chat("[1", "2]"),
        {},
    ),
    "the JSON itself": (TEXT.encode(), {"provider": None}),
    "a number": (b"1234", {"provider": None}),
    "JSON in a body": (f"So:\n{TEXT}\n".encode(), {"provider": None, "parse": "find"}),
    "a body that is all content": (TEXT.encode(), {"provider": "text"}),
    "lines": (b"".join(json.dumps(one).encode() + b"\n" for one in NDJSON), {"provider": "ollama"}),
    "an array": (json.dumps(GEMINI, indent=1).encode(), {"provider": "gemini"}),
}


@pytest.mark.parametrize("case", OTHERS)
@pytest.mark.parametrize(
    ("name", "step"),
    [
        ("httpx", 17),
        ("httpx2, trio", 41),
        *(pytest.param(name, 2, marks=pytest.mark.soak) for name in ("httpx", "httpx2, asyncio")),
    ],
)
def test_any_answer_that_is_cut_anywhere_is_told_as_if_it_were_not(name, step, case):
    body, options = OTHERS[case]
    expected = uncut(body, **options)
    for at in range(0, len(body) + 1, step):
        got = heard(WAYS[name], upto(body, at), all_of(body), **options)
        assert_as_uncut(got, expected)
