"""Other people's texts, numbers, characters and recordings: what they say is what we do.

The data are read in place (`--corpora`). A case that is skipped, or answered otherwise, stands
below one by one with its reason; an entry that is no longer needed fails its test.
"""

from __future__ import annotations

import base64
import json
import struct
from decimal import Decimal

from support import built, characters, exactly, is_json, sizes, two_way_cuts, value_of

from partialjson import (
    IncompleteJSONError,
    JSONSyntaxError,
    LiveValue,
    Parser,
    PartialJSONError,
    ValueEnd,
    from_json,
)

FEW = 300  # bytes up to which every two-way cut is tried
MANY = 20_000  # bytes from which the pieces are larger than one byte
DEEPER = "recursion"  # than `json.loads` and `repr` go
DEEP = {LiveValue: 100_000, Parser: 2_000}  # a path costs its depth at every event


def lines(file):
    with file.open(encoding="utf-8") as source:
        return [json.loads(line) for line in source]


def answer(kind, deltas, shown=exactly, **options):
    """What feeding and closing gives: a status, and a value or the offset of an error."""
    parser = kind(**options)
    try:
        for delta in deltas:
            parser.feed(delta)
        parser.close()
    except IncompleteJSONError as error:
        return "incomplete", error.offset
    except JSONSyntaxError as error:
        return "error", error.offset
    except PartialJSONError as error:
        return type(error).__name__, error.offset
    return "complete", shown(parser.value)


def ways(data):
    """Whole, character by character, and in every two pieces where that does not take long."""
    yield [data]
    yield characters(data) if len(data) < MANY else sizes(data, 1_021)
    if len(data) < FEW:
        yield from two_way_cuts(data)


# -- JSON texts ------------------------------------------------------------------------------------

# The answer of ours that is another than the corpus has, or that it leaves open, and why.
BOM = "a byte order mark at the start of bytes is skipped, as RFC 8259 (section 8.1) allows"
FIRST = "an impossible character stands before the bytes that are not UTF-8"
OTHERWISE = {
    "JSONTestSuite/test_parsing/i_structure_UTF-8_BOM_empty_object.json": (("complete", "{}"), BOM),
    "JSONTestSuite/test_parsing/n_structure_UTF8_BOM_no_data.json": (("incomplete", 0), BOM),
    "JSONTestSuite/test_parsing/i_string_utf16BE_no_BOM.json": (("error", 0), FIRST),
    "JSONTestSuite/test_parsing/i_string_utf16LE_no_BOM.json": (("error", 1), FIRST),
}
TOO_DEEP_FOR_A_PARSER = {
    "JSONTestSuite/test_parsing/n_structure_100000_opening_arrays.json": ("LimitExceeded", 2_000),
}


def expected_of(case, data):
    if case["utf8"] == "invalid":
        return "error", len(data[: case["utf8_error_at_byte"]].decode())
    if case["strict_status"] == "error":
        return "error", case["error_at_char"]
    text = data.decode()
    if case["strict_status"] == "incomplete":
        return "incomplete", len(text)
    return "complete", exactly(json.loads(text)) if case.get(
        "python_json_loads"
    ) != DEEPER else DEEPER


def test_every_text_has_its_status_and_fails_at_its_first_impossible_character(corpora):
    folder = corpora / "json_conformance"
    cases = lines(folder / "manifest.jsonl")
    differ, too_deep = {}, {}
    for case in cases:
        data = (folder / case["file"]).read_bytes()
        expected = expected_of(case, data)
        shown = exactly if expected[1] != DEEPER else lambda _: DEEPER
        for kind in (LiveValue, Parser):
            for deltas in ways(data):
                given = answer(kind, deltas, shown, max_depth=DEEP[kind])
                if given[0] == "LimitExceeded":
                    too_deep[case["file"]] = given
                elif given != expected:
                    assert differ.setdefault(case["file"], given) == given
    assert len(cases) > 300
    assert differ == {file: given for file, (given, _) in OTHERWISE.items()}
    assert too_deep == TOO_DEEP_FOR_A_PARSER


