"""The dashboard in a real browser: it fills early, in frames, once, as text, and for everybody."""

from __future__ import annotations

import copy
import re
from itertools import pairwise

import pytest
from browser_support import LONG, axe_found, serving
from fault_server import head
from fault_server import serving as scripted

from examples.dashboard.app import make_app
from examples.dashboard.generations import Endpoint
from examples.dashboard.make_recording import DOCUMENT, RECORDING, recording
from examples.dashboard.upstream import EVENT, content_of

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

SHIPS = DOCUMENT["ships"]
SHIFT = 0.02  # what counts as "nothing jumps"
LATE = 50  # milliseconds: the script waits for a frame for twice as long
FASTEST = 6  # the fastest place of the slider
WRONG = "Row 7, tonnes: Input should be a valid integer, unable to parse string as an integer."
MARKUP = "<img src=x onerror='window.hacked=1'>"

COUNT_COMMITS = """() => {
  window.commits = [];
  let frame = 0;
  const next = () => { frame += 1; requestAnimationFrame(next); };
  requestAnimationFrame(next);
  const changes = { subtree: true, childList: true, characterData: true, attributes: true };
  new MutationObserver(() => window.commits.push([frame, performance.now()]))
    .observe(document.querySelector("#live-view"), changes);
}"""
SHOWN = """() => Object.fromEntries(
  [...document.querySelectorAll("#live-view [data-pointer]")]
    .filter((node) => node.textContent)
    .map((node) => [node.dataset.pointer, node.textContent.trim()]))"""
SPOKEN = """() => {
  window.spoken = [];
  const said = ({ addedNodes }) => [...addedNodes].map((one) => one.data);
  new MutationObserver((records) => window.spoken.push(...records.flatMap(said)))
    .observe(document.querySelector("#status"), { childList: true });
}"""
LATE_FRAMES = """
  const real = window.requestAnimationFrame.bind(window);
  window.requestAnimationFrame = (call) => setTimeout(() => real(call), 300);"""
CROWDED = """() => {
  const all = [...document.querySelectorAll(".controls :is(button, .field *)")];
  const boxes = all.map((one) => one.getBoundingClientRect());
  const beside = (a, b) => a.right <= b.left || a.bottom <= b.top;
  const meet = (a, b) => !beside(a, b) && !beside(b, a);
  const cut = (one) => one.scrollWidth > one.clientWidth || one.scrollHeight > one.clientHeight;
  return all.filter((one, at) => (one.matches("button") && cut(one))
    || boxes.some((box, other) => other !== at && meet(box, boxes[at]))).map((one) => one.id);
}"""


@pytest.fixture(scope="module")
def url():
    with serving(make_app(), timeout_graceful_shutdown=1) as url:
        yield url


@pytest.fixture
def dashboard(page, url):
    """Opens the dashboard with the settings of its address."""

    def open_it(settings="", at=url):
        page.goto(f"{at}/?{settings}")
        return page

    return open_it


def at(page, pointer, view="live"):
    return page.locator(f'#{view}-view [data-pointer="{pointer}"]')


def state(page, name):
    expect(page.locator("html")).to_have_attribute("data-state", name, timeout=LONG * 1000)


def start(page):
    page.get_by_role("button", name="Start").click()


def stop(page):
    page.get_by_role("button", name="Stop").click()


def held(page):
    """Requests that begin a generation; each goes on when the test says so."""
    waiting = []
    page.route("**/generations", lambda route: waiting.append(route))  # noqa: PLW0108 - inspected
    return waiting


def finish(page):
    """Let a model that holds go on, as fast as it can, up to the end."""
    page.locator("#rate").fill(str(FASTEST))
    state(page, "done")


def as_shown(value):
    return f"{value:,}" if isinstance(value, int | float) else value


