"""Figures as pictures, drawn by matplotlib: curves of time against length, bars of a delta's cost.

The same figures give the same bytes: nothing in the file says when it was made.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from math import log, nan
from pathlib import Path
from typing import Any

from .lengths import LENGTHS, Curve
from .peers import PLAIN, PLAIN_LIVE_VALUE, RETURNED, Rereader, Run
from .table import Cell, Table, duration

__all__ = ["bars", "curves_of"]

OURS: dict[str, dict[str, Any]] = {
    "LiveValue": {"color": "black", "linewidth": 3, "zorder": 3},
    "Parser and .value": {"color": "dimgray", "linewidth": 3, "zorder": 3},
    PLAIN_LIVE_VALUE: {"color": "black", "linewidth": 1.5, "zorder": 3},
    f"Parser and .value, {PLAIN}": {"color": "dimgray", "linewidth": 1.5, "zorder": 3},
}
MARKERS = "osD^v<>PX*hdp"
STYLE = {
    "svg.fonttype": "none",  # letters stay letters: a tenth of the size
    "svg.hashsalt": "partialjson",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
}


def curves_of(panels: dict[str, list[Curve]], runs: dict[str, Run], file: Path) -> None:
    """Time against length, both axes logarithmic, a kind of text to a panel."""
    again = {name for name, run in runs.items() if isinstance(run, Rereader)}
    with picture(len(panels), (11, 5.6), file) as (figure, axes):
        for axis, (title, curves) in zip(axes, panels.items(), strict=True):
            panel(axis, title, curves, again)
        axes[0].set_ylabel("CPU seconds in all")
        figure.legend(
            *legend(axes[0], panels),
            loc="outside right center",
            title=f"exponents: {', '.join(panels)}",
        )


@contextmanager
def picture(
    panels: int, inches: tuple[float, float], file: Path
) -> Iterator[tuple[Any, Sequence[Any]]]:
    """Panels beside each other; written when all is drawn, in the format that the ending names."""
    matplotlib = import_module("matplotlib")
    matplotlib.use("Agg")
    pyplot = import_module("matplotlib.pyplot")
    with matplotlib.rc_context(STYLE):
        figure, axes = pyplot.subplots(
            1, panels, figsize=inches, sharey=True, layout="constrained", squeeze=False
        )
        yield figure, axes[0]
        file.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(file, metadata={"Date": None})
        pyplot.close(figure)


def bars(table: Table, file: Path) -> None:
    """What a delta of four characters costs, a shape to a panel, a contender to a bar."""
    columns = [column for column in table.columns if column.endswith("/4")]
    if not columns:
        return
    costs = {column: nanoseconds(table, column) for column in columns}
    names = sorted(costs[columns[0]], key=lambda name: total(costs, name))
    height = 0.9 + 0.2 * len(names)
    with picture(len(columns), (1.7 * len(columns) + 2.5, height), file) as (figure, axes):
        for axis, column in zip(axes, columns, strict=True):
            widths = [costs[column][name] for name in names]
            looks = ["black" if name in OURS else "silver" for name in names]
            axis.barh(names, widths, color=looks, height=0.7)
            for at, (name, width) in enumerate(zip(names, widths, strict=True)):
                axis.text(width * 1.2, at, said(table, name, column, width), va="center", size=7)
            axis.set_xscale("log")
            axis.set_xlim(10, max(widths) * 60)
            axis.set_title(column.partition("/")[0])
            axis.xaxis.set_visible(False)
            axis.spines["bottom"].set_visible(False)
            axis.tick_params(axis="y", length=0)
        axes[0].invert_yaxis()
        figure.supxlabel("time for a delta of 4 characters, logarithmic", size=9)


def nanoseconds(table: Table, column: str) -> dict[str, float]:
    """By contender: the first row has seconds, the others are multiples of it."""
    (first, row), *others = table.rows.items()
    base = middle(row[column]) * 1e9
    found = {first.partition(",")[0]: base}
    for name, cells in others:
        if column in cells and name != RETURNED:
            found[name] = middle(cells[column]) * base
    return found


def middle(cell: Cell | str) -> float:
    return cell.figure.middle if isinstance(cell, Cell) else nan


def total(costs: dict[str, dict[str, float]], name: str) -> float:
    """By which the bars are sorted: the fastest over all shapes is on top."""
    return sum(log(column[name]) for column in costs.values())


def said(table: Table, name: str, column: str, width: float) -> str:
    cell = table.rows.get(name, {}).get(column)
    return (cell.mark if isinstance(cell, Cell) else "") + duration(width / 1e9)


def panel(axis: Any, title: str, curves: list[Curve], again: set[str]) -> None:
    """One line to a contender, which looks alike in all panels."""
    for number, curve in enumerate(curves):
        look = {"color": f"C{number % 10}", "linewidth": 1.2} | OURS.get(curve.name, {})
        axis.loglog(
            list(curve.totals),
            list(curve.totals.values()),
            label=curve.name,
            marker=MARKERS[number % len(MARKERS)],
            markersize=4,
            linestyle="--" if curve.name in again else "-",
            **look,
        )
    axis.set_title(title)
    axis.set_xlabel("length of the text")
    axis.set_xticks(list(LENGTHS.values()), list(LENGTHS))
    axis.tick_params(axis="x", labelsize=8)
    axis.minorticks_off()
    axis.grid(alpha=0.3)


def legend(axis: Any, panels: dict[str, list[Curve]]) -> tuple[list[Any], list[str]]:
    """The slowest on top, as in the picture; each with its exponents, a panel to a number."""
    lines, _ = axis.get_legend_handles_labels()
    rows = sorted(
        zip(lines, *panels.values(), strict=True), key=lambda row: height(row[1]), reverse=True
    )
    names = [f"{first.name} ({', '.join(map(shown, (first, *rest)))})" for _, first, *rest in rows]
    return [line for line, *_ in rows], names


def height(curve: Curve) -> float:
    """Where a curve leaves the picture, or would."""
    length, total = list(curve.totals.items())[-1]
    return log(total) + (curve.exponent or 1) * (log(max(LENGTHS.values())) - log(length))


def shown(curve: Curve) -> str:
    return "–" if curve.exponent is None else f"{curve.exponent:.2f}"
