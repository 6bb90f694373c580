"""A type from the command line, `package.module:Name`, and what validation with it comes to."""

from __future__ import annotations

import argparse
import sys
from importlib import import_module
from typing import Any

__all__ = ["is_validation_error", "model"]


def model(name: str) -> Any:
    """The type that a `package.module:Name` names, as Python started in this folder finds it.

    Raises:
        ArgumentTypeError: There is none; the message says what is missing.
    """
    module, colon, names = name.partition(":")
    if not (module and colon and names):
        raise argparse.ArgumentTypeError(f"expected package.module:Name, got {name!r}")
    if "" not in sys.path:
        sys.path.insert(0, "")
    try:
        found: Any = import_module(module)
    except ImportError as error:
        raise argparse.ArgumentTypeError(f"cannot import {module}: {error}") from None
    for part in names.split("."):
        found = getattr(found, part, None)
    if found is None:
        raise argparse.ArgumentTypeError(f"there is no {names} in {module}")
    return found


def is_validation_error(error: Exception) -> bool:
    """Whether it is Pydantic's; where Pydantic is not loaded, nothing can be."""
    pydantic_core = sys.modules.get("pydantic_core")
    return pydantic_core is not None and isinstance(error, pydantic_core.ValidationError)
