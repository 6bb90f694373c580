"""The process of Node: requests go in by its standard input, answers come by its standard output.

What a request means stands in `worker.mjs`.
"""

from __future__ import annotations

import json
import shutil
from functools import cache
from pathlib import Path
from subprocess import PIPE, Popen
from typing import IO, Any, cast

from .packages import folder, node

__all__ = ["Worker", "worker"]

WORKER = "worker.mjs"


class Worker:
    """One process for all contenders; it ends when its input does."""

    def __init__(self, command: list[str]) -> None:
        # No `with`: it lives as long as this program.
        process = Popen(command, stdin=PIPE, stdout=PIPE, text=True, encoding="utf-8")  # noqa: S603
        self._process = process
        self._to, self._from = cast("IO[str]", process.stdin), cast("IO[str]", process.stdout)
        self._held: dict[str, tuple[tuple[str, ...], bool]] = {}
        self._spent = 0.0
        self.contenders: list[str] = self._answer()

    def _answer(self) -> Any:
        return json.loads(self._from.readline(), parse_int=float)

    def ask(self, request: str, **facts: Any) -> Any:
        self._to.write(json.dumps({"request": request, **facts}) + "\n")
        self._to.flush()
        return self._answer()

    def clock(self) -> float:
        """Seconds that readings took so far, by the clock over there."""
        return self._spent

    def read(self, contender: str, texts: tuple[str, ...], *, each: bool = False) -> None:
        """Read pieces, or each text for itself: as often as it takes to be timed."""
        held, as_each = self._held.get(contender, ((), False))
        if held is not texts or as_each is not each:
            self.ask("hold", contender=contender, texts=texts, each=each)
            self._held[contender] = (texts, each)
        self._spent += self.ask("time", contender=contender)

    def close(self) -> None:
        self._to.close()
        self._process.wait()
        self._from.close()

    def value(self, contender: str, texts: tuple[str, ...]) -> Any:
        return self.ask("value", contender=contender, texts=texts)


@cache
def worker() -> Worker | None:
    """The one process, started at first use; none without Node."""
    program, home = node(), folder()
    if program is None or home is None:
        return None
    # Beside its packages, since that is where they are looked for.
    script = Path(shutil.copy(Path(__file__).with_name(WORKER), home))
    return Worker([program, str(script)])
