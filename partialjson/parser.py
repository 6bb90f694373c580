"""`Parser` and `LiveValue`: in C where the package was built with a compiler, else in plain Python.

Both cores keep the same promises, in the same words, and take up each other's checkpoints.
"""

from __future__ import annotations

from contextlib import suppress
from os import environ
from typing import TYPE_CHECKING, Final, Literal

from . import _plain
from ._facts import Completion
from ._tree import Options

__all__ = ["Completion", "LiveValue", "Options", "Parser", "core"]

if TYPE_CHECKING:
    from ._plain import LiveValue, Parser
else:
    LiveValue, Parser = _plain.LiveValue, _plain.Parser
    if environ.get("PARTIALJSON_CORE") != "python":
        with suppress(ImportError):  # built without a compiler
            from ._speedups import LiveValue, Parser

core: Final[Literal["c", "python"]] = "python" if Parser is _plain.Parser else "c"
