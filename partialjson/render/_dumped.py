"""What validation made of values, and what it says of them, as JSON.

What flows in are objects and error dicts of Pydantic, what flows out is ready for `json.dumps`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from partialjson.path import JSON

__all__ = ["Fact", "as_json", "fact_of", "is_of_members", "is_same", "key_of", "written"]

CONTAINERS = (dict, list, tuple, set, frozenset, Iterator)  # one that is read is empty behind it
OF_FIELDS = ("__pydantic_fields__", "model_fields", "__dataclass_fields__")
FACTS = ("type", "loc", "msg")
Fact: TypeAlias = dict[str, JSON]


def as_json(value: object) -> JSON:
    """A value as Pydantic writes it in JSON; what it cannot write is text, as Python shows it.

    An infinite number stays one, as it is in `json.loads`; what is no number is text.
    """
    try:
        return written(value, fallback=str)
    except ValueError:
        return repr(value)


def written(value: object, **options: Any) -> JSON:
    """A value as Pydantic writes it in JSON.

    Raises:
        ValueError: It cannot.
    """
    if value is None or type(value) in (bool, int, str):
        return value
    if type(value) is float:
        return value if value == value else "NaN"  # noqa: PLR0124 - no other value is unlike itself
    from pydantic_core import from_json, to_json  # noqa: PLC0415 - an extra

    return from_json(to_json(value, by_alias=True, inf_nan_mode="strings", **options))


def is_of_members(value: object) -> bool:
    """Whether a value is made of the values inside it, which are told one by one."""
    return isinstance(value, CONTAINERS) or any(hasattr(type(value), name) for name in OF_FIELDS)


def is_same(made: JSON, raw: JSON) -> bool:
    """Whether two values are one in JSON, where `1` and `1.0` are the same number."""
    return bool(made == raw) and isinstance(made, bool) == isinstance(raw, bool)


def fact_of(error: Mapping[str, Any]) -> Fact:
    """An error dict of Pydantic without links and context; a container as input is left out."""
    fact = {name: error[name] for name in FACTS if name in error}
    given = error.get("input")
    if "input" in error and not isinstance(given, CONTAINERS):
        fact["input"] = given
    plain: Fact = json.loads(json.dumps(fact, default=str))
    return plain


def key_of(fact: Fact) -> str:
    """What an error is of, however it is worded: words may count what had arrived so far."""
    return json.dumps([fact.get("type"), fact.get("loc")])
