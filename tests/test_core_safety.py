"""The C core under callers that do what they should not, and where memory runs out: no crash."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import threading
from pathlib import Path
from statistics import median

import cores
import pytest

_speedups = pytest.importorskip("partialjson._speedups", reason="built without a compiler")


@pytest.fixture(autouse=True)
def _collector_looks_at_new_objects_alone():
    gc.freeze()  # what a thousand other tests have left behind takes a second each time
    yield
    gc.unfreeze()


FAST = [_speedups.Parser, _speedups.LiveValue]
fast_kinds = pytest.mark.parametrize("kind", FAST)
HERE = Path(__file__).parent


# -- Inside feed -----------------------------------------------------------------------------------

INSIDE = {
    "feed": lambda parser: parser.feed("1"),
    "close": lambda parser: parser.close(),
    "__init__": lambda parser: parser.__init__(max_depth=1),
    "__setstate__": lambda parser: parser.__setstate__(type(parser)().__getstate__()),
    "_begin_at": lambda parser: parser._begin_at((1,), 5, 1, 0, of_bytes=True),
}


@fast_kinds
@pytest.mark.parametrize("what", INSIDE)
@pytest.mark.parametrize("text", ["[[1.5, 2], {}]", b"[[1.5, 2], {}]", '[[1.5, "\x00"'])
def test_what_changes_a_parser_is_refused_inside_feed(kind, what, text):
    def nested(_):
        INSIDE[what](parser)

    parser = kind(parse_float=nested)
    with pytest.raises(RuntimeError, match=r"feed\(\) inside feed\(\)"):
        parser.feed(text)
    with pytest.raises(RuntimeError, match="was broken off in the middle"):
        parser.feed("]")
    assert parser.value == [[]]


@fast_kinds
def test_what_only_looks_is_answered_inside_feed(kind):
    seen = []

    def looking(text):
        seen.append(cores.shown(parser) + repr(parser.copy().value))
        return text

    parser = kind(parse_float=looking)
    parser.feed('{"a": [1, 2.50]}')
    assert parser.close() == ([] if kind is _speedups.Parser else {"a": [1, "2.50"]})
    assert len(seen) == 1


@fast_kinds
def test_another_thread_is_refused_while_a_piece_is_read(kind):
    told = []

    def waiting(text):
        thread = threading.Thread(target=lambda: told.append(cores.told(parser.feed, "2")))
        thread.start()
        thread.join()
        return text

    parser = kind(parse_float=waiting)
    parser.feed("[1.5]")
    assert parser.value == ["1.5"]
    assert "inside feed()" in told[0]


class Colliding:
    """A name that the caller put in: its hash is that of a member to come."""

    def __init__(self, parser):
        self.parser = parser

    def __hash__(self):
        return hash("b")

    def __eq__(self, other):
        cores.told(self.parser.feed, '"')
        cores.told(self.parser.close)
        return False


@fast_kinds
def test_a_name_that_runs_code_when_it_is_compared_changes_nothing(kind):
    parser = kind()
    parser.feed('{"a": 1, ')
    parser.value[Colliding(parser)] = 1
    parser.feed('"b": "some')
    parser.feed(" more")
    parser.feed(' é\\n", "c": [')
    parser.feed("]}")
    parser.close()
    assert parser.value["b"] == "some more é\n"


# -- Containers that the caller changes ------------------------------------------------------------


def emptied(value):
    value.clear()


def put_otherwise(value):
    for at in value if type(value) is dict else range(len(value)):
        value[at] = 7


@fast_kinds
@pytest.mark.parametrize("change", [emptied, put_otherwise])
@pytest.mark.parametrize(
    "text", ['["ab é\\u0041 c", [1, {"x": "y"}], "z"]', '{"a": "bc", "d": {"e": []}}']
)
def test_a_container_that_the_caller_changes_costs_no_more_than_the_value(kind, change, text):
    for at in range(1, len(text)):
        parser = kind()
        parser.feed(text[:at])
        change(parser.value)
        for piece in (text[at : at + 1], text[at + 1 :]):
            cores.told(parser.feed, piece)
            cores.told(lambda: cores.shown(parser))  # noqa: B023 - called at once
            cores.told(parser.snapshot)
            cores.told(parser.copy)
        cores.told(parser.close)


@fast_kinds
@pytest.mark.parametrize(("text", "key"), [('["some text', 0), ('{"a": "some text', "a")])
def test_a_string_that_the_caller_took_out_never_changes(kind, text, key):
    for take in (lambda value: value.pop(key), lambda value: held(value, key)):
        parser = kind()
        parser.feed(text)
        parser.feed(" and more")  # behind its end there is room now
        taken = take(parser.value)
        before, known = "".join(list(taken)), hash("".join(list(taken)))
        cores.told(parser.feed, " of it")
        assert taken == before
        assert hash(taken) == known


def held(value, key):
    taken = value[key]
    value[key] = None
    return taken


@fast_kinds
def test_a_string_that_is_looked_at_between_two_deltas_stays_as_it_was(kind):
    parser, seen = kind(), []
    parser.feed('{"a": ["')
    for count in range(400):
        parser.feed("xé漢😀"[count % 4 if count > 100 else 0] * 3)
        if not count % 7:
            string = parser.value["a"][0]
            seen.append((string, "".join(list(string)), hash(string), string.encode()))
    for string, same, known, raw in seen:
        assert (string, hash(string), string.encode()) == (same, known, raw)
        assert len(string) == len(same)


# -- Counting and collecting -----------------------------------------------------------------------


def cycle_through_value(kind):
    parser = kind()
    parser.feed("[[1, 2]")
    parser.value.append(parser)
    return parser


def cycle_through_events(kind):
    parser = kind()
    parser.feed("")
    parser.last_events.append(parser)
    return parser


def cycle_through_given_events(_):
    parser = _speedups.Parser()
    parser.feed("").append(parser)
    return parser


def cycle_through_error(kind):
    parser = kind()
    cores.told(parser.feed, "[,")
    parser.error.parser = parser
    return parser


def cycle_through_parse_float(kind):
    class Own(kind):
        __slots__ = ("__weakref__",)

        def make(self, text):
            return text

    parser = Own()
    parser.__init__(parse_float=parser.make)
    return parser


@fast_kinds
@pytest.mark.parametrize(
    "cycle",
    [
        cycle_through_value,
        cycle_through_events,
        cycle_through_given_events,
        cycle_through_error,
        cycle_through_parse_float,
    ],
)
def test_a_cycle_through_a_parser_is_collected(kind, cycle):
    gc.collect()
    before = len([one for one in gc.get_objects() if isinstance(one, kind)])
    for _ in range(10):
        cycle(kind)
    gc.collect()
    assert len([one for one in gc.get_objects() if isinstance(one, kind)]) <= before


@fast_kinds
def test_a_finalizer_that_feeds_the_parser_of_its_garbage_finds_it_sound(kind):
    class Last:
        def __init__(self, parser):
            self.parser = parser

        def __del__(self):
            for call in (self.parser.snapshot, self.parser.copy, self.parser.close):
                cores.told(call)
            cores.told(self.parser.feed, '1, "')

    parser = kind()
    parser.feed('[[{"a": ')
    parser.value.append(Last(parser))
    del parser
    gc.collect()


def test_the_collector_sees_what_a_parser_holds():
    parser = _speedups.Parser(parse_float=cores.own)
    parser.feed('{"a": ["b')
    held = gc.get_referents(parser)
    assert any(one is parser.value["a"] for one in held)
    assert cores.own in held
    assert type(parser) in held


READ_AGAIN = (
    *(
        '{"a": [1.5, "b\\u00e9", {}, null, true], "long": "%s"}' % ("x" * 200),
        '["😀 é", 1e400, -0.0]',
    ),
    *(
        '{"a": 1, "a": "b"}',
        "[1, ]",
        '["\x00',
        '{"a" 1}',
        "[1e]",
        '"\\ud83d\\u',
        "[" * 30,
        "tru",
        "12",
    ),
)


def read_everything(kind):
    for text in READ_AGAIN:
        for size in (1, 3, 100):
            for delta in (text, text.encode()):
                parser = kind(parse_float=cores.picky, duplicate_names="error", max_string=150)
                plain = kind()
                for at in range(0, len(delta), size):
                    for one in (parser, plain):
                        cores.told(one.feed, delta[at : at + size])
                cores.told(plain.checkpoint)
                cores.told(kind.restore, plain.checkpoint() if plain.error is None else b"")
                cores.shown(plain.copy())
                for one in (parser, plain, bytearray(), 3, None):
                    cores.told(plain.feed, one)
                for one in (parser, plain):
                    cores.told(one.close)


@fast_kinds
def test_reading_leaves_no_reference_behind(kind):
    """Counted are references where Python counts them all, else blocks of memory."""
    count = getattr(sys, "gettotalrefcount", sys.getallocatedblocks)
    grown = []
    for _ in range(20):
        gc.collect()
        before = count()
        read_everything(kind)
        gc.collect()
        grown.append(count() - before)
    assert median(grown[9:]) <= 20, grown  # one for each parser would be 132


@fast_kinds
def test_a_value_is_held_as_often_as_it_stands_somewhere(kind):
    marked = object()
    parser = kind(parse_float=lambda _: marked)
    before = sys.getrefcount(marked)
    events = parser.feed("[1.5, 2.5]")
    assert sys.getrefcount(marked) == before + 2 + 2 * (kind is _speedups.Parser)
    del parser, events
    gc.collect()
    assert sys.getrefcount(marked) == before


# -- States that do not hold together --------------------------------------------------------------

UNSOUND = [
    {"_at": 5}, {"_at": 1}, {"_at": 4}, {"_at": 10}, {"_at": 99}, {"_at": -1},
    {"_carried": "t" * 40}, {"_carried": "\\u" * 40, "_at": 9}, {"_carried": '"'},
    {"_undecoded": b"12345"}, {"_root": []}, {"_container": 3}, {"_container": {}},
    {"_stack": [3], "_keys": [None]}, {"_stack": [{}], "_keys": [None], "_starts": [0]},
    {"_key": "a"}, {"_gathered": [b"a"]}, {"last_events": ()}, {"_base": []}, {"_consumed": "1"},
]  # fmt: skip


@fast_kinds
@pytest.mark.parametrize("wrong", UNSOUND)
def test_a_state_that_does_not_hold_together_is_refused_and_ends_the_parser(kind, wrong):
    parser = kind()
    state = kind().__getstate__() | wrong
    if "_container" not in wrong:
        state["_container"] = state["_root"]
    told = cores.told(parser.__setstate__, state)
    assert told != "None"
    for call in (parser.snapshot, parser.copy, parser.close):
        cores.told(call)
    assert "Error" in cores.told(parser.feed, "[1, 2]")
    assert parser.value is None


# -- No memory -------------------------------------------------------------------------------------


def test_without_memory_a_call_fails_or_is_right_and_the_parser_knows_which():
    pytest.importorskip("_testcapi", reason="CPython without what its own tests need")
    unmeasured = {name: held for name, held in os.environ.items() if "COVERAGE" not in name}
    done = subprocess.run(
        [sys.executable, str(HERE / "no_memory.py")],
        env={**unmeasured, "PYTHONPATH": os.pathsep.join([str(HERE), str(HERE.parent)])},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2_000:] + done.stderr[-2_000:]
    print(done.stdout)  # noqa: T201


# -- Another interpreter ---------------------------------------------------------------------------

INSIDE_ANOTHER = """
import partialjson as pj
assert pj.core == "python", pj.core
assert pj.from_json('{"a": "b') == {"a": "b"}
"""
TWO_INTERPRETERS = f"""
try:
    import _interpreters as interpreters
except ImportError:
    import _xxsubinterpreters as interpreters
import partialjson as pj
assert pj.core == "c"
failed = interpreters.run_string(interpreters.create(), {INSIDE_ANOTHER!r})
assert failed is None, failed
assert type(pj.Parser().feed("[1,")[1]) is pj.ValueEnd
"""


def test_a_second_interpreter_in_the_process_has_the_plain_core():
    env = {name: held for name, held in os.environ.items() if "COVERAGE" not in name}
    env |= {"PYTHONPATH": str(HERE.parent), "PYTHONWARNINGS": "ignore"}
    env.pop("PARTIALJSON_CORE", None)
    subprocess.run([sys.executable, "-c", TWO_INTERPRETERS], env=env, timeout=60, check=True)
