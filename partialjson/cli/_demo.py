"""What the demonstration shows beyond its recording: typed values, and one early refusal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from partialjson.errors import TextError
from partialjson.events import Doomed, Invalid
from partialjson.path import Path, to_pointer

__all__ = ["Refusal", "model_of_the_demo", "refused", "typed"]

DELTA = 4  # characters: about one token of a model
RIGHT, WRONG = '"draught": 8.1', '"draught": [8.1, 8.3]'


class Refusal(NamedTuple):
    """What was wrong, and how much of the text had to be read to be certain of it."""

    path: Path
    message: str
    read: int
    length: int


def model_of_the_demo() -> Any:
    """The type of the recorded document; `None` without Pydantic."""
    try:
        from pydantic import BaseModel  # noqa: PLC0415 - an extra
    except ImportError:
        return None

    class Metric(BaseModel):
        name: str
        value: int
        change: float

    class Berth(BaseModel):
        id: str
        ship: str | None
        cargo: list[str]
        departed: bool | None
        draught: float

    class Week(BaseModel):
        title: str
        summary: str
        metrics: list[Metric]
        berths: list[Berth]
        note: str

    return Week


def typed(valid: Mapping[Path, Any]) -> Iterator[str]:
    """Each element that is an object of its own, as Python shows it."""
    for path, value in valid.items():
        if path and isinstance(path[-1], int) and hasattr(value, "model_fields_set"):
            yield f"{to_pointer(path)}: {value!r}"


def refused(model: Any, text: str) -> Refusal | None:
    """The document once more, with a wrong value in it: read until that is certain, no further."""
    from partialjson.validation import TypedParser  # noqa: PLC0415 - an extra

    text = text.replace(RIGHT, WRONG)
    parser = TypedParser(model)
    for start in range(0, len(text), DELTA):
        try:
            events = parser.feed(text[start : start + DELTA])
        except TextError:
            return None
        for event in events:
            if isinstance(event, Doomed | Invalid):
                return Refusal(event.path, event.errors[0]["msg"], parser.offset, len(text))
    return None
