"""Three questions: when is a mistake found, how often does a validator run, what does it cost."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, partial
from statistics import median
from typing import Any

from benchmarks.gates import Gate
from benchmarks.measure import Job, Spread, interleave, ratio
from benchmarks.shapes import pieces, text
from benchmarks.table import Cell, Request, Table, duration

from .contenders import CONTENDERS, NATIVE, OURS, PARTIAL, UNTYPED, Refused, Run
from .models import COUNTED, LIST, MISTAKES, Board, Dashboard, Rows, as_list, board

__all__ = ["GATES", "OURS", "PARTIAL", "TABLES", "measure"]

DELTA = 4  # characters: about one token of a model
SLOW = {"instructor, Partial", "pydantic-ai, run_stream"}  # seconds for one text
LONG = 256_000  # characters of a list whose values must cost what those of a short one do
DOCUMENTS: dict[str, tuple[Any, str]] = {
    "M": (Dashboard, text("M")),
    "list of 16 KB": (Rows, as_list(LIST)),
}


def found() -> Table:
    """After how many characters a library says that something is wrong."""
    table = Table("a mistake is found after so many characters", [one.words for one in MISTAKES])
    for name, run in CONTENDERS.items():
        if name != UNTYPED:
            for mistake in MISTAKES:
                table.put(name, mistake.words, read_until_refused(run, mistake.text))
    for mistake in MISTAKES:
        table.put("(the whole text)", mistake.words, f"{len(mistake.text):,}")
    return table


def read_until_refused(run: Run, whole: str) -> str:
    read = 0

    def counted() -> Iterator[str]:
        nonlocal read
        for piece in pieces(whole, DELTA):
            read += len(piece)
            yield piece

    try:
        run(counted(), Board)
    except Refused:
        return f"{read:,}"
    return "never"


def validator_runs() -> Table:
    """How often the validator of a field runs, for a hundred right rows."""
    table = Table("calls of a validator for 100 rows", ["calls"])
    for name, run in CONTENDERS.items():
        if name != UNTYPED:
            COUNTED.clear()
            run(pieces(board(), DELTA), Board)
            table.put(name, "calls", f"{len(COUNTED):,}")
    return table


def costs(rounds: int) -> Table:
    """What a document costs, as a multiple of ours."""
    table = Table(f"cost of each / {OURS}, deltas of {DELTA}", [*DOCUMENTS])
    for column, (model, whole) in DOCUMENTS.items():
        deltas = pieces(whole, DELTA)
        jobs = [
            Job(name, partial(run, deltas, model))
            for name, run in CONTENDERS.items()
            if name not in SLOW
        ]
        found = interleave(jobs, rounds)
        for name in SLOW:
            found |= interleave([Job(name, partial(CONTENDERS[name], deltas, model))], 1)
        table.put(f"{OURS}, the document", column, duration(median(found[OURS])))
        for name in CONTENDERS:
            if name == OURS:
                continue
            figure = Spread.of([one / median(found[OURS]) for one in found[name]])
            table.put(name, column, Cell(figure))
    return table


@cache  # two gates look at it
def measure(document: str, rounds: int) -> dict[str, list[float]]:
    """What a document costs: with types, without, in Pydantic's partial mode, and in one pass."""
    model, whole = DOCUMENTS[document]
    deltas = pieces(whole, DELTA)
    names = (OURS, UNTYPED, PARTIAL, NATIVE)
    return interleave(
        [Job(name, partial(CONTENDERS[name], deltas, model)) for name in names], rounds
    )


def validation(document: str, rounds: int) -> Spread:
    """What the types alone cost, as so many native passes."""
    measured = measure(document, rounds)
    rows = zip(measured[OURS], measured[UNTYPED], measured[NATIVE], strict=True)
    return Spread.of([(ours - plain) / native for ours, plain, native in rows])


def flatness(rounds: int) -> Spread:
    texts = {size: as_list(size) for size in (LIST, LONG)}
    jobs = [
        Job(str(size), partial(CONTENDERS[OURS], pieces(whole, DELTA), Rows), len(whole))
        for size, whole in texts.items()
    ]
    return ratio(interleave(jobs, rounds), str(LONG), str(LIST))


def faster(document: str, at_least: float) -> Gate:
    return Gate(
        "pydantic allow_partial again / TypedParser",
        document,
        lambda rounds: ratio(measure(document, rounds), PARTIAL, OURS),
        at_least=at_least,
    )


def alone(document: str, at_most: float) -> Gate:
    return Gate(
        "(TypedParser - Parser) / one native pass",
        document,
        partial(validation, document),
        at_most=at_most,
    )


GATES = (
    faster("M", 3),
    faster("list of 16 KB", 12),
    alone("M", 20),
    alone("list of 16 KB", 20),
    Gate(
        f"cost of a character in a list of {LONG // 1000} KB / of {LIST // 1000} KB",
        "list",
        flatness,
        at_most=1.15,
    ),
)


def typed(request: Request) -> Iterator[Table]:
    yield found()
    yield validator_runs()
    yield costs(request.rounds)


TABLES = {"typed": typed}
