"""Work is linear: proved by counting steps and scanned characters, by a clock where copies hide.

Counting shows what our own code does. What CPython does when a string grows, appending in place or
copying all that came before, no count can see: that alone is measured, and only here.
"""

from __future__ import annotations

import json
import sys
import time
from collections import Counter

import pytest
from support import characters, sizes, two_way_cuts

from partialjson import LiveValue, Parser, _grammar, _plain, _strings, _tree, tokenizer

# Steps can be counted in the plain core alone; what is seen from outside, in every one.
PLAIN = [_plain.Parser, _plain.LiveValue]
BOTH = pytest.mark.parametrize("kind", PLAIN)
ALL = pytest.mark.parametrize("kind", dict.fromkeys([*PLAIN, Parser, LiveValue]))
DELTAS = pytest.mark.parametrize("size", [1, 4, 64])
DOUBLE = 2.1  # twice the text, twice the work, and a little for what begins and ends


# -- Counting --------------------------------------------------------------------------------------


@pytest.fixture
def counted(monkeypatch):
    """How many steps ran, how many characters they consumed, how many the patterns scanned."""
    counts = Counter()

    def counting_step(step):
        def run(reader, text, pos):
            end = step(reader, text, pos)
            counts["steps"] += 1
            counts["consumed"] += end - pos
            return end

        return run

    def counting_match(match):
        def run(text, pos=0, *bounds):
            found = match(text, pos, *bounds)
            counts["scanned"] += (found.end() - pos if found else 0) + 1
            return found

        return run

    def counting_scan(text, pos):
        before = counts["scanned"]
        counts["scanned"] += len(text) - pos  # all of it, unless a quotation mark ends it
        string, end = scanstring(text, pos)
        counts["scanned"] = before + end - pos
        return string, end

    scanstring = _strings.scanstring
    rows = [{c: counting_step(step) for c, step in row.items()} for row in tokenizer.STEPS]
    monkeypatch.setattr(tokenizer, "STEPS", tuple(rows))
    monkeypatch.setattr(tokenizer, "other", counting_step(tokenizer.other))
    monkeypatch.setattr(_strings, "scanstring", counting_scan)
    for module in (tokenizer, _strings):
        for name in PATTERNS & vars(module).keys():
            monkeypatch.setattr(module, name, counting_match(getattr(module, name)))
    return counts


PATTERNS = {name for name in vars(_grammar) if name.isupper() and callable(getattr(_grammar, name))}


def rows(count):
    row = '{"id": 12345, "tags": ["a", "b\\u00e9"], "ok": true, "share": 0.25, "note": "é 漢\\n"}'
    return "[" + ",\n".join([row] * count) + "]"


SHAPES = {
    "records": rows,
    "one long string of plain characters": lambda count: f'"{"plain words " * 7 * count}"',
    "one long string in an array": lambda count: f'["{"plain words " * 7 * count}"]',
    "one long string of escapes": lambda count: (
        f'["{chr(92)}n\\u00e9\\ud83d\\ude00 {"x" * 60 * count}"]'
    ),
    "escapes everywhere": lambda count: '["' + '\\n\\"\\u00e9\\ud83d\\ude00' * 4 * count + '"]',
    "lone surrogates": lambda count: '["' + "\\ud83d" * 14 * count + '"]',
    "not printable": lambda count: '["' + "\u2028\xa0漢é" * 20 * count + '"]',
    "one long name": lambda count: '{"' + "name " * 17 * count + '":1}',
    "one long name of escapes": lambda count: '{"' + "\\n\\u00e9" * 10 * count + '":1}',
    "blanks": lambda count: "[" + " \n\t\r" * 20 * count + "]",
    "literals": lambda count: "[" + "true,null,false," * 5 * count + "0]",
    "numbers": lambda count: "[" + "-12.5e3,1234567890," * 5 * count + "0]",
    "empty containers": lambda count: "[" + "[],{}," * 14 * count + "0]",
}


def work(counted, kind, deltas, **options):
    counted.clear()
    parser = kind(**options)
    for delta in deltas:
        parser.feed(delta)
    parser.close()
    return Counter(counted)


@BOTH
@DELTAS
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("options", [{}, {"strings": "whole"}, {"max_string": 10**6}])
def test_twice_the_text_is_at_most_twice_the_work(counted, kind, size, shape, options):
    once = work(counted, kind, sizes(SHAPES[shape](40), size), **options)
    twice = work(counted, kind, sizes(SHAPES[shape](80), size), **options)
    assert once["steps"] > 0
    for what, count in twice.items():
        assert count <= DOUBLE * once[what] + 40, what


