"""What follows an attempt that broke off: decided by facts alone, with bridges fed by hand.

No sockets: each row is what was heard, why it broke off, and what is asked for next. At the end
come the reader's own decisions: whether a new connection goes on with an answer, or begins anew.
"""

from __future__ import annotations

import json

import pytest
from test_stream import DONE, STOP, call, framed, says, sse

from partialjson import (
    BadContentType,
    ConnectionLost,
    HTTPStatusError,
    ProviderError,
    StreamTimeout,
)
from partialjson.stream import Bridge
from partialjson.stream.attempts import Attempts
from partialjson.stream.news import Retrying
from partialjson.wire.backoff import Retry
from partialjson.wire.messages import Channel, Restart
from partialjson.wire.routes import Ask

CONTENT = Channel("content")
CHAT = "https://openrouter.ai/api/v1/chat/completions"
RESPONSES = "https://api.openai.com/v1/responses"
TURNS = [{"role": "user", "content": "Which owl?"}]
LOST = ConnectionLost("reset by peer", retryable=True)
BUSY = HTTPStatusError("busy", status_code=503, retryable=True)
GONE = HTTPStatusError("gone", status_code=404)


def chat(**members):
    return Ask("POST", CHAT, {"json": {"messages": TURNS, "stream": True, **members}})


def background(**members):
    return Ask("POST", RESPONSES, {"json": {"input": "Which owl?", "background": True, **members}})


def often(**numbers):
    """A policy that waits for nothing."""
    return Retry(**{"after_first_token": 3, "jitter": lambda: 0.0, **numbers})


# --- what was heard ------------------------------------------------------------------------------


def identified(*messages, ids=()):
    """An event stream whose messages have ids."""
    ids = [*ids, *[None] * len(messages)]
    lines = [b"" if id_ is None else f"id: {id_}\n".encode() for id_ in ids]
    return b"".join(line + framed(one) for line, one in zip(lines, messages, strict=False))


def response(*texts, begins=True, first=0):
    """Events of a response, numbered."""
    created = {"type": "response.created", "response": {"id": "resp_1"}}
    deltas = [
        {"type": "response.output_text.delta", "item_id": "m", "output_index": 0, "delta": text}
        for text in texts
    ]
    events = [created, *deltas] if begins else deltas
    return [{**one, "sequence_number": first + at} for at, one in enumerate(events)]


COMPLETED = {"type": "response.completed", "response": {"id": "resp_1", "status": "completed"}}


def attempted(ask, heard=b"", provider="chat", headers=None, **options):
    """Attempts of which the first was answered, if anything was heard, and its bridge."""
    attempts = Attempts(ask, **{"retry": often(), **options})
    bridge = Bridge(provider=provider, keeps=attempts.keeps)
    attempts.first(bridge, 0.0)
    attempts.begin(bridge)
    if heard or headers:
        attempts.answered(headers or {})
        bridge.feed(heard)
    return attempts, bridge


def following(attempts, bridge, cause=LOST, now=0.0):
    """The next attempt, which is begun."""
    found = attempts.after(bridge, cause, now)
    if found is not None:
        attempts.begin(bridge)
    return found


SAID = sse(*says("[1, "))
NUMBERED = sse(*response("[1, "))
IDENTIFIED = identified(*says("[1, "), ids=["7"])
STORED = {"X-Generation-Id": "gen-1"}

# --- by what way ---------------------------------------------------------------------------------

