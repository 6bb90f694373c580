"""What the benchmarks measure beside values: targets, tails, imports, bars; and peers in Node."""

from __future__ import annotations

import json
import shutil
import sys
from itertools import count, pairwise
from pathlib import Path

import pytest

from benchmarks import goals, groups, imports, latency, node, peers, plot, shapes, targets
from benchmarks.effort import affordable
from benchmarks.gates import Gate, Verdict
from benchmarks.honesty import first_difference
from benchmarks.measure import Spread
from benchmarks.node.contenders import RereaderThere, There, last_value
from benchmarks.node.process import WORKER, Worker
from benchmarks.peers.values import live_value
from benchmarks.table import Cell, Request, Table
from partialjson import Fragments

LIMITS = {
    "jiter": {"S": "≥ 13", "M": "≥ 130", "L": "≥ 2,000", "T": "≥ 180", "N": "≥ 5,500"},
    "native": {"S": "≥ 3.5", "M": "≥ 4", "L": "≥ 4", "T": "≥ 4", "N": "≥ 4"},
    "nothing": {"S": "≤ 4", "M": "≤ 3", "L": "≤ 4", "T": "≤ 4", "N": "≤ 3"},
    "events": {"S": "≥ 2", "M": "≥ 2", "L": "≥ 2.5", "N": "≥ 1.5", "T": "≥ 2,000"},
    "finals": {"S": "≤ 1", "M": "≤ 1", "L": "≤ 1", "N": "≤ 1", "T": "≤ 1.1"},
    "whole": {
        "S": "≤ 0.55",
        "M": "≤ 0.55",
        "T": "≤ 0.55",
        "L": "≤ 0.75",
        "N": "≤ 0.7",
        "X bytes": "≤ 0.75",
    },
    "chunks": {"X ASCII": "≤ 0.8", "X emoji": "≤ 1"},
    "flat": {
        "X collector off": "0.85–1.15",
        "X collector on": "–",
        "X records": "≤ 1.05",
        "X one string": "≤ 1.05",
    },
    "memory": {"X 64 KB": "≤ 0.55", "X 4 characters": "≤ 0.55", "X dropped, MB": "≤ 5"},
    "typed": {"M": "≥ 5", "list of 16 KB": "≥ 20"},
    "snapshots": {"M µs": "≤ 0.5", "L µs": "≤ 1", "M / copy": "–", "L / copy": "–"},
}


def test_every_target_has_the_limit_that_is_aimed_at():
    found = {
        name: {gate.shape: gate.limit for gate in target.gates}
        for name, target in targets.TARGETS.items()
    }
    assert found == LIMITS
    assert tuple(found) == groups.ROWS


def test_a_figure_has_to_lie_between_two_limits():
    gate = Gate("flat", "X", lambda _: Spread.of([1.0]), at_least=0.85, at_most=1.15)
    figures = {0.8: False, 0.85: True, 1.0: True, 1.15: True, 1.2: False}
    assert {one: Verdict(gate, Spread.of([one])).passed for one in figures} == figures


def test_the_targets_that_are_asked_for_are_measured_and_counted(monkeypatch):
    rounds = []

    def gate(shape, figure, **limit):
        return Gate("it", shape, lambda n: rounds.append(n) or Spread.of([figure]), **limit)

    good, bad = gate("S", 2.0, at_least=1), gate("X bytes", 2.0, at_most=1)
    unasked = gate("M", 2.0, at_least=1)
    monkeypatch.setattr(targets, "core", "python")
    monkeypatch.setattr(
        targets, "TARGETS", {"it": targets.Target("it", [good, bad, unasked]), "other": None}
    )
    (table,) = targets.targets(Request(7, ["S", "X"], ["4"], rows=["it"]))
    assert rounds == [7, 7]
    assert table.rows["target"] == {"S": "≥ 1", "X bytes": "≤ 1"}
    assert table.rows["holds"] == {"S": "yes", "X bytes": "NO"}
    assert table.rows[peers.PLAIN]["S"] == Cell(Spread(2.0, 2.0, 2.0))
    assert table.notes == ["1 of 2 targets hold with the plain Python"]


def test_the_plain_core_is_there_beside_the_one_in_c(monkeypatch):
    monkeypatch.setattr("benchmarks.peers.values.core", "c")
    here = peers.available({name: peers.VALUES[name] for name in (peers.PLAIN_LIVE_VALUE,)})
    text = shapes.text("S")
    assert here[peers.PLAIN_LIVE_VALUE](shapes.pieces(text, 4)) == json.loads(text)
    monkeypatch.setattr("benchmarks.peers.values.core", "python")
    assert not peers.available({"it": peers.VALUES[peers.PLAIN_LIVE_VALUE]})


def test_what_is_compared_with_nothing_does_as_many_calls_and_keeps_nothing():
    assert goals.nothing(["a", "b"]) == 0


