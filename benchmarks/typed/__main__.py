"""`python -m benchmarks.typed`: make the environment, run in it, print tables and limits."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from benchmarks.environment import entered, run_in
from benchmarks.options import with_limits
from benchmarks.report import heading, machine, spread, table_lines

GROUP = "bench-typed"
ROUNDS = 5


def main(given: Sequence[str]) -> int:
    name = "python -m benchmarks.typed"
    options = with_limits(given, prog=name, description=__doc__, rounds=ROUNDS)
    if not entered(GROUP):
        return run_in(options.python, given, GROUP)

    from . import tables  # noqa: PLC0415 - what it needs is in that environment alone

    print("\n".join(heading(machine(GROUP), with_shapes=False)))
    if not options.limits:
        for table in (tables.found(), tables.validator_runs(), tables.costs(options.rounds)):
            print("\n".join(table_lines(table)), flush=True)
    print()
    good = True
    for name, figure, kept in tables.limits(options.rounds):
        least, most = tables.LIMITS[name]
        limit = f"≥ {least:g}" if least is not None else f"≤ {most:g}"
        print(f"{'pass' if kept else 'FAIL'}  {limit:>6}  {spread(figure):24}  {name}", flush=True)
        good = good and kept
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
