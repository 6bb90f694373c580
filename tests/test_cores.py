"""Both cores side by side in one process: what the plain one shows, the C one shows."""

from __future__ import annotations

import json
import os
import random
import sys
from decimal import Decimal

import cores
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import characters, exactly, merged, pickled, sizes, texts

from partialjson import _plain, documents, fragments
from partialjson._checkpoint import seal
from partialjson.errors import CheckpointError
from partialjson.fragments import Fragments

_speedups = pytest.importorskip("partialjson._speedups", reason="built without a compiler")

CORES = [_plain, _speedups]
KINDS = ["Parser", "LiveValue"]
FAST = [_speedups.Parser, _speedups.LiveValue]
both_kinds = pytest.mark.parametrize("name", KINDS)
fast_kinds = pytest.mark.parametrize("kind", FAST)


def pairs_of(name):
    return [getattr(core, name) for core in CORES]


# -- Texts of every kind ---------------------------------------------------------------------------


def test_random_texts_cuts_faults_and_states_show_no_difference(request):
    thorough = os.environ.get("HYPOTHESIS_PROFILE") == "ci"
    count = request.config.getoption("--core-cases") or (12_000 if thorough else 1_500)
    first = request.config.getoption("--core-seed")
    for seed in range(first, first + count):
        try:
            cores.compare(random.Random(seed).randrange)
        except Exception as error:
            error.add_note(f"the seed of this case is {seed}")
            raise
    print(f"\n{count} cases over both cores, from seed {first} on: no difference")  # noqa: T201


@given(st.randoms(use_true_random=False))
def test_what_hypothesis_tries_shows_no_difference(chance):
    cores.compare(chance.randrange)


@both_kinds
@given(text=texts)
def test_at_any_cut_each_core_goes_on_in_a_state_of_the_other(name, text):
    kinds = pairs_of(name)
    for at in range(len(text)):
        pair = [kind() for kind in kinds]
        for parser in pair:
            parser.feed(text[:at])
        assert cores.saved(pair[0]) == cores.saved(pair[1])
        for kind, other in zip(kinds, reversed(pair), strict=True):
            restored, unpickled = kind.restore(other.checkpoint()), kind.__new__(kind)
            unpickled.__setstate__(pickled(other.__getstate__()))
            for twin in (restored, unpickled):
                twin.feed(text[at:])
                twin.close()
                assert exactly(twin.value) == exactly(json.loads(text))


@pytest.mark.parametrize("kind", [str, bytes])
@pytest.mark.parametrize("c", ["a", "\x7f", "é", "漢", "😀"])
@pytest.mark.parametrize("stop", ['"', "\\n", "\n", "\x1f", "\x00"])
def test_what_ends_a_run_is_found_wherever_it_stands(kind, c, stop):
    for before in range(36):
        text = f'["{c * before}{stop}{c * 20}"]'
        for at in {1, 2, before, before + 2}:
            outcomes = [run(core.Parser(), kind, text, at) for core in CORES]
            assert outcomes[0] == outcomes[1]


def run(parser, kind, text, at):
    pieces = [text[:at], text[at:]]
    if kind is bytes:
        pieces = [piece.encode() for piece in pieces]
    told = [cores.told(parser.feed, piece) for piece in pieces]
    return [*told, cores.told(parser.close), cores.shown(parser)]


@pytest.mark.parametrize("after", [b"\xfb", b"\\u\xff", b"\\\xc3(", b"\xed\xa0\x80"])
def test_half_a_pair_is_held_back_in_front_of_what_is_not_utf_8(after):
    raw = b'["\\ud83d' + after
    for cut in range(len(raw)):
        outcomes = []
        for core in CORES:
            parser = core.Parser()
            outcomes.append(
                [cores.told(parser.feed, raw[:cut]), cores.told(parser.feed, raw[cut:])]
            )
            assert parser.value == [""]
        assert outcomes[0] == outcomes[1]


