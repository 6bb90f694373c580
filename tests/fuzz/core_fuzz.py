"""Atheris beside the C core: its bytes choose a case, and both cores must show the same.

    python tests/fuzz/core_fuzz.py -max_total_time=60 [corpus]

The C core must be built by clang with `-fsanitize=address,fuzzer-no-link`: its branches are then
followed, and its accesses watched. `nox -s atheris` does all of it. The plain core is not
instrumented, which makes this three times faster.
"""

from __future__ import annotations

import sys
from pathlib import Path

import atheris  # first: what it brings must be there before the C core is loaded

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[2])]

import cores  # noqa: E402 - behind the path


def chooser(data):
    """A number below `n` from the next bytes; behind the last comes the first again."""
    at, data = 0, data or bytes(1)

    def pick(n):
        nonlocal at
        width = 1 if n <= 256 else 2  # bytes
        number = sum(data[(at + i) % len(data)] << 8 * i for i in range(width))
        at += width
        return (number + at // len(data)) % n  # else it would be the same again for ever

    return pick


def one_input(data):
    """Even: the bytes choose a text. Odd: they are the text, behind what chooses its options."""
    if not data or data[0] % 2 == 0:
        cores.compare(chooser(data[1:]))
        return
    cores.compare(chooser(data[1:17]), data[17:])


atheris.Setup(sys.argv, one_input)
atheris.Fuzz()
