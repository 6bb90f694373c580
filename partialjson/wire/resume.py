"""What was shown of a stream, compared with what comes again; and how the stream ended.

What flows in are texts by channel, of one attempt after the other, and the facts of a stream that
is over: what the provider said, and whether the JSON of its content is whole, which the bridge
knows. What flows out are the texts that are news, what must be taken back, and a verdict. A clean
end of the bytes is never taken for success by itself. Nobody is asked anything from here.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

from ._shown import Rewind, Shown, Step
from .messages import Channel, Delta, Done, Failure, Finish, Item, Usage, Whole

__all__ = ["Divergence", "Replay", "Rewind", "Status", "Step", "Verdict", "Witness"]

Divergence: TypeAlias = Literal["reset", "hold", "raise"]
Status: TypeAlias = Literal[
    "complete", "truncated", "filtered", "refused", "cancelled", "interrupted", "failed"
]

# Finish reasons as the APIs write them, in lower case.
LIMIT_REASONS = frozenset(
    {
        *("length", "max_tokens", "max_output_tokens", "model_length", "limit", "error_limit"),
        *("model_context_window_exceeded", "context_window_exceeded", "max_tokens_exceeded"),
    }
)
FILTER_REASONS = frozenset(
    {
        *("content_filter", "content_filtered", "guardrail_intervened", "error_toxic"),
        *("safety", "recitation", "blocklist", "prohibited_content", "spii", "language"),
        *("image_safety", "image_prohibited_content", "image_recitation", "model_armor"),
    }
)
REFUSAL_REASONS = frozenset({"refusal"})
CANCEL_REASONS = frozenset({"cancelled", "canceled"})


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a stream ended.

    Attributes:
        status: `"complete"`; `"truncated"`: the provider ended it before the value was whole;
            `"filtered"`, `"refused"`: the provider or the model would not say it; `"cancelled"`:
            the reader left; `"interrupted"`: the bytes ended, and nothing said why; `"failed"`: the
            provider reported an error, or what it sent could not be read.
        confirmed: Whether the protocol itself said that the stream is over: by its end marker, by a
            finish reason for each choice, or, where the source is nothing but the JSON text, by the
            bracket that closes it. `"complete"` without that rests on closed JSON and a clean end.
        evidence: What says so, in words: end markers, finish reasons, the root of the JSON.
        finish_reason: The provider's last word on the first choice, if it said one.
        usage: What the provider counted, if it said so.
        failure: The error that the provider reported, if it did.
        attempts: How many requests were sent.
        billed: How many of them had text generated anew, which providers bill each time.
    """

    status: Status
    evidence: tuple[str, ...]
    confirmed: bool = field(default=False, kw_only=True)
    finish_reason: str | None = None
    usage: Usage | None = None
    failure: Failure | None = None
    attempts: int = field(default=1, kw_only=True)
    billed: int = field(default=1, kw_only=True)


class Witness:
    """Hears all that a provider says and gives the verdict at the end."""

    def __init__(self) -> None:
        self.done: bool = False
        self.failure: Failure | None = None
        self.usage: Usage | None = None
        self.refused: bool = False
        self.open_choices: set[int] = set()
        self.finish_reasons: dict[int, str] = {}

    def hear(self, item: Item) -> None:
        """Take note of what the provider said next."""
        if isinstance(item, Delta):  # as nearly all are, and a pattern takes four times as long
            channel = item.channel
            if channel.kind == "refusal" and channel.choice == 0:
                self.refused = True
            elif channel.choice not in self.finish_reasons:
                self.open_choices.add(channel.choice)
            return
        match item:
            case Whole(channel=Channel(choice=choice)) if choice not in self.finish_reasons:
                self.open_choices.add(choice)
            case Finish():
                self.finish_reasons[item.choice] = item.reason
                self.open_choices.discard(item.choice)
            case Usage():
                self.usage = item
            case Failure():
                self.failure = self.failure or item
            case Done():
                self.done = True

    @property
    def finished(self) -> bool:
        """Whether the protocol itself said that the stream is over."""
        return self.done or bool(self.finish_reasons and not self.open_choices)

    def rests(self, *, sealed: bool | None, lost: bool, strict: bool) -> bool:
        """Whether the stream counts as over by closed JSON and a clean end alone."""
        others = self.open_choices - {0}  # may go on, whatever is closed here
        return bool(sealed and not lost and not strict and not others)

    def verdict(
        self,
        *,
        whole: bool | None,
        sealed: bool | None = None,
        marked: bool = False,
        valid: bool | None = None,
        fault: str | None = None,
        cancelled: bool = False,
        lost: str | None = None,
        strict: bool = False,
    ) -> Verdict:
        """The verdict on a stream that is over.

        Args:
            whole: Whether every JSON text in it is closed; `None` where there is none to close.
            sealed: Whether nothing can follow by the looks of it: closed JSON as the content. Calls
                alone do not seal, since another call may follow. `None`: as `whole` says.
            marked: Whether the JSON is all that there is of a protocol, and its root is closed.
            valid: Whether every JSON text that has a type is of it; `None` where none has one.
            fault: Why the content could not be read on, if so.
            cancelled: Whether the reader left before the end.
            lost: Why the bytes came to no clean end, if so.
            strict: Whether the protocol itself must have said that the stream is over.
        """
        if fault is None and self.failure is not None:
            fault = self.failure.message
        confirmed = self.finished or marked
        sealed = whole if sealed is None else sealed
        proved = confirmed or self.rests(sealed=sealed, lost=lost is not None, strict=strict)
        return Verdict(
            "failed" if fault is not None else self._status(whole, proved, cancelled=cancelled),
            tuple(self._evidence(whole=whole, valid=valid, fault=fault, lost=lost)),
            self.finish_reasons.get(0),
            self.usage,
            self.failure,
            confirmed=confirmed,
        )

    def _status(self, whole: bool | None, proved: bool, *, cancelled: bool) -> Status:  # noqa: FBT001
        reason = self.finish_reasons.get(0, "").lower()  # the first choice is the one that was read
        if reason in FILTER_REASONS:
            return "filtered"
        if self.refused or reason in REFUSAL_REASONS:
            return "refused"
        if reason in CANCEL_REASONS:
            return "cancelled"
        if reason in LIMIT_REASONS and not whole:
            return "truncated"
        if proved:
            return "truncated" if whole is False else "complete"
        return "cancelled" if cancelled else "interrupted"

    def _evidence(
        self, *, whole: bool | None, valid: bool | None, fault: str | None, lost: str | None
    ) -> list[str]:
        evidence = [f"finish_reason {reason}" for reason in self.finish_reasons.values()]
        if self.done:
            evidence.append("end marker")
        if not self.finished:
            evidence.append("no end marker")
        if whole is not None:
            evidence.append("JSON closed" if whole else "JSON open")
        if valid is not None and whole:
            evidence.append("valid" if valid else "invalid")
        if self.refused:
            evidence.append("refusal")
        if lost is not None:
            evidence.append(f"connection: {lost}")
        if fault is not None:
            evidence.append(f"error: {fault}")
        return evidence


