"""Tables and verdicts as lines of text, and the facts of the machine that they were measured on."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from .environment import peers
from .gates import Verdict
from .measure import Spread
from .shapes import SHAPES
from .tables import Cell, Table

__all__ = ["heading", "machine", "table_lines", "verdict_line"]

CPU_FACTS = Path("/proc/cpuinfo")

NOTES = """\
Figures are CPU time of one thread. A ratio is the median of the rounds (least–most); a round runs
all that it compares one after the other. jiter parses all that came so far at every delta.
~  24 prefixes stand for all of them; the joining of the pieces is left out, in jiter's favour
≥  too slow for the whole text within the budget: its beginning was read, the rest costs more"""


def machine() -> dict[str, Any]:
    """Where this runs, and with which versions."""
    return {
        "cpu": cpu(),
        "cores": os.cpu_count(),
        "system": platform.platform(),
        "load": list(os.getloadavg()) if hasattr(os, "getloadavg") else None,
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "peers": {peer: installed(peer) for peer in map(project, peers())},
    }


def cpu() -> str:
    if CPU_FACTS.exists():
        for line in CPU_FACTS.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def project(requirement: str) -> str:
    """The name in `name>=1.2`."""
    return requirement.partition(">")[0].partition("=")[0].strip()


def installed(peer: str) -> str | None:
    try:
        return version(peer)
    except PackageNotFoundError:
        return None


def heading(facts: dict[str, Any]) -> Iterator[str]:
    yield f"{facts['cpu']}, {facts['cores']} cores; {facts['system']}"
    if facts["load"]:
        yield f"load before the start: {facts['load'][0]:.2f}"
    found = [f"{peer} {number or '(left out)'}" for peer, number in facts["peers"].items()]
    yield f"{facts['python']}; {', '.join(found)}"
    yield ""
    for name, shape in SHAPES.items():
        yield f"  {name}  about {shape.size:>9,} characters: {shape.words}"
    yield ""
    yield NOTES


def table_lines(table: Table) -> Iterator[str]:
    first = max(len(name) for name in table.rows)
    rows = {
        name: [shown(row.get(column, "")) for column in table.columns]
        for name, row in table.rows.items()
    }
    widths = [
        max(len(column), *(len(row[at]) for row in rows.values()))
        for at, column in enumerate(table.columns)
    ]
    yield ""
    yield table.title
    yield f"  {'':{first}}  {aligned(table.columns, widths)}"
    for name, row in rows.items():
        yield f"  {name:{first}}  {aligned(row, widths)}"


def aligned(cells: Any, widths: list[int]) -> str:
    return "  ".join(f"{cell:>{width}}" for cell, width in zip(cells, widths, strict=True))


def shown(cell: Cell | str) -> str:
    return cell if isinstance(cell, str) else cell.mark + spread(cell.figure)


def spread(figure: Spread) -> str:
    return f"{figure.middle:.3g} ({figure.least:.3g}–{figure.most:.3g})"


def verdict_line(verdict: Verdict) -> str:
    gate = verdict.gate
    word = "" if gate.limit == "–" else "pass" if verdict.passed else "FAIL"
    return f"{word:4}  {gate.shape}  {gate.limit:>6}  {spread(verdict.figure):24}  {gate.name}"
