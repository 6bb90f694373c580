"""The page of the tutorial in a real browser, by the very text that its reader copies."""

from __future__ import annotations

import json
from importlib.resources import files

import pytest
from browser_support import defined, serving
from test_docs import DOCS

from partialjson import stream

pytestmark = pytest.mark.browser

BOARD = DOCS / "tutorial-dashboard.md"
STEADY = (
    "window.shift = 0; new PerformanceObserver((list) => { for (const one of list.getEntries()) "
)
STEADY += "window.shift += one.value; }).observe({ type: 'layout-shift', buffered: true });"


@pytest.fixture
def board():
    return defined(BOARD, "app")


@pytest.fixture
def week():
    recording = files("partialjson").joinpath("demo.sse").read_bytes()
    with stream(recording, provider="openrouter") as whole:
        for _ in whole:
            pass
    return whole.result


def test_cards_are_there_before_the_first_token_and_settle_one_by_one(board, week, page):
    board["PACE"] = 0.005
    page.add_init_script(STEADY)
    with serving(board["app"]) as url:
        page.goto(url)
        assert page.locator("article").count() == 3
        page.wait_for_function("document.querySelectorAll('article[aria-busy=false]').length === 1")
        assert page.locator("#state").inner_text() == "open"
        page.wait_for_function("document.getElementById('state').textContent === 'complete'")
        assert page.locator("h1").inner_text() == week["title"]
        assert page.locator("#summary").inner_text() == week["summary"]
        shown = page.locator("article h2").all_inner_texts()
        assert shown == [metric["name"] for metric in week["metrics"]]
        assert page.locator("[aria-busy=true]").count() == 0
        assert page.evaluate("window.shift") < 0.02


def test_a_stop_reaches_the_model_and_the_page_says_so(board, page, capsys):
    board["PACE"] = 0.02
    with serving(board["app"]) as url:
        page.goto(url)
        page.wait_for_function("document.querySelector('h1').textContent.length > 3")
        page.locator("#stop").click()
        page.wait_for_function("document.getElementById('state').textContent === 'cancelled'")
        assert page.locator("[aria-busy=true]").count() == 0
    sent, _, whole = capsys.readouterr().out.split("the model wrote ")[1].split()[:3]
    assert int(sent) < int(whole)


def test_a_reload_shows_the_same_week_and_a_reconnect_nothing_twice(board, week, page):
    board["PACE"] = 0.01
    with serving(board["app"]) as url:
        page.goto(url)
        page.wait_for_function("document.querySelectorAll('article[aria-busy=false]').length === 1")
        page.locator("#again").click()
        page.reload()
        page.wait_for_function("document.getElementById('state').textContent === 'complete'")
        shown = page.locator("article").all_inner_texts()
    values = [json.dumps(metric["value"]) for metric in week["metrics"]]
    assert [text.split()[-1] for text in shown] == values
