"""One of the texts of a stream, as the command line names it: `content`, `reasoning`, a tool's."""

from __future__ import annotations

import argparse
from typing import Any, NamedTuple

from partialjson.stream import Channel

__all__ = ["Chosen", "channel"]

KINDS = ("content", "reasoning", "tool")


class Chosen(NamedTuple):
    """Which channels are read."""

    kind: str
    tool: str | None = None

    def __call__(self, channel: Channel) -> bool:
        """Whether a channel is one of them."""
        return channel.kind == self.kind and self.tool in (None, channel.name)

    def reading(self, model: Any) -> dict[str, Any]:
        """How a bridge reads them: prose is no JSON, and a type is a named tool's."""
        options: dict[str, Any] = {"only": self}
        if self.kind == "reasoning":
            return options | {"parse": "text"}
        if self.tool is not None and model is not None:
            return options | {"model": None, "tools": {self.tool: model}}
        return options


def channel(text: str) -> Chosen:
    """A channel as it is written on the command line."""
    kind, colon, tool = text.partition(":")
    if kind not in KINDS or (colon and (kind != "tool" or not tool)):
        raise argparse.ArgumentTypeError(
            f"expected content, reasoning, tool or tool:NAME, got {text!r}"
        )
    return Chosen(kind, tool or None)
