"""The server of the dashboard: a page, generations, and the model that replays.

`python -m partialjson demo --web` runs it, and so does `python -m examples.dashboard.app`, with the
same options. It listens on this machine alone; a key for another model never reaches the page.
"""

from __future__ import annotations

import getpass
import json
import logging
import os
import socket
import sys
import webbrowser
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, Response
from starlette.responses import StreamingResponse as Streaming
from starlette.routing import Route

import partialjson as pj
from partialjson.cli import main as command_line
from partialjson.render import to_sse

from .generations import Endpoint, Generation, Generations
from .model import Harbour
from .upstream import Settings

if TYPE_CHECKING:
    from starlette.requests import Request

__all__ = ["Server", "endpoint_of", "make_app", "serve"]

HERE = Path(__file__).parent
PAGE = HERE / "page"
ASSETS = {path.name for path in PAGE.iterdir()} - {"index.html"}  # which is filled in first
LOOPBACK = "127.0.0.1"  # and nowhere else: whoever reaches it can spend the key
HOSTS = [LOOPBACK, "localhost"]  # a page elsewhere must not reach it by a name of its own
UPSTREAM = "/upstream/chat/completions"
JUST_CUT = "ASGI callable returned without completing response."  # which is the fault asked for
HEADERS = {
    "Content-Security-Policy": "default-src 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
EVENTS = HEADERS | {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


# -- What the page asks for ------------------------------------------------------------------------


async def index(request: Request) -> Response:
    """The page, with what it must know before the first token: the shape of the document."""
    endpoint = generations_of(request).endpoint
    facts = {"skeleton": pj.skeleton(Harbour), "model": endpoint and endpoint.model}
    told = json.dumps(facts).replace("<", "\\u003c")  # it stands in a script element
    page = (PAGE / "index.html").read_text("utf-8").replace("{facts}", told)
    return HTMLResponse(page, headers=HEADERS | {"Cache-Control": "no-cache"})


async def asset(request: Request) -> Response:
    """What the page is made of, besides."""
    name = request.path_params["name"]
    if name not in ASSETS:
        raise HTTPException(404)
    return FileResponse(PAGE / name, headers=HEADERS | {"Cache-Control": "no-cache"})


async def script(_: Request) -> Response:
    """The client that comes with the package."""
    source = files("partialjson.render").joinpath("partialjson.js").read_bytes()
    return Response(source, media_type="text/javascript", headers=HEADERS)


async def start(request: Request) -> Response:
    """Begin a generation, with the settings of the request's body."""
    settings = await asked_by(request, Settings.of)
    host, port = request.scope["server"]  # not what the request says of it
    name = generations_of(request).start(
        request.state.client, settings, f"http://{host}:{port}{UPSTREAM}"
    )
    return JSONResponse({"id": name}, 201)


async def events(request: Request) -> Response:
    """What happens to the document and at the model's side, from where the page left off."""
    relay = generation_of(request).relay
    left_off = request.headers.get("last-event-id")

    async def body() -> AsyncIterator[bytes]:
        async for message in relay.follow(left_off):
            yield to_sse(message)

    return Streaming(body(), media_type="text/event-stream", headers=EVENTS)


async def stop(request: Request) -> Response:
    """End a generation, and say what the model's side saw of it."""
    return JSONResponse(await generation_of(request).stop())


async def rate(request: Request) -> Response:
    """Let the model write faster or slower from now on."""
    replay = generation_of(request).replay
    if replay is None:
        raise HTTPException(409, "only a recording has a rate")
    await asked_by(request, lambda data: replay.set_rate(data["rate"]))
    return JSONResponse(asdict(replay.settings))


async def asked_by(request: Request, read: Any) -> Any:
    """What a request's body says. A form of another page is never JSON, so it is refused."""
    if request.headers.get("content-type") != "application/json":
        raise HTTPException(415, "expected application/json")
    try:
        return read(await request.json())
    except (ValueError, KeyError, TypeError) as error:
        raise HTTPException(422, str(error)) from None


def generations_of(request: Request) -> Generations:
    """All that there are."""
    return request.app.state.generations  # type: ignore[no-any-return]


def generation_of(request: Request) -> Generation:
    """The one that the path names."""
    found = generations_of(request).get(request.path_params["name"])
    if found is None:
        raise HTTPException(404, "no such generation")
    return found


# -- The application -------------------------------------------------------------------------------


def make_app(endpoint: Endpoint | None = None, *, recording: bytes | None = None) -> Starlette:
    """The dashboard as an ASGI application.

    Args:
        endpoint: The model that is asked; without one a recording is replayed.
        recording: What is replayed instead of the week that comes with it.
    """
    recording = (HERE / "harbour.sse").read_bytes() if recording is None else recording
    generations = Generations(recording, endpoint)

    @asynccontextmanager
    async def with_client(_: Starlette) -> AsyncIterator[dict[str, Any]]:
        # Around proxies where the model is this machine's own.
        async with httpx.AsyncClient(trust_env=endpoint is not None) as client:
            yield {"client": client}
            await generations.close()

    app = Starlette(
        routes=[
            Route("/", index),
            Route("/partialjson.js", script),
            Route("/generations", start, methods=["POST"]),
            Route("/generations/{name}/events", events),
            Route("/generations/{name}/stop", stop, methods=["POST"]),
            Route("/generations/{name}/rate", rate, methods=["POST"]),
            Route(UPSTREAM, generations.replays),
            Route("/page/{name}", asset),
        ],
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=HOSTS)],
        lifespan=with_client,
    )
    app.state.generations = generations
    return app


# -- The server ------------------------------------------------------------------------------------


def endpoint_of(url: str, model: str, key_env: str | None = None) -> Endpoint:
    """A model elsewhere, with its key: that of a variable, or one that is asked for.

    Raises:
        ValueError: There is no such variable.
    """
    key = os.environ.get(key_env) if key_env else getpass.getpass("key: ")
    if key is None:
        raise ValueError(f"there is no variable {key_env}")
    return Endpoint(url, model, key)


def serve(*, port: int, browse: bool = False, endpoint: Endpoint | None = None) -> None:
    """Serve the dashboard until Ctrl-C, and say where.

    Args:
        port: Where it listens; 0 for any that is free.
        browse: Whether to show it in the browser.
        endpoint: The model that is asked; without one a recording is replayed.

    Raises:
        OSError: The port is taken.
    """
    server = Server(make_app(endpoint))
    with socket.create_server((LOOPBACK, port)) as listener:
        begins = "" if endpoint else "?start"  # what costs nothing need not be asked for
        url = f"http://{LOOPBACK}:{listener.getsockname()[1]}/{begins}"
        sys.stdout.write(f"{url} (Ctrl-C ends it)\n")
        sys.stdout.flush()
        if browse:
            show(url)
        server.run(sockets=[listener])


def show(url: str) -> None:
    """Open a page in the browser, unless that is one that would take this terminal."""
    with suppress(webbrowser.Error):
        browser = webbrowser.get()
        if type(browser) is not webbrowser.GenericBrowser:
            browser.open(url)


class Server(uvicorn.Server):
    """One that ends its generations before it waits for the pages that follow them."""

    def __init__(self, app: Starlette) -> None:
        super().__init__(uvicorn.Config(app, log_level="error", ws="none"))
        logging.getLogger("uvicorn.error").addFilter(lambda told: told.getMessage() != JUST_CUT)
        self._generations: Generations = app.state.generations

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Leave."""
        await self._generations.close()
        await super().shutdown(sockets)


if __name__ == "__main__":
    sys.exit(command_line(["demo", "--web", *sys.argv[1:]]))
