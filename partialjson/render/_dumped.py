"""What validation made of values, and what it says of them, as JSON.

What flows in are objects and error dicts of Pydantic, what flows out is ready for `json.dumps`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from partialjson.path import JSON

__all__ = ["as_json", "fact_of", "is_of_members", "is_same", "spelt"]

CONTAINERS = (dict, list, tuple, set, frozenset)
OF_FIELDS = ("__pydantic_fields__", "model_fields", "__dataclass_fields__")
FACTS = ("type", "loc", "msg")


def as_json(value: object) -> JSON:
    """A value as Pydantic writes it in JSON; as Python shows it, where Pydantic cannot."""
    from pydantic_core import to_jsonable_python  # noqa: PLC0415 - an extra

    try:
        return to_jsonable_python(value, by_alias=True, fallback=str, inf_nan_mode="strings")
    except ValueError:
        return repr(value)


def is_of_members(value: object) -> bool:
    """Whether a value is made of the values inside it, which are told one by one."""
    return isinstance(value, CONTAINERS) or any(hasattr(type(value), name) for name in OF_FIELDS)


def is_same(made: JSON, raw: JSON) -> bool:
    """Whether two values are one in JSON, where `1` and `1.0` are the same number."""
    return bool(made == raw) and isinstance(made, bool) == isinstance(raw, bool)


def fact_of(error: Mapping[str, Any]) -> dict[str, JSON]:
    """An error dict of Pydantic without links and context; a container as input is left out."""
    fact = {name: error[name] for name in FACTS if name in error}
    given = error.get("input")
    if "input" in error and not isinstance(given, CONTAINERS):
        fact["input"] = given
    plain: dict[str, JSON] = json.loads(json.dumps(fact, default=str))
    return plain


def spelt(fact: Mapping[str, JSON]) -> str:
    """What an error says, whatever had arrived of its value when it was said."""
    return json.dumps([fact.get(name) for name in FACTS])
