"""The only helper of the tests: texts, ways to cut them, and an oracle simpler than the code."""

from __future__ import annotations

import itertools
import json
import os
import pickle
import re
import signal
from collections.abc import Iterator
from json.decoder import JSONDecoder

from hypothesis import strategies as st

from partialjson import LiveValue, Parser, PartialJSONError, StringDelta, ValueEnd, ValueStart

# -- Ways to cut -----------------------------------------------------------------------------------


def characters(text):
    return [text[i : i + 1] for i in range(len(text))]


def two_way_cuts(text):
    return [[text[:i], text[i:]] for i in range(len(text) + 1)]


def sizes(text, size):
    return [text[i : i + size] for i in range(0, len(text), size)]


@st.composite
def chunkings(draw, text):
    """Any way to cut a text (or bytes), empty pieces included."""
    cuts = sorted(draw(st.lists(st.integers(0, len(text)), max_size=12)))
    return [text[a:b] for a, b in itertools.pairwise([0, *cuts, len(text)])]


# -- Feeding ---------------------------------------------------------------------------------------


def fed(kind, *deltas, **options):
    """A parser that has read some deltas and is still open."""
    parser = kind(**options)
    for delta in deltas:
        parser.feed(delta)
    return parser


def events_of(deltas, **options):
    parser = Parser(**options)
    events = [event for delta in deltas for event in parser.feed(delta)]
    return events + parser.close()


def value_of(deltas, **options):
    live = LiveValue(**options)
    for delta in deltas:
        live.feed(delta)
    return live.close()


def outcome_of(deltas, kind=Parser, **options):
    """All that feeding and closing shows: merged events or the value, and the facts of an error."""
    parser = kind(**options)
    events = []
    try:
        for delta in deltas:
            events += parser.feed(delta) if kind is Parser else []
            if kind is LiveValue:
                parser.feed(delta)
        events += parser.close() if kind is Parser else []
        if kind is LiveValue:
            parser.close()
    except PartialJSONError as error:
        events += error.events
        facts = (type(error), str(error), error.offset, error.line, error.column, error.path)
    else:
        facts = None
    place = (parser.offset, parser.line, parser.column, parser.path, parser.completion)
    return exactly([facts, place, parser.value]), exactly(merged(events))


def merged(events):
    """Adjacent deltas of one string as one, so that chunking does not show."""
    result = []
    for event in events:
        last = result[-1] if result else None
        if type(event) is StringDelta and type(last) is StringDelta and last.path == event.path:
            result[-1] = StringDelta(event.path, last.text + event.text)
        else:
            result.append(event)
    return result


def exactly(value):
    """A form in which `1`, `1.0` and `True` differ, and so do `0.0` and `-0.0`."""
    return repr(value)


def pickled(thing):
    """The same state in another object, as another process would have it."""
    return pickle.loads(pickle.dumps(thing))  # noqa: S301 - our own bytes


# -- Processes -------------------------------------------------------------------------------------


def heed_interrupts():
    signal.signal(signal.SIGINT, signal.SIG_DFL)


# A shell starts what it runs in the background with SIGINT ignored, and children inherit that.
HEEDING_INTERRUPTS = {"preexec_fn": heed_interrupts} if os.name == "posix" else {}


# -- The oracle ------------------------------------------------------------------------------------

SPACE = re.compile(r"[ \t\n\r]*")
RAW_CHARACTER = re.compile(r"\\u[dD][89abAB]..\\u[dD][c-fC-F]..|\\u....|\\.|.", re.DOTALL)
decoder = JSONDecoder()


def told(text):
    """What a whole text must tell, in order: events, each with how many characters prove it."""
    return list(_told(text, SPACE.match(text).end(), (), replaces=False))


def _told(text, start, path, *, replaces) -> Iterator:
    if text[start] == "{":
        yield ValueStart(path, "object", replaces), start + 1
        yield from _members(text, start, path)
    elif text[start] == "[":
        yield ValueStart(path, "array", replaces), start + 1
        yield from _elements(text, start, path)
    elif text[start] == '"':
        yield ValueStart(path, "string", replaces), start + 1
        yield from _characters(text, start, path)
    value, end = decoder.raw_decode(text, start)
    kind = KINDS.get(type(value), "number")
    yield ValueEnd(path, kind, value, start, end, replaces), end + (kind == "number")


KINDS = {dict: "object", list: "array", str: "string", bool: "boolean", type(None): "null"}


def _members(text, pos, path):
    pos, seen = SPACE.match(text, pos + 1).end(), set()
    while text[pos] != "}":
        name, pos = decoder.raw_decode(text, pos)
        start = SPACE.match(text, SPACE.match(text, pos).end() + 1).end()
        yield from _told(text, start, (*path, name), replaces=name in seen)
        seen.add(name)
        pos = SPACE.match(text, decoder.raw_decode(text, start)[1]).end()
        pos = SPACE.match(text, pos + (text[pos] == ",")).end()


def _elements(text, pos, path):
    pos, index = SPACE.match(text, pos + 1).end(), 0
    while text[pos] != "]":
        yield from _told(text, pos, (*path, index), replaces=False)
        pos, index = SPACE.match(text, decoder.raw_decode(text, pos)[1]).end(), index + 1
        pos = SPACE.match(text, pos + (text[pos] == ",")).end()


