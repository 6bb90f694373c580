"""Ollama: the lines of its own API, from /api/chat and /api/generate.

In come the lines of one answer, or the one object that stands for them where streaming is off.
Out go items. It knows nothing of models being pulled or loaded, and nothing of the endpoints that
Ollama has in the shapes of others: those are read by the decoders of those shapes.

Names are those of Ollama's API reference.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from partialjson.wire.messages import (
    JSON,
    Done,
    Item,
    Unknown,
    Usage,
    number_in,
    object_in,
    objects_in,
    text_in,
)

from ._base import Channels, OneAnswer, as_json, error_of

__all__ = ["OllamaDecoder"]

COUNTERS = ("_count", "_duration")  # how the members that count end; durations are nanoseconds
ENDED = "stop"  # the finish reason of servers that gave none: nothing else ended an answer


@dataclass(slots=True)
class OllamaDecoder(OneAnswer):
    """Lines of Ollama's API to items: `feed` each, then `close`.

    A tool call comes whole, its arguments as an object, and its channel has their JSON text. Every
    call is a new one unless its id was seen. `function.index` does not tell: old servers leave it
    out, later ones count, and behind Ollama's chat completions it was 0 for each
    (ollama/ollama#15457). The line that is `done` is `Done`.
    """

    _channels: Channels = field(default_factory=Channels, init=False)
    _calls: int = field(default=0, init=False)  # so far: the key of one without an id

    def _read(self, message: dict[str, JSON], event: str) -> list[Item]:
        if failure := error_of(message, event):
            return [failure]
        inner = message.get("message")
        if type(inner) is dict:
            return self._grow(inner, text_in(inner.get("content"))) + self._end(message)
        if message.get("done") is True or "response" in message or "thinking" in message:
            said = self._grow(message, text_in(message.get("response")))
            return said + self._end(message)
        return [Unknown(event, message)]

    def _grow(self, answer: Mapping[str, JSON], content: str) -> list[Item]:
        said = self._channels.text("reasoning", 0, text_in(answer.get("thinking")))
        said += self._channels.text("content", 0, content)
        for call in objects_in(answer.get("tool_calls")):
            said += self._call(call)
        return said

    def _call(self, call: Mapping[str, JSON]) -> list[Item]:
        function, id_ = object_in(call.get("function")), text_in(call.get("id")) or None
        name, text = text_in(function.get("name")) or None, as_json(function.get("arguments"))
        if not (id_ or name or text) or (id_ and self._channels.known(("id", id_))):
            return []
        key = ("id", id_) if id_ else ("place", self._calls)
        self._calls += 1
        return self._channels.call(key, id_, name, text)

    def _end(self, message: Mapping[str, JSON]) -> list[Item]:
        if message.get("done") is not True:
            return []
        said = self._finish(text_in(message.get("done_reason")) or ENDED)
        counted = {name: value for name, value in message.items() if name.endswith(COUNTERS)}
        if counted:
            read, written = counted.get("prompt_eval_count"), counted.get("eval_count")
            said.append(Usage(number_in(read), number_in(written), counted))
        return [*said, Done()]