def test_what_python_accepts_has_the_value_that_python_gives(corpora):
    folder = corpora / "json_conformance"
    read = 0
    for case in lines(folder / "manifest.jsonl"):
        if case.get("strict_status") == "complete" and case["python_json_loads"] == "accept":
            text = (folder / case["file"]).read_text("utf-8")
            parser = Parser(max_depth=2_000)
            events = parser.feed(text) + parser.close()
            assert exactly(built(events)) == exactly(parser.value) == exactly(json.loads(text))
            read += 1
    assert read > 100


# -- Numbers ---------------------------------------------------------------------------------------


def test_every_number_is_its_double_bit_by_bit(corpora):
    cases = [c for c in lines(corpora / "json_conformance/numbers.jsonl") if "f64_hex" in c]
    for case in cases:
        for deltas in ([case["text"]], characters(case["text"])):
            assert struct.pack(">d", value_of(deltas)).hex() == case["f64_hex"]
        for deltas in ([f"[{case['text']}]"], characters(f"[{case['text']}]")):
            assert struct.pack(">d", *value_of(deltas)).hex() == case["f64_hex"]
    assert len(cases) > 300


def test_numbers_beyond_doubles_and_numbers_that_are_none(corpora):
    for case in lines(corpora / "json_conformance/numbers.jsonl"):
        for deltas in ways(case["text"]):
            if "python_value" in case:
                assert answer(Parser, deltas) == ("complete", case["python_value"])
            elif "reject" in case:
                assert answer(Parser, deltas) == (case["strict_status"], case["error_at_char"])


def test_a_decimal_keeps_every_digit_of_every_number(corpora):
    for case in lines(corpora / "json_conformance/numbers.jsonl"):
        if "reject" not in case and not case["text"].lstrip("-").isdigit():
            value = from_json(case["text"], parse_float=refused_or_decimal)
            assert exactly(value) == exactly(refused_or_decimal(case["text"]))


def refused_or_decimal(text):
    try:
        return Decimal(text)
    except ArithmeticError:
        return text


# -- Characters ------------------------------------------------------------------------------------

CHARACTERS_OTHERWISE = {  # by what the case is for: our answer, and why
    "BOM at the start": (("complete", "{}"), BOM),
    "BOM bytes": (("complete", "[1]"), BOM),
    "cut inside a 3-byte sequence": (("incomplete", 1), "in a string more bytes could mend it"),
}


def test_every_case_of_unicode_has_its_status_place_and_value(corpora):
    differ = {}
    cases = lines(corpora / "json_conformance/unicode.jsonl")
    for case in cases:
        data = base64.b64decode(case["bytes_b64"])
        expected = expected_of(case, data)
        if "python_value" in case:
            assert expected[1] == exactly(case["python_value"])
        for kind in (Parser, LiveValue):
            for deltas in ways(data):
                given = answer(kind, deltas)
                if given != expected:
                    assert differ.setdefault(case["why"], given) == given
    assert len(cases) > 40
    assert differ == {why: given for why, (given, _) in CHARACTERS_OTHERWISE.items()}


def test_naughty_strings_come_back_as_values_and_as_names(corpora):
    strings = json.loads((corpora / "json_conformance/blns.json").read_text("utf-8"))
    value = [strings, {string: string for string in strings}]
    for ascii_only in (True, False):
        text = json.dumps(value, ensure_ascii=ascii_only)
        for deltas in (characters(text), sizes(text, 7), sizes(text.encode(), 5), [text]):
            for kind in (Parser, LiveValue):
                assert answer(kind, deltas) == ("complete", exactly(value))


# -- Documents, as a model writes them -------------------------------------------------------------


def cut_by(data, lengths):
    pieces, at = [], 0
    for length in lengths:
        pieces.append(data[at : at + length])
        at += length
    assert at == len(data)
    return pieces