def expected():
    """The text at each pointer that the page has a place for."""
    yield from ((f"/{name}", DOCUMENT[name]) for name in ("title", "summary", "note"))
    yield "/water/name", DOCUMENT["water"]["name"]
    for row, metric in enumerate(DOCUMENT["metrics"]):
        for name in ("name", "value", "unit", "note"):
            if metric[name] != "":
                yield f"/metrics/{row}/{name}", as_shown(metric[name])
        arrow = "▲" if metric["change"] > 0 else "▼"
        yield f"/metrics/{row}/change", f"{arrow} {abs(round(metric['change'] * 100, 1)):g}%"
    for row, ship in enumerate(SHIPS):
        for name, value in ship.items():
            yield f"/ships/{row}/{name}", as_shown(value)


def the_whole_document(page):
    assert page.evaluate(SHOWN) == dict(expected())
    rows = page.locator("#live-view tbody tr:not([hidden])")
    expect(rows).to_have_count(len(SHIPS))
    names = page.locator("#live-view td.c-ship").all_inner_texts()
    assert names == [ship["ship"] for ship in SHIPS]


# --- it fills -------------------------------------------------------------------------------------


def test_the_page_is_laid_out_before_the_first_token(dashboard):
    page = dashboard()
    expect(page.locator("#live-view .card")).to_have_count(6)
    expect(page.locator("#live-view tbody tr")).to_have_count(14)
    expect(page.locator("#live-view .bars").first).to_have_attribute("aria-hidden", "true")
    assert page.evaluate(SHOWN) == {}


def test_the_first_card_is_there_before_the_model_has_written_a_fifth(dashboard):
    page = dashboard("hold=0.15&start")
    expect(at(page, "/metrics/0/value")).to_have_text("14")
    tokens = page.locator("#m-tokens")
    expect(tokens).not_to_have_text("–")
    written, total = (int(one.replace(",", "")) for one in tokens.inner_text().split(" / "))
    assert written < total / 5
    state(page, "open")


def test_at_the_end_the_page_is_the_document(dashboard):
    page = dashboard("rate=1000&start")
    state(page, "done")
    the_whole_document(page)


@pytest.mark.parametrize("chunks", ["character", "kilobyte", "random"])
def test_it_is_the_document_however_it_is_cut(dashboard, chunks):
    page = dashboard(f"rate=1000&chunks={chunks}&start")
    state(page, "done")
    the_whole_document(page)


def test_the_row_in_flight_is_told_from_those_that_are_settled(dashboard):
    page = dashboard("rate=1000&hold=0.7&start")
    rows = page.locator("#live-view tbody tr")
    expect(page.locator('#live-view tr[data-state="open"]')).to_have_count(1)
    states = [row.get_attribute("data-state") for row in rows.all()]
    closed = states.index("open")
    assert states == ["closed"] * closed + ["open"] + ["waiting"] * (len(SHIPS) - closed - 1)


def test_a_frame_has_one_commit_at_most(dashboard):
    page = dashboard("hold=0&start")
    state(page, "open")
    page.evaluate(COUNT_COMMITS)
    finish(page)
    commits = page.evaluate("() => window.commits")
    assert len(commits) > 10
    pairs = [(one, other) for one, other in pairwise(commits) if one[0] == other[0]]
    assert all(other[1] - one[1] > LATE for one, other in pairs)  # no frame came, so a timer did


@pytest.mark.parametrize("beside", ["", "&compare", "&raw", "&compare&raw"])
@pytest.mark.parametrize("width", [1280, 768, 360])
def test_nothing_jumps(dashboard, page, width, beside):
    page.set_viewport_size({"width": width, "height": 900})
    dashboard(f"rate=1000{beside}&start")
    state(page, "done")
    assert float(page.locator("#m-shift").inner_text()) < SHIFT
    assert page.evaluate("() => Number(document.documentElement.dataset.shift ?? 0)") < SHIFT


