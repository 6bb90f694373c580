"""Random texts, cut and spoilt, for both cores side by side: what one shows, the other must show.

All chance comes from one function, `pick(n)`, which gives a number below `n`: a random generator's,
or a fuzzer's, whose bytes then are the case.
"""

from __future__ import annotations

import json
import pickle
from decimal import Decimal

from support import ESCAPED, PLAIN, RAW_SURROGATES, exactly, merged, steps

from partialjson import PartialJSONError, _plain

try:
    from partialjson import _speedups
except ImportError:  # built without a compiler
    _speedups = None

PAIRS = (
    [(_plain.Parser, _speedups.Parser), (_plain.LiveValue, _speedups.LiveValue)]
    if _speedups
    else []
)

# -- Options ---------------------------------------------------------------------------------------


def picky(text):
    if "e" in text:
        raise ValueError("no exponents here")
    return float(text)


def own(text):
    return ("own", text)


def breaking(text):
    if text.endswith("7"):
        raise KeyError(text)
    return text


OPTIONS = {
    "strings": ("growing", "growing", "whole"),
    "parse_float": (float, float, Decimal, picky, own, breaking),
    "duplicate_names": ("last", "last", "error"),
    "max_depth": (400, 400, 0, 1, 2, 5),
    "max_string": (None, None, None, 0, 1, 3, 10),
    "max_number": (4_300, 4_300, 1, 3, 12, 0),
    "max_text": (None, None, None, 0, 1, 7, 40),
}


def options_of(pick):
    if pick(3):
        return {}
    return {name: among[pick(len(among))] for name, among in OPTIONS.items() if pick(2)}


# -- Texts -----------------------------------------------------------------------------------------

BLANKS = ("", "", "", " ", "\n", "\t\r\n ", "  ")
NAMES = (
    '"a"',
    '"b"',
    '""',
    r'"\u0061"',
    '"é"',
    '"漢"',
    '"😀"',
    '"a name of many characters, longer"',
)
ATOMS = (
    *("0", "-0", "12", "-7", "0.5", "1e3", "1E-7", "-0.0", "1.7", "2e7", "1e400", "5e-324"),
    *("12345678901234567890", "0.1234567890123456789", "1.7976931348623157e308"),
    *("true", "false", "null", "[]", "{}", "[ ]", "{\n}"),
)
RUNS = ("plain text of some length", "0123456789abcdef" * 4, "é" * 17, "漢字" * 9, "😀" * 5)
CHARACTERS = (*ESCAPED, *PLAIN, *RAW_SURROGATES, *RUNS)
SPOILS = (
    *'{}[]",:0-+.eEtn\\u d8',
    "\n",
    "\x00",
    "\f",
    "\x1f",
    "１",
    "\x7f",
    "\ufeff",
    "é",
    "\ud83d",
)


def digits(pick, most):
    return "".join("0123456789"[pick(10)] for _ in range(pick(most)))


def number(pick):
    text = "-" * pick(2) + (str(1 + pick(9)) + digits(pick, 20) if pick(4) else "0")
    text += f".{pick(10)}{digits(pick, 18)}" if pick(2) else ""
    return text + (f"{'eE'[pick(2)]}{('', '+', '-')[pick(3)]}{pick(330)}" if pick(2) else "")


def string(pick):
    return f'"{"".join(CHARACTERS[pick(len(CHARACTERS))] for _ in range(pick(6)))}"'


def blank(pick):
    return BLANKS[pick(len(BLANKS))]


def text_of(pick, depth=0):
    kind = pick(10 if depth < 6 else 6)
    if kind < 3:
        return ATOMS[pick(len(ATOMS))]
    if kind < 5:
        return string(pick)
    if kind == 5:
        return number(pick)
    values = [f"{blank(pick)}{text_of(pick, depth + 1)}{blank(pick)}" for _ in range(pick(4))]
    if kind < 8:
        return f"[{','.join(values)}]"
    names = [string(pick) if not pick(4) else NAMES[pick(len(NAMES))] for _ in values]
    return f"{{{','.join(f'{name}:{value}' for name, value in zip(names, values, strict=True))}}}"


