"""The laws of the house, read from its source: who knows whom, how large, how named, how told."""

from __future__ import annotations

import ast
import importlib
import inspect
import os
import re
import subprocess
import sys
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from types import FunctionType

import pytest

import partialjson

ROOT = Path(__file__).parent.parent
PACKAGE = Path(partialjson.__file__).parent  # the checkout's, or that of a wheel

# The floors. A folder named here is one room: its files share its floor unless they are named too.
FLOORS = {
    "errors": 1,
    "path": 1,
    "_grammar": 1,
    "_bulk": 2,  # whole containers through the C scanner of `json`
    "_checkpoint": 2,  # the envelope of a checkpoint
    "_intake": 2,  # str or bytes to text with a place
    "_reader": 2,  # the state that the steps change
    "_extras": 1,  # what is said where an optional dependency is missing
    "_unbroken": 1,  # what an interrupt breaks off is over
    "_strings": 2,  # the steps inside a string
    "events": 2,
    "tokenizer": 2,
    "front": 2,
    "wire": 2,
    "wire.messages": 2,  # what every provider says, in words of no provider
    "wire.sse": 2,
    "wire.framing": 2,
    "wire.providers": 2,
    "wire._shown": 2,  # one channel's text, compared with what comes again
    "wire.backoff": 2,
    "wire.clocks": 2,
    "wire.resume": 2,
    "wire.routes": 2,  # how an answer that broke off is asked for again
    "wire._loops": 3,  # waiting under asyncio and trio
    "wire._answers": 3,  # what httpx and httpx2 say, in words of neither
    "wire.http": 3,
    "wire.websocket": 3,
    "wire.polling": 3,
    "wire.batch": 3,
    "_tree": 3,  # the value that the steps build
    "_speedups": 3,  # the twin of _plain in C
    "_shedding": 3,  # a parser whose finished matches leave its value
    "_facts": 3,  # what both cores say of a value
    "_live": 3,  # how the plain core takes up a state
    "_plain": 3,  # Parser and LiveValue in plain Python
    "parser": 3,
    "documents": 4,  # many texts in one stream
    "fragments": 4,
    "validation": 4,
    "render": 4,
    "stream": 5,
    "compat": 5,
    "cli": 6,
    "__main__": 6,
    "__init__": 6,
}
ONE_FILE_ONE_FLOOR = {"wire"}  # its rooms stand on two floors, so each file is named
JSON_FLOORS = 4  # how high the JSON tower is

CLOCKS_AND_SOCKETS = {
    *("asyncio", "anyio", "httpx", "httpx2", "websockets"),
    *("time", "sched", "threading", "socket", "ssl", "select", "selectors"),
}
SHELLS = (
    "wire._loops",
    "wire.http",
    "wire.websocket",
    "wire.polling",
    "wire.batch",
    "stream",
    "cli",
)

LONG_FILES: dict[str, str] = {}  # module: the reason why it is longer than 400 lines
LONG_FUNCTIONS: dict[str, str] = {}  # module.function: the reason why its body is longer than 40

# What `import partialjson` loads of the package, and what it must not load of anybody else's.
LOADED = {
    "partialjson",
    "partialjson._bulk",
    "partialjson._checkpoint",
    "partialjson._extras",
    "partialjson._grammar",
    "partialjson._intake",
    "partialjson._facts",
    "partialjson._live",
    "partialjson._plain",
    "partialjson._reader",
    "partialjson._shedding",
    "partialjson._strings",
    "partialjson._tree",
    "partialjson._unbroken",
    "partialjson.documents",
    "partialjson.errors",
    "partialjson.events",
    "partialjson.fragments",
    "partialjson.front",
    "partialjson.front._cutter",
    "partialjson.front._marks",
    "partialjson.front._opening",
    "partialjson.front._text",
    "partialjson.front.finder",
    "partialjson.front.mender",
    "partialjson.parser",
    "partialjson.path",
    "partialjson.stream",
    "partialjson.stream._arguments",
    "partialjson.stream._checks",
    "partialjson.stream._contents",
    "partialjson.stream._course",
    "partialjson.stream._ending",
    "partialjson.stream._objects",
    "partialjson.stream._reader",
    "partialjson.stream._sources",
    "partialjson.stream.attempts",
    "partialjson.stream.batches",
    "partialjson.stream.bridge",
    "partialjson.stream.doors",
    "partialjson.stream.guarding",
    "partialjson.stream.loops",
    "partialjson.stream.news",
    "partialjson.stream.opening",
    "partialjson.stream.texts",
    "partialjson.stream.timing",
    "partialjson.tokenizer",
    "partialjson.wire",
    "partialjson.wire._answers",
    "partialjson.wire._loops",
    "partialjson.wire._shown",
    "partialjson.wire.backoff",
    "partialjson.wire.batch",
    "partialjson.wire.clocks",
    "partialjson.wire.framing",
    "partialjson.wire.framing._base",
    "partialjson.wire.framing._body",
    "partialjson.wire.framing._texts",
    "partialjson.wire.http",
    "partialjson.wire.messages",
    "partialjson.wire.providers",
    "partialjson.wire.providers._base",
    "partialjson.wire.providers.anthropic",
    "partialjson.wire.providers.assistants",
    "partialjson.wire.providers.auto",
    "partialjson.wire.providers.bedrock",
    "partialjson.wire.providers.chat",
    "partialjson.wire.providers.cohere",
    "partialjson.wire.providers.completions",
    "partialjson.wire.providers.gemini",
    "partialjson.wire.providers.ollama",
    "partialjson.wire.providers.replicate",
    "partialjson.wire.providers.responses",
    "partialjson.wire.resume",
    "partialjson.wire.routes",
    "partialjson.wire.sse",
}
IN_C = {"partialjson._speedups._core"}
OPTIONAL = {"anyio", "httpx", "httpx2", "pydantic", "pydantic_core", "rich", "websockets"}
UNWANTED = {*OPTIONAL, "argparse", "asyncio", "socket", "ssl", "urllib.request"}

