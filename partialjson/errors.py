"""What went wrong, where, and whose fault it is.

Every error carries its facts as attributes and says them in one line. *Invalid*, *incomplete*,
*over a limit* and *the transport failed* are four different things, and four different classes.

    PartialJSONError
    ├─ JSONSyntaxError      ValueError  no continuation can mend the text
    ├─ IncompleteJSONError  EOFError    the text ended, nothing was wrong so far
    ├─ LimitExceeded        ValueError  a limit of the caller's, or of Python's `int`
    ├─ CheckpointError      ValueError  no checkpoint of ours, another version, or damaged
    └─ TransportError       OSError     the bytes did not come as they should
       └─ ConnectionLost, HTTPStatusError, BadContentType, StreamTimeout, ProviderError
"""

from __future__ import annotations

from typing import Any

from .path import JSON, Path, to_pointer

__all__ = [
    "BadContentType",
    "CheckpointError",
    "ConnectionLost",
    "HTTPStatusError",
    "IncompleteJSONError",
    "JSONSyntaxError",
    "LimitExceeded",
    "PartialJSONError",
    "ProviderError",
    "StreamTimeout",
    "TransportError",
]

POINTER_SHOWN = 120  # characters of a path in a message; `error.path` has the whole of it


class PartialJSONError(Exception):
    """The base of every error of this library, misuse (`RuntimeError`, `TypeError`) aside."""

    def __reduce__(self) -> tuple[Any, ...]:
        # `BaseException` would call the class with its message alone, and keyword-only facts do not
        # come back so.
        return _rebuild, (type(self), self.args, self.__dict__)


def _rebuild(
    kind: type[PartialJSONError], args: tuple[Any, ...], facts: dict[str, Any]
) -> PartialJSONError:
    error = kind.__new__(kind)
    error.args = args
    error.__dict__.update(facts)
    return error


class TextError(PartialJSONError):
    r"""What the errors about a JSON text have in common: the place, and what was decoded before it.

    Attributes:
        offset: Characters before the place, from 0; a skipped byte order mark is not counted.
        line: The line of the place, from 1; only `\\n` ends a line.
        column: The character of the place in its line, from 1.
        path: Of the value being read there, otherwise of the open container.
        value: The value so far, as the parser still holds it.
        events: What the failing call had decoded before the place: nothing decoded is lost.
    """

    offset: int
    line: int
    column: int
    path: Path
    value: JSON
    events: list[Any]  # of `Event`, which lives a floor above

    def __init__(
        self,
        reason: str,
        *,
        offset: int,
        line: int,
        column: int,
        path: Path = (),
        value: JSON = None,
    ) -> None:
        where = f" at line {line} column {column} (offset {offset})"
        super().__init__(reason + where + (f" in {_short(to_pointer(path))}" if path else ""))
        self.offset, self.line, self.column = offset, line, column
        self.path, self.value = path, value
        self.events = []


def _short(pointer: str) -> str:
    """A pointer that fits into a line: the end of a long one, and nothing that breaks the line."""
    shown = pointer if len(pointer) <= POINTER_SHOWN else "…" + pointer[-POINTER_SHOWN:]
    return shown if shown.isprintable() else repr(shown)[1:-1]


class JSONSyntaxError(TextError, ValueError):
    """No continuation can make this text valid (RFC 8259).

    Raised at the first character that no valid text has there, however the text was cut.

    Attributes:
        expected: What the grammar allows at the place, in words.
        found: What stands there instead; bytes where they are not UTF-8.
    """

    expected: str
    found: str | bytes

    def __init__(self, reason: str, *, expected: str, found: str | bytes, **where: Any) -> None:
        super().__init__(f"{reason}expected {expected}, got {_shown(found)}", **where)
        self.expected, self.found = expected, found


def _shown(found: str | bytes) -> str:
    return repr(found) if found else "the end of the text"


class IncompleteJSONError(TextError, EOFError):
    """The text ended before the value did. Nothing was wrong so far: more text could mend it.

    Attributes:
        expected: What the grammar allows next, in words.
    """

    expected: str

    def __init__(self, reason: str, *, expected: str, **where: Any) -> None:
        super().__init__(f"{reason}expected {expected}, got the end of the text", **where)
        self.expected = expected


class LimitExceeded(TextError, ValueError):
    """A limit was reached: one of the options, or one of Python's `int` or of `parse_float`.

    Attributes:
        limit: The name of the limit, as the option is called.
        limit_value: What it was set to; `None` for `parse_float`, which does not tell its limits.
        found: The text that reached it.
    """

    limit: str
    limit_value: int | None
    found: str

    def __init__(self, *, limit: str, limit_value: int | None, found: str, **where: Any) -> None:
        name = f"a limit of {limit}" if limit_value is None else f"the limit {limit}={limit_value}"
        super().__init__(f"over {name}, got {found!r}", **where)
        self.limit, self.limit_value, self.found = limit, limit_value, found


class CheckpointError(PartialJSONError, ValueError):
    """These bytes cannot be restored: no checkpoint, one of another version, or damaged."""


class TransportError(PartialJSONError, OSError):
    """The bytes did not come as they should.

    Attributes:
        retryable: Whether the same request may succeed if it is sent again.
        retry_after: Seconds that the server asked to wait, if it did.
        value: What a stream's content had come to; `None` where nothing of it was decoded.
        tools: What the arguments of each of its tool calls had come to, by channel.
        verdict: How the stream ended; `None` before one began.
        still_open: The paths of those values of the content that are not whole, from the root
            inwards; all others are. None where there was no JSON.
    """

    retryable: bool
    retry_after: float | None
    value: JSON
    tools: dict[Any, JSON]  # by `Channel`, which lives a floor above
    verdict: Any  # a `Verdict`, which lives a floor above
    still_open: list[Path]

    def __init__(
        self, reason: str, *, retryable: bool = False, retry_after: float | None = None
    ) -> None:
        super().__init__(reason)
        self.retryable, self.retry_after = retryable, retry_after
        self.value, self.tools, self.verdict = None, {}, None
        self.still_open = []


class ConnectionLost(TransportError):
    """The connection broke before the stream said that it had ended."""


class BadContentType(TransportError):
    """The answer is of a kind that cannot be read as the stream that was asked for."""


class StreamTimeout(TransportError):
    """Nothing came for too long; the message names the clock that ran out."""


class Reported(TransportError):
    """What has been reported by the provider itself, in a stream or instead of one.

    Attributes:
        code: The provider's own code, as it was sent.
        metadata: Whatever else the provider said about it.
    """

    code: str | int | None
    metadata: JSON

    def __init__(
        self,
        reason: str,
        *,
        code: str | int | None = None,
        metadata: JSON = None,
        retryable: bool = False,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(reason, retryable=retryable, retry_after=retry_after)
        self.code, self.metadata = code, metadata


class ProviderError(Reported):
    """The provider reported a failure of its own, inside the stream or instead of it."""


class HTTPStatusError(Reported):
    """The server answered with a status that is not success; the message is the provider's own.

    Attributes:
        status_code: The status (RFC 9110, section 15).
    """

    status_code: int | None

    def __init__(self, reason: str, *, status_code: int | None = None, **facts: Any) -> None:
        super().__init__(reason, **facts)
        self.status_code = status_code
