"""One record of a batch's results to the answer or the failure in it.

What flows in is a decoded object, as the APIs write them: OpenAI's output and error files and those
of the many APIs like it, Anthropic's results, and the results that OpenRouter lists in the batch
itself. What flows out are the request's id and the provider's whole answer, which any decoder of
`partialjson.wire.providers` reads, or why there is none. Where records begin and end is not known
here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from .backoff import passes
from .messages import JSON, Failure, number_in, object_in, read_failure, text_in

__all__ = ["Answered", "BatchStatus", "answered", "status_of"]

BatchStatus: TypeAlias = Literal["running", "ended", "failed"]

SUCCESS = range(200, 300)
EXCERPT = 120  # characters of a record without a shape that are shown

STATUSES: dict[str, BatchStatus] = {
    **dict.fromkeys(("validating", "in_progress", "finalizing"), "running"),
    **dict.fromkeys(("cancelling", "canceling"), "running"),
    **dict.fromkeys(("completed", "expired", "cancelled", "canceled", "ended"), "ended"),
    "failed": "failed",
}
UNANSWERED = {  # Anthropic's types of a result that says nothing more
    "expired": Failure("the request expired before it was answered", "expired", retryable=True),
    "canceled": Failure("the request was canceled before it was answered", "canceled"),
}


@dataclass(frozen=True, slots=True)
class Answered:
    """What became of one request of a batch.

    Attributes:
        custom_id: The id that its sender gave it; `None` if the record has none.
        body: The provider's whole answer, as without a batch; `None` if there is a `failure`.
        failure: Why there is no answer. `retryable` says whether another batch may answer it.
    """

    custom_id: str | None
    body: dict[str, JSON] | None
    failure: Failure | None = None


def answered(record: JSON) -> Answered:
    """What a record of a batch's results says. One that has no known shape is a failure, too."""
    members = object_in(record)
    result = object_in(members.get("result"))
    said = _of_result(result) if result else _of_response(members)
    custom_id = text_in(members.get("custom_id")) or None
    if isinstance(said, Failure):
        return Answered(custom_id, None, said)
    if said:
        return Answered(custom_id, said)
    return Answered(custom_id, None, _shapeless(record))


def status_of(batch: Mapping[str, JSON]) -> BatchStatus:
    """How far a batch is, by the object that the API gives for it.

    `"ended"` says that there may be results, of all requests or of some: a batch that expired or
    was cancelled has those that came before. `"failed"` says that none will come.

    Raises:
        ValueError: It has no status that is known here.
    """
    status = batch.get("processing_status", batch.get("status"))  # Anthropic's, OpenAI's
    if text_in(status) not in STATUSES:
        raise ValueError(f"expected a status of {', '.join(sorted(STATUSES))}, got {status!r}")
    return STATUSES[text_in(status)]


def _of_result(result: Mapping[str, JSON]) -> dict[str, JSON] | Failure:
    """Anthropic's: a message, or the type says what became of the request instead."""
    kind = text_in(result.get("type"))
    if kind in UNANSWERED:
        return UNANSWERED[kind]
    if kind == "errored":
        envelope = object_in(result.get("error"))
        return read_failure(envelope.get("error") or envelope, result)
    return object_in(result.get("message"))


def _of_response(members: Mapping[str, JSON]) -> dict[str, JSON] | Failure:
    """OpenAI's: an answer with its status around it; OpenRouter's may be the answer itself."""
    if error := members.get("error"):
        failure = read_failure(error, {})
        expired = "expired" in str(failure.code)
        return replace(failure, retryable=failure.retryable or expired)
    response = object_in(members.get("response"))
    status = number_in(response.get("status_code"))
    body = response.get("body") if status is not None or "body" in response else response
    if status is not None and status not in SUCCESS:
        return _refused(status, body)
    return object_in(body)


def _refused(status: int, body: JSON) -> Failure:
    """What a status that is no success says, in the provider's own words if there are any."""
    error = object_in(body).get("error") or body
    facts = error if isinstance(error, dict) else {"message": error}
    failure = read_failure({**facts, "status_code": status}, {})
    return replace(
        failure,
        message=f"status {status}: {failure.message}",
        code=status if failure.code is None else failure.code,
        # Missing money comes with status 429, and is told by its code alone.
        retryable=failure.retryable and passes(status, {}),
    )


def _shapeless(record: JSON) -> Failure:
    shown = json.dumps(record, ensure_ascii=False)
    shown = shown if len(shown) <= EXCERPT else shown[:EXCERPT] + "…"
    return Failure(f"expected a result of a batch, got {shown}")
