"""The checks of this house, each a session: a person and CI run the same ones.

`nox` alone runs what a change needs at once, `nox -s ci` everything that ends by itself. Most
sessions run in the environment that nox itself runs in, made by `pip install -e ".[dev]"`; those
that need another interpreter, or an empty environment, make their own. Recorded streams and
conformance vectors are read in place, from the folder that PARTIALJSON_CORPORA names.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import nox

ROOT = Path(__file__).parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
PYTHONS = ["3.11", "3.12", "3.13"]
PYDANTICS = ["2.10", "2.11", "2.12", "latest"]  # from the oldest supported; later ones are alike
COVERED = "3.11"  # the one that is never missing
ROOF = {"__init__.py", "__main__.py"}  # all else that lies beside them is the JSON tower
CI = [
    "lint",
    "types",
    *(f"tests-{version}" for version in PYTHONS),  # what `house`, `docs`, `plain` run alone, too
    "fuzz",
    "typed-fuzz",
    "sanitizers",
    "atheris",
    *(f"typed-versions(pydantic='{version}')" for version in PYDANTICS),
    "recordings",
    "soak",
    "browser",
    "package",
]

CORES = ["tests/test_cores.py", "tests/test_core_safety.py"]
PROMISES = [  # what the plain core must keep as the C core does
    f"tests/test_{name}.py"
    for name in (
        *("laws", "conformance", "decisions", "limits", "errors", "documents", "fragments"),
        *("linear", "vectors", "front", "typed", "typed_stream", "typed_fragments"),
    )
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
    """The tests on one version of Python, of its wheel; on the oldest the tree, with coverage."""
    if session.python == COVERED:
        session.install("-e", ".[dev]")
        covered(session)
    else:
        sdist, wheel = built(session)
        session.install(f"{wheel}[dev]")
        session.chdir(beside(session, sdist))
        session.run("pytest", "-m", QUICK, *session.posargs)
    # Alone, and never under a trace function: on 3.11 that makes every append to a string a copy.
    session.run("pytest", "-m", "clocked")


def covered(session: nox.Session) -> None:
    """The tests under branch coverage: every line of the JSON tower, and nearly all of the rest.

    The tower is the plain core's. What lies around the C core has its own tests, with that core.
    """
    env = {"COVERAGE_FILE": str(Path(session.create_tmp(), "coverage"))}
    files = {file.name for file in (ROOT / "partialjson").glob("*.py")} - ROOF
    tower = ",".join([*(f"partialjson/{name}" for name in sorted(files)), "partialjson/front/*"])
    if list((ROOT / "partialjson" / "_speedups").glob("_core*.so")):
        tower += ",partialjson/_speedups/*"
    session.run("coverage", "run", "-m", "pytest", "-m", QUICK,
                *session.posargs, env=env | {"PARTIALJSON_CORE": "python"})  # fmt: skip
    session.run("coverage", "run", "-m", "pytest", *CORES, env=env)
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
    names = ("cores", "laws", "fragments", "documents", "front", "replay", "patch", "feeds")
    laws = [f"tests/test_{name}.py" for name in names]
    here(session, "pytest", "-s", *laws, *session.posargs, HYPOTHESIS_PROFILE="ci")


@nox.session(python=False)
def plain(session: nox.Session) -> None:
    """The promises on the plain core, which is in use where there is no compiler."""
    here(session, "pytest", *PROMISES, *corpora(), *session.posargs, PARTIALJSON_CORE="python")


def built_aside(session: nox.Session, python: str, *compiler: str) -> Path:
    """A copy of the checkout whose C core is built by this compiler, its assertions on."""
    folder = Path(session.create_tmp()).resolve() / "checkout"
    shutil.rmtree(folder, ignore_errors=True)
    for name in ("partialjson", "tests"):
        skipped = shutil.ignore_patterns("*.so", "*.pyd", "__pycache__")
        shutil.copytree(ROOT / name, folder / name, ignore=skipped)
    shutil.copy(ROOT / "pyproject.toml", folder)
    ask = "import sysconfig as s; print(s.get_path('include'), s.get_config_var('EXT_SUFFIX'))"
    include, suffix = str(session.run(python, "-c", ask, silent=True, external=True)).split()
    core = folder / "partialjson" / "_speedups" / "_core"
    flags = ("-shared", "-fPIC", "-g", "-fno-omit-frame-pointer", f"-I{include}")
    session.run(*compiler, *flags, f"{core}.c", "-o", f"{core}{suffix}", external=True)
    return folder


@nox.session(python=False)
def sanitizers(session: nox.Session) -> None:
    """The C core under AddressSanitizer and UndefinedBehaviorSanitizer: any report fails."""
    if not shutil.which("gcc"):
        session.skip("no gcc")
    wanted = ("-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=undefined")
    folder = built_aside(session, sys.executable, "gcc", *wanted)
    libraries = [
        str(session.run("gcc", f"-print-file-name={name}", silent=True, external=True)).strip()
        for name in ("libasan.so", "libubsan.so")
    ]
    env = {
        "LD_PRELOAD": ":".join(libraries),
        "ASAN_OPTIONS": "detect_leaks=0",  # CPython keeps much until its end
        "PYTHONMALLOC": "malloc",
        "PYTHONPATH": str(folder),
    }
    session.chdir(folder)
    session.run(sys.executable, "-m", "pytest", "--capture=sys", "--core-cases=500", *CORES,
                "tests/test_laws.py", "tests/test_limits.py",
                *session.posargs, env=env, external=True)  # fmt: skip


@nox.session(python=COVERED)
def atheris(session: nox.Session) -> None:
    """Texts that follow the branches of the C core, over both cores; `-- --hour` for an hour."""
    if not shutil.which("clang"):
        session.skip("no clang")
    session.install("atheris", "hypothesis")
    watched = ("-O1", "-fsanitize=address,fuzzer-no-link")
    folder = built_aside(session, "python", "clang", *watched)
    (library,) = Path(session.virtualenv.location).glob("lib/*/site-packages/asan_with_fuzzer.so")
    env = {
        "LD_PRELOAD": str(library.resolve()),
        "ASAN_OPTIONS": "detect_leaks=0:quarantine_size_mb=32",
        "PYTHONMALLOC": "malloc",
        "PYTHONPATH": str(folder),
    }
    seconds = 3_600 if "--hour" in session.posargs else 40
    options = (f"-max_total_time={seconds}", "-max_len=400", "-len_control=0")
    session.chdir(folder)
    session.run("python", "tests/fuzz/core_fuzz.py", *options, "-print_final_stats=1", env=env)


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
assert partialjson.core == sys.argv[1], partialjson.core
assert partialjson.from_json('{"title": "Sal') == {"title": "Sal"}
unwanted = {"asyncio", "httpx", "httpx2", "pydantic", "rich", "websockets", "anyio"}
assert not unwanted & set(sys.modules), unwanted & set(sys.modules)
"""
SHIPPED = {  # what is no module, and would not be missed by an import
    "partialjson/py.typed",
    "partialjson/demo.sse",
    "partialjson/_speedups/_core.pyi",
    *(f"partialjson/render/partialjson.{kind}" for kind in ("js", "d.ts")),
    *(f"partialjson/_dashboard/{name}" for name in ("app.py", "harbour.sse", "page/index.html")),
}