@pytest.mark.parametrize("moment", ["", "rate=1000&hold=0.7&start", "rate=1000&start&compare"])
def test_a_small_screen_does_not_scroll_sideways(dashboard, moment):
    page = dashboard()
    page.set_viewport_size({"width": 360, "height": 640})
    page.goto(page.url + moment)
    if moment:
        expect(page.locator('#live-view tr[data-state="closed"]').first).to_be_visible()
    assert page.evaluate("() => document.documentElement.scrollWidth") == 360


def test_a_model_elsewhere_fills_it_too(dashboard):
    answer = [head(content_length=str(RECORDING.stat().st_size)) + RECORDING.read_bytes()]
    with scripted(answer) as model:
        endpoint = Endpoint(model.url, "example/owl", "sk-secret")
        with serving(make_app(endpoint), timeout_graceful_shutdown=1) as at_endpoint:
            page = dashboard(at=at_endpoint)
            expect(page.locator("#asked")).to_have_text("example/owl")
            expect(page.locator("#rate")).to_be_hidden()
            start(page)
            state(page, "done")
            the_whole_document(page)


def test_a_model_that_cannot_be_reached_is_an_alert(dashboard):
    endpoint = Endpoint("http://127.0.0.1:9/", "example/owl")
    with serving(make_app(endpoint), timeout_graceful_shutdown=1) as at_endpoint:
        page = dashboard(at=at_endpoint)
        start(page)
        state(page, "error")
        alert = page.get_by_role("alert")
        expect(alert).to_contain_text("The answer broke")
        expect(alert).not_to_contain_text("What was shown stays")


def test_an_address_does_not_ask_a_model_that_costs_money(dashboard):
    with scripted([head() + RECORDING.read_bytes()]) as model:
        endpoint = Endpoint(model.url, "example/owl")
        with serving(make_app(endpoint), timeout_graceful_shutdown=1) as at_endpoint:
            page = dashboard("start", at=at_endpoint)
            state(page, "ready")
    assert model.requests == []


def test_the_drawer_is_what_the_model_wrote_however_late_a_frame_is(dashboard, page):
    page.add_init_script(LATE_FRAMES)
    dashboard("rate=1000&raw&start")
    state(page, "done")
    events = EVENT.findall(RECORDING.read_bytes())
    written = "".join(content_of(event)[0] for event in events)
    assert page.locator("#raw").text_content().replace("↵", "\n") == written


def test_the_wire_is_what_the_document_takes(dashboard, page):
    with page.expect_request("**/events") as feed:
        dashboard("rate=1000&start")
    state(page, "done")
    again = page.request.get(feed.value.url, headers={"Last-Event-ID": "0"})
    told = again.body().split(b"\n\n")[:-1]
    assert any(message.startswith(b"event: log\n") for message in told)
    size = sum(len(message) + 2 for message in told if not message.startswith(b"event: log\n"))
    expect(page.locator("#m-bytes")).to_have_text(f"{size / 1024:.1f} KB")


def test_tabs_run_beside_each_other(page, url):
    tabs = [page.context.new_page() for _ in range(4)]
    for tab in tabs:
        tab.goto(f"{url}/?rate=1000&hold=0.6&start")
        expect(at(tab, "/ships/0/ship")).to_have_text(SHIPS[0]["ship"])
    stop(tabs[0])
    state(tabs[0], "stopped")


# --- a person at the controls ---------------------------------------------------------------------


def test_a_double_click_begins_one_generation(dashboard):
    page = dashboard("rate=1000&hold=0.6")
    waiting = held(page)
    page.get_by_role("button", name="Start").dblclick()
    state(page, "starting")
    assert len(waiting) == 1
    waiting[0].continue_()
    expect(at(page, "/ships/0/ship")).to_have_text(SHIPS[0]["ship"])
    assert len(waiting) == 1


