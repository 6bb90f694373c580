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
from .report import heading, machine, table_lines, verdict_line
from .shapes import DELTAS, SHAPES
from .streams import tables as streams
from .table import Request
from .tables import TABLES

GATE_ROUNDS = 9
TABLE_ROUNDS = 3

TASKS = {BENCH: TABLES, streams.GROUP: streams.TABLES}  # by the group of the peers
VERDICTS = {BENCH: verdicts, streams.GROUP: streams.verdicts}


def arguments(given: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "tasks",
        nargs="*",
        metavar="TASK",
        help=f"only these tables: {', '.join(TABLES)}; or {', '.join(streams.TABLES)}, alone",
    )
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
        "--gates", action="store_true", help="the limits alone; exit code 1 if one fails"
    )
    parser.add_argument(
        "--rounds",
        type=int,
        help=f"of each comparison (gates {GATE_ROUNDS}, tables {TABLE_ROUNDS})",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there as well")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw what lengths measures")
    parser.add_argument("--python", default=sys.executable, help="the interpreter to measure with")
    options = parser.parse_args(given)
    if unknown := set(options.tasks) - {task for tasks in TASKS.values() for task in tasks}:
        parser.error(f"there is no task {', '.join(sorted(unknown))}")
    options.group = streams.GROUP if set(options.tasks) & set(streams.TABLES) else BENCH
    if set(options.tasks) - set(TASKS[options.group]):
        parser.error(f"{', '.join(TASKS[options.group])} has peers of its own: ask for it alone")
    if options.plot and "lengths" not in (options.tasks or TABLES):
        parser.error("--plot draws what the task lengths measures")
    return options


def some_of(known: Iterable[str]) -> Callable[[str], Sequence[str]]:
    """The type of an option that takes names with commas between them."""

    def names(given: str) -> Sequence[str]:
        chosen = given.split(",")
        if unknown := set(chosen) - set(known):
            raise argparse.ArgumentTypeError(f"there is no {', '.join(sorted(unknown))}")
        return chosen

    return names


def gates(verdicts: Iterable[Verdict]) -> tuple[bool, dict[str, Any]]:
    """Print each verdict as it comes; whether all of them are good, and the figures."""
    print()
    found = []
    for verdict in verdicts:
        print(verdict_line(verdict), flush=True)
        found.append(verdict)
    failed = [verdict for verdict in found if not verdict.passed]
    print(f"\n{len(failed)} of {len(found)} failed" if failed else "\nall hold")
    return not failed, {"gates": [verdict.as_json() for verdict in found]}


def tables(
    names: Sequence[str], request: Request, group: str = BENCH
) -> tuple[bool, dict[str, Any]]:
    found = []
    for name in names:
        for table in TASKS[group][name](request):
            print("\n".join(table_lines(table)), flush=True)
            found.append(table)
    return True, {"tables": [table.as_json() for table in found]}


def main(given: Sequence[str]) -> int:
    options = arguments(given)
    group = options.group
    if not entered(group):
        return run_in(options.python, given, group)
    start = monotonic()
    facts = machine(group)
    print("\n".join(heading(facts, with_shapes=group == BENCH)))
    if options.gates:
        good, figures = gates(VERDICTS[group](options.rounds or GATE_ROUNDS))
    else:
        rounds = options.rounds or TABLE_ROUNDS
        request = Request(rounds, options.shapes, options.deltas, options.plot)
        good, figures = tables(options.tasks or list(TABLES), request, group)
    if options.json:
        report = {"machine": facts, **figures}
        options.json.write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n", "utf-8")
    print(f"{monotonic() - start:.0f} s in all")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
