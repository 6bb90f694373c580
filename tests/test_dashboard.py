"""The dashboard's server over loopback: what a page is sent, whatever happens to the model."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import tomllib
from pathlib import Path

import httpx
import pytest
from browser_support import LONG, serving
from fault_server import answer
from fault_server import serving as scripted
from support import HEEDING_INTERRUPTS

import partialjson
from examples.dashboard import generations
from examples.dashboard.app import make_app
from examples.dashboard.generations import Endpoint
from examples.dashboard.make_recording import DOCUMENT, RECORDING, recording
from examples.dashboard.upstream import AT
from partialjson.cli import _web, main
from partialjson.path import from_pointer

ROOT = Path(__file__).parent.parent
PACKAGE = Path(partialjson.__file__).parent  # the checkout's, or that of a wheel
FAST = 20_000  # tokens a second
SHIPS = DOCUMENT["ships"]


@pytest.fixture(scope="module")
def url():
    with serving(make_app(), timeout_graceful_shutdown=1) as url:
        yield url


@pytest.fixture
def client(url):
    with httpx.Client(base_url=url, timeout=LONG) as client:
        yield client


# --- a page, in few lines -------------------------------------------------------------------------


def started(client, **settings):
    answer = client.post("/generations", json={"rate": FAST, **settings})
    assert answer.status_code == 201, answer.text
    return f"/generations/{answer.json()['id']}"


def messages(client, path, last_event_id=None):
    """The messages of a feed, as they come: [event, id, data]."""
    headers = {} if last_event_id is None else {"Last-Event-ID": str(last_event_id)}
    with client.stream("GET", f"{path}/events", headers=headers) as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        event = []
        for line in stream.iter_lines():
            if line:
                event.append(line.partition(": ")[2])
            else:
                yield event[0], int(event[1]), json.loads(event[2])
                event = []


class Screen:
    """What a page shows: the operations of the wire format, applied one by one."""

    def __init__(self):
        self.value, self.seen, self.closed, self.added = None, [], [], []

    def hear(self, told):
        for event, id_, data in told:
            self.seen.append((event, id_, data))
            if event == "snapshot":
                self.value = data["value"]
            elif event == "patch":
                for operation in data:
                    self.apply(**operation)
            elif event == "closed":
                self.closed += data
        return self

    def apply(self, op, path, value):
        *way, last = from_pointer(path) or (None,)
        if last is None:
            self.value = value
            return
        place = self.value
        for step in way:
            place = place[int(step) if isinstance(place, list) else step]
        if isinstance(place, list):
            last = int(last)
            if last == len(place):
                place.append(None)
                self.added.append(path)
        place[last] = place[last] + value if op == "append" else value

    @property
    def events(self):
        return [event for event, _, _ in self.seen]

    @property
    def ids(self):
        return [id_ for _, id_, _ in self.seen]

    @property
    def end(self):
        return self.seen[-1][0], self.seen[-1][2]["status"]


def shown(client, path):
    return Screen().hear(messages(client, path))


def log(client, path):
    """What the model's side says: its last word, and all texts."""
    told = [data for event, _, data in messages(client, path, 0) if event == "log"]
    return told[-1], [text for facts in told for text in facts["texts"]]


# --- generations ----------------------------------------------------------------------------------


def test_the_recording_is_what_the_script_writes():
    assert recording(DOCUMENT) == RECORDING.read_bytes()


@pytest.mark.parametrize("chunks", ["token", "character", "kilobyte", "random"])
def test_a_generation_is_the_document_however_it_is_cut(client, chunks):
    screen = shown(client, started(client, chunks=chunks))
    assert screen.value == DOCUMENT
    assert screen.end == ("done", "complete")


def test_every_row_is_told_to_be_closed_once(client):
    screen = shown(client, started(client))
    rows = [pointer for pointer in screen.closed if re.fullmatch(r"/ships/\d+", pointer)]
    assert rows == [f"/ships/{row}" for row in range(len(SHIPS))]
    assert screen.closed[-1] == ""


