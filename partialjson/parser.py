"""What the steps read, as events with a path (`Parser`), or as the value alone (`LiveValue`)."""

from __future__ import annotations

from typing import Any, ClassVar

from ._checkpoint import take
from ._grammar import GROWING
from ._intake import Delta
from ._live import Completion, Live
from ._tree import Options
from .errors import CheckpointError
from .events import Event, Kind, StringDelta, ValueEnd, ValueStart
from .path import JSON, Path

__all__ = ["Completion", "LiveValue", "Options", "Parser"]

KINDS: dict[type, Kind] = {dict: "object", list: "array"}


class LiveValue(Live):
    """One JSON text, fed in any pieces; the value so far comes back from every `feed`.

    The same machine as `Parser` without events, for code that says `buffer += delta;
    from_json(buffer)` today. It takes the same options, gives the same facts and keeps the same
    promises, those about events aside.
    """

    __slots__ = ()

    CLASS: ClassVar[str] = "LiveValue"

    def feed(self, text: Delta) -> JSON:
        """Read the next piece of the text, and give the value so far; see `Parser.feed`."""
        # A delta inside a string is taken at a glance: 0.25 µs instead of 0.6, two of three deltas
        # in prose.
        if (
            self.at == self.plain_at
            and type(text) is str
            and '"' not in text
            and "\\" not in text
            and text.isprintable()
        ):
            self.consumed += len(text)
            container, slot = self.container, self.slot  # as `text`, which would cost a call
            string = container[slot]
            container[slot] = None
            string += text
            container[slot] = string
            return self.value
        if self.open_to_str and type(text) is str:
            self.read(text)
        else:
            self.admit(text)
        value = self.value = self.root[-1]
        return value

    def close(self) -> JSON:
        """The text has ended: give the value; see `Parser.close`.

        What closing itself produced, the end of a number at the root, stands in `last_events`.
        """
        start, was_complete = self.consumed, self.complete
        self.close_text()
        if self.complete and not was_complete:
            self.last_events = [ValueEnd((), "number", self.value, start, self.consumed)]
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

    Repeated names are an exception to 1 and 4, a limit or `duplicate_names="error"` to 8. A path is
    a tuple, so each event costs the depth of its value; `LiveValue` builds none.

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

    __slots__ = ("growing", "prefix", "replaces", "starts")

    CLASS: ClassVar[str] = "Parser"

    growing: Path  # of the string that grows
    prefix: Path  # of the innermost open container
    starts: list[int]  # the offset of every open container, and of the string that grows
    replaces: list[bool]  # whether each of them took an earlier member's place

    def prepare(self) -> None:
        self.growing = self.prefix = ()
        self.starts, self.replaces = [], []

    def feed(self, text: Delta) -> list[Event]:
        """Read the next piece of the text, and tell what happened.

        Args:
            text: `str` or UTF-8 bytes, cut anywhere; the first that is not empty decides which. An
                empty one is a
                no-op: only `close` is the end.

        Raises:
            JSONSyntaxError: At the first character that no valid text has there.
            LimitExceeded: At the first character over a limit.
            TypeError: The input is of the other kind; this ends nothing.
            RuntimeError: After `close`.
        """
        # As in `LiveValue.feed`; a call between the two would cost both a tenth.
        if (
            self.at == self.plain_at
            and type(text) is str
            and '"' not in text
            and "\\" not in text
            and text.isprintable()
            and text
        ):
            self.consumed += len(text)
            container, slot = self.container, self.slot
            string = container[slot]
            container[slot] = None
            string += text
            container[slot] = string
            return [StringDelta(self.growing, text)]
        if self.open_to_str and type(text) is str:
            self.read(text)
        else:
            self.admit(text)
        self.value = self.root[-1]
        events, self.last_events = self.last_events, []
        return events

    def close(self) -> list[Event]:
        """The text has ended: a number at the root is whole now. A second call gives `[]`.

        Raises:
            IncompleteJSONError: The value is not whole; `path`, `value` and `expected` say what is
                missing.
            JSONSyntaxError: The text ends in half a UTF-8 sequence outside a string.
        """
        self.close_text()
        events, self.last_events = self.last_events, []
        return events

    # -- building, and telling ---------------------------------------------------------------------

    def bulk(self, text: str, pos: int) -> int:  # noqa: ARG002 - every value has its events
        return pos

    def here(self) -> Path:
        if self.key is not None:
            return (*self.prefix, self.key)
        return (*self.prefix, len(self.container)) if self.stack else ()

    def atom(self, kind: Kind, value: JSON, start: int, end: int) -> None:
        key = self.key
        if key is None:
            path = (*self.prefix, len(self.container)) if self.stack else ()
            replaces = False
            self.container.append(value)
        else:
            path = (*self.prefix, key)
            replaces = key in self.container
            self.container[key] = value
        self.last_events.append(ValueEnd(path, kind, value, start, end, replaces))

    def string(self, value: str, start: int, end: int) -> None:
        path, replaces = self.here(), self.is_repeated()
        self.last_events.append(ValueStart(path, "string", replaces))
        if value:
            self.last_events.append(StringDelta(path, value))
        self.put(value)
        self.last_events.append(ValueEnd(path, "string", value, start, end, replaces))

    def begin_string(self, text: str, start: int) -> None:
        self.growing = self.here()
        self.start("string", self.growing, start)
        super().begin_string(text, start)
        if text:
            self.last_events.append(StringDelta(self.growing, text))

    def text(self, text: str) -> None:
        super().text(text)
        self.last_events.append(StringDelta(self.growing, text))

    def end_string(self, end: int) -> None:
        string = self.container[self.slot]
        self.last_events.append(self.ended(self.growing, "string", string, end))

    def begin(self, container: Any, start: int) -> None:
        path = self.here()
        self.start(KINDS[type(container)], path, start)
        super().begin(container, start)
        self.prefix = path

    def end(self, end: int) -> None:
        container, path = self.container, self.prefix
        super().end(end)
        self.prefix = path[:-1]
        self.last_events.append(self.ended(path, KINDS[type(container)], container, end))

    def is_repeated(self) -> bool:
        return self.key is not None and self.key in self.container

    def start(self, kind: Kind, path: Path, start: int) -> None:
        replaces = self.is_repeated()
        self.starts.append(start)
        self.replaces.append(replaces)
        self.last_events.append(ValueStart(path, kind, replaces))

    def ended(self, path: Path, kind: Kind, value: JSON, end: int) -> ValueEnd:
        return ValueEnd(path, kind, value, self.starts.pop(), end, self.replaces.pop())

    # -- saving ------------------------------------------------------------------------------------

    def saved(self) -> dict[str, Any]:
        return super().saved() | {"starts": self.starts, "replaces": self.replaces}

    def resume(self, body: dict[str, Any]) -> None:
        super().resume(body)
        self.starts, self.replaces = take(body, "starts", list), take(body, "replaces", list)
        if not len(self.stack) + (self.at in GROWING) == len(self.starts) == len(self.replaces):
            raise CheckpointError("damaged checkpoint: its starts are not those of its open values")
        self.prefix = tuple(self.container_path())
        self.growing = self.path
