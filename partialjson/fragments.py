"""Text to whole values: those at a pattern, each as it ends, and that of a cut text."""

from __future__ import annotations

from collections import deque
from io import StringIO
from typing import TYPE_CHECKING, Any, Generic, Unpack, cast, overload

from ._extras import needs_pydantic
from ._intake import Characters, Delta
from ._shedding import Shedding
from ._unbroken import Unbroken
from .errors import IncompleteJSONError, TextError
from .events import Event, Invalid, ValueEnd, ValueStart, event
from .parser import LiveValue, Options, Parser
from .path import JSON, Path, Pattern

__all__ = ["Fragment", "Fragments", "complete", "from_json"]


if TYPE_CHECKING:
    from typing_extensions import TypeVar

    # So that `Fragments` alone is a type, as it is before 3.13, too.
    F = TypeVar("F", bound="Fragment | Invalid", default="Fragment")
else:
    from typing import TypeVar

    F = TypeVar("F", bound="Fragment | Invalid")


# -- The values at a pattern -----------------------------------------------------------------------


@event
class Fragment:
    """A value that is whole, and its own text.

    Attributes:
        path: Where it stands, from the root.
        value: The value; a container is the live object itself, which the caller must not change.
            With a model it is what Pydantic made of the text.
        text: Its JSON text, character for character as it came.
    """

    path: Path
    value: JSON
    text: str


