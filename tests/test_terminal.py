"""`watch` in a real terminal, tmux: what stands on the screen midway and at the end."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path
from uuid import uuid4

import pytest

pytest.importorskip("rich")

TMUX = shutil.which("tmux")
pytestmark = pytest.mark.skipif(TMUX is None, reason="tmux is not there")

ROOT = Path(__file__).parent.parent
PATIENCE = 10  # seconds after which a screen that does not come is no longer waited for
COLOURS = re.compile(r"\x1b\[(?:\d+;)*(?:3[0-7]|38;[\d;]+|9[0-7])(?:;\d+)*m")
MODEL = """
from pydantic import BaseModel

class Ship(BaseModel):
    name: str
    crew: int

class Quay(BaseModel):
    title: str
    ships: list[Ship]
"""


class Terminal:
    """A tmux server of its own, with one window in which a command reads from a FIFO."""

    def __init__(self, folder, *options, width=60, height=16, **environment):
        self.folder, self.fifo, self.status = folder, folder / "fifo", folder / "status"
        os.mkfifo(self.fifo)
        # Relative to the folder, whose own path may be longer than that of a socket can be.
        self.socket = f"tmux-{uuid4().hex[:8]}"
        given = [f"{name}={value}" for name, value in environment.items()]
        python = ["env", *given, sys.executable, "-m", "partialjson"]
        command = shlex.join([*python, "watch", *options])
        # The shell stays, so that what is left on the screen can be looked at.
        line = f"{command} < {shlex.quote(str(self.fifo))}; echo $? > status; exec cat"
        size = ["-x", str(width), "-y", str(height)]
        self.tmux("-f", "/dev/null", "new-session", "-d", *size, "-c", folder, line)
        self.pipe = self.fifo.open("wb", buffering=0)

    def tmux(self, *arguments):
        told = {name: value for name, value in os.environ.items() if name not in HIDDEN}
        return subprocess.run(
            [TMUX, "-S", self.socket, "-u", *map(str, arguments)],
            cwd=self.folder,
            env=told | {"PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8"},
            capture_output=True,
            check=True,
            encoding="utf-8",
        ).stdout

    def type(self, text):
        """More of the stream comes."""
        self.pipe.write(text.encode())

    def rows(self, *, styled=False, until=""):
        """What is on the screen, as soon as something that is waited for stands there."""
        wait_for(lambda: until in self.tmux("capture-pane", "-p"))
        return self.tmux("capture-pane", "-p", *(["-e"] if styled else [])).rstrip("\n").split("\n")

    def resize(self, width, height):
        """The window has another size, and who runs in it can know."""
        self.tmux("resize-window", "-x", width, "-y", height)
        with Path(self.tmux("display", "-p", "#{pane_tty}").strip()).open("rb") as tty:
            wait_for(lambda: os.get_terminal_size(tty.fileno()) == (width, height))

    def end(self):
        """No more comes; the exit code."""
        self.pipe.close()
        wait_for(lambda: self.status.exists() and self.status.read_text("ascii").endswith("\n"))
        return int(self.status.read_text("ascii"))

    def close(self):
        self.pipe.close()
        self.tmux("kill-server")


def wait_for(what):
    deadline = time.monotonic() + PATIENCE
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.02)


HIDDEN = ("NO_COLOR", "FORCE_COLOR", "TMUX", "COLUMNS", "LINES")


@pytest.fixture
def terminal(tmp_path):
    """Make a terminal of some size, in which something is watched."""
    made = []

    def make(*options, **how):
        made.append(Terminal(tmp_path, *options, **how))
        return made[-1]

    yield make
    for one in made:
        one.close()


def test_values_settle_one_by_one_and_the_whole_document_is_left(terminal):
    window = terminal(width=90)
    window.type('{"title": "North Quay", "ships": [{"name": "Aurelia", "crew": 17}, {"name": "Per')
    *document, status = window.rows(until="Per")
    assert document == [
        "{",
        '  "title": "North Quay"',
        '  "ships": [',
        "    {",
        '      "name": "Aurelia"',
        '      "crew": 17',
        "    }",
        "    {",
        '      "name": "Per▍',
    ]
    assert status.startswith("1 piece · 80 chars · ")
    assert status.endswith(" s · depth 3 · /ships/1/name")
    window.type('petua", "crew": 12')
    assert '      "name": "Perpetua"' in window.rows(until='petua"')
    assert not [row for row in window.rows() if "12" in row], "no number before it ends"
    window.type("}]}")
    assert window.end() == 0
    *document, figures, verdict = window.rows(until="complete")
    assert document[7:] == [
        "    {",
        '      "name": "Perpetua"',
        '      "crew": 12',
        "    }",
        "  ]",
        "}",
    ]
    assert figures.startswith("3 pieces · 101 chars · ")
    assert figures.endswith(" s in all")
    assert verdict == "complete: no end marker, JSON closed"


ROWS = [f'{{"id": {number}, "name": "ship {number}"}}' for number in range(10, 400)]
FLEET = '{"ships": [' + ", ".join(ROWS)
BEGUN = ', {"id": 400, "name": "shi'


def test_of_a_document_that_does_not_fit_the_end_is_seen_and_what_it_stands_in(terminal):
    window = terminal(width=60, height=12)
    window.type(FLEET + BEGUN)
    *document, _ = window.rows(until="shi▍")
    assert document == [
        "{",
        '  "ships": [ … 389 more',
        "    {",
        '      "id": 399',
        '      "name": "ship 399"',
        "    }",
        "    {",
        '      "id": 400',
        '      "name": "shi▍',
    ]
    window.type('p 400"}]}')
    assert window.end() == 0
    history = window.tmux("capture-pane", "-p", "-S", "-").rstrip("\n").split("\n")
    assert history[0] == "{"
    assert history.count('      "name": "ship 10"') == 1, "the whole is left, once"
    assert history[-1] == "complete: no end marker, JSON closed"


def test_a_very_small_window_shows_what_is_written(terminal):
    window = terminal(width=20, height=6)
    window.type(FLEET + BEGUN)
    assert window.rows(until="shi▍") == [
        "  }",
        "  {",
        '   "id": 400',
        '   "name": "shi▍',
        "/ships/390/name",
    ]
    window.type("p, which is called Perpetua")
    assert window.rows(until="tua▍")[-2:] == ['"name": …d Perpetua▍', "/ships/390/name"]


def test_a_window_may_change_its_size(terminal):
    window = terminal()
    window.type(FLEET + BEGUN)
    window.rows(until="shi▍")
    window.resize(30, 8)
    window.type("p ")
    assert window.rows(until="ship ▍")[-2] == '   "name": "ship ▍'
    window.resize(80, 20)
    window.type('400"}]}')
    assert window.end() == 0
    assert window.rows(until="complete")[-8:-2] == [
        "    {",
        '      "id": 400',
        '      "name": "ship 400"',
        "    }",
        "  ]",
        "}",
    ]


def test_rows_of_a_table_come_one_by_one(terminal):
    window = terminal("--view", "table", height=8)
    window.type(FLEET + BEGUN)
    assert window.rows(until="shi▍")[:-1] == [
        "{",
        '  "ships": [ … 388 more',
        "     id  name",
        "    398  ship 398",
        "    399  ship 399",
        "    400  shi▍",
    ]


def test_what_is_not_of_its_type_is_marked_where_it_stands(terminal, tmp_path):
    pytest.importorskip("pydantic")
    (tmp_path / "quay.py").write_text(MODEL, "utf-8")
    window = terminal("--model", "quay:Quay")
    window.type('{"title": 7, "ships": [{"name": "Aurelia", "crew": "all')
    window.rows(until="all")
    window.type('"}, {"name": "Perpetua"}], "no')
    rows = window.rows(until="required")
    assert rows[1] == '  "title": 7  ✗ Input should be a valid string'
    assert rows[5] == '      "crew": "all"  ✗ Input should be a valid integer, una…'
    assert rows[7] == "    {  ✗ crew: Field required"
    window.type('te": 1}')
    assert window.end() == 5


@pytest.mark.parametrize(("environment", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_no_color_is_honoured(terminal, environment, coloured):
    window = terminal(**environment)
    window.type('{"title": "North Quay", "crew": 17, "name": "A')
    shown = "\n".join(window.rows(styled=True, until="▍"))
    assert bool(COLOURS.search(shown)) is coloured


def test_a_terminal_that_cannot_be_drawn_on_gets_lines(terminal):
    window = terminal(TERM="dumb")
    window.type('{"title": "North Quay", "crew": 17}')
    assert window.end() == 0
    assert window.rows(until="complete") == [
        '/title: "North Quay"',
        "/crew: 17",
        "complete: no end marker, JSON closed",
    ]


def test_nothing_in_a_stream_is_a_command_to_the_terminal(terminal):
    window = terminal()
    window.type('{"a\\u001b[2J": "\\u001b]0;owl\\u0007\\u202e\\ud83d", "b": "')
    assert window.rows(until="b")[:2] == [
        "{",
        r'  "a\u001b[2J": "\u001b]0;owl\u0007\u202e\ud83d"',
    ]
