"""Events to a pipe, to plain lines, and to a document that fills: what is seen, and when."""

from __future__ import annotations

import io
import json
import re
import sys
from types import SimpleNamespace
from unicodedata import east_asian_width

import pytest
from support import characters, sizes

from partialjson import stream
from partialjson.cli import screens, watch
from partialjson.cli.screens import JSONLines, PlainLines, RichScreen, screen_for


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
    r'"é😀\ud83d"': [
        '{"event":"start","path":[],"kind":"string"}',
        r'{"event":"delta","path":[],"text":"\u00e9\ud83d\ude00"}',
        r'{"event":"delta","path":[],"text":"\ud83d"}',
        r'{"event":"end","path":[],"kind":"string","value":"\u00e9\ud83d\ude00\ud83d"}',
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
      "by": [
      ]
    }
  ]
  "done": true
}
complete: no end marker, JSON closed
""".splitlines()

GREEN, DIM, BOLD = "32", "2", "1"


@pytest.mark.parametrize("height", [4, 6, 13, 14, 15, 16, 40])
@pytest.mark.parametrize("size", [1, 7, 1_000])
def test_the_whole_document_is_left_on_the_terminal_once(terminal, height, size):
    out = terminal(height=height)
    shown(RichScreen(out), sizes(DOCUMENT, size))
    assert out.text == [*DRAWN, ""]
    assert {style for row in range(13) for style in out.styles(row)} == {GREEN}
    assert out.styles(13) == {BOLD}
    assert out.cursor_shown


def frames(out, pieces):
    """The rows that can be seen after each character: texts and the styles in each."""
    screen, flow, seen = RichScreen(out), stream(pieces, finish="lenient"), {}
    with screen:
        for event in flow:
            screen.show(event, flow)
            styles = [out.styles(row) for row in range(len(out.rows))]
            seen[flow.parser.offset] = [*zip(out.text, styles, strict=True)]
    return seen


def test_what_is_closed_is_settled_and_what_is_open_is_dim_with_a_cursor(terminal):
    seen = frames(terminal(), characters(DOCUMENT))
    assert seen[DOCUMENT.index("ls")] == [
        ("{", {DIM}),
        ('  "title": "Ow▍', {DIM}),
        ("  /title", {BOLD}),
    ]
    assert seen[DOCUMENT.index("sk")] == [
        ("{", {DIM}),
        ('  "title": "Owls"', {GREEN}),
        ('  "seen": [', {DIM}),
        ("    3", {GREEN}),
        ("    null", {GREEN}),
        ("    {", {DIM}),
        ('      "at": "du▍', {DIM}),
        ("  /seen/2/at", {BOLD}),
    ]
    assert seen[DOCUMENT.index(', "done')] == [
        ("{", {DIM}),
        *((row, {GREEN}) for row in DRAWN[1:11]),
        ("", set()),
    ]


def test_a_terminal_that_is_too_short_shows_the_end_where_it_grows(terminal):
    text = "[10, 11, 12, 13, 14, 15]"
    seen = frames(terminal(height=5), characters(text))
    rows = [[row for row, _ in seen[text.index(f", {n}") + 1]] for n in (12, 15)]
    assert rows == [["[", "  10", "  11", ""], ["  12", "  13", "  14", ""]]


@pytest.mark.parametrize(
    ("text", "width", "row"),
    [
        ('["abcdefghi', 20, '  "abcdefghi▍'),
        ('["abcdefghijklmnop', 20, '  "abcdefghijklmnop▍'),
        ('["abcdefghijklmnopq', 20, '…"abcdefghijklmnopq▍'),
        ('["a' + "漢" * 20, 20, "…" + "漢" * 9 + "▍"),
        ('["' + "a漢" * 20, 20, "…" + "a漢" * 6 + "▍"),
    ],
)
def test_a_row_that_grows_out_of_the_terminal_shows_its_end(terminal, text, width, row):
    assert frames(terminal(width=width), [text])[len(text)][1][0] == row


def test_a_row_that_is_closed_and_too_wide_shows_its_beginning(terminal):
    seen = frames(terminal(width=12), ['["abcdefghijklmnop"', " "])
    assert seen[19][1] == ('  "abcdefghi', {GREEN})


def test_calls_stand_side_by_side_under_their_names(terminal):
    out = terminal()
    wire = [
        sse(call('{"x": 1', 0, "c1", "dig")),
        sse(call('["up', 1, "c2")),
        sse(call("}", 0), call('"', 1), call("]", 1), {"choices": [FINISH]}),
    ]
    shown(RichScreen(out), wire, provider="chat")
    rows = [(row, out.styles(number)) for number, row in enumerate(out.text)]
    assert rows == [
        ("dig()", {BOLD}),
        ("{", {GREEN}),
        ('  "x": 1', {GREEN}),
        ("}", {GREEN}),
        ("tool()", {BOLD}),
        ("[", {GREEN}),
        ('  "up"', {GREEN}),
        ("]", {GREEN}),
        ("complete: finish_reason tool_calls, JSON closed", {BOLD}),
        ("", set()),
    ]


def test_content_stands_above_its_calls(terminal):
    out = terminal()
    shown(RichScreen(out), [sse(delta(content="[]"), call("{", 0, "c1", "dig"))], provider="chat")
    assert out.text[:4] == ["[", "]", "dig()", "{"]
    assert [out.styles(row) for row in range(4)] == [{GREEN}, {GREEN}, {BOLD}, {DIM}]


def test_a_cut_document_stays_as_it_is_and_says_so(terminal):
    out = terminal()
    shown(RichScreen(out), ['{"a": [1, "tw'])
    assert out.text == [
        "{",
        '  "a": [',
        "    1",
        '    "tw▍',
        "interrupted: no end marker, JSON open",
        "",
    ]


@pytest.mark.parametrize("begin", [b": WAIT\n\n", sse(delta(content=" \n"))])
def test_nothing_is_drawn_of_a_document_that_did_not_start(terminal, begin):
    out = terminal()
    shown(RichScreen(out), [begin], provider="chat")
    assert out.text == ["interrupted: no end marker, JSON open", ""]


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
    monkeypatch.setattr(screens, "time", SimpleNamespace(monotonic=lambda: now[0]))
    screen, flow = RichScreen(out), stream(["[", *["1,"] * 1_000, "1]"])
    with screen:
        for event in flow:
            screen.show(event, flow)
            now[0] += 0.001
    assert 20 <= out.frames <= 30, "one in fifty of a thousand events, and what begins and ends it"


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
