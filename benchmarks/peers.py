"""Each contender as one function: pieces of text in, the last value out, and a look at the value
after every piece.

A contender is made by a function that imports its library, so that one that cannot be installed
leaves a gap in the tables and nothing else. Peers that read bytes alone pay for encoding, as their
users do.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable
from importlib import import_module
from importlib.util import find_spec, module_from_spec
from typing import Any, TypeAlias
from unittest.mock import patch

from partialjson import LiveValue, Parser

__all__ = ["EVENTS", "FINALS", "JITER", "RETURNED", "VALUES", "Run", "available", "jiter_parse"]

Run: TypeAlias = Callable[[Iterable[str]], Any]

JITER = "jiter, parsing again"
RETURNED = "LiveValue, as feed returns it"


# -- The value after every piece -------------------------------------------------------------------


def live_value() -> Run:
    def run(pieces: Iterable[str]) -> Any:
        live = LiveValue()
        value = None
        for piece in pieces:
            live.feed(piece)
            value = live.value
        return value

    return run


def live_value_returned() -> Run:
    def run(pieces: Iterable[str]) -> Any:
        live = LiveValue()
        value = None
        for piece in pieces:
            value = live.feed(piece)
        return value

    return run


def parser() -> Run:
    def run(pieces: Iterable[str]) -> Any:
        parser = Parser()
        value = None
        for piece in pieces:
            for _ in parser.feed(piece):
                pass
            value = parser.value
        return value

    return run


def jiter_parse() -> Callable[[bytes], Any]:
    from_json = import_module("jiter").from_json
    return lambda text: from_json(text, partial_mode="trailing-strings")


def jiter_again() -> Run:
    parse = jiter_parse()

    def run(pieces: Iterable[str]) -> Any:
        so_far = b""
        value = None
        for piece in pieces:
            so_far += piece.encode()
            value = parse(so_far)
        return value

    return run


def ijson_builder() -> Run:
    ijson = import_module("ijson")
    builder_of = import_module("ijson.common").ObjectBuilder

    def run(pieces: Iterable[str]) -> Any:
        events = ijson.sendable_list()
        push = ijson.basic_parse_coro(events, use_float=True)
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
    """A second copy of its module, which does not find the Rust extension."""
    spec = find_spec("streaming_json_parser.high_performance_parser")
    if spec is None or spec.loader is None:
        raise ImportError("streaming_json_parser")
    module = module_from_spec(spec)
    with patch.dict(sys.modules, {"streaming_json_parser_native": None}):
        spec.loader.exec_module(module)
    return streaming_json_parser(module)


# -- Events as they happen -------------------------------------------------------------------------


def parser_events() -> Run:
    def run(pieces: Iterable[str]) -> Any:
        parser = Parser()
        for piece in pieces:
            for _ in parser.feed(piece):
                pass

    return run


def ijson_events() -> Run:
    ijson = import_module("ijson")

    def run(pieces: Iterable[str]) -> Any:
        events = ijson.sendable_list()
        push = ijson.parse_coro(events, use_float=True)
        for piece in pieces:
            push.send(piece.encode())
            for _ in events:
                pass
            del events[:]

    return run


# -- The value at the end alone --------------------------------------------------------------------


def closed_live_value() -> Run:
    def run(pieces: Iterable[str]) -> Any:
        live = LiveValue()
        for piece in pieces:
            live.feed(piece)
        return live.close()

    return run


def closed_parser() -> Run:
    def run(pieces: Iterable[str]) -> Any:
        parser = Parser()
        for piece in pieces:
            parser.feed(piece)
        parser.close()
        return parser.value

    return run


def json_loads() -> Run:
    def run(pieces: Iterable[str]) -> Any:
        buffer: list[str] = []
        for piece in pieces:  # a stream hands them out one by one
            buffer.append(piece)  # noqa: PERF402
        return json.loads("".join(buffer))

    return run


def jiter_once() -> Run:
    from_json = import_module("jiter").from_json

    def run(pieces: Iterable[str]) -> Any:
        buffer: list[str] = []
        for piece in pieces:
            buffer.append(piece)  # noqa: PERF402
        return from_json("".join(buffer).encode())

    return run


def ijson_items() -> Run:
    ijson = import_module("ijson")

    def run(pieces: Iterable[str]) -> Any:
        items = ijson.sendable_list()
        push = ijson.items_coro(items, "", use_float=True)
        for piece in pieces:
            push.send(piece.encode())
        return items[0]

    return run


VALUES: dict[str, Callable[[], Run]] = {
    "LiveValue": live_value,
    RETURNED: live_value_returned,
    "Parser and .value": parser,
    JITER: jiter_again,
    "ijson, ObjectBuilder": ijson_builder,
    "jsonriver": jsonriver,
    "streaming-json-parser": streaming_json_parser_plain,
    "streaming-json-parser-native": streaming_json_parser_native,
}
EVENTS: dict[str, Callable[[], Run]] = {
    "Parser": parser_events,
    "LiveValue, no events": live_value,
    "ijson parse_coro": ijson_events,
}
FINALS: dict[str, Callable[[], Run]] = {
    "json.loads": json_loads,
    "LiveValue": closed_live_value,
    "Parser": closed_parser,
    "jiter": jiter_once,
    "ijson items_coro": ijson_items,
    "jsonriver": jsonriver,
    "streaming-json-parser": streaming_json_parser_plain,
    "streaming-json-parser-native": streaming_json_parser_native,
}


def available(contenders: dict[str, Callable[[], Run]]) -> dict[str, Run]:
    """The contenders whose library is here, made ready."""
    ready = {}
    for name, make in contenders.items():
        try:
            ready[name] = make()
        except ImportError:
            continue
    return ready
