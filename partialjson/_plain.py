"""`Parser` and `LiveValue` in plain Python: the specification; `_speedups` is its twin in C."""

from __future__ import annotations

from typing import Any, ClassVar

from ._checkpoint import take
from ._grammar import GROWING
from ._intake import Delta
from ._live import Live
from .errors import CheckpointError
from .events import Event, Kind, StringDelta, ValueEnd, ValueStart
from .path import JSON, Path

__all__ = ["LiveValue", "Parser"]

KINDS: dict[type, Kind] = {dict: "object", list: "array"}


class LiveValue(Live):
    """One JSON text, fed in any pieces; the value so far comes back from every `feed`.

    The same machine as `Parser` without events, for code that says `buffer += delta;
    from_json(buffer)` today. It takes the same options, gives the same facts and keeps the same
    promises, those about events aside.
    """

    __slots__ = ()

    __module__ = "partialjson.parser"  # where a pickle finds the class, whatever its core

    CLASS: ClassVar[str] = "LiveValue"

    value: JSON
    last_events: list[Event]

    def feed(self, text: Delta) -> JSON:
        """Read the next piece of the text, and give the value so far; see `Parser.feed`."""
        # A delta inside a string is taken at a glance: 0.25 µs instead of 0.6, two of three deltas
        # in prose.
        if (
            self._at == self._plain_at
            and type(text) is str
            and '"' not in text
            and "\\" not in text
            and text.isprintable()
        ):
            self._consumed += len(text)
            container, slot = self._container, self._slot  # as `on_text`, which would cost a call
            string = container[slot]
            container[slot] = None
            string += text
            container[slot] = string
            return self.value
        if self._open_to_str and type(text) is str:
            self._read(text)
        else:
            self._admit(text)
        value = self.value = self._root[-1]
        return value

    def close(self) -> JSON:
        """The text has ended: give the value; see `Parser.close`.

        What closing itself produced, the end of a number at the root, stands in `last_events`.
        """
        start, was_complete = self._consumed, self.complete
        self._close_text()
        if self.complete and not was_complete:
            self.last_events = [ValueEnd((), "number", self.value, start, self._consumed)]
        return self.value