def test_documents_arrive_token_by_token(corpora):
    cases = lines(corpora / "documents/index.jsonl")
    for case in cases:
        file = corpora / "documents" / case["file"]
        data = file.read_bytes()
        lengths = json.loads(file.with_suffix(".tokens.json").read_bytes())
        parser, live, events = Parser(), LiveValue(), []
        for piece in cut_by(data, lengths):
            events += parser.feed(piece)
            live.feed(piece)
        parser.close()
        expected = exactly(json.loads(data))
        assert exactly(parser.value) == exactly(live.close()) == exactly(built(events)) == expected
    assert len(cases) > 25


# -- Recordings ------------------------------------------------------------------------------------

STATUS = {
    "valid": "complete",
    "incomplete": "incomplete",
    "invalid": "error",
    "empty": "incomplete",
}


def recorded(corpora):
    """Every channel of every recorded response that came in deltas, whatever the provider."""
    for meta in sorted((corpora / "recordings").glob("*/*.meta.json")):
        for output in json.loads(meta.read_bytes())["outputs"]:
            if "deltas" in output:
                yield output


def test_what_models_wrote_as_json_has_its_value_or_is_incomplete(corpora):
    outputs = [output for output in recorded(corpora) if "json" in output]
    for output in outputs:
        status, result = answer(Parser, output["deltas"])
        assert status == STATUS[output["json"]]
        if status == "complete":
            assert result == exactly(output["value"])
        assert (status, result) == answer(LiveValue, output["deltas"])
        assert (status, result) == answer(Parser, characters(output["final"]))
        assert (status, result) == answer(LiveValue, [output["final"]])
    assert len(outputs) > 200
    assert {output["json"] for output in outputs} == {"valid", "incomplete", "empty"}


def test_what_models_wrote_as_prose_is_a_value_only_where_it_is_json_by_chance(corpora):
    outputs = [output for output in recorded(corpora) if "json" not in output]
    for output in outputs:
        status, result = answer(Parser, output["deltas"])
        assert (status == "complete") == is_json(output["final"])
        assert (status, result) == answer(LiveValue, [output["final"]])
    assert len(outputs) > 200


# -- What peers show of a cut text, where they mean the same ---------------------------------------

SHOWS_NUMBERS = "it shows a number before it ends; we do once a blank has proved it"
PREFIXES_COMPARED = {
    "jiter partial_mode=trailing-strings": SHOWS_NUMBERS,
    "jsonriver (last value before the cut)": SHOWS_NUMBERS,
}
OPEN_STRINGS = "it drops, or may drop, a string that is still open"
GUESSES = "it completes a cut literal by guessing"
STRIPS = "it strips the whitespace at the end of an open string"
TEXT = "it gives text, and repairs what is no JSON"
PREFIXES_NOT_COMPARED = {
    "jiter partial_mode=on": OPEN_STRINGS,
    "partial-json-parser (py) allow=ALL": GUESSES,
    "partial-json-parser (py) allow=ALL&~STR": OPEN_STRINGS,
    "partial-json-parser (py) allow=ALL&~NUM": GUESSES,
    "partial-json-parser (py) allow=COLLECTION": OPEN_STRINGS,
    "langchain_core parse_partial_json": "a cut escape makes it drop the string",
    "langdiff parse_partial_json": OPEN_STRINGS,
    "json_repair stream_stable=True": TEXT,
    "partialjson strict=True": "it shows a member whose name is cut",
    "streamingjson complete_json (text)": TEXT,
    "vercel-ai parsePartialJson": GUESSES,
    "partial-json (js) allow=ALL": GUESSES,
    "untruncate-json (text)": TEXT,
    "best-effort-json-parser": "it shows a member whose name is cut",
    "langchainjs strictParsePartialJson": "it shows the letters of a cut escape",
    "openai-node partialParse": STRIPS,
    "anthropic-sdk-typescript partialParse": OPEN_STRINGS,
}
# (the mode, the prefix): why the peer shows something else.
HALF_A_PAIR = "the peer shows the first half of a surrogate pair, which we hold back"
PREFIXES_OTHERWISE = {
    ("jsonriver (last value before the cut)", '"plain \\ud83d' + "\\ude00"[:cut]): HALF_A_PAIR
    for cut in range(6)
}