# -- Numbers ---------------------------------------------------------------------------------------

HARD = (
    *("2.2250738585072011e-308", "2.2250738585072014e-308", "4.9e-324", "2.4703282292062327e-324"),
    *("2.4703282292062328e-324", "1.7976931348623157e308", "1.7976931348623159e308", "1e309"),
    *("9007199254740993.0", "9007199254740992.5", "0.1", "1e22", "1e23", "8.5e-23", "1e-400"),
    *("123456789012345678e-27", "18446744073709551615e0", "9999999999999999999e27", "0e999999999"),
    *("179769313486231580793e289", "1.00000000000000011102230246251565", "5e-325", "-0.0", "-0e5"),
    *("6.631236846766476e-316", "0.500000000000000166533453693773481063544750213623046875"),
)


def floats_of(seed, count):
    chance = random.Random(seed)
    yield from HARD
    for _ in range(count):
        whole = str(chance.randrange(10 ** chance.randint(1, 20)))
        some = "".join(chance.choices("0123456789", k=chance.randint(1, 20)))
        power = chance.choice(
            ["", f"e{chance.randint(-30, 30)}", f"E{chance.randint(-340, 310):+}"]
        )
        yield f"{chance.choice(['', '-'])}{whole}.{some}{power}"


def test_a_float_is_the_one_that_python_reads():
    numbers = list(floats_of(8, 20_000))
    text = f"[{','.join(numbers)}]"
    for deltas in ([text], [text.encode()], sizes(text, 7)):
        live = _speedups.LiveValue()
        for delta in deltas:
            live.feed(delta)
        assert exactly(live.close()) == exactly([float(number) for number in numbers])


def test_a_float_next_to_the_middle_of_two_is_rounded_as_python_does():
    chance = random.Random(3)
    for _ in range(3_000):
        digits = chance.randint(2**53, 10**19 - 1)
        number = f"{digits | 1}e{chance.randint(-27, 27)}"
        half = Decimal(float(number)) + Decimal(float(number)).next_plus()  # and what is near it
        for text in (number, f"{half / 2:.18e}", f"{(2**53 + 1) * 2 ** chance.randint(0, 10)}.0"):
            assert exactly(_speedups.LiveValue().feed(f"[{text}]")) == exactly([float(text)])


def test_an_integer_is_exact_at_any_length():
    for length in (1, 17, 18, 19, 20, 40, 4_300):
        for text in ("9" * length, "-" + "1" * length, "1" + "0" * (length - 1)):
            assert _speedups.LiveValue(max_number=5_000).feed(f"[{text}]") == [int(text)]


def test_a_fraction_as_long_as_its_exponent_is_high_is_not_taken_for_short():
    text = f"[0.{'0' * 99_999}1e1000000]"
    assert _speedups.LiveValue(max_number=200_000).feed(text) == [float("inf")]


# -- Options and classes ---------------------------------------------------------------------------


@both_kinds
@pytest.mark.parametrize(
    "options",
    [
        {"max_depth": 10**30, "max_number": 10**30, "max_string": 10**30, "max_text": 10**30},
        {"max_depth": -1},
        {"max_depth": True},
        {"max_number": None},
        {"strings": "some"},
        {"strings": 1},
        {"duplicate_names": None},
        {"unknown": 1},
        {1: 2},
    ],
)
def test_an_option_is_taken_or_refused_in_the_same_words(name, options):
    def made(kind):
        return kind(**options).feed('{"a": [1.5, "b"]}')

    plain, fast = (cores.told(made, kind) for kind in pairs_of(name))
    assert plain.replace("Tree.", "") == fast.replace("Tree.", "")


@both_kinds
def test_a_parser_that_is_made_again_begins_anew(name):
    for kind in pairs_of(name):
        parser = kind()
        parser.feed('{"a": "b')
        parser.__init__(max_depth=1)
        assert parser.offset == 0
        assert parser.value is None
        parser.feed("[1]")
        assert parser.close() == ([] if name == "Parser" else [1])


