"""The benchmarks' own parts: shapes, ratios, gates; without a clock, and without the peers."""

from __future__ import annotations

import json
from itertools import count

import pytest

from benchmarks import peers, shapes
from benchmarks.comparisons import SAMPLES, flatness
from benchmarks.gates import GATES, Gate, Verdict
from benchmarks.honesty import first_difference
from benchmarks.measure import Job, Spread, interleave, ratio
from benchmarks.report import table_lines, verdict_line
from benchmarks.tables import TABLES, Cell, Table, affordable
from partialjson import LiveValue

QUICK = [name for name in shapes.SHAPES if name != "X"]


@pytest.mark.parametrize("name", QUICK)
def test_a_shape_is_valid_json_of_the_size_it_names(name):
    text = shapes.text(name)
    json.loads(text)
    assert len(text) == pytest.approx(shapes.SHAPES[name].size, rel=0.05)


@pytest.mark.parametrize("name", QUICK)
def test_a_shape_is_the_same_each_time_it_is_built(name):
    build = shapes.SHAPES[name].build
    assert build() == build()


def test_longer_records_begin_as_shorter_ones():
    short, long = shapes.records(2_000, seed=7), shapes.records(9_000, seed=7)
    assert long.startswith(short[:-1])
    assert 9_000 <= len(long) < 10_000
    assert shapes.records(2_000, 7, ascii_only=True).isascii()


@pytest.mark.parametrize("name", QUICK)
def test_a_shape_holds_what_it_is_described_by(name):
    text = shapes.text(name)
    wide = max(text) > "\uffff"
    assert wide == (name in "SL")
    assert ("\\n" in text) == (name in "SLAT")
    assert ("\\ud83d" in text) == (name in "LA")


@pytest.mark.parametrize("size", [1, 4, 64, None])
def test_pieces_join_to_the_text(size):
    text = shapes.text("S")
    parts = shapes.pieces(text, size)
    assert "".join(parts) == text
    assert all(len(part) == (size or len(text)) for part in parts[:-1])


def test_a_round_gives_one_figure_a_job_and_the_ratio_is_their_median():
    steps = count()

    def clock():
        return next(steps) / 10  # each job takes a tenth of a second, whatever it does

    jobs = [Job("one", list), Job("half", list, units=2)]
    costs = interleave(jobs, 3, clock=clock)
    assert costs["one"] == pytest.approx([0.1] * 3)
    assert costs["half"] == pytest.approx([0.05] * 3)
    assert ratio(costs, "one", "half").middle == pytest.approx(2)


def test_a_spread_is_the_median_with_its_ends():
    assert Spread.of([3.0, 1.0, 10.0]) == Spread(3.0, 1.0, 10.0)
    assert ratio({"a": [2.0, 9.0, 4.0], "b": [1.0, 3.0, 4.0]}, "a", "b") == Spread(2.0, 1.0, 3.0)


def test_flatness_counts_what_was_fed():
    steps = count()
    size = 40_000  # one stride of the long text, and four readings of the short one after it
    figure = flatness(LiveValue, size, 2, collector=False, clock=lambda: next(steps))
    long, short = (len(shapes.pieces(shapes.records(n, 7), 4)) for n in (size, 16_384))
    assert figure.middle == pytest.approx((1 / long) / (4 / (4 * short)))


PROMISED = {
    "jiter parsing again / LiveValue": {"S": 1.1, "M": 5, "L": 150, "T": 35},
    "LiveValue / json.loads, whole": {"L": 1.3, "A": 1.3, "X": 1.3, "T": 1.3, "S": 2},
    "LiveValue in 64 KB chunks": {"L": 2, "A": 2, "X": 2, "T": 2.5},
    "cost of a delta, 5 MB / 16 KB of records, collector off": {"X": 1.15},
    "peak memory, LiveValue / buffer + join + json.loads, 64 KB": {"X": 0.6},
    "peak memory, LiveValue / buffer + join + json.loads, 4-char": {"X": 0.6},
    "Parser / LiveValue, 4 characters": {"S": 2, "M": 2, "L": 2, "T": 2},
}


def test_every_promised_limit_is_a_gate_and_no_other_asks_anything():
    limits = {
        name: {
            gate.shape: gate.at_least or gate.at_most
            for gate in GATES
            if gate.name.startswith(name)
        }
        for name in PROMISED
    }
    assert limits == PROMISED
    asked = [gate for gate in GATES if gate.limit != "–"]
    assert len(asked) == sum(map(len, PROMISED.values()))
    assert all(gate.shape in shapes.SHAPES for gate in GATES)


@pytest.mark.parametrize(
    ("limits", "figure", "passed"),
    [
        ({"at_least": 5}, 5.0, True),
        ({"at_least": 5}, 4.9, False),
        ({"at_most": 1.15}, 1.15, True),
        ({"at_most": 1.15}, 1.16, False),
        ({}, 99.0, True),
    ],
)
def test_a_gate_judges_the_median(limits, figure, passed):
    verdict = Verdict(Gate("g", "S", lambda _: None, **limits), Spread(figure, 0.0, 100.0))
    assert verdict.passed is passed
    assert verdict_line(verdict).startswith("FAIL") is not passed
    assert verdict.as_json()["passed"] is passed


def test_a_table_is_printed_in_columns():
    table = Table("costs", ["S", "M"])
    table.put("first", "S", "1.2 us")
    table.put("other", "M", Cell(Spread(2.0, 1.5, 3.0), "~"))
    assert list(table_lines(table)) == [
        "",
        "costs",
        "              S           M",
        "  first  1.2 us            ",
        "  other          ~2 (1.5–3)",
    ]
    json.dumps(table.as_json())


@pytest.mark.parametrize("name", ["LiveValue", "Parser and .value", peers.RETURNED])
@pytest.mark.parametrize("size", [1, 4, None])
def test_our_contenders_give_what_json_gives(name, size):
    text = shapes.text("M")
    assert peers.VALUES[name]()(shapes.pieces(text, size)) == json.loads(text)


def test_a_peer_that_is_not_installed_leaves_a_gap():
    def missing():
        raise ImportError

    assert list(peers.available({"here": peers.live_value, "gone": missing})) == ["here"]


def test_a_contender_within_the_budget_reads_all_of_the_text():
    deltas = shapes.pieces(shapes.text("S"), 4)
    job, mark = affordable("LiveValue", peers.live_value(), "S", 4, deltas)
    assert (job.units, mark) == (len(deltas), "")
    assert SAMPLES >= 24


@pytest.mark.parametrize(
    ("want", "got", "difference"),
    [
        ({"a": [1, 2]}, {"a": [1, 2]}, ""),
        ({"a": [1, 2]}, {"a": [1, 2.0]}, "/a/1: 2.0 for 2"),
        ([1], [True], "/0: True for 1"),
        ([1, 2], [1], "/1: nothing for 2"),
        ({"a": 1}, {"b": 1}, ": names ['b'] for ['a']"),
        ("x", "y", ": 'y' for 'x'"),
    ],
)
def test_the_first_difference_is_named_with_its_place(want, got, difference):
    assert first_difference(want, got) == difference


def test_the_tables_answer_each_question_of_the_documentation():
    assert list(TABLES) == ["honesty", "values", "events", "finals", "flat", "memory"]
