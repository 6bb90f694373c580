"""The demonstration in a browser: finds the dashboard, and says what is missing to run it.

What flows in are options, what flows out is a server that runs until Ctrl-C. What the page shows is
not known here: the dashboard is an example, and comes with the package as one.
"""

from __future__ import annotations

import argparse
import sys
from importlib import import_module
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

from .screens import emit

__all__ = ["add_web", "refused_alone", "run_web"]

PACKAGE = "partialjson._dashboard"  # where an installed package has it
CHECKOUT = Path(__file__).parents[2] / "examples" / "dashboard"  # and where its source lies
NEEDED = ("starlette", "uvicorn", "httpx", "pydantic")
INSTALL = "pip install 'partialjson-streaming[web]'"
PORT = 8765
OPTIONS = ("port", "open", "url", "model", "key_env")  # that mean nothing without `--web`
USAGE = 2


def add_web(demo: argparse.ArgumentParser) -> None:
    """The options of the demonstration in a browser."""
    demo.add_argument("--web", action="store_true", help="in the browser: a dashboard that fills")
    demo.add_argument("--port", type=int, help=f"where it listens: {PORT}, or 0 for any")
    demo.add_argument(
        "--open",
        action=argparse.BooleanOptionalAction,
        help="whether to show it in a browser at once",
    )
    demo.add_argument("--url", help="ask a model, by any URL of OpenAI's chat completions")
    demo.add_argument("--model", metavar="NAME", help="the name of that model")
    demo.add_argument(
        "--key-env", metavar="NAME", help="the variable that holds its key, instead of a prompt"
    )


def run_web(options: argparse.Namespace) -> int:
    """Serve the dashboard until Ctrl-C."""
    if missing := [name for name in NEEDED if find_spec(name) is None]:
        return refused(f"the dashboard needs {', '.join(missing)}: {INSTALL}")
    if (options.url is None) != (options.model is None):
        return refused("--url and --model go together")
    if options.url is not None and options.key_env is None and not sys.stdin.isatty():
        return refused("a key is asked for on a terminal; without one name it by --key-env")
    app, endpoint = dashboard("app"), None
    if options.url is not None:
        try:
            endpoint = app.endpoint_of(options.url, options.model, options.key_env)
        except ValueError as error:
            return refused(f"{error}")
    browse = sys.stdout.isatty() if options.open is None else options.open
    port = PORT if options.port is None else options.port
    app.serve(port=port, browse=browse, endpoint=endpoint)
    return 0


def refused_alone(options: argparse.Namespace) -> int:
    """0, or the exit code where an option of the browser stands without it."""
    given = [name for name in OPTIONS if getattr(options, name) is not None]
    return refused(f"--{given[0].replace('_', '-')} goes with --web") if given else 0


def refused(why: str) -> int:
    """Say why it cannot run."""
    emit(sys.stderr, f"partialjson: {why}")
    return USAGE


def dashboard(part: str) -> Any:
    """A module of the dashboard: of the installed package, or of the checkout that this is."""
    if find_spec(PACKAGE) is None:
        load(PACKAGE, CHECKOUT)
    return import_module(f"{PACKAGE}.{part}")


def load(name: str, folder: Path) -> ModuleType:
    """A folder as a package of another name."""
    spec = spec_from_file_location(
        name, folder / "__init__.py", submodule_search_locations=[f"{folder}"]
    )
    if spec is None or spec.loader is None:
        raise ModuleNotFoundError(f"no dashboard in {folder}", name=name)
    module = sys.modules[name] = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