@both_kinds
def test_a_subclass_that_keeps_more_keeps_it_through_faults_and_states(name):
    for kind in pairs_of(name):

        class Mine(kind):
            mine = None

            def __getstate__(self):
                return super().__getstate__() | {"mine": self.mine}

            def __setstate__(self, state):
                self.mine = state.pop("mine")
                super().__setstate__(state)

        for parser in (Mine(), Mine(max_depth=3), Mine.restore(kind().checkpoint())):
            parser.mine = 5
            assert parser.copy().mine == 5
            with pytest.raises(ValueError, match="expected a value"):
                parser.feed("[,")
            assert parser.mine == 5


@both_kinds
def test_a_slot_of_a_subclass_is_copied_with_the_rest(name):
    for kind in pairs_of(name):

        class Slotted(kind):
            __slots__ = ("extra",)

        parser = Slotted()
        parser.extra = [1]
        parser.feed('["a')
        twin = parser.copy()
        assert twin.extra == [1]
        assert twin.value == ["a"]


def refusing(text):
    raise ValueError(f"no {text}")


@pytest.mark.parametrize("deltas", [["[1.5]"], ["[1", ".5]"], [b"[1.5", b"]"], ["[1.5", "]"]])
def test_what_parse_float_raised_is_the_context_of_the_refusal(deltas):
    for core in CORES:
        parser = core.Parser(parse_float=refusing)
        for delta in deltas[:-1]:
            parser.feed(delta)
        with pytest.raises(ValueError, match="over a limit of parse_float") as caught:
            parser.feed(deltas[-1])
        assert str(caught.value.__context__) == "no 1.5"


# -- Checkpoints that were tampered with -----------------------------------------------------------

TAMPERED = [
    ('{"a"', {"at": "name separator"}, {"name": None}),  # a value without a name would follow
    ('["a', {"carried": "\\n" * 60}, {}),  # more than an escape
    ('["a', {"carried": "\\u0041"}, {}),
    ('["a', {"at": "in escape"}, {}),
    ("[", {"carried": "tttttttt", "at": "value"}, {}),
    ("[", {"undecoded": "f09f98f0"}, {}),
    ("[", {"undecoded": "ff"}, {}),
    ("[", {"consumed": 2**63}, {}),
    ("[", {"line_start": sys.maxsize}, {}),
    ("[1", {"at": "first element"}, {"names": []}),
]


@both_kinds
@pytest.mark.parametrize(("text", "body", "tree"), TAMPERED)
def test_a_checkpoint_whose_parts_do_not_fit_is_refused(name, text, body, tree):
    for kind in pairs_of(name):
        parser = kind()
        parser.feed(text)
        saved = parser._saved() | body
        saved["tree"] = json.dumps(json.loads(saved["tree"]) | tree)
        with pytest.raises(CheckpointError, match="damaged"):
            kind.restore(seal(saved))


# -- Whoever stands on a parser --------------------------------------------------------------------


@pytest.mark.parametrize("form", ["ndjson", "concatenated"])
@given(st.lists(texts, max_size=4), st.booleans())
def test_documents_tell_the_same_over_both(form, whole, of_bytes):
    text = "\n".join(one.replace("\n", " ") for one in whole) + "\n[1,]\n{}"
    if of_bytes:
        text = text.encode("utf-8", "surrogatepass")
    told = []
    for core in CORES:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(documents, "Parser", core.Parser)
            stream = documents.Documents(form)
            events = [event for piece in sizes(text, 5) for event in stream.feed(piece)]
            told.append(exactly(merged(events + stream.close())))
    assert told[0] == told[1]


@given(texts)
def test_fragments_tell_the_same_over_both(text):
    told = []
    for core in CORES:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(fragments, "Parser", core.Parser)
            reader = Fragments("$.*")
            told.append([exactly(reader.feed(c)) for c in characters(text)])
    assert told[0] == told[1]