ANOTHER_TOOL = "another tool is called, now that the answer was asked for again"
BEGAN_ANEW = "the provider began its answer anew"
WITHDRAWN = "the provider took back what it had said"


class Replay:
    """The texts that were shown, by channel, and what of them has come again.

    Characters are compared, since tokens are cut elsewhere each time. What comes again as it was
    shown is swallowed; where it differs, a `Rewind` tells what holds, and the new text follows. So
    a view that follows every step always shows a beginning of one attempt's text, and at the end
    that of the last.

    Args:
        keeps: Whether texts are kept, one character in up to four bytes. Without that nothing can
            be compared: what begins anew takes everything back.
        on_diverge: `"hold"` takes nothing back before the new text is longer than what is shown.
    """

    def __init__(self, *, keeps: bool = True, on_diverge: Divergence = "reset") -> None:
        self.keeps: bool = keeps
        self._holds = on_diverge == "hold"
        self._shown: dict[Channel, Shown] = {}

    def begin(self) -> list[Step]:
        """The answer begins anew: what comes now is compared with what was shown."""
        if not self.keeps:
            void: list[Step] = [Rewind(channel, "", BEGAN_ANEW) for channel in self._shown]
            self._shown.clear()
            return void
        for shown in self._shown.values():
            shown.begin()
        return []

    def void(self) -> None:
        """The answer begins anew, and nothing is compared: its first text takes all back."""
        for shown in self._shown.values():
            shown.begin(reason=BEGAN_ANEW)

    def join(self, channel: Channel, kept: int) -> None:
        """A channel goes on behind its first characters; if it begins anew, it is compared.

        What is shown of others stands, unless more of them comes, which is of another answer.
        """
        for shown in self._shown.values():
            shown.begin(reason=BEGAN_ANEW, stays=True)
        self._of(channel).begin(joins_at=kept)

    def grow(self, channel: Channel, text: str) -> list[Step]:
        """What of a channel's next characters is news."""
        shown = self._of(channel)
        if self.keeps:
            return shown.grow(text, holds=self._holds)
        return [Delta(channel, text)] if text else []

    def call(self, channel: Channel) -> list[Step]:
        """A tool call is named; the arguments of another tool are none of this one's."""
        shown = self._of(channel)
        name, shown.came = shown.channel.name, True
        shown.channel = replace(channel, name=channel.name or name)  # its name may come later
        if name in (None, shown.channel.name) or not self.keeps:
            return []
        coming = shown.coming
        return [*shown.back_to(0, ANOTHER_TOOL), *shown.grow(coming, holds=False)]

    def whole(self, channel: Channel, text: str, kept: int = 0) -> list[Step]:
        """What is news where all of a channel's text so far comes at once, again and again.

        Args:
            channel: Whose text.
            text: Its characters from the first to the latest.
            kept: How many of them were shown before, where no texts are kept to tell.
        """
        if self.keeps:
            return self._of(channel).whole(text, holds=self._holds)
        rest: list[Step] = [Delta(channel, text[kept:])] if text[kept:] else []
        if channel not in self._shown:
            self._of(channel)
            return rest
        return [Rewind(channel, text[:kept], WITHDRAWN), *rest]

    def end(self) -> list[Step]:
        """The answer is whole: what of the texts did not come again is taken back."""
        steps = [step for shown in self._shown.values() for step in shown.end()]
        self._shown = {channel: one for channel, one in self._shown.items() if one.came}
        return steps

    @property
    def began(self) -> bool:
        """Whether anything was shown."""
        return bool(self._shown)

    @property
    def is_behind(self) -> bool:
        """Whether something that was shown has not come again, so far."""
        return any(shown.seen is not None for shown in self._shown.values())

    @property
    def channels(self) -> list[Channel]:
        """The channels in the order in which they began, as they were named last."""
        return [shown.channel for shown in self._shown.values()]

    def coming(self, channel: Channel) -> str:
        """What of a channel has come in this attempt, told or not."""
        return self._shown[channel].coming if channel in self._shown else ""

    def text(self, channel: Channel) -> str:
        """What is shown of a channel; nothing where texts are not kept."""
        return self._shown[channel].text if channel in self._shown else ""

    def _of(self, channel: Channel) -> Shown:
        shown = self._shown.get(channel)
        if shown is None:
            shown = self._shown[channel] = Shown(channel)
        return shown
