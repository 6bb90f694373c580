"""OpenAI's Assistants: the events of a run, from its messages and its steps.

In come the events of one run's stream, told apart by their event type. Out go items: the texts of
messages, calls of functions, why the run ended and what it took. It knows nothing of tools that
run on the server: the code of the code interpreter is no JSON, and no answer is owed to it.

Names are those of the OpenAI API reference, "Assistants", "Streaming events".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from partialjson.wire.messages import (
    JSON,
    Done,
    Item,
    Unknown,
    number_in,
    object_in,
    objects_in,
    read_failure,
    text_in,
)

from ._base import Channels, OneAnswer, as_json, error_of, usage_of

__all__ = ["AssistantsDecoder"]

RUN, MESSAGE, STEP = "thread.run", "thread.message", "thread.run.step"
QUIET = {  # states of what is read elsewhere: texts from deltas, ends and usage from the run
    "thread.created",
    *(f"{RUN}.{state}" for state in ("created", "queued", "in_progress", "cancelling")),
    *(f"{MESSAGE}.{state}" for state in ("created", "in_progress", "completed", "incomplete")),
    *(f"{STEP}.{state}" for state in ("created", "in_progress", "completed")),
    *(f"{STEP}.{state}" for state in ("failed", "cancelled", "expired")),
}
FAILED: dict[str, dict[str, JSON]] = {  # what is said where the run has no `last_error`
    "failed": {"message": "the run failed", "code": "failed"},
    # Ten minutes after it began, whatever it waited for: a time-out, and so worth another try.
    "expired": {"message": "the run expired", "code": "expired", "type": "timeout"},
}
ENDS = {"completed", "requires_action", "incomplete", "cancelled", *FAILED}


@dataclass(slots=True)
class AssistantsDecoder(OneAnswer):
    """Events of a run to items: `feed` each with its event type, then `close`.

    Each part of each message is a channel, in the order they began. A run ends with a `Finish`
    whose reason is its status, or what made it incomplete; or with a `Failure` where it failed or
    expired. `usage` is the run's; what single steps took is left unread, being part of it.

    An event without an event type is known by its `object`, and an SDK's event by its `event` and
    `data`.
    """

    _channels: Channels = field(default_factory=Channels, init=False)
    _ids: set[str] = field(default_factory=set, init=False)  # of the calls that have begun

    def _read(self, message: dict[str, JSON], event: str) -> list[Item]:
        kind, held = _unwrap(message, event)
        if kind == f"{MESSAGE}.delta":
            return self._parts(held)
        if kind == f"{STEP}.delta":
            return self._calls(held)
        if failure := error_of(held, kind):
            return [failure]
        if kind == "done":
            return [Done()]
        state = kind.removeprefix(f"{RUN}.")
        if kind != state and state in ENDS:
            return self._end(held, state)
        return [] if kind in QUIET else [Unknown(event, message)]

    def _parts(self, message: Mapping[str, JSON]) -> list[Item]:
        said: list[Item] = []
        content = object_in(message.get("delta")).get("content")
        for position, part in enumerate(objects_in(content)):
            key = text_in(message.get("id")), _place(part, position)
            text = text_in(object_in(part.get("text")).get("value"))
            said += self._channels.text("content", key, text)
            said += self._channels.text("refusal", key, text_in(part.get("refusal")))
        return said

    def _calls(self, step: Mapping[str, JSON]) -> list[Item]:
        said: list[Item] = []
        details = object_in(object_in(step.get("delta")).get("step_details"))
        for position, call in enumerate(objects_in(details.get("tool_calls"))):
            if type(call.get("function")) is dict:
                key = text_in(step.get("id")), _place(call, position)
                said += self._call(call, key)
        return said

    def _call(self, call: Mapping[str, JSON], key: tuple[str, int]) -> list[Item]:
        function, id_ = object_in(call.get("function")), text_in(call.get("id")) or None
        if id_:
            self._ids.add(id_)
        name, text = text_in(function.get("name")) or None, as_json(function.get("arguments"))
        if not (id_ or name or text):
            return []
        return self._channels.call(("call", *key), id_, name, text)

    def _end(self, run: Mapping[str, JSON], state: str) -> list[Item]:
        said: list[Item] = []
        if state in FAILED:
            said = [read_failure(object_in(run.get("last_error")) or FAILED[state], {})]
        elif state == "incomplete":
            why = object_in(run.get("incomplete_details")).get("reason")
            said = self._finish(text_in(why) or state)
        else:
            said = self._required(run) + self._finish(state)
        return said + usage_of(run)

    def _required(self, run: Mapping[str, JSON]) -> list[Item]:
        """Calls that the run waits for, and that no step has told."""
        said: list[Item] = []
        action = object_in(object_in(run.get("required_action")).get("submit_tool_outputs"))
        for position, call in enumerate(objects_in(action.get("tool_calls"))):
            if text_in(call.get("id")) not in self._ids:
                said += self._call(call, ("required", position))
        return said


def _unwrap(message: dict[str, JSON], event: str) -> tuple[str, dict[str, JSON]]:
    """The event type and the object, wherever they stand."""
    inner = message.get("data")
    if type(message.get("event")) is str and type(inner) is dict:
        return message["event"], inner
    if event != "message":
        return event, message
    kind = text_in(message.get("object"))
    if not kind.endswith(".delta"):
        kind += "." + text_in(message.get("status"))
    return kind, message


def _place(part: Mapping[str, JSON], position: int) -> int:
    index = number_in(part.get("index"))
    return position if index is None else index
