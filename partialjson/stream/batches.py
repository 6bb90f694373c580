"""The results of a batch to values and verdicts, each as its record arrives: `batch` and `abatch`.

What flows in are the bytes of a file of results, or of a batch that lists them; what flows out is
one `BatchResult` for each record, read by a `Bridge` of its own, as a stream would be. What the
members of a record mean is not known here. The two doors differ by `await` alone.
"""

from __future__ import annotations

from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    Callable,
    Generator,
    Iterable,
    Iterator,
    Mapping,
)
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, TypeAlias, Unpack, cast, overload

from partialjson.errors import TextError, TransportError
from partialjson.fragments import Fragment, Fragments, from_json
from partialjson.path import JSON
from partialjson.wire._answers import Answer, AsyncAnswer
from partialjson.wire.batch import answered
from partialjson.wire.framing import NDJSONDecoder
from partialjson.wire.http import AsyncBody, Body
from partialjson.wire.messages import Channel, object_in, objects_in, text_in
from partialjson.wire.providers import PROVIDERS
from partialjson.wire.resume import Verdict

from .bridge import Bridge, Content, EndPolicy
from .doors import async_source_of, source_of
from .loops import T
from .texts import TypedOptions

if TYPE_CHECKING:
    from pydantic import TypeAdapter

__all__ = ["BatchResult", "abatch", "batch"]

Bytes: TypeAlias = bytes | bytearray | memoryview
Source: TypeAlias = Iterable[Bytes] | Bytes | Answer
AsyncSource: TypeAlias = AsyncIterable[Bytes] | AsyncAnswer
Make: TypeAlias = Callable[[], Bridge]
Found: TypeAlias = Fragment | str | TextError


class BatchOptions(TypedOptions, total=False):
    """How each answer is read, by the names of `stream`."""

    provider: str
    parse: Content
    tools: Mapping[str, Any] | None
    finish: EndPolicy


@dataclass(slots=True)
class BatchResult(Generic[T]):
    """What became of one request of a batch.

    Attributes:
        custom_id: The id that its sender gave it; `None` if the record has none, or broke before.
        index: The record's place among the results, from 0. Providers do not keep the order.
        verdict: How the answer ended; `None` where the record itself could not be read.
        error: What `result` raises; `None` if there is a result.
        value: The content's value, with `model` of that type; what of it was decoded if there is an
            `error`, as plain JSON.
        tools: The arguments of each tool call, by channel.
    """

    custom_id: str | None
    index: int
    verdict: Verdict | None = None
    error: Exception | None = None
    value: JSON = None
    tools: dict[Channel, JSON] = field(default_factory=dict)

    @property
    def result(self) -> T:
        """The content's value, `None` if there were only tool calls; the text with `parse="text"`.

        Raises:
            ProviderError: The request failed, expired or was canceled, or the answer was refused.
            IncompleteJSONError: The content, or the record, is cut.
            JSONSyntaxError, LimitExceeded: The content, or the record, cannot be read.
            ValidationError: Pydantic's own: the content, or a tool call, is not of its type.
            BadContentType: The answer is of another provider.
        """
        if self.error is not None:
            raise self.error.with_traceback(None)  # else it would grow with each call
        return cast("T", self.value)


@overload
def batch(
    source: Source, *, model: type[T] | TypeAdapter[T], **options: Unpack[BatchOptions]
) -> Generator[BatchResult[T], None, None]: ...
@overload  # none, or a union, `Annotated` and others that are no class
def batch(
    source: Source, *, model: object = None, **options: Unpack[BatchOptions]
) -> Generator[BatchResult[JSON], None, None]: ...
def batch(
    source: Source, *, model: Any = None, **options: Unpack[BatchOptions]
) -> Generator[BatchResult[Any], None, None]:
    """The results of a batch, each as soon as its record has arrived.

    Records are the lines of a file (OpenAI, Anthropic), or the `results` of one object
    (OpenRouter): the body itself tells. What is wrong with a record stands in the `error` of its
    result, and the next one is read; behind a fault in one object, nobody can tell where the next
    begins.

    Args:
        source: The bytes of the results, in pieces or in one; or a response of httpx or httpx2
            whose body is to come, which is closed at the end, or when the loop is left.
        model: The type of each answer's content, whatever `pydantic.TypeAdapter` takes.
        options: Those of `stream`, for each answer; `provider` is `"auto"` unless it is said, which
            tells by the shape of each.

    Raises:
        TypeError: By the loop: a piece is not bytes.
        ConnectionLost, HTTPStatusError, StreamTimeout: By the loop, from a response; what else the
            source raises is passed on.
        ValueError: A provider that does not exist, or a value that an option cannot have.
        ImportError: A model, and no Pydantic.
    """
    return _results(source_of(source), _maker(model, **options))


