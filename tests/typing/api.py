"""The public API as a type checker sees it. Never run: mypy and pyright read it (`nox -s types`).

Every name of the front door is used as its users use it. Where a checker must object, the comment
that silences it is itself reported as soon as it objects no more.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal, assert_never, assert_type

import partialjson as pj
from partialjson.render import Message, Operation, to_sse
from partialjson.wire.messages import Item

if TYPE_CHECKING:
    import httpx

assert_type(pj.__version__, str)


# --- one JSON text --------------------------------------------------------------------------------


def events_of(deltas: Iterator[str]) -> list[pj.Event]:
    parser = pj.Parser()
    events = [event for delta in deltas for event in parser.feed(delta)]
    return [*events, *parser.close()]


def facts(parser: pj.Parser | pj.LiveValue) -> pj.JSON:
    assert_type(parser.started, bool)
    assert_type(parser.complete, bool)
    assert_type(parser.path, pj.Path)
    assert_type(parser.offset, int)
    assert_type(parser.line, int)
    assert_type(parser.column, int)
    assert_type(parser.is_closed(("items", 3, "title")), bool)
    assert_type(parser.completion, pj.Completion)
    assert_type(parser.completion.offset, int)
    assert_type(parser.completion.suffix, str)
    assert_type(parser.checkpoint(), bytes)
    return parser.value or parser.snapshot()


def every_input(parser: pj.Parser, live: pj.LiveValue) -> None:
    assert_type(parser.feed('{"a'), list[pj.Event])
    parser.feed(b'{"a')
    parser.feed(bytearray(b'{"a'))
    parser.feed(memoryview(b'{"a'))
    parser.feed(1)  # type: ignore[arg-type]
    value: pj.JSON = live.feed('{"a')
    value = live.close()
    assert_type(live.last_events, list[pj.Event])
    del value


def every_option() -> None:
    pj.Parser(
        strings="whole",
        parse_float=Decimal,
        duplicate_names="error",
        max_depth=2_000,
        max_string=10_000,
        max_number=100,
        max_text=None,
    )
    pj.LiveValue(strings="growing", duplicate_names="last")
    pj.Parser("whole")  # type: ignore[call-arg]
    pj.Parser(strings="half")  # type: ignore[arg-type]


def twins(parser: pj.Parser, live: pj.LiveValue) -> None:
    assert_type(parser.copy(), pj.Parser)
    assert_type(live.copy(), pj.LiveValue)
    assert_type(pj.Parser.restore(b""), pj.Parser)
    assert_type(pj.LiveValue.restore(b""), pj.LiveValue)


def at_once(text: str) -> pj.JSON:
    assert_type(pj.complete(text), str)
    return pj.from_json(text, partial=True)


# --- events ---------------------------------------------------------------------------------------


def every_event(event: pj.Event) -> str:
    """A `match` over the three classes is all there is."""
    match event:
        case pj.ValueStart(path, kind):
            assert_type(path, pj.Path)
            assert_type(kind, pj.Kind)
            return f"{kind} begins"
        case pj.StringDelta(text=text):
            assert_type(text, str)
            return text
        case pj.ValueEnd(kind="number", start=start, end=end):
            assert_type((start, end), tuple[int, int])
            return str(end - start)
        case pj.ValueEnd(replaces=replaces):
            assert_type(replaces, bool)
            return "again" if replaces else "whole"
        case _:
            assert_never(event)


def every_kind(
    kind: pj.Kind,
) -> Literal["object", "array", "string", "number", "boolean", "null"]:
    return kind


def a_start_is_frozen(event: pj.ValueStart) -> None:
    event.path = ()  # type: ignore[misc]


def a_delta_is_frozen(event: pj.StringDelta) -> None:
    event.text = ""  # type: ignore[misc]


def an_end_is_frozen(event: pj.ValueEnd) -> None:
    event.value = None  # type: ignore[misc]


# --- values of a type -----------------------------------------------------------------------------


class Row:
    """Stands for a class that Pydantic knows."""

    id: int


def every_typed_event(event: pj.TypedEvent) -> str:
    match event:
        case pj.Valid(path, value):
            assert_type(path, pj.Path)
            return str(value)
        case pj.Invalid(path, errors) | pj.Doomed(path, errors):
            assert_type(errors, list[dict[str, Any]])
            return str(errors[0]["msg"])
        case pj.Revised(path, old, value):
            return f"{old} is {value} now"
        case pj.ValueStart() | pj.StringDelta() | pj.ValueEnd():
            return every_event(event)
        case _:
            assert_never(event)


def typed(deltas: Iterator[str]) -> Row:
    parser = pj.TypedParser(Row, on_invalid="raise", strict=True, max_depth=40)
    assert_type(parser, pj.TypedParser[Row])
    for delta in deltas:
        assert_type(parser.feed(delta), list[pj.TypedEvent])
    assert_type(parser.valid, Mapping[pj.Path, pj.JSON])
    assert_type(parser.last_events, list[pj.TypedEvent])
    assert_type(parser.is_closed(("rows", 0)), bool)
    return parser.close()


def types_that_are_no_class() -> None:
    rows: list[Row] = pj.TypedParser(list[Row]).close()
    either: Row | int = pj.TypedParser(Row | int).close()
    assert_type(pj.TypedParser(list[Row]), pj.TypedParser[list[Row]])
    pj.TypedParser(Row, on_invalid="drop")  # type: ignore[call-overload]
    del rows, either


def salvaged(parser: pj.TypedParser[Row]) -> list[pj.Path]:
    salvage = parser.finish(reason="length")
    assert_type(salvage, pj.Salvage)
    assert_type(salvage.valid, Mapping[pj.Path, pj.JSON])
    assert_type(salvage.items, Mapping[pj.Path, Mapping[int, pj.JSON]])
    assert_type(salvage.errors, list[dict[str, Any]])
    assert_type(salvage.reason, str | None)
    return salvage.open_paths


def a_verdict_is_frozen(event: pj.Valid) -> None:
    event.value = None  # type: ignore[misc]


def what_is_invalid_is_frozen(event: pj.Invalid) -> None:
    event.errors = []  # type: ignore[misc]


def what_is_doomed_is_frozen(event: pj.Doomed) -> None:
    event.errors = []  # type: ignore[misc]


def a_revision_is_frozen(event: pj.Revised) -> None:
    event.old = None  # type: ignore[misc]


# --- errors ---------------------------------------------------------------------------------------


def whose_fault(parser: pj.Parser) -> str | bytes:
    try:
        parser.close()
    except pj.IncompleteJSONError as error:
        assert_type(error.path, pj.Path)
        assert_type(error.offset, int)
        return error.expected
    except pj.JSONSyntaxError as error:
        assert_type((error.line, error.column), tuple[int, int])
        return error.found
    except pj.LimitExceeded as error:
        assert_type(error.limit_value, int | None)
        return error.limit
    except pj.CheckpointError as error:
        return str(error)
    return ""


def whose_fault_on_the_wire(error: pj.TransportError) -> float | None:
    assert_type(error.retryable, bool)
    if isinstance(error, pj.ProviderError):
        assert_type(error.code, str | int | None)
    return error.retry_after


CAUGHT: tuple[type[pj.PartialJSONError], ...] = (
    pj.JSONSyntaxError,
    pj.ConnectionLost,
    pj.HTTPStatusError,
    pj.BadContentType,
    pj.StreamTimeout,
)
STANDARD: tuple[type[ValueError], type[EOFError], type[ValueError], type[OSError]] = (
    pj.JSONSyntaxError,
    pj.IncompleteJSONError,
    pj.LimitExceeded,
    pj.TransportError,
)


# --- streams --------------------------------------------------------------------------------------


def every_stream_event(event: pj.StreamEvent) -> str:
    match event:
        case pj.ToolEvent(channel, inner):
            assert_type(channel, pj.Channel)
            assert_type(inner, pj.TypedEvent)
            return channel.name or every_typed_event(inner)
        case pj.TextDelta(channel, text):
            assert_type(channel.kind, Literal["content", "reasoning", "refusal", "tool"])
            return text
        case pj.Heartbeat(text):
            reason = text
        case pj.Reset(channel, keep, reason):
            assert_type(keep, int)
        case pj.ValueStart() | pj.StringDelta() | pj.ValueEnd():
            return every_event(event)
        case pj.Valid() | pj.Invalid() | pj.Doomed() | pj.Revised():
            return every_typed_event(event)
        case pj.Retrying(attempt, delay, how, cause):
            assert_type(attempt, int)
            assert_type(delay, float)
            assert_type(how, str)
            reason = str(cause)
        case _:
            assert_never(event)
    return reason


def streamed(chunks: Iterator[bytes]) -> pj.Verdict | None:
    with pj.stream(chunks, provider="openrouter", parse="json", max_depth=40) as stream:
        assert_type(stream, pj.Stream)
        for event in stream:
            assert_type(event, pj.StreamEvent)
    return the_end(stream)


async def streamed_too(chunks: AsyncIterator[str]) -> pj.Verdict | None:
    async with pj.astream(chunks, finish="lenient") as stream:
        assert_type(stream, pj.AsyncStream)
        async for event in stream:
            assert_type(event, pj.StreamEvent)
    return the_end(stream)


def opened(client: httpx.Client, body: dict[str, str]) -> float | None:
    with pj.open_stream(
        client, "POST", "/", json=body, provider="auto", model=Row, idle_timeout=None, max_depth=9
    ) as stream:
        assert_type(stream, pj.OpenedStream[Row])
        for event in stream:
            assert_type(event, pj.StreamEvent)
    timing: pj.Timing = stream.timing
    return timing.first_token


def opened_again(client: httpx.Client, body: dict[str, str], saved: dict[str, object]) -> int:
    with pj.open_stream(
        client,
        "POST",
        "/",
        json=body,
        model=Row,
        retry=pj.Retry(before_first_token=3, after_first_token=1, deadline=60),
        resume="auto",
        on_diverge="hold",
        fallback=True,
        cache=True,
        deliver="auto",
        on_cancel=True,
        state=saved,
    ) as stream:
        stream.cancel()
        stream.send({"type": "response.steer"})
        state: dict[str, Any] = stream.state()
    opened: pj.OpenedStream[Row] = stream
    return len(state) + (opened.verdict.billed if opened.verdict else 0)


async def relayed(request: Any, stream: pj.OpenedAsyncStream[Row]) -> None:
    async for event in pj.guard_disconnect(request, stream):
        assert_type(event, pj.StreamEvent)
    stream.cancel()


def results(answer: httpx.Response) -> list[Row]:
    read: list[pj.BatchResult[Row]] = [*pj.batch(answer, model=Row)]
    return [one.result for one in read if one.error is None]


async def results_too(answer: httpx.Response) -> list[str | None]:
    return [one.custom_id async for one in pj.abatch(answer, provider="openai")]


async def opened_too(client: httpx.AsyncClient, answer: httpx.Response) -> Row:
    async with pj.aopen_stream(client, "GET", "/", params={"q": "owl"}, model=Row) as stream:
        assert_type(stream, pj.OpenedAsyncStream[Row])
    assert_type(pj.astream(answer, provider="text", parse="text"), pj.AsyncStream[pj.JSON])
    assert_type(pj.stream(answer, provider="openai"), pj.Stream[pj.JSON])
    return stream.result


def the_end(stream: pj.Stream | pj.AsyncStream) -> pj.Verdict | None:
    assert_type(stream.parser, pj.Parser)
    tools: dict[pj.Channel, pj.JSON] = stream.tools
    value: pj.JSON = stream.result if tools else stream.value
    if value and stream.verdict:
        assert_type(stream.verdict.usage, pj.Usage | None)
    return stream.verdict


def pointers(path: pj.Path) -> pj.Path:
    return pj.from_pointer(pj.to_pointer(path), {"items": []})


def rows(deltas: Iterator[str]) -> list[pj.Path]:
    fragments = pj.Fragments("$.rows[*]", keep=False, parse_float=Decimal)
    found = [fragment for delta in deltas for fragment in fragments.feed(delta)]
    assert_type(found, list[pj.Fragment])
    assert_type(found[0].text, str)
    return [fragment.path for fragment in found + fragments.close()]


def lines(deltas: Iterator[bytes]) -> None:
    documents = pj.Documents("concatenated", max_depth=40)
    for delta in deltas:
        for told in documents.feed(delta):
            if isinstance(told, pj.Broken):
                assert_type(told.index, int)
            else:
                assert_type(told, pj.Event)


def typed_rows(deltas: Iterator[str]) -> None:
    fragments = pj.Fragments("$.rows[*]", model=Row)
    for delta in deltas:
        for row in fragments.feed(delta):
            assert_type(row, pj.Fragment | pj.Invalid)


def a_stream_of_a_type(chunks: Iterator[bytes]) -> Row:
    with pj.stream(chunks, provider="chat", model=Row, tools={"find": Row}, strict=True) as stream:
        assert_type(stream, pj.Stream[Row])
        for event in stream:
            assert_type(event, pj.StreamEvent)
    rows = pj.stream(chunks, model=list[Row])
    assert_type(rows.result, list[Row])
    assert_type(pj.stream(chunks).result, Any)
    return stream.result


def calls_side_by_side(items: Iterator[Item]) -> dict[pj.Channel, pj.JSON]:
    tools = pj.ToolParsers({"find": Row}, on_invalid="skip")
    for item in items:
        assert_type(tools.feed(item), list[pj.ToolEvent | pj.Reset])
    return tools.values


def before_anything_came() -> str:
    shape: pj.Skeleton = pj.skeleton(Row)
    return shape.get("kind", "any")


def operations(events: list[pj.TypedEvent]) -> pj.Path | None:
    patches = pj.Patches(ops="rfc6902")
    assert_type(patches.feed(events), list[Operation])
    assert_type(patches.closed, list[str])
    return patches.open


def messages(events: Iterator[list[pj.Event]], verdict: pj.Verdict) -> list[bytes]:
    feed = pj.Feed(ops="append", log=100)
    told = [message for some in events for message in feed.feed(some)]
    assert_type(told, list[Message])
    return [to_sse(message) for message in [*told, *feed.close(verdict), *feed.since("7")]]


async def to_screens(stream: pj.AsyncStream[Row]) -> None:
    relay = pj.Relay(stream, tick=0, linger=None)
    async for message in relay.follow():
        assert_type(message, Message)
    await relay.run()
    relay.cancel()


def which_core() -> None:
    assert_type(pj.core, Literal["c", "python"])
