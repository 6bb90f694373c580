"""A type from the command line, `package.module:Name`, and what validation with it comes to."""

from __future__ import annotations

import argparse
import inspect
import sys
from importlib import import_module
from typing import Any

from partialjson._extras import needs_pydantic

__all__ = ["is_validation_error", "model", "said"]


def model(name: str) -> Any:
    """The type that a `package.module:Name` names, as Python started in this folder finds it.

    Gives a `pydantic.TypeAdapter` of it.

    Raises:
        ArgumentTypeError: There is none; the message says what is missing.
    """
    module, colon, names = name.partition(":")
    if not (module and colon and names):
        raise argparse.ArgumentTypeError(f"expected package.module:Name, got {name!r}")
    if "" not in sys.path:
        sys.path.insert(0, "")
    found: Any = imported(module)
    for part in names.split("."):
        found = getattr(found, part, None)
    if found is None:
        raise argparse.ArgumentTypeError(f"there is no {names} in {module}")
    return adapter_of(found, name)


def imported(module: str) -> Any:
    try:
        return import_module(module)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - it may do anything
        raise argparse.ArgumentTypeError(f"cannot import {module}: {said(error)}") from None


def adapter_of(found: Any, name: str) -> Any:
    try:
        with needs_pydantic("--model"):
            from pydantic import TypeAdapter  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    if isinstance(found, TypeAdapter):
        return found
    if inspect.isroutine(found):
        raise argparse.ArgumentTypeError(f"{name} is no type: it is a function")
    try:
        return TypeAdapter(found)
    except Exception as error:  # noqa: BLE001 - a type may raise anything where it is read
        raise argparse.ArgumentTypeError(f"{name} is no type: {said(error)}") from None


def said(error: BaseException) -> str:
    """What an error says, in one line."""
    first = str(error).partition("\n")[0]
    return f"{type(error).__name__}: {first}" if first else type(error).__name__


def is_validation_error(error: Exception) -> bool:
    """Whether it is Pydantic's; where Pydantic is not loaded, nothing can be."""
    pydantic_core = sys.modules.get("pydantic_core")
    return pydantic_core is not None and isinstance(error, pydantic_core.ValidationError)
