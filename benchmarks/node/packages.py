"""The folder of the packages from npm, made once and kept beside the virtual environments.

Names flow in, a folder and versions flow out; or none, where Node or npm is missing.
"""

from __future__ import annotations

import json
import shutil
import sys
from functools import cache
from pathlib import Path
from subprocess import PIPE, run

from benchmarks.environment import HOME, ROOT

__all__ = ["NAMES", "folder", "node", "versions"]

NAMES = ("partial-json", "jsonriver", "@streamparser/json", "ai")
FOLDER = HOME / "node"
WANTED = "wanted.json"


def node() -> str | None:
    """The program, if it is here."""
    return shutil.which("node")


@cache
def folder() -> Path | None:
    """Where the packages lie, which are installed first if they are not there."""
    npm = shutil.which("npm")
    if node() is None or npm is None:
        return None
    stamp = FOLDER / WANTED
    if not (stamp.exists() and json.loads(stamp.read_text()) == list(NAMES)):
        print(f"installing {', '.join(NAMES)} in {FOLDER.relative_to(ROOT)}", file=sys.stderr)
        missing = [name for name in NAMES if not install(npm, name)]
        if missing:
            print(f"could not be installed, and is left out: {', '.join(missing)}", file=sys.stderr)
        FOLDER.mkdir(parents=True, exist_ok=True)
        stamp.write_text(json.dumps(NAMES))
    return FOLDER


def install(npm: str, name: str) -> bool:
    """Its latest release; one by one, as in the virtual environments."""
    quiet = ("--no-audit", "--no-fund", "--loglevel=error")
    command = [npm, "install", "--prefix", str(FOLDER), *quiet, f"{name}@latest"]
    return run(command, check=False, stdout=PIPE).returncode == 0  # noqa: S603 - names from above


def versions() -> dict[str, str | None] | None:
    """By package, Node itself in front; nothing where there is no Node."""
    program, home = node(), folder()
    if program is None or home is None:
        return None
    said = run([program, "--version"], check=True, stdout=PIPE, text=True)  # noqa: S603 - as above
    return {"node": said.stdout.strip(), **{name: version(home, name) for name in NAMES}}


def version(home: Path, name: str) -> str | None:
    facts = home / "node_modules" / name / "package.json"
    if not facts.exists():
        return None
    found: str = json.loads(facts.read_text("utf-8"))["version"]
    return found