WAYS = {  # how it was asked for, and heard; how it goes on: by what, by what delivery, where
    "nothing has come: the same": ((chat(), b""), ("replay", "stream", CHAT)),
    "chat": ((chat(), SAID), ("replay", "stream", CHAT)),
    "chat with event ids": ((chat(), IDENTIFIED), ("cursor", "stream", CHAT)),
    "a generation that is stored": (
        (chat(), SAID, "chat", STORED),
        ("recover", "plain", "https://openrouter.ai/api/v1/generation/content"),
    ),
    "a response in the background": (
        (background(), NUMBERED, "responses"),
        ("cursor", "stream", f"{RESPONSES}/resp_1"),
    ),
    "such a response, of which only the id is known": (
        (background(), sse(*response()), "responses"),
        ("cursor", "stream", f"{RESPONSES}/resp_1"),
    ),
    "such a response, read whole": (
        (background(), NUMBERED, "responses", None, {"deliver": "polling"}),
        ("recover", "polling", f"{RESPONSES}/resp_1"),
    ),
    "such a response without numbers": (
        (background(), sse({**response()[0], "sequence_number": None}), "responses"),
        ("recover", "polling", f"{RESPONSES}/resp_1"),
    ),
    "a response that is not kept": (
        (background(background=False), NUMBERED, "responses"),
        ("replay", "stream", RESPONSES),
    ),
    "JSON without a protocol": ((chat(), b"[1, ", None), ("replay", "stream", CHAT)),
}


@pytest.mark.parametrize("case", WAYS)
def test_the_first_way_that_the_api_has_is_taken(case):
    (ask, heard, *rest), expected = WAYS[case]
    provider, headers, options = (*rest, *("chat", None, {})[len(rest) :])
    found = following(*attempted(ask, heard, provider, headers, **options))
    assert (found.how, found.delivery, found.ask.url) == expected
    assert found.resumes is (found.how == "cursor")


def test_a_cursor_is_sent_in_the_words_of_the_api():
    ask = following(*attempted(background(), NUMBERED, "responses")).ask
    assert (ask.method, ask.sent["params"]) == ("GET", {"stream": "true", "starting_after": "1"})
    ask = following(*attempted(chat(), IDENTIFIED)).ask
    assert (ask.method, dict(ask.sent["headers"])) == ("POST", {"Last-Event-ID": b"7"})


def test_a_cursor_that_is_refused_is_not_tried_again():
    attempts, bridge = attempted(background(), NUMBERED, "responses")
    found = [following(attempts, bridge, cause) for cause in (LOST, GONE, GONE)]
    assert [one.how for one in found] == ["cursor", "recover", "replay"]


def test_a_stored_generation_that_is_not_whole_is_not_fetched_twice():
    attempts, bridge = attempted(chat(), SAID, headers=STORED)
    assert [following(attempts, bridge).how for _ in range(2)] == ["recover", "replay"]


LONGER = "[1, 2, 3, 4, 5, 6, 7, 8, 9"  # enough to tell one that begins anew
EXPLICIT = {  # how an answer is to go on; what of it stands in the next attempt
    "cursor": {"how": "cursor", "resumes": True},
    "recover": {"how": "recover", "delivery": "plain"},
    "replay": {"how": "replay", "compares": True},
    "prefill": {"how": "prefill", "joins_at": len(LONGER)},
    "restart": {"how": "restart", "compares": False},
}


@pytest.mark.parametrize("resume", EXPLICIT)
def test_an_answer_goes_on_by_the_way_that_is_asked_for(resume):
    heard = sse(says(LONGER)) if resume == "prefill" else IDENTIFIED
    attempts, bridge = attempted(chat(), heard, headers=STORED, resume=resume)
    found = following(attempts, bridge)
    assert {name: getattr(found, name) for name in EXPLICIT[resume]} == EXPLICIT[resume]


@pytest.mark.parametrize("resume", ["cursor", "recover", "prefill"])
def test_where_the_api_has_no_such_way_the_answer_is_compared(resume):
    found = following(*attempted(chat(tools=[{}]), SAID, resume=resume))
    assert (found.how, found.compares) == ("replay", True)


def test_an_answer_that_is_not_to_go_on_is_asked_for_only_while_nothing_has_come():
    assert following(*attempted(chat(), resume=None)).how == "replay"
    assert following(*attempted(chat(), SAID, resume=None)) is None
    found = following(*attempted(background(), sse(*response()), "responses", resume=None))
    assert found.ask.url == RESPONSES