def test_a_restart_ends_the_generation_before_it(dashboard):
    page = dashboard("rate=1000&hold=0.6&start")
    expect(at(page, "/ships/0/ship")).to_have_text(SHIPS[0]["ship"])
    with page.expect_response("**/stop") as ended:
        page.get_by_role("button", name="Restart").click()
    assert ended.value.json()["state"] == "client left"
    expect(at(page, "/ships/0/ship")).to_have_text(SHIPS[0]["ship"])
    state(page, "open")


def test_a_stop_counts_before_the_generation_has_a_name(dashboard):
    page = dashboard("rate=1000")
    waiting = held(page)
    start(page)
    stop(page)
    state(page, "stopped")
    with page.expect_response("**/stop") as ended:
        waiting[0].continue_()
    assert ended.value.ok
    state(page, "stopped")


def test_a_server_that_is_gone_is_said_once_and_breaks_nothing(dashboard):
    notice = "#notice-told"
    with serving(make_app(), timeout_graceful_shutdown=1) as soon_gone:
        page = dashboard("rate=1000&hold=0.6&start", soon_gone)
        expect(at(page, "/ships/0/ship")).to_have_text(SHIPS[0]["ship"])
        page.evaluate(SPOKEN)
    state(page, "reconnecting")
    page.locator("#rate").fill("1")
    expect(page.locator(notice)).to_contain_text("could not be told of the rate")
    stop(page)
    state(page, "stopped")
    expect(page.locator(notice)).to_contain_text("The server could not be told")
    expect(at(page, "/ships/0/ship")).to_have_text(SHIPS[0]["ship"])
    spoken = page.evaluate("() => window.spoken")
    assert spoken.count("Connection to the server lost, trying again.") == 1
    start(page)
    expect(page.get_by_role("alert")).to_contain_text("It could not be started.")


def test_whoever_stops_by_keyboard_stands_at_start(dashboard):
    page = dashboard("rate=1000&hold=0.6&start")
    expect(at(page, "/ships/0/ship")).to_have_text(SHIPS[0]["ship"])
    page.locator("#stop").press("Enter")
    state(page, "stopped")
    expect(page.locator("#start")).to_be_focused()


@pytest.mark.parametrize("size", [(1280, 900), (768, 900), (640, 360), (360, 640), (320, 640)])
def test_controls_have_room_on_every_screen(dashboard, page, size):
    page.set_viewport_size(dict(zip(("width", "height"), size, strict=True)))
    dashboard("hold=0&start")
    state(page, "open")
    assert page.evaluate(CROWDED) == []


def test_a_low_screen_is_left_to_the_document(dashboard, page):
    page.set_viewport_size({"width": 1280, "height": 360})
    dashboard("raw")
    expect(page.locator(".dock")).not_to_be_in_viewport()
    page.locator(".dock").scroll_into_view_if_needed()
    expect(page.locator(".top")).not_to_be_in_viewport()


# --- it goes wrong --------------------------------------------------------------------------------


def test_a_cut_shows_nothing_twice(dashboard):
    page = dashboard("rate=1000&fault=cut")
    page.evaluate(SPOKEN)
    start(page)
    state(page, "done")
    the_whole_document(page)
    spoken = page.evaluate("() => window.spoken")
    assert "Connection to the model lost, asked again; nothing shown twice." in spoken


def test_a_model_that_is_busy_at_first_is_asked_again(dashboard):
    busy = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 4\r\nRetry-After: 1\r\n\r\nbusy"
    answer = [head(content_length=str(RECORDING.stat().st_size)) + RECORDING.read_bytes()]
    with scripted([busy], answer) as model:
        endpoint = Endpoint(model.url, "example/owl")
        with serving(make_app(endpoint), timeout_graceful_shutdown=1) as at_endpoint:
            page = dashboard(at=at_endpoint)
            page.evaluate(SPOKEN)
            start(page)
            state(page, "done")
            spoken = page.evaluate("() => window.spoken")
    assert "The model refused (status 503: busy), asked again." in spoken