@overload
def abatch(
    source: AsyncSource, *, model: type[T] | TypeAdapter[T], **options: Unpack[BatchOptions]
) -> AsyncGenerator[BatchResult[T], None]: ...
@overload  # none, or a union, `Annotated` and others that are no class
def abatch(
    source: AsyncSource, *, model: object = None, **options: Unpack[BatchOptions]
) -> AsyncGenerator[BatchResult[JSON], None]: ...
def abatch(
    source: AsyncSource, *, model: Any = None, **options: Unpack[BatchOptions]
) -> AsyncGenerator[BatchResult[Any], None]:
    """The results of a batch from an async source, as `batch` gives them, with `await`."""
    return _async_results(async_source_of(source), _maker(model, **options))


def _maker(model: Any, **options: Unpack[BatchOptions]) -> Make:
    """Makes the bridge of each answer. A wrong option is told now, not at the first."""
    if options.setdefault("provider", "auto") not in PROVIDERS:
        known, got = ", ".join(PROVIDERS), options["provider"]
        raise ValueError(f"expected a provider of {known}, got {got!r}")
    make = partial(Bridge, model=model, **options)
    make()
    return make


def _results(source: Iterable[object], make: Make) -> Generator[BatchResult[Any], None, None]:
    results = Results(make)
    try:
        for piece in source:
            yield from results.feed(piece)
            if results.over:
                break
        yield from results.close()
    finally:
        if isinstance(source, Body):
            source.close()


async def _async_results(
    source: AsyncIterable[object], make: Make
) -> AsyncGenerator[BatchResult[Any], None]:
    results = Results(make)
    try:
        async for piece in source:
            for result in results.feed(piece):
                yield result
            if results.over:
                break
        for result in results.close():
            yield result
    finally:
        if isinstance(source, AsyncBody):
            await source.aclose()


class Results:
    """The bytes of a body to its results, however it holds them.

    The first object tells: with an array `results` it is the list, without one it is a line. Until
    that shows, it is read as both.

    Attributes:
        over: Whether nothing more can be read: behind a fault that has no end.
    """

    def __init__(self, make: Make) -> None:
        self.over: bool = False
        self._make, self._index = make, 0
        self._list, self._lines = Fragments("$.results[*]", keep=False), NDJSONDecoder()
        self._framing: Fragments | NDJSONDecoder | None = None
        self._early: list[Found] = []  # the lines before that

    def feed(self, piece: object) -> Iterator[BatchResult[Any]]:
        """The results whose records a piece completes; each is read as it is asked for.

        Raises:
            TypeError: The piece is not bytes.
        """
        if not isinstance(piece, Bytes):
            raise TypeError(f"expected the bytes of results, got {type(piece).__name__}")
        if self._framing is None:
            return map(self._result_of, self._begin(piece))
        return map(self._result_of, self._read(self._framing, piece))

    def close(self) -> Iterator[BatchResult[Any]]:
        """What the end completes, or cuts."""
        found = self._early if self._framing is None else []
        if not self.over:
            found += self._read(self._framing or self._lines)
        return map(self._result_of, found)

    def _begin(self, piece: Bytes) -> list[Found]:
        found, first = self._read(self._list, piece), self._list.parser
        if isinstance(object_in(first.value).get("results"), list):
            self._framing = self._list
            return found
        is_line, self.over = self.over or first.complete, False
        self._early += self._read(self._lines, piece)
        if not (is_line or self.over):
            return []
        self._framing = self._lines
        return self._early

    def _read(self, framing: Fragments | NDJSONDecoder, piece: Bytes | None = None) -> list[Found]:
        """What a piece completes, or the end; and the fault that nothing is read behind."""
        try:
            return [*(framing.close() if piece is None else framing.feed(piece))]
        except TextError as error:
            self.over = True
            found, error.events = error.events, []
            return [*found, error]

    def _result_of(self, found: Found) -> BatchResult[Any]:
        """What a record comes to, by a bridge of its own."""
        index, self._index = self._index, self._index + 1
        try:
            record = _record_in(found)
        except TextError as broken:
            return BatchResult(_id_before(broken), index, error=broken.with_traceback(None))
        said, bridge = answered(record), self._make()
        bridge.hear([said.failure] if said.failure else bridge.items(said.body))
        bridge.close()
        error = bridge.error
        if error is None:
            value = bridge.result
        else:
            value = error.value if isinstance(error, TransportError) else bridge.parser.value
        return BatchResult(said.custom_id, index, bridge.verdict, error, value, bridge.tools)


def _record_in(found: Found) -> JSON:
    if isinstance(found, TextError):
        raise found
    return from_json(found, partial=False) if isinstance(found, str) else found.value


def _id_before(error: TextError) -> str | None:
    """The id of a record that broke, if it was whole by then."""
    record, path = object_in(error.value), error.path
    if path[:1] == ("results",):  # the record that is open in the list, all others have left
        record, path = next(iter(objects_in(record.get("results"))), {}), path[2:]
    return None if path == ("custom_id",) else text_in(record.get("custom_id")) or None