def document(pick):
    deep = "[" * 450 if not pick(60) else ""
    text = deep + blank(pick) + text_of(pick) + blank(pick)
    for _ in range(pick(4) if pick(2) else 0):
        at, new = pick(len(text) + 1), SPOILS[pick(len(SPOILS))]
        text = text[:at] + new * (1 - pick(4) // 3) + text[at + pick(3) :]
    return text[: pick(len(text) + 1)] if not pick(6) else text


class Str(str):
    """May answer otherwise than its characters."""

    __slots__ = ()

    def __str__(self):
        return "no"


class Bytes(bytes):
    __slots__ = ()


def written(pick):
    """A document, as characters or as bytes."""
    text = document(pick)
    if pick(2):
        return text
    raw = text.encode("utf-8", "surrogatepass")
    if not pick(5):
        raw = b"\xef\xbb\xbf" + raw
    for _ in range(pick(3) if not pick(3) else 0):
        at = pick(len(raw) + 1)
        raw = raw[:at] + bytes([pick(256)]) * pick(3) + raw[at + pick(2) :]
    return raw


def deltas_of(pick, whole):
    """The text in pieces of one kind or, seldom, of several."""
    shapes = (
        (bytes, bytes, bytearray, memoryview, Bytes) if type(whole) is bytes else (str, str, Str)
    )
    at, size = 0, (1, 2, 4, 17, 64, 1_000)[pick(6)]
    while at < len(whole) or not at:
        piece = whole[at : at + 1 + pick(size)]
        at += len(piece) + (not whole)
        yield shapes[pick(len(shapes))](piece)
        if not pick(40):
            yield ("", b"", "x", b"x", 3)[pick(5)]


# -- What a parser shows ---------------------------------------------------------------------------


def told(call, *given):
    """What a call gives or raises, in a form that can be compared."""
    try:
        result = call(*given)
    except PartialJSONError as error:
        facts = {**vars(error), "events": merged(vars(error).get("events", []))}
        return exactly([type(error), error.args, facts])
    except (RuntimeError, TypeError, ValueError, LookupError) as error:
        return exactly(error)
    return exactly(merged(result) if type(result) is list else result)


def shown(parser):
    """All that can be asked of a parser between two calls."""
    paths = [path for path, _ in zip(steps(parser.value), range(6), strict=False)]
    asked = [(), parser.path, ("a",), (0,), *(path for path, _ in paths)]
    return exactly(
        [
            *(parser.value, parser.snapshot(), parser.path, parser.completion, parser.started),
            *(parser.offset, parser.line, parser.column, parser.complete),
            *(exactly(parser.error), merged(parser.last_events)),
            [parser.is_closed(path) for path in asked],
        ]
    )


def saved(parser):
    """A checkpoint's body, less two places that are left from what is over."""
    body = json.loads(parser.checkpoint())["body"]
    return {name: held for name, held in body.items() if name not in ("cut", "gathered_at")}


def crossed(pick, pair):
    """Each of the two in the state of the other, or of a copy."""
    how = pick(4)
    kinds = [type(parser) for parser in pair]
    if how == 0:
        return [parser.copy() for parser in pair]
    if how == 1:
        bodies = [told(saved, parser) for parser in pair]
        assert bodies[0] == bodies[1]
        if not bodies[0].startswith("{"):
            return pair
        return [kind.restore(pair[0].checkpoint()) for kind in kinds]
    states = [pickle.dumps(parser.__getstate__()) for parser in pair]
    twins = [kind.__new__(kind) for kind in kinds]
    for twin, state in zip(twins, reversed(states), strict=True):
        twin.__setstate__(pickle.loads(state))  # noqa: S301 - our own bytes
    return twins


def compare(pick, given=None):
    """One case: two parsers, the same deltas, and the same to be seen after each of them."""
    options = options_of(pick)
    pair = [kind(**options) for kind in PAIRS[pick(2)]]
    crosses = not pick(3)
    for delta in deltas_of(pick, written(pick) if given is None else given):
        assert_alike("feed", pair, [told(parser.feed, delta) for parser in pair], options, delta)
        if options.get("parse_float") is breaking and pair[0].error is not None:
            return  # where it broke off may differ
        if crosses and not pick(3):
            pair = crossed(pick, pair)
        if not pick(2):
            assert_alike("state", pair, [shown(parser) for parser in pair], options, delta)
    for _ in range(2):
        assert_alike("close", pair, [told(parser.close) for parser in pair], options)
        assert_alike("feed again", pair, [told(parser.feed, "1") for parser in pair], options)
    assert_alike("the end", pair, [shown(parser) for parser in pair], options)


def assert_alike(what, pair, outcomes, options, *delta):
    plain, fast = outcomes
    assert plain == fast, (what, type(pair[0]).__name__, options, *delta)
