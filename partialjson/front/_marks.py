"""What a finder looks for in an answer: brackets, fences, thinking, and the ends of strings."""

from __future__ import annotations

import re

from partialjson._grammar import matcher, ws

__all__ = [
    "BRACKET",
    "END_OF_INFO",
    "FENCE",
    "INFO_KEPT",
    "JSON_INFO",
    "SCALAR",
    "SOMETHING",
    "STRING_REST",
    "THINKING",
    "TICK",
    "TICKS",
]

# What may begin something in prose; brackets that certainly do not are passed over at once.
SOMETHING = re.compile(
    rf"""[`<]|\{{(?={ws}*(?:["}}]|\Z))|\[(?={ws}*(?:[\[{{\]"0-9tfn-]|\Z))"""
).search
SCALAR = frozenset('"-0123456789tfn')
THINKING = ("<think>", "<thinking>")  # the longest one last
TICKS = matcher("`*")
FENCE = 3  # backticks, at the least
JSON_INFO = ("", "json", "jsonc", "json5")
END_OF_INFO = re.compile(r"[\n`{\[]").search
INFO_KEPT = 40  # characters of a fence's info string; enough to see that it is not "json"
# Up to the closing quotation mark of a string, a backslash that the text cuts, or the end.
characters = r'[^"\\]*+(?:\\[\s\S][^"\\]*+)*+'
STRING_REST = matcher(characters)
BRACKET, TICK = (
    matcher(rf'[^"{marks}]*+(?:"{characters}"[^"{marks}]*+)*+') for marks in (r"{}\[\]", "`")
)
