"""The checks of this house, each a session: a person and CI run the same ones.

`nox` alone runs what a change needs at once, `nox -s ci` everything that ends by itself. Most
sessions run in the environment that nox itself runs in, made by `pip install -e ".[dev]"`; those
that need another interpreter, or an empty environment, make their own. Recorded streams and
conformance vectors are read in place, from the folder that PARTIALJSON_CORPORA names.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import zipfile
from pathlib import Path

import nox

ROOT = Path(__file__).parent
PYTHONS = ["3.11", "3.12", "3.13"]
PYDANTICS = ["2.10", "2.11", "2.12", "latest"]  # from the oldest supported; later ones are alike
COVERED = "3.11"  # the one that is never missing
ROOF = {"__init__.py", "__main__.py"}  # all else that lies beside them is the JSON tower
CI = [
    "lint",
    "types",
    *(f"tests-{version}" for version in PYTHONS),  # what `house` and `docs` run alone, too
    "fuzz",
    "typed-fuzz",
    *(f"typed-versions(pydantic='{version}')" for version in PYDANTICS),
    "recordings",
    "soak",
    "browser",
    "package",
]

QUICK = "not clocked and not soak and not sweep and not browser"
NPM = [  # asked, not shipped
    *("fast-json-patch@3", "rfc6902@5", "axe-core@4", "typescript@5"),
    *("htmx.org@2", "htmx-ext-sse@2"),
]

nox.needs_version = ">=2024.10.9"
nox.options.sessions = ["lint", "types", f"tests-{COVERED}", "house", "docs"]
nox.options.error_on_missing_interpreters = False  # said in the summary, session by session


def pyenv_first() -> None:
    """Let pyenv's interpreters be found: its shims answer to names that they then refuse."""
    versions = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    found = [path for path in versions.glob("3.*/bin") if (path / "python").exists()]
    found.sort(key=lambda path: [int(number) for number in re.findall(r"\d+", path.parent.name)])
    for path in found:  # the newest release of each version ends in front
        os.environ["PATH"] = f"{path}{os.pathsep}{os.environ['PATH']}"


pyenv_first()


def here(session: nox.Session, *command: str, **env: str) -> None:
    """Run a module in the environment that nox runs in, on this checkout."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    env |= {"PATH": path, "PYTHONPATH": str(ROOT)}
    session.run(sys.executable, "-m", *command, env=env, external=True)


def corpora() -> list[str]:
    """How pytest is told of the recordings, where there are any."""
    folder = os.environ.get("PARTIALJSON_CORPORA")
    return [f"--corpora={folder}"] if folder else []


@nox.session(python=False)
def lint(session: nox.Session) -> None:
    """Every rule of ruff, less those that pyproject.toml gives a reason for, and one format."""
    here(session, "ruff", "check", ".")
    here(session, "ruff", "format", "--check", ".")


@nox.session(python=False)
def types(session: nox.Session) -> None:
    """The package in mypy's strict mode; the public API as two checkers see it, all of it known."""
    here(session, "mypy")
    here(session, "pyright")
    here(session, "pyright", "--verifytypes", "partialjson", "--ignoreexternal")


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """The tests on one version of Python; with branch coverage on the oldest."""
    session.install("-e", ".[dev]")
    if session.python == COVERED:
        covered(session)
    else:
        session.run("pytest", "-m", QUICK, *session.posargs)
    # Alone, and never under a trace function: on 3.11 that makes every append to a string a copy.
    session.run("pytest", "-m", "clocked")


def covered(session: nox.Session) -> None:
    """The tests under branch coverage: every line of the JSON tower, and nearly all of the rest."""
    env = {"COVERAGE_FILE": str(Path(session.create_tmp(), "coverage"))}
    files = {file.name for file in (ROOT / "partialjson").glob("*.py")} - ROOF
    tower = ",".join([*(f"partialjson/{name}" for name in sorted(files)), "partialjson/front/*"])
    session.run("coverage", "run", "-m", "pytest", "-m", QUICK,
                *session.posargs, env=env)  # fmt: skip
    session.run("coverage", "combine", env=env)
    session.run("coverage", "report", f"--include={tower}", "--fail-under=100", env=env)
    session.run("coverage", "report", f"--omit={tower}", "--fail-under=95", env=env)


@nox.session(python=False)
def house(session: nox.Session) -> None:
    """The laws of the house: floors, sizes, names, what an import loads."""
    here(session, "pytest", "tests/test_house.py", *session.posargs)


@nox.session(python=False)
def docs(session: nox.Session) -> None:
    """Every code block of the documentation, run; every link, followed."""
    here(session, "pytest", "tests/test_docs.py", *session.posargs)


