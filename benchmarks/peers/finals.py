"""The value at the end alone: nobody looks at it before."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from importlib import import_module
from typing import Any

from partialjson import LiveValue, Parser

from .events import rust_tokenizer
from .run import Contenders, Run
from .values import (
    JSONRIVER,
    NATIVE,
    PLAIN_LIVE_VALUE,
    jsonriver,
    plain_core,
    without_extension,
)

__all__ = ["FINALS", "LOADS", "UNSHOWN"]

LOADS = "join, json.loads"
UNSHOWN = "LiveValue, whole strings"


def live_value(live_value_of: Callable[[], LiveValue] = LiveValue) -> Run:
    def run(pieces: Iterable[str]) -> Any:
        live = live_value_of()
        for piece in pieces:
            live.feed(piece)
        return live.close()

    return run


def parser() -> Run:
    def run(pieces: Iterable[str]) -> Any:
        parser = Parser()
        for piece in pieces:
            parser.feed(piece)
        parser.close()
        return parser.value

    return run


def joined(loads: Callable[[str], Any]) -> Run:
    def run(pieces: Iterable[str]) -> Any:
        buffer: list[str] = []
        for piece in pieces:  # a stream hands them out one by one
            buffer.append(piece)  # noqa: PERF402
        return loads("".join(buffer))

    return run


def jiter() -> Run:
    from_json = import_module("jiter").from_json
    return joined(lambda text: from_json(text.encode()))


def ijson_items(backend: str) -> Run:
    ijson = import_module("ijson")
    start = ijson.get_backend(backend).items_coro

    def run(pieces: Iterable[str]) -> Any:
        items = ijson.sendable_list()
        push = start(items, "", use_float=True)
        for piece in pieces:
            push.send(piece.encode())
        with suppress(ijson.JSONError):  # the pieces may end before the text does
            push.close()
        return items[0] if items else None

    return run


def json_stream() -> Run:
    """It pulls its pieces itself, as in the table of events."""
    module = import_module("json_stream")
    tokenize = rust_tokenizer()

    def run(pieces: Iterable[str]) -> Any:
        chunks = (piece.encode() for piece in pieces)
        return module.to_standard_types(module.load(chunks, tokenizer=tokenize))

    return run


def streaming_json_parser(module: Any) -> Run:
    def run(pieces: Iterable[str]) -> Any:
        parser = module.HighPerformanceStreamingJsonParser()
        for piece in pieces:
            parser.consume(piece)
        return parser.finish().value

    return run


def streaming_json_parser_native() -> Run:
    import_module("streaming_json_parser_native")
    return streaming_json_parser(import_module("streaming_json_parser"))


FINALS: Contenders = {
    "LiveValue": live_value,
    UNSHOWN: partial(live_value, partial(LiveValue, strings="whole")),
    PLAIN_LIVE_VALUE: lambda: live_value(plain_core().LiveValue),
    "Parser": parser,
    LOADS: lambda: joined(json.loads),
    "join, orjson": lambda: joined(import_module("orjson").loads),
    "join, jiter": jiter,
    "join, msgspec": lambda: joined(import_module("msgspec.json").decode),
    "ijson C items_coro": partial(ijson_items, "yajl2_c"),
    "ijson Python items_coro": partial(ijson_items, "python"),
    "json-stream, Rust, pulls": json_stream,
    JSONRIVER: jsonriver,
    "streaming-json-parser": lambda: streaming_json_parser(without_extension()),
    NATIVE: streaming_json_parser_native,
}
