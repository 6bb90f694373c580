"""The same errors, seen from somewhere else: each `loc` with another beginning.

Pydantic cannot be asked to do this, so an error is built anew from what it tells of itself; and
only one that then tells the same is given out.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from pydantic import ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

__all__ = ["Details", "located", "located_error", "without_first"]

Details: TypeAlias = dict[str, Any]  # one of `ValidationError.errors()`
Loc: TypeAlias = tuple[int | str, ...]


def located(errors: list[Any], loc: Loc) -> list[Details]:
    """Error dicts as they are seen from the root, given the place that they are told of."""
    return [{**error, "loc": loc + error["loc"]} for error in errors]


def located_error(error: ValidationError, loc: Loc, title: str) -> ValidationError:
    """An error as it is seen from the root; itself, where it cannot be told in other words."""
    return rebuilt(error, title, lambda own: loc + own) or error


def without_first(error: ValidationError) -> ValidationError | None:
    """An error as it is seen one step inside; none where it cannot be told in other words."""
    if not all(details["loc"] for details in error.errors()):
        return None
    return rebuilt(error, error.title, lambda own: own[1:])


def rebuilt(
    error: ValidationError, title: str, moved: Callable[[Loc], Loc]
) -> ValidationError | None:
    told = error.errors()
    try:
        lines = [line_of(details, moved(details["loc"])) for details in told]
        twin = ValidationError.from_exception_data(title, lines, input_type="json")
    except (KeyError, TypeError, ValueError):
        return None
    expected = [{**details, "loc": moved(details["loc"])} for details in told]
    return twin if repr(twin.errors()) == repr(expected) else None


def line_of(details: Any, loc: Loc) -> InitErrorDetails:
    kind = details["type"]
    is_known = "url" in details  # only Pydantic's own kinds have a page
    if not is_known:
        kind = PydanticCustomError(kind, details["msg"], details.get("ctx"))
    line = InitErrorDetails(type=kind, loc=loc, input=details["input"])
    if is_known and "ctx" in details:
        line["ctx"] = details["ctx"]
    return line
