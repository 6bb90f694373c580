"""partialjson.js in Node: what it makes of operations, and of a server, over real sockets.

Node has neither animation frames nor an EventSource: what is seen here is `fetch` and the timer.
Feeds of all cases run at once, in one process; the servers are scripted ones.
"""

from __future__ import annotations

import copy
import json
import subprocess
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from fault_server import CHUNKED, LAST, UNTIL_CLOSE, chunk, for_ever, head, reset, serving
from fault_server import stall as until_left
from hypothesis import given
from hypothesis import strategies as st
from support import characters, chunkings, texts

import partialjson
from partialjson import Parser, Patches
from partialjson.render import to_ndjson

ROOT = Path(__file__).parent.parent
SCREEN = Path(partialjson.__file__).parent / "render"
CLIENT = SCREEN / "partialjson.js"
LONG = 20  # seconds until Node has hung
SHOWN_AFTER = 100  # milliseconds, where there are no frames

# --- the file -------------------------------------------------------------------------------------


def test_the_file_is_shorter_than_200_lines_of_at_most_100_columns():
    lines = CLIENT.read_text("utf-8").splitlines()
    assert len(lines) < 200
    assert [line for line in lines if len(line) > 100] == []


# --- operations -----------------------------------------------------------------------------------


@contextmanager
def applying(node, library="ours", modules="."):
    """Whether a library makes of operations, list by list, what the parser made of the text."""
    command = [node, str(ROOT / "tests/js/applies.mjs"), str(CLIENT), library, str(modules)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:

        def said(steps):
            process.stdin.write(to_ndjson({"event": "steps", "id": 1, "data": steps}))
            process.stdin.flush()
            return process.stdout.readline().decode().rstrip("\n")

        yield said
        process.stdin.close()
        process.wait(LONG)
    assert process.returncode == 0


def steps_of(deltas, ops):
    """The operations of each delta, with the parser's value after it."""
    parser, patches, steps = Parser(), Patches(ops), []
    for delta in [*deltas, None]:
        events = parser.close() if delta is None else parser.feed(delta)
        steps += [copy.deepcopy([patches.feed(events), parser.value])]  # it grows in place
    return steps


def can_be_followed(text):
    return "__proto__" not in text  # in JavaScript no path leads there


# `nox -s browser` asks the same of libraries that others wrote.
@pytest.fixture(
    scope="module",
    params=[
        "ours",
        pytest.param("fast-json-patch", marks=pytest.mark.browser),
        pytest.param("rfc6902", marks=pytest.mark.browser),
    ],
)
def said(request, node):
    modules = "." if request.param == "ours" else request.getfixturevalue("npm")
    with applying(node, request.param, modules) as said:
        yield said


@pytest.mark.parametrize("ops", ["append", "rfc6902"])
@given(st.data())
def test_after_every_delta_the_operations_give_the_parsers_value(said, ops, data):
    text = data.draw(texts.filter(can_be_followed))
    assert said(steps_of(data.draw(chunkings(text)), ops)) == "same"


def test_operations_that_give_another_value_are_seen(said):
    wrong = [[[{"op": "replace", "path": "", "value": {"a": 1}}], {"a": 2}]]
    assert "expected" in said(wrong)


REFUSED = {  # operation on {"rows": ["a"], "n": 1, "null": null}: what is said of it
    "a prototype by its name": ("add", "/__proto__/polluted", 1, "refused"),
    "a prototype by its constructor": ("add", "/constructor/prototype/polluted", 1, "refused"),
    "the prototype itself": ("replace", "/prototype", 1, "refused"),
    "a prototype at the end": ("add", "/__proto__", 1, "refused"),
    "a prototype of an array": ("add", "/rows/__proto__/polluted", 1, "refused"),
    "a prototype, and other escapes": ("add", "/~1~0/constructor", 1, "no such place|refused"),
    "a constructor": ("add", "/constructor", 1, "refused"),
    "an inherited method": ("add", "/toString/polluted", 1, "no such place"),
    "an inherited method as a text": ("append", "/toString", "x", "nothing yet"),
    "a missing parent": ("add", "/no/where", 1, "no such place"),
    "a parent that is a number": ("add", "/n/x", 1, "no such place"),
    "a parent that is null": ("add", "/null/x", 1, "no such place"),
    "a parent that is a text": ("add", "/rows/0/0", 1, "no such place"),
    "a missing member": ("replace", "/no", 1, "nothing yet"),
    "a missing element": ("replace", "/rows/1", 1, "nothing yet"),
    "an index behind the end": ("add", "/rows/2", 1, "no such place"),
    "an index with a zero": ("add", "/rows/00", 1, "no such place"),
    "a length": ("replace", "/rows/length", 0, "no such place"),
    "an append to nothing": ("append", "/no", "x", "nothing yet"),
    "an append to a number": ("append", "/n", "x", "not a string"),
    "an append of a number": ("append", "/rows/0", 1, "not a string"),
    "a path without a slash": ("add", "rows", 1, "not a JSON Pointer"),
    "a move": ("move", "/n", 1, "no operation"),
    "a removal": ("remove", "/n", 1, "no operation"),
}
REFUSING = """
import { apply } from "./partialjson.js";
const said = (operation) => {
  const value = { rows: ["a"], n: 1, null: null };
  try { return apply(value, [operation]); } catch (error) { return error.message; }
};
const operations = JSON.parse(process.argv[1]);
console.log(JSON.stringify([operations.map(said), "polluted" in {}, [].length]));
"""


def run(node, code, *arguments):
    """What a module in the screen's folder prints, as JSON."""
    done = subprocess.run(
        [node, "--input-type=module", "-e", code, *arguments],
        cwd=SCREEN, capture_output=True, text=True, timeout=LONG, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)


def test_what_an_operation_may_not_do_is_an_error_that_says_so(node):
    operations = [{"op": op, "path": path, "value": v} for op, path, v, _ in REFUSED.values()]
    operations.append({"op": "add", "path": "/n"})
    said, polluted, length = run(node, REFUSING, json.dumps(operations))
    assert (polluted, length) == (False, 0)
    expected = [*(facts[3] for facts in REFUSED.values()), "no operation"]
    for operation, found, words in zip(operations, said, expected, strict=True):
        assert any(word in found for word in words.split("|")), (operation, found)


NAMED = """
import { apply, find } from "./partialjson.js";
const value = JSON.parse('{"__proto__": {"a": [1]}, "a/b": {"~": 2}, "": 3}');
const found = ["/__proto__/a/0", "/a~1b/~0", "/", "", "/toString", "/__proto__/a/length"];
apply(value, [{ op: "replace", path: "/a~1b/~0", value: 1e999 }]);
const seen = found.map((pointer) => find(value, pointer) ?? "nothing");
console.log(JSON.stringify([seen, value["a/b"]["~"] === Infinity, "a" in {}]));
"""


def test_names_of_any_kind_are_members_and_nothing_inherited_is_found(node):
    (first, second, third, root, inherited, missing), is_infinite, polluted = run(node, NAMED)
    assert (first, second, third) == (1, None, 3)  # JSON has no word for infinity
    assert root.keys() == {"__proto__", "a/b", ""}
    assert (inherited, missing, is_infinite, polluted) == ("nothing", "nothing", True, False)


NODES = """
import { Nodes } from "./partialjson.js";
const removed = [];
const make = (pointer) => ({ pointer, remove: () => removed.push(pointer) });
const nodes = new Nodes();
const first = nodes.get("/rows/0", make);
nodes.get("/rows/1", make);
nodes.get("", make);
nodes.prune({ rows: ["a"] });
const isSame = nodes.get("/rows/0", make) === first;
console.log(JSON.stringify([isSame, removed, [...nodes.keys()], nodes.get("/rows/1") ?? null]));
"""


def test_a_value_keeps_its_node_and_one_that_is_gone_loses_it(node):
    assert run(node, NODES) == [True, ["/rows/1"], ["/rows/0", ""], None]


# --- feeds ----------------------------------------------------------------------------------------


def sent(event, id_, data):
    return f"event: {event}\nid: {id_}\ndata: {json.dumps(data)}\n\n".encode()


def snapshot(id_, value, open_=None, invalid=()):
    return sent("snapshot", id_, {"value": value, "open": open_, "invalid": [*invalid]})


def appended(id_, path, text):
    return sent("patch", id_, [{"op": "append", "path": path, "value": text}])


def done(id_):
    return sent("done", id_, {"status": "complete", "evidence": []})


def answers(*events):
    """A whole answer."""
    return [CHUNKED, *map(chunk, events), LAST]


def apart(pieces, pause=0.002):
    """Pieces that are most likely read one by one."""
    for piece in pieces:
        yield piece
        yield lambda connection: connection.server.over.wait(pause) and None


NOTHING = answers()
FIRST = snapshot(1, {"t": "a", "n": 1}, "/t")
MORE, CLOSED = appended(2, "/t", "b"), sent("closed", 3, ["/n", "/t", ""])
START = sent("patch", 1, [{"op": "replace", "path": "", "value": {"t": "a", "n": 1}}])
WHOLE = [FIRST, MORE, CLOSED, done(4)]
VALUE = {"t": "ab", "n": 1}
SOON = b"retry: 1\n\n"
MARK = {"path": "/n", "errors": [{"type": "int", "loc": [], "msg": "no", "input": "x"}]}
AT_ONCE = {**MARK, "path": "/t"}
LINES = (
    b'\xef\xbb\xbf: a comment\nevent: snapshot\nid: 1\nid: 9\0\ndata: {"value": {"t": "a"},\n'
    b'data: "open": "/t"}\n\nevent:patch\nid: 2\ndata:[{"op": "append", "path": "/t",\n'
    b'data:"value": "\xc3\xa9\xf0\x9f\xa6\x89"}]\nunknown\n:\n\nevent: patch\n\n'
    b'event: done\nid: 3\ndata: {"status": "complete"}\n\n'
)
SMALL = (
    'event: snapshot\r\ndata: {"value": "\u00e9\U0001f989",\r\ndata: "open": null}\r\n\r\n'
    "event: done\rdata: {}\r\r"
).encode()


@dataclass
class Case:
    """A feed: what each of its connections is answered, and what the page asks and does."""

    scripts: list
    options: dict = field(default_factory=dict)
    act: dict | None = None
    path: str | None = None  # of another url


CASES = {
    "whole": Case([answers(*WHOLE)]),
    # What came right before a reset may be lost: nothing is said of the id.
    "reset": Case([[CHUNKED, chunk(SOON + FIRST), chunk(MORE[:-9]), reset], answers(*WHOLE)],
                  {"retry": 1}),
    "cut": Case([[UNTIL_CLOSE, SOON, FIRST, MORE, CLOSED[:-1]], answers(*WHOLE[2:])]),
    "replayed": Case([answers(SOON, START, MORE), answers(START, MORE, CLOSED, done(4))]),
    "begun again": Case([answers(SOON, FIRST, MORE), answers(*WHOLE)]),
    "repeated": Case([answers(SOON, FIRST, MORE), answers(MORE, MORE, CLOSED, CLOSED, done(4))]),
    "another feed": Case([answers(SOON, FIRST, MORE), answers(snapshot(1, {"u": 1}), done(2))]),
    "several breaks": Case([NOTHING, [reset], answers(FIRST), NOTHING, answers(*WHOLE)],
                           {"retry": 1}),
    "204": Case([[head("204 No Content", "")]]),
    "204 later": Case([answers(SOON, FIRST), [head("204 No Content", "")]]),
    "404": Case([[head("404 Not Found", "text/html", content_length="0")]]),
    "503": Case([[head("503 Busy", "text/html", content_length="0")], answers(*WHOLE)],
                {"retry": 1}),
    "429": Case([[head("429 Slow", "text/html", content_length="0")], answers(*WHOLE)],
                {"retry": 1}),
    "a page": Case([[head("200 OK", "text/html", content_length="2"), b"<p"]]),
    "a body": Case([answers(*WHOLE)], {"body": {"q": "é"}, "headers": {"X-Key": "k"}}),
    "a text": Case([answers(*WHOLE)], {"body": "q", "method": "PUT"}),
    "stopped": Case([[CHUNKED, chunk(FIRST), until_left]], act={"on": "onFrame", "do": "stop"}),
    "aborted": Case([[CHUNKED, chunk(FIRST), until_left]], act={"on": "onFrame", "do": "abort"}),
    "aborted in a wait": Case([NOTHING], {"retry": 9e5},
                              {"on": "onState", "told": "reconnecting", "do": "abort"}),
    "stopped as it begins": Case([[until_left]],
                                 act={"on": "onState", "told": "connecting", "do": "stop"}),
    "stopped as it opens": Case([[CHUNKED, chunk(FIRST), until_left]],
                                act={"on": "onState", "told": "open", "do": "stop"}),
    "reconnected in a wait": Case([NOTHING, answers(*WHOLE)], {"retry": 9e5},
                                  {"on": "onState", "told": "reconnecting", "do": "reconnect"}),
    "aborted before": Case([[until_left]], act={"on": "before"}),
    "reconnected": Case([[CHUNKED, chunk(FIRST), until_left], answers(*WHOLE[1:])],
                        act={"on": "onFrame", "do": "reconnect"}),
    "an error": Case([answers(FIRST, sent("error", 2, {"status": "interrupted", "message": "m"}))]),
    "a prototype": Case([[CHUNKED, chunk(FIRST), chunk(appended(2, "/__proto__/polluted", "x")),
                          for_ever(chunk(MORE))]]),
    "a prototype, then done": Case([answers(FIRST, appended(2, "/__proto__/x", "x"), done(3))]),
    "no JSON": Case([[CHUNKED, chunk(b"event: patch\ndata: [\n\n"), for_ever(chunk(MORE))]]),
    "names": Case([answers(FIRST, sent("meter", 2, {"n": 1}), b"data: plain\ndata: text\n\n",
                           b"event: ping\ndata: 7\n\n", done(3))]),
    "behind the end": Case([answers(FIRST, done(2), appended(3, "/t", "never"))]),
    "infinite": Case([answers(b'event: snapshot\nid: 1\ndata: {"value": 1e999, "open": null}\n\n',
                              done(2))]),
    "snapshots": Case([answers(
        snapshot(1, {"a": [1, {"b~/": ""}], "t": "x"}, "/t", [{**MARK, "path": "/a/0"}]),
        sent("closed", 2, ["/t"]),
        snapshot(3, {"a": [1], "t": "y"}, "/t"),
        sent("closed", 4, ["/t", ""]), done(5))]),
    "told again": Case([
        [CHUNKED, chunk(snapshot(1, {"a": [1], "t": "x"}, "/t")), until_left],
        answers(snapshot(9, {"a": [1]}, "/a"), sent("closed", 10, ["/a", ""]), done(11)),
    ], act={"on": "onFrame", "do": "reconnect"}),
    "invalid": Case([answers(snapshot(1, {"t": "a", "n": 1}, "/t", [AT_ONCE]),
                             sent("invalid", 2, MARK), sent("closed", 3, ["/t"]), done(4))]),
    "throws": Case([answers(*WHOLE)], act={"on": "onFrame", "do": "throw"}),
    "no url": Case([NOTHING], path="http://"),
    "no header": Case([NOTHING], {"headers": {"a b": "c"}}),
    "one byte at a time": Case([[UNTIL_CLOSE, *apart(characters(LINES))]]),
    "CR": Case([[UNTIL_CLOSE, *apart(characters(LINES.replace(b"\n", b"\r")))]]),
    "CRLF": Case([[UNTIL_CLOSE, *apart(characters(LINES.replace(b"\n", b"\r\n")))]]),
    "NUL": Case([answers(SOON, b"id: 1\nid: 9\0\ndata: 1\n\n"), [head("204 No Content", "")]]),
    "only an id": Case([answers(SOON, b"id: 7\n\n"), [head("204 No Content", "")]]),
    **{f"cut at {at}": Case([[UNTIL_CLOSE, *apart([SMALL[:at], SMALL[at:]], 0.05)]])
       for at in range(1, len(SMALL))},
}  # fmt: skip


@dataclass
class Heard:
    """What a page heard of a feed, and what its server was asked."""

    calls: list | None = None
    value: object = None
    stats: dict | None = None
    state: str | None = None
    invalid: list | None = None
    areClosed: bool | None = None  # noqa: N815 - its name in JavaScript
    end: dict | None = None
    thrown: str | None = None
    requests: list = field(default_factory=list)
    was_left: bool = False

    def told(self, name):
        """What each call of this name was told."""
        found = [told for called, *told in self.calls if called == name]
        return [told[0] if len(told) == 1 else tuple(told) for told in found]

    def ids(self):
        """The last id that each request told of."""
        heads = [request.lower().split(b"\r\n") for request in self.requests]
        named = b"last-event-id: "
        return [
            int(lines[0].removeprefix(named)) if lines else None
            for lines in ([line for line in head if line.startswith(named)] for head in heads)
        ]


def node_hears(node, cases, *options):
    """Each case in Node, and what became of the process."""
    with ExitStack() as stack:
        servers = {name: stack.enter_context(serving(*one.scripts)) for name, one in cases.items()}
        asked = {
            name: {"url": one.path or servers[name].url, "options": one.options, "act": one.act}
            for name, one in cases.items()
        }
        done = subprocess.run(
            [node, str(ROOT / "tests/js/connects.mjs"), str(CLIENT), *options],
            input=json.dumps(asked), capture_output=True, text=True, timeout=LONG, check=False,
        )  # fmt: skip
        assert (done.returncode, done.stderr) == (0, "")
        said = json.loads(done.stdout)
        process = said.pop("process")
        found = {}
        for name, server in servers.items():
            assert server.is_idle(LONG), f"{name}: a connection was never closed"
            facts = {"requests": server.requests, "was_left": server.left.is_set()}
            found[name] = Heard(**said[name], **facts)
    return found, process


@pytest.fixture(scope="module")
def node_heard(node):
    return node_hears(node, CASES)


@pytest.fixture
def heard(node_heard):
    return node_heard[0]


COMPLETE = {"event": "done", "data": {"status": "complete", "evidence": []}}


def test_a_feed_is_shown_in_one_frame_and_told_in_its_order(heard):
    assert heard["whole"].calls == [
        ["onState", "connecting"],
        ["onState", "open"],
        ["onFrame", VALUE, ["", "/t"]],
        ["onClosed", "/n", 1],
        ["onClosed", "/t", "ab"],
        ["onClosed", "", VALUE],
        ["onDone", COMPLETE["data"]],
        ["onState", "done"],
    ]
    sizes = sum(map(len, WHOLE))
    assert heard["whole"].stats == {"bytes": sizes, "messages": 4, "operations": 1, "frames": 1}
    assert heard["whole"].end == COMPLETE


SURVIVED = {  # how many operations were applied
    **dict.fromkeys(["reset", "cut", "repeated", "several breaks", "503", "429"], 1),
    **dict.fromkeys(["reconnected", "reconnected in a wait"], 1),
    "replayed": 2,
    "begun again": 2,  # a snapshot takes back the one before
}


@pytest.mark.parametrize("name", SURVIVED)
def test_a_feed_that_breaks_is_whole_in_the_end_and_nothing_is_applied_twice(heard, name):
    one = heard[name]
    assert (one.value, one.end, one.stats["operations"]) == (VALUE, COMPLETE, SURVIVED[name])
    assert one.told("onClosed") == [("/n", 1), ("/t", "ab"), ("", VALUE)]
    assert one.areClosed
    assert one.told("onState")[-1] == "done"


ASKED = {  # the last id of each request
    "cut": [None, 2],
    "replayed": [None, 2],
    "several breaks": [None, None, None, 1, 1],
    "503": [None, None],
    "reconnected": [None, 1],
    "204 later": [None, 1],
    "NUL": [None, 1],
    "only an id": [None, 7],
}


@pytest.mark.parametrize("name", ASKED)
def test_a_screen_that_comes_back_tells_the_last_id_it_has_seen(heard, name):
    assert heard[name].ids() == ASKED[name]


def test_breaks_are_told_as_states(heard):
    states = heard["cut"].told("onState")
    assert states == ["connecting", "open", "reconnecting", "open", "done"]


def test_a_snapshot_of_another_feed_takes_the_place_of_what_was_shown(heard):
    one = heard["another feed"]
    assert (one.value, one.end["event"]) == ({"u": 1}, "done")
    assert one.told("onClosed")[-2:] == [("/u", 1), ("", {"u": 1})]


@pytest.mark.parametrize("name", ["204", "204 later"])
def test_a_server_that_has_nothing_more_to_say_ends_it_quietly(heard, name):
    one = heard[name]
    assert (one.end, one.state) == ({"event": "stopped", "data": None}, "stopped")
    assert one.told("onError") == one.told("onDone") == []


@pytest.mark.parametrize(("name", "word"), [("404", "404"), ("a page", "text/html")])
def test_a_server_that_refuses_is_not_asked_again(heard, name, word):
    one = heard[name]
    (error,) = one.told("onError")
    assert (error["status"], word in error["message"], len(one.requests)) == ("failed", True, 1)
    assert (one.state, one.end) == ("error", {"event": "error", "data": error})


def test_a_plain_body_is_posted_as_json(heard):
    (request,) = heard["a body"].requests
    request_head, _, body = request.partition(b"\r\n\r\n")
    assert request_head.startswith(b"POST ")
    lines = request_head.lower().split(b"\r\n")
    expected = {b"content-type: application/json", b"accept: text/event-stream", b"x-key: k"}
    assert expected <= set(lines)
    assert json.loads(body) == {"q": "\u00e9"}
    assert heard["a body"].value == VALUE


def test_a_text_is_sent_as_it_is(heard):
    (request,) = heard["a text"].requests
    assert request.startswith(b"PUT ")
    assert request.endswith(b"\r\n\r\nq")


@pytest.mark.parametrize("name", ["stopped", "aborted"])
def test_a_page_that_stops_lets_go_of_the_server_at_once(heard, name):
    one = heard[name]
    assert (one.was_left, len(one.requests)) == (True, 1)
    assert (one.end["event"], one.state) == ("stopped", "stopped")
    assert one.calls[-1] == ["onState", "stopped"], "nothing is told behind the end"
    assert one.told("onClosed") == [("/n", 1)]
    assert one.value == {"t": "a", "n": 1}


def test_a_page_that_aborts_while_it_waits_asks_no_more(heard):
    one = heard["aborted in a wait"]
    assert (one.end["event"], len(one.requests)) == ("stopped", 1)


@pytest.mark.parametrize("name", ["stopped as it begins", "stopped as it opens"])
def test_a_page_may_stop_in_any_call(heard, name):
    one = heard[name]
    assert (one.end["event"], one.value, len(one.requests) < 2) == ("stopped", None, True)
    assert one.told("onState")[-1] == "stopped"


def test_a_page_that_aborted_before_asks_nothing(heard):
    one = heard["aborted before"]
    assert (one.end["event"], one.requests) == ("stopped", [])
    assert one.calls == [["onState", "stopped"]]


def test_reconnecting_drops_the_connection(heard):
    assert heard["reconnected"].was_left


def test_an_error_is_the_end(heard):
    one = heard["an error"]
    assert one.told("onError") == [{"status": "interrupted", "message": "m"}]
    assert (one.state, len(one.requests)) == ("error", 1)


def test_a_path_to_a_prototype_ends_the_feed_and_changes_nothing(node_heard):
    heard, process = node_heard
    one = heard["a prototype"]
    (error,) = one.told("onError")
    assert (error["status"], "refused" in error["message"]) == ("failed", True)
    assert (one.state, one.was_left) == ("error", True)
    assert one.value == {"t": "a", "n": 1}
    assert not process["polluted"]


def test_a_document_that_could_not_be_followed_is_not_done(heard):
    one = heard["a prototype, then done"]
    assert (one.told("onDone"), len(one.told("onError")), one.state) == ([], 1, "error")


def test_a_message_that_is_no_json_ends_the_feed(heard):
    one = heard["no JSON"]
    assert one.end["data"] == {"status": "failed", "message": "patch is not JSON"}
    assert one.was_left


def test_messages_of_other_names_are_passed_on(heard):
    assert heard["names"].told("onMessage") == [
        ("meter", {"n": 1}, 2),
        ("message", "plain\ntext", None),
        ("ping", 7, None),
    ]
    assert heard["names"].end["event"] == "done"


def test_nothing_behind_the_end_is_shown(heard):
    assert heard["behind the end"].value == {"t": "a", "n": 1}
    assert len(heard["behind the end"].requests) == 1


def test_an_infinite_number_is_one(heard):
    assert heard["infinite"].value == "Infinity"


def test_a_value_that_a_snapshot_drops_before_it_is_told_is_not_told(heard):
    one = heard["snapshots"]
    told = [("/a/0", 1), ("/a", [1]), ("/t", "y"), ("", {"a": [1], "t": "y"})]
    assert one.told("onClosed") == told
    assert one.invalid == []
    assert len(one.told("onFrame")) == 1


def test_a_value_that_a_snapshot_opens_again_is_told_again(heard):
    told = [pointer for pointer, _ in heard["told again"].told("onClosed")]
    assert told == ["/a/0", "/a", "/a", ""]


def test_an_invalid_value_is_marked(heard):
    one = heard["invalid"]
    assert one.told("onInvalid") == [AT_ONCE, MARK]
    assert one.invalid == [["/t", MARK["errors"]], ["/n", MARK["errors"]]]


def test_an_error_of_the_page_is_its_own_and_reading_goes_on(node_heard):
    heard, process = node_heard
    assert heard["throws"].calls == heard["whole"].calls
    assert process["uncaught"] == 1


@pytest.mark.parametrize("name", ["no url", "no header"])
def test_a_mistake_of_the_caller_is_thrown(heard, name):
    assert (heard[name].thrown, heard[name].requests) == ("TypeError", [])


@pytest.mark.parametrize("name", ["one byte at a time", "CR", "CRLF"])
def test_events_are_read_by_the_algorithm_of_the_standard(heard, name):
    one = heard[name]
    assert (one.value, one.end["data"]) == ({"t": "a\u00e9\U0001f989"}, {"status": "complete"})
    assert one.stats["messages"] == 3


def test_a_cut_anywhere_shows_nowhere(heard):
    cuts = [one for name, one in heard.items() if name.startswith("cut at ")]
    assert len(cuts) == len(SMALL) - 1
    assert {(one.value, one.state, len(one.requests)) for one in cuts} == {
        ("\u00e9\U0001f989", "done", 1)
    }


def test_waits_double_up_to_half_a_minute_and_are_not_the_same_for_all(node):
    gone = [head("204 No Content", "")]
    cases = {"down": Case([*[[reset]] * 12, gone], {"retry": 100})}
    heard, process = node_hears(node, cases, "--hurry")
    assert len(heard["down"].requests) == 13
    waits = process["waits"][:12]
    for at, wait in enumerate(waits):
        longest = min(100 * 2**at, 30_000)
        assert longest / 2 <= wait <= longest
    assert len(set(waits)) == len(waits)


def test_a_message_ends_the_doubling_and_a_server_may_say_how_long_it_takes(node):
    # Behind a chunked one Node would try the same connection again, which is gone.
    slower = [UNTIL_CLOSE, b"retry: 5000\n\n", FIRST]
    scripts = [[reset], [reset], slower, [reset], [reset]]
    cases = {"up again": Case([*scripts, [head("204 No Content", "")]], {"retry": 100})}
    _, process = node_hears(node, cases, "--hurry")
    waits = [wait for wait in process["waits"] if wait != SHOWN_AFTER]
    expected = [100, 200, 5_000, 10_000, 20_000]
    assert len(waits) == len(expected)
    assert all(most / 2 <= wait <= most for wait, most in zip(waits, expected, strict=True))
