"""Pieces of a source to events: framing, provider and parsers, each on the other, without I/O.

What flows in is text (the JSON itself) or, with a provider, the bytes of its event stream; what
flows out are events, and at the end a verdict. Where the pieces come from is not known here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, TypeAlias, Unpack

from partialjson.errors import HTTPStatusError, TransportError
from partialjson.front import JSONFinder
from partialjson.parser import Parser
from partialjson.path import JSON, Path
from partialjson.wire.messages import Channel
from partialjson.wire.resume import Divergence, Replay

from ._checks import Content, EndPolicy, check
from ._contents import Contents
from ._course import Course
from ._ending import hand_over, what_counts_most
from ._reader import CONTENT, JSON_TEXT, reader_of
from .news import Reset, StreamEvent, TextDelta
from .texts import Text, ToolParsers, TypedOptions, of_parser

__all__ = ["Bridge", "Content", "EndPolicy", "Reset", "StreamEvent", "TextDelta"]

Notes: TypeAlias = tuple[str, ...]


class Bridge(Course):
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
        keeps: Whether the texts are kept, so that an answer which begins anew can be compared.
        on_diverge: What is done where it differs from what was told: `"reset"` takes back what does
            not hold, at once, `"hold"` as soon as there is more to tell, `"raise"` ends the stream.
        text: Makes each JSON text that is read, `Text` or a subclass that does more with it: it is
            called with the type, `None` without one, and the options.
        options: Those of `Parser`, for the content and for each tool call; with `model` or `tools`
            also those of `TypedParser`.

    Attributes:
        error: What `result` raises: a fault of the content at once, any other at the end.
        verdict: How the stream ended; `None` while it goes on.
        epoch: Which attempt is read, from 0.
        may_resume: Whether what reads the provider's messages could go on at the cursor.
        reader: What reads the provider's messages, and knows where they stand; `None` without one.
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
        keeps: bool = False,
        on_diverge: Divergence = "reset",
        text: Callable[..., Text] = Text,
        **options: Unpack[TypedOptions],
    ) -> None:
        provider = None if provider == JSON_TEXT else provider
        check(provider, parse, model, finish, on_diverge)
        plain, every = of_parser(options), options
        contents = Contents(
            parse,
            partial(text, model, **(plain if tools and model is None else every)),
            partial(ToolParsers, tools, text=text, **(every if tools else plain)),
            Replay(keeps=keeps, on_diverge=on_diverge),
            on_diverge,
        )
        reader = None if provider is None else reader_of(provider)
        super().__init__(provider, reader, contents, finish, only)

    # -- feeding -----------------------------------------------------------------------------------

    def feed(self, piece: object, *, epoch: int | None = None) -> list[StreamEvent]:
        """What a piece of the source says; nothing once the stream is over.

        Args:
            piece: What came.
            epoch: Of which attempt: late pieces of an earlier one are dropped.

        Raises:
            TypeError: The piece is of a kind that this source cannot have; this ends nothing.
        """
        if self.over or (epoch is not None and epoch != self.epoch):
            return []
        reader = self.reader
        if reader is None and self.finder is None:
            return self._read(piece)  # the parser itself says what an interrupt broke off
        try:
            return self._read(piece) if reader is None else self.hear(self._items(reader, piece))
        except TypeError:
            raise
        except BaseException as error:  # an interrupt: what of the piece was heard, nobody knows
            self._fail(RuntimeError(f"feed() was broken off in the middle of a piece by {error!r}"))
            raise

    def close(
        self, *, cancelled: bool = False, lost: TransportError | None = None, notes: Notes = ()
    ) -> list[StreamEvent]:
        """The source has ended: the last events, and then `verdict` and `error` stand.

        Args:
            cancelled: Whether the reader left before the end.
            lost: Why the bytes came to no clean end, if so.
            notes: More evidence, in words.
        """
        if self.verdict is not None:
            return []
        contents = self._contents
        events = self.end(lost)
        for item in self.reader.close() if self.reader is not None else []:
            # The end marker does not part half a pair from its text.
            events += self._heard(item) if contents.json.error is None else []
        events += contents.close_held()
        if (self._finished or self._rests(lost)) and not cancelled and self.error is None:
            events += contents.end()
            self._fail(contents.diverged)
        refused = lost if isinstance(lost, HTTPStatusError) else None
        fault = self.error or refused or next(iter(contents.tools.errors.values()), None)
        if self.reader is not None and not (fault or lost or cancelled or self._witness.finished):
            fault = self.reader.unreadable
        closing, texts = contents.close(finished=self._witness.finished)
        events += closing
        typed = [text for text in texts if text.is_typed]
        verdict = self._witness.verdict(
            whole=all(text.whole for text in texts) if texts else None,
            sealed=contents.is_sealed,
            marked=self._marked,
            valid=all(text.error is None for text in typed) if typed else None,
            fault=None if fault is None else str(fault).partition("\n")[0],
            cancelled=cancelled,
            lost=None if lost is None else str(lost),
            strict=self._finish == "strict",
        )
        verdict = replace(
            verdict,
            evidence=(*verdict.evidence, *notes),
            attempts=self.epoch + 1,
            billed=self.billed,
        )
        self._conclude(verdict, what_counts_most(verdict, fault, lost, contents))
        hand_over(self.error, verdict, contents)
        return events

    # -- what came of it ---------------------------------------------------------------------------

    @property
    def parser(self) -> Parser:
        """The parser of the content. With `parse="find"` its offsets begin where the JSON does."""
        return self._contents.json.reader

    @property
    def valid(self) -> Mapping[Path, Any]:
        """With `model` the validated values of the content by path, as they are so far."""
        return self._contents.json.valid

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
        contents = self._contents
        return contents.json.value if contents.reads else contents.text("content")

    @property
    def tools(self) -> dict[Channel, JSON]:
        """The value so far of each tool call's arguments, in the order in which they began.

        With `tools` it is of the tool's type as soon as it is whole and valid.
        """
        return self._contents.tools.values

    @property
    def finder(self) -> JSONFinder | None:
        """With `parse="find"` what finds the JSON; `cut` lists what was left out of the answer."""
        return self._contents.finder

    @property
    def parsers(self) -> dict[Channel, Parser]:
        """The parser of each JSON text that has begun, the content's first."""
        content = {CONTENT: self.parser} if self._contents.content_began else {}
        calls = self._contents.tools.texts.items()
        return content | {call: text.reader for call, text in calls}

    @property
    def data(self) -> int | None:
        """How many messages came that were not heartbeats; `None` without a provider: all is."""
        return None if self.reader is None else self.reader.data

    def parser_of(self, channel: Channel) -> Parser | None:
        """The parser that reads a channel; `None` if it is not JSON, or has not begun."""
        text = self._contents.text_of(channel)
        return None if text is None else text.reader