def test_a_reconnect_shows_nothing_twice(dashboard):
    page = dashboard("rate=1000&hold=0.6&start")
    expect(at(page, "/ships/0/ship")).to_have_text(SHIPS[0]["ship"])
    with page.expect_response(lambda answer: answer.url.endswith("/events")) as again:
        page.get_by_role("button", name="Reconnect").click()
    assert int(again.value.request.headers["last-event-id"]) > 1
    expect(page.locator("#notice-told")).to_contain_text("from where it left off")
    finish(page)
    the_whole_document(page)


def test_a_stop_is_seen_by_the_model_and_shown(dashboard):
    page = dashboard("rate=1000&hold=0.6&start")
    expect(at(page, "/ships/0/ship")).to_have_text(SHIPS[0]["ship"])
    page.get_by_role("button", name="Stop").click()
    state(page, "stopped")
    told = re.compile(r"wrote \d+ of \d+ tokens and ended \(client left\), \d+ ms after")
    expect(page.locator("#notice-told")).to_have_text(told)
    expect(at(page, "/ships/0/ship")).to_have_text(SHIPS[0]["ship"])
    expect(page.locator("#live-view [aria-busy=true]")).to_have_count(0)


def test_garbage_is_an_alert_and_what_was_shown_stays(dashboard):
    page = dashboard("rate=1000&fault=garbage&start")
    state(page, "error")
    expect(page.get_by_role("alert")).to_contain_text("expected a value, got 'I'")
    expect(at(page, "/ships/0/ship")).to_have_text(SHIPS[0]["ship"])
    expect(page.locator('#live-view .ships[data-state="cut"]')).to_have_count(1)


def test_a_value_that_is_not_of_its_type_is_marked_and_explained(dashboard):
    page = dashboard("rate=1000&start")
    state(page, "done")
    cell = at(page, "/ships/6/tonnes")
    expect(cell).to_have_attribute("data-invalid", "true")
    expect(cell).to_have_accessible_description(WRONG)
    expect(page.locator("#live-view [data-pointer][data-invalid=true]")).to_have_count(1)


def test_whatever_is_not_of_its_type_is_marked_or_listed(dashboard):
    def change(document):
        document["summary"] = 5
        document["metrics"][1]["value"] = "many"
        document["water"]["points"][3]["v"] = "low"

    with hostile(change) as at_hostile:
        page = dashboard("rate=1000&start", at_hostile)
        state(page, "done")
        listed = page.get_by_role("list", name="Not of their type").get_by_role("listitem")
        places = [text.partition(":")[0] for text in listed.all_inner_texts()]
        assert places == ["Summary", "Metrics 2, value", "Water, points 4, v"]
        told = re.compile("^Metrics 2, value: Input should be")
        expect(at(page, "/metrics/1/value")).to_have_accessible_description(told)
        expect(at(page, "/summary")).to_have_attribute("data-invalid", "true")
        expect(at(page, "/ships/6/tonnes")).to_have_accessible_description(WRONG)
        dot, width = page.evaluate(
            "() => [Number(document.querySelector('#live-view .dot').getAttribute('cx')),"
            " document.querySelector('#live-view .canvas').clientWidth]"
        )
        assert dot == pytest.approx(width - 16, abs=0.1)  # each point has its own place


def test_a_complete_page_waits_for_nothing(dashboard):
    def change(document):
        document["note"] = None
        del document["title"], document["ships"][2]["cargo"], document["metrics"][3:]
        document["metrics"][1]["note"] = None

    with hostile(change) as at_hostile:
        page = dashboard("rate=1000&start", at_hostile)
        state(page, "done")
        for pointer in ("/note", "/title", "/ships/2/cargo", "/metrics/1/note"):
            expect(at(page, pointer)).to_have_text("–")
        expect(page.locator("#live-view .card:visible")).to_have_count(3)
        expect(page.locator("#live-view .bars:visible")).to_have_count(0)


