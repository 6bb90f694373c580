"""Pieces of a source to events: framing, provider and parsers, each on the other, without I/O.

What flows in is text (the JSON itself) or, with a provider, the bytes of its event stream; what
flows out are events, and at the end a verdict. Where the pieces come from is not known here.
"""

from __future__ import annotations

import re
from typing import Literal, TypeAlias, Unpack

from partialjson._intake import Characters
from partialjson.errors import (
    ConnectionLost,
    LimitExceeded,
    PartialJSONError,
    ProviderError,
    TextError,
)
from partialjson.events import Event, event
from partialjson.front import Found, JSONFinder
from partialjson.parser import Options, Parser
from partialjson.path import JSON
from partialjson.wire.messages import Channel, Delta, Heartbeat, Item, ToolCall
from partialjson.wire.providers import PROVIDERS, Provider
from partialjson.wire.resume import Status, Verdict, Witness
from partialjson.wire.sse import ServerSentEvent, SSEDecoder

__all__ = ["Bridge", "Content", "StreamEvent", "TextDelta", "ToolEvent"]

Content: TypeAlias = Literal["json", "find", "text"]
Piece: TypeAlias = str | bytes | bytearray | memoryview

CONTENT = Channel("content")
SPLIT_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")


@event
class ToolEvent:
    """Something happened in the arguments of a tool call.

    Attributes:
        channel: The call: its index, its id and its name as far as they are known.
        event: What happened, as in a JSON text of its own.
    """

    channel: Channel
    event: Event


@event
class TextDelta:
    """A text that is not JSON grows: reasoning, a refusal, content that is read as text.

    Attributes:
        channel: Which text.
        text: What to append; never empty.
    """

    channel: Channel
    text: str


StreamEvent: TypeAlias = Event | ToolEvent | TextDelta | Heartbeat


