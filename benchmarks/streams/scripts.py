"""One answer in the shape of each API, and what can go wrong with it on its way.

A dialect and a fault flow in, the script of a server flows out. Who reads it is not known here.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

from .server import Chunk, Reset, Script, Send, Sleep

__all__ = [
    "ANSWER",
    "BOM",
    "DIALECTS",
    "EXTRA",
    "FAULTS",
    "GARBLED",
    "NO_DATA",
    "PIECES",
    "Dialect",
    "event",
    "whole",
]

PIECES = ('{"say": "one', ' two"}')
ANSWER = "".join(PIECES)
GARBLED = ANSWER.replace("two", "tw\ufffdo")  # a byte that is no UTF-8, as the standard reads it
EXTRA = "!"  # the text of an event that never ends
SAYS_WHY = "no capacity"

BOM = b"\xef\xbb\xbf"
NO_DATA = (b"event: ping\n\n", b"id: 5\n\n")  # blocks for which the standard fires nothing
BREATH = 0.05  # seconds for what was sent to be read: a reset takes unread bytes along

HEAD = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: "
STREAM = Send(HEAD + b"text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
END = Chunk(b"")


class Dialect(NamedTuple):
    """How an API says things, each as the bytes of server-sent events."""

    begin: bytes
    piece: Callable[[str], bytes]
    finish: bytes
    mark: bytes  # the end marker, if there is one
    error: bytes  # in the middle of a stream
    failure: dict[str, Any]  # the same as the body of an answer


def event(message: Any, kind: str = "") -> bytes:
    named = f"event: {kind}\n" if kind else ""
    return f"{named}data: {json.dumps(message, ensure_ascii=False)}\n\n".encode()


def chat_chunk(text: str, reason: str | None = None, **more: Any) -> dict[str, Any]:
    delta = {"role": "assistant", "content": text}
    return {
        "id": "gen-1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "m",
        "choices": [{"index": 0, "delta": delta, "finish_reason": reason}],
        **more,
    }


def chat() -> Dialect:
    """As OpenRouter sends it: the first message has text already, an error comes in a chunk."""
    error = {"code": 503, "message": SAYS_WHY}
    return Dialect(
        b"",
        lambda text: event(chat_chunk(text)),
        event(chat_chunk("", "stop")),
        b"data: [DONE]\n\n",
        event(chat_chunk("", "error", error=error)),
        {"error": error},
    )


def messages() -> Dialect:
    def typed(kind: str, **members: Any) -> bytes:
        return event({"type": kind, **members}, kind)

    def piece(text: str) -> bytes:
        delta = {"type": "text_delta", "text": text}
        return typed("content_block_delta", index=0, delta=delta)

    usage = {"input_tokens": 1, "output_tokens": 1}
    message = {"id": "msg-1", "type": "message", "role": "assistant", "model": "m", "content": []}
    message |= {"stop_reason": None, "stop_sequence": None, "usage": usage}
    error = {"type": "overloaded_error", "message": SAYS_WHY}
    stop = {"stop_reason": "end_turn", "stop_sequence": None}
    return Dialect(
        typed("message_start", message=message)
        + typed("content_block_start", index=0, content_block={"type": "text", "text": ""}),
        piece,
        typed("content_block_stop", index=0)
        + typed("message_delta", delta=stop, usage={"output_tokens": 9}),
        typed("message_stop"),
        typed("error", error=error),
        {"type": "error", "error": error},
    )


def gemini() -> Dialect:
    def message(text: str, **more: Any) -> bytes:
        content = {"role": "model", "parts": [{"text": text}]}
        return event({"candidates": [{"index": 0, "content": content, **more}]})

    error = {"error": {"code": 503, "message": SAYS_WHY, "status": "UNAVAILABLE"}}
    return Dialect(b"", message, message("", finishReason="STOP"), b"", event(error), error)


def plain() -> Dialect:
    """Events whose data is the text itself, for those who read events and no API."""
    failure = {"error": {"message": SAYS_WHY}}
    return Dialect(
        b"", lambda text: f"data: {text}\n\n".encode(), b"", b"", event(failure), failure
    )


DIALECTS: dict[str, Dialect] = {
    "chat": chat(),
    "messages": messages(),
    "gemini": gemini(),
    "plain": plain(),
}


def whole(api: Dialect, *between: bytes, text: str = ANSWER) -> list[bytes]:
    """The events of a whole answer, in two pieces of text with others between them."""
    first, rest = text[: len(PIECES[0])], text[len(PIECES[0]) :]
    return [api.begin, api.piece(first), *between, api.piece(rest), api.finish, api.mark]


def chunks(*events: bytes) -> Script:
    return [STREAM, *(Chunk(data) for data in events if data)]


def body(kind: str, content: bytes) -> Script:
    head = f"{kind}\r\nContent-Length: {len(content)}\r\n\r\n".encode()
    return [Send(HEAD + head + content)]


def nothing_wrong(api: Dialect) -> Script:
    return [*chunks(*whole(api)), END]


def reset(api: Dialect) -> Script:
    return [*chunks(api.begin, api.piece(PIECES[0])), Sleep(BREATH), Reset()]


def truncated(api: Dialect) -> Script:
    """The body ends in good order in the middle of the JSON, as a proxy ends it that gave up."""
    return [*chunks(api.begin, api.piece(PIECES[0])), END]


def byte_order_mark(api: Dialect) -> Script:
    return [*chunks(BOM + b"".join(whole(api))), END]


def unfinished(api: Dialect) -> Script:
    """Behind the finish an event whose blank line does not come; the standard discards it."""
    began = api.piece(EXTRA).removesuffix(b"\n")
    return [*chunks(*whole(api)[:-1], began), END]


def without_data(api: Dialect) -> Script:
    return [*chunks(*whole(api, *NO_DATA)), END]


def bad_byte(api: Dialect) -> Script:
    events = whole(api, text=GARBLED)
    return [*chunks(*(data.replace("\ufffd".encode(), b"\xff") for data in events)), END]


def page(_: Dialect) -> Script:
    """What the network of a hotel answers until one has paid."""
    return body("text/html", b"<!doctype html><title>Sign in</title><p>Please sign in.</p>")


def failure(api: Dialect) -> Script:
    return body("application/json", json.dumps(api.failure).encode())


def error(api: Dialect) -> Script:
    return [*chunks(api.begin, api.piece(PIECES[0]), api.error, api.mark), END]


Fault: TypeAlias = Callable[[Dialect], Script]

FAULTS: dict[str, Fault] = {
    "nothing wrong": nothing_wrong,
    "connection reset": reset,
    "truncated": truncated,
    "byte order mark": byte_order_mark,
    "unfinished event": unfinished,
    "events without data": without_data,
    "one bad byte": bad_byte,
    "200 + HTML": page,
    "200 + JSON error": failure,
    "error in the stream": error,
}
