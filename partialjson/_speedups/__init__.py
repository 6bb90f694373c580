"""The C twin of the plain core: `Parser` and `LiveValue`, with the same facts, errors and states.

C reads what is right. What is wrong, or seldom, the plain core reads on from the same state, so
that both say it in the same words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from inspect import signature
from typing import Any, ClassVar, Self, Unpack

from partialjson import _plain
from partialjson._facts import STATE, Facts, steps
from partialjson._grammar import NUMBER_SO_FAR
from partialjson._intake import Delta, as_bytes, broken_off
from partialjson._live import Live
from partialjson._tree import Options
from partialjson.tokenizer import refuse

from . import _core

__all__ = ["LiveValue", "Parser"]


class Accelerated(Facts):
    """What is seldom, and therefore in Python: options, faults, and states."""

    __slots__ = ()

    MADE_ANEW = Live.MADE_ANEW
    PLAIN: ClassVar[type[Any]]  # the same class in plain Python

    _take_up: Callable[..., None]

    def _choose(self, **options: Unpack[Options]) -> None:
        """Options other than the usual ones: the plain core checks them."""
        self._take_over(self.PLAIN(**options).__getstate__())

    # -- states ------------------------------------------------------------------------------------

    @classmethod
    def restore(cls, checkpoint: bytes | bytearray | memoryview) -> Self:
        self = cls.__new__(cls)
        self._take_over(cls.PLAIN.restore(checkpoint).__getstate__())
        return self

    def _take_over(self, state: dict[str, Any]) -> None:
        """Take up a state that a plain core is in: a subclass may have its own `__setstate__`."""
        Accelerated.__setstate__(self, state)

    def __setstate__(self, state: dict[str, Any]) -> None:
        own = {name: held for name, held in state.items() if name not in STATE}
        containers = [*state["_stack"], state["_container"]]
        keys = [*state["_keys"], state["_key"]]
        starts = [(0, False), *zip(state["_starts"], state["_replaces"], strict=True)]
        starts += [(0, False)] * (len(containers) + 1 - len(starts))  # where none are told
        levels = [
            (container, key, *start)
            for container, key, start in zip(containers, keys, starts, strict=False)
        ]
        growing = (*state["_base"], *steps(containers[1:], keys[1:]))
        prefix = growing[:-1] if len(containers) > 1 else growing
        self._take_up(state, levels, prefix, growing, *starts[len(levels)])
        for name, held in own.items():  # what a subclass keeps
            setattr(self, name, held)

    @contextmanager
    def _twin(self) -> Iterator[Any]:
        """The plain core in the same state, which is taken over when it has read."""
        twin = object.__new__(self.PLAIN)
        twin.__setstate__({name: getattr(self, name) for name in STATE})
        try:
            yield twin
        except BaseException:
            with suppress(ValueError):  # half a state, of an interrupt: this one is over, too
                self._take_over(twin.__getstate__())
            raise
        self._take_over(twin.__getstate__())

    # -- what C declines ---------------------------------------------------------------------------

    def _read_plainly(self, delta: Delta | None) -> None:
        """Read the rest of a delta, or with `None` close the text."""
        with self._twin() as twin:
            if delta is None:
                self._close_plainly(twin)
            else:
                twin._admit(delta)

    def _close_plainly(self, twin: Any) -> None:
        twin._close_text()

    def _refuse(self, rest: str | bytes) -> None:
        """`parse_float` refused the number that was carried, and goes on in what is left."""
        with self._twin() as twin:
            text = twin._carried + (rest if isinstance(rest, str) else rest.decode("latin-1"))
            refuse(twin, text, 0, NUMBER_SO_FAR(text, 0).end())

    def _exactly(self, delta: Delta) -> str | bytes:
        """A delta of another type than `str` or `bytes` itself."""
        return str.__str__(delta) if isinstance(delta, str) else as_bytes(delta)

    def _broken_off(self, error: BaseException) -> Exception:
        """What `feed` raises from now on: nothing goes on behind half a delta."""
        return broken_off(error)


def twin_of(plain: type[Any]) -> Callable[[type[Any]], Any]:
    """Name a class as the plain one is named, for pickles and for `help`.

    A plain parser counts as one of it, too: `Shedding` is one, which lets go of what it has told.
    """

    def named(cls: type[Any]) -> Any:
        cls.__doc__, cls.__module__ = plain.__doc__, plain.__module__
        cls.__signature__ = signature(plain)
        cls.CLASS, cls.PLAIN = plain.CLASS, plain
        cls.register(plain)
        return _core.own(cls)

    return named


@twin_of(_plain.Parser)
class Parser(_core.Parser, Accelerated):
    __slots__ = ()

    def _saved(self) -> dict[str, Any]:
        return super()._saved() | {"starts": self._starts, "replaces": self._replaces}


@twin_of(_plain.LiveValue)
class LiveValue(_core.LiveValue, Accelerated):
    __slots__ = ()

    def _close_plainly(self, twin: _plain.LiveValue) -> None:
        twin.close()  # which keeps what it ended
