"""Streams of a server as people run them, and of bad networks.

The server is uvicorn with Starlette and sse-starlette: it sends an answer by server-sent events,
and relays a stream of an upstream, a scripted server, to a browser: a bare socket, which leaves
when the test says so. That the upstream is let go of is seen at its own side.
"""

from __future__ import annotations

import json
import socket
import threading
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from urllib.parse import urlencode, urlsplit

import anyio
import httpx
import httpx2
import pytest
from browser_support import LONG
from browser_support import serving as application_served
from fault_server import (
    ANSWER,
    CHUNKED,
    HEARTBEAT,
    answer,
    chunk,
    chunks,
    for_ever,
    says,
    serving,
    stall,
)
from sse_starlette.event import ServerSentEvent
from sse_starlette.sse import EventSourceResponse
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.responses import StreamingResponse
from starlette.routing import Mount, Route
from tcp_proxy import Toxics, proxied

from partialjson import (
    ConnectionLost,
    Heartbeat,
    Retry,
    Retrying,
    StreamTimeout,
    aopen_stream,
    guard_disconnect,
    open_stream,
)

VALUE = json.loads(ANSWER)
PROMPT = 0.5  # seconds within which an upstream is let go of


# --- the application ------------------------------------------------------------------------------


async def answers(_):
    """A whole answer, with a ping of the server's own in the middle of it."""
    pings, pinged = [], anyio.Event()

    def ping():
        if pings:  # that one was sent
            pinged.set()
        pings.append(ServerSentEvent(comment="ping"))
        return pings[-1]

    async def events():
        for at, event in enumerate(answer()):
            if at == 2:
                await pinged.wait()
            yield event.decode().removeprefix("data: ").rstrip()

    return EventSourceResponse(events(), ping=0.02, ping_message_factory=ping)


async def relays(request):
    """What an upstream says, for as long as the browser stays."""
    # From ASGI 2.4 on Starlette looks at what a server's `send` raises, and listens no more.
    request.scope["asgi"] = {"version": "3.0", "spec_version": request.query_params["asgi"]}
    upstream = request.query_params["upstream"]
    stream = aopen_stream(request.state.client, "POST", upstream, provider="chat")

    async def body():
        async for event in guard_disconnect(request, stream):
            yield f"{event}\n"

    return StreamingResponse(body())


async def passes(request, call_next):
    return await call_next(request)


@asynccontextmanager
async def with_client(_):
    async with httpx2.AsyncClient() as client:
        yield {"client": client}


APPLICATION = Starlette(
    routes=[
        Route("/answer", answers),
        Route("/relay", relays),
        Mount(
            "/behind",
            routes=[Route("/relay", relays)],
            middleware=[Middleware(BaseHTTPMiddleware, dispatch=passes)],
        ),
    ],
    lifespan=with_client,
)


@pytest.fixture(scope="module")
def url():
    with application_served(APPLICATION) as url:
        yield url


# --- answers --------------------------------------------------------------------------------------


def heard(url, library=httpx, **options):
    """The events of an answer, and its stream and error."""
    events, error = [], None
    with library.Client() as client:
        flow = open_stream(client, "GET", url, provider="chat", **options)
        try:
            with flow:
                for one in flow:
                    events += [one]
        except Exception as raised:  # noqa: BLE001 - it is looked at
            error = raised
    return events, flow, error


def told(events):
    return [event for event in events if type(event) is not Heartbeat]


@pytest.mark.parametrize("library", [httpx, httpx2])
def test_an_answer_with_pings_is_whole(url, library):
    events, flow, error = heard(f"{url}/answer", library)
    assert error is None
    assert (flow.result, flow.verdict.status, flow.verdict.confirmed) == (VALUE, "complete", True)
    assert Heartbeat("ping") in events


def test_single_bytes_that_come_late_tell_the_same(url):
    plain, _, _ = heard(f"{url}/answer")
    with proxied(f"{url}/answer", Toxics(latency=0.01, slices=1)) as proxy:
        events, flow, error = heard(proxy.url)
    assert (error, told(events), flow.result) == (None, told(plain), VALUE)
    assert len(proxy.connections) == 1
    assert proxy.passed > sum(map(len, answer()))


