"""Events to a pipe, to plain lines, and to a document that fills: what is seen, and when."""

from __future__ import annotations

import io
import json
import re
import sys
from pathlib import Path
from runpy import run_path
from threading import Event
from unicodedata import east_asian_width
from xml.etree import ElementTree as ET

import pytest
from support import characters, sizes

from partialjson import Channel, Reset, Retrying, stream
from partialjson.cli import screens, watch
from partialjson.cli._picture import Picture
from partialjson.cli._tree import Tree
from partialjson.cli.screens import JSONLines, PlainLines, RichScreen, screen_for

CONTENT = Channel("content")


def sse(*messages):
    return b"".join(f"data: {json.dumps(message)}\n\n".encode() for message in messages)


def delta(index=0, /, **members):
    return {"choices": [{"index": index, "delta": members, "finish_reason": None}]}


FINISH = {"index": 0, "delta": {}, "finish_reason": "tool_calls"}


def call(arguments, index, id_=None, name=None):
    function = {"name": name, "arguments": arguments} if name else {"arguments": arguments}
    return delta(tool_calls=[{"index": index, "id": id_, "function": function}])


def shown(screen, source, **options):
    """Show a stream to its end, whatever it is."""
    flow = stream(source, finish="lenient", **options)
    with screen:
        for event in flow:
            screen.show(event, flow)
        screen.end(flow)
    return flow


def lines(kind, source, **options):
    out = io.StringIO()
    shown(kind(out), source, **options)
    return out.getvalue().splitlines()


# --- which screen --------------------------------------------------------------------------------


class Screenful(io.StringIO):
    """A terminal, as far as `isatty` tells."""

    def isatty(self):
        return True


def test_a_pipe_gets_json_lines():
    assert type(screen_for(io.StringIO())) is JSONLines


def test_a_terminal_gets_a_document_that_fills():
    pytest.importorskip("rich")
    assert type(screen_for(Screenful())) is RichScreen


@pytest.fixture
def without_rich(monkeypatch):
    for name in [name for name in sys.modules if name.partition(".")[0] == "rich"]:
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setitem(sys.modules, "rich", None)


@pytest.mark.usefixtures("without_rich")
def test_a_terminal_without_rich_gets_plain_lines():
    assert type(screen_for(Screenful())) is PlainLines


@pytest.mark.usefixtures("without_rich")
def test_a_pipe_needs_no_rich():
    assert type(screen_for(io.StringIO())) is JSONLines


# --- JSON lines ----------------------------------------------------------------------------------

WRITTEN = {
    '{"items": [{}]}': [
        '{"event":"start","path":[],"kind":"object"}',
        '{"event":"start","path":["items"],"kind":"array"}',
        '{"event":"start","path":["items",0],"kind":"object"}',
        '{"event":"end","path":["items",0],"kind":"object"}',
        '{"event":"end","path":["items"],"kind":"array"}',
        '{"event":"end","path":[],"kind":"object"}',
    ],
    '"ab"': [
        '{"event":"start","path":[],"kind":"string"}',
        '{"event":"delta","path":[],"text":"ab"}',
        '{"event":"end","path":[],"kind":"string","value":"ab"}',
    ],
    "[1.50, true, null]": [
        '{"event":"start","path":[],"kind":"array"}',
        '{"event":"end","path":[0],"kind":"number","value":1.5}',
        '{"event":"end","path":[1],"kind":"boolean","value":true}',
        '{"event":"end","path":[2],"kind":"null","value":null}',
        '{"event":"end","path":[],"kind":"array"}',
    ],
    '{"a": 1, "a": []}': [
        '{"event":"start","path":[],"kind":"object"}',
        '{"event":"end","path":["a"],"kind":"number","value":1}',
        '{"event":"start","path":["a"],"kind":"array","replaces":true}',
        '{"event":"end","path":["a"],"kind":"array","replaces":true}',
        '{"event":"end","path":[],"kind":"object"}',
    ],
    '"é😀"': [
        '{"event":"start","path":[],"kind":"string"}',
        r'{"event":"delta","path":[],"text":"\u00e9\ud83d\ude00"}',
        r'{"event":"end","path":[],"kind":"string","value":"\u00e9\ud83d\ude00"}',
    ],
    r'"\ud83d"': [
        '{"event":"start","path":[],"kind":"string"}',
        r'{"event":"delta","path":[],"text":"\ud83d"}',
        r'{"event":"end","path":[],"kind":"string","value":"\ud83d"}',
    ],
    "1e400": ['{"event":"end","path":[],"kind":"number","value":1e999}'],
    "-1e400": ['{"event":"end","path":[],"kind":"number","value":-1e999}'],
}


