"""Pieces of a text given out in order, each with its place, and the spans that were left out."""

from __future__ import annotations

from partialjson.events import event

__all__ = ["Cutter", "Found"]


@event
class Found:
    """A piece of a JSON text.

    Attributes:
        block: Which of the JSON texts in the answer, from 0.
        text: What to feed to the parser of that text; never empty.
        offset: Where it stands in the answer, in characters from 0.
    """

    block: int
    text: str
    offset: int


class Cutter:
    """What was released of a text, and what was cut away.

    Attributes:
        cut: The spans that are left out, `(start, end)` in characters of the text.
    """

    cut: list[tuple[int, int]]

    def __init__(self) -> None:
        self.cut = []
        self._found: list[Found] = []
        self._blocks = 0  # begun so far
        self._released = 0  # the offset behind all that was released or cut

    def _taken(self) -> list[Found]:
        found, self._found = self._found, []
        return found

    def _release(self, text: str, offset: int) -> None:
        """Give out a piece of the block that was begun last."""
        if not text:
            return
        self._cut_up_to(offset)
        last = self._found[-1] if self._found else None
        block = self._blocks - 1
        if last and (last.block, last.offset + len(last.text)) == (block, offset):
            self._found[-1] = Found(block, last.text + text, last.offset)
        else:
            self._found.append(Found(block, text, offset))
        self._released = offset + len(text)

    def _cut_up_to(self, offset: int) -> None:
        if offset > self._released:
            self.cut.append((self._released, offset))
            self._released = offset
