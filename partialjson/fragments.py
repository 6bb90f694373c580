"""Text to whole values: the completion of a cut text, and the value that it holds."""

from __future__ import annotations

from typing import Unpack

from ._intake import BYTE_ORDER_MARK, Delta
from .errors import IncompleteJSONError
from .parser import LiveValue, Options
from .path import JSON

__all__ = ["complete", "from_json"]


def complete(text: Delta, **options: Unpack[Options]) -> str:
    """A valid JSON text for a cut one: its beginning, closed behind the last thing that is certain.

    A text that is whole as it stands (`[1]`, `12`) comes back unchanged; an empty one gives `null`.
    For text that still grows, `Parser.completion` gives the same without reading anything again.

    Args:
        text: `str`, or UTF-8 bytes that may be cut inside a character.
        options: Those of `LiveValue`.

    Raises:
        JSONSyntaxError: No continuation can make the text valid.
        LimitExceeded: The text is over a limit of the options.
    """
    live = LiveValue(**options)
    live.feed(text)
    offset, suffix = live.completion
    text = text if isinstance(text, str) else decoded(text)
    try:
        live.close()
    except IncompleteJSONError:
        return text[:offset] + suffix
    return text


def from_json(text: Delta, *, partial: bool = True, **options: Unpack[Options]) -> JSON:
    """The value that a text holds so far; `None` where nothing can be seen yet.

    Args:
        text: `str`, or UTF-8 bytes that may be cut inside a character.
        partial: Whether the text may be cut; if not, a cut one is an error, as in `json.loads`.
        options: Those of `LiveValue`.

    Raises:
        JSONSyntaxError: No continuation can make the text valid.
        IncompleteJSONError: The text is cut, and `partial` is false.
        LimitExceeded: The text is over a limit of the options.
    """
    live = LiveValue(**options)
    live.feed(text)
    try:
        return live.close()
    except IncompleteJSONError:
        if partial:
            return live.value
        raise


def decoded(data: bytes | bytearray | memoryview) -> str:
    """The whole characters of UTF-8 bytes that were read before, less a byte order mark."""
    return bytes(data).decode("utf-8", "ignore").removeprefix(BYTE_ORDER_MARK)
