"""The benchmarks' own parts: shapes, ratios, gates; without a clock, and without the peers."""

from __future__ import annotations

import json
import sys
from itertools import count

import pytest

from benchmarks import effort, groups, lengths, peers, shapes
from benchmarks.__main__ import arguments
from benchmarks.comparisons import flatness
from benchmarks.effort import BEGINNING, SAMPLED, SAMPLES, affordable
from benchmarks.environment import peers as required
from benchmarks.environment import project, set_aside
from benchmarks.gates import GATES, Gate, Verdict
from benchmarks.honesty import first_difference
from benchmarks.measure import Job, Spread, interleave, ratio
from benchmarks.peers.run import import_aside
from benchmarks.peers.values import live_value
from benchmarks.plot import legend
from benchmarks.report import table_lines, verdict_line
from benchmarks.table import Cell, Request, Table
from benchmarks.tables import differs, task
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


@pytest.mark.parametrize("label", shapes.DELTAS)
def test_deltas_join_to_the_text_and_are_the_same_each_time(label):
    text = shapes.text("M")
    deltas = shapes.DELTAS[label](text)
    assert "".join(deltas) == text
    assert deltas == shapes.DELTAS[label](text)


def test_a_token_has_1_to_8_characters_and_4_on_average():
    sizes = [len(delta) for delta in shapes.tokens(shapes.text("L"))]
    assert set(sizes) == set(range(1, 9))
    assert sum(sizes) / len(sizes) == pytest.approx(4.35, abs=0.1)


def test_a_round_gives_one_figure_a_job_and_the_ratio_is_their_median():
    steps = count()

    def clock():
        return next(steps) / 10  # each job takes a tenth of a second, whatever it does

    jobs = [Job("one", list), Job("half", list, units=2)]
    costs = interleave(jobs, 3, clock=clock)
    assert costs["one"] == pytest.approx([0.1] * 3)
    assert costs["half"] == pytest.approx([0.05] * 3)
    assert ratio(costs, "one", "half").middle == pytest.approx(2)


def test_work_that_is_timed_elsewhere_is_done_once_a_round_by_the_clock_from_there():
    done = []
    job = Job("there", lambda: done.append(0.5), units=5, clock=lambda: sum(done))
    assert interleave([job], 3)["there"] == pytest.approx([0.1] * 3)
    assert len(done) == 4  # the first one warms it up


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
    table.put("first", "S", Cell(Spread(1.2e-6, 1.2e-6, 1.2e-6), unit="s"))
    table.put("other", "M", Cell(Spread(2.0, 1.0, 3.0), "~"))
    table.notes.append("without the third")
    assert list(table_lines(table)) == [
        "",
        "costs",
        "",
        "              S   M",
        "  first  1.2 us    ",
        "  other          ~2",
        "  a cell's rounds lie 50% apart (median; at most 100%)",
        "  without the third",
    ]
    json.dumps(table.as_json())


def test_a_wide_table_goes_on_below():
    table = Table("costs", [f"column {number}" for number in range(20)])
    for column in table.columns:
        table.put("row", column, Cell(Spread(1234.5, 1234.5, 1234.5)))
    lines = list(table_lines(table))
    assert max(map(len, lines)) <= 102
    assert sum(line.split().count("1,234") for line in lines) == 20
    assert " ".join(lines).count("column 19") == 1


@pytest.mark.parametrize("name", ["LiveValue", "Parser and .value", peers.RETURNED])
@pytest.mark.parametrize("size", [1, 4, None])
def test_our_contenders_give_what_json_gives(name, size):
    text = shapes.text("M")
    assert peers.VALUES[name]()(shapes.pieces(text, size)) == json.loads(text)


def test_a_peer_that_is_not_installed_leaves_a_gap():
    def missing():
        raise ImportError

    assert list(peers.available({"here": live_value, "gone": missing})) == ["here"]


@pytest.mark.parametrize("task", [peers.VALUES, peers.EVENTS, peers.FINALS])
def test_the_first_contender_of_a_task_is_ours_and_always_here(task):
    assert next(iter(peers.available(task))) == next(iter(task)) in {"LiveValue", "Parser"}


