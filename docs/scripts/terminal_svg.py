"""The picture of `watch` in the README, from the recording that comes with the package.

`python docs/scripts/terminal_svg.py` writes `docs/assets/watch.svg`. The same recording gives the
same bytes: the clock is a count of messages. What is drawn are the rows that a terminal gets, each
once for as long as it stands; where motion is not wanted, the last frame is all that is seen.
"""  # noqa: INP001 - a script, and no package

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.resources import files
from itertools import groupby
from pathlib import Path
from typing import NamedTuple, TypeAlias
from xml.sax.saxutils import escape

from rich.console import Console
from rich.text import Text

from partialjson import Heartbeat, stream
from partialjson.cli._lines import Row, width_of
from partialjson.cli._picture import Picture

TARGET = Path(__file__).parent.parent / "assets/watch.svg"

COLUMNS, ROWS = 76, 20
PACE = 0.03  # seconds from one message to the next: a model of ordinary speed
FRAMES = 48
HOLD = 4.0  # seconds for which the last frame stands

CELL, LINE, MARGIN, BAR = 8.4, 19, 18, 34  # pixels
CLASSES = {"dim": "d", "bold": "b", "green": "s", "magenta": "n", "cyan": "l", "bold red": "x"}
STYLE = """\
text{font:14px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;\
fill:#e6edf3;white-space:pre}
.d{fill:#8b949e}.b{fill:#fff;font-weight:600}.s{fill:#7ee787}.n{fill:#d2a8ff}.l{fill:#79c0ff}\
.x{fill:#ff7b72}
.o{visibility:hidden}
"""
TITLE = "A document fills in a terminal"
DESCRIPTION = (
    "partialjson draws a JSON document while a model writes it: what is finished is coloured, the "
    "value that is being written is dim with a cursor, and a line below counts messages and "
    "characters. At the end the whole document stands there, with the verdict: complete."
)

Frame: TypeAlias = list[Row]


class Stay(NamedTuple):
    """A row that stands in one place from one frame up to another."""

    line: int
    row: Row
    begin: int
    end: int


def filmed() -> tuple[list[Frame], float]:
    """What a terminal shows at equal distances of time, and how many seconds that takes."""
    recording = files("partialjson").joinpath("demo.sse").read_bytes()
    blocks = re.findall(rb".+?\n\n", recording, re.DOTALL)
    read = 0

    def source() -> Iterator[bytes]:
        nonlocal read
        for block in blocks:
            read += 1
            yield block

    picture = Picture(clock=lambda: read * PACE)
    flow = stream(source(), provider="openrouter")
    frames, first_token = [], None
    for event in flow:
        if first_token is None and not isinstance(event, Heartbeat):
            first_token = read * PACE
        flow.timing.first_token = first_token
        picture.note(event, flow)
        if not flow.has_news and read * FRAMES >= len(frames) * len(blocks):
            frames.append(picture.frame(flow, COLUMNS, ROWS))
    flow.timing.end = read * PACE
    left = [part for row in picture.whole(flow, COLUMNS) for part in wrapped(row)]
    return [*frames, left[-ROWS:]], read * PACE


def wrapped(row: Row) -> list[Row]:
    """A row as a terminal wraps it."""
    console = Console(width=COLUMNS)
    lines = Text.assemble(*row).wrap(console, COLUMNS)
    return [
        [(part.text, str(part.style)) for part in line.render(console) if part.text]
        for line in lines
    ]


def stays(frames: list[Frame]) -> list[Stay]:
    """Each row once, for as long as it does not change."""
    found = []
    for line in range(ROWS):
        rows = [frame[line] if line < len(frame) else [] for frame in frames]
        begin = 0
        for row, same in groupby(rows):
            end = begin + len([*same])
            found += [Stay(line, row, begin, end)] if row else []
            begin = end
    return found


def drawn(stay: Stay, last: int) -> str:
    """A row as an element; each in its columns, whatever the font."""
    text = "".join(text for text, _ in stay.row)
    indent = len(text) - len(text.lstrip(" "))
    spans, left = [], indent
    for words, style in stay.row:
        cut, left = words[left:], max(left - len(words), 0)
        name = CLASSES.get(style)
        if cut:
            spans.append(f'<tspan class="{name}">{escape(cut)}</tspan>' if name else escape(cut))
    x, y = MARGIN + indent * CELL, BAR + MARGIN + 6 + stay.line * LINE
    wide = (width_of(stay.row) - indent) * CELL
    names = [] if stay.end == last else ["o"]
    names += [] if (stay.begin, stay.end) == (0, last) else [f"f{stay.begin}-{stay.end}"]
    kind = f' class="{" ".join(names)}"' if names else ""
    return f'<text x="{x:g}" y="{y}" textLength="{wide:g}"{kind}>{"".join(spans)}</text>'


def animation(found: list[Stay], last: int, seconds: float) -> str:
    """When rows are seen: each has a time to come, and a time to go."""
    whole = seconds + HOLD
    rules = []
    for begin, end in sorted({(stay.begin, stay.end) for stay in found} - {(0, last)}):
        come, go = (100 * min(frame / (last - 1), 1) * seconds / whole for frame in (begin, end))
        steps = [] if begin == 0 else ["0%{visibility:hidden}"]
        steps.append(f"{come:.3g}%{{visibility:visible}}")
        steps += [] if end == last else [f"{go:.3g}%{{visibility:hidden}}"]
        name = f"f{begin}-{end}"
        rules.append(f"@keyframes {name}{{{''.join(steps)}}}")
        rules.append(f".{name}{{animation:{name} {whole:g}s step-end infinite}}")
    return "@media (prefers-reduced-motion:no-preference){\n" + "\n".join(rules) + "\n}\n"


def svg() -> str:
    """The whole picture."""
    frames, seconds = filmed()
    found = stays(frames)
    width, height = COLUMNS * CELL + 2 * MARGIN, BAR + ROWS * LINE + MARGIN + 2
    rows = "\n".join(drawn(stay, len(frames)) for stay in found)
    return f"""\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height}" role="img" \
aria-labelledby="t d">
<title id="t">{TITLE}</title>
<desc id="d">{DESCRIPTION}</desc>
<style>
{STYLE}{animation(found, len(frames), seconds)}</style>
<rect x=".5" y=".5" width="{width - 1:g}" height="{height - 1}" rx="10" fill="#0d1117" \
stroke="#3d444d"/>
<path d="M.5 {BAR}h{width - 1:g}" stroke="#3d444d"/>
<text x="{MARGIN}" y="22" class="d">$ python -m partialjson demo</text>
{rows}
</svg>
"""


if __name__ == "__main__":
    TARGET.write_text(svg(), "utf-8")