def prefixes(case):
    ends = [start for start, _ in case["runs"][1:]] + [len(case["document"]) + 1]
    for (start, shown), end in zip(case["runs"], ends, strict=True):
        for length in range(start, end):
            yield case["document"][:length], shown


def as_python(value):
    """The corpus spells what JSON lacks; to JavaScript `-0` is a double."""
    if type(value) is dict:
        if value.keys() == {"$float"}:
            return float(value["$float"])
        return {name: as_python(member) for name, member in value.items()}
    return [as_python(element) for element in value] if type(value) is list else value


def with_numbers(prefix):
    """The value so far, a number at its end included, as if a blank had come behind it."""
    try:
        return from_json(prefix + " " if prefix[-1].isdigit() else prefix)
    except JSONSyntaxError:  # no blank can stand there: a digit of a name's or a string's escape
        return from_json(prefix)


def test_peers_that_mean_the_same_show_the_same_for_every_prefix(corpora):
    cases = lines(corpora / "partial_cases/prefix_values.jsonl")
    modes = {case["mode"] for case in cases}
    assert modes == PREFIXES_COMPARED.keys() | PREFIXES_NOT_COMPARED.keys()
    differ, compared = set(), 0
    for case in cases:
        for prefix, shown in prefixes(case) if case["mode"] in PREFIXES_COMPARED else ():
            live = LiveValue()
            live.feed(prefix)
            in_string = '"' in live.completion.suffix
            ours = live.value if in_string else with_numbers(prefix)
            compared += 1
            if ours != as_python(shown.get("v")):
                differ.add((case["mode"], prefix))
    assert compared > 900
    assert differ == PREFIXES_OTHERWISE.keys()


def shows(vector):
    return from_json(vector["input"])


def refuses(vector):
    try:
        from_json(vector["input"], partial=False)
    except (JSONSyntaxError, IncompleteJSONError) as error:
        return {"error": type(error).__name__}
    return None


def refuses_a_prefix(vector):
    try:
        from_json(vector["input"])
    except JSONSyntaxError as error:
        return {"error": type(error).__name__}
    return None


def refuses_repeated_names(vector):
    try:
        from_json(vector["input"], duplicate_names="error")
    except JSONSyntaxError as error:
        return {"error": type(error).__name__}
    return None


def ends_in_order(vector):
    parser, ended = Parser(), []
    for delta in vector["chunks"]:
        ended += [event for event in parser.feed(delta) if type(event) is ValueEnd]
    return [[event.value, list(event.path)] for event in ended]


def values_in_order(vector):
    live, values = LiveValue(), []
    for delta in vector["chunks"]:
        live.feed(delta)
        value = live.snapshot()
        if live.started and (not values or value != values[-1]):
            values.append(value)
    return values


def same_once_repeats_are_left_out(ours, theirs):
    return ours == [v for i, v in enumerate(theirs) if not i or v != theirs[i - 1]]