@nox.session(python=False)
def fuzz(session: nox.Session) -> None:
    """The promises again, with more and longer examples than a usual run has."""
    names = ("laws", "fragments", "documents", "front", "replay", "patch", "feeds")
    laws = [f"tests/test_{name}.py" for name in names]
    here(session, "pytest", *laws, *session.posargs, HYPOTHESIS_PROFILE="ci")


@nox.session(python=False, name="typed-fuzz")
def typed_fuzz(session: nox.Session) -> None:
    """Typed validation beside Pydantic's own over 20,000 documents: no difference may be seen."""
    here(session, "pytest", "tests/test_typed_fuzz.py", "-s", *session.posargs,
         HYPOTHESIS_PROFILE="ci")  # fmt: skip


@nox.session(python=False, name="typed-long")
def typed_long(session: nox.Session) -> None:
    """The same over half a million documents, or as many as are asked for; not in CI."""
    asked = session.posargs or ["--typed-documents=500000", "--typed-seed=1"]
    here(session, "pytest", "tests/test_typed_fuzz.py", "-s", *asked)


@nox.session(python=COVERED, name="typed-versions")
@nox.parametrize("pydantic", PYDANTICS)
def typed_versions(session: nox.Session, pydantic: str) -> None:
    """Typed validation with one version of Pydantic: what it leans on differs between them."""
    wanted = "pydantic" if pydantic == "latest" else f"pydantic~={pydantic}.0"
    session.install("-e", ".", wanted, "pytest", "hypothesis")
    tests = sorted(str(file) for file in ROOT.glob("tests/test_typed*.py"))
    session.run("pytest", *tests, *session.posargs)


@nox.session(python=False)
def recordings(session: nox.Session) -> None:
    """The conformance vectors and recorded streams of PARTIALJSON_CORPORA."""
    if not corpora():
        session.skip("PARTIALJSON_CORPORA names no folder")
    files = [
        str(file) for file in ROOT.glob("tests/test_*.py") if "corpora" in file.read_text("utf-8")
    ]
    here(session, "pytest", *sorted(files), *corpora(), *session.posargs)


@nox.session(python=False)
def soak(session: nox.Session) -> None:
    """The tests that take their time: long streams, counted and measured."""
    here(session, "pytest", "-m", "soak and not sweep", *corpora(), *session.posargs)


@nox.session(python=False)
def sweep(session: nox.Session) -> None:
    """Every recording cut everywhere, by every fault, and a minute of random ones; not in CI."""
    here(session, "pytest", "-m", "sweep", *corpora(), *session.posargs)


@nox.session(python=False)
def browser(session: nox.Session) -> None:
    """The screen in Chromium, and beside what others wrote in JavaScript; skips what is missing."""
    npm = []
    if shutil.which("npm"):
        folder = Path(session.create_tmp(), "npm").resolve()
        session.run("npm", "install", "--prefix", str(folder), "--no-audit", "--no-fund",
                    "--loglevel=error", *NPM, external=True)  # fmt: skip
        npm = [f"--npm={folder}"]
    here(session, "pytest", "-m", "browser", *npm, *session.posargs)


@nox.session(python=False)
def bench(session: nox.Session) -> None:
    """The table of ratios; its numbers are this machine's."""
    here(session, "benchmarks", *session.posargs)


FIRST_USE = """
import sys, partialjson
assert partialjson.__file__.startswith(sys.prefix), partialjson.__file__
assert partialjson.from_json('{"title": "Sal') == {"title": "Sal"}
unwanted = {"asyncio", "httpx", "httpx2", "pydantic", "rich", "websockets", "anyio"}
assert not unwanted & set(sys.modules), unwanted & set(sys.modules)
"""


@nox.session
def package(session: nox.Session) -> None:
    """The wheel, in an environment that holds nothing else, far from the checkout."""
    # setuptools packs what an earlier build left there, deleted modules too
    shutil.rmtree(ROOT / "build", ignore_errors=True)
    folder = Path(session.create_tmp()).resolve()
    here(session, "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), ".")
    (wheel,) = folder.glob("partialjson_streaming-*.whl")
    packed = set(zipfile.ZipFile(wheel).namelist())
    stray = {name for name in packed if not name.startswith("partialjson")}
    screen = {f"partialjson/render/partialjson.{kind}" for kind in ("js", "d.ts")}
    page = {
        f"partialjson/_dashboard/{name}" for name in ("app.py", "harbour.sse", "page/index.html")
    }
    missing = {"partialjson/py.typed", *screen, *page} - packed
    if stray or missing:
        session.error(f"the wheel: {stray=}, {missing=}")
    session.install("--no-index", str(wheel))  # from no index: nothing else is needed
    session.chdir(folder)
    session.run("python", "-c", FIRST_USE)
    session.run("python", "-m", "partialjson", "demo")


@nox.session(python=False)
def ci(session: nox.Session) -> None:
    """Everything that ends by itself, one after the other; a failure does not hide the next."""
    for name in CI:
        session.notify(name)
