"""One JSON text to values of a type, each validated once, at the character that closes it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar, Unpack, overload

from pydantic import TypeAdapter, ValidationError
from pydantic_core import SchemaValidator, from_json

from partialjson._intake import Delta, broken_off
from partialjson.errors import TextError
from partialjson.events import TypedEvent
from partialjson.parser import Options, Parser
from partialjson.path import JSON, Path

from ._source import Source
from ._walk import Walk
from .plan import plan_of
from .shells import DROPPED, Failure, Result

__all__ = ["Salvage", "TypedParser"]

T = TypeVar("T")

POLICIES = ("collect", "raise", "skip")
ANYTHING = SchemaValidator({"type": "any"})


@dataclass(frozen=True, slots=True)
class Salvage:
    """What a cut text really holds: nothing in it was made up, no default of a missing field.

    Attributes:
        valid: The validated values by path, those inside others included.
        items: The valid items of each array, by their indices.
        open_paths: The values that had not closed, outermost first; empty if the text is whole.
        errors: Pydantic's error dicts of what is whole and invalid, each `loc` from the root.
        reason: Why the text ended, as it was told.
    """

    valid: Mapping[Path, JSON]
    items: Mapping[Path, Mapping[int, JSON]]
    open_paths: list[Path]
    errors: list[dict[str, Any]]
    reason: str | None


class TypedParser(Generic[T]):
    """One JSON text of a type, fed in any pieces: each value is validated when it closes.

    The law: for every whole text (RFC 8259) `close` gives the same value, or raises the same
    errors in the same order, as `TypeAdapter(T).validate_json(text)`; while each value is validated
    once, in JSON mode, at the character that closes it. The object in an event is the object in the
    final value. Of repeated names, and of a field that comes under two names, more may be
    validated than what counts in the end.

    Events are those of `Parser`. Behind each `ValueEnd` of a value that has a place in the type
    stands a `Valid` or an `Invalid`, members before what they are in. `Doomed` comes before, once,
    where no continuation can be valid, and `Revised` where another object took the place of one
    that was told. Values inside a schema that is validated as a whole (unions without a
    discriminator, functions before or around the type's own validation, kinds of schema that are
    not known here) have no place; nor has what a validator broke off with an error of its own,
    which `close` raises.

    Args:
        of: The type: whatever `TypeAdapter` takes, or a `TypeAdapter`, which a parser for a type
            that is no class can use again without building it anew.
        on_invalid: `"collect"` goes on, and `close` raises; the law is for this one. `"raise"` lets
            `feed` raise at the first `Invalid`. `"skip"` leaves wrong items out of their list or
            set; each is told as `Invalid`, with its index in the text.
        strict: As in Pydantic: no conversions.
        context: As in Pydantic: what validators see as `info.context`.
        by_alias: As in Pydantic, from 2.11 on: find fields by their aliases.
        by_name: As in Pydantic, from 2.11 on: find fields by their names.
        extra: As in Pydantic, from 2.12 on: what becomes of names that are no field's.
        options: Those of `Parser`, for the text itself. `duplicate_names="error"` refuses what the
            law has to make an exception for.
    """

    last_events: list[TypedEvent]
    """What closing itself produced; after an error, what the failing call had decoded."""

    @overload
    def __init__(
        self,
        of: type[T] | TypeAdapter[T],
        *,
        on_invalid: Literal["collect", "raise", "skip"] = "collect",
        strict: bool | None = None,
        context: object = None,
        by_alias: bool | None = None,
        by_name: bool | None = None,
        extra: Literal["allow", "ignore", "forbid"] | None = None,
        **options: Unpack[Options],
    ) -> None: ...

    @overload  # for unions, `Annotated` and others that are no class
    def __init__(
        self: TypedParser[JSON],
        of: object,
        *,
        on_invalid: Literal["collect", "raise", "skip"] = "collect",
        strict: bool | None = None,
        context: object = None,
        by_alias: bool | None = None,
        by_name: bool | None = None,
        extra: Literal["allow", "ignore", "forbid"] | None = None,
        **options: Unpack[Options],
    ) -> None: ...

    def __init__(
        self,
        of: object,
        *,
        on_invalid: Literal["collect", "raise", "skip"] = "collect",
        strict: bool | None = None,
        context: object = None,
        by_alias: bool | None = None,
        by_name: bool | None = None,
        extra: Literal["allow", "ignore", "forbid"] | None = None,
        **options: Unpack[Options],
    ) -> None:
        if on_invalid not in POLICIES:
            expected = "expected on_invalid='collect', 'raise' or 'skip'"
            raise ValueError(f"{expected}, got {on_invalid!r}")
        given = {
            "strict": strict,
            "context": context,
            "by_alias": by_alias,
            "by_name": by_name,
            "extra": extra,
        }
        # Each one that is passed costs a tenth of a microsecond per value.
        self._arguments: dict[str, Any] = {
            name: value for name, value in given.items() if value is not None
        }
        ANYTHING.validate_json("0", **self._arguments)  # does this Pydantic know them?
        self._plan = plan_of(of, by_alias=by_alias, by_name=by_name, extra=extra)
        self._source = Source(**options)
        self._walk = Walk(self._plan, self._source, self._arguments, on_invalid=on_invalid)
        self._error: Exception | None = None
        self._is_closed = self._is_finished = False
        self._result: Result = None
        self.last_events = []

    # -- feeding -----------------------------------------------------------------------------------

    def feed(self, text: Delta) -> list[TypedEvent]:
        """Read the next piece of the text; tell what happened, and what it is worth.

        Args:
            text: `str` or UTF-8 bytes, cut anywhere; see `Parser.feed`.

        Raises:
            JSONSyntaxError: At the first character that no valid text has there.
            LimitExceeded: At the first character over a limit.
            ValidationError: With `on_invalid="raise"`, at the first value that is invalid.
                `last_events` has what was told up to it.
            TypeError: The input is of the other kind; this ends nothing.
            RuntimeError: After `close` or `finish`.
        """
        if self._error is not None:
            raise self._error.with_traceback(None)  # else it would grow with each call
        if self._is_finished:
            raise RuntimeError("feed() after finish(): another text needs a parser of its own")
        told: list[TypedEvent] = []
        try:
            events = self._source.feed(text)
        except TextError as error:
            self._error, self.last_events = error, told
            events, error.events = error.events, told
            self._take(events, told)
            raise
        if self._walk.lets_pass(events):
            return events
        self._take(events, told)
        return told

    def close(self) -> T:
        """The text has ended: give its value. A second call gives the same.

        What closing itself produced, of a number at the root, stands in `last_events`.

        Raises:
            ValidationError: The very one that `TypeAdapter(T).validate_json` raises for the text.
            IncompleteJSONError: The text is cut; `finish` gives what it holds.
            JSONSyntaxError: The text ends in half a UTF-8 sequence outside a string.
        """
        if self._error is not None:
            raise self._error.with_traceback(None)
        if not self._is_closed:
            events = self._source.close()
            self.last_events = []
            self._take(events, self.last_events)
            self._result, self._is_closed = self._final(), True
        if type(self._result) is Failure:
            raise self._result.error.with_traceback(None)
        return self._result  # type: ignore[no-any-return]

    def finish(self, reason: str | None = None) -> Salvage:
        """The text ends here, whole or not, also after an error: give what it really holds.

        Args:
            reason: Why it ended, as the provider says (`"length"`); it is passed on.
        """
        self._is_finished = True
        judge = self._walk.judge
        items: dict[Path, dict[int, JSON]] = {}
        for path, value in judge.valid.items():
            if path and isinstance(path[-1], int):
                items.setdefault(path[:-1], {})[path[-1]] = value
        path = self._source.path
        still_open = [] if self.complete else [path[:depth] for depth in range(len(path) + 1)]
        return Salvage(dict(judge.valid), items, still_open, self._walk.open_errors, reason)

    def _take(self, events: list[Any], told: list[TypedEvent]) -> None:
        try:
            self._walk.take(events, told)
        except BaseException as error:  # nothing goes on behind half a delta
            self.last_events = told
            self._error = error if isinstance(error, Exception) else broken_off(error)
            raise

    def _final(self) -> Result:
        result = self._walk.judge.result
        if type(result) is not Failure:
            return result
        # Pydantic tells of a text that it refuses as a whole, white space behind it included.
        if result is DROPPED or is_refused(result.error, self._source.text()):
            return self._native()
        return result

    def _native(self) -> Result:
        try:
            return self._plan.adapter.validate_json(self._source.text(), **self._arguments)
        except Exception as error:  # noqa: BLE001 - passed on
            return Failure(error)

    @property
    def parser(self) -> Parser:
        """What reads the text: its facts may be looked at, and only this object may feed it."""
        return self._source

    @contextmanager
    def recalling(self, valid: Mapping[Path, JSON]) -> Iterator[None]:
        """A block in which a text is read again: what is made anew, and equal, is the old object.

        Args:
            valid: The objects that were made before, by path.
        """
        self._walk.judge.before = valid
        try:
            yield
        finally:
            self._walk.judge.before = {}

    # -- facts -------------------------------------------------------------------------------------

    @property
    def value(self) -> JSON:
        """The value so far as plain JSON; see `Parser.value`."""
        return self._source.value

    @property
    def valid(self) -> Mapping[Path, JSON]:
        """The validated values by path, as they are so far."""
        return self._walk.judge.valid

    @property
    def error(self) -> Exception | None:
        """The error that ended the text, which `feed` and `close` raise again; `None` so far."""
        return self._error or self._source.error

    @property
    def started(self) -> bool:
        """Whether anything of the value can be seen."""
        return self._source.started

    @property
    def complete(self) -> bool:
        """Whether the text is whole; see `Parser.complete`."""
        return self._source.complete

    @property
    def path(self) -> Path:
        """The path of the innermost value in progress."""
        return self._source.path

    @property
    def offset(self) -> int:
        """How many characters were fed so far."""
        return self._source.offset

    @property
    def line(self) -> int:
        """The line of the next character, from 1."""
        return self._source.line

    @property
    def column(self) -> int:
        """The place of the next character in its line, from 1."""
        return self._source.column

    def is_closed(self, path: Path) -> bool:
        """Whether the value at a path is whole and will never change; see `Parser.is_closed`."""
        return self._source.is_closed(path)


def is_refused(error: Exception, text: str) -> bool:
    """Whether Pydantic does not take the text for JSON: half a surrogate pair, too deep."""
    if not isinstance(error, ValidationError) or error.errors()[0]["type"] not in UNREADABLE:
        return False
    try:
        from_json(text)
    except (TypeError, ValueError):
        return True
    return False


UNREADABLE = {"json_invalid", "string_unicode"}