@BOTH
@DELTAS
@pytest.mark.parametrize("shape", SHAPES)
def test_no_character_is_scanned_more_than_a_few_times(counted, kind, size, shape):
    text = SHAPES[shape](40)
    total = work(counted, kind, sizes(text, size))
    assert total["consumed"] <= 12 * len(text)  # an escape is carried for at most twelve deltas
    assert total["scanned"] <= 24 * len(text)


@BOTH
def test_bytes_cost_the_work_of_text(counted, kind):
    text = rows(40)
    of_text = work(counted, kind, characters(text))
    of_bytes = work(counted, kind, characters(text.encode()))
    assert of_bytes["steps"] <= of_text["steps"] * len(text.encode()) / len(text) * 1.1


@BOTH
def test_a_whole_text_costs_the_work_of_its_pieces_at_most(counted, kind):
    for shape in SHAPES.values():
        pieces = work(counted, kind, sizes(shape(40), 4))
        whole = work(counted, kind, [shape(40)])
        assert whole["scanned"] <= pieces["scanned"] + 2 * len(shape(40))


def test_a_delta_that_leaves_many_containers_open_asks_the_c_scanner_a_few_times(monkeypatch):
    asked = []

    def refusing(_, pos):
        asked.append(pos)
        raise StopIteration

    monkeypatch.setattr(_tree, "SCANNERS", {float: refusing})
    live = _plain.LiveValue(max_depth=2_000)
    live.feed("[" * 500 + '"' + "x" * 2_000 + "]")
    assert 0 < len(asked) <= 50


ALIKE = {  # elements of which two seem to meet somewhere behind, but do not
    "in a string": '{"a":1},"},{",',
    "in deeper arrays": '{"a":1},[1,[{},{}],2],3,',
    "nowhere": '{"a":1},1,',
}


