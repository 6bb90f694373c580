"""The named texts that are measured, each made anew from a fixed seed.

Nothing flows in but a name; a JSON text flows out, the same on every machine. What the texts are
used for, and by whom, stands elsewhere.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache, partial
from random import Random
from typing import Any, AnyStr, NamedTuple

__all__ = ["DELTAS", "SHAPES", "Shape", "one_string", "pieces", "records", "text", "tokens"]

PROSE = (
    "a model writes its answer one token after another and every reader wants what is there "
    "already while the rest is still on its way before noon the harbour report lists seven "
    "vessels with cargo manifests customs holds berth numbers tidal windows pilot requests "
    "crew changes fuel orders delayed inspections insurance claims weather routing"
)
WORDS = PROSE.split()
LONG = 200_000  # characters of T and N
TOKEN_SIZES = (1, 1, 2, 3, 2, 1, 1, 1)  # how often a token has 1, 2, ... 8 characters
ESCAPED = 3  # of four records, the one that spells what ASCII lacks as escapes
BEYOND_ASCII = ("naïve", "façade", "Łódź", "Ελλάδα", "мир", "東京", "서울", "→", "½", "🚢", "👩‍🔬")


class Shape(NamedTuple):
    """One kind of stream."""

    words: str
    size: int  # characters, within a twentieth
    build: Callable[[], str]


def phrase(random: Random, count: int, beyond_ascii: float = 0.0) -> str:
    """So many words; `beyond_ascii` is the share of them that ASCII cannot spell."""
    return " ".join(
        random.choice(BEYOND_ASCII if random.random() < beyond_ascii else WORDS)
        for _ in range(count)
    )


def tool_call() -> str:
    random = Random(1)
    arguments = {
        "call": "toolu_01HZX4Q7M2",
        "action": "open_ticket",
        "subject": phrase(random, 8),
        "level": 2,
        "confidence": 0.9127,
        "blocking": True,
        "owner": None,
        "reporter": "m.rossi@example.org",
        "refund": -840.25,
        "order": 90417,
        "details": phrase(random, 37) + '\nThe screen says "no berth" at D:\\logs: café 🚢.',
        "queue": "billing",
        "route": "/eu/west/4",
        "rate": 2.5e-3,
        "public": False,
        "locale": "pt-BR",
    }
    return json.dumps(arguments, ensure_ascii=False)


def dashboard() -> str:
    random = Random(2)
    widgets = [
        {
            "id": f"w{number}",
            "kind": random.choice(["line", "bars", "table"]),
            "label": phrase(random, 4),
            "cell": {"col": number % 3 * 4, "row": number // 3 * 2, "cols": 4, "rows": 2},
            "total": round(random.uniform(-9_000, 9_000), 2),
            "series": [round(random.uniform(0, 100), 1) for _ in range(4)],
            "hint": phrase(random, 6) if number % 3 else None,
            "shown": number % 2 == 0,
        }
        for number in range(14)
    ]
    board = {
        "title": "Port operations, third quarter",
        "revision": 7,
        "made": "2026-10-04T08:30:00Z",
        "scope": {"ports": ["rtm", "anr", "ham"], "days": {"from": 182, "to": 273}, "live": True},
        "summary": phrase(random, 40),
        "widgets": widgets,
    }
    return json.dumps(board)


def record(random: Random, number: int) -> dict[str, Any]:
    return {
        "id": number,
        "key": f"{random.getrandbits(128):032x}",
        "name": phrase(random, 2, 0.2),
        "mail": f"user{number}@example.org",
        "open": number % 2 == 1,
        "amount": round(random.uniform(-5_000, 5_000), 2),
        "labels": [random.choice(WORDS) for _ in range(3)],
        "place": {
            "town": phrase(random, 1, 0.5),
            "post": f"{random.randrange(100_000):05d}",
            "position": [round(random.uniform(-180, 180), 6), round(random.uniform(-90, 90), 6)],
        },
        "text": phrase(random, 30, 0.06) + '\n\t"as is" a\\b /' + phrase(random, 10, 0.1),
        "rank": None if number % 7 == 0 else random.randrange(1_000),
    }


def records(size: int, seed: int, *, ascii_only: bool = False) -> str:
    """An array of at least `size` characters; a longer one of the same seed begins alike.

    Every fourth record spells what ASCII lacks as `\\u` escapes, surrogate pairs among them.
    """
    random = Random(seed)
    rows: list[str] = []
    length = 0
    while length < size:
        number = len(rows)
        escaped = ascii_only or number % 4 == ESCAPED
        rows.append(json.dumps(record(random, number), ensure_ascii=escaped))
        length += len(rows[-1]) + len(", ")
    return f"[{', '.join(rows)}]"


def one_string(size: int) -> str:
    """An object whose one member is a string of so many characters."""
    random = Random(5)
    sentences: list[str] = []
    length = 0
    while length < size:
        end = random.choice([". ", ".\n", ', said "yes" '])
        sentences.append(phrase(random, 12) + end)
        length += len(sentences[-1])
    return json.dumps({"text": "".join(sentences)[:size]})


def numbers() -> str:
    random = Random(6)
    rows: list[list[float]] = []
    length = 0
    while length < LONG:
        row = [
            random.randrange(-(10**6), 10**6),
            random.uniform(-1, 1),
            round(random.uniform(-180, 180), 6),
            random.randrange(10),
            random.uniform(0, 1e-8),
            random.randrange(10**15),
        ]
        rows.append(row)
        length += len(json.dumps(row)) + len(", ")
    return json.dumps({"columns": ["a", "b", "c", "d", "e", "f"], "rows": rows})


SHAPES = {
    "S": Shape("one flat tool call: 16 members, escapes, an emoji", 620, tool_call),
    "M": Shape("a dashboard: 14 widgets, four levels, ASCII", 3_600, dashboard),
    "L": Shape(
        "records with long strings, escapes and wide characters",
        100_000,
        lambda: records(100_000, seed=3),
    ),
    "A": Shape(
        "the records of L, all in ASCII",
        100_000,
        lambda: records(100_000, seed=3, ascii_only=True),
    ),
    "T": Shape(
        "one long string of prose, with quotes and line ends", 202_000, lambda: one_string(LONG)
    ),
    "N": Shape("rows of numbers, short and long", 200_000, numbers),
    "X": Shape("records as in L, fifty times as many", 5_000_000, lambda: records(5_000_000, 4)),
}


@cache
def text(name: str) -> str:
    """The text of a shape, made once."""
    return SHAPES[name].build()


def pieces(whole: AnyStr, size: int | None) -> tuple[AnyStr, ...]:
    """The deltas of a text, `size` characters each; without a size it comes as one."""
    if size is None:
        return (whole,)
    return tuple(whole[at : at + size] for at in range(0, len(whole), size))


def tokens(whole: str) -> tuple[str, ...]:
    """The deltas of a text as a model might write it: 1 to 8 characters each, 4.3 on average."""
    random = Random(42)
    found: list[str] = []
    at = 0
    while at < len(whole):
        (size,) = random.choices(range(1, 9), TOKEN_SIZES)
        found.append(whole[at : at + size])
        at += size
    return tuple(found)


# By the name that a column has.
DELTAS: dict[str, Callable[[str], tuple[str, ...]]] = {
    "1": partial(pieces, size=1),
    "4": partial(pieces, size=4),
    "llm": tokens,
    "64": partial(pieces, size=64),
    "4096": partial(pieces, size=4_096),
    "64K": partial(pieces, size=65_536),
    "whole": partial(pieces, size=None),
}