def test_an_answer_that_failed_at_the_server_is_not_gone_on_with():
    error = {"code": "server_error", "message": "out"}
    failed = {"type": "response.failed", "response": {"id": "resp_1", "error": error}}
    heard = sse(*response("[1, "), {**failed, "sequence_number": 2})
    attempts, bridge = attempted(background(), heard, "responses")
    assert following(attempts, bridge, bridge.unfinished()).how == "replay"


# --- how often -----------------------------------------------------------------------------------

LASTING = [
    HTTPStatusError("unauthorized", status_code=401),
    BadContentType("HTML"),
    ProviderError("the owl is out"),
    ConnectionLost("no such host"),
]


@pytest.mark.parametrize("cause", LASTING, ids=lambda cause: type(cause).__name__)
@pytest.mark.parametrize("heard", [b"", SAID], ids=["before", "behind"])
def test_nothing_follows_a_cause_that_lasts(cause, heard):
    assert following(*attempted(chat(), heard), cause) is None


@pytest.mark.parametrize("cause", [LOST, BUSY, StreamTimeout("late", retryable=True)])
def test_something_follows_a_cause_that_passes(cause):
    assert following(*attempted(chat()), cause) is not None


def test_nothing_follows_without_a_policy():
    attempts, bridge = attempted(chat(), retry=None)
    assert not attempts.keeps
    assert following(attempts, bridge) is None


OFTEN = {  # what is asked for, and heard; how many attempts follow
    "before anything came": ((chat(), b""), 2),
    "once something has": ((chat(), SAID), 1),
    "at a cursor": ((background(), NUMBERED, "responses"), 2),
}


@pytest.mark.parametrize("case", OFTEN)
def test_requests_follow_as_often_as_the_policy_says(case):
    args, times = OFTEN[case]
    policy = often(before_first_token=2, after_first_token=1)
    attempts, bridge = attempted(*args, retry=policy)
    for _ in range(times):
        assert following(attempts, bridge) is not None
        attempts.answered({})
    assert following(attempts, bridge) is None


def test_a_request_that_had_no_answer_was_not_billed():
    policy = often(before_first_token=2, after_first_token=1)
    attempts, bridge = attempted(chat(), SAID, retry=policy)
    assert [following(attempts, bridge) is None for _ in range(4)] == [False] * 3 + [True]


def test_what_generates_nothing_may_go_on_as_long_as_there_is_news():
    attempts, bridge = attempted(background(), NUMBERED, "responses", retry=often())
    for number in range(2, 9):
        assert following(attempts, bridge).how == "cursor"
        bridge.feed(sse(*response("1, ", begins=False, first=number)))
    assert bridge.shown == {CONTENT: "[1, " + "1, " * 7}


def test_the_server_says_how_long_to_wait():
    policy = Retry(jitter=lambda: 1.0)
    asked = HTTPStatusError("busy", status_code=429, retryable=True, retry_after=7.0)
    assert following(*attempted(chat(), retry=policy), asked).delay == 7
    assert following(*attempted(chat(), retry=policy)).delay == policy.base
    assert following(*attempted(chat(), b"retry: 3000\n\n", retry=policy)).delay == 3


def test_nothing_follows_behind_the_deadline_of_all_attempts():
    attempts, bridge = attempted(chat(), retry=often(deadline=10.0))
    assert following(attempts, bridge, now=10.0) is not None
    assert following(attempts, bridge, now=10.1) is None


def test_a_reader_is_told_which_attempt_follows_and_why():
    attempts, bridge = attempted(chat(), SAID)
    found = following(attempts, bridge)
    assert attempts.told(found, LOST) == Retrying(2, 0.0, "replay", LOST)


# --- by another delivery -------------------------------------------------------------------------


