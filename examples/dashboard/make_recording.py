"""Writes `harbour.sse`: a document, in token-like pieces, as OpenRouter would stream it.

Run it as `python -m examples.dashboard.make_recording`. The same document gives the same bytes.
"""

from __future__ import annotations

import json
import math
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

__all__ = ["DOCUMENT", "main", "pieces", "recording"]

RECORDING = Path(__file__).with_name("harbour.sse")
LONGEST = 8  # characters of a piece
SEED = 39
POINT = re.compile(r'\{\s+"t": (".+?"),\s+"v": (.+?)\s+\}')

SUMMARY = (
    "Fourteen ships called at North Quay, two more than last week, and the median wait fell to "
    "38 minutes. Wheat and timber made up most of the 32,840 tonnes. The spring tide on Thursday "
    "kept the lock shut for two hours – nobody missed a berth because of it."
)
NOTE = (
    "Berth N3 stays closed until the new fenders are in; expect it back on Tuesday. Thursday’s "
    "high water came 0.3 m over the tables, so please check the gauge at the lock gate. The pilot "
    "cutter goes on the slip on Friday: plan departures before noon."
)
METRICS = (
    ("Ship calls", 14, "", 0.167, "two more than last week"),
    ("Median wait", 38, "min", -0.24, "shortest since the spring"),
    ("Cargo handled", 32840, "t", 0.082, "wheat leads, then timber"),
    ("Crane moves", 1184, "", 0.031, "both cranes in service"),
    ("Berths in use", 82.5, "%", 0.04, "N3 closed all week"),
    ("Pilot on time", 96.4, "%", -0.012, "one late start, in fog"),
)
SHIPS = (
    ("Aurelia", "Gdańsk", "milling wheat", 4200, "N1", "departed"),
    ("Perpetua II", "Bremerhaven", "passenger cars", 1850, "N2", "departed"),
    ("Kittiwake", "Reykjavík", "fish, on ice", 640, "S1", "departed"),
    ("Tern of Oban", "Oban", "single malt", 310, "S2", "departed"),
    ("Halcyon", "Riga", "spruce timber", 3900, "N1", "departed"),
    ("Nordlys", "Bergen", "rock salt", 2750, "N2", "departed"),
    ("Ostrea", "Cancale", "live oysters", "about 900", "S1", "departed"),  # not of its type
    ("Great Auk", "Tórshavn", "raw wool", 420, "S2", "departed"),
    ("Zephyr Bay", "Rotterdam", "steel coils", 5100, "N4", "unloading"),
    ("Marguerite", "Le Havre", "fertiliser", 2980, "N1", "unloading"),
    ("Sankt Olav", "Turku", "newsprint", 3350, "N2", "loading"),
    ("Lapwing", "Cork", "malting barley", 2100, "S1", "loading"),
    ("Tidewaiter", "Leith", "washed gravel", 3240, "–", "at anchor"),
    ("Blue Anemone", "Porto", "raw cork", 1100, "–", "expected"),
)


def level(hour: int) -> float:
    """Metres over chart datum: a tide of 12.4 hours, the second one higher, and a little wind."""
    tide = 2.6 + 1.9 * math.sin((hour - 1.7) * 2 * math.pi / 12.42)
    return round(tide + 0.013 * hour + 0.05 * math.sin(hour * 1.7), 1)


DOCUMENT: dict[str, Any] = {
    "title": "North Quay: the week in numbers",
    "summary": SUMMARY,
    "metrics": [
        dict(zip(("name", "value", "unit", "change", "note"), metric, strict=True))
        for metric in METRICS
    ],
    "water": {
        "name": "Water level at the lock gate",
        "unit": "m",
        "low": 0,
        "high": 5,
        "points": [{"t": f"{hour % 24:02}:00", "v": level(hour)} for hour in range(24)],
    },
    "ships": [
        dict(zip(("ship", "from", "cargo", "tonnes", "berth", "status"), ship, strict=True))
        for ship in SHIPS
    ],
    "note": NOTE,
}


def written(document: Any) -> str:
    """The document as a model would lay it out: indented, but for what is small."""
    text = json.dumps(document, ensure_ascii=False, indent=1)
    return POINT.sub(r'{"t": \1, "v": \2}', text)


def pieces(text: str) -> Iterator[str]:
    """A text cut as a model's tokens cut it: anywhere, a few characters each."""
    chance, start = random.Random(SEED), 0  # noqa: S311 - the same cuts each time
    while start < len(text):
        size = chance.randint(1, LONGEST)
        yield text[start : start + size]
        start += size


def recording(document: Any) -> bytes:
    """The event stream of an answer that holds a document."""
    texts = list(pieces(written(document)))
    usage = {"prompt_tokens": 418, "completion_tokens": len(texts)}
    usage["total_tokens"] = sum(usage.values())
    processing = [": OPENROUTER PROCESSING\n\n"] * 3
    chunks = [
        chunk({"role": "assistant", "content": ""}),
        *(chunk({"role": "assistant", "content": text}) for text in texts),
        chunk({"role": "assistant", "content": ""}, "stop"),
        event(envelope() | {"choices": [], "usage": usage}),
    ]
    return "".join([*processing, *chunks, "data: [DONE]\n\n"]).encode()


def envelope() -> dict[str, Any]:
    """What all chunks of an answer have in common."""
    return {
        "id": "gen-1790000039-NorthQuayWeek39",
        "object": "chat.completion.chunk",
        "created": 1_790_000_039,
        "model": "example/harbour-1",
        "provider": "Example",
    }


def chunk(delta: dict[str, str], reason: str | None = None) -> str:
    """One delta of the answer."""
    choice = {"index": 0, "delta": delta, "finish_reason": reason, "native_finish_reason": reason}
    return event(envelope() | {"choices": [choice]})


def event(data: Any) -> str:
    """One server-sent event."""
    return f"data: {json.dumps(data, ensure_ascii=False, separators=(',', ':'))}\n\n"


def main() -> None:
    """Write the recording that the dashboard replays."""
    RECORDING.write_bytes(recording(DOCUMENT))


if __name__ == "__main__":
    main()
