"""Replicate: the events of a prediction's stream, whose output is bare text.

In come server-sent events, told apart by their event type, or a prediction that is whole. Out go
items. There is one channel, the output; of what the model is and what it means by its output,
nothing is known.

Names are those of Replicate's documentation, "Streaming output" and "Predictions".
"""

from __future__ import annotations

from dataclasses import dataclass, field

from partialjson.wire.messages import (
    JSON,
    Channel,
    Delta,
    Done,
    Failure,
    Heartbeat,
    Item,
    Unknown,
    Usage,
    Whole,
    number_in,
    object_in,
    read_failure,
    text_in,
)

from ._base import CLOSED, MessageDecoder, OneAnswer, error_of

__all__ = ["ReplicateDecoder"]

CONTENT = Channel("content")
FAILED = "the prediction failed"
ENDED = "done"  # the finish reason where the last event gives none
BROKEN_OFF = ("error", "failed")  # of the last event, of a whole prediction
GOING = ("starting", "processing")  # the states of a prediction that is not whole yet


@dataclass(slots=True)
class ReplicateDecoder(OneAnswer):
    """Events of a prediction's stream to items: `feed` each with its event type, then `close`.

    The data of `output` is the text itself, to the last space: never JSON to this decoder, nor an
    end marker, whatever it looks like. `done` gives `Finish` with its reason or `"done"`, and
    `Done`. The reason `"error"` is a `Failure`, said once if an `error` event told more before.
    """

    _failed: bool = field(default=False, init=False)
    _grows: bool = field(default=False, init=False)  # a prediction that comes again and again

    def feed(self, data: str, event: str = "message") -> list[Item]:
        """What one event says.

        Raises:
            RuntimeError: After `close()`.
        """
        if event == "output":
            return self._output(data)
        if event == "error" and data.strip():
            self._failed = True
        return MessageDecoder.feed(self, data, event)

    def read(self, message: JSON, event: str = "message") -> list[Item]:
        """What one event says that is decoded already; for `output`, its text.

        Raises:
            RuntimeError: After `close()`.
        """
        if event == "output" and type(message) is str:
            return self._output(message)
        if event == "error":
            self._failed = True
            message = message if type(message) is dict else {"detail": message}
        return MessageDecoder.read(self, message, event)

    def _output(self, text: str) -> list[Item]:
        if self._closed:
            raise RuntimeError(CLOSED)
        if self._done:
            return [Unknown("output", text)]
        return [Delta(CONTENT, text)] if text else [Heartbeat()]

    def _read(self, message: dict[str, JSON], event: str) -> list[Item]:
        match event:
            case "error":
                return [_failure(message)]
            case "done":
                reason = text_in(message.get("reason")) or ENDED
                return [*self._end(reason, message), Done()]
            case "message" if "output" in message and type(message.get("status")) is str:
                return self._whole(message)
            case _:
                return [error_of(message, event) or Unknown(event, message)]

    def _whole(self, prediction: dict[str, JSON]) -> list[Item]:
        """What a prediction holds; its output is a text, or a list of the texts as they came."""
        output, status = prediction["output"], prediction["status"]
        text = "".join(map(text_in, output if type(output) is list else [output]))
        self._grows = self._grows or status in GOING
        said: list[Item] = [Whole(CONTENT, text) if self._grows else Delta(CONTENT, text)]
        said = said if text else []
        if status in GOING:
            return said
        counted = object_in(prediction.get("metrics"))
        read, written = counted.get("input_token_count"), counted.get("output_token_count")
        said += self._end(status, {"detail": prediction.get("error")})
        return said + ([Usage(number_in(read), number_in(written), counted)] if counted else [])

    def _end(self, reason: str, facts: dict[str, JSON]) -> list[Item]:
        if reason not in BROKEN_OFF:
            return self._finish(reason)
        return [] if self._failed else [_failure({**facts, "code": reason})]


def _failure(facts: dict[str, JSON]) -> Failure:
    """Errors are told in `detail`, as on all of Replicate's API."""
    if "message" in facts:
        return read_failure(facts, {})
    told = {name: value for name, value in facts.items() if name != "detail"}
    return read_failure({"message": facts.get("detail") or FAILED, **told}, {})
