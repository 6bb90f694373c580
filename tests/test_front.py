"""JSON in the answers of chat models: what is found, what is cut away, and what is mended."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import characters, chunkings, mutated, pickled, sizes, texts

from partialjson import Parser, from_json
from partialjson.front import Found, JSONFinder, Mender, Repair
from partialjson.front._opening import Opening

# -- Finding ---------------------------------------------------------------------------------------


def found_in(answer, deltas=None):
    """The blocks of an answer with their offsets, and the spans left out; checked against it."""
    finder = JSONFinder()
    pieces = [found for delta in deltas or [answer] for found in finder.feed(delta)]
    pieces += finder.close()
    blocks = {}
    for piece in pieces:
        assert answer[piece.offset : piece.offset + len(piece.text)] == piece.text != ""
        offset, text = blocks.setdefault(piece.block, (piece.offset, ""))
        assert piece.offset == offset + len(text)
        blocks[piece.block] = (offset, text + piece.text)
    assert list(blocks) == list(range(len(blocks)))
    spans = sorted([*finder.cut, *((at, at + len(text)) for at, text in blocks.values())])
    assert [span for span in spans if span[0] != span[1]] == spans
    assert [0, *(end for _, end in spans)] == [*(start for start, _ in spans), len(answer)]
    return list(blocks.values()), finder.cut


def texts_in(answer):
    """The JSON texts of an answer: found whole, and the same however it is cut."""
    whole = found_in(answer)
    assert found_in(answer, characters(answer)) == whole
    assert found_in(answer, sizes(answer, 3)) == whole
    for cut in range(len(answer)):
        assert found_in(answer, [answer[:cut], answer[cut:]]) == whole
    return [text for _, text in whole[0]]


ANSWERS = [
    # Prose, and an object or an array of containers in it
    ('Use {placeholders} like {this}. Answer: {"a":1}', ['{"a":1}']),
    ('See [1] and [note]: {"a":1}', ['{"a":1}']),
    ('I can\'t say "no": {"a":1}', ['{"a":1}']),
    ('Sure! { "a" : [1, {"b": "}"}] } Anything else?', ['{ "a" : [1, {"b": "}"}] }']),
    ('Rows: [{"a": "[x"}, {}] as asked.', ['[{"a": "[x"}, {}]']),
    ("The matrix [[1, 2], [3, 4]] is square.", ["[[1, 2], [3, 4]]"]),
    ('Mixed: [1, "x", {"a": 2}] and so on', ['[1, "x", {"a": 2}]']),
    ("An empty object is {} or { }.", ["{}", "{ }"]),
    ('One {"a":1} two {"b":2}{"c":3}.', ['{"a":1}', '{"b":2}', '{"c":3}']),
    ('A set {"a", "b"} is none, {"a": {"b": 1}} is.', ['{"a": {"b": 1}}']),
    ('In code: `{"a": 1}` and ``x`` and `[1]`.', ['{"a": 1}']),
    ('f"{x}" {"\\"a{": "\\\\"} {', ['{"\\"a{": "\\\\"}']),
    # Arrays of atoms: held to the end
    ("As [1] and [2, 3] say, so.", ["[1]", "[2, 3]"]),
    ('Tags: ["a", "b", true, null, -1.5e3]', ['["a", "b", true, null, -1.5e3]']),
    ('Tags: ["a", "b', ['["a", "b']),
    ('Tags: ["a", "b"], details: {"n": [1]}', ['{"n": [1]}']),
    ("Links: [[Page]], [text](url), [a, b], [1..2]", []),
    # The answer alone
    ('{"a": [1, 2]}', ['{"a": [1, 2]}']),
    (" \n[1, 2]\n\n", [" \n[1, 2]\n\n"]),
    (' "a \\" string" ', [' "a \\" string" ']),
    ("-12.5e3", ["-12.5e3"]),
    ("true\n", ["true\n"]),
    ("nul", ["nul"]),
    ("[1, 2] it is", ["[1, 2]"]),
    ('true story: {"a": 1}', ['{"a": 1}']),
    ('"Quoted" words. {"a": 1}', ['{"a": 1}']),
    ("12 apples", []),
    ("   ", []),
    ("", []),
    # Fences
    ('```json\n{"a": "```"}\n```', ['{"a": "```"}\n']),
    ('```json\n{"a": "\\"```"}\n```', ['{"a": "\\"```"}\n']),
    ('Here:\n\n```JSON\n  {"a": 1}\n\n```\nThat {"b"} is it.', ['  {"a": 1}\n\n']),
    ('```\n[1, 2]\n```\n{"a": 1}', ["[1, 2]\n", '{"a": 1}']),
    ("```\n 42 \n```", [" 42 \n"]),
    ('```\n"x`y"\n```', ['"x`y"\n']),
    ("```json\n42\n```", ["42\n"]),
    ("```json\nnot json\n```", ["not json\n"]),
    ('```\n// data.json\n{"a": 1}\n```\n{"b": 1}', ['{"a": 1}', '{"b": 1}']),
    ('```\njson\n{"a": 1} `` [1]\n```{"b": 1}', ['{"a": 1}', '{"b": 1}']),
    ('```jsonc\n{"a": 1}\n```', ['{"a": 1}\n']),
    ('```json5\n// no\n{"a": 1}\n```', ['{"a": 1}']),
    ('```json\n{"a":1}\n``````python\n{"b":2}\n```', ['{"a":1}\n', '{"b":2}']),
    ("```" + " " * 45 + 'python\n{"a":1}\n```', []),
    ("Sorry. See {", []),
    ('Sorry. See {"a', []),
    ("Sorry. See [", []),
    ('Sorry. See ["a', ['["a']),
    ('```\n$ ls\n```\n{"a": 1}', ['{"a": 1}']),
    ('```\nnpm install\n```\n```\n1, 2\n```\n{"a": 1}', ['{"a": 1}']),
    ('```python\nd = {"a": 1}  # ``\n```\n{"b": 1}', ['{"b": 1}']),
    ('```json title="x"\n{"a": 1}\n```', ['{"a": 1}\n']),
    ('```{"a": 1}```', ['{"a": 1}']),
    ('```json {"a": 1}``` and ```js {"b": 1}``` {"c": 1}', ['{"a": 1}', '{"c": 1}']),
    ('````json\n["```", 1 ``` ]\n````', ['["```", 1 ``` ]\n']),
    ('```json\n```\n```\n \n```\n{"a": 1}', ['{"a": 1}']),
    ('Some ```inline code``` and {"a": 1}', ['{"a": 1}']),
    ('```json\n{"a": "x', ['{"a": "x']),
    ('```json\n{"a": 1}\n``', ['{"a": 1}\n']),
    ('```json\n{"a": 1\\', ['{"a": 1\\']),
    ("```", []),
    # Thinking
    ('<think>{"draft": 1}```json\n{}</think>{"a": 1}', ['{"a": 1}']),
    ("<think>[1]</think>\n\n[2, 3]", ["\n\n[2, 3]"]),
    ('<thinking>{"d": 1}</think></thinking> So: {"a": 1}', ['{"a": 1}']),
    ('a < b, <thin {"a": 1} <think>{"b": 2}', ['{"a": 1}']),
    ('<thin> {"a": 1}', ['{"a": 1}']),
    # Behind the point where JSON was found a flaw is the JSON's
    ('So: {"a": oops} {"b": 1}', ['{"a": oops}', '{"b": 1}']),
    ('So: {"a": "no end} {"b": 1}', ['{"a": "no end} {"b": 1}']),
    ("{placeholder}", ["{placeholder}"]),
]


@pytest.mark.parametrize(("answer", "expected"), ANSWERS)
def test_the_json_of_an_answer_is_found_however_it_is_cut(answer, expected):
    assert texts_in(answer) == expected


def json_texts(is_wanted):
    return texts.map(lambda text: text.strip(" \t\r\n")).filter(is_wanted)


def holds_a_container(text):
    return text[0] == "[" and any(isinstance(child, dict | list) for child in json.loads(text))


objects = json_texts(lambda text: text[0] == "{")
arrays_with_containers = json_texts(holds_a_container)
arrays_of_atoms = json_texts(lambda text: text[0] == "[" and not holds_a_container(text))

PROSE = [
    *("Sure!", "Use {x} or {y: 1}.", "[note]", "a < b", "`code` ``more``", "<b>", "] }", "“ü”"),
    *("{ not", "<think>no {} here</think>", '```sh\necho {"a": 1}\n```', "", "5 of 7", "tru"),
]


@st.composite
def answers(draw):
    """An answer, and the JSON texts in it: known because it was put together so."""
    parts, expected, spare = ["Well.\n"], [], []
    for _ in range(draw(st.integers(0, 4))):
        parts.append(draw(st.sampled_from(PROSE)) + "\n")
        kind = draw(st.sampled_from(["object", "array", "atoms", "json", "", "prose"]))
        if kind == "object":
            parts.append(draw(objects))
            expected.append(parts[-1])
        elif kind == "array":
            parts.append(draw(arrays_with_containers))
            expected.append(parts[-1])
        elif kind == "atoms":
            parts.append(draw(arrays_of_atoms))
            spare.append(parts[-1])
        elif kind != "prose":
            content = draw(objects | arrays_with_containers | arrays_of_atoms)
            parts.append(f"```{kind}\n{content}\n```")
            expected.append(content + "\n")
        parts.append("\n")
    return "".join(parts), expected or spare


@given(made=answers(), data=st.data())
def test_what_was_put_into_an_answer_is_found_in_it(made, data):
    answer, expected = made
    blocks, _ = found_in(answer)
    assert [text for _, text in blocks] == expected
    assert found_in(answer, data.draw(chunkings(answer))) == found_in(answer)


@given(text=mutated(), data=st.data())
def test_however_anything_is_cut_the_same_is_found(text, data):
    noise = st.sampled_from(["", "```", "``````", "```json\n", "<think>", "[1] ", "x ", " " * 41])
    answer = data.draw(noise) + data.draw(noise) + text + data.draw(noise) + data.draw(noise)
    assert found_in(answer, data.draw(chunkings(answer))) == found_in(answer)
    assert found_in(answer, characters(answer)) == found_in(answer)


# What may be held back: blank space around the value, a scalar that is the root, a backslash.
HELD = re.compile(r"[ \t\r\n]*|\\")


@given(texts)
def test_valid_json_alone_passes_unchanged_and_at_once(text):
    finder = JSONFinder()
    passed = ""
    scalar = text.strip(" \t\r\n")[0] not in "{["
    for count, character in enumerate(text, 1):
        passed += "".join(found.text for found in finder.feed(character))
        assert text.startswith(passed)
        assert scalar or HELD.fullmatch(text[len(passed) : count])
    passed += "".join(found.text for found in finder.close())
    assert (passed, finder.cut) == (text, [])


@given(made=answers(), data=st.data())
def test_what_was_released_never_changes(made, data):
    answer, _ = made
    cut = data.draw(st.integers(0, len(answer)))
    finder = JSONFinder()
    early = finder.feed(answer[:cut])
    released = {(found.block, found.offset): found.text for found in early}
    blocks, _ = found_in(answer)
    for (block, offset), text in released.items():
        at, whole = blocks[block]
        assert whole[offset - at :].startswith(text)


def test_a_span_is_listed_when_something_behind_it_is_released():
    finder = JSONFinder()
    finder.feed("Well [1]: ")
    assert finder.cut == []
    finder.feed('{"a": 1}')
    assert finder.cut == [(0, 10)]
    finder.feed(" Done.")
    finder.close()
    assert finder.cut == [(0, 10), (18, 24)]


def test_a_finder_takes_text_until_it_is_closed():
    finder = JSONFinder()
    with pytest.raises(TypeError, match="expected str, got bytes"):
        finder.feed(b"{}")
    assert finder.feed("{}") == [Found(0, "{}", 0)]
    assert finder.close() == finder.close() == []
    with pytest.raises(RuntimeError, match="after close"):
        finder.feed("{}")


def test_a_finder_is_plain_data_that_can_go_on_elsewhere():
    answer = 'So [1] <think>{}</think>: {"a": "\\n"}\n```\n"x"\n```'
    whole = found_in(answer)
    for cut in range(len(answer) + 1):
        first = JSONFinder()
        pieces = first.feed(answer[:cut])
        second = pickled(first)
        pieces += second.feed(answer[cut:]) + second.close()
        joined = "".join(found.text for found in pieces)
        assert (joined, second.cut) == ("".join(text for _, text in whole[0]), whole[1])


@pytest.mark.parametrize(
    "piece",
    [
        *("[1, ", '{"', "[", "{ ", "`", "<", "<think", " ", "[[", '["a", ', "```", "`\n", "{"),
        *("{x} see [a] ", "[1] ", '["', "[[[", '[{"a" x'),
    ],
)
@pytest.mark.parametrize("size", [4, 12_000])
def test_in_hostile_prose_no_character_is_tried_more_often_than_it_may_nest(piece, size):
    class Counting(JSONFinder):
        tried = copied = 0

        def _answer(self):
            self.tried += 1
            return super()._answer()

        def _rewind(self):
            self.copied += sum(map(len, self._tried))
            super()._rewind()

    answer = "x " + piece * 3_000
    finder = Counting()
    for delta in sizes(answer, size):
        finder.feed(delta)
        assert len(finder._text) - finder._at <= 16
    finder.close()
    assert finder.tried <= 3 * len(answer)
    assert finder.copied <= 3 * len(answer)


def test_an_opening_is_tried_by_the_grammar_alone_and_builds_nothing():
    opening = Opening()
    assert opening.feed("[" + " " * 100) == "perhaps"
    assert opening.feed('"x", 1, {} ') == "begins"
    assert (opening.value, opening.path, opening._string_length()) == (None, (), 0)


# -- Answers that were recorded --------------------------------------------------------------------


def recorded(corpora, *kinds):
    """The text channels of recordings, by name, each with what its summary says of it."""
    for file in sorted(corpora.glob("recordings/*/*.meta.json")):
        meta = json.loads(file.read_text("utf-8"))
        if meta["kind"] in kinds:
            for output in meta["outputs"]:
                if output["channel"] == "text" and output.get("final"):
                    yield f"{file.name} {output.get('index')}", output


def test_json_in_recorded_answers_has_the_value_of_its_fence(corpora):
    answers = dict(recorded(corpora, "json-in-text"))
    assert len(answers) >= 4
    for name, output in answers.items():
        (text,) = texts_in(output["final"])
        assert from_json(text, partial=False) == output["json_in_fence"], name


def test_recorded_json_alone_passes_unchanged(corpora):
    passed = [
        found_in(output["final"], output["deltas"])
        for _, output in recorded(corpora, "json")
        if output.get("json") == "valid"
    ]
    assert len(passed) >= 20
    for blocks, cut in passed:
        assert (len(blocks), cut) == (1, [])


def test_recorded_prose_is_the_same_in_every_cut(corpora):
    """Most of it holds no JSON; what does are footnotes, held to the end."""
    short = [out for _, out in recorded(corpora, "text", "json-in-text") if len(out["final"]) < 900]
    assert len(short) >= 20
    for output in short:
        for text in texts_in(output["final"]):
            from_json(text)
        assert found_in(output["final"], output["deltas"]) == found_in(output["final"])


# -- Mending ---------------------------------------------------------------------------------------


def mended(text, deltas=None):
    mender = Mender()
    pieces = [piece for delta in deltas or [text] for piece in mender.feed(delta)]
    pieces += mender.close()
    for repair in mender.repairs:
        assert text[repair.offset :].startswith(repair.found)
    assert [repair.offset for repair in mender.repairs] == sorted(r.offset for r in mender.repairs)
    return "".join(pieces), mender.repairs


FLAWS = [
    ('["two\nlines\t"]', r'["two\nlines\t"]', ["two\nlines\t"]),
    ('["\x00\x1f"]', r'["\u0000\u001f"]', ["\x00\x1f"]),
    (
        r'["App\Http\Models", "a\ b"]',
        r'["App\\Http\\Models", "a\\ b"]',
        ["App\\Http\\Models", "a\\ b"],
    ),
    (r'["it\'s"]', r"""["it's"]""", ["it's"]),
    (
        r'["\u12", "\u12G4", "\x41"]',
        r'["\\u12", "\\u12G4", "\\x41"]',
        ["\\u12", "\\u12G4", "\\x41"],
    ),
    ("[1, 2, ]", "[1, 2 ]", [1, 2]),
    ('{"a": [1,], "b": {"c": 2,\n},}', '{"a": [1], "b": {"c": 2\n}}', {"a": [1], "b": {"c": 2}}),
    ("[True, False, None]", "[true, false, null]", [True, False, None]),
    ('{"a": "True, ]"}', '{"a": "True, ]"}', {"a": "True, ]"}),
    ('["a\\\nb"]', r'["a\\\nb"]', ["a\\\nb"]),
]


@pytest.mark.parametrize(("text", "expected", "value"), FLAWS)
def test_a_flaw_is_mended_and_reported_in_every_cut(text, expected, value):
    whole = mended(text)
    assert whole[0] == expected
    assert json.loads(whole[0]) == value
    assert mended(text, characters(text)) == whole
    for cut in range(len(text)):
        assert mended(text, [text[:cut], text[cut:]]) == whole


def test_a_repair_says_what_stood_there_and_what_stands_there_now():
    _, repairs = mended('{"a": "b\\d\n", "c": True,}')
    assert repairs == [
        Repair(8, "\\", "\\\\"),
        Repair(10, "\n", "\\n"),
        Repair(19, "True", "true"),
        Repair(23, ",", ""),
    ]


@given(text=texts, data=st.data())
def test_valid_json_passes_a_mender_unchanged(text, data):
    assert mended(text, data.draw(chunkings(text))) == (text, [])


@given(text=mutated(), data=st.data())
def test_however_a_wrong_text_is_cut_it_is_mended_alike(text, data):
    assert mended(text, data.draw(chunkings(text))) == mended(text)


@pytest.mark.parametrize("text", ["[1 2]", "{'a': 1}", "[NaN]", "[Tru]", "{a: 1}", "[1,,]"])
def test_what_is_not_beyond_doubt_is_the_parsers_to_report(text):
    for cut in range(len(text)):
        passed, _ = mended(text, [text[:cut], text[cut:]])
        with pytest.raises(ValueError, match="expected"):
            from_json(passed)


@pytest.mark.parametrize("text", ["[1,", "[1, ", '["a\\', '["a\\u12', "[Tr"])
def test_what_was_held_back_passes_as_it_came_when_the_text_ends(text):
    assert mended(text) == (text, [])


def test_a_mender_takes_text_until_it_is_closed():
    mender = Mender()
    with pytest.raises(TypeError, match="expected str, got bytes"):
        mender.feed(b"{}")
    assert mender.feed("") == mender.feed(",") == []
    assert mender.close() == [","]
    assert mender.close() == []
    with pytest.raises(RuntimeError, match="after close"):
        mender.feed("{}")


def test_decoders_stand_behind_each_other():
    finder, mender, parser = JSONFinder(), Mender(), Parser()
    for delta in ["Here:\n```json\n", '{"path": "C:\\d', 'ir",', " }\n``", "`"]:
        for found in finder.feed(delta):
            for piece in mender.feed(found.text):
                parser.feed(piece)
    assert parser.complete
    assert parser.value == {"path": "C:\\dir"}