@pytest.fixture
def enough(url):
    """How many bytes it takes until the first text was told, the head included."""
    with (
        proxied(f"{url}/answer") as proxy,
        httpx.Client() as client,
        open_stream(client, "GET", proxy.url, provider="chat") as flow,
    ):
        next(one for one in flow if type(one) is not Heartbeat)
        return proxy.passed


FAULTS = {
    "limit": ({}, ConnectionLost),
    "reset": ({}, ConnectionLost),
    "stall": ({"idle_timeout": 0.2}, StreamTimeout),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_connection_that_fails_on_the_way_is_no_success_and_loses_nothing(url, enough, fault):
    options, kind = FAULTS[fault]
    with proxied(f"{url}/answer", Toxics(**{fault: enough})) as proxy:
        events, flow, error = heard(proxy.url, **options)
    assert (type(error), error.retryable) == (kind, True)
    assert (flow.verdict.status, proxy.passed) == ("interrupted", enough)
    assert told(events)


def test_each_connection_has_its_own_fault(url, enough):
    with proxied(f"{url}/answer", Toxics(reset=0), Toxics(limit=enough), Toxics()) as proxy:
        statuses = [heard(proxy.url)[1].verdict.status for _ in range(4)]
    assert statuses == ["interrupted", "interrupted", "complete", "complete"]
    assert [one.passed for one in proxy.connections[:2]] == [0, enough]


FAILING = {  # connections, of which the last holds
    "limits and resets": (Toxics(reset=0), Toxics(limit=1), Toxics(reset=1), Toxics(slices=7)),
    "a stall": (Toxics(stall=1), Toxics(latency=0.001)),
}


@pytest.mark.parametrize("network", FAILING)
def test_an_answer_survives_a_network_that_fails(url, enough, network):
    toxics = [replace(one, **at_the_first_text(one, enough)) for one in FAILING[network]]
    plain, _, _ = heard(f"{url}/answer")
    retry = Retry(after_first_token=3, jitter=lambda: 0)
    with proxied(f"{url}/answer", *toxics) as proxy:
        events, flow, error = heard(proxy.url, retry=retry, idle_timeout=0.2)
    assert (error, flow.verdict.status, flow.result) == (None, "complete", VALUE)
    assert [one for one in told(events) if type(one) is not Retrying] == told(plain)
    assert len(proxy.connections) == flow.verdict.attempts == len(toxics)


def at_the_first_text(toxics, enough):
    """The place where it fails, in bytes, if it does."""
    return {name: enough for name in ("limit", "reset", "stall") if getattr(toxics, name) == 1}


# --- browsers that leave --------------------------------------------------------------------------


@contextmanager
def browsing(url):
    """A browser that has sent its request, and leaves at the end of the block."""
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname, parts.port), timeout=LONG) as browser:
        asked = f"GET {parts.path}?{parts.query} HTTP/1.1\r\nHost: {parts.netloc}\r\n\r\n"
        browser.sendall(asked.encode())
        yield browser


def reads(browser, text):
    read = b""
    while text not in read:
        more = browser.recv(65_536)
        assert more, read
        read += more


BEGUN = [CHUNKED, *chunks(HEARTBEAT, says('{"title": "Owls'))]
MOMENTS = {
    "before the upstream answers": ([], stall),
    "before the first event": ([CHUNKED], stall),
    "in a silence": (BEGUN, stall),
    "between heartbeats": (BEGUN, for_ever(chunk(HEARTBEAT))),
    "in the middle of a text": (BEGUN, for_ever(chunk(says("x")))),
}
SERVERS = {"ASGI 2.3": ("", "2.3"), "ASGI 2.4": ("", "2.4"), "a middleware": ("/behind", "2.4")}


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize("moment", MOMENTS)
def test_a_browser_that_leaves_stops_the_upstream(url, moment, server):
    script, rest = MOMENTS[moment]
    path, version = SERVERS[server]
    reached = threading.Event()
    with serving([*script, lambda _: reached.set(), rest]) as upstream:
        query = urlencode({"upstream": upstream.url, "asgi": version})
        with browsing(f"{url}{path}/relay?{query}") as browser:
            assert reached.wait(LONG)
            if script is BEGUN:
                reads(browser, b"Owls")
            assert not upstream.left.is_set()
        assert upstream.left.wait(PROMPT)