def test_an_answer_without_a_stream_is_asked_for_once():
    attempts, bridge = attempted(chat(), SAID, retry=None, fallback=True)
    assert attempts.keeps
    found = following(attempts, bridge)
    assert (found.how, found.delivery, found.ask.body["stream"]) == ("plain", "plain", False)
    assert following(attempts, bridge) is None


@pytest.mark.parametrize("heard", [b"", SAID])
def test_what_was_refused_for_good_is_not_asked_for_whole(heard):
    assert following(*attempted(chat(), heard, fallback=True), GONE) is None


SOCKET = Ask("POST", RESPONSES.replace("https", "wss"), {"json": {"input": "Which owl?"}})
LADDERS = {
    "a WebSocket": (SOCKET, ["websocket", "stream", "polling", "plain"]),
    "Responses": (SOCKET.over_http(), ["stream", "polling", "plain"]),
    "chat": (chat(), ["stream", "plain"]),
}
FORBIDDEN = HTTPStatusError("no", status_code=403)


@pytest.mark.parametrize("case", LADDERS)
@pytest.mark.parametrize("cause", [FORBIDDEN, BadContentType("HTML"), LOST])
def test_where_a_way_is_forbidden_the_next_is_tried(case, cause):
    ask, ways = LADDERS[case]
    attempts = Attempts(ask, deliver="auto")
    bridge = Bridge(provider="responses", keeps=attempts.keeps)
    tried = [attempts.first(bridge, 0.0)]
    while (found := attempts.after(bridge, cause, 0.0)) is not None:
        tried.append(found)
    assert attempts.keeps
    assert [one.delivery for one in tried] == ways
    assert [one.how for one in tried[1:]] == ways[1:]
    assert all(one.ask.url.startswith("https") for one in tried[1:])
    bodies = {one.delivery: one.ask.body for one in tried}
    assert "polling" not in ways or bodies["polling"]["background"] is True


def test_another_way_is_tried_only_while_nothing_has_come_and_nothing_else_is_wrong():
    assert following(*attempted(chat(), SAID, retry=None, deliver="auto")) is None
    assert following(*attempted(chat(), retry=None, deliver="auto"), GONE) is None
    assert following(*attempted(chat(), retry=None), FORBIDDEN) is None


def test_a_way_that_was_left_stays_left():
    attempts, bridge = attempted(chat(), deliver="auto", retry=often())
    assert following(attempts, bridge, FORBIDDEN).delivery == "plain"


def test_one_way_alone_is_taken_where_it_is_named():
    for way in ("stream", "websocket", "polling", "plain"):
        attempts = Attempts(SOCKET, deliver=way)
        found = attempts.first(Bridge(provider="responses"), 0.0)
        assert (found.delivery, attempts.keeps) == (way, way == "polling")


# --- options and state ---------------------------------------------------------------------------


def test_a_router_is_asked_to_answer_the_same_each_time():
    attempts, bridge = attempted(chat(), SAID, cache=True)
    for ask in (attempts.ask, following(attempts, bridge).ask):
        assert ("X-OpenRouter-Cache", "true") in ask.sent["headers"]


@pytest.mark.parametrize("option", ["resume", "deliver"])
def test_an_option_has_a_value_of_its_own(option):
    with pytest.raises(ValueError, match=f"expected {option} of"):
        Attempts(chat(), **{option: "pigeon"})


KEEPS = {
    "one attempt": ({}, False),
    "a policy": ({"retry": Retry()}, True),
    "a fallback": ({"fallback": True}, True),
    "another way": ({"deliver": "auto"}, True),
    "polling": ({"deliver": "polling"}, True),
    "a state": ({"state": {}}, True),
}


@pytest.mark.parametrize("case", KEEPS)
def test_texts_are_kept_where_there_may_be_another_attempt(case):
    options, keeps = KEEPS[case]
    assert Attempts(chat(), **options).keeps is keeps


