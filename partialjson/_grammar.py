"""RFC 8259, production by production: what a JSON text may hold, and where it may stop.

Nothing here runs. `tokenizer` puts a small step at each position, and the steps look with these
patterns. A production that the end of the text can cut has a twin `…_SO_FAR`: where it stops
matching is either the end of the text (wait for more) or the first impossible character (fail
there). Carrying and the place of an error are one rule.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Literal, TypeAlias, cast

# -- Section 2: the six structural characters are the keys of the table in `tokenizer` ------------

ws = r"[ \t\n\r]"

# -- Section 6: numbers ---------------------------------------------------------------------------

digit = "[0-9]"  # not `\d`, which also matches full-width and Arabic digits
digit1_9 = "[1-9]"
int_ = rf"(?:0|{digit1_9}{digit}*)"
frac = rf"\.{digit}+"
exp = rf"[eE][+-]?{digit}+"
number = rf"(-?{int_})({frac})?({exp})?"

exp_so_far = rf"[eE](?:[+-]?{digit}*)?"
frac_so_far = rf"\.(?:{digit}+(?:{exp_so_far})?)?"
number_so_far = rf"-?(?:{int_}(?:{frac_so_far}|{exp_so_far})?)?"

# -- Section 7: strings ---------------------------------------------------------------------------

unescaped = r'[^"\\\x00-\x1f]'
hexdig = "[0-9A-Fa-f]"
high = rf"[dD][89abAB]{hexdig}{{2}}"
low = rf"[dD][c-fC-F]{hexdig}{{2}}"
escape_so_far = rf"\\(?:u{hexdig}{{0,3}})?"
# A high surrogate is whole when its low half stands behind it, or when the text shows that none
# will.
surrogates = rf"u{high}(?:\\u{low}|(?!(?:{escape_so_far})?\Z))"
escape = rf'\\(?:["\\/bfnrt]|u(?!{high}){hexdig}{{4}}|{surrogates})'
# Possessive: nothing here is ever tried twice, and a way back would be kept for each escape.
characters = rf"{unescaped}*+(?:{escape}{unescaped}*+)*+"
cut_escape = rf"\\u{high}(?:{escape_so_far})?\Z|{escape_so_far}\Z"

# -- What a step looks for ------------------------------------------------------------------------

Match: TypeAlias = Callable[[str, int], re.Match[str]]


def matcher(pattern: str) -> Match:
    """The match of a pattern at an index, where it cannot fail: most match the empty text."""
    return cast("Match", re.compile(pattern).match)


WS = matcher(f"{ws}*")
UNESCAPED = matcher(f"{unescaped}*")
CHARACTER = matcher(f"{unescaped}|{escape}")
# Group 1: the whole characters. Group 2: behind them, the escape that the end of the text cuts.
CHARACTERS = matcher(f"({characters})({cut_escape})?")
ESCAPE_SO_FAR = matcher(escape_so_far)
# A number has no closing mark: only what follows says that it is whole, so one at the end of the
# text waits.
NUMBER = re.compile(rf"{number}(?={ws}|[,\]}}]|\Z)").match
NUMBER_SO_FAR = matcher(number_so_far)
LITERALS: dict[str, tuple[str, bool | None, Literal["boolean", "null"]]] = {
    "t": ("true", True, "boolean"),
    "f": ("false", False, "boolean"),
    "n": ("null", None, "null"),
}

# -- Where the next character stands, and what the grammar expects there --------------------------

(
    VALUE,
    FIRST_ELEMENT,
    FIRST_NAME,
    NAME,
    NAME_SEPARATOR,
    AFTER_ELEMENT,
    AFTER_MEMBER,
    END,
    IN_NAME,
    IN_STRING,
    IN_ESCAPE,
    IN_WHOLE_STRING,
) = POSITIONS = range(12)

POSITION_NAMES = (
    "value",
    "first element",
    "first name",
    "name",
    "name separator",
    "after element",
    "after member",
    "end",
    "in name",
    "in string",
    "in escape",
    "in whole string",
)

EXPECTED = (
    "a value",
    "a value or ']'",
    "a name or '}'",
    "a name",
    "':'",
    "',' or ']'",
    "',' or '}'",
    "the end of the text",
    "a character of a name or '\"'",
    "a character of a string or '\"'",
    "the rest of an escape",
    "a character of a string or '\"'",
)

# In a string that grows, which is shown; before a value; behind all that is shown.
GROWING = frozenset({IN_STRING, IN_ESCAPE})
BEFORE_A_VALUE = frozenset({VALUE, FIRST_ELEMENT})
BEHIND_WHAT_IS_SHOWN = frozenset({END, AFTER_ELEMENT, AFTER_MEMBER, FIRST_ELEMENT, FIRST_NAME})
IN_A_STRING = GROWING | {IN_NAME, IN_WHOLE_STRING}
# Where each position can be: in an object between values, in an array between values, at the root.
IN_AN_OBJECT = frozenset({FIRST_NAME, NAME, NAME_SEPARATOR, AFTER_MEMBER, IN_NAME})
IN_AN_ARRAY = frozenset({FIRST_ELEMENT, AFTER_ELEMENT})
IN_A_VALUE = frozenset({VALUE, IN_STRING, IN_ESCAPE, IN_WHOLE_STRING})
AT_THE_ROOT = IN_A_VALUE | {END}


def number_expects(so_far: str) -> str:
    """What may follow a number that was read so far."""
    return "a digit" if so_far[-1] in "-+.eE" else "the end of the number"


def escape_expects(so_far: str) -> str:
    """What may follow an escape that was read so far."""
    return r'one of "\/bfnrtu' if so_far == "\\" else "a hexadecimal digit"