def test_records_that_are_dropped_are_read_to_the_end(monkeypatch):
    read = []
    monkeypatch.setattr(Fragments, "close", lambda self: read.append(self.parser.value))
    peers.ITEMS[peers.DROPPED]()(shapes.pieces(shapes.records(2_000, 7), 64))
    assert read == [[]]


def test_a_stamp_is_put_where_a_delta_is_asked_for():
    steps = count()
    read = []
    found = latency.stamps(read.extend, ("a", "b", "c"), clock=lambda: 10 * next(steps))
    assert read == ["a", "b", "c"]
    assert [after - before for before, after in pairwise(found)] == [10, 10, 10]


def test_a_share_is_the_least_cost_that_so_many_do_not_exceed():
    costs = list(range(1, 1_001))
    found = {name: latency.share(costs, part) for name, part in latency.SHARES.items()}
    assert found == {"p50": 500, "p99": 990, "p99.9": 999, "max": 1_000}
    assert latency.share([7], 0.5) == 7


def test_tails_are_measured_with_the_collector_and_without(monkeypatch):
    monkeypatch.setattr(latency, "VALUES", {"LiveValue": live_value})
    (table,) = latency.tails("S", rounds=1)
    assert list(table.rows) == ["LiveValue", latency.CLOCK]
    assert all(list(row) == table.columns for row in table.rows.values())
    assert len(table.columns) == 2 * len(latency.SHARES)


def test_an_import_is_one_of_a_process_of_its_own(tmp_path, monkeypatch):
    known = {"colorsys": "import colorsys", "none": "import no_such"}
    monkeypatch.setattr(imports, "IMPORTS", known)
    _, modules = imports.imported("colorsys", str(tmp_path))
    assert modules == 1
    assert imports.imported("none", str(tmp_path)) is None


@pytest.fixture
def worker(tmp_path):
    if not (program := shutil.which("node")):
        pytest.skip("no Node")
    script = Path(node.__file__).with_name(WORKER)
    found = Worker([program, str(shutil.copy(script, tmp_path))])
    yield found
    found.close()


JOINED = "join, JSON.parse"  # needs no package


def test_who_is_not_installed_in_node_leaves_a_gap(worker):
    assert worker.contenders == [JOINED]


def test_a_contender_in_node_gives_what_json_gives_with_floats(worker):
    text = shapes.text("L")
    got = last_value(worker, JOINED, shapes.pieces(text, 64))
    assert not first_difference(json.loads(text, parse_int=float), got)


def test_a_contender_in_node_is_timed_there(worker):
    run = There(worker, JOINED)
    job, mark = affordable("it", run, shapes.pieces(shapes.text("S"), 4))
    assert (job.clock, mark) == (worker.clock, "")
    before = worker.clock()
    job.work()
    assert worker.clock() > before


SPEAKS = """\
import json, sys
print(json.dumps(["it, again"]), flush=True)
for line in sys.stdin:
    print(json.dumps(0.5 if json.loads(line)["request"] == "time" else None), flush=True)
    print(line, end="", file=sys.stderr, flush=True)
"""


def test_pieces_are_brought_once_and_prefixes_are_parsed_each_for_itself(capfd):
    worker = Worker([sys.executable, "-c", SPEAKS])
    run = RereaderThere(worker, "it, again")
    pieces = ("[1,", "2]")
    run(pieces)
    run(pieces)
    run.over(["[1", "[1,2]"])()
    worker.close()
    said = [json.loads(line) for line in capfd.readouterr().err.splitlines()]
    assert [one["request"] for one in said] == ["hold", "time", "time", "hold", "time"]
    assert [one["each"] for one in said if one["request"] == "hold"] == [False, True]
    assert worker.clock() == 1.5


def test_without_node_the_other_peers_are_measured_all_the_same(monkeypatch):
    monkeypatch.setattr("benchmarks.node.contenders.worker", lambda: None)
    monkeypatch.setattr("benchmarks.node.packages.node", lambda: None)
    assert node.timed(node.VALUES) == node.shown(node.VALUES) == {}
    assert node.versions() is None
    monkeypatch.setattr("benchmarks.measure.ENOUGH", 0)
    monkeypatch.setattr("benchmarks.measure.BATCH", 0)
    request = Request(1, "S", ["4"])
    (table,) = groups.GROUPS["bench"].load().task("it", {"ours": lambda: len}, request, node.VALUES)
    assert table.notes == ["the peers in JavaScript are left out, since node or npm is missing"]


def test_a_bar_is_a_multiple_of_the_first_contenders_cost():
    table = Table("values", ["S/4"])
    table.put("LiveValue, one delta", "S/4", Cell(Spread(1e-7, 1e-7, 1e-7), unit="s"))
    table.put("other", "S/4", Cell(Spread(3.0, 3.0, 3.0), "≥"))
    table.put(peers.RETURNED, "S/4", Cell(Spread(0.9, 0.9, 0.9)))
    widths = plot.nanoseconds(table, "S/4")
    assert widths == pytest.approx({"LiveValue": 100, "other": 300})
    assert plot.said(table, "other", "S/4", widths["other"]) == "≥300 ns"
