"""How a stream ended, and what says so.

What flows in are the facts of a stream that is over: what the provider said, and whether the JSON
of its content is whole, which the bridge knows. A clean end of the bytes is never taken for
success by itself.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from .messages import Channel, Delta, Done, Failure, Finish, Item, Usage

__all__ = ["Status", "Verdict", "Witness"]

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
    """

    status: Status
    evidence: tuple[str, ...]
    confirmed: bool = field(default=False, kw_only=True)
    finish_reason: str | None = None
    usage: Usage | None = None
    failure: Failure | None = None


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
        match item:
            case Delta(channel=Channel(kind="refusal", choice=0)):
                self.refused = True
            case Delta(channel=Channel(choice=choice)) if choice not in self.finish_reasons:
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
        others = self.open_choices - {
            0
        }  # what is left open there may go on, whatever is closed here
        proved = confirmed or bool(sealed and lost is None and not strict and not others)
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
