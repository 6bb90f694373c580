"""The virtual environments of the peers, each made once and kept in `benchmarks/.venv`.

An interpreter flows in, the same interpreter with the peers around it flows out. The library itself
is not installed: it is taken from the checkout, so that what is measured is what stands there.
"""

from __future__ import annotations

import json
import os
import sys
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from subprocess import PIPE, run

__all__ = [
    "BENCH",
    "HOME",
    "ROOT",
    "aside",
    "entered",
    "interpreter",
    "peers",
    "project",
    "run_in",
    "set_aside",
]

ROOT = Path(__file__).resolve().parent.parent
HOME = ROOT / "benchmarks" / ".venv"  # a folder for each group, in it one for each Python
BENCH = "bench"
STAMP = "peers.json"
ASIDE = "aside"

TAG = "import sys; print(f'{sys.implementation.cache_tag}-{sys.version_info[2]}')"


def peers(group: str = BENCH) -> list[str]:
    """What `pyproject.toml` names in a dependency group."""
    return groups()[group]


def set_aside(group: str = BENCH) -> list[str]:
    """The peers of a group whose import name another one has, or this library itself."""
    return groups().get(f"{group}-aside", [])


def groups() -> dict[str, list[str]]:
    with (ROOT / "pyproject.toml").open("rb") as file:
        found: dict[str, list[str]] = tomllib.load(file)["dependency-groups"]
        return found


def project(requirement: str) -> str:
    """The name in `name>=1.2`."""
    return requirement.partition(">")[0].partition("=")[0].strip()


def aside(project: str) -> Path:
    """The folder of a peer that is set aside: on no path, so that its name hides no other."""
    return Path(sys.prefix) / ASIDE / project


def entered(group: str = BENCH) -> bool:
    """Whether this is an interpreter of a group's already."""
    return Path(sys.prefix).resolve().parent == HOME / group


def run_in(
    python: str, arguments: Sequence[str], group: str = BENCH, variables: Mapping[str, str] = {}
) -> int:
    """Run the benchmarks again inside the environment of a group; its exit code."""
    command = [str(interpreter(python, group)), "-m", "benchmarks", *arguments]
    environment = {**os.environ, **variables}
    return run(command, check=False, cwd=ROOT, env=environment).returncode  # noqa: S603 - it is this program


def interpreter(python: str, group: str = BENCH) -> Path:
    """The Python of an environment, which is made or brought up to date first."""
    folder = HOME / group / tag_of(python)
    inner = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    stamp = folder / STAMP
    wanted = {peer: [] for peer in peers(group)}
    for peer in set_aside(group):
        wanted[peer] = ["--target", str(folder / ASIDE / project(peer))]
    if stamp.exists() and json.loads(stamp.read_text()) == wanted:
        return inner
    print(f"installing {', '.join(wanted)} in {folder.relative_to(ROOT)}", file=sys.stderr)
    command = [python, "-m", "venv", "--clear", str(folder)]
    run(command, check=True)  # noqa: S603 - the interpreter that the user chose
    missing = [peer for peer, options in wanted.items() if not install(inner, peer, options)]
    if missing:
        print(f"could not be installed, and is left out: {', '.join(missing)}", file=sys.stderr)
    stamp.write_text(json.dumps(wanted))
    return inner


def tag_of(python: str) -> str:
    """Such as `cpython-311-7`."""
    command = [python, "-c", TAG]
    said = run(command, check=True, stdout=PIPE, text=True)  # noqa: S603 - as above
    return said.stdout.strip()


def install(python: Path, peer: str, options: Sequence[str]) -> bool:
    """One by one, no compiler: a peer without a wheel for this machine leaves the others alone."""
    pip = [str(python), "-m", "pip", "install", "--quiet", "--only-binary", ":all:"]
    command = [*pip, *options, peer]
    return run(command, check=False).returncode == 0  # noqa: S603 - names from pyproject.toml