def _characters(text, start, path):
    end = decoder.raw_decode(text, start)[1] - 1
    for m in RAW_CHARACTER.finditer(text, start + 1, end):
        yield StringDelta(path, decoder.raw_decode(f'"{m[0]}"')[0]), proved_at(text, m)


def proved_at(text, m):
    """A high surrogate is alone as soon as what follows can no longer be its low half."""
    if not re.fullmatch(r"\\u[dD][89abAB]..", m[0]) or text[m.end()] != "\\":
        return m.end() + (len(m[0]) == 6 and m[0][2] in "dD" and m[0][3] in "89abAB")
    return m.end() + (6 if text[m.end() + 1] == "u" else 2)


def built(events):
    """The value that events build, and whether there is one: the plainest reader of them."""
    root = [None]
    for event in events:
        holder = root
        for key in (0, *event.path)[:-1]:
            holder = holder[key]
        key = (0, *event.path)[-1]
        if type(event) is StringDelta:
            holder[key] += event.text
        elif type(event) is ValueStart:
            put(holder, key, {"object": {}, "array": [], "string": ""}[event.kind])
        elif event.kind not in ("object", "array", "string"):
            put(holder, key, event.value)
    return root[0]


def put(holder, key, value):
    if type(holder) is dict or key < len(holder):
        holder[key] = value
    else:
        holder.append(value)


def steps(value):
    """Every value inside a value, by path."""
    yield (), value
    if type(value) in (dict, list):
        items = value.items() if type(value) is dict else enumerate(value)
        for key, child in items:
            for path, inner in steps(child):
                yield (key, *path), inner


def refuse(constant):
    raise ValueError(constant)


def is_json(text):
    """By the standard library, less the constants that it adds to the standard."""
    try:
        json.loads(text, parse_constant=refuse)
    except ValueError:
        return False
    return True


# Whatever is cut at the end of a prefix is mended by one of each, if it can be mended at all.
ATOM_ENDS = (
    *("", "n", "0000", "000", "00", "0"),
    *("rue", "ue", "e", "alse", "lse", "se", "ull", "ll", "l"),
)
TAILS = ("", ":0", "0", '"":0')


def is_viable(prefix):
    """Whether some valid text begins so: tried, not reasoned."""
    closers = closers_of(prefix)
    return any(
        is_json(prefix + atom_end + quote + tail + closers)
        for atom_end, quote, tail in itertools.product(ATOM_ENDS, ("", '"'), TAILS)
    )


def closers_of(prefix):
    without_strings = re.sub(r'"(?:\\.|[^"\\])*("|\\?\Z)', "", prefix, flags=re.DOTALL)
    closers = []
    for c in without_strings:
        if c in "[{":
            closers.append("]" if c == "[" else "}")
        elif c in "]}" and closers:
            closers.pop()
    return "".join(reversed(closers))


# -- Texts -----------------------------------------------------------------------------------------

blanks = st.sampled_from(["", "", "", " ", "\n", "\t\r\n ", "  "])
numbers = st.from_regex(
    r"-?(0|[1-9][0-9]{0,5})(\.[0-9]{1,4})?([eE][+-]?[0-9]{1,3})?", fullmatch=True
) | st.sampled_from(["-0", "1e400", "-1e999", "12345678901234567890", "1E-7", "0.1"])
literals = st.sampled_from(["true", "false", "null"])
ESCAPED = [
    *(r"\n", r"\"", r"\\", r"\/", r"\u00e9", r"\u0020"),
    *(r"\ud83d\ude00", r"\ud83d", r"\ude00", r"\uD83D\u0041"),
]
PLAIN = [*"ab ,:{}[]0-", "é", "\u2028", "\x7f", "漢", "😀", "tru", "\xa0", "__proto__"]
RAW_SURROGATES = ["\ud83d", "\ude00"]  # a str may hold them; UTF-8 may not


def strings_of(pieces):
    return st.lists(st.sampled_from(pieces), max_size=6).map(lambda parts: f'"{"".join(parts)}"')


names = st.sampled_from(['"a"', '"b"', '""', '"a.b"', r'"\u0061"', '"__proto__"', '"é"', '"0"'])


def texts_of(strings):
    def containers(children):
        padded = st.tuples(blanks, children, blanks).map("".join)
        members = st.tuples(blanks, names | strings, blanks, st.just(":"), padded).map("".join)
        return st.lists(padded, max_size=4).map(lambda items: f"[{','.join(items)}]") | st.lists(
            members, max_size=4
        ).map(lambda items: f"{{{','.join(items)}}}")

    empty = st.sampled_from(["[]", "{}", "[ ]", "{\n}"])
    values = st.recursive(numbers | literals | strings | empty, containers, max_leaves=12)
    return st.tuples(blanks, values, blanks).map("".join)


texts = texts_of(strings_of(PLAIN + ESCAPED + RAW_SURROGATES))
utf8_texts = texts_of(strings_of(PLAIN + ESCAPED))


@st.composite
def mutated(draw, source=texts):
    """A text with a few characters taken out or put in: mostly wrong, or cut, or right."""
    text = draw(source)
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(text)))
        new = draw(st.sampled_from([*'{}[]",:0-+.eEtn\\u d8', "\n", "\x00", "\f", "１", ""]))
        text = text[:at] + new + text[at + draw(st.integers(0, 2)) :]
    return text
