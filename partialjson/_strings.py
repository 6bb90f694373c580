"""The steps that read strings and names (RFC 8259, section 7), escapes and surrogate pairs.

A name, and a string that is shown only when it is whole, is gathered in pieces and joined once, at
its end. A string that grows is told as it comes.
"""

from __future__ import annotations

from contextlib import suppress
from json.decoder import scanstring  # type: ignore[attr-defined]

from ._grammar import (
    CHARACTER,
    CHARACTERS,
    ESCAPE_SO_FAR,
    EXPECTED,
    GROWING,
    IN_ESCAPE,
    IN_NAME,
    IN_STRING,
    IN_WHOLE_STRING,
    NAME_SEPARATOR,
    UNESCAPED,
    escape_expects,
)
from ._reader import Reader

__all__ = [
    "SCANNER_PAYS",
    "begin_name",
    "begin_string",
    "end_gathered",
    "end_string",
    "gather",
    "gather_escapes",
    "string_characters",
]

CUT = 2  # the group of `CHARACTERS` that holds an escape which the end of the text cuts
NAMES_SHARED = 4_096  # more different names would be data, not a schema
SCANNER_PAYS = 48  # characters from which the C scanner of `json` pays


# -- Names, and strings that are shown only when they are whole: gathered --------------------------


def begin_name(t: Reader, text: str, pos: int) -> int:
    end = UNESCAPED(text, pos + 1).end()
    if end < len(text) and text[end] == '"' and t._max_string is None:
        name = text[pos + 1 : end]
        t.on_name(t._names.get(name) or share(t, name), t._consumed + pos)
        t._at = NAME_SEPARATOR
        return end + 1
    t._gathered_at = t._consumed + pos
    t._at = IN_NAME
    if t._max_string is not None:
        return gather(t, text, pos + 1)
    t._gathered.append(text[pos + 1 : end])
    return end


def begin_whole_string(t: Reader, text: str, pos: int) -> int:
    t._gathered_at = t._consumed + pos
    t._at = IN_WHOLE_STRING
    return gather(t, text, pos + 1)


def gather(t: Reader, text: str, pos: int) -> int:
    end = UNESCAPED(text, pos).end()
    if t._max_string is not None:
        keep_to(t._max_string, t, text, pos, text[pos:end])
    t._gathered.append(text[pos:end])
    if end < len(text) and text[end] == '"':
        return end_gathered(t, text, end)
    return end


def gather_escapes(t: Reader, text: str, pos: int) -> int:
    m = CHARACTERS(text, pos)
    end = m.end(1)
    if end > pos:
        piece = decoded(text[pos:end])
        if t._max_string is not None:
            keep_to(t._max_string, t, text, pos, piece)
        t._gathered.append(piece)
    if end == len(text) or text[end] == '"':
        return end
    return cut_or_impossible(t, text, end, cut=m.lastindex == CUT)


def end_gathered(t: Reader, _: str, pos: int) -> int:
    string = "".join(t._gathered)
    t._gathered.clear()
    t._gathered_length = 0
    if t._at == IN_NAME:
        t.on_name(t._names.get(string) or share(t, string), t._gathered_at)
        t._at = NAME_SEPARATOR
    else:
        t.on_atom("string", string, t._gathered_at, t._consumed + pos + 1)
        t._at = t._after
    return pos + 1


def share(t: Reader, name: str) -> str:
    """Equal names are one object: a record's names would else be most of its memory."""
    if len(t._names) >= NAMES_SHARED:
        t._names.clear()
    t._names[name] = name
    return name


# -- Strings that grow -----------------------------------------------------------------------------


def begin_string(t: Reader, text: str, pos: int) -> int:
    if not t._strings_grow:
        return begin_whole_string(t, text, pos)
    end = UNESCAPED(text, pos + 1).end()
    if t._max_string is not None:  # what is over the limit must be told piece by piece
        end = pos + 1
    elif end < len(text) and text[end] == '"':
        t.on_string(text[pos + 1 : end], t._consumed + pos, t._consumed + end + 1)
        t._at = t._after
        return end + 1
    t.on_string_start(text[pos + 1 : end], t._consumed + pos)
    t._at = IN_STRING
    return end


def string_characters(t: Reader, text: str, pos: int) -> int:
    """Plain characters and escapes in one match: every second delta of ASCII cuts an escape."""
    if len(text) - pos > SCANNER_PAYS and t._max_string is None:
        end = many_characters(t, text, pos)
        if end > pos:
            return end
    m = CHARACTERS(text, pos)
    end = m.end(1)
    if end > pos:
        piece = decoded(text[pos:end])
        if t._max_string is not None:
            keep_to(t._max_string, t, text, pos, piece)
        t.on_text(piece)
        t._at = IN_STRING
    if end == len(text):
        return end
    if text[end] == '"':
        return end_string(t, text, end)
    return cut_or_impossible(t, text, end, cut=m.lastindex == CUT)


def many_characters(t: Reader, text: str, pos: int) -> int:
    """The C scanner of `json` reads a string 5 times faster; `pos` where it cannot tell."""
    end = scanned = 0
    if pos or closes(text):
        with suppress(ValueError):
            piece, end = scanstring(text, pos)
    if not end:  # the string goes on behind this text, or it is wrong
        try:
            piece, scanned = scanstring(text[pos:] + '"', 0)
        except ValueError:  # cut in an escape, or wrong: the patterns tell which, and where
            return pos
        end = pos + scanned
    if end > len(text) and "\ud800" <= piece[-1] <= "\udbff":
        return pos
    t._at = IN_STRING
    t.on_text(piece)
    return len(text) if end > len(text) else end_string(t, text, end - 1)


def closes(text: str) -> bool:
    """Most likely: the last quotation mark of a string that goes on is an escaped one."""
    last = text.rfind('"')
    return last >= 0 and text[last - 1] != "\\"


def end_string(t: Reader, _: str, pos: int) -> int:
    t.on_string_end(t._consumed + pos + 1)
    t._at = t._after
    return pos + 1


# -- Escapes and the limit of strings --------------------------------------------------------------


def decoded(characters: str) -> str:
    return scanstring(characters + '"', 0)[0] if "\\" in characters else characters


def cut_or_impossible(t: Reader, text: str, pos: int, *, cut: bool) -> int:
    """What stands at `pos` is no whole character of a string."""
    if cut:
        if t._at == IN_STRING:
            t._at = IN_ESCAPE
        return t._wait(text, pos)
    if text[pos] != "\\":
        t._fail(text, pos, pos, EXPECTED[IN_STRING if t._at in GROWING else t._at])
    end = ESCAPE_SO_FAR(text, pos).end()
    reason = f"invalid escape {text[pos : end + 1]!r}: "
    return t._fail(text, pos, end, escape_expects(text[pos:end]), reason=reason)


def keep_to(most: int, t: Reader, text: str, pos: int, piece: str) -> None:
    """Show what fits below `max_string`, then stop at the first character over."""
    growing = t._at in GROWING
    room = most - (t._string_length() if growing else t._gathered_length)
    if len(piece) <= room:
        t._gathered_length += 0 if growing else len(piece)
        return
    for _ in range(room):
        pos = CHARACTER(text, pos).end()
    if growing:
        t._at = IN_STRING
        if room:
            t.on_text(piece[:room])
    t._over("max_string", most, text, pos, pos)
