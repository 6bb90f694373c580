"""What the core in C is to reach, each row beside what was measured.

A request flows in, a table for each row flows out: the target, the figure and whether it holds, and
below it what the core in plain Python reaches, measured in a process of its own.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from subprocess import DEVNULL, run
from tempfile import TemporaryDirectory
from typing import NamedTuple

from partialjson import LiveValue

from . import goals
from .comparisons import CHUNK, DELTA, final_over_loads, flatness, memory_over_loads, times_as_fast
from .gates import LONGEST, Gate, Verdict
from .lengths import TEXTS
from .measure import Spread
from .peers import JITER, NATIVE, PLAIN, core
from .report import spread
from .shapes import SHAPES, records, text
from .table import Cell, Request, Table

__all__ = ["CORE", "TARGETS", "Target", "targets"]

CORE = "PARTIALJSON_CORE"  # the environment variable that asks for plain Python
NAMES = {"c": "core in C", "python": PLAIN}


class Target(NamedTuple):
    """One row: what is compared, and a limit for each document."""

    words: str
    gates: Sequence[Gate]


def against(peer: str, least: dict[str, float]) -> Target:
    words = f"{peer} / LiveValue, value read after every {DELTA} characters"
    return Target(
        words,
        [
            Gate(words, shape, partial(times_as_fast, "LiveValue", peer, shape), at_least=limit)
            for shape, limit in least.items()
        ],
    )


def nothing() -> Target:
    words = f"LiveValue / an empty method in C and an attribute, {DELTA} characters"
    most = {"S": 4, "M": 3, "L": 4, "T": 4, "N": 3}
    return Target(
        words,
        [
            Gate(words, shape, partial(goals.over_nothing, shape), at_most=limit)
            for shape, limit in most.items()
        ],
    )


def events() -> Target:
    words = f'ijson C parse_coro / Parser(strings="whole"), all events, {DELTA} characters'
    least = {"S": 2, "M": 2, "L": 2.5, "N": 1.5}
    gates = [
        Gate(words, shape, partial(goals.events, shape), at_least=limit)
        for shape, limit in least.items()
    ]
    once = Gate(words, "T", lambda _: goals.events("T", 1, all_of_it=True), at_least=2_000)
    return Target(words, [*gates, once])


def finals() -> Target:
    words = f"final value only, {DELTA} characters: LiveValue / list, join, json.loads"
    return Target(
        words,
        [
            Gate(words, shape, partial(goals.unshown_over_loads, shape), at_most=limit)
            for shape, limit in {"S": 1, "M": 1, "L": 1, "N": 1, "T": 1.1}.items()
        ],
    )


def whole() -> Target:
    words = "whole document: LiveValue / json.loads"
    most = {"S": 0.55, "M": 0.55, "T": 0.55, "L": 0.75, "N": 0.7}
    gates = [
        Gate(
            words, shape, lambda n, shape=shape: final_over_loads(text(shape), None, n), None, mark
        )
        for shape, mark in most.items()
    ]
    as_bytes = Gate(
        words, "X bytes", lambda n: final_over_loads(text("X").encode(), None, n), at_most=0.75
    )
    return Target(words, [*gates, as_bytes])


def chunks() -> Target:
    words = "5 MB in 64 KB chunks: LiveValue / one json.loads"
    return Target(
        words,
        [
            Gate(words, "X ASCII", lambda n: final_over_loads(in_ascii(), CHUNK, n), at_most=0.8),
            Gate(words, "X emoji", lambda n: final_over_loads(text("X"), CHUNK, n), at_most=1),
        ],
    )


def in_ascii() -> str:
    return records(LONGEST, seed=4, ascii_only=True)


def flat() -> Target:
    words = "cost of a delta at 5 MB / at 16 KB; exponents of time against length"
    off = partial(flatness, LiveValue, LONGEST, collector=False)
    on = partial(flatness, LiveValue, LONGEST, collector=True)
    return Target(
        words,
        [
            Gate(words, "X collector off", off, at_least=0.85, at_most=1.15),
            Gate(words, "X collector on", on),
            *(
                Gate(words, f"X {kind}", lambda _, build=build: goals.exponent(build), at_most=1.05)
                for kind, build in TEXTS.items()
            ),
        ],
    )


def memory() -> Target:
    words = "peak memory on 5 MB: LiveValue / buffer and json.loads; MB of Fragments, keep=False"
    return Target(
        words,
        [
            Gate(words, "X 64 KB", lambda _: memory_over_loads(CHUNK), at_most=0.55),
            Gate(words, "X 4 characters", lambda _: memory_over_loads(DELTA), at_most=0.55),
            Gate(words, "X dropped, MB", lambda _: goals.megabytes_dropped(), at_most=5),
        ],
    )


def typed() -> Target:
    words = "validate_json(experimental_allow_partial) again / TypedParser"
    least = {"M": 5, "list of 16 KB": 20}
    return Target(
        words,
        [
            Gate(words, name, partial(goals.typed, name), at_least=limit)
            for name, limit in least.items()
        ],
    )


def snapshots() -> Target:
    words = "LiveValue.snapshot() near the end: µs, and / copy.copy of the root"
    most = {"M": 0.5, "L": 1}
    return Target(
        words,
        [
            *(
                Gate(words, f"{name} µs", partial(goals.snapshot_microseconds, name), at_most=limit)
                for name, limit in most.items()
            ),
            *(Gate(words, f"{name} / copy", partial(goals.over_copy, name)) for name in most),
        ],
    )


TARGETS = {
    "jiter": against(JITER, {"S": 13, "M": 130, "L": 2_000, "T": 180, "N": 5_500}),
    "native": against(NATIVE, {"S": 3.5, "M": 4, "L": 4, "T": 4, "N": 4}),
    "nothing": nothing(),
    "events": events(),
    "finals": finals(),
    "whole": whole(),
    "chunks": chunks(),
    "flat": flat(),
    "memory": memory(),
    "typed": typed(),
    "snapshots": snapshots(),
}


def targets(request: Request) -> Iterator[Table]:
    """A table for each row that is asked for, as soon as it is measured; whether all hold stands
    below the last."""
    verdicts: list[Verdict] = []
    names = list(request.rows or TARGETS)
    for name in names:
        target = TARGETS[name]
        table = Table(f"{name}: {target.words}", [])
        for gate in target.gates:
            if is_wanted(gate, request.shapes):
                print(f"{name}/{gate.shape} ", end="", file=sys.stderr, flush=True)
                verdicts.append(Verdict(gate, gate.measure(request.rounds)))
                put(table, verdicts[-1])
        print(file=sys.stderr)
        if core != "python" and table.columns:
            put_plain(table, name, request)
        if name == names[-1]:
            asked = [verdict for verdict in verdicts if verdict.gate.limit != "–"]
            held = sum(verdict.passed for verdict in asked)
            table.notes.append(f"{held} of {len(asked)} targets hold with the {NAMES[core]}")
        yield table


def is_wanted(gate: Gate, shapes: Sequence[str]) -> bool:
    """A column begins with its shape, or has none."""
    shape = gate.shape.split()[0]
    return shape in shapes or shape not in SHAPES


def put(table: Table, verdict: Verdict) -> None:
    gate, figure = verdict.gate, verdict.figure
    table.columns.append(gate.shape)
    table.put("target", gate.shape, gate.limit)
    table.put(NAMES[core], gate.shape, Cell(figure))
    table.put("its rounds", gate.shape, spread(figure).partition(" ")[2])
    holds = "" if gate.limit == "–" else "yes" if verdict.passed else "NO"
    table.put("holds", gate.shape, holds)


def put_plain(table: Table, name: str, request: Request) -> None:
    """The same row again in a process that is told to use the plain core."""
    with TemporaryDirectory() as folder:
        file = Path(folder, "plain.json")
        command = [sys.executable, "-m", "benchmarks", "targets", "--rows", name]
        command += ["--shapes", ",".join(request.shapes)]
        command += ["--rounds", str(request.rounds), "--json", str(file)]
        run(command, check=True, stdout=DEVNULL, env={**os.environ, CORE: "python"})  # noqa: S603
        (plain,) = json.loads(file.read_text("utf-8"))["tables"]
    for column, cell in plain["rows"][PLAIN].items():
        table.put(PLAIN, column, Cell(Spread(cell["median"], cell["min"], cell["max"])))
