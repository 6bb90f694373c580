"""The limits that this library keeps in plain Python, each with what measures it.

Nothing flows in but a number of rounds; verdicts flow out. The wording is that of the project's
promise, and a limit is changed only together with the promise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from partialjson import LiveValue

from .comparisons import (
    CHUNK,
    DELTA,
    events_over_values,
    final_over_loads,
    flatness,
    memory_over_loads,
    times_as_fast,
)
from .measure import Spread
from .peers import JITER, RETURNED
from .shapes import text

__all__ = ["GATES", "LONGEST", "Gate", "Verdict", "verdicts"]

LONGEST = 5_000_000  # characters


@dataclass(frozen=True)
class Gate:
    """One limit. Without `at_least` and `at_most` the figure is printed and nothing asked of it."""

    name: str
    shape: str
    measure: Callable[[int], Spread]
    at_least: float | None = None
    at_most: float | None = None

    def allows(self, figure: float) -> bool:
        return (self.at_least is None or figure >= self.at_least) and (
            self.at_most is None or figure <= self.at_most
        )

    @property
    def limit(self) -> str:
        match self.at_least, self.at_most:
            case None, None:
                return "–"
            case None, most:
                return f"≤ {most:g}"
            case least, None:
                return f"≥ {least:,g}"
            case least, most:
                return f"{least:g}–{most:g}"


@dataclass(frozen=True)
class Verdict:
    """What was measured at a gate, and whether it holds."""

    gate: Gate
    figure: Spread

    @property
    def passed(self) -> bool:
        return self.gate.allows(self.figure.middle)

    def as_json(self) -> dict[str, Any]:
        return {
            "gate": self.gate.name,
            "shape": self.gate.shape,
            "at_least": self.gate.at_least,
            "at_most": self.gate.at_most,
            **self.figure.as_json(),
            "passed": self.passed,
        }


def faster_than_jiter(shape: str, at_least: float) -> Gate:
    return Gate(
        "jiter parsing again / LiveValue, 4 characters, value read each time",
        shape,
        lambda rounds: times_as_fast("LiveValue", JITER, shape, rounds),
        at_least=at_least,
    )


def as_returned(shape: str) -> Gate:
    """Beside the gate that reads `.value`: what it is for those who take what `feed` returns."""
    return Gate(
        "the same, with the value that feed returns",
        shape,
        lambda rounds: times_as_fast(RETURNED, JITER, shape, rounds),
    )


def whole_text(shape: str, at_most: float) -> Gate:
    return Gate(
        "LiveValue / json.loads, whole text",
        shape,
        lambda rounds: final_over_loads(text(shape), None, rounds),
        at_most=at_most,
    )


def chunks(shape: str, at_most: float) -> Gate:
    return Gate(
        "LiveValue in 64 KB chunks / json.loads of the whole",
        shape,
        lambda rounds: final_over_loads(text(shape), CHUNK, rounds),
        at_most=at_most,
    )


def events(shape: str, at_most: float) -> Gate:
    return Gate(
        "Parser / LiveValue, 4 characters, value read each time",
        shape,
        lambda rounds: events_over_values(shape, rounds),
        at_most=at_most,
    )


def memory(size: int, words: str, at_most: float) -> Gate:
    return Gate(
        f"peak memory, LiveValue / buffer + join + json.loads, {words}",
        "X",
        lambda _: memory_over_loads(size),
        at_most=at_most,
    )


def flat(words: str, *, collector: bool, at_most: float | None) -> Gate:
    return Gate(
        f"cost of a delta, 5 MB / 16 KB of records, collector {words}",
        "X",
        lambda rounds: flatness(LiveValue, LONGEST, rounds, collector=collector),
        at_most=at_most,
    )


GATES = (
    faster_than_jiter("S", 1.1),
    as_returned("S"),
    faster_than_jiter("M", 5),
    faster_than_jiter("L", 150),
    faster_than_jiter("T", 35),
    *(whole_text(shape, 1.3) for shape in "LAXT"),
    whole_text("S", 2),
    *(chunks(shape, 2) for shape in "LAX"),
    chunks("T", 2.5),
    flat("off", collector=False, at_most=1.15),
    flat("on", collector=True, at_most=None),
    memory(CHUNK, "64 KB pieces", 0.6),
    memory(DELTA, "4-character pieces", 0.6),
    *(events(shape, 2) for shape in "SMLT"),
)


def verdicts(gates: Iterable[Gate], rounds: int) -> Iterator[Verdict]:
    """Each gate's verdict as soon as it is measured."""
    for gate in gates:
        yield Verdict(gate, gate.measure(rounds))
