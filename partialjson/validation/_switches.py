"""The one place that leans on what Pydantic does not promise, and what to do without it.

Two things are needed that no public name gives. A validator must be compiled from a changed schema
and heed every part of it; from 2.11 on Pydantic puts the finished validator of a class in the place
of that class's schema, unless it is told not to. And the configuration of a `TypeAdapter` must be
known as pydantic-core spells it.

Whether changed schemas are heeded is tried out once. Where they are not, containers are validated
whole: the same results, the same events, but validators run once for each container around them,
and no wrong item can be left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, TypeAlias

from pydantic import BaseModel, TypeAdapter
from pydantic_core import SchemaValidator, core_schema

__all__ = ["Schema", "compiled", "config_of", "slots_are_heeded"]

Schema: TypeAlias = Any  # a core schema: dicts of lists of dicts, typed more closely by nobody

COMPLETE = "__pydantic_complete__"


def compiled(schema: Schema, config: Schema) -> SchemaValidator:
    """A validator of exactly this schema, whatever validators its classes have."""
    try:
        return SchemaValidator(schema, config, False)  # noqa: FBT003 - it takes no keyword
    except TypeError:  # before 2.13 it cannot be told
        with incomplete(schema):
            return SchemaValidator(schema, config)


@contextmanager
def incomplete(schema: Schema) -> Iterator[None]:
    """Let the classes of a schema look unfinished: only a finished one has a validator to take."""
    classes = [cls for cls in classes_of(schema) if vars(cls).get(COMPLETE)]
    try:
        for cls in classes:
            type.__setattr__(cls, COMPLETE, False)
        yield
    finally:
        for cls in classes:
            type.__setattr__(cls, COMPLETE, True)


def classes_of(schema: Schema) -> Iterator[type]:
    if isinstance(schema, dict):
        if isinstance(cls := schema.get("cls"), type):
            yield cls
        for part in schema.values():
            yield from classes_of(part)
    elif isinstance(schema, list | tuple):
        for part in schema:
            yield from classes_of(part)


@cache
def slots_are_heeded() -> bool:
    """Whether a changed schema of a finished class is what its validator does."""

    class Probe(BaseModel):
        n: int

    schema = dict(Probe.__pydantic_core_schema__)
    slot = core_schema.no_info_plain_validator_function(lambda _: "slot")
    fields = {"n": core_schema.model_field(slot)}
    schema["schema"] = core_schema.model_fields_schema(fields)
    listed = core_schema.list_schema(schema)
    (probe,) = compiled(listed, None).validate_json('[{"n": 1}]')
    return bool(probe.n == "slot")


def config_of(adapter: TypeAdapter[Any], schema: Schema) -> Schema:
    """The configuration that the adapter's own validator was compiled with."""
    own = getattr(adapter, "_config", None)
    if own is None:
        return schema.get("config") if is_of_a_class(adapter) else None
    from pydantic._internal._config import ConfigWrapper  # noqa: PLC0415 - rarely needed

    return ConfigWrapper(own).core_config(title=None)


def is_of_a_class(adapter: TypeAdapter[Any]) -> bool:
    """Whether the adapter took the finished validator of its class."""
    cls = getattr(adapter, "_type", None)
    return isinstance(cls, type) and "__pydantic_validator__" in vars(cls)