# The promise of the front door. A name is added here, and never removed.
PUBLIC = (
    "JSON",
    "AsyncStream",
    "BadContentType",
    "BatchResult",
    "Broken",
    "Channel",
    "CheckpointError",
    "Completion",
    "ConnectionLost",
    "Documents",
    "Doomed",
    "Event",
    "Feed",
    "Fragment",
    "Fragments",
    "HTTPStatusError",
    "Heartbeat",
    "IncompleteJSONError",
    "Invalid",
    "JSONSyntaxError",
    "Kind",
    "LimitExceeded",
    "LiveValue",
    "OpenedAsyncStream",
    "OpenedStream",
    "Parser",
    "PartialJSONError",
    "Patches",
    "Path",
    "ProviderError",
    "Relay",
    "Reset",
    "Retry",
    "Retrying",
    "Revised",
    "Salvage",
    "Skeleton",
    "Stream",
    "StreamEvent",
    "StreamTimeout",
    "StringDelta",
    "TextDelta",
    "Timing",
    "ToolEvent",
    "ToolParsers",
    "TransportError",
    "TypedEvent",
    "TypedParser",
    "Usage",
    "Valid",
    "ValueEnd",
    "ValueStart",
    "Verdict",
    "abatch",
    "aopen_stream",
    "astream",
    "batch",
    "complete",
    "core",
    "from_json",
    "from_pointer",
    "guard_disconnect",
    "open_stream",
    "skeleton",
    "stream",
    "to_pointer",
)


# --- reading the house ---------------------------------------------------------------------------


def name_of(file: Path) -> str:
    """`partialjson/wire/sse.py` is the room `wire.sse`; a folder's `__init__.py` is the folder."""
    parts = file.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)


FILES = [file for file in sorted(PACKAGE.rglob("*.py")) if file.parent.name != "_dashboard"]
SOURCES = {name_of(file): file.read_text("utf-8") for file in FILES}  # an example is no room
TREES = {name: ast.parse(source) for name, source in SOURCES.items()}
PUBLIC_ROOMS = sorted(name for name in SOURCES if not re.search(r"(^|\.)_(?!_init__$)", name))


def floor_of(name: str) -> int:
    """The floor by the table; 0 where the table does not know the room."""
    room = name
    while room and room not in FLOORS:
        room = room.rpartition(".")[0]
    return 0 if room in ONE_FILE_ONE_FLOOR and room != name else FLOORS.get(room, 0)


def imports_of(name: str) -> list[str]:
    """Absolute names of all that a room imports, wherever in the file the import stands."""
    found: list[str] = []
    for node in ast.walk(TREES[name]):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = base_of(name, node)
            found += [f"{base}.{alias.name}" for alias in node.names]
    return found


