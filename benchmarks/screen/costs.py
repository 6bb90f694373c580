"""What operations cost to make: CPU time beside the parser alone, and beside a library that diffs.

Documents flow in, ratios flow out.
"""

from __future__ import annotations

import copy
from functools import partial
from statistics import median
from typing import Any

import jsonpatch

from benchmarks.measure import Job, interleave, ratio
from benchmarks.shapes import pieces, text
from benchmarks.table import Cell, Table, duration
from partialjson import Feed, Parser, Patches
from partialjson.render import to_sse

from .wire import DELTA, DOCUMENTS

__all__ = ["costs"]

PARSER, PATCHES, FEED, BYTES, DIFF = (
    "Parser",
    "Parser and Patches",
    "Parser and Feed",
    "Parser, Feed and to_sse",
    "Parser and jsonpatch.make_patch",
)
SLOW = 20_000  # characters, for what compares the whole document at every delta


def parsing(deltas: list[str]) -> None:
    parser = Parser()
    for delta in deltas:
        parser.feed(delta)


def patching(deltas: list[str]) -> int:
    parser, patches = Parser(), Patches()
    return sum(len(patches.feed(parser.feed(delta))) for delta in deltas)


def feeding(deltas: list[str]) -> None:
    parser, feed = Parser(), Feed()
    for delta in deltas:
        feed.feed(parser.feed(delta))


def writing(deltas: list[str]) -> None:
    parser, feed = Parser(), Feed()
    for delta in deltas:
        for message in feed.feed(parser.feed(delta)):
            to_sse(message)


def comparing(deltas: list[str]) -> None:
    """As a client does that has values and no events: the present one beside the one before."""
    parser = Parser()
    before: Any = None
    for delta in deltas:
        parser.feed(delta)
        now = copy.deepcopy(parser.value)
        jsonpatch.make_patch(before, now)
        before = now


WORKS = {PARSER: parsing, PATCHES: patching, FEED: feeding, BYTES: writing, DIFF: comparing}


def costs(rounds: int) -> Table:
    found = Table(f"cost of each / {PARSER}, deltas of {DELTA} characters", [*DOCUMENTS])
    for name in DOCUMENTS:
        deltas = pieces(text(name), DELTA)
        is_long = len(text(name)) > SLOW
        jobs = [
            Job(words, partial(work, deltas))
            for words, work in WORKS.items()
            if not (is_long and words == DIFF)
        ]
        spent = interleave(jobs, rounds)
        found.put(f"{PARSER}, a delta", name, duration(median(spent[PARSER]) / len(deltas)))
        for words in WORKS:
            if words != PARSER and words in spent:
                found.put(words, name, Cell(ratio(spent, words, PARSER)))
        operations = patching(deltas)
        alone = median(spent[PATCHES]) - median(spent[PARSER])
        found.put("operations a second, by Patches alone", name, f"{operations / alone:,.0f}")
    return found