def fresh(session: nox.Session, name: str) -> Path:
    """An empty folder of the session's own."""
    folder = Path(session.create_tmp(), name).resolve()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return folder


def built(session: nox.Session) -> tuple[Path, Path]:
    """An sdist, and the wheel that is built from it for the session's Python."""
    folder = fresh(session, "dist")
    session.install("build")
    session.run("python", "-m", "build", "--outdir", str(folder), str(ROOT), silent=True)
    return next(folder.glob("*.tar.gz")), next(folder.glob("*.whl"))


def beside(session: nox.Session, sdist: Path) -> Path:
    """All that an sdist holds but the package: tests that run here import what is installed."""
    folder = fresh(session, "beside")
    with tarfile.open(sdist) as archive:
        archive.extractall(folder, filter="data")
    (top,) = folder.iterdir()
    shutil.rmtree(top / "partialjson")
    return top


@nox.session
def package(session: nox.Session) -> None:
    """The sdist, the wheel and the pure wheel: what they hold, and how they work elsewhere."""
    session.install(*PROJECT["dependency-groups"]["package"])
    sdist, wheel = built(session)
    folder = fresh(session, "pure")
    session.run("pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), str(sdist),
                env={"PARTIALJSON_PURE": "1"})  # fmt: skip
    (pure,) = folder.glob("*-py3-none-any.whl")
    session.run("twine", "check", "--strict", str(sdist), str(wheel), str(pure))
    session.run("check-wheel-contents", str(wheel), str(pure))
    look_into(session, wheel, pure)
    python = nothing_else(session)
    session.chdir(beside(session, sdist))
    works(session, python, pure, core="python")
    works(session, python, sdist, core="python", CC="false")  # a compiler that always fails
    works(session, python, wheel, core="c")
    as_cibuildwheel_tests(session, python)


def look_into(session: nox.Session, wheel: Path, pure: Path) -> None:
    """A wheel holds the package and nothing else; the two differ by the core in C alone."""
    packed = set(zipfile.ZipFile(wheel).namelist())
    plain = set(zipfile.ZipFile(pure).namelist())
    stray = {name for name in packed if not name.startswith("partialjson")}
    stray |= {name for name in packed if name.endswith((".c", ".h"))}
    missing = SHIPPED - packed
    in_c = packed - plain
    if stray or missing or plain - packed or len(in_c) != 1 or "_core." not in min(in_c):
        session.error(f"the wheel: {stray=}, {missing=}, {in_c=}, {plain - packed=}")


def nothing_else(session: nox.Session) -> str:
    """The Python of an environment that holds nothing."""
    folder = fresh(session, "empty")
    session.run("python", "-m", "venv", "--without-pip", str(folder))
    return str(Path(folder, "bin", "python"))


def works(session: nox.Session, python: str, file: Path, *, core: str, **env: str) -> None:
    """Install it, and use it for the first time."""
    install = ("install", "--quiet", "--no-deps", "--force-reinstall", "--no-cache-dir")
    session.run("pip", "--python", python, *install, str(file), env=env)
    session.run(python, "-c", FIRST_USE, core, external=True)
    session.run(python, "-m", "partialjson", "demo", silent=True, external=True)


def as_cibuildwheel_tests(session: nox.Session, python: str) -> None:
    """What every wheel for another machine is tested with, here."""
    asked = PROJECT["tool"]["cibuildwheel"]
    session.run("pip", "--python", python, "install", "--quiet", *asked["test-requires"])
    for command in asked["test-command"]:
        _, *arguments = shlex.split(command)
        session.run(python, *arguments, external=True)


@nox.session(python=False)
def ci(session: nox.Session) -> None:
    """Everything that ends by itself, one after the other; a failure does not hide the next."""
    for name in CI:
        session.notify(name)
