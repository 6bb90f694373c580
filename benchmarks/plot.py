"""Curves as a picture, drawn by matplotlib: both axes logarithmic, a text to a panel.

The same curves give the same bytes: nothing in the file says when it was made.
"""

from __future__ import annotations

from importlib import import_module
from math import log
from pathlib import Path
from typing import Any

from .lengths import LENGTHS, Curve
from .peers import VALUES, Again, available

__all__ = ["draw"]

OURS = {
    "LiveValue": {"color": "black", "linewidth": 3, "zorder": 3},
    "Parser and .value": {"color": "dimgray", "linewidth": 3, "zorder": 3},
}
MARKERS = "osD^v<>PX*hdp"
STYLE = {
    "svg.fonttype": "none",  # letters stay letters: a tenth of the size
    "svg.hashsalt": "partialjson",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
}


def draw(panels: dict[str, list[Curve]], file: Path) -> None:
    """Write the picture; the ending of the name says in which format."""
    matplotlib = import_module("matplotlib")
    matplotlib.use("Agg")
    pyplot = import_module("matplotlib.pyplot")
    again = {name for name, run in available(VALUES).items() if isinstance(run, Again)}
    with matplotlib.rc_context(STYLE):
        figure, axes = pyplot.subplots(
            1, len(panels), figsize=(11, 5), sharey=True, layout="constrained"
        )
        for axis, (title, curves) in zip(axes, panels.items(), strict=True):
            panel(axis, title, curves, again)
        axes[0].set_ylabel("CPU seconds in all")
        figure.legend(
            *legend(axes[0], panels),
            loc="outside right center",
            title=f"exponents: {', '.join(panels)}",
        )
        figure.savefig(file, metadata={"Date": None})
        pyplot.close(figure)


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
