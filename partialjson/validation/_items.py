"""One JSON text to a value of a type, or to what is wrong with it: each by itself, none kept."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter, ValidationError

from partialjson.events import Invalid
from partialjson.path import Path

from ._rebased import located

__all__ = ["Alone"]


class Alone:
    """Validates values one by one, each alone: nothing is known of those before it.

    Args:
        of: The type of each: whatever `TypeAdapter` takes, or a `TypeAdapter`.
    """

    def __init__(self, of: Any) -> None:
        self._adapter: TypeAdapter[Any] = of if isinstance(of, TypeAdapter) else TypeAdapter(of)

    def value_of(self, text: str, path: Path) -> Any:
        """The value of a JSON text, in Pydantic's JSON mode, or an `Invalid`.

        Raises:
            Exception: Whatever a validator raises that Pydantic does not take for an error of the
                value.
        """
        try:
            return self._adapter.validate_json(text)
        except ValidationError as error:
            return Invalid(path, located(error.errors(include_url=False), path))
