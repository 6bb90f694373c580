"""The libraries that complete a cut text, each parsing all that came so far at every piece."""

from __future__ import annotations

from functools import partial
from importlib import import_module

from .run import Again, import_aside

__all__ = [
    "iw4p",
    "jiter",
    "json_repair",
    "langchain",
    "partial_json_parser",
    "pydantic_core",
    "stream_json_repair",
]


def jiter() -> Again:
    from_json = import_module("jiter").from_json
    return Again(partial(from_json, partial_mode="trailing-strings"), str.encode)


def pydantic_core() -> Again:
    from_json = import_module("pydantic_core").from_json
    return Again(partial(from_json, allow_partial="trailing-strings"), str.encode)


def partial_json_parser() -> Again:
    return Again(import_module("partial_json_parser").loads)


def iw4p() -> Again:
    """Its package is called as this library's is."""
    return Again(import_aside("partialjson", "partialjson").JSONParser().parse)


def json_repair() -> Again:
    repair = import_module("json_repair").repair_json
    return Again(partial(repair, stream_stable=True, return_objects=True))


def langchain() -> Again:
    return Again(import_module("langchain_core.utils.json").parse_partial_json)


def stream_json_repair() -> Again:
    """Its package is called as that of partial-json-stream is."""
    return Again(import_aside("stream-json-repair", "partial_json_stream").parse_partial_json)
