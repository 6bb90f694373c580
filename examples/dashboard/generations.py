"""A generation: one request to a model, relayed to the page, and what the model's side says of it.

What flows in are settings, what flows out are messages for the page. Who the model is, is decided
here: the one that replays a recording on this machine, or any that speaks OpenAI's API.
"""

from __future__ import annotations

import asyncio
import secrets
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Self

import partialjson as pj

from .model import Harbour
from .upstream import Log, Replay, Replays, Settings

__all__ = ["Endpoint", "Generation", "Generations"]

KEPT = 16  # generations; an older one is ended
LINGER = 10.0  # seconds that a model writes while no page looks
STALLED = 2.0  # seconds of silence, where it is known to come; a minute is for others
TELL = 0.05  # seconds: how often the page is told what the model's side says
MESSAGES = 10_000  # kept for a page that comes back: more than the recording has at any rate
STOPS_WITHIN = 2.0  # seconds that the model's side is waited for
RETRY = pj.Retry(before_first_token=3, after_first_token=2, base=0.6, jitter=lambda: 1.0)
PROMPT = (
    "Invent a plausible week in a small harbour, as JSON of the given schema: six metrics, the "
    "water level hour by hour for a day, fourteen ships, no two alike."
)


@dataclass(frozen=True)
class Endpoint:
    """A model that speaks OpenAI's chat completions.

    Attributes:
        url: Where requests are sent, such as `…/v1/chat/completions`.
        model: Its name.
        key: What authorises them. It stays in this process.
    """

    url: str
    model: str
    key: str = ""

    def request(self) -> dict[str, Any]:
        """What a request to it is made of."""
        schema = {"name": "harbour", "schema": Harbour.model_json_schema()}
        asked = {"model": self.model, "stream": True}
        asked["messages"] = [{"role": "user", "content": PROMPT}]
        asked["response_format"] = {"type": "json_schema", "json_schema": schema}
        headers = {"Authorization": f"Bearer {self.key}"} if self.key else {}
        return {"json": asked, "headers": headers}


class Overheard:
    """A stream whose events somebody hears before they are passed on; `None` is its end."""

    def __init__(self, stream: Any, hear: Any) -> None:
        self._stream, self._hear = stream, hear

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Any:
        event = None
        try:
            event = await anext(self._stream)
        finally:
            self._hear(event)
        return event

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


class Generation:
    """One answer of a model.

    Attributes:
        relay: What the page follows.
        log: What the model's side says.
        replay: The model itself, if it replays.
    """

    def __init__(self, stream: Any, replay: Replay | None = None) -> None:
        self.replay = replay
        self.log: Log = Log() if replay is None else replay.log
        overheard: Any = Overheard(stream, self._hear)
        self.relay: pj.Relay = pj.Relay(overheard, linger=LINGER, log=MESSAGES)
        self._stream, self._read = stream, 0
        self.task: asyncio.Task[None] = asyncio.create_task(self._run())

    async def _run(self) -> None:
        if self.replay is None:
            self.log.begin()
        telling = asyncio.create_task(self._tell_now_and_then())
        try:
            await self.relay.run()
        finally:
            telling.cancel()
            if self.replay is None:
                verdict = self._stream.verdict
                self.log.end("failed" if verdict is None else verdict.status)

    def _hear(self, event: Any) -> None:
        if self.replay is None:  # one that replays writes its log by itself
            text = self._stream.bridge.shown.get(pj.Channel("content"), "")
            if len(text) > self._read:
                self.log.write(text[self._read :])
                self._read = len(text)
        if event is None:  # nothing may follow the end of a feed
            self._tell()

    def _tell(self) -> None:
        if news := self.log.news():
            self.relay.tell("log", news)

    async def _tell_now_and_then(self) -> None:
        while True:
            self._tell()
            await asyncio.sleep(TELL)

    async def stop(self) -> dict[str, Any]:
        """End it; what the model's side knows of that."""
        self.relay.cancel()
        with suppress(TimeoutError):  # a request that was never answered
            await asyncio.wait_for(self.log.ended.wait(), STOPS_WITHIN)
        return self.log.facts()


class Generations:
    """Every generation of late, by its name.

    Attributes:
        endpoint: The model that is asked; `None` for the one that replays.
        replays: The models that replay, as an ASGI application.
    """

    def __init__(self, recording: bytes, endpoint: Endpoint | None = None) -> None:
        self.endpoint = endpoint
        self.replays: Replays = Replays()
        self._recording = recording
        self._by_name: dict[str, Generation] = {}

    def start(self, client: Any, settings: Settings, replays_at: str) -> str:
        """Ask the model; the name of the generation."""
        name = secrets.token_urlsafe(9)
        if self.endpoint is None:
            replay = Replay(self._recording, settings)
            self.replays.by_name[name] = replay
            asked: dict[str, Any] = {"model": "replay", "stream": True, "user": name}
            options: dict[str, Any] = {"json": asked}
            if settings.fault == "stall":
                options["idle_timeout"] = STALLED
            url = replays_at
        else:
            replay, url, options = None, self.endpoint.url, self.endpoint.request()
        stream = pj.aopen_stream(client, "POST", url, model=Harbour, retry=RETRY, **options)
        self._by_name[name] = Generation(stream, replay)
        self._forget()
        return name

    def get(self, name: str) -> Generation | None:
        """The generation of a name."""
        return self._by_name.get(name)

    def _forget(self) -> None:
        while len(self._by_name) > KEPT:
            name = next(iter(self._by_name))
            self._by_name.pop(name).relay.cancel()
            self.replays.by_name.pop(name, None)

    async def close(self) -> None:
        """End them all."""
        for generation in self._by_name.values():
            generation.relay.cancel()
        tasks = [generation.task for generation in self._by_name.values()]
        await asyncio.gather(*tasks, return_exceptions=True)