@pytest.mark.parametrize("text", WRITTEN)
def test_an_event_is_one_json_object_a_line(text):
    assert lines(JSONLines, text) == WRITTEN[text]


def test_whole_containers_are_shown_when_asked_for():
    out = io.StringIO()
    shown(JSONLines(out, values=True), '{"a": [1, "é"]}')
    assert out.getvalue().splitlines()[-2:] == [
        r'{"event":"end","path":["a"],"kind":"array","value":[1,"\u00e9"]}',
        r'{"event":"end","path":[],"kind":"object","value":{"a":[1,"\u00e9"]}}',
    ]


def test_channels_are_named_as_far_as_they_are_known():
    wire = sse(
        delta(reasoning="Hm"),
        call("1", 0, "c1", "dig"),
        call("", 1, "c2"),
        call("[]", 1),
        delta(1, content="or"),
    )
    heard = lines(JSONLines, [b": WAIT\n\n", wire], provider="chat")
    reasoning, other = ({"kind": kind, "index": 0} for kind in ("reasoning", "content"))
    dig, nameless = ({"kind": "tool", "index": i, "id": f"c{i + 1}"} for i in (0, 1))
    assert [*map(json.loads, heard)] == [
        {"event": "text", "channel": reasoning | {"choice": 0}, "text": "Hm"},
        told("start", "array", nameless | {"choice": 0}),
        told("end", "array", nameless | {"choice": 0}),
        {"event": "text", "channel": other | {"choice": 1}, "text": "or"},
        told("end", "number", dig | {"name": "dig", "choice": 0}) | {"value": 1},
    ]


def told(event, kind, channel):
    return {"event": event, "path": [], "kind": kind, "channel": channel}


def test_a_line_is_ascii_whatever_stands_in_a_name_or_a_string():
    text = r'{"\u2028 é": "漢\u0000\ud83d", "\udc00": ["\u007f"]}'
    out = io.StringIO()
    flow = shown(JSONLines(out, values=True), text)
    assert out.getvalue().isascii()
    (*_, last) = map(json.loads, out.getvalue().splitlines())
    assert last["value"] == flow.value == json.loads(text)


def test_a_value_of_any_depth_is_a_line():
    depth = 3_000
    out, flow = io.StringIO(), stream("[" * depth + "]" * depth, max_depth=depth)
    (*_, last) = flow
    JSONLines(out, values=True).show(last, flow)
    brackets = "[" * depth + "]" * depth
    assert out.getvalue() == f'{{"event":"end","path":[],"kind":"array","value":{brackets}}}\n'


def test_a_line_is_flushed_as_soon_as_its_event_came():
    pipe = io.BytesIO()
    out = io.TextIOWrapper(pipe, "ascii")
    screen, flow = JSONLines(out), stream(characters('["a", 1]'))
    for count, event in enumerate(flow, 1):
        screen.show(event, flow)
        assert pipe.getvalue().count(b"\n") == count


# --- plain lines ---------------------------------------------------------------------------------


def test_a_plain_line_is_where_a_value_stands_and_what_it_is():
    assert lines(PlainLines, '{"a/b": [1, "é", true, {}], "c": {"d": null}}') == [
        "/a~1b/0: 1",
        r'/a~1b/1: "\u00e9"',
        "/a~1b/2: true",
        "/c/d: null",
        "complete: no end marker, JSON closed",
    ]


def test_a_plain_line_at_the_root_says_so():
    assert lines(PlainLines, "12") == ["(root): 12", "complete: no end marker, JSON closed"]


def test_a_plain_line_says_how_a_cut_stream_ended():
    assert lines(PlainLines, "[1, 2") == ["/0: 1", "interrupted: no end marker, JSON open"]


def test_a_plain_line_names_the_call():
    wire = sse(
        call('{"x": 1}', 0, "c1", "dig"),
        call('["up"]', 1, "c2"),
        call("7 ", 2, "c3", "add"),
        delta(reasoning="Hm"),
    )
    assert lines(PlainLines, [wire], provider="chat")[:-1] == [
        "dig /x: 1",
        'tool /0: "up"',
        "add (root): 7",
    ]


