"""What a decoder of text asks of its input."""

from __future__ import annotations

__all__ = ["admit"]


def admit(text: object, *, closed: bool) -> None:
    """Refuse what is no text, and what comes behind the end.

    Raises:
        TypeError: The input is no `str`.
        RuntimeError: The decoder is closed.
    """
    if not isinstance(text, str):
        raise TypeError(f"expected str, got {type(text).__name__}")
    if closed:
        raise RuntimeError("feed() after close(): another text needs a decoder of its own")
