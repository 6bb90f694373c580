"""Rows of text for a terminal, as spans with styles: what may stand in one, and how wide it is.

Styles are words that `rich` knows. Colours are of the terminal's own sixteen, which its user chose
to be readable; names have none at all.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any, TypeAlias

from partialjson._checkpoint import dumps
from partialjson.path import JSON

__all__ = [
    "BRIGHT",
    "CURSOR",
    "CUT",
    "FAULT",
    "OPEN",
    "SETTLED",
    "Row",
    "atom",
    "cells",
    "first",
    "last",
    "name",
    "printable",
    "quoted",
    "style_of",
    "width_of",
]

Row: TypeAlias = list[tuple[str, str]]  # texts, each with its style

SETTLED, OPEN, BRIGHT, FAULT = "", "dim", "bold", "bold red"
STRING, NUMBER, LITERAL = "green", "magenta", "cyan"
CURSOR = "▍"
CUT = "…"
UNPRINTABLE = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)


def printable(text: str) -> str:
    """A text that may go to a terminal: no controls, of direction neither, no lone surrogates."""
    return UNPRINTABLE.sub(lambda m: f"\\u{ord(m[0]):04x}", text)


def name(text: str, most: int | None = None) -> str:
    """A name as it is shown before its value."""
    return f"{quoted(text if most is None else text[:most])}: "


def quoted(text: str) -> str:
    """A string as JSON writes it, but for what is not printable."""
    return printable(json.dumps(text, ensure_ascii=False))


def atom(value: JSON) -> str:
    """A number or a literal as JSON writes it; an infinite double as a number that overflows."""
    return dumps(value)


def style_of(value: JSON) -> str:
    """The colour of a settled string or atom, by its kind."""
    if isinstance(value, str):
        return STRING
    return LITERAL if value is None or isinstance(value, bool) else NUMBER


# -- Width -----------------------------------------------------------------------------------------


def cells(text: str) -> int:
    """How many columns of a terminal a text takes."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len  # noqa: PLC0415 - an extra

    return cell_len(text)


def width_of(row: Iterable[tuple[str, Any]]) -> int:
    """How many columns a row takes."""
    return sum(cells(text) for text, _ in row)


def first(text: str, most: int) -> str:
    """The beginning of a text, and a mark if that is not all of it."""
    if len(text) <= most and cells(text) <= most:
        return text
    text = text[: max(most - 1, 0)]
    while text and cells(text) >= most:
        text = text[:-1]
    return text + CUT


def last(text: str, most: int) -> str:
    """The end of a text, and a mark if that is not all of it."""
    if len(text) <= most and cells(text) <= most:
        return text
    text = text[len(text) - max(most - 1, 0) :]
    while text and cells(text) >= most:
        text = text[1:]
    return CUT + text
