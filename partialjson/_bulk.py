"""Whole containers inside one delta, read by the C scanner of `json` ten times faster.

It is asked only where it gives exactly what the steps would give. Whatever it refuses, the steps
read again: they know the place of a fault. What it does not know are our limits, so these are
proved from outside: no value is deeper than the opening brackets in its text are many.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from json import JSONDecoder
from typing import NoReturn, TypeAlias, cast

from ._grammar import ws
from .path import JSON

__all__ = [
    "REFUSALS",
    "WINDOW",
    "Scan",
    "has_few_openers",
    "holds_long_number",
    "one_of",
    "openers",
    "run_of",
    "scanner",
]

Scan: TypeAlias = Callable[[str, int], tuple[JSON, int]]
REFUSALS = (ValueError, ArithmeticError, StopIteration, RecursionError)
WINDOW = 49_152  # characters in which to look for the end of a run of elements
SMALL = 2_048  # characters that a value may have where what follows has too many brackets


def refuse_constant(word: str) -> NoReturn:
    """NaN and Infinity are no JSON; the steps say so, with their place."""
    raise ValueError(word)


def scanner(parse_float: Callable[[str], JSON]) -> Scan:
    """A function from a text and an index to the value there and the index behind it."""
    decoder = JSONDecoder(parse_float=parse_float, parse_constant=refuse_constant)
    return cast("Scan", decoder.scan_once)  # type: ignore[attr-defined]


def openers(text: str, start: int, end: int) -> int:
    """How many brackets open in `text[start:end]`, in strings too."""
    return text.count("[", start, end) + text.count("{", start, end)


def has_few_openers(text: str, pos: int, room: int) -> bool:
    """Whether so few brackets open from `pos` on that nothing can be deeper than `room`.

    It stays so for the rest of the text: a level that the steps open takes one from both sides.
    Counting costs a tenth of scanning, finding none next to nothing: rows show at their beginning
    that they are many, and all is counted only where it may be worth it.
    """
    seen = pos + SMALL
    count = openers(text, pos, seen)
    if seen >= len(text):
        return count <= room
    if count > room // 64:
        return len(text) - pos < WINDOW and openers(text, pos, len(text)) <= room
    return count + sum(text.count(c, seen) for c in "[{" if text.find(c, seen) >= 0) <= room


def one_of(scan: Scan, text: str, pos: int, room: int) -> tuple[JSON, int]:
    """The value at `pos`, if it is small and certainly not deeper than `room`; the index behind it.

    Raises:
        One of `REFUSALS`: It is not, it is cut, or it is wrong.
    """
    value, length = scan(text[pos : pos + SMALL], 0)
    if not is_shallow(text, pos, pos + length, room):
        raise ValueError("perhaps too deep")
    return value, pos + length


def run_of(scan: Scan, text: str, pos: int, room: int, window: int) -> tuple[list[JSON], int, int]:
    """The containers in an array from `pos` on, while they are certainly no deeper than `room`.

    Gives them, the index behind the last, and the window for the next run: how many characters to
    look ahead for a place where two of them meet. Each time that there is none it is halved, and
    below two kilobytes given up, so that looking in vain is bounded for a delta.

    Raises:
        One of `REFUSALS`: The first of them is too deep, cut or wrong.
    """
    value, end = scan(text, pos)
    if not is_shallow(text, pos, end, room):
        raise ValueError("perhaps too deep")
    elements = [value]
    while another := ANOTHER_CONTAINER(text, end):
        pos = another.end()
        if window >= SMALL:
            many, behind = up_to_a_meeting(scan, text, pos, room, window)
            if many:
                elements += many
                end = behind
                continue
            window //= 2
        try:
            value, behind = scan(text, pos)
        except REFUSALS:
            break
        if not is_shallow(text, pos, behind, room):
            break
        elements.append(value)
        end = behind
    return elements, end, window


def up_to_a_meeting(
    scan: Scan, text: str, pos: int, room: int, window: int
) -> tuple[list[JSON], int]:
    """The elements from `pos` on, up to a comma that most likely stands between two of them.

    To scan many at once shares their names and spares a call for each: 1.25 x `json.loads` on rows
    instead of 1.45.
    """
    opening = text[pos]
    closing = "]" if opening == "[" else "}"
    end = pos + window
    cut = text.rfind(f"{closing}, {opening}", pos, end) + 1
    cut = cut or text.rfind(f"{closing},{opening}", pos, end) + 1
    if cut and openers(text, pos, cut) <= room:
        with suppress(*REFUSALS):  # the comma was inside a string, or in a deeper value
            elements, length = scan(f"[{text[pos:cut]}]", 0)
            if length == cut - pos + 2:  # else it was behind the end of this array
                return elements, cut
    return [], pos


def is_shallow(text: str, start: int, end: int, room: int) -> bool:
    """Whether `text[start:end]` cannot spell a value deeper than `room`."""
    return end - start <= 2 * room or openers(text, start, end) <= room


def holds_long_number(text: str, start: int, most: int) -> bool:
    """Whether `text[start:]` may hold a number of more than `most` characters.

    False is certain, True is not. Such a number covers two neighbours among the characters that
    stand half its length apart, and all that is between them.
    """
    if len(text) - start <= most:
        return False
    half = max(most // 2, 1)
    places = (start + half * m.start() for m in TWO_OF_A_NUMBER(text[start::half]))
    return any(not OTHER_THAN_A_NUMBER(text, place, place + half) for place in places)


ANOTHER_CONTAINER = re.compile(rf",{ws}*(?=[\[{{])").match
TWO_OF_A_NUMBER = re.compile("[-+.0-9eE](?=[-+.0-9eE])").finditer
OTHER_THAN_A_NUMBER = re.compile("[^-+.0-9eE]").search
