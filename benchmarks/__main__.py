"""`python -m benchmarks`: make the environment, run in it, print ratios; with `--gates`, say
whether they hold."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from time import monotonic
from typing import Any

from .environment import BENCH, entered, run_in
from .gates import Verdict, verdicts
from .groups import ASKED_FOR, DRAWN, GROUPS, IN_NODE, ROWS, TASKS, group_of
from .report import heading, machine, table_lines, verdict_line
from .shapes import DELTAS, SHAPES
from .table import Request, Table

GATE_ROUNDS = 9
TABLE_ROUNDS = 3
PLAIN = {"PARTIALJSON_CORE": "python"}  # whose limits the gates of the first group are


def arguments(given: Sequence[str]) -> argparse.Namespace:
    options = parser().parse_args(given)
    groups = {group_of(task) for task in options.tasks} or {BENCH}
    if len(groups) > 1:
        parser().error("tasks with peers of their own are asked for alone: typed, screen, streams")
    (options.group,) = groups
    if not options.tasks:
        options.tasks = [task for task in GROUPS[BENCH].tasks if task not in ASKED_FOR]
    if options.plots and not set(options.tasks) & set(DRAWN):
        parser().error(f"--plots draws what these tasks measure: {', '.join(DRAWN)}")
    if options.rows and options.tasks != list(ASKED_FOR):
        parser().error("--rows are those of the targets")
    return options


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "tasks",
        nargs="*",
        metavar="TASK",
        type=one_of(TASKS),
        help=f"only these tables: {', '.join(TASKS)}",
    )
    narrow(parser)
    parser.add_argument(
        "--gates", action="store_true", help="the limits alone; exit code 1 if one fails"
    )
    parser.add_argument(
        "--rounds",
        type=int,
        help=f"of each comparison (gates {GATE_ROUNDS}, tables {TABLE_ROUNDS})",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there as well")
    parser.add_argument(
        "--plots", type=Path, metavar="FOLDER", help=f"draw what is measured: {', '.join(DRAWN)}"
    )
    parser.add_argument("--python", default=sys.executable, help="the interpreter to measure with")
    return parser


def narrow(parser: argparse.ArgumentParser) -> None:
    """What makes a run shorter."""
    parser.add_argument(
        "--shapes",
        type=some_of(SHAPES),
        default=tuple(SHAPES),
        help=f"some of {','.join(SHAPES)}",
    )
    parser.add_argument(
        "--deltas",
        type=some_of(DELTAS),
        default=tuple(DELTAS),
        help=f"some of {','.join(DELTAS)}",
    )
    parser.add_argument(
        "--rows", type=some_of(ROWS), default=(), help=f"of targets: some of {','.join(ROWS)}"
    )


def one_of(known: Iterable[str]) -> Callable[[str], str]:
    """The type of an argument that is one name."""
    return lambda given: some_of(known)(given)[0]


def some_of(known: Iterable[str]) -> Callable[[str], Sequence[str]]:
    """The type of an option that takes names with commas between them."""

    def names(given: str) -> Sequence[str]:
        chosen = given.split(",")
        if unknown := set(chosen) - set(known):
            raise argparse.ArgumentTypeError(f"there is no {', '.join(sorted(unknown))}")
        return chosen

    return names


def gates(found: Iterable[Verdict]) -> tuple[bool, dict[str, Any]]:
    """Print each verdict as it comes; whether all of them are good, and the figures."""
    print()
    said = []
    for verdict in found:
        print(verdict_line(verdict), flush=True)
        said.append(verdict)
    failed = [verdict for verdict in said if not verdict.passed]
    print(f"\n{len(failed)} of {len(said)} failed" if failed else "\nall hold")
    return not failed, {"gates": [verdict.as_json() for verdict in said]}


def tables(found: Iterable[Table]) -> tuple[bool, dict[str, Any]]:
    said = []
    for table in found:
        print("\n".join(table_lines(table)), flush=True)
        said.append(table.as_json())
    return True, {"tables": said}


def main(given: Sequence[str]) -> int:
    options = arguments(given)
    group = options.group
    if not entered(group):
        of_plain = options.gates and group == BENCH
        return run_in(options.python, given, group, PLAIN if of_plain else {})
    start = monotonic()
    module = GROUPS[group].load()
    in_node = not options.gates and bool(set(options.tasks) & set(IN_NODE))
    facts = machine(group, in_node=in_node)
    print("\n".join(heading(facts, with_shapes=group == BENCH)))
    if options.gates:
        good, figures = gates(verdicts(module.GATES, options.rounds or GATE_ROUNDS))
    else:
        rounds = options.rounds or TABLE_ROUNDS
        request = Request(rounds, options.shapes, options.deltas, options.rows, options.plots)
        good, figures = tables(
            table for task in options.tasks for table in module.TABLES[task](request)
        )
    if options.json:
        report = {"machine": facts, **figures}
        options.json.write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n", "utf-8")
    print(f"{monotonic() - start:.0f} s in all")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
