"""`python -m benchmarks.path`: what each floor costs on the way of a recorded stream, from the
provider's bytes to the bytes for a screen."""

from __future__ import annotations

import argparse
import platform
import sys
from collections.abc import Sequence
from pathlib import Path

import partialjson
from benchmarks.report import cpu, table_lines

from .floors import floors
from .recording import DEMO, Recording
from .stacks import collapsed, own, sampled, tree

ROUNDS = 9
SECONDS = 4.0  # of sampling: about a thousand samples where the clock ticks 250 times a second
LEAST, TOP = 0.02, 16


def main(given: Sequence[str]) -> int:
    options = arguments(given)
    recording = Recording(options.recording, options.provider)
    print(cpu())
    version = f"{platform.python_implementation()} {platform.python_version()}"
    print(f"{version}; partialjson {partialjson.__version__}, core in {partialjson.core}")
    size = sum(map(len, recording.pieces))
    name, tokens = recording.path.name, recording.tokens
    print(f"{name}: {size:,} bytes, {tokens:,} tokens of {recording.parse}")
    print("\n".join(table_lines(floors(recording, options.rounds))), flush=True)

    stacks = sampled(recording.whole, options.seconds)
    print(f"\nthe whole path, {stacks.total():,} samples: share with all that is called")
    print("\n".join(tree(stacks, LEAST)))
    print("\nshare of each function itself, and of the C that it calls")
    print("\n".join(own(stacks, TOP)))
    if options.stacks:
        options.stacks.write_text("\n".join(collapsed(stacks)) + "\n", "utf-8")
    return 0


def arguments(given: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.path", description=__doc__)
    parser.add_argument("recording", nargs="?", type=Path, default=DEMO, help="an event stream")
    parser.add_argument("--provider", default="auto", help="a name of PROVIDERS")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--seconds", type=float, default=SECONDS, help="of sampling")
    parser.add_argument("--stacks", type=Path, metavar="FILE", help="write all stacks there")
    return parser.parse_args(given)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