class Fragments(Unbroken, Generic[F]):
    """The values at a pattern, each as soon as it is whole.

    Each value comes once, children before their parents. Text is kept from the start of an open
    match only, so a match costs its own length; all else costs what `Parser` costs.

    Args:
        pattern: Which values: a JSONPath (RFC 9535) of names, indices, wildcards and descendants,
            `$.items[*].title`; see `partialjson.path.Pattern`.
        model: The type of each match, whatever `pydantic.TypeAdapter` takes. Each is validated
            alone, in JSON mode; one that is not of the type comes as `Invalid`.
        keep: If not, a match leaves the live value when it is whole, so that an endless list is
            read in constant memory. Indices count on. Of matches inside each other the outermost
            one leaves; the root stays. What `Parser` promises of the value as a whole (7 and 9)
            does not hold then, and a name whose value has left is new when it comes again. Unless
            it is said, matches without a model are kept, and those with one are not.
        options: Those of `Parser`.

    Attributes:
        parser: Reads the text; its facts may be looked at, and only `feed` and `close` of this
            object may feed it.

    Raises:
        ValueError: The pattern is none, or not one of this kind.
        ImportError: A model, and no Pydantic.
    """

    @overload
    def __init__(
        self: Fragments[Fragment],
        pattern: str,
        *,
        model: None = None,
        keep: bool | None = None,
        **options: Unpack[Options],
    ) -> None: ...

    @overload
    def __init__(
        self: Fragments[Fragment | Invalid],
        pattern: str,
        *,
        model: object,
        keep: bool | None = None,
        **options: Unpack[Options],
    ) -> None: ...

    def __init__(
        self,
        pattern: str,
        *,
        model: Any = None,
        keep: bool | None = None,
        **options: Unpack[Options],
    ) -> None:
        self._judge = None
        if model is not None:
            with needs_pydantic("a model"):
                from .validation._items import Alone  # noqa: PLC0415 - an extra
            self._judge = Alone(model)
        self._pattern = Pattern(pattern)
        kept = model is None if keep is None else keep
        self.parser: Parser = Parser(**options) if kept else Shedding(self._pattern, **options)
        self._characters = Characters()
        self._states: list[int] = []  # of the pattern, for each open value
        self._matched: int | None = None  # at which depth a match is open that no other encloses
        self._text: StringIO | None = None  # all since the start of that match
        self._text_start = 0
        self._found: deque[Fragment] = deque()
        self._judged: list[F] = []

    def feed(self, text: Delta) -> list[F]:
        """Read the next piece of the text, and give the matches that it ends.

        What a validator raises that is no error of the value is raised here; the next call goes on
        behind that match, and first gives those before it. It stands in a note of the error where
        the text itself has a fault.

        Raises:
            JSONSyntaxError, LimitExceeded: As `Parser.feed`; the matches that ended before the
                fault stand in the error's `events`.
            TypeError, RuntimeError: As `Parser.feed`.
        """
        try:
            self._read(text)
        except TextError as error:
            self._put_matches_on(error)
            raise
        return self._matches()

    def close(self) -> list[F]:
        """The text has ended: a number at the root is a match now, if the root is one.

        Raises:
            IncompleteJSONError, JSONSyntaxError: As `Parser.close`.
        """
        begin = self.parser.offset
        try:
            self._find(self.parser.close(), "", begin)
        except TextError as error:
            self._put_matches_on(error)
            raise
        return self._matches()

    def _put_matches_on(self, error: TextError) -> None:
        """What ended before a fault is told with it, whatever a validator breaks off with."""
        while True:
            try:
                error.events += self._matches()
            except Exception as broken_off:  # noqa: BLE001 - a validator may raise anything
                error.add_note(f"and a validator raised {broken_off!r}")
            else:
                return

    def _read(self, text: Delta) -> None:
        begin, earlier = self.parser.offset, self.parser.error
        with self._reading(TextError, TypeError, RuntimeError):
            try:
                events = self.parser.feed(text)
            except TextError as error:
                if error is not earlier:
                    events, error.events = error.events, []
                    self._find(events, self._characters.feed(text), begin)
                raise
            characters = self._characters.feed(text)
            self._find(events, characters, begin)
            self._hold(characters, begin)

    def _find(self, events: list[Event], characters: str, begin: int) -> None:
        """The matches among the values that end with the characters from offset `begin` on."""
        pattern = self._pattern
        for happened in events:
            if type(happened) is ValueStart:
                states = self._states_at(happened.path)
                if self._matched is None and pattern.selects(states):
                    self._matched = len(self._states)
                self._states.append(states)
            elif type(happened) is ValueEnd and pattern.selects(self._leave(happened.path)):
                text = self._text_of(happened.start, happened.end, characters, begin)
                self._found.append(Fragment(happened.path, happened.value, text))

    def _matches(self) -> list[F]:
        """What was found, each judged if there is a model."""
        while self._found:
            match = self._found.popleft()
            self._judged.append(cast("F", self._verdict(match)))
        judged, self._judged = self._judged, []
        return judged

    def _verdict(self, match: Fragment) -> Fragment | Invalid:
        if self._judge is None:
            return match
        value = self._judge.value_of(match.text, match.path)
        return value if type(value) is Invalid else Fragment(match.path, value, match.text)

    def _states_at(self, path: Path) -> int:
        """The states of a value in the innermost open one, or of the root."""
        return self._pattern.step(self._states[-1], path[-1]) if path else self._pattern.START

    def _leave(self, path: Path) -> int:
        """The states of a value that ends: an atom never was open."""
        if len(path) == len(self._states):
            return self._states_at(path)
        if self._matched == len(path):
            self._matched = None
        return self._states.pop()

    def _text_of(self, start: int, end: int, characters: str, begin: int) -> str:
        if start >= begin:
            return characters[start - begin : end - begin]
        assert self._text is not None, "a match that began earlier is held"  # noqa: S101
        self._text.seek(start - self._text_start)
        return self._text.read() + characters[: end - begin]

    def _hold(self, characters: str, begin: int) -> None:
        """Keep the text of what is open and matches, and nothing else."""
        start = self._match_start()
        if start is None:
            self._text = None
        elif self._text is not None and start < begin:
            self._text.write(characters)
        else:
            self._text, self._text_start = StringIO(newline=""), start
            self._text.write(characters[start - begin :])

    def _match_start(self) -> int | None:
        """Where the outermost open match began: a value that is open, or an atom that is cut."""
        if self._matched is not None:
            return self.parser._start_at(self._matched)  # noqa: SLF001 - no event tells it
        start = self.parser._start_at(len(self._states))  # noqa: SLF001
        if start is None or not self._pattern.selects(self._states_at(self.parser.path)):
            return None
        return start


# -- A cut text ------------------------------------------------------------------------------------


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
    characters = Characters().feed(text)
    try:
        live.close()
    except IncompleteJSONError:
        return characters[:offset] + suffix
    return characters


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
