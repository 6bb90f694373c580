"""A request and where its answer stands, to the request that follows: one table for each way."""

from __future__ import annotations

import json

import pytest

from partialjson.wire.routes import Ask

CHAT = "https://openrouter.ai/api/v1/chat/completions"
RESPONSES = "https://api.openai.com/v1/responses"
AZURE = "https://owl.openai.azure.com/openai/responses?api-version=2025-04-01"
GEMINI = "https://generativelanguage.googleapis.com/v1beta/models/owl:streamGenerateContent"
BEDROCK = "https://bedrock-runtime.eu-west-1.amazonaws.com/model/owl"
VERTEX = "https://aiplatform.googleapis.com/v1/projects/p/publishers/anthropic/models/owl"
TURNS = [{"role": "user", "content": "Which owl?"}]
BODY = {"model": "owl", "messages": TURNS, "stream": True, "stream_options": {"a": 1}}
WHOLE = {"model": "owl", "messages": TURNS, "stream": False}
KEPT = {"model": "owl", "input": "Which owl?", "background": True, "stream": True}
HEADERS = {"Authorization": "Bearer hoo"}


def post(url=CHAT, body=BODY, **sent):
    return Ask("POST", url, {"json": body, **sent})


def facts(ask):
    return ask.method, ask.url, ask.sent


# --- the body ------------------------------------------------------------------------------------

BODIES = {
    "an object": ({"json": BODY}, BODY),
    "its text": ({"content": json.dumps(BODY)}, BODY),
    "its bytes": ({"content": json.dumps(BODY).encode()}, BODY),
    "JSON before text": ({"json": BODY, "content": "{}"}, BODY),
    "an array": ({"json": [BODY]}, {}),
    "text that is no JSON": ({"content": "Which owl?"}, {}),
    "bytes that are no text": ({"content": b"\xff"}, {}),
    "text that nests too deep": ({"content": "[" * 200_000}, {}),
    "pieces": ({"content": iter([b"{}"])}, {}),
    "a form": ({"data": {"model": "owl"}}, {}),
    "nothing": ({}, {}),
}


@pytest.mark.parametrize("case", BODIES)
def test_a_body_is_the_object_that_was_sent_whatever_sent_it(case):
    sent, body = BODIES[case]
    assert Ask("POST", CHAT, sent).body == body


# --- headers -------------------------------------------------------------------------------------

NAMED = [  # headers, in each form that httpx takes; what is left of them
    (None, []),
    ({"last-event-id": "3", "X": "1"}, [("X", "1")]),
    ([("LAST-EVENT-ID", "3"), ("X", "1"), ("X", "2")], [("X", "1"), ("X", "2")]),
    ([(b"Last-Event-Id", b"3"), (b"X", b"1")], [(b"X", b"1")]),
]


@pytest.mark.parametrize(("headers", "left"), NAMED)
def test_a_header_takes_the_place_of_that_name_whatever_its_case(headers, left):
    ask = post(headers=headers).after("7")
    assert facts(ask) == ("POST", CHAT, {"json": BODY, "headers": [*left, ("Last-Event-ID", b"7")]})


def test_headers_of_httpx_are_read_too():
    httpx = pytest.importorskip("httpx", reason="its headers are another mapping")
    ask = post(headers=httpx.Headers([("x", "1"), ("x", "2"), ("last-event-id", "3")])).after("7")
    assert httpx.Headers(ask.sent["headers"])["last-event-id"] == "7"


def test_without_an_event_id_there_is_nothing_to_go_on_behind():
    ask = post(headers=HEADERS)
    assert ask.after("") is ask


def test_a_router_is_asked_to_answer_the_same():
    ask = post(headers={"x-openrouter-cache": "false"}).cached()
    assert ask.sent["headers"] == [("X-OpenRouter-Cache", "true")]


# --- the same without a stream -------------------------------------------------------------------

PLAIN = {  # a URL and what is sent; the same without a stream
    "chat": ((CHAT, {"json": BODY}), (CHAT, {"json": WHOLE})),
    "chat, as text": ((CHAT, {"content": json.dumps(BODY)}), (CHAT, {"json": WHOLE})),
    "nothing said of streams": (
        (CHAT, {"json": {"model": "owl"}}),
        (CHAT, {"json": {"model": "owl"}}),
    ),
    "no body": ((CHAT, {}), (CHAT, {})),
    "Azure": ((AZURE, {"json": KEPT}), (AZURE, {"json": KEPT | {"stream": False}})),
    "Gemini": (
        (f"{GEMINI}?alt=sse&key=k%26", {"json": {"contents": []}}),
        (f"{GEMINI.replace('streamG', 'g')}?key=k%26", {"json": {"contents": []}}),
    ),
    "Gemini, with parameters": (
        (GEMINI, {"json": {}, "params": {"alt": "sse", "key": "k"}}),
        (GEMINI.replace("streamG", "g"), {"json": {}, "params": {"key": "k"}}),
    ),
    "Gemini, with parameters in pairs": (
        (GEMINI, {"json": {}, "params": [("alt", "sse"), ("key", "k")]}),
        (GEMINI.replace("streamG", "g"), {"json": {}, "params": [("key", "k")]}),
    ),
    "Bedrock": (
        (f"{BEDROCK}/converse-stream", {"json": {}}),
        (f"{BEDROCK}/converse", {"json": {}}),
    ),
    "Bedrock, of old": (
        (f"{BEDROCK}/invoke-with-response-stream", {"json": {}}),
        (f"{BEDROCK}/invoke", {"json": {}}),
    ),
    "Vertex": (
        (f"{VERTEX}:streamRawPredict", {"json": {"stream": True}}),
        (f"{VERTEX}:rawPredict", {"json": {"stream": False}}),
    ),
}