def test_the_value_that_is_not_of_its_type_is_marked(client):
    screen = shown(client, started(client))
    wrong = {data["path"]: data["errors"] for event, _, data in screen.seen if event == "invalid"}
    assert wrong["/ships/6/tonnes"][0]["type"] == "int_parsing"
    assert "/ships/5/tonnes" not in wrong


def test_a_page_that_comes_back_goes_on_where_it_left_off(client):
    path = started(client, rate=1_000, hold=0.5)
    feed = messages(client, path)
    screen = Screen().hear(next(feed) for _ in range(3))
    feed.close()
    client.post(f"{path}/rate", json={"rate": FAST})
    screen.hear(messages(client, path, screen.ids[-1]))
    assert screen.value == DOCUMENT
    assert screen.ids == [*range(screen.ids[0], screen.ids[0] + len(screen.ids))]


def test_a_page_that_comes_late_sees_it_all(client):
    path = started(client)
    first = shown(client, path)
    late = shown(client, path)
    assert (late.value, late.end) == (first.value, first.end)


def test_a_stop_reaches_the_model(client):
    path = started(client, hold=0.4)
    feed = messages(client, path)
    screen = Screen()
    while "patch" not in screen.events:
        screen.hear([next(feed)])
    facts = client.post(f"{path}/stop").json()
    screen.hear(feed)
    assert screen.end == ("done", "cancelled")
    assert facts["state"] == "client left"
    assert 0 < facts["tokens"] < facts["total"]


def test_a_rate_can_be_changed_on_the_way(client):
    path = started(client, rate=1, hold=0)
    assert client.post(f"{path}/rate", json={"rate": FAST}).json()["rate"] == FAST
    assert shown(client, path).value == DOCUMENT


def test_the_model_tells_each_text_that_it_writes(client):
    path = started(client)
    shown(client, path)
    facts, texts = log(client, path)
    assert json.loads("".join(texts)) == DOCUMENT
    assert facts["tokens"] == facts["total"]


def test_what_the_model_says_is_told_before_the_feed_ends(client):
    path = started(client, fault="garbage")
    screen = Screen().hear(messages(client, path, 0))
    *_, (_, _, last) = [told for told in screen.seen if told[0] == "log"]
    assert "I am sorry" in "".join(last["texts"])
    assert screen.events[-1] == "error"


# --- faults ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["cut", "stall"])
def test_a_connection_that_fails_shows_nothing_twice(client, fault, monkeypatch):
    monkeypatch.setattr(generations, "STALLED", 0.2)
    monkeypatch.setattr(generations, "RETRY", generations.pj.Retry(base=0.01))
    path = started(client, fault=fault)
    screen = shown(client, path)
    assert screen.value == DOCUMENT
    assert screen.events.count("retrying") == 1
    assert "snapshot" not in screen.events[1:]
    assert len(screen.added) == len(set(screen.added))
    assert screen.end == ("done", "complete")
    assert log(client, path)[0]["attempt"] == 2


def test_garbage_ends_it_and_what_was_shown_stays(client):
    screen = shown(client, started(client, fault="garbage"))
    assert screen.end == ("error", "failed")
    assert "expected a value, got 'I'" in screen.seen[-1][2]["message"]
    rows = screen.value["ships"]
    assert rows == SHIPS[: len(rows)]
    assert len(json.dumps(screen.value)) > AT["garbage"] * len(json.dumps(DOCUMENT)) / 2


# --- what is refused ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "settings",
    [{"fault": "fire"}, {"chunks": "all"}, {"colour": "red"}, {"rate": "nan"}, {"hold": "on"}, []],
)
def test_settings_that_are_none_are_refused(client, settings):
    assert client.post("/generations", json=settings).status_code == 422


def test_a_form_of_another_page_is_refused(client):
    assert client.post("/generations", data={"rate": "1"}).status_code == 415


def test_another_name_of_this_machine_is_refused(client):
    assert client.get("/", headers={"Host": "rebound.example"}).status_code == 400


def test_the_page_runs_nothing_but_its_own_scripts(client):
    answer = client.get("/")
    assert answer.headers["content-security-policy"].startswith("default-src 'self'")
    scripts = re.findall(r"<script(?![^>]*(?:src=|application/json))", answer.text)
    assert (scripts, re.findall(r"\son\w+=|style=", answer.text)) == ([], [])
    assert not re.search(r"https?://", answer.text)