STATES = {  # as in `WAYS`; how another process goes on with the answer
    "chat": ((chat(), SAID), ("replay", False)),
    "event ids": ((chat(), IDENTIFIED), ("cursor", True)),
    "a generation that is stored": ((chat(), SAID, "chat", STORED), ("recover", False)),
    # The last events repeat whole texts, so all of them come again.
    "a response in the background": ((background(), NUMBERED, "responses"), ("cursor", False)),
    "calls, which a new reader would count anew": (
        (chat(), identified(call("{", id_="c", name="dig"), ids=["7"])),
        ("replay", False),
    ),
}


@pytest.mark.parametrize("case", STATES)
def test_another_process_goes_on_with_an_answer(case):
    (ask, heard, *rest), expected = STATES[case]
    attempts, bridge = attempted(ask, heard, *rest)
    state = json.loads(json.dumps(attempts.state(bridge)))
    other = Attempts(ask, state=state)
    second = Bridge(provider=rest[0] if rest else "chat", keeps=True)
    second.restore(state)
    found = other.first(second, 0.0)
    assert other.keeps
    assert (found.how, found.resumes) == expected
    other.begin(second)
    assert second.epoch == 1


# --- whether a new connection goes on ------------------------------------------------------------


def reconnected(first, *more, provider="chat"):
    """A bridge that has heard one connection, and what it tells of those that follow."""
    bridge = Bridge(provider=provider, keeps=True)
    bridge.feed(first)
    told = []
    for body in more:
        bridge.again(resumes=True)
        told = bridge.items(body)
        bridge.hear(told)
    return bridge, told


def of(answer_id, *texts):
    return [{**one, "id": answer_id} for one in says(*texts)]


FIRST, REST = "[1, ", "2]"
GOES_ON = {  # ids of the first connection, and of the second; and those of the answers
    "a greater number": (["7"], ["8"], None, None),
    "a greater number of more digits": (["9"], ["10"], None, None),
    "a number with a gap": (["7"], ["12"], None, None),
    "a number behind the same words": (["owl-7"], ["owl-8"], None, None),
    "another id of the same answer": (["aa"], ["ab"], "c1", "c1"),
    "a number behind other words, of the same answer": (["owl-7"], ["moth-1"], "c1", "c1"),
}
BEGINS_ANEW = {
    "no id": (["7"], [None], "c1", "c1"),
    "the first id": (["7", "8"], ["7"], "c1", "c1"),
    "the last id": (["7", "8"], ["8"], "c1", "c1"),
    "a smaller number": (["7"], ["3"], "c1", "c1"),
    "another id of another answer": (["aa"], ["ab"], "c1", "c2"),
    "another id of answers that are not named": (["aa"], ["ab"], None, None),
    "a number too long to compare": (["1" * 40], ["2" * 40], None, None),
}


@pytest.mark.parametrize("case", GOES_ON)
def test_a_connection_goes_on_behind_the_last_event(case):
    before, after, first, second = GOES_ON[case]
    bridge, told = reconnected(
        identified(*of(first, FIRST[0], FIRST[1:]), ids=before * (3 - len(before))),
        identified(*of(second, REST), STOP, DONE, ids=after),
    )
    assert Restart() not in told
    assert bridge.shown == {CONTENT: FIRST + REST}
    assert bridge.unfinished() is None


@pytest.mark.parametrize("case", BEGINS_ANEW)
def test_a_connection_begins_anew(case):
    before, after, first, second = BEGINS_ANEW[case]
    bridge, told = reconnected(
        identified(
            *of(first, *([FIRST] if len(before) == 1 else [FIRST[0], FIRST[1:]])), ids=before
        ),
        identified(*of(second, FIRST + REST), STOP, DONE, ids=after),
    )
    assert told[0] == Restart()
    assert bridge.shown == {CONTENT: FIRST + REST}
    assert bridge.unfinished() is None