def test_a_package_that_is_set_aside_hides_no_other(tmp_path, monkeypatch):
    package = tmp_path / "aside" / "their-project" / "partialjson"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("from .inner import name\n")
    (package / "inner.py").write_text("name = __name__\n")
    monkeypatch.setattr("sys.prefix", str(tmp_path))
    monkeypatch.setattr("sys.modules", {**sys.modules})
    assert import_aside("their-project", "partialjson").name == "aside_their_project.inner"
    assert sys.modules["partialjson"].LiveValue is LiveValue
    with pytest.raises(ImportError):
        import_aside("another", "partialjson")


def test_no_two_requirements_are_of_one_project():
    names = [project(requirement) for requirement in (*required(), *set_aside())]
    assert len(set(names)) == len(names)
    assert {"partialjson", "stream-json-repair"}.isdisjoint(map(project, required()))


def clock_of(read, seconds_per_character):
    """A clock that only reading moves."""
    return lambda: sum(read) * seconds_per_character


def test_a_contender_within_the_budget_reads_all_of_the_text():
    read = []
    deltas = shapes.pieces(shapes.text("L"), 4)
    job, mark = affordable("it", read_by(read), deltas, clock=clock_of(read, 1e-7))
    assert (job.units, mark) == (len(deltas), "")
    del read[:]
    job.work()
    assert sum(read) == len(shapes.text("L"))


def read_by(read):
    return lambda deltas: read.extend(map(len, deltas))


def test_a_slow_contender_reads_a_beginning_and_stands_for_its_share():
    read = []
    deltas = shapes.pieces(shapes.text("L"), 4)
    job, mark = affordable("it", read_by(read), deltas, clock=clock_of(read, 1e-5))
    assert mark == BEGINNING
    del read[:]
    job.work()
    assert sum(read) == 4_096  # the first of which four times the cost is above the budget
    assert job.units == pytest.approx(4_096 / 4, rel=1e-3)


def test_what_parses_again_is_sampled_and_counted_by_samples():
    parsed = []
    run = peers.Again(lambda text: parsed.append(len(text)))
    deltas = shapes.tokens(shapes.text("L"))
    job, mark = affordable("it", run, deltas, clock=clock_of(parsed, 1e-8))
    assert (job.units, mark) == (SAMPLES, SAMPLED)
    del parsed[:]
    job.work()
    assert len(parsed) == SAMPLES == 24
    assert parsed == sorted(parsed)
    assert sum(parsed) / SAMPLES == pytest.approx(len(shapes.text("L")) / 2, rel=0.1)


def test_what_parses_again_too_slowly_is_sampled_as_far_as_it_gets():
    parsed = []
    run = peers.Again(lambda text: parsed.append(len(text)))
    job, mark = affordable(
        "it", run, shapes.pieces(shapes.text("L"), 4), clock=clock_of(parsed, 1e-6)
    )
    assert (job.units, mark) == (SAMPLES, BEGINNING)
    del parsed[:]
    job.work()
    assert len(parsed) == SAMPLES
    assert max(parsed) == parsed[1] == parsed[-1] == 2_048


def test_what_parses_again_is_not_sampled_where_the_text_comes_in_few_pieces():
    parsed = []
    run = peers.Again(lambda text: parsed.append(len(text)))
    job, mark = affordable("it", run, (shapes.text("L"),), clock=clock_of(parsed, 1e-5))
    assert mark == BEGINNING
    assert job.units == pytest.approx(4_096 / len(shapes.text("L")))


def test_what_parses_again_gives_what_one_parse_of_all_gives():
    text = shapes.text("S")
    assert peers.Again(json.loads, str.encode)([text]) == json.loads(text)
    assert peers.Again(len)(["ab", "c"]) == 3
    assert peers.Again(len, str.encode)(["é", "c"]) == 3


def test_a_beginning_that_is_no_json_text_is_read_all_the_same():
    assert effort.beginning(("abc", "de", "f"), 4) == ("abc", "d")
    assert effort.cut_short(lambda: json.loads("[1")) is None


