"""What a process needs at most, above what it needs to start, to read a text from a file in pieces.

Run as a program it is that process: the name of a contender, a number of characters and a file flow
in, a number of bytes flows out. Only a new process has a peak of its own.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import cache, partial
from importlib import import_module
from pathlib import Path
from subprocess import PIPE, run
from tempfile import TemporaryDirectory

from .peers import FINALS, ITEMS, VALUES
from .shapes import text

__all__ = ["peak"]

STATUS = Path("/proc/self/status")


def peak(contender: str, shape: str, size: int) -> int:
    """Bytes; of one run in a process of its own."""
    command = [sys.executable, "-m", __name__, contender, str(size), str(file_of(shape))]
    said = run(command, check=True, stdout=PIPE, text=True)  # noqa: S603 - this module
    return int(said.stdout)


@cache
def folder() -> TemporaryDirectory[str]:
    """One for all; it goes when the program ends."""
    return TemporaryDirectory(prefix="partialjson-benchmarks-")


@cache
def file_of(shape: str) -> Path:
    path = Path(folder().name, f"{shape}.json")
    path.write_text(text(shape), encoding="utf-8")
    return path


def read(path: str, size: int) -> Iterator[str]:
    with Path(path).open(encoding="utf-8", newline="") as file:
        yield from iter(partial(file.read, size), "")


def most_so_far() -> int:
    """The most this process held, in bytes.

    Linux says it in `/proc`. What `getrusage` says there begins with the peak of the process that
    started this one.
    """
    if STATUS.exists():
        facts = dict(line.split(":", 1) for line in STATUS.read_text().splitlines())
        return int(facts["VmHWM"].split()[0]) * 1_024
    resource = import_module("resource")  # which Windows lacks
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1_024


def main(contender: str, size: str, path: str) -> None:
    contend = (FINALS | VALUES | ITEMS)[contender]()
    before = most_so_far()
    value = contend(read(path, int(size)))
    print(most_so_far() - before)
    del value


if __name__ == "__main__":
    main(*sys.argv[1:])