def test_a_marker_alone_is_the_end_of_the_same_answer():
    bridge, told = reconnected(identified(*says("[1]"), ids=["7"]), sse(DONE))
    assert Restart() not in told
    assert bridge.unfinished() is None


def test_calls_go_on_where_they_stood():
    bridge, _ = reconnected(
        identified(call("[1", id_="c", name="dig"), ids=["7"]),
        identified(call("]"), STOP, DONE, ids=["8"]),
    )
    bridge.close()
    assert list(bridge.tools.values()) == [[1]]


def test_halves_of_a_pair_are_joined_over_two_connections():
    bridge, _ = reconnected(
        identified(*says('["\ud83d'), ids=["7"]),
        identified(*says('\ude00"]'), STOP, DONE, ids=["8"]),
    )
    assert bridge.shown == {CONTENT: '["😀"]'}


def test_an_event_that_was_cut_comes_again():
    first = identified(*says(FIRST, "lost"), ids=["7", "8"])
    bridge, told = reconnected(first[:-9], identified(*says(REST), STOP, DONE, ids=["8"]))
    assert Restart() not in told
    assert bridge.shown == {CONTENT: FIRST + REST}


def test_a_connection_that_said_nothing_leaves_the_place_as_it_was():
    first = identified(*says(FIRST), ids=["7"])
    last = identified(*says(REST), STOP, DONE, ids=["8"])
    bridge, told = reconnected(first, b": busy\n\n", b"", last)
    assert Restart() not in told
    assert bridge.shown == {CONTENT: FIRST + REST}


def test_a_heartbeat_tells_nothing_of_whether_an_answer_goes_on():
    ping = b'event: ping\ndata: {"type": "ping"}\n\n'
    start = {"type": "message_start", "message": {"id": "m1", "usage": {}}}
    texts = [
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}}
        for text in (FIRST, REST)
    ]
    bridge, told = reconnected(
        identified(start, texts[0], ids=["6", "7"]),
        ping + identified(texts[1], ids=["8"]),
        provider="anthropic",
    )
    assert Restart() not in told
    assert bridge.shown == {CONTENT: FIRST + REST}


def test_an_error_tells_nothing_of_whether_an_answer_goes_on():
    bridge, told = reconnected(
        identified(*says(FIRST), ids=["7"]),
        sse({"error": {"message": "busy", "code": 503}}),
        identified(*says(REST), STOP, DONE, ids=["8"]),
    )
    assert Restart() not in told
    assert bridge.shown == {CONTENT: FIRST + REST}


def test_a_place_is_none_of_an_answer_that_began_anew():
    bridge, told = reconnected(identified(*says(FIRST), ids=["7"]), sse(*says(FIRST)))
    assert told[0] == Restart()
    assert bridge.reader.last_event_id == ""


# --- numbered events -----------------------------------------------------------------------------

COMPLETE = {**COMPLETED, "sequence_number": 4}


def renumbered(*rest):
    return reconnected(sse(*response("[1", ", 2")), sse(*rest), provider="responses")


def test_events_that_overlap_are_dropped():
    bridge, _ = renumbered(*response("[1", ", 2", "]"), COMPLETE)
    assert bridge.shown == {CONTENT: "[1, 2]"}
    assert bridge.unfinished() is None


def test_nothing_is_read_behind_events_that_are_missing():
    bridge, _ = renumbered(*response("]", begins=False, first=4))
    assert bridge.shown == {CONTENT: "[1, 2"}
    assert bridge.failure.message == "events 3 to 3 are missing"
    assert bridge.unfinished().retryable


def test_events_that_were_missing_are_asked_for_again():
    bridge, _ = reconnected(
        sse(*response("[1", ", 2")),
        sse(*response("lost", begins=False, first=5)),
        sse(*response("]", begins=False, first=3), COMPLETE),
        provider="responses",
    )
    assert bridge.shown == {CONTENT: "[1, 2]"}
    assert bridge.failure is None
    assert bridge.unfinished() is None


