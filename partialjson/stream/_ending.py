"""What a stream that is over raises, if anything, and what that carries."""

from __future__ import annotations

from partialjson.errors import ConnectionLost, ProviderError, TransportError
from partialjson.wire.resume import Status, Verdict

from ._contents import Contents

__all__ = ["NO_MARKER", "hand_over", "what_counts_most"]

NO_MARKER = "the stream ended without its end marker"


def what_counts_most(
    verdict: Verdict,
    fault: Exception | None,
    lost: TransportError | None,
    contents: Contents,
) -> Exception | None:
    """The error that tells a reader most of why there is no result; `None` if there is one."""
    if verdict.failure is not None:
        return verdict.failure.error()
    if verdict.status in ("filtered", "refused"):
        refusal = contents.text("refusal")
        return ProviderError(refusal or f"the answer was {verdict.status}", code=verdict.status)
    if lost is not None and fault is None and verdict.status == "interrupted":
        return lost
    for error in (fault, contents.json.error, *contents.tools.errors.values()):
        if error is not None:
            return error
    # Of JSON, both were broken above; a text may be cut anywhere, and only the end tells.
    cut_texts: dict[Status, Exception] = {
        "truncated": ProviderError("the text was cut at the provider's limit", code="length"),
        "interrupted": ConnectionLost(NO_MARKER, retryable=True),
    }
    return cut_texts.get(verdict.status)


def hand_over(error: Exception | None, verdict: Verdict, contents: Contents) -> None:
    """Nothing decoded is lost: what there is stands on the error, too."""
    if isinstance(error, TransportError):
        error.value = contents.json.value if contents.reads else contents.text("content")
        error.tools, error.verdict = contents.tools.values, verdict
        parser = contents.json.reader
        if contents.content_began and not parser.complete:
            error.still_open = [parser.path[:depth] for depth in range(len(parser.path) + 1)]
