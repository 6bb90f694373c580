"""`python -m benchmarks.screen`: make the environment, run in it, print tables and limits."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from benchmarks.environment import entered, run_in
from benchmarks.options import with_limits
from benchmarks.report import heading, machine, table_lines

GROUP = "bench-screen"
ROUNDS = 5


def main(given: Sequence[str]) -> int:
    name = "python -m benchmarks.screen"
    options = with_limits(given, prog=name, description=__doc__, rounds=ROUNDS)
    if not entered(GROUP):
        return run_in(options.python, given, GROUP)

    from . import costs, frames, wire  # noqa: PLC0415 - what they need is in that environment alone

    print("\n".join(heading(machine(GROUP), with_shapes=False)))
    if not options.limits:
        print("\n".join(table_lines(wire.table())), flush=True)
        print("\n".join(table_lines(costs.costs(options.rounds))), flush=True)
        print("\n".join(table_lines(frames.frames(options.rounds))), flush=True)
    print()
    good = True
    for name, figure, most in wire.limits():
        kept = figure <= most
        print(f"{'pass' if kept else 'FAIL'}  ≤ {most:<4g} {figure:<6.3g} {name}", flush=True)
        good = good and kept
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