def test_a_task_is_one_table_without_deltas_that_are_longer_than_the_text(monkeypatch):
    monkeypatch.setattr("benchmarks.measure.ENOUGH", 0)
    monkeypatch.setattr("benchmarks.measure.BATCH", 0)
    contenders = {"ours": lambda: len, "theirs": lambda: len}
    (table,) = task("words", contenders, Request(1, "S", ["4", "4096", "whole"]))
    assert table.columns == ["S/4", "S/whole"]
    assert list(table.rows) == ["ours, one delta", "theirs"]
    assert all(list(row) == table.columns for row in table.rows.values())


def test_the_longest_shape_is_not_read_in_small_deltas():
    asked = [label for label in shapes.DELTAS if differs("X", label, ("a", "b"))]
    assert asked == ["64K", "whole"]


def test_an_exponent_is_the_slope_of_a_curve():
    squares = lengths.Curve("it", {length: 3e-9 * length**2 for length in (10, 100, 1_000)})
    assert squares.exponent == pytest.approx(2)
    assert lengths.Curve("it", {10: 1.0}).exponent is None


def test_a_contender_stops_before_the_text_that_exceeds_its_time():
    assert lengths.expected(lengths.Curve("it", {})) == 0
    assert lengths.expected(lengths.Curve("it", {1: 0.5})) == 2
    assert lengths.expected(lengths.Curve("it", {1: 0.5, 4: 8.0})) == 128


def test_the_legend_begins_with_the_slowest_and_has_an_exponent_for_each_panel():
    class Axis:
        def get_legend_handles_labels(self):
            return ["a line", "a dashed line"], ["fast", "slow"]

    fast = lengths.Curve("fast", {1_024: 2.0, 4_096: 8.0})
    slow = lengths.Curve("slow", {1_024: 1.0, 4_096: 16.0})
    assert legend(Axis(), {"records": [fast, slow], "one string": [fast, fast]}) == (
        ["a dashed line", "a line"],
        ["slow (2.00, 1.00)", "fast (1.00, 1.00)"],
    )


@pytest.mark.parametrize("build", lengths.TEXTS.values(), ids=list(lengths.TEXTS))
def test_a_text_has_the_length_that_it_is_asked_for(build):
    assert len(build(16_384)) == pytest.approx(16_384, rel=0.05)
    json.loads(build(16_384))


def test_a_run_is_narrowed_by_names_with_commas_between_them():
    options = arguments(["values", "--shapes", "S,X", "--deltas", "4,64K"])
    assert (options.tasks, options.shapes, options.deltas) == (["values"], ["S", "X"], ["4", "64K"])
    assert arguments([]).shapes == tuple(shapes.SHAPES)
    assert arguments(["targets", "--rows", "events,flat"]).rows == ["events", "flat"]


@pytest.mark.parametrize(
    "wrong",
    [
        ["--deltas", "5"],
        ["values", "--rows", "events"],
        ["targets", "--rows", "speed"],
        ["events", "--plots", "folder"],
        ["values", "typed"],
        ["speed"],
    ],
)
def test_what_there_is_not_is_no_run(wrong):
    with pytest.raises(SystemExit):
        arguments(wrong)


@pytest.mark.parametrize(("name", "group"), groups.GROUPS.items(), ids=groups.GROUPS)
def test_a_group_has_a_table_for_each_task_limits_and_peers(name, group):
    for wanted in {"bench-screen": ["jsonpatch", "playwright", "uvicorn"]}.get(name, ()):
        pytest.importorskip(wanted)
    module = group.load()
    assert tuple(module.TABLES) == group.tasks
    assert module.GATES
    assert required(name)
    assert {groups.group_of(task) for task in group.tasks} == {name}


def test_all_is_measured_but_the_targets_unless_something_is_named():
    assert arguments([]).tasks == [
        *("honesty", "values", "events", "finals", "lengths", "flat", "memory", "latency"),
        "imports",
    ]


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
