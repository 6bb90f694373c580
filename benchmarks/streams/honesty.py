"""What a client makes of a broken stream: the same loop as over a whole one, over real sockets.

Contenders and faults flow in, a table of what was seen flows out. A cell says what happened and
judges nothing; the docstring of `answer` says which words are good ones.
"""

from __future__ import annotations

from collections.abc import Iterable

from benchmarks.table import Table

from .contenders import PEERS, Contender, Seen, ours
from .scripts import ANSWER, DIALECTS, EXTRA, FAULTS, GARBLED
from .server import Server

__all__ = ["MUST_COME", "MUST_RAISE", "answer", "honesty", "row"]

TITLE = """\
what a loop over a stream does, over real sockets, retries off
  ok, lost, fired: the answer came whole; without its first event; with an event that was none
  success: the loop ended as it does behind a whole answer; raises: it ended with this exception"""

# What each fault asks of a client: the whole answer, or that it says that there is none.
MUST_COME = {
    "nothing wrong": ANSWER,
    "byte order mark": ANSWER,
    "unfinished event": ANSWER,
    "events without data": ANSWER,
    "one bad byte": GARBLED,
}
MUST_RAISE = [fault for fault in FAULTS if fault not in MUST_COME]


def honesty(contenders: Iterable[Contender] | None = None) -> Table:
    if contenders is None:
        contenders = [*PEERS, *ours()]
    table = Table(TITLE, [*FAULTS])
    for contender in contenders:
        if contender.version is not None:
            for fault, cell in row(contender).items():
                table.put(contender.title, fault, cell)
    return table


def row(contender: Contender) -> dict[str, str]:
    return {
        fault: "not applicable" if fault in contender.silent_on else answer(contender, fault)
        for fault in FAULTS
    }


def answer(contender: Contender, fault: str) -> str:
    """What was seen: `ok` is right where the answer must come, `raises …` where there is none."""
    seen = Seen()
    with Server(FAULTS[fault](DIALECTS[contender.dialect])) as server:
        try:
            contender.read(server.url, seen)
        except Exception as error:  # noqa: BLE001 - which one it is, is the finding
            return f"raises {type(error).__name__}"
    if fault in MUST_COME:
        return as_it_came(contender, seen, MUST_COME[fault])
    sign = f", in {seen.sign}" if seen.sign else ""
    return f"success{sign}" if seen.text else f"success, empty{sign}"


def as_it_came(contender: Contender, seen: Seen, wanted: str) -> str:
    empty = seen.pieces.count("")
    if empty and contender.dialect == "plain":
        return f"fired {empty}"
    if seen.text == wanted:
        return "ok"
    if seen.text == wanted + EXTRA:
        return "fired"
    return "lost" if wanted.endswith(seen.text) else f"gives {seen.text!r}"
