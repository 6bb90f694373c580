"""The page of the HTMX guide in a real browser, with HTMX itself."""

from __future__ import annotations

import asyncio

import pytest
from browser_support import defined, serving
from starlette.applications import Starlette
from starlette.responses import HTMLResponse, Response, StreamingResponse
from starlette.routing import Route
from test_docs import DOCS

from partialjson import Relay, astream

pytestmark = pytest.mark.browser

GUIDE = DOCS / "how-to/fill-a-page-with-htmx.md"
SCRIPTS = {"htmx.min.js": "htmx.org/dist/htmx.min.js", "sse.js": "htmx-ext-sse/sse.js"}
HOSTILE = '<img src=x onerror="window.hurt = true">'
DELTAS = [
    *('{"title": "The <b>week', '", "summary": "Calm.', '", "metrics": [{"name": "'),
    *(HOSTILE.replace('"', '\\"'), '", "value": 17}, {"name": "wait", "value": 38', "}]}"),
]


@pytest.fixture
def guide():
    return defined(GUIDE, "drawn")


async def answer():
    for delta in DELTAS:
        yield delta
        await asyncio.sleep(0.05)


async def cut(body):
    """The connection breaks behind the first card."""
    async for piece in body:
        yield piece
        if b"metric-0" in piece:
            return


def script(npm, name):
    source = (npm / SCRIPTS[name]).read_bytes()
    return Route(f"/{name}", lambda _: Response(source, media_type="text/javascript"))


def application(guide, npm):
    """The guide's page, and the ids that its connections came with."""
    relays, asked = [], []

    async def page(_):
        return HTMLResponse(guide["PAGE"].format(url="/events"))

    async def events(request):
        asked.append(request.headers.get("last-event-id"))
        if not relays:
            relays.append(Relay(astream(answer()), tick=0))
            request.app.state.task = asyncio.create_task(relays[0].run())
        body = guide["drawn"](relays[0], asked[-1])
        body = cut(body) if len(asked) == 1 else body
        return StreamingResponse(body, media_type="text/event-stream")

    routes = [Route("/", page), Route("/events", events)]
    return Starlette(routes=[*routes, *(script(npm, name) for name in SCRIPTS)]), asked


def test_cards_come_once_also_over_a_cut_and_markup_stays_text(guide, npm, page):
    app, asked = application(guide, npm)
    with serving(app) as url:
        page.goto(url)
        page.get_by_role("status").get_by_text("complete").wait_for()
        assert page.locator("h1").inner_text() == "The <b>week"
        assert page.locator("article h2").all_inner_texts() == [HOSTILE, "wait"]
        assert page.locator("article p").all_inner_texts() == ["17", "38"]
        assert page.evaluate("window.hurt") is None
    assert len(asked) == 2
    assert asked[1] is not None, "it came back by the id that it had seen"
