"""The chunk objects of a provider's SDK as plain JSON, by their attributes.

What flows in is whatever an SDK hands out for one message; what flows out is what came over the
wire, less what the SDK did not keep. No SDK is imported: its objects are known by what they hold.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import TypeAlias

from partialjson.path import JSON

__all__ = ["plain"]

Scalar: TypeAlias = str | int | float | bool | None


def plain(thing: object) -> JSON:
    """An object as a dict of its public attributes, unknown ones of the wire included.

    Dicts, lists and what JSON has no container for pass through, with their contents made plain.
    """
    if isinstance(thing, Enum):
        return thing.value
    if thing is None or isinstance(thing, Scalar):
        return thing
    if isinstance(thing, Mapping):
        return {str(name): plain(value) for name, value in thing.items()}
    if isinstance(thing, list | tuple):
        return [plain(value) for value in thing]
    members = {**getattr(thing, "__dict__", {}), **(getattr(thing, "model_extra", None) or {})}
    return {name: plain(value) for name, value in members.items() if not name.startswith("_")}
