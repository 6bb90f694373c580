"""Three questions: when is a mistake found, how often does a validator run, what does it cost."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from statistics import median
from typing import Any

from benchmarks.measure import Job, Spread, interleave, ratio
from benchmarks.shapes import pieces, text
from benchmarks.table import Cell, Table, duration

from .contenders import CONTENDERS, NATIVE, OURS, PARTIAL, UNTYPED, Refused, Run
from .models import COUNTED, LIST, MISTAKES, Board, Dashboard, Rows, as_list, board

__all__ = ["LIMITS", "costs", "found", "limits", "validator_runs"]

DELTA = 4  # characters: about one token of a model
SLOW = {"instructor, Partial", "pydantic-ai, run_stream"}  # seconds for one text
LONG = 256_000  # characters of a list whose values must cost what those of a short one do


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
    documents = {
        "dashboard, 3.6 KB": (Dashboard, text("M")),
        "list, 16 KB": (Rows, as_list(LIST)),
    }
    table = Table(f"cost of each / {OURS}, deltas of {DELTA}", [*documents])
    for column, (model, whole) in documents.items():
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


LIMITS: dict[str, tuple[float | None, float | None]] = {
    "pydantic allow_partial again / TypedParser, dashboard": (3, None),
    "pydantic allow_partial again / TypedParser, list": (12, None),
    "(TypedParser - Parser) / one native pass, dashboard": (None, 20),
    "(TypedParser - Parser) / one native pass, list": (None, 20),
    f"cost of a character in a list of {LONG // 1000} KB / of {LIST // 1000} KB": (None, 1.15),
}


def limits(rounds: int) -> Iterator[tuple[str, Spread, bool]]:
    """Each promise with its figure, and whether it is kept."""
    figures: list[Spread] = []
    validations: list[Spread] = []
    for model, whole in ((Dashboard, text("M")), (Rows, as_list(LIST))):
        measured = measure(model, whole, rounds)
        figures.append(ratio(measured, PARTIAL, OURS))
        rows = zip(measured[OURS], measured[UNTYPED], measured[NATIVE], strict=True)
        validations.append(Spread.of([(ours - plain) / native for ours, plain, native in rows]))
    flat = flatness(rounds)
    for (name, (least, most)), figure in zip(
        LIMITS.items(), [*figures, *validations, flat], strict=True
    ):
        kept = (least is None or figure.middle >= least) and (most is None or figure.middle <= most)
        yield name, figure, kept


def measure(model: Any, whole: str, rounds: int) -> dict[str, list[float]]:
    deltas = pieces(whole, DELTA)
    names = (OURS, UNTYPED, PARTIAL, NATIVE)
    return interleave(
        [Job(name, partial(CONTENDERS[name], deltas, model)) for name in names], rounds
    )


def flatness(rounds: int) -> Spread:
    texts = {size: as_list(size) for size in (LIST, LONG)}
    jobs = [
        Job(str(size), partial(CONTENDERS[OURS], pieces(whole, DELTA), Rows), len(whole))
        for size, whole in texts.items()
    ]
    return ratio(interleave(jobs, rounds), str(LONG), str(LIST))