EVIL = "\x1b[2J\n\x9b1m\ud83d"  # clears a screen, breaks a line, changes a colour, is no character


def test_no_name_of_a_stream_reaches_the_terminal_as_a_command():
    wire = sse(call(json.dumps({EVIL: 1}), 0, "c1", EVIL))
    (line, _) = lines(PlainLines, [wire], provider="chat")
    escaped = r"\u001b[2J\u000a\u009b1m\ud83d"
    assert line == f"{escaped} /{escaped}: 1"
    failed = {"error": {"message": EVIL}}
    assert lines(PlainLines, [sse(failed)], provider="chat") == [
        rf"failed: no end marker, JSON open, error: {escaped}"
    ]


# --- a document that fills -----------------------------------------------------------------------


class Terminal(Screenful):
    """As much of a terminal as rich speaks to: rows of characters, each with its style."""

    def __init__(self, width=60, height=20):
        super().__init__()
        self.width, self.height = width, height
        self.rows, self.row, self.column = [[]], 0, 0
        self.style, self.cursor_shown, self.frames = "", True, 0
        self.after_write = lambda: None

    def write(self, text):
        for escape, char in re.findall(r"(\x1b\[[?0-9;]*[A-Za-z])|(.)", text, re.DOTALL):
            self.obey(escape) if escape else self.put(char)
        self.after_write()
        return len(text)

    def obey(self, escape):
        match escape[2:-1], escape[-1]:
            case style, "m":
                self.style = "" if style == "0" else style
            case "2", "K":
                self.rows[self.row] = []
            case count, "A":
                self.row -= int(count)
                assert self.row >= len(self.rows) - self.height, "above the top of the screen"
            case "?25", hidden:
                self.cursor_shown = hidden == "h"
            case _:
                raise AssertionError(escape)

    def put(self, char):
        if char == "\r":
            self.column = 0
        elif char == "\n":
            self.row, self.column = self.row + 1, 0
            if self.row == len(self.rows):
                self.rows.append([])
        else:
            self.rows[self.row].append((char, self.style))
            self.column += 2 if east_asian_width(char) == "W" else 1
            assert self.column <= self.width, "a row is never wider than the terminal"

    @property
    def text(self):
        return ["".join(char for char, _ in row).rstrip() for row in self.rows]

    def styles(self, row):
        return {style for char, style in self.rows[row] if char != " "}


@pytest.fixture
def terminal(monkeypatch):
    """Make a terminal of some size; every event is drawn."""
    pytest.importorskip("rich")

    def make(width=60, height=20):
        monkeypatch.setenv("TERM", "xterm-256color")
        monkeypatch.setenv("COLUMNS", str(width))
        monkeypatch.setenv("LINES", str(height))
        for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setattr(screens, "FRAME", 0)
        return Terminal(width, height)

    return make


DOCUMENT = '{"title": "Owls", "seen": [3, null, {"at": "dusk", "by": []}], "done": true}'
DRAWN = """\
{
  "title": "Owls"
  "seen": [
    3
    null
    {
      "at": "dusk"
      "by": []
    }
  ]
  "done": true
}
""".splitlines()

PLAIN, STRING, NUMBER, LITERAL, DIM, BOLD = "", "32", "35", "36", "2", "1"


@pytest.mark.parametrize("height", [4, 6, 13, 14, 15, 16, 40])
@pytest.mark.parametrize("size", [1, 7, 1_000])
def test_the_whole_document_is_left_on_the_terminal_once(terminal, height, size):
    out = terminal(height=height)
    shown(RichScreen(out, clock=lambda: 0.0), sizes(DOCUMENT, size))
    *drawn, figures, verdict, below = out.text
    assert drawn == DRAWN
    assert re.search(r"^\d+ pieces? · 76 chars · .* · \d\.\d\d s in all$", figures)
    assert (verdict, below) == ("complete: no end marker, JSON closed", "")
    assert out.styles(12) == {DIM}
    assert out.styles(13) == {BOLD}
    assert out.cursor_shown


