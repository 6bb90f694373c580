"""What is said where an optional dependency is asked for and not installed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["needs_pydantic"]


@contextmanager
def needs_pydantic(name: str) -> Iterator[None]:
    """Import inside it.

    Raises:
        ImportError: Pydantic is missing; the message says what to install.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name not in {"pydantic", "pydantic_core"}:
            raise
        extra = "pip install 'partialjson-streaming[pydantic]'"
        raise ImportError(f"{name} needs Pydantic: {extra}", name=error.name) from error
