"""The form of a contender: pieces of text in, the last value out.

One that is made by an import which fails is left out, so that a library that cannot be installed
leaves a gap in the tables and nothing else. Peers that read bytes alone pay for encoding, as their
users do.
"""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib.util import module_from_spec, spec_from_file_location
from types import ModuleType
from typing import Any, TypeAlias

from benchmarks.environment import aside

__all__ = ["Again", "Contenders", "Rereader", "Run", "available", "import_aside"]

Run: TypeAlias = Callable[[Iterable[str]], Any]
Contenders: TypeAlias = dict[str, Callable[[], Run]]


class Rereader(ABC):
    """Parses all that came so far, after every piece: how a library that completes a cut text is
    used.

    What it does for a piece depends on the text so far alone, so that a few prefixes can stand for
    all of them.
    """

    @abstractmethod
    def over(self, prefixes: Iterable[str]) -> Callable[[], object]:
        """The work of parsing each of them once; joining the pieces is left out."""


@dataclass(frozen=True)
class Again(Rereader):
    """One that is a function."""

    parse: Callable[[Any], Any]
    spelt: Callable[[str], Any] = str  # the text as the parser takes it

    def __call__(self, pieces: Iterable[str]) -> Any:
        so_far = self.spelt("")
        value = None
        for piece in pieces:
            so_far += self.spelt(piece)
            value = self.parse(so_far)
        return value

    def over(self, prefixes: Iterable[str]) -> Callable[[], object]:
        spelt = [self.spelt(prefix) for prefix in prefixes]

        def work() -> None:
            for prefix in spelt:
                self.parse(prefix)

        return work


def available(contenders: Contenders) -> dict[str, Run]:
    """The contenders whose library is here, made ready."""
    ready = {}
    for name, make in contenders.items():
        try:
            ready[name] = make()
        except ImportError:
            continue
    return ready


def import_aside(project: str, package: str) -> ModuleType:
    """A package whose import name is taken here, under a name made of its project's."""
    name = f"aside_{project.replace('-', '_')}"
    start = aside(project) / package / "__init__.py"
    spec = spec_from_file_location(name, start, submodule_search_locations=[str(start.parent)])
    if spec is None or spec.loader is None or not start.exists():
        raise ImportError(project)
    module = module_from_spec(spec)
    sys.modules[name] = module  # where its own relative imports look
    spec.loader.exec_module(module)
    return module