def test_values_have_a_colour_by_their_kind_and_names_have_none(terminal):
    out = terminal()
    shown(RichScreen(out), [DOCUMENT])
    assert [out.styles(row) for row in range(12)] == [
        {PLAIN},
        {PLAIN, STRING},
        {PLAIN},
        {NUMBER},
        {LITERAL},
        {PLAIN},
        {PLAIN, STRING},
        *[{PLAIN}] * 3,
        {PLAIN, LITERAL},
        {PLAIN},
    ]


def frames(out, pieces, **options):
    """The rows that can be seen after each piece, by the offset: texts and the styles in each."""
    view = options.pop("view", "tree")
    seen, flow = {}, stream(pieces, finish="lenient", **options)
    with RichScreen(out, view=view, clock=lambda: 0.0) as screen:
        for event in flow:
            screen.show(event, flow)
            height = max((row + 1 for row, text in enumerate(out.text) if text), default=0)
            drawn = [(out.text[row], out.styles(row)) for row in range(height)]
            seen[flow.parser.offset] = drawn
    return seen


def rows(frame):
    """The texts of a frame, without the line under it."""
    return [text for text, _ in frame[:-1]]


def test_what_is_closed_is_settled_and_what_is_open_is_dim_with_a_cursor(terminal):
    seen = frames(terminal(), characters(DOCUMENT))
    *document, (status, _) = seen[DOCUMENT.index("ls")]
    assert document == [("{", {DIM}), ('  "title": "Ow▍', {DIM, BOLD})]
    assert status.endswith(" · depth 1 · /title")
    *document, (status, _) = seen[DOCUMENT.index("sk")]
    assert document == [
        ("{", {DIM}),
        ('  "title": "Owls"', {PLAIN, STRING}),
        ('  "seen": [', {DIM}),
        ("    3", {NUMBER}),
        ("    null", {LITERAL}),
        ("    {", {DIM}),
        ('      "at": "du▍', {DIM, BOLD}),
    ]
    assert status.endswith(" · depth 3 · /seen/2/at")
    *document, (status, _) = seen[DOCUMENT.index(', "done')]
    assert [text for text, _ in document] == DRAWN[:10]
    assert document[0][1] == {DIM}
    assert document[9][1] == {PLAIN}
    assert status.endswith(" · depth 0 · (root)")


def test_a_terminal_that_is_too_short_shows_the_end_where_it_grows(terminal):
    text = "[10, 11, 12, 13, 14, 15]"
    seen = frames(terminal(height=5), characters(text))
    assert rows(seen[text.index(", 12") + 1]) == ["[", "  10", "  11"]
    assert rows(seen[text.index(", 15") + 1]) == ["  12", "  13", "  14"]


def test_above_the_end_stands_what_it_is_in_and_how_much_is_not_seen(terminal):
    ships = ", ".join(f'{{"id": {number}, "at": [1, 2]}}' for number in range(5))
    text = f'{{"a": 1, "ships": [{ships}, {{"id": "x'
    drawn = {
        height: rows(frames(terminal(height=height), [text])[len(text)]) for height in (10, 12)
    }
    assert drawn[10] == [
        "{ … 1 more",
        '  "ships": [ … 4 more',
        "    { … 1 more",
        '      "at": [ … 2 more',
        "      ]",
        "    }",
        "    {",
        '      "id": "x▍',
    ]
    assert drawn[12] == [*drawn[10][:3], '      "at": [', "        1", "        2", *drawn[10][4:]]


def test_a_name_that_comes_again_is_drawn_where_it_grows(terminal):
    text = '{"a": 1, "b": [' + "2, " * 9 + '2], "c": 3, "a": "x'
    seen = frames(terminal(height=5), [text])
    assert rows(seen[len(text)]) == ["  ]", '  "c": 3', '  "a": "x▍']


@pytest.mark.parametrize(
    ("text", "width", "row"),
    [
        ('["abcdefghi', 20, ' "abcdefghi▍'),
        ('["abcdefghijklmnopq', 20, ' "abcdefghijklmnopq▍'),
        ('["abcdefghijklmnopqr', 20, " …bcdefghijklmnopqr▍"),
        ('["a' + "漢" * 20, 20, " …" + "漢" * 8 + "▍"),
        ('["' + "a漢" * 20, 20, " …" + "漢" + "a漢" * 5 + "▍"),
        ('{"name": "abcdefghijklmnopqr', 20, ' "name": …jklmnopqr▍'),
        ('{"a name that is long": "abc', 20, '…hat is long": "abc▍'),
        ('["abcdefghi', 40, '  "abcdefghi▍'),
    ],
)
def test_a_row_that_grows_out_of_the_terminal_shows_its_name_and_its_end(
    terminal, text, width, row
):
    assert frames(terminal(width=width), [text])[len(text)][1][0] == row


