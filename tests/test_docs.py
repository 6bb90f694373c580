"""Every code block of the README and of docs/ is run, and every link between pages leads somewhere.

A page is one sitting: its Python and its commands run from the top, in one namespace and in one
folder, where the shipped recording lies as `recording.sse`. A block that is not run says so by its
language.
"""

from __future__ import annotations

import doctest
import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from browser_support import node_found

import partialjson

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]
LINKED = [*PAGES, *(ROOT / f"{name}.md" for name in ("CHANGELOG", "CONTRIBUTING", "SECURITY"))]

SHOWN = {"text", "json", "http", "toml", "javascript", "html"}  # languages that are not run
RUN = ("python -m partialjson", "printf ", "echo ", "cat ")  # how a command begins that is run
TYPED = (  # how one begins that a reader types: it installs, reaches a network, or takes minutes
    *("pip ", "python3 -m venv ", "python -m pip ", ".venv/bin/"),
    *("curl ", "git ", "nox", "python -m pytest", "python -m benchmarks"),
)

FENCE = re.compile(r"^( *)```(.*)\n((?:.*\n)*?)\1``` *$", re.MULTILINE)
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ +(.+)$", re.MULTILINE)


@dataclass
class Block:
    language: str
    text: str
    line: int  # of the page, where the block's first line stands


def blocks(page: Path) -> list[Block]:
    text = page.read_text("utf-8")
    return [
        Block(
            language=found[2].strip(),
            text=re.sub(rf"^{found[1]}", "", found[3], flags=re.MULTILINE),
            line=text.count("\n", 0, found.start()) + 2,
        )
        for found in FENCE.finditer(text)
    ]


def title(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


# --- code ----------------------------------------------------------------------------------------


@pytest.fixture
def desk(tmp_path, monkeypatch):
    """A folder of its own, with a recorded stream to try things on."""
    recording = Path(partialjson.__file__).with_name("demo.sse")
    shutil.copy(recording, tmp_path / "recording.sse")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("page", PAGES, ids=title)
def test_the_code_of_a_page_runs(page, desk):
    names = {"__name__": "__main__"}
    for block in blocks(page):
        if block.language == "python":
            code = "\n" * (block.line - 1) + block.text
            exec(compile(code, page, "exec", dont_inherit=True), names)  # noqa: S102 our own pages
        elif block.language == "js":
            check_module(block, desk)
        elif block.language in {"console", "sh"}:
            for command, output in commands(block):
                run(command, output, desk)
        else:
            assert block.language in SHOWN, f"{page}:{block.line}: run, or shown as what?"


def check_module(block: Block, folder: Path) -> None:
    """Most need a page to run in: Node reads them, where there is one."""
    if (node := node_found()) is None:
        return
    (folder / "block.mjs").write_text(block.text, "utf-8")
    done = subprocess.run(
        [node, "--check", "block.mjs"], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"line {block.line} of the page: {done.stderr}"


def commands(block: Block) -> list[tuple[str, str]]:
    """The commands, each with the output that the page shows for it.

    In `console` a command begins with `$ ` and its output follows; in `sh` every line is one.
    """
    joined = block.text.replace("\\\n", "")
    if block.language == "sh":
        lines = [line.partition("  #")[0].rstrip() for line in joined.splitlines()]
        return [(line, "") for line in lines if line and not line.startswith("#")]
    before, *found = re.split(r"^\$ ", joined, flags=re.MULTILINE)
    assert not before.strip(), f"output of no command: {before!r}"
    return [(command, output) for command, _, output in (text.partition("\n") for text in found)]


def run(command: str, output: str, folder: Path) -> None:
    """Run it as a shell would; what both streams show is the output, where the page shows one."""
    if command.startswith(TYPED):
        return
    assert command.startswith(RUN), f"neither run nor known as typed: {command}"
    ours = command.replace("python -m", f"{shlex.quote(sys.executable)} -m")
    done = subprocess.run(
        ["/bin/sh", "-c", ours],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "80"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        check=False,
    )
    seen = done.stdout.rstrip() + "\n"
    if output.strip():
        matches = doctest.OutputChecker().check_output(
            output.rstrip() + "\n", seen, doctest.ELLIPSIS
        )
        assert matches, f"$ {command}\n{seen}"
    else:
        assert done.returncode == 0, f"$ {command}\n{seen}"


# --- the command line ----------------------------------------------------------------------------


def help_of(*command: str) -> str:
    return subprocess.run(
        [sys.executable, "-m", "partialjson", *command, "--help"],
        env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "80"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def test_every_subcommand_and_its_options_are_documented():
    page = (DOCS / "reference/cli.md").read_text("utf-8")
    for name in re.search(r"\{([\w,-]+)\}", help_of())[1].split(","):
        assert re.search(rf"`(?:python -m )?(?:partialjson )?{name}\b", page), name
        options = set(re.findall(r"(?<![\w-])--[\w-]+", help_of(name))) - {"--help"}
        assert not [option for option in options if option not in page], name


# --- links ---------------------------------------------------------------------------------------


def links(page: Path) -> list[str]:
    """Links inside the project, as they are written; those in code are no links."""
    prose = re.sub(r"`[^`\n]*`", "", FENCE.sub("", page.read_text("utf-8")))
    return [link for link in LINK.findall(prose) if not re.match(r"\w+:", link)]


def anchors(page: Path) -> set[str]:
    headings = HEADING.findall(FENCE.sub("", page.read_text("utf-8")))
    return {
        re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-") for heading in headings
    }


@pytest.mark.parametrize("page", LINKED, ids=title)
def test_a_link_leads_somewhere(page):
    for link in links(page):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{link}: no such file"
        assert not anchor or anchor in anchors(target), f"{link}: no such heading"


def test_the_index_links_to_every_page():
    index = DOCS / "index.md"
    linked = {(DOCS / link.partition("#")[0]).resolve() for link in links(index)}
    assert not set(DOCS.rglob("*.md")) - linked - {index}
