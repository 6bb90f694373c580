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


@pytest.mark.parametrize("width", [1280, 768, 360])
def test_nothing_jumps(dashboard, width):
    page = dashboard()
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(page.url + "rate=1000&start")
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
        page = dashboard("start", at=at_endpoint)
        state(page, "error")
        expect(page.get_by_role("alert")).to_contain_text("The answer broke")


# --- it goes wrong --------------------------------------------------------------------------------


def test_a_cut_shows_nothing_twice(dashboard):
    page = dashboard("rate=1000&fault=cut")
    page.evaluate(SPOKEN)
    start(page)
    state(page, "done")
    the_whole_document(page)
    spoken = page.evaluate("() => window.spoken")
    assert "Connection to the model lost, asked again; nothing shown twice." in spoken


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
    expect(page.locator("#live-view [data-invalid=true].text")).to_have_count(1)


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