def test_a_row_that_is_closed_and_too_wide_shows_its_beginning(terminal):
    text = '["abcdefghijklmnop", ' + "1" * 20 + ', "漢漢漢漢漢漢漢", '
    ((_, *drawn, _),) = frames(terminal(width=12), [text]).values()
    assert drawn == [
        (' "abcdefghi…', {STRING}),
        (" 1111111111…", {NUMBER}),
        (' "漢漢漢漢…', {STRING}),
    ]


def test_calls_stand_side_by_side_under_their_names(terminal):
    out = terminal()
    wire = [
        sse(call('{"x": 1', 0, "c1", "dig")),
        sse(call('["up', 1, "c2")),
        sse(call("}", 0), call('"', 1), call("]", 1), {"choices": [FINISH]}),
    ]
    shown(RichScreen(out), wire, provider="chat")
    drawn = [(row, out.styles(number)) for number, row in enumerate(out.text)]
    assert drawn[:8] == [
        ("dig()", {BOLD}),
        ("{", {PLAIN}),
        ('  "x": 1', {PLAIN, NUMBER}),
        ("}", {PLAIN}),
        ("tool()", {BOLD}),
        ("[", {PLAIN}),
        ('  "up"', {STRING}),
        ("]", {PLAIN}),
    ]
    assert drawn[8][0].startswith("6 messages · 14 chars · ")
    assert drawn[9:] == [("complete: finish_reason tool_calls, JSON closed", {BOLD}), ("", set())]


def test_the_call_that_is_written_is_seen_wherever_it_stands(terminal):
    wire = [
        sse(call('{"x": "a', 0, "c1", "dig"), call("[" + "1, " * 9, 1, "c2", "add")),
        sse(call("bc", 0)),
    ]
    seen = frames(terminal(height=6), wire, provider="chat")
    (frame,) = seen.values()
    assert rows(frame) == ["dig()", "{", '  "x": "abc▍']


def test_content_stands_above_its_calls(terminal):
    out = terminal()
    shown(RichScreen(out), [sse(delta(content="[]"), call("{", 0, "c1", "dig"))], provider="chat")
    assert out.text[:3] == ["[]", "dig()", "{"]
    assert [out.styles(row) for row in range(3)] == [{PLAIN}, {BOLD}, {DIM}]


def test_a_call_without_arguments_so_far_is_a_name(terminal):
    out = terminal()
    shown(RichScreen(out), [sse(call("", 0, "c1", "dig"), call("[", 1, "c2"))], provider="chat")
    assert out.text[:3] == ["dig()", "tool()", "["]


def test_a_cut_document_stays_as_it_is_and_says_so(terminal):
    out = terminal()
    shown(RichScreen(out), ['{"a": [1, "tw'])
    *drawn, _, verdict, _ = out.text
    assert drawn == ["{", '  "a": [', "    1", '    "tw▍']
    assert verdict == "interrupted: no end marker, JSON open"


@pytest.mark.parametrize("begin", [b": WAIT\n\n", sse(delta(content=" \n"))])
def test_nothing_is_drawn_of_a_document_that_did_not_start(terminal, begin):
    out = terminal()
    shown(RichScreen(out), [begin], provider="chat")
    *drawn, figures, verdict, _ = out.text
    assert drawn == []
    assert " message" in figures
    assert verdict == "interrupted: no end marker, JSON open"


def test_nothing_in_a_document_reaches_the_terminal_as_a_command(terminal):
    out = terminal(width=120)  # which would stumble over any escape sequence but rich's own
    shown(RichScreen(out), [sse(call(json.dumps({EVIL: EVIL}), 0, "c1", EVIL))], provider="chat")
    escaped = r"\u001b[2J\u000a\u009b1m\ud83d"
    in_json = escaped.replace("\\u000a", "\\n")
    assert out.text[:3] == [f"{escaped}()", "{", f'  "{in_json}": "{in_json}"']


def test_a_terminal_is_left_with_its_cursor_when_a_reader_breaks_off(terminal):
    out = terminal()
    shown_while_drawing = []

    def source():
        yield "[1, 2"
        shown_while_drawing.append(out.cursor_shown)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        watch(source(), RichScreen(out))
    assert shown_while_drawing == [False]
    assert out.cursor_shown


