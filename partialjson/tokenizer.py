"""Text to steps: one small step for each character that the grammar allows at a position.

`STEPS[position][character]` is the grammar of RFC 8259 as a table: what may stand here, and the
step that reads it. A step consumes what it can, tells the subclass what it read, says where the
next character stands, and returns the index behind what it consumed. Between two deltas at most one
unfinished atom or escape is carried, never a string: reading a 128 KiB string again at every delta
took 15.7 s instead of 0.02 s.

What is built from all this, the tokenizer refuses to know: it tells it in eight words, the abstract
methods of `Reader`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import NoReturn, TypeAlias

from ._grammar import (
    AFTER_ELEMENT,
    AFTER_MEMBER,
    END,
    EXPECTED,
    FIRST_ELEMENT,
    FIRST_NAME,
    IN_A_STRING,
    IN_ESCAPE,
    IN_NAME,
    IN_STRING,
    IN_WHOLE_STRING,
    LITERALS,
    NAME,
    NAME_SEPARATOR,
    NUMBER,
    NUMBER_SO_FAR,
    POSITIONS,
    VALUE,
    WS,
    number_expects,
)
from ._reader import Reader
from ._strings import (
    SCANNER_PAYS,
    begin_name,
    begin_string,
    end_gathered,
    end_string,
    gather,
    gather_escapes,
    string_characters,
)
from .errors import LimitExceeded
from .path import JSON

__all__ = ["Tokenizer"]

UNSEEN = -1  # attempts of a delta that the C scanner was not shown
SHOWN = 40  # characters of an atom in a message


class Tokenizer(Reader):
    """Reads one JSON text; a subclass builds. The abstract methods say all that is read."""

    __slots__ = ()

    value: JSON

    def _read(self, text: str) -> None:
        try:
            if self._carried:
                text, self._carried = self._carried + text, ""
            self.value = (
                None  # a string at the root grows in place while it has one reference alone
            )
            pos, end = 0, len(text)
            if end > SCANNER_PAYS:
                self._attempts = UNSEEN
            while pos < end:
                pos = STEPS[self._at].get(text[pos], other)(self, text, pos)
            self._consumed += end
        except BaseException as error:
            self._halt(error)
            raise

    def _end_carried(self) -> None:
        atom, whole = self._carried, NUMBER(self._carried)
        if self._after == END and whole and whole.end() == len(atom):
            number(self, atom + " ", 0)
            self._consumed += len(atom)
            self._carried = ""

    def _unfinished(self) -> tuple[str, str]:
        so_far, expected = self._carried, EXPECTED[self._at]
        if self._at == IN_ESCAPE or so_far[:1] == "\\":
            return f"unfinished escape {so_far!r}: ", EXPECTED[IN_ESCAPE]
        if so_far[:1] in LITERALS:
            return f"unfinished literal {so_far!r}: ", repr(LITERALS[so_far[0]][0])
        if so_far:
            whole = number_expects(so_far) != "a digit"
            expected = EXPECTED[self._after] if whole else "a digit"
            return f"unfinished number {shown(so_far)}: ", expected
        return "", expected


# -- One step for each thing that may stand somewhere ----------------------------------------------

Step: TypeAlias = Callable[[Reader, str, int], int]


def space(_: Reader, text: str, pos: int) -> int:  # noqa: ARG001 - every step takes the same
    return pos + 1


def line_end(t: Reader, text: str, pos: int) -> int:
    """Line ends stand between tokens only, so this step alone counts them."""
    end = WS(text, pos).end()
    count_lines(t, text, pos, end)
    return end


def begin_object(t: Reader, text: str, pos: int) -> int:
    if len(text) - pos > SCANNER_PAYS and (end := t._bulk(text, pos)) > pos:
        t._at = t._after
        return end
    t._open(text, pos, AFTER_MEMBER)
    t.on_begin({}, t._consumed + pos)
    t._at = FIRST_NAME
    return pos + 1


def begin_array(t: Reader, text: str, pos: int) -> int:
    if len(text) - pos > SCANNER_PAYS and (end := t._bulk(text, pos)) > pos:
        t._at = t._after
        return end
    t._open(text, pos, AFTER_ELEMENT)
    t.on_begin([], t._consumed + pos)
    t._at = FIRST_ELEMENT
    return pos + 1


def end_container(t: Reader, _: str, pos: int) -> int:
    t._at = t._after = t._opened.pop()
    t.on_end(t._consumed + pos + 1)
    return pos + 1


def next_element(t: Reader, _: str, pos: int) -> int:
    t._cut = t._consumed + pos
    t._at = VALUE
    return pos + 1


def next_member(t: Reader, _: str, pos: int) -> int:
    t._cut = t._consumed + pos
    t._at = NAME
    return pos + 1


def name_separator(t: Reader, _: str, pos: int) -> int:
    t._at = VALUE
    return pos + 1


def other(t: Reader, text: str, pos: int) -> int:
    """What no row names: a character of a string beyond ASCII, or impossible."""
    if text[pos] > "~" and t._at in IN_A_STRING:
        return STEPS[t._at]["~"](t, text, pos)
    return t._fail(text, pos, pos, EXPECTED[t._at])


# -- Numbers and literals --------------------------------------------------------------------------


def number(t: Reader, text: str, pos: int) -> int:
    m = NUMBER(text, pos)
    end = m.end() if m else NUMBER_SO_FAR(text, pos).end()
    if end - pos > t._max_number:
        t._over("max_number", t._max_number, text, pos, pos + t._max_number)
    if end == len(text):
        return t._wait(text, pos)
    if m is None:
        reason = f"invalid number {shown(text[pos : end + 1])}: "
        t._fail(text, pos, end, number_expects(text[pos:end]), reason=reason)
    try:
        value = int(m[0]) if m.lastindex == 1 else t._parse_float(m[0])
    except (ValueError, ArithmeticError):
        refuse(t, text, pos, end)
    t.on_atom("number", value, t._consumed + pos, t._consumed + end)
    t._at = t._after
    return end


def refuse(t: Reader, text: str, pos: int, end: int) -> NoReturn:
    """`int` or `parse_float` will not make a value of a number that the grammar allows."""
    digits = text[pos:end].removeprefix("-")
    if digits.isdigit():
        most = sys.get_int_max_str_digits()
        t._over("int_max_str_digits", most, text, pos, end - len(digits) + most)
    t._carried = text[pos:end]  # so that the path is the number's
    facts = {"limit": "parse_float", "limit_value": None, "found": text[pos:end], "path": t.path}
    t._stop(LimitExceeded, text, pos, pos, **facts)


def literal(t: Reader, text: str, pos: int) -> int:
    word, value, kind = LITERALS[text[pos]]
    end = pos + len(word)
    if text.startswith(word, pos):
        t._at = t._after
        t.on_atom(kind, value, t._consumed + pos, t._consumed + end)
        return end
    while not word.startswith(text[pos:end]):
        end -= 1
    if end >= len(text):
        return t._wait(text, pos)
    return t._fail(text, pos, end, repr(word), reason=f"invalid literal {text[pos : end + 1]!r}: ")


def shown(atom: str) -> str:
    return repr(atom if len(atom) <= SHOWN else atom[:SHOWN] + "…")


def count_lines(t: Reader, text: str, pos: int, end: int) -> None:
    if last := text.rfind("\n", pos, end) + 1:
        t._line += text.count("\n", pos, end)
        t._line_start = t._consumed + last


# -- The grammar: what may stand at each position --------------------------------------------------

ASCII = [chr(code) for code in range(0x20, 0x7F)]  # unescaped, but for the two that have rows
ws: dict[str, Step] = {" ": space, "\t": space, "\n": line_end, "\r": space}
value: dict[str, Step] = {
    **ws,
    "{": begin_object,
    "[": begin_array,
    '"': begin_string,
    **dict.fromkeys("-0123456789", number),
    **dict.fromkeys("tfn", literal),
}
rows: dict[int, dict[str, Step]] = {
    VALUE: value,
    FIRST_ELEMENT: {**value, "]": end_container},
    FIRST_NAME: {**ws, '"': begin_name, "}": end_container},
    NAME: {**ws, '"': begin_name},
    NAME_SEPARATOR: {**ws, ":": name_separator},
    AFTER_ELEMENT: {**ws, ",": next_element, "]": end_container},
    AFTER_MEMBER: {**ws, ",": next_member, "}": end_container},
    END: ws,
    IN_NAME: {**dict.fromkeys(ASCII, gather), '"': end_gathered, "\\": gather_escapes},
    IN_STRING: {
        **dict.fromkeys(ASCII, string_characters),
        '"': end_string,
        "\\": string_characters,
    },
    IN_ESCAPE: {"\\": string_characters},
    IN_WHOLE_STRING: {**dict.fromkeys(ASCII, gather), '"': end_gathered, "\\": gather_escapes},
}
STEPS = tuple(rows[at] for at in POSITIONS)
