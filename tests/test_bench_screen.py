"""The benchmark of screens: bytes are counted, so their limits are tests."""

from __future__ import annotations

import json

import pytest

from benchmarks.report import table_lines
from benchmarks.screen import wire
from benchmarks.screen.costs import WORKS
from benchmarks.shapes import pieces, text
from partialjson import Feed

SLOW = {"L": pytest.mark.soak}  # seconds


@pytest.mark.parametrize(
    "document", [pytest.param(name, marks=SLOW.get(name, ())) for name in wire.DOCUMENTS]
)
@pytest.mark.parametrize(("tick", "most"), wire.LIMITS.items(), ids=wire.LIMITS)
def test_operations_cost_no_more_than_their_limit(document, tick, most):
    assert wire.size(text(document), "append", wire.TICKS[tick]).operations <= most


@pytest.mark.parametrize("tick", wire.TICKS.values())
def test_however_a_document_is_told_it_is_the_same_at_the_end(tick):
    feed, told = Feed(), [*wire.batches(text("S"), tick)]
    for events in told:
        feed.feed(events)
    assert feed.value == json.loads(text("S"))
    deltas = len(pieces(text("S"), wire.DELTA))
    each = max(1, -(-tick // wire.APART))
    assert len(told) in range(-(-deltas // each), deltas // each + 3)


def test_a_tick_and_gzip_make_it_less():
    sizes = [wire.size(text("M"), "append", tick) for tick in wire.TICKS.values()]
    for one in sizes:
        assert one.operations < one.patches < one.all
        assert one.gzipped < one.all
    assert sizes == sorted(sizes, reverse=True)


def test_by_the_standard_alone_strings_cost_more():
    assert wire.size(text("S"), "rfc6902", 0) > wire.size(text("S"), "append", 0)


@pytest.mark.soak
def test_the_table_has_every_document_and_profile():
    lines = "\n".join(table_lines(wire.table()))
    for word in ("append", "rfc6902", "gzip", "the whole value each time", "S, every delta"):
        assert word in lines


@pytest.mark.parametrize("work", WORKS.values(), ids=WORKS)
def test_whoever_is_compared_reads_the_document(work):
    work(pieces(text("S"), wire.DELTA))