def test_a_screen_that_draws_slowly_draws_less_often(terminal, monkeypatch):
    out, now = terminal(), [1_000.0]

    def draw():
        out.frames += 1
        now[0] += 1.0

    out.after_write = draw
    monkeypatch.setattr(screens, "FRAME", 0.05)
    screen, flow = RichScreen(out, clock=lambda: now[0]), stream(["[", *["1,"] * 1_000, "1]"])
    with screen:
        for event in flow:
            screen.show(event, flow)
            now[0] += 0.001
    assert 20 <= out.frames <= 30, "one in fifty of a thousand events, and what begins and ends it"


def test_what_came_too_soon_behind_a_frame_is_drawn_while_the_next_piece_is_waited_for(
    terminal, monkeypatch
):
    out, drawn = terminal(), Event()
    monkeypatch.setattr(screens, "FRAME", 0.01)
    out.after_write = lambda: drawn.set() if '  "ab▍' in out.text else None
    screen = RichScreen(out)

    def source():
        yield '["a'
        yield "b"
        assert drawn.wait(10)
        yield '"]'

    watch(source(), screen)


def calls_of(work):
    """How many functions are called, Python's and C's."""
    count = 0

    def called(_frame, event, _argument):
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(called)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.parametrize("view", ["tree", "table"])
@pytest.mark.parametrize("element", ['{"id": 1, "at": "dusk"}', '["a", [1, 2]]', '"owl"', "{}"])
def test_the_work_for_a_frame_is_that_of_the_screen_and_not_of_the_document(view, element):
    pytest.importorskip("rich")

    def work(length):
        flow = stream(['{"rows": [' + f"{element}, " * length + '{"id": "x'], finish="lenient")
        picture = Picture(view, lambda: 0.0)
        for event in flow:
            picture.note(event, flow)
        return calls_of(lambda: picture.frame(flow, 80, 24))

    assert work(10_000) - work(1_000) < 50, "more digits, at the most"
    assert work(1_000) < 4_000


def test_of_a_long_string_what_is_seen_is_all_that_is_read():
    pytest.importorskip("rich")
    drawn = []
    for length in (1_000, 1_000_000):
        flow = stream(['{"a": "' + "x" * length + '", "b": "' + "y" * length], finish="lenient")
        for _ in flow:
            pass
        drawn.append(Tree(Watched(flow.parser), {}, width=40).end(20))
    assert drawn[0] == drawn[1]
    assert Slices.longest <= 40


class Slices(str):
    """A string that knows how much of it was taken at once."""

    __slots__ = ()
    longest = 0

    def __getitem__(self, key):
        taken = super().__getitem__(key)
        Slices.longest = max(Slices.longest, len(taken))
        return taken


class Watched:
    def __init__(self, parser):
        self.value = {name: Slices(value) for name, value in parser.value.items()}
        self.started, self.path, self.is_closed = parser.started, parser.path, parser.is_closed


# --- tables --------------------------------------------------------------------------------------

SHIPS = '{"at": "N1", "ships": [{"name": "Aurelia", "crew": 17}, {"crew": 120, "by": null}, '


def test_an_array_of_flat_objects_is_a_table_whose_rows_come_one_by_one(terminal):
    seen = frames(terminal(), [SHIPS, '{"name": "Per', 'petua"}]}'], view="table")
    first, second, third = seen.values()
    assert first[:-1] == [
        ("{", {DIM}),
        ('  "at": "N1"', {PLAIN, STRING}),
        ('  "ships": [', {DIM}),
        ("    name     crew  by", {BOLD}),
        ("    Aurelia    17", {STRING, NUMBER}),
        ("              120  null", {NUMBER, LITERAL}),
    ]
    assert second[6] == ("    Per▍", {DIM})
    assert rows(third)[6:] == ["    Perpetua", "  ]", "}"]


MANY = ", ".join(json.dumps({name: 1}) for name in "abcdefghijklmnopqrstuvwxyz")


@pytest.mark.parametrize(
    "array", ["[]", "[{}]", '[{"a": [1]}]', "[1]", '[{"a": 1}, 2]', f"[{MANY}]"]
)
def test_another_array_is_no_table(terminal, array):
    drawn = [frames(terminal(height=90), [array], view=view) for view in ("table", "tree")]
    as_table, as_tree = (rows(seen[len(array)]) for seen in drawn)
    assert as_table == as_tree


