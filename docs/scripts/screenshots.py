"""The pictures of the dashboard, at 10, 50 and 100 % of its stream.

`python -m docs.scripts.screenshots` writes `docs/assets/dashboard-*.png`. It needs Playwright,
Pillow and Chromium. The model waits where a picture is taken; the meters are those of this machine.
"""  # noqa: INP001 - a script, and no package

from __future__ import annotations

import shutil
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

from examples.dashboard.app import Server, make_app

TARGET = Path(__file__).parent.parent / "assets"
DESKTOP, PHONE = (1280, 960), (390, 844)
COLOURS = 256  # looks the same, and is a third as large
LARGEST = 150_000  # bytes of a picture
READ = 5_000  # milliseconds, in which the model has come to where it waits
SETTLED = 1_500  # longer than any animation of the page
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
QUIET = ("--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars")


class Picture(NamedTuple):
    """What is taken: how the page is opened, and when."""

    name: str
    settings: str
    size: tuple[int, int] = DESKTOP
    theme: str = "light"


PICTURES = (
    Picture("10", "hold=0.1"),
    Picture("50", "hold=0.5"),
    Picture("100", "rate=1000"),
    Picture("dark", "hold=0.7", theme="dark"),
    Picture("compare", "hold=0.7&compare"),
    Picture("phone", "hold=0.7", size=PHONE),
)


@contextmanager
def served() -> Iterator[str]:
    """The dashboard's URL."""
    server = Server(make_app())
    with socket.create_server(("127.0.0.1", 0)) as listener:
        running = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        running.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            running.join()


def take(browser: Browser, url: str, picture: Picture) -> None:
    """Open the page, wait until the model does, and write the picture."""
    width, height = picture.size
    how: dict[str, Any] = {"color_scheme": picture.theme}
    page = browser.new_page(viewport={"width": width, "height": height}, **how)
    page.goto(f"{url}/?rate=250&{picture.settings}&start")
    if "hold" in picture.settings:
        page.wait_for_timeout(READ)
    else:
        page.locator('html[data-state="done"]').wait_for(timeout=READ * 4)
        page.wait_for_timeout(SETTLED)
    target = TARGET / f"dashboard-{picture.name}.png"
    shot = Image.open(BytesIO(page.screenshot())).convert("RGB")
    shot.quantize(COLOURS, dither=Image.Dither.NONE).save(target, optimize=True)
    page.close()
    if (size := target.stat().st_size) > LARGEST:
        raise SystemExit(f"{target.name} has {size} bytes, more than {LARGEST}")


def main() -> None:
    """Write all pictures."""
    chromium = next(filter(None, map(shutil.which, CHROMIUM)), None)
    with sync_playwright() as driver, served() as url:
        browser = driver.chromium.launch(executable_path=chromium, args=[*QUIET])
        for picture in PICTURES:
            take(browser, url, picture)
        browser.close()


if __name__ == "__main__":
    main()