def test_all_that_a_page_is_made_of_keeps_the_policy(client):
    for path in ("/", "/partialjson.js", "/page/theme.js", "/page/style.css", "/page/mark.svg"):
        answer = client.get(path)
        assert answer.status_code == 200
        assert answer.headers["content-security-policy"].startswith("default-src 'self'")
        assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("name", ["index.html", "none.js", "..%2Fapp.py", "../app.py", ""])
def test_nothing_else_is_served(client, name):
    assert client.get(f"/page/{name}").status_code == 404


def test_the_shape_of_the_document_comes_with_the_page(client):
    facts = re.search(r'id="facts">(.*?)</script>', client.get("/").text)
    members = json.loads(facts[1])["skeleton"]["members"]
    assert members.keys() == DOCUMENT.keys()
    assert [members[name]["most"] for name in ("metrics", "ships")] == [6, 14]


# --- a model elsewhere ----------------------------------------------------------------------------


def test_another_model_is_asked_with_a_key_that_the_page_never_sees():
    with scripted([b"".join(whole_answer())]) as model:
        endpoint = Endpoint(model.url, "example/owl", "sk-secret")
        with (
            serving(make_app(endpoint), timeout_graceful_shutdown=1) as url,
            httpx.Client(base_url=url, timeout=LONG) as client,
        ):
            path = started(client)
            screen = shown(client, path)
            page = client.get("/").text
    asked = model.requests[0]
    assert b"authorization: bearer sk-secret" in asked.lower()
    body = json.loads(asked.partition(b"\r\n\r\n")[2])
    assert (body["model"], body["response_format"]["type"]) == ("example/owl", "json_schema")
    assert screen.end == ("done", "complete")
    assert "example/owl" in page
    assert "sk-secret" not in page + json.dumps(screen.seen)


def whole_answer():
    body = b"".join(answer())
    yield b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
    yield b"Content-Length: %d\r\n\r\n" % len(body)
    yield body


# --- the command, and the package -----------------------------------------------------------------


def test_the_command_says_where_it_is_and_ends_by_ctrl_c():
    command = [sys.executable, "-m", "partialjson", "demo", "--web", "--port=0", "--no-open"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, cwd=ROOT, **pipes, **HEEDING_INTERRUPTS) as running:
        url = running.stdout.readline().partition("?")[0]
        with httpx.Client(base_url=url, timeout=LONG) as client:
            assert "Harbour" in client.get("/").text
            shown(client, started(client, fault="cut"))
            with client.stream("GET", f"{started(client, hold=0)}/events"):  # a page that looks
                running.send_signal(signal.SIGINT)
                assert running.wait(LONG) == 130
        assert running.stderr.read() == ""


def test_the_command_says_what_to_install(monkeypatch, capsys):
    monkeypatch.setattr(_web, "NEEDED", ("starlette", "no_such_library"))
    assert main(["demo", "--web"]) == 2
    told = capsys.readouterr().err
    assert "no_such_library" in told
    assert "pip install 'partialjson-streaming[web]'" in told


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--url", "http://127.0.0.1/"], "--url and --model go together"),
        (["--url", "x", "--model", "y", "--key-env", "NO_SUCH_KEY"], "no variable NO_SUCH_KEY"),
    ],
)
def test_the_command_says_what_is_wrong_with_its_options(options, words, capsys):
    assert "NO_SUCH_KEY" not in os.environ
    assert main(["demo", "--web", *options]) == 2
    assert words in capsys.readouterr().err


def test_the_package_holds_every_folder_of_the_library_and_the_dashboard():
    options = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]
    inside = {path.parent for path in PACKAGE.rglob("*.py")}
    rooms = {".".join(folder.relative_to(PACKAGE.parent).parts) for folder in inside}
    assert {*options["packages"]} == {*rooms, "partialjson._dashboard"}
    patterns = options["package-data"]["partialjson._dashboard"]
    shipped = {path for pattern in patterns for path in RECORDING.parent.glob(pattern)}
    assert shipped >= {RECORDING, *RECORDING.parent.joinpath("page").iterdir()}