def test_a_table_that_is_too_wide_cuts_its_texts_and_never_a_number(terminal):
    text = '[{"id": 12345678, "name": "' + "abcdefghij" * 4 + '", "note": "ok'
    (frame,) = frames(terminal(width=40), [text], view="table").values()
    assert rows(frame) == [
        "[",
        "        id  name                  note",
        "  12345678  abcdefghijabcdefghi…  ok▍",
    ]
    (frame,) = frames(terminal(width=20), [text], view="table").values()
    assert rows(frame)[1] == " {", "there is no room for a table"


def test_a_table_that_does_not_fit_whole_is_left_as_a_tree(terminal):
    text = '[{"id": 1, "name": "' + "abcdefghij" * 4 + '"}]'
    left = []
    for width in (40, 80):
        out = terminal(width=width)
        shown(RichScreen(out, view="table"), [text])
        left.append(out.text[:3])
    assert left[0] == ["[", "  {", '    "id": 1']
    assert left[1] == ["[", "  id  name", "   1  " + "abcdefghij" * 4]


def test_of_a_long_table_the_end_is_seen_under_its_names(terminal):
    text = "[" + ", ".join(f'{{"id": {number}}}' for number in range(100)) + ', {"id": 100, '
    (frame,) = frames(terminal(height=8), [text], view="table").values()
    assert rows(frame) == ["[ … 97 more", "   id", "   97", "   98", "   99", "  100"]


# --- what is wrong, and what becomes of the stream -----------------------------------------------

WRONG = '{"title": 3, "ships": [{"name": "Aurelia", "crew": "all"}, {"name": "Per'
NO_NUMBER = "Input should be a valid integer, unable to parse string as an integer"
SAID = "✗ Input should be a valid string"


@pytest.fixture
def model():
    """A type for a quay with its ships."""
    pydantic = pytest.importorskip("pydantic")
    ship = pydantic.create_model("Ship", name=(str, ...), crew=(int, ...))
    return pydantic.create_model("Quay", title=(str, ...), ships=(list[ship], ...))


def test_what_is_not_of_its_type_is_marked_beside_it(terminal, model):
    out = terminal(width=90)
    first, second = frames(out, [WRONG, '"}]'], model=model).values()
    assert first[1] == (f'  "title": 3  {SAID}', {PLAIN, NUMBER, "1;31"})
    assert first[5][0].startswith('      "crew": "all"  ✗ Input should be a valid integer')
    assert second[7] == ("    {  ✗ crew: Field required", {PLAIN, "1;31"})
    assert not [text for text, _ in second if "✗" in text and text[:1] == "{"], "said once"


def test_what_is_not_of_its_type_is_marked_in_a_table(terminal, model):
    out = terminal(width=90)
    *_, frame = frames(out, [WRONG, '"}]'], model=model, view="table").values()
    assert rows(frame)[3:] == [
        "    name     crew",
        "    Aurelia  all   ✗ Input should be a valid int…",
        "    Per            ✗ crew: Field required",
        "  ]",
    ]


def test_plain_lines_say_what_is_wrong_once(model):
    told = lines(PlainLines, WRONG + '"}]}', model=model)
    assert [line for line in told if "wrong" in line] == [
        "/title: wrong: Input should be a valid string",
        f"/ships/0/crew: wrong: {NO_NUMBER}",
        "/ships/1: wrong: crew: Field required",
    ]
    assert "/title: 3" in told


def test_a_mark_is_taken_back_with_its_value(terminal, model):
    out = terminal(width=90)
    screen, flow = RichScreen(out), stream([WRONG], model=model, finish="lenient")
    with screen:
        for event in flow:
            screen.show(event, flow)
        assert len([row for row in out.text if "✗" in row]) == 2
        screen.show(Reset(CONTENT, 20, "it begins anew"), flow)
        screen.end(flow)
    assert [row for row in out.text if "✗" in row] == [f'  "title": 3  {SAID}']


