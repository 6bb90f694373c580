"""What a contender shows on the way and gives at the end: a cost says nothing without it.

A contender flows in, three short facts flow out. None of them is a verdict: a library may mean it
so.
"""

from __future__ import annotations

import json
from functools import partial
from itertools import zip_longest
from typing import Any

from .peers import Run
from .shapes import pieces, text

__all__ = ["QUESTIONS", "facts", "first_difference"]

QUESTIONS = ("a string in progress", "a number in progress", "final value")

# Characters; in small deltas the long texts take minutes of those that parse again.
CUTS = {"S": 4, "M": 4, "L": 65_536, "T": 65_536, "N": 65_536}
LONGEST = 40  # characters of a value in a message
NOTHING = object()


def facts(run: Run, *, all_floats: bool = False) -> dict[str, str]:
    answers = (strings(run), numbers(run), at_the_end(run, all_floats=all_floats))
    return dict(zip(QUESTIONS, answers, strict=True))


def at_the_end(run: Run, *, all_floats: bool) -> str:
    """Beside what `json.loads` gives; for a language whose numbers are floats, with floats."""
    loads = partial(json.loads, parse_int=float) if all_floats else json.loads
    found = {
        shape: first_difference(loads(text(shape)), run(pieces(text(shape), size)))
        for shape, size in CUTS.items()
    }
    differing = [shape for shape, difference in found.items() if difference]
    if not differing:
        return "as JSON.parse" if all_floats else "as json.loads"
    return f"differs in {', '.join(differing)}, first at {differing[0]}{found[differing[0]]}"


def strings(run: Run) -> str:
    value = run(('{"s":"ab', "cd", "ef"))
    shown = value.get("s") if isinstance(value, dict) else None
    if shown == "abcdef":
        return "grows with every delta"
    return "not shown" if shown is None else f"shown as {shown!r} after 'ab', 'cd', 'ef'"


def numbers(run: Run) -> str:
    value = run(("[0,1", "2"))
    return "held back" if value in ([], [0]) else f"'[0,12' is shown as {value!r}"


def first_difference(want: Any, got: Any) -> str:
    """Where two values part, types included; empty if they do not. Our shapes are four levels
    deep."""
    if type(want) is not type(got):
        return f": {brief(got)} for {brief(want)}"
    if isinstance(want, dict):
        if list(want) != list(got):
            return f": names {brief(list(got))} for {brief(list(want))}"
        pairs = [(name, want[name], got[name]) for name in want]
    elif isinstance(want, list):
        ends = zip_longest(want, got, fillvalue=NOTHING)
        pairs = [(index, *pair) for index, pair in enumerate(ends)]
    else:
        return "" if want == got else f": {brief(got)} for {brief(want)}"
    for key, wanted, found in pairs:
        if difference := first_difference(wanted, found):
            return f"/{key}{difference}"
    return ""


def brief(value: Any) -> str:
    if value is NOTHING:
        return "nothing"
    spelt = ascii(value)
    return spelt if len(spelt) <= LONGEST else f"{spelt[:LONGEST]}…"
