"""Whether what begins like JSON is JSON: tried, character by character, against the grammar.

What flows in are characters from a bracket (or a scalar) on; what flows out is one of four answers.
Where it stands, and what becomes of it, is not known here.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

from partialjson._grammar import AFTER_MEMBER, END, NUMBER, VALUE
from partialjson.errors import TextError
from partialjson.events import Kind
from partialjson.path import JSON, Path
from partialjson.tokenizer import Tokenizer

__all__ = ["Answer", "Opening"]

DEEP = 2  # containers inside each other that may stand in prose: `[[Page]]`

Answer: TypeAlias = Literal["begins", "whole", "perhaps", "no"]


class Opening(Tokenizer):
    """A text that may be prose: `{` and `[` stand in prose, too.

    A container *begins* when it has a member's name with its colon, or a container inside it that
    is empty, or has a value or a container itself. What ends before is *whole*: an empty object, an
    array of atoms or nothing, a scalar.
    """

    __slots__ = ("_begins",)

    def __init__(self) -> None:
        super().__init__(
            strings_grow=False,
            parse_float=float,
            max_depth=400,
            max_string=None,
            max_number=4_300,
            max_text=None,
        )
        self._begins = False

    def feed(self, character: str) -> Answer:
        """What the text is, with one more character."""
        try:
            self._admit(character)
        except TextError:
            return "no"
        if self._begins or (self._at == VALUE and self._after == AFTER_MEMBER):
            return "begins"
        return "whole" if self._at == END else "perhaps"

    @property
    def may_end(self) -> bool:
        """Whether the text can be whole as it stands: a number has no end of its own."""
        number = NUMBER(self._carried, 0)
        return self._at == END or (number is not None and number.end() == len(self._carried))

    # -- what is read ------------------------------------------------------------------------------

    @property
    def path(self) -> Path:
        """Not known, and not asked for."""
        return ()

    def _settle(self) -> None:
        """There is no value."""

    def on_begin(self, container: dict[str, JSON] | list[JSON], start: int) -> None:
        self._begins = self._begins or len(self._opened) > DEEP

    def on_end(self, end: int) -> None:
        self._begins = self._begins or bool(self._opened)

    def on_name(self, name: str, start: int) -> None: ...

    def on_atom(self, kind: Kind, value: JSON, start: int, end: int) -> None:
        self._begins = self._begins or len(self._opened) > 1

    # Strings are told as atoms, and a character alone holds no container.

    def on_string(self, value: str, start: int, end: int) -> None: ...

    def on_string_start(self, text: str, start: int) -> None: ...

    def on_text(self, text: str) -> None: ...

    def on_string_end(self, end: int) -> None: ...

    def _string_length(self) -> int:
        return 0

    def _bulk(self, text: str, pos: int) -> int:
        return pos
