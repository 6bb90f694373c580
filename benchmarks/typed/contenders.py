"""Each library as one function: deltas of a text and a model in, the last value out.

A wrong text raises; when it does, is what the caller counts.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import suppress
from functools import cache
from importlib import import_module
from typing import Any, TypeAlias

from pydantic import TypeAdapter, ValidationError

from partialjson import Doomed, Invalid, Parser, TypedParser

__all__ = ["CONTENDERS", "NATIVE", "OURS", "PARTIAL", "UNTYPED", "Refused", "Run"]

Run: TypeAlias = Callable[[Iterable[str], Any], Any]

OURS, UNTYPED = "TypedParser", "Parser, no types"
PARTIAL, NATIVE = "pydantic, allow_partial again", "pydantic, once at the end"


class Refused(Exception):
    """The library said that a value is wrong."""


def typed_parser(deltas: Iterable[str], model: Any) -> Any:
    parser = TypedParser(model)
    for delta in deltas:
        for event in parser.feed(delta):
            if type(event) is Doomed or type(event) is Invalid:
                raise Refused
    return parser.close()


def parser(deltas: Iterable[str], _: Any) -> Any:
    untyped = Parser()
    for delta in deltas:
        for _event in untyped.feed(delta):
            pass
    return untyped.value


@cache
def adapter_of(model: Any) -> TypeAdapter[Any]:
    return TypeAdapter(model)


def once(deltas: Iterable[str], model: Any) -> Any:
    text = "".join(deltas)
    try:
        return adapter_of(model).validate_json(text)
    except ValidationError as error:
        raise Refused from error


def partial_again(deltas: Iterable[str], model: Any) -> Any:
    """An error of a beginning is no answer: members are missing in it, and words are cut."""
    adapter = adapter_of(model)
    text = ""
    for delta in deltas:
        text += delta
        with suppress(ValidationError):
            adapter.validate_json(text, experimental_allow_partial="trailing-strings")
    return once([text], model)


def instructor(deltas: Iterable[str], model: Any) -> Any:
    partial = import_module("instructor.dsl.partial").Partial[model]
    value = None
    try:
        for value in partial.model_from_chunks(deltas):  # noqa: B007 - the last one
            pass
    except ValidationError as error:
        raise Refused from error
    return value


def pydantic_ai(deltas: Iterable[str], model: Any) -> Any:
    ai = import_module("pydantic_ai")
    function = import_module("pydantic_ai.models.function")

    async def answer(_messages: Any, _info: Any) -> AsyncIterator[str]:
        for delta in deltas:
            yield delta

    async def run() -> Any:
        agent = ai.Agent(
            function.FunctionModel(stream_function=answer), output_type=ai.PromptedOutput(model)
        )
        value = None
        async with agent.run_stream("go") as result:
            async for value in result.stream_output(debounce_by=None):  # noqa: B007
                pass
        return value

    try:
        with suppress(ValidationError):
            return asyncio.run(run())
    except ai.exceptions.UnexpectedModelBehavior as error:
        raise Refused from error
    raise Refused


CONTENDERS: dict[str, Run] = {
    OURS: typed_parser,
    PARTIAL: partial_again,
    "instructor, Partial": instructor,
    "pydantic-ai, run_stream": pydantic_ai,
    NATIVE: once,
    UNTYPED: parser,
}
