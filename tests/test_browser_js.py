"""partialjson.js in Chromium: frames, both ways to read a feed, and nodes that stay.

Pages are real ones, of a Starlette application that uvicorn serves; each feed is a script, one for
each time that it is asked for.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import threading
from itertools import combinations
from pathlib import Path

import anyio
import pytest
from browser_support import LONG, axe_found, serving
from starlette.applications import Starlette
from starlette.responses import FileResponse, HTMLResponse, Response, StreamingResponse
from starlette.routing import Route

import partialjson
from partialjson import Parser
from partialjson.render import Feed, to_sse

pytestmark = pytest.mark.browser
SCREEN = Path(partialjson.__file__).parent / "render"
WAYS = pytest.mark.parametrize("using", ["fetch", "eventsource"])
PAGE = '<!doctype html><html lang="en"><title>A feed</title><main><h1>A feed</h1></main></html>'


# --- the server -----------------------------------------------------------------------------------


def sent(event, id_, data):
    return to_sse({"event": event, "id": id_, "data": data})


def snapshot(id_, value, open_=None):
    return sent("snapshot", id_, {"value": value, "open": open_, "invalid": []})


def appended(id_, path, text):
    return sent("patch", id_, [{"op": "append", "path": path, "value": text}])


def done(id_):
    return sent("done", id_, {"status": "complete", "evidence": []})


class Feeds:
    """An application with feeds of several names; it notes who asks, and who leaves.

    Attributes:
        asked: The last id of each request, as it was told, by the name of the feed.
        left: Set when a page has gone before a script was over.
    """

    def __init__(self, **scripts):
        self._scripts = scripts
        self.asked = {name: [] for name in scripts}
        self.left = threading.Event()
        self.application = Starlette(
            routes=[
                Route("/", lambda _: HTMLResponse(PAGE)),
                Route("/partialjson.js", lambda _: FileResponse(SCREEN / "partialjson.js")),
                Route("/{name}", self._answer, methods=["GET", "POST"]),
            ]
        )

    async def _answer(self, request):
        name = request.path_params["name"]
        if name not in self._scripts:
            return Response(status_code=404)
        scripts, asked = self._scripts[name], self.asked[name]
        script = scripts[min(len(asked), len(scripts) - 1)]
        asked.append(request.headers.get("last-event-id"))
        if isinstance(script, int):
            return Response(status_code=script)
        return StreamingResponse(self._body(script), media_type="text/event-stream")

    async def _body(self, script):
        try:
            for step in script:
                if isinstance(step, bytes):
                    yield step
                else:  # seconds
                    await anyio.sleep(step)
        except BaseException:
            self.left.set()
            raise


@pytest.fixture
def opened(page):
    """A page of an application, and its feed by a name."""
    stack = []

    def opened(feeds):
        served = serving(feeds.application, timeout_graceful_shutdown=1)
        stack.append(served)
        page.goto(served.__enter__())
        return page

    yield opened
    page.goto("about:blank")  # it lets go of its connections
    for served in stack:
        served.__exit__(None, None, None)


READ = """async ({ name, options, act }) => {
  const { connect } = await import("/partialjson.js");
  const calls = [];
  for (const call of ["Closed", "Invalid", "Done", "Error", "Message", "State"]) {
    options[`on${call}`] = (...told) => calls.push([call, ...structuredClone(told)]);
  }
  let frames = 0;
  const counting = () => { frames += 1; requestAnimationFrame(counting); };
  counting();
  const shown = []; // how many frames had begun when it was shown
  options.onFrame = () => {
    shown.push(frames);
    if (act && shown.length === 1) feed[act]();
  };
  const feed = connect(`/${name}`, options);
  const end = await feed.ended;
  return { calls, shown, end, value: feed.value, stats: feed.stats };
}"""


def read(page, name, act=None, **options):
    """What a page hears of a feed until it ends."""
    return page.evaluate(READ, {"name": name, "options": options, "act": act})


def told(heard, call):
    return [rest[0] if len(rest) == 1 else rest for name, *rest in heard["calls"] if name == call]


# --- frames ---------------------------------------------------------------------------------------

MANY = 400
FAST = [
    snapshot(1, {"t": ""}, "/t"),
    *(step for at in range(MANY) for step in (appended(at + 2, "/t", "x"), 0.001)),
    done(MANY + 2),
]


@WAYS
def test_much_is_shown_once_per_frame_at_most(opened, using):
    heard = read(opened(Feeds(fast=[FAST])), "fast", using=using)
    assert heard["value"] == {"t": "x" * MANY}
    assert heard["stats"]["operations"] == MANY
    assert heard["stats"]["frames"] == len(heard["shown"]) < MANY
    for (i, before), (j, after) in combinations(enumerate(heard["shown"]), 2):
        assert j - i <= after - before + 1  # one may be shown by the timer, where a frame is late


@WAYS
def test_a_page_without_frames_is_shown_all_the_same(opened, using):
    page = opened(Feeds(fast=[FAST]))
    page.evaluate("globalThis.requestAnimationFrame = () => 1")  # as in a hidden tab
    heard = read(page, "fast", using=using)
    assert heard["value"] == {"t": "x" * MANY}
    assert 0 < heard["stats"]["frames"] < MANY
    assert heard["end"]["event"] == "done"


# --- two ways to read -----------------------------------------------------------------------------

SOON = b"retry: 1\n\n"
FIRST, MORE, CLOSED = (
    snapshot(1, {"t": "a", "n": 1}, "/t"),
    appended(2, "/t", "b"),
    sent("closed", 3, ["/t", ""]),
)
VALUE = {"t": "ab", "n": 1}


@WAYS
@pytest.mark.parametrize("again", [[CLOSED, done(4)], [MORE, CLOSED, done(4)]])
def test_a_feed_that_breaks_goes_on_and_nothing_is_applied_twice(opened, using, again):
    feeds = Feeds(feed=[[SOON, FIRST, MORE[:-9]], [MORE], again])
    heard = read(opened(feeds), "feed", using=using, retry=1)
    assert feeds.asked["feed"] == [None, "1", "2"]
    assert (heard["value"], heard["end"]["event"]) == (VALUE, "done")
    assert told(heard, "Closed") == [["/n", 1], ["/t", "ab"], ["", VALUE]]
    states = told(heard, "State")
    assert (states[0], states[-1]) == ("connecting", "done")
    assert "reconnecting" in states


@WAYS
def test_a_page_that_connects_again_is_told_nothing_twice(opened, using):
    feeds = Feeds(feed=[[FIRST, MORE, LONG], [FIRST, MORE, CLOSED, done(4)]])
    heard = read(opened(feeds), "feed", act="reconnect", using=using)
    assert (heard["value"], heard["end"]["event"]) == (VALUE, "done")
    assert told(heard, "Closed") == [["/n", 1], ["/t", "ab"], ["", VALUE]]
    assert feeds.left.wait(LONG)


@WAYS
def test_a_page_that_stops_lets_go_of_the_server(opened, using):
    feeds = Feeds(feed=[[FIRST, *[0.01, b": still here\n\n"] * 1000]])
    heard = read(opened(feeds), "feed", act="stop", using=using)
    assert (heard["end"]["event"], heard["calls"][-1]) == ("stopped", ["State", "stopped"])
    assert feeds.left.wait(LONG)


@WAYS
def test_an_error_of_the_feed_is_none_of_the_connection(opened, using):
    error = {"status": "interrupted", "message": "m"}
    feeds = Feeds(feed=[[SOON], [FIRST, sent("error", 2, error)]])
    heard = read(opened(feeds), "feed", using=using, retry=1)
    assert told(heard, "Error") == [error]
    assert told(heard, "State") == ["connecting", "open", "reconnecting", "open", "error"]
    assert len(feeds.asked["feed"]) == 2


@WAYS
def test_a_server_that_refuses_is_not_asked_again(opened, using):
    feeds = Feeds(feed=[404])
    heard = read(opened(feeds), "feed", using=using)
    assert heard["end"]["data"]["status"] == "failed"
    assert len(feeds.asked["feed"]) == 1


@WAYS
def test_a_path_to_a_prototype_ends_the_feed(opened, using):
    feeds = Feeds(feed=[[FIRST, appended(2, "/__proto__/polluted", "x"), LONG]])
    page = opened(feeds)
    heard = read(page, "feed", using=using)
    assert "refused" in heard["end"]["data"]["message"]
    assert heard["value"] == {"t": "a", "n": 1}
    assert page.evaluate('"polluted" in {}') is False
    assert feeds.left.wait(LONG)


@WAYS
def test_messages_of_other_names_are_passed_on(opened, using):
    feeds = Feeds(feed=[[FIRST, sent("meter", 2, {"n": 1}), done(3)]])
    heard = read(opened(feeds), "feed", using=using, events=["meter"])
    assert told(heard, "Message") == [["meter", {"n": 1}, 2]]


def test_a_body_is_posted(opened):
    feeds = Feeds(feed=[[FIRST, done(2)]])
    page = opened(feeds)
    with page.expect_request("**/feed") as asked:
        read(page, "feed", body={"q": "é"})
    assert (asked.value.method, asked.value.post_data_json) == ("POST", {"q": "é"})


@WAYS
def test_what_a_parser_reads_is_what_the_page_shows(opened, using):
    value = {
        "title": "Owls 🦉",
        "rows": [{"id": at, "names": ["é", ""]} for at in range(9)],
        "a/b": 1,
    }
    text = json.dumps(value, ensure_ascii=False)
    parser, feed = Parser(), Feed()
    messages = []
    for at in range(0, len(text), 3):
        messages += feed.feed(parser.feed(text[at : at + 3]))
    messages += feed.feed(parser.close())
    messages += feed.close()
    script = [step for message in messages for step in (to_sse(message), 0.0005)]
    heard = read(opened(Feeds(feed=[script])), "feed", using=using)
    assert (heard["value"], heard["end"]["event"]) == (value, "done")
    pointers = [pointer for pointer, _ in told(heard, "Closed")]
    assert len(pointers) == len(set(pointers)) == 3 + 9 * 5 + 1 + 1 - 1
    for at, pointer in enumerate(pointers):
        assert not [later for later in pointers[at:] if later.startswith(f"{pointer}/")]


# --- nodes ----------------------------------------------------------------------------------------

LIST = """async () => {
  const { connect, Nodes } = await import("/partialjson.js");
  const nodes = new Nodes();
  const list = document.querySelector("main").appendChild(document.createElement("ul"));
  const make = (pointer) => list.appendChild(document.createElement("li"));
  const seen = [];
  const feed = connect("/rows", {
    onFrame(value) {
      value.rows.forEach((row, at) => { nodes.get(`/rows/${at}`, make).textContent = row; });
      nodes.prune(value);
      seen.push(list.firstChild);
      if (seen.length === 1) feed.reconnect();
    },
  });
  await feed.ended;
  const texts = [...list.children].map((node) => node.textContent);
  return { texts, isSame: new Set(seen).size === 1, frames: seen.length, size: nodes.size };
}"""
MARKUP = "<img src=x onerror='globalThis.hit = 1'><script>globalThis.hit = 1</script>"


def test_a_value_keeps_its_node_through_snapshots_and_what_is_gone_is_removed(opened):
    begun = [snapshot(1, {"rows": ["a", "b", "c"]}, "/rows/2"), LONG]
    again = [
        snapshot(9, {"rows": ["a", MARKUP]}, "/rows/1"),
        appended(10, "/rows/1", "!"),
        done(11),
    ]
    page = opened(Feeds(rows=[begun, again]))
    shown = page.evaluate(LIST)
    assert shown["texts"] == ["a", f"{MARKUP}!"]
    assert (shown["isSame"], shown["size"]) == (True, 2)
    assert shown["frames"] >= 2, "both snapshots were shown"
    assert page.evaluate("[globalThis.hit ?? null, document.images.length]") == [None, 0]


# --- what stands beside it ------------------------------------------------------------------------


def test_axe_finds_what_is_wrong_with_a_page_and_nothing_else(opened, npm):
    page = opened(Feeds())
    assert axe_found(page, npm) == []
    page.evaluate("document.querySelector('main').innerHTML += '<img src=x>'")
    assert [found.partition(":")[0] for found in axe_found(page, npm)] == ["image-alt"]


RIGHT = """
import { apply, connect, find, Nodes, type Message, type Operation } from "./partialjson.js";