@pytest.mark.parametrize("case", PLAIN)
def test_an_answer_is_asked_for_whole(case):
    (url, sent), (plain, body) = PLAIN[case]
    assert facts(Ask("POST", url, sent).plain()) == ("POST", plain, body)


def test_what_was_sent_is_left_as_it_was():
    ask = post()
    ask.plain(), ask.in_background(), ask.joined("An owl"), ask.cached()
    assert facts(ask) == facts(post())


# --- going on behind a text ----------------------------------------------------------------------

OBJECT, SCHEMA = {"type": "json_object"}, {"type": "object"}
OWLS = "An owl that sleeps all day"
JOINED = {  # a body, and a text; its members that are new, and how many characters are sent
    "chat": (
        ({"messages": TURNS}, OWLS),
        ({"messages": [*TURNS, {"role": "assistant", "content": OWLS}]}, len(OWLS)),
    ),
    "blanks at its end": (
        ({"messages": TURNS}, f" {OWLS} \n"),
        ({"messages": [*TURNS, {"role": "assistant", "content": f" {OWLS}"}]}, len(OWLS) + 1),
    ),
    "Gemini": (
        ({"contents": TURNS}, OWLS),
        ({"contents": [*TURNS, {"role": "model", "parts": [{"text": OWLS}]}]}, len(OWLS)),
    ),
    "tools that are none": (
        ({"messages": [], "tools": [], "response_format": None}, OWLS),
        ({"messages": [{"role": "assistant", "content": OWLS}]}, len(OWLS)),
    ),
    "no text": (({"messages": TURNS}, ""), None),
    "too little to tell an answer that begins anew": (({"messages": TURNS}, OWLS[:23]), None),
    "blanks alone": (({"messages": TURNS}, " \n"), None),
    "tools": (({"messages": TURNS, "tools": [{"name": "dig"}]}, OWLS), None),
    "functions": (({"messages": TURNS, "functions": [{"name": "dig"}]}, OWLS), None),
    "a schema": (({"messages": TURNS, "response_format": OBJECT}, OWLS), None),
    "a schema, for Gemini": (
        ({"contents": TURNS, "generationConfig": {"responseSchema": SCHEMA}}, OWLS),
        None,
    ),
    "a schema, for Anthropic": (({"messages": TURNS, "output_format": OBJECT}, OWLS), None),
    "a schema, for Ollama": (({"messages": TURNS, "format": SCHEMA}, OWLS), None),
    "no turns": (({"input": "Which owl?"}, OWLS), None),
    "turns that are none": (({"messages": "Which owl?"}, OWLS), None),
}


@pytest.mark.parametrize("case", JOINED)
def test_a_text_is_gone_on_behind(case):
    (body, text), expected = JOINED[case]
    joined = post(body=body).joined(text)
    if expected is None:
        assert joined is None
    else:
        members, length = expected
        assert joined == (post(body=body | members), length)


# --- what a server keeps -------------------------------------------------------------------------

VERSION = {"api-version": "2025-04-01"}
FETCHED = {  # a URL, and parameters; how an answer is asked for: a URL and parameters
    "OpenAI": ((RESPONSES, None), (f"{RESPONSES}/resp%2F1", {})),
    "a slash at its end": ((f"{RESPONSES}/", None), (f"{RESPONSES}/resp%2F1", {})),
    "Azure": ((AZURE, None), (f"{AZURE.partition('?')[0]}/resp%2F1", VERSION)),
    "a parameter": ((RESPONSES, VERSION), (f"{RESPONSES}/resp%2F1", VERSION)),
    "both: the parameter counts": (
        (AZURE, {"api-version": "v2"}),
        (f"{AZURE.partition('?')[0]}/resp%2F1", {"api-version": "v2"}),
    ),
    "parameters in pairs": ((RESPONSES, [*VERSION.items()]), (f"{RESPONSES}/resp%2F1", VERSION)),
}


@pytest.mark.parametrize("case", FETCHED)
def test_an_answer_that_is_kept_is_fetched_as_the_same_user(case):
    (url, params), (below, query) = FETCHED[case]
    ask = post(url, KEPT, params=params, headers=HEADERS, auth="owl", files={"a": b""})
    same = {"headers": HEADERS, "auth": "owl"}
    assert facts(ask.kept("resp/1")) == ("GET", below, same | {"params": query})
    behind = query | {"stream": "true", "starting_after": "7"}
    assert facts(ask.behind("resp/1", 7)) == ("GET", below, same | {"params": behind})
    first = query | {"stream": "true"}
    assert facts(ask.behind("resp/1", -1)) == ("GET", below, same | {"params": first})
    assert ask.behind("resp/1", 0).sent["params"]["starting_after"] == "0"
    assert facts(ask.cancelled("", "resp/1")) == (
        "POST",
        f"{below}/cancel",
        same | {"params": query},
    )