class Parser(Live):
    """One JSON text, fed in any pieces; events come back, and the value grows beside them.

    It promises (RFC 8259 throughout; offsets count characters from 0):

    1. A value never changes its kind.
    2. Atoms (numbers, `true`, `false`, `null`, names) appear whole or not at all.
    3. Strings only grow. A cut escape or surrogate pair is held back until it is whole.
    4. Only the last element or member of an open container can change.
    5. `ValueEnd` fires exactly once for each value, children before parents, at the first character
       that proves the end.
    6. Chunking never shows: with adjacent deltas merged, every way to cut a text, as `str` or as
       `bytes` inside characters, gives the same events and value, and for a wrong text an error of
       the same class, offset, message and path.
    7. A finished text gives exactly `json.loads(text)`; of repeated names the last wins, and the
       event says so.
    8. `feed` never raises for a prefix of a valid text, and always raises at the first character
       that no valid text has there.
    9. `text[:c.offset] + c.suffix`, where `c` is the `completion`, is valid JSON and equals
       `value`, after every character.
    10. `restore(checkpoint())` and `copy()` at any character change nothing that follows.
    11. The work for a delta depends on the delta and the depth, never on what came before; the
        total work is linear.
    12. What was decoded before an error stays readable: `value`, and the error's `events`.

    Repeated names are an exception to 1 and 4, a limit or `duplicate_names="error"` to 8. To 11: a
    string that the caller holds while it grows (not the container that it is in) is copied at its
    next delta, so let go of it. A path is a tuple, so each event costs the depth of its value;
    `LiveValue` builds none.

    Args:
        strings: `"growing"` shows a string as it comes; `"whole"` only when it is finished, as one
            `ValueEnd`.
        parse_float: Makes a value of a number that has a fraction or an exponent, as in
            `json.loads`: `decimal.Decimal` keeps every digit. Integers are exact in any case.
        duplicate_names: `"last"` lets the last of equal names win, as `json.loads` does; `"error"`
            refuses them.
        max_depth: Containers open at once. Up to 400 `==`, `repr`, `json`, `pickle` and `deepcopy`
            work on the value; at 1,000 they raise `RecursionError`.
        max_string: Decoded characters of one string or name; `None` is no limit.
        max_number: Characters of one number, which is read again at every delta until it ends.
            Python's own `int` takes 4,300 digits unless it is told otherwise.
        max_text: Characters of the whole text; `None` is no limit.
    """

    __slots__ = ("_growing", "_prefix")

    __module__ = "partialjson.parser"  # where a pickle finds the class, whatever its core

    CLASS: ClassVar[str] = "Parser"

    value: JSON
    last_events: list[Event]

    _growing: Path  # of the string that grows
    _prefix: Path  # of the innermost open container

    def _prepare(self) -> None:
        self._growing = self._prefix = ()

    def feed(self, text: Delta) -> list[Event]:
        """Read the next piece of the text, and tell what happened.

        Args:
            text: `str` or UTF-8 bytes, cut anywhere; the first that is not empty decides which. An
                empty one is a no-op: only `close` is the end.

        Raises:
            JSONSyntaxError: At the first character that no valid text has there.
            LimitExceeded: At the first character over a limit.
            TypeError: The input is of the other kind; this ends nothing.
            RuntimeError: After `close`.
        """
        # As in `LiveValue.feed`; a call between the two would cost both a tenth.
        if (
            self._at == self._plain_at
            and type(text) is str
            and '"' not in text
            and "\\" not in text
            and text.isprintable()
            and text
        ):
            self._consumed += len(text)
            container, slot = self._container, self._slot
            string = container[slot]
            container[slot] = None
            string += text
            container[slot] = string
            return [StringDelta(self._growing, text)]
        if self._open_to_str and type(text) is str:
            self._read(text)
        else:
            self._admit(text)
        self.value = self._root[-1]
        events, self.last_events = self.last_events, []
        return events

    def close(self) -> list[Event]:
        """The text has ended: a number at the root is whole now. A second call gives `[]`.

        Raises:
            IncompleteJSONError: The value is not whole; `path`, `value` and `expected` say what is
                missing.
            JSONSyntaxError: The text ends in half a UTF-8 sequence outside a string.
        """
        self._close_text()
        events, self.last_events = self.last_events, []
        return events

    # -- building, and telling ---------------------------------------------------------------------

    def _bulk(self, text: str, pos: int) -> int:  # noqa: ARG002 - every value has its events
        return pos

    def _here(self) -> Path:
        if self._key is not None:
            return (*self._prefix, self._key)
        return (*self._prefix, len(self._container)) if self._stack else self._prefix

    def on_atom(self, kind: Kind, value: JSON, start: int, end: int) -> None:
        key = self._key
        if key is None:
            path = (*self._prefix, len(self._container)) if self._stack else self._prefix
            replaces = False
            self._container.append(value)
        else:
            path = (*self._prefix, key)
            replaces = key in self._container
            self._container[key] = value
        self.last_events.append(ValueEnd(path, kind, value, start, end, replaces))

    def on_string(self, value: str, start: int, end: int) -> None:
        path, replaces = self._here(), self._is_repeated()
        self.last_events.append(ValueStart(path, "string", replaces))
        if value:
            self.last_events.append(StringDelta(path, value))
        self._put(value)
        self.last_events.append(ValueEnd(path, "string", value, start, end, replaces))

    def on_string_start(self, text: str, start: int) -> None:
        self._growing = self._here()
        self._start("string", self._growing, start)
        super().on_string_start(text, start)
        if text:
            self.last_events.append(StringDelta(self._growing, text))

    def on_text(self, text: str) -> None:
        super().on_text(text)
        self.last_events.append(StringDelta(self._growing, text))

    def on_string_end(self, end: int) -> None:
        string = self._container[self._slot]
        self.last_events.append(self._ended(self._growing, "string", string, end))

    def on_begin(self, container: Any, start: int) -> None:
        path = self._here()
        self._start(KINDS[type(container)], path, start)
        super().on_begin(container, start)
        self._prefix = path

    def on_end(self, end: int) -> None:
        container, path = self._container, self._prefix
        super().on_end(end)
        self._prefix = path[:-1]
        self.last_events.append(self._ended(path, KINDS[type(container)], container, end))

    def _is_repeated(self) -> bool:
        return self._key is not None and self._key in self._container

    def _start(self, kind: Kind, path: Path, start: int) -> None:
        replaces = self._is_repeated()
        self._starts.append(start)
        self._replaces.append(replaces)
        self.last_events.append(ValueStart(path, kind, replaces))

    def _ended(self, path: Path, kind: Kind, value: JSON, end: int) -> ValueEnd:
        return ValueEnd(path, kind, value, self._starts.pop(), end, self._replaces.pop())

    # -- saving ------------------------------------------------------------------------------------

    def _saved(self) -> dict[str, Any]:
        return super()._saved() | {"starts": self._starts, "replaces": self._replaces}

    def _resume(self, body: dict[str, Any]) -> None:
        super()._resume(body)
        self._starts, self._replaces = take(body, "starts", list), take(body, "replaces", list)
        open_values = len(self._stack) + (self._at in GROWING)
        kept = [type(start) is int and start >= 0 for start in self._starts]
        kept += [type(replaces) is bool for replaces in self._replaces]
        if not (len(self._starts) == len(self._replaces) == open_values and all(kept)):
            raise CheckpointError("damaged checkpoint: its starts are not those of its open values")

    def _make_anew(self) -> None:
        super()._make_anew()
        self._prefix = (*self._base, *self._container_path())
        self._growing = self.path