interface Report { title: string; rows: number[] }
const feed = connect<Report>("/feed", {
  body: { q: 1 }, retry: 5, events: ["meter"], credentials: "include",
  onFrame(value, pointers) { const title: string = value.title; pointers.has(title); },
  onClosed: (pointer, value) => { pointer.length; find(value, pointer); },
  onInvalid: ({ path, errors }) => [path, errors[0].msg],
  onState: (state) => state === "reconnecting",
});
const nodes = new Nodes();
nodes.get("/rows/0", () => document.createElement("li")).textContent = "x";
nodes.get("/rows/0")?.remove();
const operations: Operation[] = [{ op: "append", path: "/t", value: "x" }];
apply(null, operations);
feed.ended.then((end) => { if (end.event === "error") end.data.message; });
export const said = (message: Message<Report>): string => {
  switch (message.event) {
    case "snapshot": return message.data.value.title;
    case "patch": return message.data[0].op;
    case "closed": return message.data[0];
    case "invalid": return message.data.path;
    case "done": return message.data.status;
    case "error": return message.data.message;
  }
};
"""
WRONG = {
    "an unknown way": 'connect("/", { using: "websocket" });',
    "an append of a number": 'apply(null, [{ op: "append", path: "", value: 1 }]);',
    "a state that is none": 'connect("/", { onState: (state) => state === "closed" });',
    "an end that is written": 'connect("/").ended = null;',
}


def checked(node, npm, folder, code):
    """What the compiler says of a module that lies beside the types."""
    shutil.copy(SCREEN / "partialjson.d.ts", folder)
    (folder / "page.ts").write_text(code, "utf-8")
    compiler = [node, str(npm / "typescript/bin/tsc"), "--noEmit", "--strict", "--target", "es2022"]
    modules = ["--module", "esnext", "--moduleResolution", "bundler"]
    done = subprocess.run(
        [*compiler, *modules, "page.ts"],
        cwd=folder, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    return done.stdout + done.stderr


def test_the_types_fit_what_a_page_writes(node, npm, tmp_path):
    assert checked(node, npm, tmp_path, RIGHT) == ""


def test_the_types_refuse_what_is_wrong(node, npm, tmp_path):
    imports = 'import { apply, connect } from "./partialjson.js";\n'
    said = checked(node, npm, tmp_path, imports + "\n".join(WRONG.values()))
    lines = set(map(int, re.findall(r"^page\.ts\((\d+),", said, re.MULTILINE)))
    assert lines == set(range(2, 2 + len(WRONG))), said
