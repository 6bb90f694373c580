"""The value after every piece: each run looks at it after each."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from contextlib import suppress
from importlib import import_module
from importlib.util import find_spec, module_from_spec
from types import ModuleType
from typing import Any
from unittest.mock import patch

import partialjson
from partialjson import LiveValue, Parser

from . import again
from .run import Contenders, Run

__all__ = [
    "IJSON_BUILDER",
    "JITER",
    "JSONRIVER",
    "NATIVE",
    "PLAIN",
    "PLAIN_LIVE_VALUE",
    "RETURNED",
    "VALUES",
    "core",
    "jsonriver",
    "live_value",
    "plain_core",
    "without_extension",
]

JITER = "jiter, again"
NATIVE = "streaming-json-parser-native"
IJSON_BUILDER = "ijson C, ObjectBuilder"
JSONRIVER = "jsonriver"
RETURNED = "LiveValue, as feed returns it"
PLAIN = "plain Python"
PLAIN_LIVE_VALUE = f"LiveValue, {PLAIN}"

core = getattr(partialjson, "core", "python")


def live_value(live_value_of: type[LiveValue] = LiveValue) -> Run:
    def run(pieces: Iterable[str]) -> Any:
        live = live_value_of()
        value = None
        for piece in pieces:
            live.feed(piece)
            value = live.value
        return value

    return run


def plain_core() -> ModuleType:
    """The core in plain Python, where it is not the one in use."""
    if core == "python":
        raise ImportError("it has a row already")
    return import_module("partialjson._plain")


def live_value_returned() -> Run:
    def run(pieces: Iterable[str]) -> Any:
        live = LiveValue()
        value = None
        for piece in pieces:
            value = live.feed(piece)
        return value

    return run


def parser(parser_of: type[Parser] = Parser) -> Run:
    def run(pieces: Iterable[str]) -> Any:
        parser = parser_of()
        value = None
        for piece in pieces:
            for _ in parser.feed(piece):
                pass
            value = parser.value
        return value

    return run


def ijson_builder() -> Run:
    """Its own builder of values, which shows a string when it has ended."""
    ijson = import_module("ijson")
    start = ijson.get_backend("yajl2_c").basic_parse_coro
    builder_of = import_module("ijson.common").ObjectBuilder

    def run(pieces: Iterable[str]) -> Any:
        events = ijson.sendable_list()
        push = start(events, use_float=True)
        builder = builder_of()
        value = None
        for piece in pieces:
            push.send(piece.encode())
            for event, found in events:
                builder.event(event, found)
            del events[:]
            value = getattr(builder, "value", None)
        return value

    return run


def partial_json_stream() -> Run:
    parser_of = import_module("partial_json_stream").JsonStreamParser

    def run(pieces: Iterable[str]) -> Any:
        parser = parser_of(lenient=False)
        value = None
        for piece in pieces:
            parser.push(piece)
            value = parser.snapshot().value
        return value

    return run


def streamingjson() -> Run:
    """It completes the text as it comes; what it completes is parsed again."""
    lexer_of = import_module("streamingjson").Lexer

    def run(pieces: Iterable[str]) -> Any:
        lexer = lexer_of()
        value = None
        for piece in pieces:
            lexer.append_string(piece)
            with suppress(ValueError):  # not every text that it makes is one of JSON
                value = json.loads(lexer.complete_json())
        return value

    return run


def jsonriver() -> Run:
    parse = import_module("jsonriver").parse

    def run(pieces: Iterable[str]) -> Any:
        async def source() -> Any:
            for piece in pieces:
                yield piece

        # Nothing here ever waits, so that `send` replaces the event loop and its cost.
        values = parse(source())
        value = None
        while True:
            try:
                values.__anext__().send(None)
            except StopIteration as step:
                value = step.value
            except StopAsyncIteration:
                return value
            except ValueError:  # the pieces end before the text does
                return value

    return run


def streaming_json_parser(module: Any) -> Run:
    def run(pieces: Iterable[str]) -> Any:
        feed = module.HighPerformanceStreamingJsonParser().feed
        value = None
        for piece in pieces:
            value = feed(piece).value
        return value

    return run


def streaming_json_parser_native() -> Run:
    import_module("streaming_json_parser_native")
    return streaming_json_parser(import_module("streaming_json_parser"))


def streaming_json_parser_plain() -> Run:
    return streaming_json_parser(without_extension())


def without_extension() -> ModuleType:
    """A second copy of streaming-json-parser, which does not find its Rust extension."""
    spec = find_spec("streaming_json_parser.high_performance_parser")
    if spec is None or spec.loader is None:
        raise ImportError("streaming_json_parser")
    module = module_from_spec(spec)
    with patch.dict(sys.modules, {"streaming_json_parser_native": None}):
        spec.loader.exec_module(module)
    return module


VALUES: Contenders = {
    "LiveValue": live_value,
    RETURNED: live_value_returned,
    "Parser and .value": parser,
    PLAIN_LIVE_VALUE: lambda: live_value(plain_core().LiveValue),
    f"Parser and .value, {PLAIN}": lambda: parser(plain_core().Parser),
    JITER: again.jiter,
    "pydantic_core, again": again.pydantic_core,
    "partial-json-parser, again": again.partial_json_parser,
    "partialjson (iw4p), again": again.iw4p,
    "json-repair, again": again.json_repair,
    "langchain-core, again": again.langchain,
    "stream-json-repair, again": again.stream_json_repair,
    "partial-json-stream": partial_json_stream,
    "streamingjson + json.loads": streamingjson,
    JSONRIVER: jsonriver,
    "streaming-json-parser": streaming_json_parser_plain,
    NATIVE: streaming_json_parser_native,
    IJSON_BUILDER: ijson_builder,
}
