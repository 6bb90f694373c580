"""What happens to the document, as it happens: each run looks at every event once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from importlib import import_module
from typing import Any

from partialjson import Parser

from .run import Contenders, Run
from .values import PLAIN, live_value, plain_core

__all__ = ["EVENTS", "IJSON", "WHOLE_STRINGS", "rust_tokenizer"]

IJSON = "ijson C parse_coro"
WHOLE_STRINGS = "Parser, whole strings"


def parser(parser_of: Callable[[], Parser] = Parser) -> Run:
    def run(pieces: Iterable[str]) -> Any:
        parser = parser_of()
        for piece in pieces:
            for _ in parser.feed(piece):
                pass

    return run


def ijson_events(backend: str, coroutine: str) -> Run:
    ijson = import_module("ijson")
    start = getattr(ijson.get_backend(backend), coroutine)

    def run(pieces: Iterable[str]) -> Any:
        events = ijson.sendable_list()
        push = start(events, use_float=True)
        for piece in pieces:
            push.send(piece.encode())
            for _ in events:
                pass
            del events[:]
        with suppress(ijson.JSONError):  # the pieces may end before the text does
            push.close()

    return run


def json_stream(tokenizer: Callable[[], Any]) -> Run:
    """It pulls its pieces itself: who calls it gets on when the text has ended."""
    visit = import_module("json_stream").visit
    tokenize = tokenizer()

    def run(pieces: Iterable[str]) -> Any:
        visit((piece.encode() for piece in pieces), look, tokenizer=tokenize)

    return run


def rust_tokenizer() -> Any:
    import_module("json_stream_rs_tokenizer.json_stream_rs_tokenizer")  # the extension itself
    return import_module("json_stream_rs_tokenizer").RustTokenizer


def python_tokenizer() -> Any:
    return import_module("json_stream.tokenizer").tokenize


def partial_json_stream() -> Run:
    parser_of = import_module("partial_json_stream").JsonStreamParser

    def run(pieces: Iterable[str]) -> Any:
        parser = parser_of(lenient=False)
        parser.on("field", look)
        for piece in pieces:
            parser.push(piece)

    return run


def jsontap() -> Run:
    """The least that can be asked of it: that its root be awaited, in an event loop of its own."""
    start = import_module("jsontap").jsontap
    error = import_module("ijson").JSONError

    async def root(pieces: Iterable[str]) -> Any:
        async def source() -> Any:
            for piece in pieces:
                yield piece

        with suppress(error):  # as above
            return await start(source())

    return lambda pieces: asyncio.run(root(pieces))


def look(*_: object) -> None:
    """What a subscriber costs at least."""


EVENTS: Contenders = {
    "Parser": parser,
    WHOLE_STRINGS: partial(parser, partial(Parser, strings="whole")),
    f"Parser, {PLAIN}": lambda: parser(plain_core().Parser),
    "LiveValue, no events": live_value,
    IJSON: partial(ijson_events, "yajl2_c", "parse_coro"),
    "ijson C basic_parse_coro, no paths": partial(ijson_events, "yajl2_c", "basic_parse_coro"),
    "ijson Python parse_coro": partial(ijson_events, "python", "parse_coro"),
    "json-stream visit, Rust, pulls": partial(json_stream, rust_tokenizer),
    "json-stream visit, Python, pulls": partial(json_stream, python_tokenizer),
    "partial-json-stream on(field)": partial_json_stream,
    "jsontap, asyncio, root alone": jsontap,
}
