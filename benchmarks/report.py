"""Tables and verdicts as lines of text, and the facts of the machine that they were measured on."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterator
from importlib.metadata import distributions
from pathlib import Path
from statistics import median
from textwrap import wrap
from typing import Any

import partialjson

from . import node
from .environment import BENCH, aside, peers, project, set_aside
from .gates import Verdict
from .measure import Spread
from .peers import core
from .shapes import SHAPES
from .table import Cell, Table, duration

__all__ = ["heading", "machine", "spread", "table_lines", "verdict_line"]

CPU_FACTS = Path("/proc/cpuinfo")
CORES = {"c": "its core in C", "python": "its core in plain Python"}

WIDTH = 100  # of a line; a table with more columns goes on below
NOTES = """\
Figures are CPU time of one thread; a ratio is the median of its rounds, in which all that is
compared runs one after the other. "again" parses all that came so far at every delta. What runs in
Node is timed there, on the wall or by the processor's time, whichever is less.
~  24 prefixes stand for all of them; the joining of the pieces is left out, in the peer's favour
≥  too slow for the whole text within the budget: its beginning was read, the rest costs more"""


def machine(group: str = BENCH, *, in_node: bool = False) -> dict[str, Any]:
    """Where this runs, and with which versions."""
    return {
        "partialjson": partialjson.__version__,
        "core": core,
        "cpu": cpu(),
        "cores": os.cpu_count(),
        "system": platform.platform(),
        "load": list(os.getloadavg()) if hasattr(os, "getloadavg") else None,
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "peers": {
            **{peer: installed(peer, sys.path) for peer in map(project, peers(group))},
            **{
                peer: installed(peer, [str(aside(peer))]) for peer in map(project, set_aside(group))
            },
        },
        "node": node.versions() if in_node else None,
    }


def cpu() -> str:
    if CPU_FACTS.exists():
        for line in CPU_FACTS.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def installed(peer: str, path: list[str]) -> str | None:
    return next((found.version for found in distributions(name=peer, path=path)), None)


def heading(facts: dict[str, Any], *, with_shapes: bool = True) -> Iterator[str]:
    yield f"{facts['cpu']}, {facts['cores']} cores; {facts['system']}"
    if facts["load"]:
        yield f"load before the start: {facts['load'][0]:.2f}"
    yield f"{facts['python']}; partialjson {facts['partialjson']}, {CORES[facts['core']]}"
    for versions in (facts["peers"], facts["node"] or {}):
        found = [f"{peer} {number or '(left out)'}" for peer, number in versions.items()]
        yield from wrap(", ".join(found), WIDTH)
    if not with_shapes:
        return
    yield ""
    for name, shape in SHAPES.items():
        yield f"  {name}  about {shape.size:>9,} characters: {shape.words}"
    yield ""
    yield NOTES


def table_lines(table: Table) -> Iterator[str]:
    """Column after column as far as a line goes, and the rest of them below."""
    yield ""
    yield table.title
    first = max(map(len, table.rows), default=0)
    band: list[list[str]] = []
    room = WIDTH - first
    for column in table.columns:
        cells = [column, *(shown(row.get(column, "")) for row in table.rows.values())]
        width = max(map(len, cells)) + 2
        if band and width > room:
            yield from band_lines(table, first, band)
            band, room = [], WIDTH - first
        band.append([f"{cell:>{width}}" for cell in cells])
        room -= width
    yield from band_lines(table, first, band)
    spreads = [cell.figure for cell in cells_of(table) if cell.figure.middle]
    wide = [(figure.most - figure.least) / figure.middle for figure in spreads]
    if any(wide):
        yield f"  a cell's rounds lie {median(wide):.0%} apart (median; at most {max(wide):.0%})"
    yield from (f"  {note}" for note in table.notes)


def band_lines(table: Table, first: int, band: list[list[str]]) -> Iterator[str]:
    yield ""
    for name, cells in zip(["", *table.rows], zip(*band, strict=True), strict=True):
        yield f"  {name:{first}}{''.join(cells)}"


def cells_of(table: Table) -> Iterator[Cell]:
    for row in table.rows.values():
        yield from (cell for cell in row.values() if isinstance(cell, Cell))


def shown(cell: Cell | str) -> str:
    if isinstance(cell, str):
        return cell
    said = duration(cell.figure.middle) if cell.unit else figure(cell.figure.middle)
    return cell.mark + said


def figure(number: float) -> str:
    return f"{number:,.0f}" if number >= 100 else f"{number:.3g}"  # noqa: PLR2004 - three digits


def spread(found: Spread) -> str:
    return f"{figure(found.middle)} ({figure(found.least)}–{figure(found.most)})"


def verdict_line(verdict: Verdict) -> str:
    gate = verdict.gate
    word = "" if gate.limit == "–" else "pass" if verdict.passed else "FAIL"
    return f"{word:4}  {gate.shape}  {gate.limit:>6}  {spread(verdict.figure):24}  {gate.name}"