# The mode and the kind of its expectation: what of ours must be equal.
VECTORS_COMPARED = {
    ("jiter partial_mode=off", "value"): shows,
    ("jiter partial_mode=off", "error"): refuses,
    ("jiter partial_mode=off allow_inf_nan=False", "error"): refuses,
    ("jiter partial_mode=off catch_duplicate_keys=True", "error"): refuses_repeated_names,
    ("jiter partial_mode=trailing-strings", "value"): shows,
    ("jiter partial_mode=trailing-strings", "error"): refuses_a_prefix,
    ("jsonriver round trip (final value, any chunking)", "value"): shows,
    (
        "jsonriver completeCallback, 1-character chunks ([value, path] in order)",
        "complete_paths",
    ): ends_in_order,
    (
        "jsonriver parse, 1-character chunks (every yielded value)",
        "value_sequence",
    ): values_in_order,
    ("langchain_core parse_partial_json", "value"): shows,
    ("langchainjs strictParsePartialJson", "error"): refuses_a_prefix,
    ("openai-node partialParse (ALL minus NUM)", "value"): shows,
    ("partial-json (js) parse allow=~(INFINITY)", "error"): refuses_a_prefix,
    ("partial-json (js) parse allow=~(NAN)", "error"): refuses_a_prefix,
    ("partial-json-parser (py) parse_json allow=ALL", "error"): refuses_a_prefix,
    ("partial-json-parser (py) parse_json allow=ALL", "value"): shows,
    ("partial-json-parser (py) parse_json allow=~INFINITY", "error"): refuses_a_prefix,
    ("partial-json-parser (py) parse_json allow=~NAN", "error"): refuses_a_prefix,
    ("partialjson strict=True", "error"): refuses_a_prefix,
    ("partialjson strict=True", "value"): shows,
    (
        "strict complete JSON (must be rejected at the end of input, as JSON.parse)",
        "error",
    ): refuses,
}
VECTORS_OTHERWISE = {}  # the id of a vector of these modes: why our answer is another
NO_JSON = "it repairs what is no JSON, which is not this decoder's business"
FLAGS = "its flags drop, guess or refuse kinds of cut values, each otherwise than we show them"
TYPED = "it validates against a schema"
EVENTS = "its events are of another shape; values and paths are compared by other modes"
DIFFS = "its steps are diffs or models, not values"
VECTORS_NOT_COMPARED = {
    "@streamparser/json": EVENTS,
    "anthropic-sdk-typescript": OPEN_STRINGS,
    "baml": NO_JSON,
    "best-effort-json-parser": NO_JSON,
    "instructor": TYPED,
    "jiter partial_mode=on": OPEN_STRINGS,
    "jiter partial_mode=trailing-strings all_prefixes_type": "a law of ours says more",
    "json_repair": NO_JSON,
    "langchain JsonOutputParser": DIFFS,
    "langchain_core parse_json_markdown": NO_JSON,
    "langchainjs JsonOutputParser": DIFFS,
    "langchainjs strictParsePartialJson prefix_values": "it shows the letters of a cut escape",
    "langchainjs strictParsePartialJson value": "it shows the letters of a cut escape",
    "langdiff": NO_JSON,
    "mirascope": TYPED,
    "openai-partial-stream": NO_JSON,
    "partial-json (js)": FLAGS,
    "partial-json-parser (py)": FLAGS,
    "partialjson json5_enabled": NO_JSON,
    "partialjson strict=False": NO_JSON,
    "pydantic_core": TYPED,
    "streamingjson": NO_JSON,
    "struct-strm": TYPED,
    "untruncate-json": NO_JSON,
    "vercel-ai": NO_JSON,
}


def test_peers_that_mean_the_same_answer_their_own_vectors_as_we_do(corpora):
    differ, left_out, compared = {}, set(), set()
    for vector in lines(corpora / "partial_cases/vectors.jsonl"):
        mode, kind = vector["mode"], vector["expect_kind"]
        if vector["input"] is None:
            vector["input"] = base64.b64decode(vector["input_b64"])
        if (mode, kind) not in VECTORS_COMPARED:
            left_out.add(f"{mode} {kind}")
            continue
        compared.add((mode, kind))
        ours, theirs = VECTORS_COMPARED[mode, kind](vector), as_python(vector["expect"])
        is_same = ours is not None if kind == "error" else ours == theirs
        if kind == "value_sequence":
            is_same = same_once_repeats_are_left_out(ours, theirs)
        if not is_same:
            differ[vector["id"]] = (vector["input"], theirs, ours)
    assert differ.keys() == VECTORS_OTHERWISE.keys(), differ
    assert compared == VECTORS_COMPARED.keys()
    assert {reason_for(mode) for mode in left_out} == VECTORS_NOT_COMPARED.keys()


def reason_for(mode):
    """The longest entry that this mode begins with."""
    return max((known for known in VECTORS_NOT_COMPARED if mode.startswith(known)), key=len)