@pytest.mark.parametrize("where", ALIKE)
@pytest.mark.parametrize(("depth", "size"), [(400, 200_000), (10**6, 20_000)])
def test_what_the_c_scanner_reads_in_vain_is_linear_too(monkeypatch, where, depth, size):
    scanned = Counter()

    def counting(scan):
        def run(text, pos):
            scanned[len(text)] += len(text) - pos
            value, end = scan(text, pos)
            scanned[len(text)] -= len(text) - end
            return value, end

        return run

    scanners = {parse_float: counting(scan) for parse_float, scan in _tree.SCANNERS.items()}
    monkeypatch.setattr(_tree, "SCANNERS", scanners)
    totals = []
    for length in (size, 2 * size):
        scanned.clear()
        _plain.LiveValue(max_depth=depth).feed(
            "[[" + ALIKE[where] * (length // len(ALIKE[where])) + "1,"
        )
        totals.append(scanned.total())
    assert totals[1] <= DOUBLE * totals[0]


# -- What is carried -------------------------------------------------------------------------------


@ALL
@pytest.mark.parametrize(
    "text",
    ['["a\\ud83d\\ude00b\\n", -12.5e-3, true, null, {"na\\u00e9me": false}]', rows(1), "-0.25"],
)
def test_what_is_carried_between_two_deltas_is_one_atom_or_one_escape(kind, text):
    for deltas in (*two_way_cuts(text), characters(text), sizes(text, 4)):
        parser = kind()
        for delta in deltas:
            parser.feed(delta)
            assert is_atom_or_escape(parser._carried)


def is_atom_or_escape(carried):
    if carried[:1] == "\\":
        return len(carried) <= len("\\ud83d\\ude0")
    if carried[:1].isalpha():
        return any(word.startswith(carried) for word in ("true", "false", "null"))
    return _grammar.NUMBER_SO_FAR(carried, 0).end() == len(carried)


@ALL
@pytest.mark.parametrize("opening", ['"', '["', '{"a":"', '{"'])
def test_of_a_string_nothing_is_carried(kind, opening):
    for strings in ("growing", "whole"):
        parser = kind(strings=strings)
        for delta in (opening, *sizes("plain é \u2028 words " * 20, 4)):
            parser.feed(delta)
            assert parser._carried == ""


# -- What is shown only when it is whole ----------------------------------------------------------

GATHERED = {  # what stands around the characters that are gathered, and the position in them
    "a name": ('{"', '":1}', {}, _grammar.IN_NAME),
    "a name behind an escape": ('{"\\n', '":1}', {}, _grammar.IN_NAME),
    "a whole string": ('["', '"]', {"strings": "whole"}, _grammar.IN_WHOLE_STRING),
}


@BOTH
@pytest.mark.parametrize("what", GATHERED)
def test_the_characters_that_are_gathered_are_joined_once(counted, monkeypatch, kind, what):
    opening, closing, options, at = GATHERED[what]
    text, joined = "name" * 60_000, []
    monkeypatch.setitem(tokenizer.STEPS[at], '"', joining(joined))
    parser = kind(**options)
    for delta in (opening, *sizes(text, 4)):
        parser.feed(delta)
    assert len(parser._gathered) >= len(text) // 4
    assert max(map(len, parser._gathered)) == 4
    parser.feed(closing)
    assert len(joined) == 1
    assert parser.value == json.loads(opening + text + closing)
    assert counted["scanned"] <= 3 * len(text)


def joining(joined):
    def run(reader, text, pos):
        joined.append(pos)
        return _strings.end_gathered(reader, text, pos)

    return run


# -- Names -----------------------------------------------------------------------------------------


@BOTH
def test_equal_names_are_one_object_and_the_memo_of_names_is_bounded(kind):
    text = "[" + ",".join(f'{{"shared":1,"n{i}":2}}' for i in range(10_000)) + "]"
    parser = kind()
    for delta in sizes(text, 40):
        parser.feed(delta)
        assert len(parser._names) <= 4_096
    shared = {id(name) for row in parser.value for name in row if name == "shared"}
    assert len(shared) <= 1 + len(parser.value) // 4_000


@pytest.mark.parametrize("kind", dict.fromkeys([Parser, LiveValue]))
def test_equal_names_are_one_object_in_every_core(kind):
    parser = kind()
    parser.feed("[" + ",".join(['{"shared":1}'] * 100))
    other = kind()
    other.feed('[{"sha')
    other.feed('red":1}')
    shared = {id(name) for row in parser.value for name in row}
    assert len(shared) <= 5  # of those that the C scanner of `json` reads at once, one
    assert [*other.value[0]] == ["shared"]


# -- Snapshots and copies --------------------------------------------------------------------------


def containers_of(value):
    """The identities of all containers inside a value, itself included."""
    found, work = set(), [value]
    while work:
        item = work.pop()
        if type(item) in (dict, list):
            found.add(id(item))
            work += item.values() if type(item) is dict else item
    return found


@ALL
@pytest.mark.parametrize("how", ["snapshot", "copy"])
@pytest.mark.parametrize("opened", [0, 1, 5, 50])
def test_only_open_containers_are_copied(kind, how, opened):
    closed = json.dumps([{"a": [1, {"b": []}]}] * 20)
    parser = kind()
    for delta in sizes(closed if not opened else f"[{closed}," * opened + '"x', 40):
        parser.feed(delta)
    taken = parser.snapshot() if how == "snapshot" else parser.copy().value
    new = containers_of(taken) - containers_of(parser.value)
    assert len(new) == opened
    assert taken == parser.value


# -- The clock -------------------------------------------------------------------------------------

PLACES = {"root": ('"', '"'), "array": ('["', '"]'), "object": ('{"text":"', '"}')}


def seconds(kind, opening, deltas, closing):
    """The time that feeding takes while the value is read after every delta."""
    parser = kind()
    parser.feed(opening)
    begun = time.thread_time()
    for delta in deltas:
        parser.feed(delta)
        parser.value  # noqa: B018 - reading it is the point
    taken = time.thread_time() - begun
    parser.feed(closing)
    parser.close()
    return taken


@pytest.mark.clocked
@ALL
@pytest.mark.parametrize("place", PLACES)
def test_a_growing_string_is_never_copied(kind, place):
    if sys.gettrace() is not None:
        pytest.skip("a trace function switches CPython's appending in place off: it shows nothing")
    opening, closing = PLACES[place]
    short, long = ["word"] * 30_000, ["word"] * 120_000  # 120 KB and 480 KB
    runs = [
        (seconds(kind, opening, short, closing), seconds(kind, opening, long, closing))
        for _ in range(3)
    ]
    of_short, of_long = (min(times) for times in zip(*runs, strict=True))
    assert of_long <= 7 * of_short  # a copy per delta would make it 16
