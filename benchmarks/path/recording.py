"""A recorded stream, read as far up as one likes: to messages, items, events, bytes for a screen.

A file flows in; what each floor makes of it flows out. What that costs is not known here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import partialjson
from partialjson import Parser, PartialJSONError
from partialjson.cli._demo import model_of_the_demo
from partialjson.render import sse
from partialjson.render.feeds import messages_of
from partialjson.stream import stream
from partialjson.wire.messages import Channel, Delta
from partialjson.wire.providers import PROVIDERS
from partialjson.wire.sse import SSEDecoder

__all__ = ["DEMO", "Recording"]

DEMO = Path(partialjson.__file__).with_name("demo.sse")
AN_EVENT = re.compile(rb".+?(?:\n\n|\r\n\r\n|\Z)", re.DOTALL)


@dataclass
class Recording:
    """One recorded answer: each event of its stream is one piece, as a provider sends them.

    Attributes:
        pieces: The bytes.
        parse: What the content is: `"json"`, or `"text"` where it is none.
        model: The type of the content, of the demonstration alone.
        tokens: How many deltas came, of whatever channel.
    """

    path: Path = DEMO
    provider: str = "auto"
    pieces: list[bytes] = field(init=False)
    parse: Any = field(default="json", init=False)
    model: Any = field(default=None, init=False)
    tokens: int = field(init=False)

    def __post_init__(self) -> None:
        self.pieces = AN_EVENT.findall(self.path.read_bytes())
        self.tokens = sum(isinstance(item, Delta) for item in self.heard())
        try:
            self.parsed()
        except PartialJSONError:
            self.parse = "text"
        if self.path == DEMO:
            self.model = model_of_the_demo()

    # -- bytes to what each floor makes of them ----------------------------------------------------

    def framed(self) -> list[Any]:
        decoder = SSEDecoder()
        return [event for piece in self.pieces for event in decoder.feed(piece)]

    def heard(self) -> list[Any]:
        decoder, provider = SSEDecoder(), PROVIDERS[self.provider]()
        items: list[Any] = []
        for piece in self.pieces:
            for event in decoder.feed(piece):
                items += provider.feed(event.data, event.event)
        return items

    def parsed(self) -> list[Any]:
        """As somebody would write it who knows that nothing ever goes wrong."""
        decoder, provider = SSEDecoder(), PROVIDERS[self.provider]()
        parsers: dict[Channel, Parser] = {}
        events: list[Any] = []
        for piece in self.pieces:
            for event in decoder.feed(piece):
                for item in provider.feed(event.data, event.event):
                    if isinstance(item, Delta) and self.reads(item.channel):
                        parser = parsers.get(item.channel)
                        if parser is None:
                            parser = parsers[item.channel] = Parser()
                        events += parser.feed(item.text)
        return events

    def streamed(self) -> list[Any]:
        return [*self._stream(None)]

    def typed(self) -> list[Any]:
        return [*self._stream(self.model)]

    def told(self) -> list[Any]:
        return [*messages_of(self._stream(self.model), "append")]

    def whole(self) -> list[bytes]:
        return [*sse(self._stream(self.model))]

    def reads(self, channel: Channel) -> bool:
        """Whether a channel is JSON."""
        is_content = channel.kind == "content" and channel.choice == 0
        return channel.kind == "tool" or (is_content and self.parse == "json")

    def _stream(self, model: Any) -> Any:
        given = {"provider": self.provider, "parse": self.parse, "finish": "lenient"}
        return stream(self.pieces, model=model, **given)