def test_an_error_of_one_attempt_is_none_of_the_next_that_goes_on():
    error = {"type": "error", "code": "server_error", "message": "out", "sequence_number": 3}
    bridge, _ = reconnected(
        sse(*response("[1", ", 2"), error),
        sse(*response("]", begins=False, first=4), {**COMPLETED, "sequence_number": 5}),
        provider="responses",
    )
    assert bridge.shown == {CONTENT: "[1, 2]"}
    assert bridge.unfinished() is None


# --- what a server does that heeds nothing, and what a policy forbids -----------------------------


def test_ids_that_only_grow_do_not_make_another_answer_the_same():
    bridge, told = reconnected(
        identified(*of("c1", FIRST), ids=["105"]),
        identified(*of("c2", FIRST, REST), STOP, DONE, ids=["201", "202"]),
    )
    assert told[0] == Restart()
    assert bridge.shown == {CONTENT: FIRST + REST}


QUIET = {
    "a ping": b"event: ping\ndata: {}\n\n",
    "a beat": sse({"type": "keepalive"}),
    "an empty delta": sse(*says("")),
    "usage": sse({"choices": [], "usage": {"prompt_tokens": 1}}),
}


@pytest.mark.parametrize("case", QUIET)
def test_what_tells_nothing_of_the_answer_decides_nothing(case):
    rest = identified(*says(REST), STOP, DONE, ids=["8"])
    bridge, told = reconnected(identified(*says(FIRST), ids=["7"]), QUIET[case] + rest)
    assert Restart() not in told
    assert bridge.shown == {CONTENT: FIRST + REST}


def test_ids_that_nobody_heeds_are_billed_as_what_they_cause():
    attempts, bridge = attempted(chat(), IDENTIFIED, retry=often(after_first_token=2))
    hows = []
    for number in range(1, 9):
        found = following(attempts, bridge)
        if found is None:
            break
        hows.append(found.how)
        attempts.answered({})
        text = "[1, " + "2, " * number  # it begins anew, and is longer each time
        bridge.feed(identified({**says(text)[0], "id": f"c{number}"}, ids=["1"]))
    assert hows == ["cursor", "replay"]


LIMITS = {  # a policy, what the server asks for, the present moment; how long to wait, if at all
    "nothing is in the way": ({}, None, 0.0, 0.0),
    "the server says when": ({}, 30.0, 0.0, 30.0),
    "the server asks for too much": ({}, 600.0, 0.0, None),
    "it is too late": ({"deadline": 1}, None, 1_000.0, None),
}


@pytest.mark.parametrize("case", LIMITS)
def test_the_limits_of_a_policy_hold_for_the_last_resort_too(case):
    policy, asked, now, delay = LIMITS[case]
    retry = Retry(before_first_token=0, after_first_token=0, **policy)
    attempts, bridge = attempted(chat(), SAID, retry=retry, fallback=True)
    cause = HTTPStatusError("busy", status_code=429, retryable=True, retry_after=asked)
    found = attempts.after(bridge, cause, now)
    assert (found and found.delay) == delay


@pytest.mark.parametrize("options", [{"fallback": True}, {"retry": often()}])
def test_a_quota_that_is_spent_is_told_at_once(options):
    spent = ProviderError("no money", code="insufficient_quota")
    assert following(*attempted(chat(), SAID, **options), spent) is None


def test_an_error_of_the_answer_itself_ends_what_went_on_at_a_cursor():
    attempts, bridge = attempted(background(), NUMBERED, "responses")
    assert following(attempts, bridge).how == "cursor"
    assert following(attempts, bridge, ProviderError("content policy", code=400)) is None


def test_what_is_busy_is_not_forbidden():
    busy = HTTPStatusError("busy", status_code=503, retryable=True)
    assert following(*attempted(chat(), retry=None, deliver="auto"), busy) is None
