"""Pieces of a source to events: framing, provider and parsers, each on the other, without I/O.

What flows in is text (the JSON itself) or, with a provider, the bytes of its event stream; what
flows out are events, and at the end a verdict. Where the pieces come from is not known here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Literal, TypeAlias, Unpack, get_args

from partialjson._intake import Characters
from partialjson.errors import ConnectionLost, HTTPStatusError, ProviderError, TransportError
from partialjson.events import TypedEvent, event
from partialjson.front import Found, JSONFinder
from partialjson.parser import Parser
from partialjson.path import JSON, Path
from partialjson.wire.messages import (
    ArgumentPart,
    Channel,
    Delta,
    Heartbeat,
    Item,
    Restart,
    ToolCall,
)
from partialjson.wire.resume import Status, Verdict, Witness

from ._reader import CONTENT, JSON_TEXT, Reader, reader_of
from .texts import Reset, Text, ToolEvent, ToolParsers, TypedOptions, of_parser

__all__ = ["Bridge", "Content", "EndPolicy", "Reset", "StreamEvent", "TextDelta"]

Content: TypeAlias = Literal["json", "find", "text"]
EndPolicy: TypeAlias = Literal["auto", "strict", "lenient"]


@event
class TextDelta:
    """A text that is not JSON grows: reasoning, a refusal, content that is read as text.

    Attributes:
        channel: Which text.
        text: What to append; never empty.
    """

    channel: Channel
    text: str


OF_A_CHANNEL = (Delta, ToolCall, ArgumentPart)

StreamEvent: TypeAlias = TypedEvent | ToolEvent | TextDelta | Reset | Heartbeat


class Bridge:
    """One stream, fed in pieces: what `stream` and `astream` drive, for those who drive themselves.

    It never raises for what a source holds: the fault stands in `error`, behind the last events,
    and from then on nothing more is read.

    Args:
        provider: A name of `partialjson.wire.providers.PROVIDERS`; `"text"` for a body that is all
            content; `None` or `"json"` if the source is the JSON text itself.
        parse: What the content is: `"json"`; `"find"`, an answer with JSON in it, of which the
            first text is read and any further one is a `TextDelta`; or `"text"` that is passed on
            unread.
        model: The type of the content, which is then validated as its values close: whatever
            `pydantic.TypeAdapter` takes.
        tools: The types of the arguments of tool calls, by the names of the tools.
        finish: What makes a stream complete: with `"strict"` only the protocol's own word for its
            end, else also closed JSON behind a clean end. `"lenient"` is for those who loop.
        only: Which channels are read; what is said in others is left out.
        text: Makes each JSON text that is read, `Text` or a subclass that does more with it: it is
            called with the type, `None` without one, and the options.
        options: Those of `Parser`, for the content and for each tool call; with `model` or `tools`
            also those of `TypedParser`.

    Attributes:
        finder: With `"find"` what finds the JSON; its `cut` lists what was left out of the answer.
        error: What `result` raises: a fault of the content at once, any other at the end.
        verdict: How the stream ended; `None` while it goes on.
    """

    def __init__(
        self,
        *,
        provider: str | None = None,
        parse: Content = "json",
        model: Any = None,
        tools: Mapping[str, Any] | None = None,
        finish: EndPolicy = "auto",
        only: Callable[[Channel], bool] | None = None,
        text: Callable[..., Text] = Text,
        **options: Unpack[TypedOptions],
    ) -> None:
        provider = None if provider == JSON_TEXT else provider
        if finish not in get_args(EndPolicy):
            raise ValueError(f"expected finish='auto', 'strict' or 'lenient', got {finish!r}")
        if parse not in ("json", "find", "text"):
            raise ValueError(f"expected parse='json', 'find' or 'text', got {parse!r}")
        if parse == "text" and provider is None:
            raise ValueError("parse='text' needs a provider: without one the source is JSON text")
        if parse == "text" and model is not None:
            raise ValueError("parse='text' reads no JSON that a model could validate")
        self._finish, self._parse, self._only = finish, parse, only
        self._reader: Reader | None = None if provider is None else reader_of(provider)
        plain, every = of_parser(options), options
        self._make_text = partial(text, model, **(plain if tools and model is None else every))
        self._make_tools = partial(ToolParsers, tools, text=text, **(every if tools else plain))
        self.error: Exception | None = None
        self.verdict: Verdict | None = None
        self._begin()

    def _begin(self) -> None:
        """Nothing has been said yet, or all of it is void."""
        self._json, self._tools = self._make_text(), self._make_tools()
        self.finder: JSONFinder | None = JSONFinder() if self._parse == "find" else None
        self._characters = Characters()
        self._witness = Witness()
        self._content_began = False
        self._shown: dict[Channel, None] = {}  # the texts that events told of
        self._texts: dict[str, list[str]] = {"content": [], "refusal": []}

    # -- feeding -----------------------------------------------------------------------------------

    @property
    def over(self) -> bool:
        """Whether there is nothing more to read: closed, failed, or the end marker came."""
        return self._witness.done or self.error is not None or self.verdict is not None

    def feed(self, piece: object) -> list[StreamEvent]:
        """What a piece of the source says; nothing once the stream is over.

        Raises:
            TypeError: The piece is of a kind that this source cannot have; this ends nothing.
        """
        if self.over:
            return []
        if self._reader is None and self.finder is None:
            return self._feed(piece)  # the parser itself says what an interrupt broke off
        try:
            return self._content(piece) if self._reader is None else self.hear(self.items(piece))
        except TypeError:
            raise
        except BaseException as error:  # an interrupt: what of the piece was heard, nobody knows
            self.error = RuntimeError(
                f"feed() was broken off in the middle of a piece by {error!r}"
            )
            raise

    def items(self, piece: object) -> list[Item]:
        """What the provider says in a piece, to be given to `hear`; `feed` does both.

        Comments are heartbeats, in their places.

        Raises:
            TypeError: The piece is of a kind that this source cannot have; this ends nothing.
        """
        if self._reader is None:
            raise TypeError("items() needs a provider: without one the source is the JSON itself")
        if self.over:
            return []
        items = self._reader.feed(piece)
        self.error = self._reader.error
        return items

    def hear(self, items: list[Item]) -> list[StreamEvent]:
        """What happens by the items, up to the end marker or a fault of the content."""
        events: list[StreamEvent] = []
        for item in items:
            if isinstance(item, Heartbeat) or not (self._witness.done or self._json.error):
                events += self._heard(item)  # else it is as unread as a piece behind this one
        return events

    def close(
        self, *, cancelled: bool = False, lost: TransportError | None = None
    ) -> list[StreamEvent]:
        """The source has ended: the last events, and then `verdict` and `error` stand.

        Args:
            cancelled: Whether the reader left before the end.
            lost: Why the bytes came to no clean end, if so.
        """
        if self.verdict is not None:
            return []
        marked = self._reader is None and self._json.whole
        events: list[StreamEvent] = []
        for item in self._reader.close() if self._reader is not None else []:
            if self._json.error is None:  # the end marker does not part half a pair from its text
                events += self._heard(item)
        if self.finder is not None and self._json.error is None:
            held = self.finder.feed(self._characters.close()) + self.finder.close()
            events += self._pieces(held)
        refused = lost if isinstance(lost, HTTPStatusError) else None
        fault = self.error or refused or next(iter(self._tools.errors.values()), None)
        if self._reader is not None and not (fault or lost or cancelled or self._witness.finished):
            fault = self._reader.unreadable
        texts = self._close_texts(events)
        typed = [text for text in texts if text.is_typed]
        whole = all(text.whole for text in texts) if texts else None
        self.verdict = self._witness.verdict(
            whole=whole,
            sealed=bool(whole) and self._json in texts,
            marked=marked,
            valid=all(text.error is None for text in typed) if typed else None,
            fault=None if fault is None else str(fault).partition("\n")[0],
            cancelled=cancelled,
            lost=None if lost is None else str(lost),
            strict=self._finish == "strict",
        )
        self.error = self._what_counts_most(self.verdict, fault, lost)
        self._hand_over(self.error)
        return events

    # -- what came of it ---------------------------------------------------------------------------

    @property
    def parser(self) -> Parser:
        """The parser of the content. With `parse="find"` its offsets begin where the JSON does."""
        return self._json.reader

    @property
    def valid(self) -> Mapping[Path, Any]:
        """With `model` the validated values of the content by path, as they are so far."""
        return self._json.valid

    @property
    def result(self) -> JSON:
        """The content's value, `None` if there were only tool calls; the text with `parse="text"`.

        With `model` it is of that type.

        Raises:
            ValidationError: Pydantic's own: the content, or a tool call, is not of its type.
            IncompleteJSONError: The content, or a tool call, is not whole.
            ProviderError: The provider reported an error, filtered the answer, or refused.
            ConnectionLost: The stream ended without its end marker, and no JSON tells otherwise.
            StreamTimeout: Nothing came for too long.
            BadContentType: What came is no stream of this provider.
        """
        if self.error is not None:
            raise self.error.with_traceback(None)  # else it would grow with each call
        if self.verdict is None:
            raise RuntimeError("result before the end of the stream: read it to its end first")
        return "".join(self._texts["content"]) if self._parse == "text" else self._json.value

    @property
    def tools(self) -> dict[Channel, JSON]:
        """The value so far of each tool call's arguments, in the order in which they began.

        With `tools` it is of the tool's type as soon as it is whole and valid.
        """
        return self._tools.values

    @property
    def parsers(self) -> dict[Channel, Parser]:
        """The parser of each JSON text that has begun, the content's first."""
        content = {CONTENT: self.parser} if self._content_began else {}
        return content | {call: text.reader for call, text in self._tools.texts.items()}

    @property
    def data(self) -> int | None:
        """How many messages came that were not heartbeats; `None` without a provider: all is."""
        return None if self._reader is None else self._reader.data

    def parser_of(self, channel: Channel) -> Parser | None:
        """The parser that reads a channel; `None` if it is not JSON, or has not begun."""
        if channel == CONTENT and self._reads:
            return self.parser
        text = self._tools.text_of(channel)
        return None if text is None else text.reader

    # -- one item after the other ------------------------------------------------------------------

    def _heard(self, item: Item) -> list[StreamEvent]:
        self._witness.hear(item)
        is_left_out = self._only and isinstance(item, OF_A_CHANNEL) and not self._only(item.channel)
        return [] if is_left_out else self._told(item)

    def _told(self, item: Item) -> list[StreamEvent]:
        match item:
            case Delta(channel=Channel(kind="content", choice=0), text=text) if self._reads:
                return self._content(text)
            case ToolCall() | ArgumentPart() | Delta(channel=Channel(kind="tool")):
                return [*self._tools.feed(item)]
            case Delta(channel=channel, text=text):
                if channel.choice == 0 and channel.kind in self._texts:
                    self._texts[channel.kind].append(text)
                self._shown[channel] = None
                return [TextDelta(channel, text)]
            case Restart():
                return self._restart()
            case Heartbeat():
                return [item]
        return []

    def _restart(self) -> list[StreamEvent]:
        """All that was told is taken back, and read anew."""
        shown = {**dict.fromkeys(self.parsers), **self._shown}
        self._begin()
        return [Reset(channel, 0, "the provider began its answer anew") for channel in shown]

    @property
    def _reads(self) -> bool:
        return self._parse != "text"

    def _content(self, piece: Any) -> list[StreamEvent]:
        if self.finder is not None:
            return self._pieces(self.finder.feed(self._characters.feed(piece)))
        return self._feed(piece)

    def _pieces(self, found: list[Found]) -> list[StreamEvent]:
        """What was found in an answer: the first text is read, since it is shown as it comes."""
        events: list[StreamEvent] = []
        for piece in found:
            if self._json.error is not None:
                break
            if piece.block:
                self._shown[CONTENT] = None
                events.append(TextDelta(CONTENT, piece.text))
            else:
                events += self._feed(self._characters.as_fed(piece.text))
        return events

    def _feed(self, piece: Any) -> list[StreamEvent]:
        if self._reader is None or not isinstance(piece, str) or piece.strip(" \t\n\r"):
            self._content_began = True  # some models write a line end before a tool call
        events = self._json.feed(piece)
        self.error = self.error or self._json.error
        return [*events]

    # -- the end -----------------------------------------------------------------------------------

    def _close_texts(self, events: list[StreamEvent]) -> list[Text]:
        """Close every JSON text there is, and give them."""
        texts = []
        if self._reads and (self._content_began or not self._tools.began):
            events += self._json.close()
            texts.append(self._json)
        events += self._tools.close(finished=self._witness.finished)
        return texts + [text for text in self._tools.texts.values() if text.parser.offset]

    def _what_counts_most(
        self, verdict: Verdict, fault: Exception | None, lost: TransportError | None
    ) -> Exception | None:
        if self.error is not None:
            return self.error
        if verdict.failure is not None:
            return verdict.failure.error()
        if verdict.status in ("filtered", "refused"):
            refusal = "".join(self._texts["refusal"])
            return ProviderError(refusal or f"the answer was {verdict.status}", code=verdict.status)
        if lost is not None and fault is None and verdict.status == "interrupted":
            return lost
        for error in (fault, self._json.error, *self._tools.errors.values()):
            if error is not None:
                return error
        # Of JSON, both were broken above; a text may be cut anywhere, and only the end tells.
        cut_texts: dict[Status, Exception] = {
            "truncated": ProviderError("the text was cut at the provider's limit", code="length"),
            "interrupted": ConnectionLost(
                "the stream ended without its end marker", retryable=True
            ),
        }
        return cut_texts.get(verdict.status)

    def _hand_over(self, error: Exception | None) -> None:
        """Nothing decoded is lost: what there is stands on the error, too."""
        if isinstance(error, TransportError):
            text = "".join(self._texts["content"])
            error.value = self._json.value if self._reads else text
            error.tools, error.verdict = self.tools, self.verdict
