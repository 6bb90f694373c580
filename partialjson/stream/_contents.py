"""The texts of one stream side by side: what is said of each channel to events.

What flows in are the items of a provider, or pieces of the JSON itself; what flows out are events.
What comes again is compared with what was told, and told only where it is news. How the stream
ends, and whether it is over, is not known here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from partialjson._intake import Characters
from partialjson.errors import ConnectionLost
from partialjson.events import TypedEvent
from partialjson.front import Found, JSONFinder
from partialjson.wire.framing import is_whole
from partialjson.wire.messages import (
    ArgumentPart,
    Channel,
    Delta,
    Heartbeat,
    Item,
    Restart,
    ToolCall,
    Whole,
)
from partialjson.wire.resume import Divergence, Replay, Rewind, Step

from ._reader import CONTENT
from .news import Reset, StreamEvent, TextDelta
from .texts import Text, ToolParsers

__all__ = ["Contents"]

KEPT = ("content", "refusal")  # texts that are kept where they are no JSON


class Contents:
    """All that a stream has said so far.

    Args:
        parse: What the content is: `"json"`, `"find"` or `"text"`.
        make_text: Makes the JSON text of the content.
        make_tools: Makes the texts of tool calls.
        replay: Compares what comes again.
        on_diverge: What is done where it differs; with `"raise"` that is an error.

    Attributes:
        json: The JSON text of the content.
        tools: Those of the tool calls.
        finder: With `"find"` what finds the JSON.
        content_began: Whether there is any content that is JSON.
        replay: Compares what comes again.
        diverged: The error where it differs, if that is one.
    """

    def __init__(
        self,
        parse: str,
        make_text: Callable[[], Text],
        make_tools: Callable[[], ToolParsers],
        replay: Replay,
        on_diverge: Divergence,
    ) -> None:
        self.reads: bool = parse != "text"
        self.replay: Replay = replay
        self.diverged: ConnectionLost | None = None
        self._texts: dict[Channel, list[str]] = {}
        self._finds, self._raises = parse == "find", on_diverge == "raise"
        self._make_text = make_text
        self._characters = Characters()
        self.tools: ToolParsers = make_tools()
        self._begin_json()

    def _begin_json(self) -> None:
        self.json: Text = self._make_text()
        self.finder: JSONFinder | None = JSONFinder() if self._finds else None
        self.content_began: bool = False

    def begin(self) -> list[StreamEvent]:
        """The answer begins anew; what of it is shown is compared, or taken back."""
        self._anew()
        return self._taken(self.replay.begin())

    def void(self) -> None:
        """The answer begins anew, and its first text takes back what is shown."""
        self._anew()
        self.replay.void()

    def join(self, kept: int) -> None:
        """The content goes on behind its first characters."""
        self._anew()
        self.replay.join(CONTENT, kept)

    def _anew(self) -> None:
        of_bytes, self._characters = self._characters.of_bytes, Characters()
        self._characters.of_bytes = of_bytes
        self.tools.begin_parts()

    # -- what is said ------------------------------------------------------------------------------

    def tell(self, item: Item) -> Sequence[StreamEvent]:
        """What happens by an item."""
        if isinstance(item, Delta):
            return self._delta(item.channel, item.text)
        match item:
            case Whole(channel=channel, text=text):
                return self._taken(self.replay.whole(channel, text))
            case ToolCall(channel=channel):
                return [*self._taken(self.replay.call(channel)), *self.tools.feed(item)]
            case ArgumentPart():
                return self._part(item)
            case Restart():
                return self.begin()
        return [item] if isinstance(item, Heartbeat) else []

    def _delta(self, channel: Channel, text: str) -> Sequence[StreamEvent]:
        is_read = self._is_read(channel)
        if is_read and self.content_began and not self.replay.keeps:
            return self._content(text)  # all of it is news, and the channel is known
        # Of several contents one text is made: so it is one that comes again.
        return self._taken(self.replay.grow(CONTENT if is_read else channel, text))

    @property
    def of_bytes(self) -> bool:
        """Whether a source that is the JSON came as bytes."""
        return self._characters.of_bytes

    @of_bytes.setter
    def of_bytes(self, of_bytes: bool) -> None:
        self._characters.of_bytes = of_bytes

    def restore(self, channel: Channel, text: str) -> None:
        """What was told of a channel before, somewhere else."""
        self.tell(ToolCall(channel) if channel.kind == "tool" else Delta(channel, ""))
        self.tell(Delta(channel, text))

    def read(self, piece: Any) -> Sequence[StreamEvent]:
        """What happens by a piece of a source that is the JSON, or an answer with JSON in it."""
        if not self.replay.keeps:
            return self._content(piece)
        return self._taken(self.replay.grow(CONTENT, self._characters.feed(piece)))

    def _part(self, part: ArgumentPart) -> list[StreamEvent]:
        events: list[StreamEvent] = []
        for item, kept in self.tools.items_of(part):
            if isinstance(item, Whole):
                events += self._taken(self.replay.whole(item.channel, item.text, kept))
            else:
                events += self.tell(item)
        return events

    def _taken(self, steps: Iterable[Step]) -> list[StreamEvent]:
        """What happens by steps, up to the first that must not be."""
        events: list[StreamEvent] = []
        for step in steps:
            if isinstance(step, Delta):
                events += self._grow(step)
            elif self._raises and self.replay.keeps:
                place = f"character {len(step.kept)} of {step.channel.kind}"
                self.diverged = ConnectionLost(f"{step.reason} ({place})")
                break
            else:
                events += self._rewind(step)
        return events

    def _grow(self, item: Delta) -> Sequence[StreamEvent]:
        channel, text = item.channel, item.text
        if channel.kind == "tool":
            return self.tools.feed(item)
        if self._is_read(channel):
            # What a byte was not is told by the parser, in its own words.
            fed = self._characters.as_fed(text) if self.replay.keeps else text
            return self._content(text if self._finds else fed)
        if channel.choice == 0 and channel.kind in KEPT:
            self._texts.setdefault(channel, []).append(text)
        return [TextDelta(channel, text)]

    def _content(self, piece: Any) -> Sequence[StreamEvent]:
        if self.finder is None:
            return self._feed(piece)
        text = piece if self.replay.keeps else self._characters.feed(piece)
        return self._pieces(self.finder.feed(text))

    def _pieces(self, found: list[Found]) -> list[StreamEvent]:
        """What was found in an answer: the first text is read, since it is shown as it comes."""
        events: list[StreamEvent] = []
        for piece in found:
            if self.json.error is not None:
                break
            if piece.block:
                events.append(TextDelta(CONTENT, piece.text))
            else:
                events += self._feed(self._characters.as_fed(piece.text))
        return events

    def _feed(self, piece: Any) -> Sequence[StreamEvent]:
        if not self.content_began and (not isinstance(piece, str) or piece.strip(" \t\n\r")):
            self.content_began = True  # some models write a line end before a tool call
        return self.json.feed(piece)

    # -- what is taken back ------------------------------------------------------------------------

    def _rewind(self, step: Rewind) -> list[StreamEvent]:
        """Read what still holds into a new parser, as if nothing behind it had ever come."""
        channel, kept = step.channel, step.kept
        if channel.kind == "tool":
            return [Reset(channel, len(kept), step.reason, self.tools.rewind(channel, kept))]
        if not self._is_read(channel):
            if channel in self._texts:
                self._texts[channel] = [kept]
            return [Reset(channel, len(kept), step.reason)]
        before = self.json
        self._begin_json()
        with self.json.keeping(before):
            read = self._grow(Delta(channel, kept))
        # A text behind the JSON is told again, since offsets are the JSON's.
        again = [event for event in read if isinstance(event, TextDelta)]
        keep = self.json.parser.offset if self._finds else len(kept)
        told = [event for event in read if isinstance(event, TypedEvent)]
        return [Reset(channel, keep, step.reason, told), *again]

    # -- the end -----------------------------------------------------------------------------------

    def end(self) -> list[StreamEvent]:
        """The answer is whole: what of it did not come again is taken back."""
        return self._taken(self.replay.end())

    def close_held(self) -> Sequence[StreamEvent]:
        """What is left where the end cuts a character, or shows that a text was JSON."""
        if self.json.error is not None:
            return []
        rest = self._characters.close()
        if self.finder is not None:
            return self._pieces(self.finder.feed(rest) + self.finder.close())
        return self._feed(self._characters.as_fed(rest)) if rest else []

    def close(self, *, finished: bool) -> tuple[list[StreamEvent], list[Text]]:
        """Close every JSON text there is: the events by it, and the texts."""
        events: list[StreamEvent] = []
        texts = []
        if self.reads and (self.content_began or not self.tools.began):
            events += self.json.close()
            texts.append(self.json)
        events += self.tools.close(finished=finished)
        return events, texts + self._calls

    def text(self, kind: str) -> str:
        """The first choice's text of a kind that is no JSON."""
        told = [pieces for channel, pieces in self._texts.items() if channel.kind == kind]
        return "".join(piece for pieces in told for piece in pieces)

    @property
    def is_sealed(self) -> bool:
        """Whether the content is JSON that is closed, and nothing else is open or to come again."""
        is_closed = self.reads and self.json.whole and self._calls_are_whole
        return is_closed and not self.replay.is_behind

    @property
    def may_seal(self) -> bool:
        """Whether it would be, were this the end: of a number, and of what came again shorter."""
        if self.is_sealed or not (self.reads and self.replay.keeps):
            return self.is_sealed
        return self._calls_are_whole and is_whole(self.replay.coming(CONTENT))

    @property
    def _calls_are_whole(self) -> bool:
        return all(text.whole for text in self._calls)

    @property
    def _calls(self) -> list[Text]:
        """The tool calls that have arguments."""
        return [text for text in self.tools.texts.values() if text.parser.offset]

    def _is_read(self, channel: Channel) -> bool:
        """Whether a channel is the JSON of the content."""
        return channel.kind == "content" and channel.choice == 0 and self.reads

    @property
    def fault(self) -> Exception | None:
        """What ends the stream: a fault of the content, or a difference that must not be."""
        return self.diverged or self.json.error

    def text_of(self, channel: Channel) -> Text | None:
        """The JSON text of a channel; `None` if it is not JSON, or has not begun."""
        if channel == CONTENT and self.reads:
            return self.json
        return self.tools.text_of(channel)
