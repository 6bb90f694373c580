"""ijson reads whole documents beside us: its prefixes and events against our paths.

Its own known differences, and how they are met here:

* Its prefixes join names with dots, so that `{"a.b": 1}` and `{"a": {"b": 1}}` are one, and `item`
  may be an element or a name: our paths become its prefixes, never the other way.
* Below the empty name its C backend forgets the dot before an element (`item` for `{"": [1]}`),
  its Python backend does not (`.item`): `dotted` knows both.
* Its numbers are `int` or `Decimal`: ours are compared with `parse_float=Decimal`.
* It makes `?`, pairs that are none, or `UnicodeDecodeError` of lone surrogates (C), or keeps them
  (Python): texts with lone surrogates are left out.
* The released C backend ends the process at an integer above 4,300 digits: none is given to it.
* It takes bytes alone, without a byte order mark.
"""

from __future__ import annotations

import io
import json
from decimal import Decimal

import pytest
from hypothesis import given
from support import ESCAPED, PLAIN, exactly, sizes, strings_of, texts_of

from partialjson import Parser, StringDelta, ValueStart

ijson = pytest.importorskip("ijson", reason="the oracle of these tests is ijson")


def is_present(name):
    try:
        ijson.get_backend(name)
    except ImportError:  # a C extension or a library that this machine lacks
        return False
    return True


BACKENDS = pytest.mark.parametrize(
    "backend", [name for name in ("python", "yajl2_c") if is_present(name)]
)
LONE = {r"\ud83d", r"\ude00", r"\uD83D\u0041"}
documents = texts_of(strings_of(PLAIN + [escape for escape in ESCAPED if escape not in LONE]))

STARTS = {"object": "start_map", "array": "start_array"}
ENDS = {"object": "end_map", "array": "end_array"}


def theirs(backend, text):
    return list(ijson.get_backend(backend).parse(io.BytesIO(text.encode()), buf_size=7))


def ours(backend, deltas):
    """Our events as ijson's: a dotted prefix, an event and a value; names apart from values."""
    parser = Parser(parse_float=Decimal)
    events = [event for delta in deltas for event in parser.feed(delta)]
    for event in events + parser.close():
        if type(event) is StringDelta:
            continue
        prefix = dotted(backend, event.path)
        begins = type(event) is ValueStart or event.kind in ("number", "boolean", "null")
        if begins and event.path and type(event.path[-1]) is str:
            yield dotted(backend, event.path[:-1]), "map_key", event.path[-1]
        if type(event) is not ValueStart:
            value = None if event.kind in ENDS else event.value
            yield prefix, ENDS.get(event.kind, event.kind), value
        elif event.kind in STARTS:
            yield prefix, STARTS[event.kind], None


def dotted(backend, path):
    prefix = ""
    for depth, key in enumerate(path):
        forgets = backend == "yajl2_c" and not prefix and type(key) is int
        prefix += "" if not depth or forgets else "."
        prefix += "item" if type(key) is int else key
    return prefix


@BACKENDS
@given(text=documents)
def test_a_document_has_the_prefixes_and_events_of_ijson(backend, text):
    expected = exactly(theirs(backend, text))
    for deltas in ([text], sizes(text, 1), sizes(text.encode(), 3)):
        assert exactly(list(ours(backend, deltas))) == expected


@BACKENDS
@pytest.mark.parametrize(
    "text",
    [
        *("0", "-0", "1E2", "1.50", "-0.0", "1e400", '""', "null", "[]", "{}", " [ ] "),
        *(
            '{"":{"":1}}',
            '{"":[1,[2],{"":[3]}]}',
            '{"a.b":1,"a":{"b":2}}',
            '{"item":[1]}',
            '{"a":1,"a":[2]}',
            "[[],[[]]]",
        ),
        *('"\\ud83d\\ude00\\u00e9\\n"', '{"\\u0061":[true,false,null]}', '["\\u0000"]'),
        "[" + "9" * 4_300 + "]",
    ],
)
def test_corners_have_the_prefixes_and_events_of_ijson(backend, text):
    assert exactly(list(ours(backend, [text]))) == exactly(theirs(backend, text))


@BACKENDS
def test_the_documents_of_the_corpora_have_the_prefixes_and_events_of_ijson(backend, corpora):
    files = [file for file in sorted((corpora / "documents").glob("*.json")) if is_document(file)]
    for file in files:
        text = file.read_text("utf-8")
        assert exactly(list(ours(backend, sizes(text, 512)))) == exactly(theirs(backend, text))
    assert len(files) > 25


def is_document(file):
    return not file.name.endswith(".tokens.json")


@BACKENDS
def test_the_texts_that_the_corpora_accept_have_the_prefixes_and_events_of_ijson(backend, corpora):
    folder = corpora / "json_conformance"
    compared = 0
    for line in (folder / "manifest.jsonl").read_text("utf-8").splitlines():
        case = json.loads(line)
        if case["expect"] == "accept" and case["bytes"] < 20_000:
            text = (folder / case["file"]).read_text("utf-8")
            if is_read_by_ijson(text):
                assert exactly(list(ours(backend, sizes(text, 5)))) == exactly(
                    theirs(backend, text)
                )
                compared += 1
    assert compared > 60


def is_read_by_ijson(text):
    """Whether no string of the text holds a lone surrogate."""
    try:
        json.dumps(json.loads(text), ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True