class Bridge:
    """One stream, fed in pieces: what `stream` and `astream` drive, for those who drive themselves.

    It never raises for what a source holds: the fault stands in `error`, behind the last events,
    and from then on nothing more is read.

    Args:
        provider: A name of `partialjson.wire.providers.PROVIDERS`; `None` if the source is the
            JSON text itself.
        parse: What the content is: `"json"`; `"find"`, an answer with JSON in it, of which the
            first text is read and any further one is a `TextDelta`; or `"text"` that is passed on
            unread.
        options: Those of `Parser`, for the content and for each tool call.

    Attributes:
        parser: The parser of the content. With `"find"` its offsets begin where the JSON does.
        finder: With `"find"` what finds the JSON; its `cut` lists what was left out of the answer.
        error: What `result` raises: a fault of the content at once, any other at the end.
        verdict: How the stream ended; `None` while it goes on.
    """

    def __init__(
        self,
        *,
        provider: str | None = None,
        parse: Content = "json",
        **options: Unpack[Options],
    ) -> None:
        if parse not in ("json", "find", "text"):
            raise ValueError(f"expected parse='json', 'find' or 'text', got {parse!r}")
        if parse == "text" and provider is None:
            raise ValueError("parse='text' needs a provider: without one the source is JSON text")
        self.parser: Parser = Parser(**options)
        self.finder: JSONFinder | None = JSONFinder() if parse == "find" else None
        self.error: Exception | None = None
        self.verdict: Verdict | None = None
        self._parse = parse
        self._options = options
        self._provider = None if provider is None else made(provider)
        self._decoder = SSEDecoder()
        self._characters = Characters()
        self._witness = Witness()
        self._tools: dict[Channel, Parser] = {}
        self._calls: dict[Channel, Channel] = {}  # each call as it was named last
        self._broken: dict[Channel, Exception] = {}
        self._content_began = False
        self._halves: dict[Channel, str] = {}
        self._texts: dict[str, list[str]] = {"content": [], "refusal": []}

    # -- feeding -----------------------------------------------------------------------------------

    @property
    def over(self) -> bool:
        """Whether there is nothing more to read: closed, failed, or the end marker came."""
        return self._witness.done or self.error is not None or self.verdict is not None

    def feed(self, piece: Piece) -> list[StreamEvent]:
        """What a piece of the source says; nothing once the stream is over.

        Raises:
            TypeError: The piece is of a kind that this source cannot have; this ends nothing.
        """
        if self.over:
            return []
        if self._provider is None:
            return self._content(piece)
        data = as_bytes(piece)
        try:
            return self.hear(self.items(data))
        except BaseException as error:  # an interrupt: what of the piece was heard, nobody knows
            self.error = RuntimeError(
                f"feed() was broken off in the middle of a piece by {error!r}"
            )
            raise

    def items(self, piece: Piece) -> list[Item]:
        """What the provider says in a piece, to be given to `hear`; `feed` does both.

        Comments are heartbeats, in their places.

        Raises:
            TypeError: The piece is of a kind that this source cannot have; this ends nothing.
        """
        if self._provider is None:
            raise TypeError("items() needs a provider: without one the source is the JSON itself")
        if self.over:
            return []
        try:
            messages = self._decoder.feed(as_bytes(piece))
        except LimitExceeded as error:
            messages, self.error = error.events, error
        items: list[Item] = []
        for data, kind in in_order(messages, self._decoder):
            items += [Heartbeat(data.strip())] if kind is None else self._provider.feed(data, kind)
        return [item for item in map(self._joined, items) if item is not None]

    def hear(self, items: list[Item]) -> list[StreamEvent]:
        """What happens by the items, up to the end marker or a fault of the content."""
        events: list[StreamEvent] = []
        for item in items:
            if isinstance(item, Heartbeat):
                events.append(item)
            elif not (self._witness.done or CONTENT in self._broken):
                events += self._heard(item)  # else it is as unread as a piece behind this one
        return events

    def close(self, *, cancelled: bool = False) -> list[StreamEvent]:
        """The source has ended: the last events, and then `verdict` and `error` stand.

        Args:
            cancelled: Whether the reader left before the end.
        """
        if self.verdict is not None:
            return []
        events = self._close_provider(self._provider) if self._provider is not None else []
        for channel, half in self._halves.items():
            if CONTENT not in self._broken:  # the end marker does not part it from its text
                events += self._heard(Delta(channel, half))
        if self.finder is not None and CONTENT not in self._broken:
            held = self.finder.feed(self._characters.close()) + self.finder.close()
            events += self._pieces(held)
        fault = self.error or next(iter(self._broken.values()), None)
        reason = None if fault is None else str(fault)
        whole = self._close_parsers(events)
        self.verdict = self._witness.verdict(whole=whole, fault=reason, cancelled=cancelled)
        self.error = self._what_counts_most(self.verdict)
        return events

    # -- what came of it ---------------------------------------------------------------------------

    @property
    def result(self) -> JSON:
        """The content's value, `None` if there were only tool calls; the text with `parse="text"`.

        Raises:
            IncompleteJSONError: The content, or a tool call, is not whole.
            ProviderError: The provider reported an error, filtered the answer, or refused.
            ConnectionLost: The stream ended without its end marker, and no JSON tells otherwise.
        """
        if self.error is not None:
            raise self.error.with_traceback(None)  # else it would grow with each call
        if self.verdict is None:
            raise RuntimeError("result before the end of the stream: read it to its end first")
        return "".join(self._texts["content"]) if self._parse == "text" else self.parser.value

    @property
    def tools(self) -> dict[Channel, JSON]:
        """The value so far of each tool call's arguments, in the order in which they began."""
        return {self._calls[call]: parser.value for call, parser in self._tools.items()}

    @property
    def parsers(self) -> dict[Channel, Parser]:
        """The parser of each JSON text that has begun, the content's first."""
        content = {CONTENT: self.parser} if self._content_began else {}
        return content | {self._calls[call]: parser for call, parser in self._tools.items()}

    def parser_of(self, channel: Channel) -> Parser | None:
        """The parser that reads a channel; `None` if it is not JSON, or has not begun."""
        if channel == CONTENT and self._reads:
            return self.parser
        return self._tools.get(channel)

    # -- one item after the other ------------------------------------------------------------------

    def _joined(self, item: Item) -> Item | None:
        """The halves of a surrogate pair, cut by the provider into two messages, as one."""
        if not isinstance(item, Delta):
            return item
        text = self._halves.pop(item.channel, "") + item.text
        if "\ud800" <= text[-1] <= "\udbff":
            self._halves[item.channel] = text[-1]
            text = text[:-1]
        text = SPLIT_PAIR.sub(joined, text)
        return Delta(item.channel, text) if text else None

    def _heard(self, item: Item) -> list[StreamEvent]:
        self._witness.hear(item)
        match item:
            case Delta(channel=Channel(kind="tool") as channel, text=text):
                return self._tool(channel, text)
            case Delta(channel=Channel(kind="content", choice=0), text=text) if self._reads:
                return self._content(text)
            case Delta(channel=channel, text=text):
                if channel.choice == 0 and channel.kind in self._texts:
                    self._texts[channel.kind].append(text)
                return [TextDelta(channel, text)]
            case ToolCall(channel=channel):
                self._tool(channel, "")
        return []

    @property
    def _reads(self) -> bool:
        return self._parse != "text"

    def _content(self, piece: Piece) -> list[StreamEvent]:
        if self.finder is not None:
            return self._pieces(self.finder.feed(self._characters.feed(piece)))
        return [*self._json(piece)]

    def _pieces(self, found: list[Found]) -> list[StreamEvent]:
        """What was found in an answer: the first text is read, since it is shown as it comes."""
        events: list[StreamEvent] = []
        for piece in found:
            if piece.block:
                events.append(TextDelta(CONTENT, piece.text))
            elif CONTENT not in self._broken:
                events += self._json(self._characters.as_fed(piece.text))
        return events

    def _json(self, piece: Piece) -> list[Event]:
        if self._provider is None or not isinstance(piece, str) or piece.strip(" \t\n\r"):
            self._content_began = True  # some models write a line end before a tool call
        try:
            return self.parser.feed(piece)
        except TextError as error:
            self._broken[CONTENT] = self.error = error
            return error.events

    def _tool(self, channel: Channel, text: str) -> list[StreamEvent]:
        """A fault of one call ends that call alone: its neighbours go on."""
        parser = self._tools.get(channel)
        if parser is None:
            parser = self._tools[channel] = Parser(**self._options)
        self._calls[channel] = channel  # its id and name may have come since
        if channel in self._broken:
            return []
        try:
            events = parser.feed(text)
        except TextError as error:
            self._broken[channel] = error
            events = error.events
        return [ToolEvent(channel, event) for event in events]

    # -- the end -----------------------------------------------------------------------------------

    def _close_provider(self, provider: Provider) -> list[StreamEvent]:
        rest = self._decoder.unfinished.strip()
        if (
            rest.startswith((b"{", b"[")) and not self._witness.finished
        ):  # an answer without a stream
            events = self.hear(provider.feed(rest.decode("utf-8", "replace")))
            return events + self.hear(provider.close())
        return self.hear(provider.close())

    def _close_parsers(self, events: list[StreamEvent]) -> bool | None:
        """Close every JSON text; whether all are whole, and `None` where there is none."""
        whole = []
        if self._reads and (self._content_began or not self._tools):
            last = self._closed(CONTENT, self.parser)
            events += last or []
            whole.append(last is not None)
        for channel, parser in self._tools.items():
            if parser.offset:
                last = self._closed(channel, parser)
                events += [ToolEvent(self._calls[channel], event) for event in last or []]
                whole.append(last is not None)
        return all(whole) if whole else None

    def _closed(self, channel: Channel, parser: Parser) -> list[Event] | None:
        try:
            return parser.close()
        except (PartialJSONError, RuntimeError) as error:  # the latter: Ctrl-C inside a delta
            self._broken.setdefault(channel, error)
            return None

    def _what_counts_most(self, verdict: Verdict) -> Exception | None:
        if self.error is not None:
            return self.error
        if verdict.failure is not None:
            return verdict.failure.error()
        if verdict.status in ("filtered", "refused"):
            refusal = "".join(self._texts["refusal"])
            return ProviderError(refusal or f"the answer was {verdict.status}", code=verdict.status)
        if self._broken:
            return next(iter(self._broken.values()))
        # Of JSON, both were broken above; a text may be cut anywhere, and only the end tells.
        cut_texts: dict[Status, Exception] = {
            "truncated": ProviderError("the text was cut at the provider's limit", code="length"),
            "interrupted": ConnectionLost(
                "the stream ended without its end marker", retryable=True
            ),
        }
        return cut_texts.get(verdict.status)


def as_bytes(piece: Piece) -> bytes:
    if isinstance(piece, bytes | bytearray | memoryview):
        return bytes(piece)
    found = type(piece).__name__
    raise TypeError(f"expected bytes from a provider's event stream, got {found}")


def joined(pair: re.Match[str]) -> str:
    return pair[0].encode("utf-16", "surrogatepass").decode("utf-16")


def made(provider: str) -> Provider:
    if provider not in PROVIDERS:
        raise ValueError(f"expected a provider of {', '.join(PROVIDERS)}, got {provider!r}")
    return PROVIDERS[provider]()


def in_order(events: list[ServerSentEvent], decoder: SSEDecoder) -> list[tuple[str, str | None]]:
    """The data and the type of each message of a feed, and each comment, which has no type.

    An `error` field without data is a message, too.
    """
    told: list[tuple[int, str, str | None]] = [(e.end, e.data, e.event) for e in events]
    for block in decoder.undispatched:
        told += [(block.end, value, name) for name, value in block.fields if name == "error"]
    comments = zip(decoder.comment_ends, decoder.comments, strict=True)
    told += [(end, comment, None) for end, comment in comments]
    return [(data, kind) for _, data, kind in sorted(told, key=lambda one: one[0])]
