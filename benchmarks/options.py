"""The options that a benchmark of its own environment has: limits alone, rounds, an interpreter."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

__all__ = ["with_limits"]


def with_limits(
    given: Sequence[str], *, prog: str, description: str | None, rounds: int
) -> argparse.Namespace:
    """What was asked for on the command line."""
    parser = argparse.ArgumentParser(prog=prog, description=description)
    parser.add_argument("--limits", action="store_true", help="the limits alone; 1 if one fails")
    parser.add_argument("--rounds", type=int, default=rounds)
    parser.add_argument("--python", default=sys.executable, help="the interpreter to measure with")
    return parser.parse_args(given)