@pytest.mark.parametrize(
    ("url", "answer_id", "target"),
    [
        ("", "", None),
        ("https://owl.test/{id}/stop", "", None),
        ("https://owl.test/{id}/stop", "a/b", "https://owl.test/a%2Fb/stop"),
        ("https://owl.test/stop", "", "https://owl.test/stop"),
    ],
)
def test_an_answer_is_ended_where_its_id_is_known_or_not_needed(url, answer_id, target):
    ended = post(RESPONSES, KEPT).cancelled(url, answer_id)
    assert (ended and facts(ended)) == (target and ("POST", target, {"params": {}}))


STORED = {
    CHAT: "https://openrouter.ai/api/v1/generation/content",
    f"{CHAT}?a=1": "https://openrouter.ai/api/v1/generation/content",
    "https://owl.test/v1/messages": "https://owl.test/v1/generation/content",
    "https://owl.test/answers": None,
    "https://owl.test/v1": None,
}


@pytest.mark.parametrize("url", STORED)
def test_a_generation_is_fetched_where_a_router_stores_it(url):
    found = post(url, headers=HEADERS).stored("gen-1")
    assert (found and found.url) == STORED[url]
    if found:
        assert (found.method, found.sent["headers"]) == ("GET", HEADERS)
        assert found.sent["params"]["id"] == "gen-1"


def test_an_answer_is_kept_where_it_is_made_in_the_background():
    assert post(RESPONSES, KEPT).is_kept()
    assert not post(RESPONSES, KEPT | {"background": "yes"}).is_kept()
    assert not post().is_kept()
    assert post(f"{RESPONSES}/", {"input": "Which owl?"}).may_be_kept()
    assert post(AZURE, {"input": "Which owl?"}).may_be_kept()
    assert not post().may_be_kept()
    assert not post(RESPONSES, {}).may_be_kept()


def test_an_answer_is_asked_for_in_the_background():
    ask = post(RESPONSES, {"input": "Which owl?", "stream": True, "stream_options": {}})
    body = {"input": "Which owl?", "stream": False, "background": True}
    assert facts(ask.in_background()) == ("POST", RESPONSES, {"json": body})
    nothing = Ask("GET", RESPONSES)
    assert nothing.in_background() is nothing


def test_what_lies_at_a_url_is_got_as_the_same_user():
    ask = post(AZURE, KEPT, headers=HEADERS, params=VERSION)
    url = "https://files.test/a?signed=1"
    assert facts(ask.got(url)) == ("GET", url, {"headers": HEADERS})


@pytest.mark.parametrize(
    ("url", "is_near"),
    [
        ("https://openrouter.ai/files/1?a", True),
        ("http://openrouter.ai/files/1", False),
        ("https://openrouter.ai:8443/files/1", False),
        ("https://openrouter.ai.owl.test/files/1", False),
        ("/files/1", False),
    ],
)
def test_credentials_are_shown_to_the_same_origin_alone(url, is_near):
    assert post().is_near(url) is is_near


# --- websockets ----------------------------------------------------------------------------------

SOCKETS = {  # a URL and what is sent; where the socket is opened, and what is said first
    "Responses": (
        (RESPONSES, {"json": KEPT}),
        ("wss", [{"type": "response.create", "model": "owl", "input": "Which owl?"}]),
    ),
    "Responses, by their own message": (
        (RESPONSES, {"json": {"type": "response.create"}}),
        ("wss", [{"type": "response.create"}]),
    ),
    "chat": ((CHAT, {"json": BODY}), ("wss", [BODY])),
    "text": ((CHAT, {"content": "hoo"}), ("wss", ["hoo"])),
    "nothing": ((CHAT, {}), ("wss", [])),
    "without TLS": (("http://owl.test/a", {}), ("ws", [])),
    "a socket already": (("ws://owl.test/a", {}), ("ws", [])),
}


@pytest.mark.parametrize("case", SOCKETS)
def test_a_request_is_said_over_a_websocket(case):
    (url, sent), (scheme, said) = SOCKETS[case]
    rest = url.partition(":")[2]
    assert Ask("POST", url, sent).over_websocket() == (f"{scheme}:{rest}", said)


@pytest.mark.parametrize(
    ("url", "over_http"),
    [
        ("wss://owl.test/a?b=ws:", "https://owl.test/a?b=ws:"),
        ("ws://owl.test/a", "http://owl.test/a"),
        (CHAT, CHAT),
        ("/v1/answers", "/v1/answers"),
    ],
)
def test_the_same_is_sent_without_a_websocket(url, over_http):
    assert facts(post(url).over_http()) == ("POST", over_http, {"json": BODY})