@pytest.mark.parametrize(
    ("wrong", "right", "row"),
    [
        ('{"title": 3, ', '"title": "North', '  "title": "North▍'),
        ('{"ships": [{"crew": null, ', '"crew": 3, ', '      "crew": 3'),
    ],
)
def test_a_value_that_takes_the_place_of_a_wrong_one_is_not_marked(
    terminal, model, wrong, right, row
):
    before, after = frames(terminal(), [wrong, right], model=model).values()
    assert "✗ Input should be a valid" in "".join(rows(before))
    assert rows(after)[-1] == row


@pytest.mark.parametrize(
    ("news", "said"),
    [
        (Reset(CONTENT, 1_200, "the answer differs"), "taken back behind 1,200 characters: "),
        (Retrying(2, 1.5, "replay", OSError(f"{EVIL}")), "retrying in 1.5 s (replay, attempt 2): "),
    ],
)
def test_what_becomes_of_the_stream_is_said_at_once_and_for_a_while(terminal, news, said):
    out, now = terminal(width=90), [0.0]
    screen, flow = RichScreen(out, clock=lambda: now[0]), stream(["[", "1, ", "2, "])
    with screen:
        screen.show(next(flow), flow)
        screen.show(news, flow)
        assert out.text[1].startswith(said)
        now[0] += 1
        screen.show(next(flow), flow)
        assert out.text[2].startswith(said)
        now[0] += 2
        screen.show(next(flow), flow)
        assert not [row for row in out.text if row.startswith(said)]


def test_texts_that_are_no_json_are_counted(terminal):
    wire = [sse(delta(reasoning="Hm, ")), sse(delta(reasoning="owls.")), sse(delta(content="[1"))]
    out = terminal()
    shown(RichScreen(out), wire, provider="chat")
    assert "3 messages · 11 chars · " in "\n".join(out.text)


# --- the picture in the README --------------------------------------------------------------------

ROOT = Path(__file__).parent.parent


def test_the_picture_is_what_its_script_draws_and_small():
    pytest.importorskip("rich")
    picture = ROOT / "docs/assets/watch.svg"
    drawn = run_path(str(ROOT / "docs/scripts/terminal_svg.py"))["svg"]()
    assert picture.read_text("utf-8") == drawn, "python docs/scripts/terminal_svg.py writes it anew"
    assert len(drawn.encode()) < 60_000


def test_the_picture_has_nothing_that_a_page_would_not_show_and_its_last_frame_stands_still():
    picture = ET.parse(ROOT / "docs/assets/watch.svg").getroot()  # noqa: S314 our own
    kinds = {element.tag.partition("}")[2] for element in picture.iter()}
    assert kinds == {"svg", "title", "desc", "style", "rect", "path", "text", "tspan"}
    (style,) = (element.text for element in picture.iter() if element.tag.endswith("style"))
    still, _, moving = style.partition("@media (prefers-reduced-motion:no-preference)")
    assert "animation" not in still
    assert "url(" not in style
    assert moving.count("@keyframes") > 40
    rows = [element for element in picture.iter() if element.tag.endswith("text")]
    last = ["".join(row.itertext()) for row in rows if "o" not in row.get("class", "").split()]
    assert last[-1] == "complete: finish_reason stop, end marker, JSON closed"
    assert len(last) == 21, "a command, and a screen full of rows"


# --- from the first frame on ---------------------------------------------------------------------


@pytest.mark.parametrize("kind", [JSONLines, PlainLines, RichScreen])
def test_the_first_frame_is_seen_before_the_last_byte_is_read(terminal, kind):
    out, read, seen = terminal(width=120), [], []
    wire = sse(*(delta(content=text) for text in sizes(DOCUMENT, 2)))
    out.after_write = lambda: seen.append(len(read))

    def source():
        for byte in sizes(wire, 1):
            read.append(byte)
            yield byte

    assert watch(source(), kind(out), provider="chat") == 0
    first = next(count for count in seen if count)
    assert first < len(wire) // 2 < len(read) == len(wire)
    assert len({*seen}) > 4, "and again and again"


def test_a_terminal_without_unicode_gets_plain_lines_that_it_can_show():
    class Terminal(io.TextIOWrapper):
        def isatty(self):
            return True

    terminal = Terminal(io.BytesIO(), encoding="latin-1", write_through=True)
    screen = screen_for(terminal)
    assert type(screen) is PlainLines
    assert watch([b'{"\xe5\x90\x8d": "\xc3\xa9"}'], screen) == 0
    assert terminal.buffer.getvalue().splitlines()[0] == rb'/\u540d: "\u00e9"'