def test_parts_that_are_not_what_they_should_be_break_nothing(dashboard):
    def change(document):
        document |= {"metrics": "none", "water": None, "ships": None}

    with hostile(change) as at_hostile:
        page = dashboard("rate=1000&start", at_hostile)
        state(page, "done")
        expect(page.locator("#live-view .bars:visible")).to_have_count(0)
        chart = page.locator("#live-view").get_by_role("img")
        expect(chart).to_have_accessible_name("A chart without readings")


def test_more_than_was_reserved_is_shown_and_gone_with_the_next_generation(dashboard):
    def change(document):
        document["metrics"] += document["metrics"][:2]
        document["ships"] += document["ships"][:3]
        document["water"]["points"] += document["water"]["points"][:6]

    with hostile(change) as at_hostile:
        page = dashboard("rate=1000&start", at_hostile)
        state(page, "done")
        cards, rows = page.locator("#live-view .card:visible"), page.locator("#live-view tbody tr")
        expect(cards).to_have_count(8)
        expect(rows.locator("visible=true").last).to_contain_text(SHIPS[2]["ship"])
        expect(rows).to_have_count(len(SHIPS) + 3)
        held(page)
        start(page)
        expect(cards).to_have_count(6)
        expect(page.locator("#live-view tbody tr:visible")).to_have_count(len(SHIPS))


# --- beside a page that parses at the end ---------------------------------------------------------


def test_a_page_that_parses_at_the_end_shows_nothing_until_then(dashboard):
    page = dashboard("rate=1000&hold=0.7&start&compare")
    expect(at(page, "/ships/0/ship")).to_be_visible()
    expect(at(page, "/title", "plain")).to_be_hidden()
    expect(page.locator("#wait-title")).to_have_text("Waiting for the whole answer")
    finish(page)
    expect(at(page, "/title", "plain")).to_have_text(DOCUMENT["title"])
    expect(at(page, "/title", "plain")).to_be_visible()


def test_a_page_that_parses_at_the_end_has_nothing_of_a_cut_answer(dashboard):
    page = dashboard("rate=1000&fault=cut&start&compare")
    state(page, "done")
    expect(page.locator("#wait-title")).to_have_text("Nothing to show")
    expect(at(page, "/title", "plain")).to_be_hidden()


# --- what a model may write -----------------------------------------------------------------------


def hostile(change):
    document = copy.deepcopy(DOCUMENT)
    change(document)
    app = make_app(recording=recording(document))
    return serving(app, timeout_graceful_shutdown=1)


def test_markup_in_a_document_stays_text(dashboard):
    def change(document):
        document["title"] = document["note"] = document["water"]["name"] = MARKUP
        document["water"]["points"][0]["t"] = document["metrics"][0]["unit"] = MARKUP
        for ship in document["ships"]:
            ship["ship"] = ship["tonnes"] = "</script><script>window.hacked=1</script>"

    with hostile(change) as at_hostile:
        page = dashboard("rate=1000&raw&start", at_hostile)
        state(page, "done")
        expect(at(page, "/title")).to_have_text(MARKUP)
        assert page.locator("main img, main script").count() == 0
        assert page.evaluate("() => window.hacked") is None


def test_a_name_that_reaches_into_prototypes_ends_it_and_changes_nothing(dashboard):
    def change(document):
        document["__proto__"] = {"hacked": 1}

    with hostile(change) as at_hostile:
        page = dashboard("rate=1000&start", at_hostile)
        state(page, "error")
        expect(page.get_by_role("alert")).to_contain_text("refused")
        expect(at(page, "/title")).to_have_text(DOCUMENT["title"])
        assert page.evaluate("() => ({}).hacked") is None


def test_the_page_asks_nobody_else_and_keeps_its_own_policy(dashboard, page, url):
    asked, complaints = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda said: complaints.append(said.text))
    dashboard("rate=1000&start&raw&compare")
    state(page, "done")
    assert {address.startswith(url) for address in asked} == {True}
    assert complaints == []


