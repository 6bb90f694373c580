"""What stands before a parser, where a text is not JSON alone: it says what it did."""

from __future__ import annotations

from ._cutter import Found
from .finder import JSONFinder
from .mender import Mender, Repair

__all__ = ["Found", "JSONFinder", "Mender", "Repair"]
