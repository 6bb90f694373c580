"""An interrupt inside `feed`, at any line: what goes on behind it is never wrong."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

import partialjson
from partialjson import Documents, Fragments, PartialJSONError
from partialjson._plain import Parser
from partialjson.front import JSONFinder, Mender

PACKAGE = str(Path(partialjson.__file__).parent)


def interrupted(feed, piece, line):
    """Whether a line of ours was the so-manieth while feeding, and was broken off there."""
    left = line

    def trace(frame, event, _):
        nonlocal left
        if not frame.f_code.co_filename.startswith(PACKAGE):
            return None
        if event == "line":
            left -= 1
            if not left:
                raise KeyboardInterrupt
        return trace

    held = sys.gettrace()
    sys.settrace(trace)
    try:
        feed(piece)
    except KeyboardInterrupt:
        return True
    finally:
        sys.settrace(held)
    return False


def behind(decoder, piece):
    """What one more piece and the end bring: all that is told, or the error."""
    try:
        return [repr(one) for one in [*decoder.feed(piece), *decoder.close()]]
    except (PartialJSONError, RuntimeError) as error:
        return f"{type(error).__name__}: {error}"


DECODERS = {
    "Parser": (Parser, ['[1,{"a":"xy', ' z"},3]']),
    "Fragments": (lambda: Fragments("$[*]"), ['[1,{"a":"xy', ' z"},3]']),
    "Fragments, not kept": (lambda: Fragments("$..a", keep=False), ['[1,{"a":"xy', ' z"},3]']),
    "Documents": (Documents, ['{"a": 1}\n[1', ", 2]\n3\n"]),
    "Documents, concatenated": (lambda: Documents("concatenated"), ['{"a": 1} [1', ", 2] 3 "]),
    "JSONFinder": (JSONFinder, ['So [1] ```\n{"b":"x', 'y"}\n``` {"c": 1} ok']),
    "Mender": (Mender, ['["a\n\\d", 1, ', '], True, "\\x']),
}


@pytest.mark.parametrize("name", DECODERS)
def test_behind_an_interrupt_a_decoder_is_over_or_the_piece_was_read_or_it_was_not(name):
    make, (first, second) = DECODERS[name]

    def fed(*pieces):
        decoder = make()
        for piece in pieces:
            decoder.feed(piece)
        return decoder

    unread, read = behind(fed(first), second), behind(fed(first, second), second)
    outcomes = []
    while True:
        decoder = fed(first)
        if not interrupted(decoder.feed, second, len(outcomes) + 1):
            break
        outcomes.append(behind(decoder, second))
    over = [one for one in outcomes if "was broken off in the middle" in one]
    assert [one for one in outcomes if one not in (unread, read, *over)] == []
    assert len(over) > len(outcomes) // 2