# --- for everybody --------------------------------------------------------------------------------


def test_only_boundaries_are_spoken(dashboard):
    page = dashboard("rate=1000")
    page.evaluate(SPOKEN)
    start(page)
    state(page, "done")
    expect(page.locator("#status")).to_have_text("Done")
    spoken = page.evaluate("() => window.spoken")
    assert spoken == ["Generation started", f"Table complete, {len(SHIPS)} rows", "Done"]


def test_the_same_words_are_spoken_again(dashboard):
    page = dashboard("hold=0")
    page.evaluate(SPOKEN)
    for _ in range(2):
        start(page)
        state(page, "open")
    assert page.evaluate("() => window.spoken") == ["Generation started"] * 2


def test_a_panel_is_busy_until_it_closes(dashboard):
    page = dashboard("rate=1000&hold=0.7&start")
    expect(page.locator('#live-view tr[data-state="open"]')).to_have_count(1)
    busy = page.locator("#live-view [aria-busy=true]")
    names = [panel.get_attribute("class") for panel in busy.all()]
    assert names == ["panel ships", "panel note"]
    finish(page)
    expect(busy).to_have_count(0)


def test_the_chart_is_told_in_words_when_it_is_drawn(dashboard):
    page = dashboard("rate=1000&start")
    state(page, "done")
    points = DOCUMENT["water"]["points"]
    chart = page.locator("#live-view").get_by_role("img")
    label = chart.get_attribute("aria-label")
    assert label.startswith(f"{DOCUMENT['water']['name']}: {len(points)} readings")
    assert f"highest {max(point['v'] for point in points)} m" in label


def test_a_chart_that_is_not_drawn_yet_says_how_far_it_is(dashboard):
    page = dashboard("rate=1000&hold=0.35")
    chart = page.locator("#live-view").get_by_role("img")
    expect(chart).to_have_accessible_name("A chart that waits for its readings")
    start(page)
    drawn = re.compile(rf"^{DOCUMENT['water']['name']}, drawn up to \d\d:00$")
    expect(chart).to_have_accessible_name(drawn)
    stop(page)
    expect(chart).to_have_accessible_name(re.compile(r"^Not finished\. .* readings from 00:00"))


def test_nothing_moves_for_those_who_want_it_so(dashboard, page):
    page.emulate_media(reduced_motion="reduce")
    dashboard("rate=1000&hold=0.7&start")
    expect(page.locator('#live-view tr[data-state="open"]')).to_have_count(1)
    assert page.evaluate("() => document.getAnimations().length") == 0


def test_the_theme_can_be_chosen_and_is_kept(dashboard, page):
    page.emulate_media(color_scheme="light")
    dashboard()
    light = page.evaluate("() => getComputedStyle(document.body).backgroundColor")
    page.get_by_role("button", name="Change between light and dark").click()
    page.reload()
    dark = page.evaluate("() => getComputedStyle(document.body).backgroundColor")
    assert light != dark


MOMENTS = {
    "ready": ("", "ready"),
    "mid-way": ("rate=1000&hold=0.7&start&raw", "open"),
    "done": ("rate=1000&start", "done"),
    "beside": ("rate=1000&start&compare&fault=cut", "done"),
    "broken": ("rate=1000&start&fault=garbage", "error"),
}


LOOKS = [("light", 1280), ("dark", 1280), ("light", 360), ("dark", 360)]


@pytest.mark.parametrize("look", LOOKS, ids=str)
@pytest.mark.parametrize("moment", MOMENTS)
def test_axe_finds_nothing(dashboard, page, npm, moment, look):
    (settings, name), (theme, width) = MOMENTS[moment], look
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=theme, reduced_motion="reduce")
    dashboard(settings)
    state(page, name)
    if name == "open":
        expect(page.locator('#live-view tr[data-state="open"]')).to_have_count(1)
    assert axe_found(page, npm) == []