def base_of(name: str, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    is_folder = (PACKAGE / name.replace(".", "/") / "__init__.py").exists()
    parts = ["partialjson", *([] if name == "__init__" else name.split("."))]
    above = node.level - (is_folder or name == "__init__")
    return ".".join([*parts[: len(parts) - above], *filter(None, [node.module])])


def room_of(imported: str) -> str | None:
    """The room that `partialjson.events.ValueEnd` comes from; none, if it is somebody else's."""
    head, *rest = imported.split(".")
    if head != "partialjson":
        return None
    while rest and ".".join(rest) not in SOURCES:
        rest.pop()
    return ".".join(rest) or "__init__"


ARROWS = {
    name: {room for imported in imports_of(name) if (room := room_of(imported))} - {name}
    for name in SOURCES
}


def is_in(name: str, rooms: tuple[str, ...]) -> bool:
    return any(name == room or name.startswith(f"{room}.") for room in rooms)


def module(room: str) -> object:
    return importlib.import_module("partialjson" if room == "__init__" else f"partialjson.{room}")


def names_of(room: str) -> dict[str, object]:
    return {name: getattr(module(room), name) for name in getattr(module(room), "__all__", ())}


def python(*arguments: str) -> str:
    """What this Python prints, with no path but that of the package."""
    environment = {key: value for key, value in os.environ.items() if "COVERAGE" not in key}
    return subprocess.run(
        [sys.executable, "-S", *arguments],
        env={**environment, "PYTHONPATH": str(PACKAGE.parent)},
        capture_output=True,
        check=True,
        text=True,
    ).stdout


# --- who knows whom ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SOURCES)
def test_every_room_has_a_floor(name):
    assert floor_of(name), f"give {name!r} a floor in FLOORS of this file, and in the design"


def test_every_room_of_the_table_with_a_private_name_exists():
    assert {name for name in FLOORS if name.startswith("_")} <= set(SOURCES)


@pytest.mark.parametrize("name", SOURCES)
def test_no_arrow_runs_up(name):
    assert not [room for room in ARROWS[name] if floor_of(room) > floor_of(name) > 0]


def test_no_arrows_run_in_a_circle():
    try:
        TopologicalSorter(ARROWS).prepare()
    except CycleError as circle:
        pytest.fail(" <- ".join(circle.args[1]))


WIRE = [name for name in SOURCES if is_in(name, ("wire",))]
JSON_TOWER = [name for name in SOURCES if floor_of(name) <= JSON_FLOORS and name not in WIRE]


@pytest.mark.parametrize("name", JSON_TOWER)
def test_the_json_tower_does_not_know_the_wire(name):
    assert not ARROWS[name] & set(WIRE)


@pytest.mark.parametrize("name", WIRE)
def test_the_wire_knows_of_the_house_only_errors_and_itself(name):
    assert not [room for room in ARROWS[name] if not is_in(room, ("wire", "errors"))]


@pytest.mark.parametrize("name", [name for name in SOURCES if not is_in(name, SHELLS)])
def test_clocks_and_sockets_are_in_the_shells_alone(name):
    foreign = {imported.partition(".")[0] for imported in imports_of(name)}
    assert not foreign & CLOCKS_AND_SOCKETS


@pytest.mark.parametrize("name", SOURCES)
def test_no_environment_variable_is_read_but_the_one_that_chooses_the_core(name):
    if name == "parser":
        assert re.findall(r"environ\b.*", SOURCES[name]) == [
            "environ",  # imported
            'environ.get("PARTIALJSON_CORE") != "python":',
        ]
        return
    assert not re.findall(r".*\b(?:environb?|getenvb?)\b.*", SOURCES[name])


# --- how large -----------------------------------------------------------------------------------


def test_no_file_is_longer_than_400_lines():
    long = {name for name, source in SOURCES.items() if source.count("\n") > 400}
    assert long == set(LONG_FILES), "an exception is written down with its reason, or deleted"


def test_no_line_of_c_is_longer_than_100_columns():
    sources = [*PACKAGE.glob("_speedups/*.[ch]")]  # a wheel has none
    lines = [(file.name, line) for file in sources for line in file.read_text("utf-8").split("\n")]
    assert not [line for line in lines if len(line[1]) > 100]


def test_no_function_has_a_body_longer_than_40_lines():
    long = {
        f"{name}.{node.name}"
        for name, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and body_lines(node) > 40
    }
    assert long == set(LONG_FUNCTIONS), "an exception is written down with its reason, or deleted"


def body_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    statements = node.body[1:] if ast.get_docstring(node) else node.body
    return node.body[-1].end_lineno - statements[0].lineno + 1 if statements else 0


# --- how named and told --------------------------------------------------------------------------


@pytest.mark.parametrize("name", SOURCES)
def test_a_file_opens_with_one_sentence(name):
    first, *rest = (ast.get_docstring(TREES[name]) or "").split("\n")
    assert re.fullmatch(r"\S.*[.!?]", first), f"the caption of {name} is {first!r}"
    assert not re.search(r"[.!?] [A-Z]", first), f"more than one sentence: {first!r}"
    assert not rest or not rest[0], "a blank line follows the caption"


@pytest.mark.parametrize("room", [room for room in PUBLIC_ROOMS if len(TREES[room].body) > 1])
def test_a_public_room_lists_its_names_in_order(room):
    names = getattr(module(room), "__all__", None)
    assert names is not None, f"{room} has no __all__"
    assert list(names) == sorted(set(names), key=as_ruff_sorts)
    assert not [name for name in names if not hasattr(module(room), name)]


def as_ruff_sorts(name: str) -> tuple[int, str]:
    """Constants, then classes, then the rest (its RUF022)."""
    return (0 if name.isupper() else 1 if name[0].isupper() else 2), name


def test_the_front_door_keeps_its_names():
    assert sorted(partialjson.__all__) == sorted(PUBLIC)


@pytest.mark.parametrize("room", PUBLIC_ROOMS)
def test_a_public_name_has_a_docstring_of_ours(room):
    things = names_of(room).items()
    told = {name: is_told(thing, name) for name, thing in things if is_tellable(thing)}
    assert not [name for name in told if not told[name]]


@pytest.mark.parametrize("room", PUBLIC_ROOMS)
def test_a_public_method_has_a_docstring(room):
    classes = {name: thing for name, thing in names_of(room).items() if isinstance(thing, type)}
    assert not [
        f"{name}.{key}"
        for name, kind in classes.items()
        for key, member in vars(kind).items()
        if is_method(key, member) and not inspect.getdoc(member)
    ]


def is_tellable(thing: object) -> bool:
    """An alias or a constant has no docstring of its own."""
    return isinstance(thing, type | FunctionType)


def is_method(name: str, member: object) -> bool:
    kinds = FunctionType | property | classmethod | staticmethod
    return not name.startswith("_") and isinstance(member, kinds)


def is_told(thing: object, name: str) -> bool:
    """Whether it has a docstring, other than the one that a dataclass makes up: its signature."""
    return bool(thing.__doc__) and not thing.__doc__.startswith(f"{name}(")


REFERENCE = "\n".join(
    page.read_text("utf-8") for page in sorted((ROOT / "docs/reference").glob("*.md"))
)


@pytest.mark.parametrize("room", PUBLIC_ROOMS)
def test_a_public_name_stands_in_the_reference_as_code(room):
    names = names_of(room)
    assert not [name for name in names if not re.search(rf"`([\w.]+\.)?{name}\b", REFERENCE)]


TYPING = (ROOT / "tests/typing/api.py").read_text("utf-8")


@pytest.mark.parametrize("name", PUBLIC)
def test_type_checkers_are_shown_every_public_name(name):
    assert re.search(rf"\bpj\.{name}\b", TYPING)


@pytest.mark.parametrize("name", [kind.__name__ for kind in partialjson.Event.__args__])
def test_type_checkers_are_shown_that_an_event_is_frozen(name):
    frozen = rf"def \w+\(event: pj\.{name}\) -> None:\n    event\.\w+ = .*# type: ignore\[misc\]"
    assert re.search(frozen, TYPING)


# --- what an import loads ------------------------------------------------------------------------


def test_the_modules_that_an_import_loads_are_these():
    loaded = set(python("-c", "import sys, partialjson; print(*sys.modules)").split())
    of_the_core = IN_C if partialjson.core == "c" else set()
    ours = {name for name in loaded if name.partition(".")[0] == "partialjson"}
    assert ours - {"partialjson._speedups"} == LOADED | of_the_core
    assert not loaded & UNWANTED


# --- what stands in no file ----------------------------------------------------------------------

SKIPPED = {".git", ".nox", ".venv", "venv", "build", "dist", "node_modules"}
SLASH, DOT = "/", "."  # so that this file does not hold what it looks for
HOSTS = [
    f"{name}{DOT}{end}"
    for name, end in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("npmjs", "org"),
        ("npmjs", "com"),
        ("crates", "io"),
        ("debian", "org"),
    )
]
ELSEWHERE = re.compile(rf"(?<![\w.~]){SLASH}(?:work|root|home){SLASH}|\.\.{SLASH}shared{SLASH}")
ALLOWED = {".ci/run"}  # looks for a folder beside the checkout


def text_files() -> dict[str, str]:
    found = {}
    for folder, folders, files in os.walk(ROOT):
        folders[:] = [name for name in folders if name not in SKIPPED and not is_cache(name)]
        for name in files:
            file = Path(folder, name)
            try:
                found[file.relative_to(ROOT).as_posix()] = file.read_text("utf-8")
            except UnicodeDecodeError:
                continue
    return found


def is_cache(name: str) -> bool:
    return name.endswith((".egg-info", "_cache", "__pycache__")) or name == ".hypothesis"


def test_no_file_names_a_package_registry_or_a_place_on_one_machine():
    hosts = re.compile("|".join(re.escape(host) for host in HOSTS))
    found = {}
    for name, text in text_files().items():
        lines = [line for line in text.splitlines() if hosts.search(line) or ELSEWHERE.search(line)]
        if lines and name not in ALLOWED:
            found[name] = lines
    assert not found


def test_at_most_five_lines_are_excused_from_coverage():
    excuse = "pragma" + ": no cover"
    assert sum(source.count(excuse) for source in SOURCES.values()) <= 5
