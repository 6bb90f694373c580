"""A model on this machine: it replays a recording, at any speed and with any fault.

What flows in is the request of a client, over real HTTP; what flows out is OpenRouter's event
stream, cut and delayed as the settings say. The model keeps a log of what it wrote, and notices
when its client leaves: that is how "stop" is seen to reach it.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
from collections.abc import Callable, Iterator, MutableMapping
from dataclasses import dataclass
from math import isnan
from typing import Any, Literal, get_args

from starlette.requests import Request
from starlette.responses import JSONResponse

__all__ = ["Log", "Replay", "Replays", "Settings"]

Chunks = Literal["token", "character", "kilobyte", "random"]
Fault = Literal["none", "cut", "stall", "garbage"]

KILOBYTE = 1_024
SEED = 7
SLOWEST, FASTEST = 1, 20_000  # tokens a second
AT = {"cut": 0.66, "stall": 0.66, "garbage": 0.8}  # where a fault comes, of the text
GARBAGE = "I am sorry, but as a model of harbours I "
THINKING = 15  # tokens: as long as these take it says nothing, behind each comment
BEHIND = 0.5  # seconds that it makes up for at most, where this machine was busy
HURRY = 12  # times faster: what a model wrote before, it has in its cache

EVENT = re.compile(rb".+?\n\n", re.DOTALL)
BETWEEN_ROWS = re.compile(r"\},\s")

Receive = Callable[[], Any]
Send = Callable[[MutableMapping[str, Any]], Any]


@dataclass
class Settings:
    """How a generation is to go.

    Attributes:
        rate: Tokens a second; it may be changed on the way.
        chunks: What is sent at once.
        fault: What goes wrong, in the first attempt.
        hold: The part of the text, 0 to 1, behind which the model waits until its rate is set.
    """

    rate: float = 120
    chunks: Chunks = "token"
    fault: Fault = "none"
    hold: float | None = None

    @classmethod
    def of(cls, data: Any) -> Settings:
        """Settings as a page sends them.

        Raises:
            ValueError: They are not settings.
        """
        try:
            settings = cls(**data)
            settings.rate = speed(settings.rate)
            settings.hold = None if settings.hold is None else float(settings.hold)
        except TypeError as error:
            raise ValueError(str(error)) from None
        if settings.chunks not in get_args(Chunks) or settings.fault not in get_args(Fault):
            raise ValueError(f"no such chunks or fault: {settings.chunks}, {settings.fault}")
        return settings


def speed(rate: Any) -> float:
    """A rate within what makes sense.

    Raises:
        ValueError: It is no number.
    """
    tokens = float(rate)
    if isnan(tokens):
        raise ValueError("a rate is a number")
    return min(max(tokens, SLOWEST), FASTEST)


class Log:
    """What a model wrote, for those who look over its shoulder.

    Attributes:
        tokens, total: How many it wrote in this attempt, and how many it would; 0 if not known.
        state: Why it does not write any more, or "writing".
        texts: What it wrote, and was not told yet.
        ended: Set as soon as it does not.
    """

    def __init__(self, total: int = 0) -> None:
        self.texts: list[str] = []
        self.tokens: float = 0
        self.total: int = total
        self.attempt: int = 0
        self.state: str = "waiting"
        self.ended: asyncio.Event = asyncio.Event()
        self._told: dict[str, Any] = {}

    def begin(self) -> None:
        """Another attempt: it writes from the beginning."""
        self.attempt += 1
        self.tokens, self.state = 0, "writing"
        self.ended.clear()

    def write(self, text: str, tokens: float = 1) -> None:
        """It wrote a piece of text."""
        if text:
            self.texts.append(text)
        self.tokens += tokens

    def end(self, why: str) -> None:
        """It writes no more."""
        self.state = why
        self.ended.set()

    def facts(self) -> dict[str, Any]:
        """How far it is, as JSON."""
        facts = {"state": self.state, "attempt": self.attempt}
        return facts | {"tokens": round(self.tokens), "total": self.total}

    def news(self) -> dict[str, Any] | None:
        """Facts, with the texts since they were told last; `None` where nothing is new."""
        facts, texts = self.facts(), self.texts
        if not texts and facts == self._told:
            return None
        self.texts, self._told = [], facts
        return facts | {"texts": texts}


@dataclass(frozen=True)
class Piece:
    """What is sent at once: the bytes, the text that is whole with them, and their tokens."""

    data: bytes
    text: str = ""
    tokens: float = 0


class Replay:
    """One generation of the replayed model.

    Attributes:
        settings: How it goes.
        log: What it wrote.
    """

    def __init__(self, recording: bytes, settings: Settings) -> None:
        self.settings = settings
        events = [Piece(found[0], *content_of(found[0])) for found in EVENT.finditer(recording)]
        self.length: int = sum(len(event.text) for event in events)
        self.log: Log = Log(round(sum(event.tokens for event in events)))
        if settings.fault == "garbage":
            events = spoiled(events, int(self.length * AT["garbage"]))
        self.pieces: list[Piece] = list(CUTS[settings.chunks](events))
        self._goes_on = asyncio.Event()

    def set_rate(self, rate: float) -> None:
        """From now on it writes as fast as that; it also goes on, if it held."""
        self.settings.rate = speed(rate)
        self._goes_on.set()

    async def answer(self, receive: Receive, send: Send) -> None:
        """Write the answer to a client, until it is whole, or the client leaves."""
        self.log.begin()
        headers = [(b"content-type", b"text/event-stream")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        leaving, why = asyncio.ensure_future(gone(receive)), "client left"
        try:
            why = await self._write(leaving, send)
        finally:
            self.log.end(why)
            leaving.cancel()

    async def _write(self, leaving: asyncio.Future[None], send: Send) -> str:
        """Send each piece when it is due; why it ended."""
        clock = asyncio.get_running_loop()
        written, due = 0, clock.time()
        for piece in self.pieces:
            if self._holds(written):
                await first_of(leaving, self._goes_on.wait())
                due = clock.time()
            due = max(due + self._wait(piece, written), clock.time() - BEHIND)
            await asyncio.wait({leaving}, timeout=max(due - clock.time(), 0))
            if leaving.done():
                return "client left"
            await send(body(piece.data))
            self.log.write(piece.text, piece.tokens)
            written += len(piece.text)
            if (fault := self._fault(written)) == "stall":
                await leaving
                return "stalled"
            if fault == "cut":
                return "connection cut"  # nothing says that the body is over
        await send(body(b"", more=False))
        return "finished"

    def _wait(self, piece: Piece, written: int) -> float:
        """Seconds before a piece."""
        tokens = piece.tokens or (THINKING if piece.data.startswith(b":") else 0)
        again = self.log.attempt > 1 and written < self.length * AT.get(self.settings.fault, 0)
        return tokens / self.settings.rate / (HURRY if again else 1)

    def _holds(self, written: int) -> bool:
        hold = self.settings.hold
        return hold is not None and written >= hold * self.length and not self._goes_on.is_set()

    def _fault(self, written: int) -> Fault:
        """What goes wrong behind so many characters: never twice, or no answer would be whole."""
        fault = self.settings.fault
        is_due = self.log.attempt == 1 and written >= self.length * AT.get(fault, 1)
        return fault if is_due else "none"


async def gone(receive: Receive) -> None:
    """Wait until the client leaves."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def first_of(leaving: asyncio.Future[None], other: Any) -> None:
    """Wait for either of two."""
    waiting = asyncio.ensure_future(other)
    await asyncio.wait({leaving, waiting}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()


def body(data: bytes, *, more: bool = True) -> dict[str, Any]:
    """A part of the answer, for ASGI."""
    return {"type": "http.response.body", "body": data, "more_body": more}


# -- How an answer is cut --------------------------------------------------------------------------


def content_of(event: bytes) -> tuple[str, int]:
    """The text that an event adds, and how many tokens it is."""
    if not event.startswith(b"data: {"):
        return "", 0
    choices = json.loads(event[6:])["choices"]
    text = choices[0]["delta"]["content"] if choices else ""
    return text, 1 if text else 0


def saying(event: Piece, text: str, tokens: float) -> Piece:
    """The same event with another text."""
    data = json.loads(event.data[6:])
    data["choices"][0]["delta"]["content"] = text
    told = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return Piece(f"data: {told}\n\n".encode(), text, tokens)


def by_characters(events: list[Piece]) -> Iterator[Piece]:
    """An event for each character."""
    for event in events:
        if len(event.text) < 2:  # noqa: PLR2004 - it is none, or one already
            yield event
        else:
            yield from (saying(event, one, 1 / len(event.text)) for one in event.text)


def by_kilobytes(events: list[Piece]) -> Iterator[Piece]:
    """An event for each 1,024 characters."""
    text, tokens, last = "", 0.0, events[0]
    for event in events:
        if text and (not event.text or len(text) >= KILOBYTE):
            yield saying(last, text, tokens)
            text, tokens = "", 0.0
        if event.text:
            text, tokens, last = text + event.text, tokens + event.tokens, event
        else:
            yield event


def at_random(events: list[Piece]) -> Iterator[Piece]:
    """The bytes cut anywhere, inside an event and inside a character, too."""
    chance, data, text, tokens = random.Random(SEED), b"", "", 0.0  # noqa: S311 - it replays
    size = chance.randint(1, KILOBYTE)
    for event in events:
        data, text, tokens = data + event.data, text + event.text, tokens + event.tokens
        while len(data) >= size:
            yield Piece(data[:size], text, tokens)
            data, text, tokens = data[size:], "", 0.0
            size = chance.randint(1, KILOBYTE)
    yield Piece(data, text, tokens)


CUTS: dict[Chunks, Callable[[list[Piece]], Any]] = {
    "token": list,
    "character": by_characters,
    "kilobyte": by_kilobytes,
    "random": at_random,
}


def spoiled(events: list[Piece], at: int) -> list[Piece]:
    """Events that break the JSON behind the first row that ends behind a place."""
    text = "".join(event.text for event in events)
    row = BETWEEN_ROWS.search(text, at)
    at = row.end() if row else at
    read, told = 0, []
    for event in events:
        told.append(event)
        read += len(event.text)
        if event.text and read >= at:
            kept = event.text[: len(event.text) - (read - at)]
            return [*told[:-1], saying(event, kept + GARBAGE, 1)]
    return told


# -- The server ------------------------------------------------------------------------------------


class Replays:
    """The models that are asked by a name each, as an ASGI application."""

    def __init__(self) -> None:
        self.by_name: dict[str, Replay] = {}

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Answer a request of OpenAI's API whose `user` is the name of a generation."""
        replay = self.by_name.get((await Request(scope, receive).json()).get("user"))
        if replay is None:
            error = {"error": {"message": "no such generation", "code": 404}}
            await JSONResponse(error, 404)(scope, receive, send)
        else:
            await replay.answer(receive, send)
