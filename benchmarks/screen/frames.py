"""Frames of a real browser while a thousand tokens a second arrive, beside those of an empty page.

A document flows in, counts by the page itself flow out. It needs Chromium on the machine.
"""

from __future__ import annotations

import asyncio
import shutil
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from importlib.resources import files
from statistics import median
from time import monotonic
from typing import Any

import uvicorn
from playwright.sync_api import sync_playwright
from starlette.applications import Starlette
from starlette.requests import Request  # noqa: TC002 - as the imports beside it
from starlette.responses import HTMLResponse, Response, StreamingResponse
from starlette.routing import Route

from benchmarks.measure import Spread
from benchmarks.shapes import pieces, text
from benchmarks.table import Cell, Table
from partialjson import Feed, Parser
from partialjson.render import to_sse

from .wire import DELTA

__all__ = ["frames"]

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
FLAGS = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")
RATE = 1_000  # tokens a second
SECONDS = 4
TICKS = {"every delta": 0.0, "33 ms": 0.033}

PAGE = """<!doctype html><title>frames</title><main></main>
<script type="module">
import { connect, find, Nodes } from "/partialjson.js";
const nodes = new Nodes(), main = document.querySelector("main");
const make = () => main.appendChild(document.createElement("p"));
let frames = 0;
const count = () => { frames += 1; requestAnimationFrame(count); };
requestAnimationFrame(count);
window.run = async (tick) => {
  const before = frames;
  const feed = connect(`/feed?tick=${tick}`, { onFrame(value, pointers) {
    for (const pointer of pointers) {
      const text = find(value, pointer);
      if (typeof text === "string") nodes.get(pointer, make).textContent = text;
    }
  } });
  await feed.ended;
  return { ...feed.stats, changes: feed.stats.frames, frames: frames - before };
};
window.rest = async (seconds) => {
  const before = frames;
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  return frames - before;
};
</script>"""


async def told(tick: float) -> AsyncIterator[bytes]:
    """The messages of a document that arrives token by token, each when it is due."""
    parser, feed, pending = Parser(), Feed(), []
    start = monotonic()
    flushed = start - tick
    for number, delta in enumerate(pieces(text("L"), DELTA)[: RATE * SECONDS]):
        await asyncio.sleep(max(0.0, start + number / RATE - monotonic()))
        pending += parser.feed(delta)
        if monotonic() - flushed >= tick:
            for message in feed.feed(pending):
                yield to_sse(message)
            pending, flushed = [], monotonic()
    for message in [*feed.feed(pending), *feed.close()]:
        yield to_sse(message)


async def page(_request: Request) -> Response:
    return HTMLResponse(PAGE)


async def script(_request: Request) -> Response:
    source = files("partialjson.render").joinpath("partialjson.js").read_text("utf-8")
    return Response(source, media_type="text/javascript")


async def stream(request: Request) -> Response:
    tick = float(request.query_params["tick"])
    return StreamingResponse(told(tick), media_type="text/event-stream")


@contextmanager
def served() -> Iterator[str]:
    routes = [Route("/", page), Route("/partialjson.js", script), Route("/feed", stream)]
    config = uvicorn.Config(Starlette(routes=routes), port=0, log_level="error")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        thread.join(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/"
    finally:
        server.should_exit = True
        thread.join()


def frames(rounds: int) -> Table:
    found = Table(f"a browser at {RATE:,} tokens a second, for {SECONDS} seconds", [*TICKS])
    chromium = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if chromium is None:
        found.put("no Chromium on this machine", "every delta", "–")
        return found
    with served() as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        tab = browser.new_page()
        tab.goto(url)
        for words, tick in TICKS.items():
            rested, ran = [], []
            for _ in range(rounds):
                rested.append(tab.evaluate("rest", SECONDS) / SECONDS)
                ran.append(tab.evaluate("run", tick))
            put(found, words, rested, ran)
        browser.close()
    return found


def put(found: Table, words: str, rested: list[float], ran: list[dict[str, Any]]) -> None:
    per_second = [one["frames"] / SECONDS for one in ran]
    found.put("frames a second, empty page", words, f"{median(rested):.0f}")
    found.put("frames a second, filling", words, f"{median(per_second):.0f}")
    kept = [one / rest for one, rest in zip(per_second, rested, strict=True)]
    found.put("filling / empty page", words, Cell(Spread.of(kept)))
    each = [one["operations"] / one["changes"] for one in ran]
    found.put("operations a frame", words, f"{median(each):.1f}")
    changes = [one["changes"] / one["frames"] for one in ran]
    found.put("changes of the page / frames", words, Cell(Spread.of(changes)))
