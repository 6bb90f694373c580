"""What importing a library costs: seconds and modules, each time in a process of its own.

Rounds flow in, a table flows out.
"""

from __future__ import annotations

import os
import sys
from random import Random
from statistics import median
from subprocess import run
from tempfile import TemporaryDirectory

from .environment import aside
from .measure import Spread, ratio
from .table import Cell, Table

__all__ = ["IMPORTS", "import_times"]

OURS = "partialjson"
UNCOMPILED = "PYTHONDONTWRITEBYTECODE"
LEAST = 5  # rounds: a process costs a tenth of a second, and differs more than a loop does

# By what is imported; what is looked up makes a lazy one load what a reader of it needs.
IMPORTS = {
    OURS: "import partialjson; partialjson.LiveValue",
    "json": "import json",
    "jiter": "import jiter",
    "pydantic_core": "import pydantic_core",
    "orjson": "import orjson",
    "msgspec.json": "import msgspec.json",
    "ijson": "import ijson; ijson.parse_coro",
    "json_stream": "import json_stream",
    "jsonriver": "import jsonriver",
    "streaming_json_parser": "import streaming_json_parser",
    "partial_json_parser": "import partial_json_parser",
    "partialjson (iw4p)": f"sys.path[0] = {str(aside(OURS))!r}; import partialjson",
    "json_repair": "import json_repair",
    "langchain_core.utils.json": "import langchain_core.utils.json",
    "jsontap": "import jsontap",
    "partial_json_stream": "import partial_json_stream",
    "streamingjson": "import streamingjson",
    "pydantic": "import pydantic; pydantic.TypeAdapter",
}
PROGRAM = """\
import sys
from time import process_time
before, start = len(sys.modules), process_time()
{}
print(process_time() - start, len(sys.modules) - before)
"""


def import_times(rounds: int) -> Table:
    table = Table(f"CPU time of an import / that of {OURS}", ["time", "ratio", "modules"])
    with TemporaryDirectory() as compiled:
        modules = {name: found[1] for name in IMPORTS if (found := imported(name, compiled))}
        times: dict[str, list[float]] = {name: [] for name in modules}
        for number in range(max(rounds, LEAST)):
            for name in Random(number).sample(list(times), len(times)):
                if found := imported(name, compiled):
                    times[name].append(found[0])
    for name, spent in sorted(times.items(), key=lambda pair: median(pair[1])):
        table.put(name, "time", Cell(Spread.of(spent), unit="s"))
        table.put(name, "ratio", Cell(ratio(times, name, OURS)))
        table.put(name, "modules", str(modules[name]))
    return table


def imported(name: str, compiled: str) -> tuple[float, int] | None:
    """Seconds and modules of one import; nothing of a library that is not here.

    The first import of all compiles, into a folder of its own: an installed library is compiled,
    and a checkout may not be, so that all are to begin alike.
    """
    command = [sys.executable, "-X", f"pycache_prefix={compiled}", "-c"]
    environment = {key: value for key, value in os.environ.items() if key != UNCOMPILED}
    done = run(  # noqa: S603 - this interpreter, and a program from above
        [*command, PROGRAM.format(IMPORTS[name])],
        check=False,
        capture_output=True,
        text=True,
        env=environment,
    )
    if done.returncode:
        return None
    seconds, modules = done.stdout.split()
    return float(seconds), int(modules)
