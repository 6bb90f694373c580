"""How a stream ended, and what says so.

What flows in are the facts of a stream that is over: what the provider said, and whether the JSON
of its content is whole, which the bridge knows. A clean end of the bytes is never taken for
success by itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from .messages import Channel, Delta, Done, Failure, Finish, Item, Usage

__all__ = ["Status", "Verdict", "Witness"]

Status: TypeAlias = Literal[
    "complete", "truncated", "filtered", "refused", "cancelled", "interrupted", "failed"
]

LIMIT_REASONS = frozenset({"length", "max_tokens", "max_output_tokens"})
FILTER_REASONS = frozenset({"content_filter", "safety", "recitation"})


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a stream ended.

    Attributes:
        status: `"complete"`; `"truncated"`: the provider ended it before the value was whole;
            `"filtered"`, `"refused"`: the provider or the model would not say it; `"cancelled"`:
            the reader left; `"interrupted"`: the bytes ended, and nothing said why; `"failed"`: the
            provider reported an error, or what it sent could not be read.
        evidence: What says so, in words: end markers, finish reasons, the root of the JSON.
        finish_reason: The provider's last word on the first choice, if it said one.
        usage: What the provider counted, if it said so.
        failure: The error that the provider reported, if it did.
    """

    status: Status
    evidence: tuple[str, ...]
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
        valid: bool | None = None,
        fault: str | None = None,
        cancelled: bool = False,
    ) -> Verdict:
        """The verdict on a stream that is over.

        Args:
            whole: Whether every JSON text in it is closed; `None` where there is none to close.
            valid: Whether every JSON text that has a type is of it; `None` where none has one.
            fault: Why the content could not be read on, if so.
            cancelled: Whether the reader left before the end.
        """
        if fault is None and self.failure is not None:
            fault = self.failure.message
        return Verdict(
            "failed" if fault is not None else self._status(whole=whole, cancelled=cancelled),
            tuple(self._evidence(whole=whole, valid=valid, fault=fault)),
            self.finish_reasons.get(0),
            self.usage,
            self.failure,
        )

    def _status(self, *, whole: bool | None, cancelled: bool) -> Status:
        reason = self.finish_reasons.get(0)  # the first choice is the one that was read
        if reason in FILTER_REASONS:
            return "filtered"
        if self.refused or reason == "refusal":
            return "refused"
        if reason in LIMIT_REASONS and not whole:
            return "truncated"
        if whole or (whole is None and self.finished):
            return "complete"
        if self.finished:
            return "truncated"
        return "cancelled" if cancelled else "interrupted"

    def _evidence(self, *, whole: bool | None, valid: bool | None, fault: str | None) -> list[str]:
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
        if fault is not None:
            evidence.append(f"error: {fault}")
        return evidence
