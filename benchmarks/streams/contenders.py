"""Each client as one function: where a server is in, what its user gets to see out.

A client is used as its own documentation shows, with retries off: they would only ask the same
server again. What it raises is passed on; which answer is a good one is not known here.
"""

from __future__ import annotations

import json
import sys
from collections.abc import MutableSequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, NamedTuple, Protocol

import partialjson
from benchmarks.report import installed
from partialjson.wire.providers import PROVIDERS
from partialjson.wire.sse import SSEDecoder

__all__ = ["PEERS", "TIMEOUT", "Contender", "Read", "Seen", "ours"]

TIMEOUT = 5.0  # seconds; no script waits as long
IN_MS = int(TIMEOUT * 1_000)
ASKED: Any = [{"role": "user", "content": "go"}]


@dataclass
class Seen:
    """What came: pieces of text, of events where a client gives events, and a sign of an error."""

    pieces: MutableSequence[str] = field(default_factory=list)
    sign: str = ""

    @property
    def text(self) -> str:
        return "".join(self.pieces)


class Read(Protocol):
    """Ask a server, over a connection pool of its own or a given one, and note what comes."""

    def __call__(self, url: str, seen: Seen, http: Any = None) -> None: ...


class Contender(NamedTuple):
    """A row of the table. `silent_on` are the faults that are no business of such a client."""

    name: str
    project: str
    dialect: str
    read: Read
    silent_on: frozenset[str] = frozenset()

    @property
    def version(self) -> str | None:
        """`None` if it is not here."""
        if self.project == "partialjson":
            return partialjson.__version__
        return installed(self.project, sys.path)

    @property
    def title(self) -> str:
        """The name with the version behind the project's."""
        return self.name.replace(self.project, f"{self.project} {self.version}", 1)


# -- clients of an API -----------------------------------------------------------------------------


def openai_client(url: str, http: Any) -> Any:
    return import_module("openai").OpenAI(
        api_key="k", base_url=f"{url}/v1", max_retries=0, timeout=TIMEOUT, http_client=http
    )


def openai(url: str, seen: Seen, http: Any = None) -> None:
    with openai_client(url, http) as client:
        for chunk in client.chat.completions.create(model="m", messages=ASKED, stream=True):
            for choice in chunk.choices:
                seen.pieces.append(choice.delta.content or "")


def openai_helper(url: str, seen: Seen, http: Any = None) -> None:
    with (
        openai_client(url, http) as client,
        client.chat.completions.stream(model="m", messages=ASKED) as stream,
    ):
        for event in stream:
            if event.type == "content.delta":
                seen.pieces.append(event.delta)
        stream.get_final_completion()


def anthropic_client(url: str, http: Any) -> Any:
    return import_module("anthropic").Anthropic(
        api_key="k", base_url=url, max_retries=0, timeout=TIMEOUT, http_client=http
    )


def anthropic(url: str, seen: Seen, http: Any = None) -> None:
    with anthropic_client(url, http) as client:
        for event in client.messages.create(model="m", max_tokens=9, messages=ASKED, stream=True):
            if event.type == "content_block_delta":
                seen.pieces.append(event.delta.text)


def anthropic_helper(url: str, seen: Seen, http: Any = None) -> None:
    with (
        anthropic_client(url, http) as client,
        client.messages.stream(model="m", max_tokens=9, messages=ASKED) as stream,
    ):
        for text in stream.text_stream:
            seen.pieces.append(text)
        stream.get_final_message()


def openrouter(url: str, seen: Seen, http: Any = None) -> None:
    library = import_module("openrouter")
    with (
        library.OpenRouter(
            api_key="k", server_url=url, retry_config=None, timeout_ms=IN_MS, client=http
        ) as client,
        client.chat.send(model="m", messages=ASKED, stream=True) as stream,
    ):
        for chunk in stream:
            if chunk.error:
                seen.sign = "chunk.error"
            for choice in chunk.choices:
                seen.pieces.append(choice.delta.content or "")


def mistralai(url: str, seen: Seen, http: Any = None) -> None:
    library = import_module("mistralai.client")
    with (
        library.Mistral(
            api_key="k", server_url=url, retry_config=None, timeout_ms=IN_MS, client=http
        ) as client,
        client.chat.stream(model="m", messages=ASKED) as stream,
    ):
        for event in stream:
            for choice in event.data.choices:
                if choice.finish_reason == "error":
                    seen.sign = "finish_reason"
                seen.pieces.append(choice.delta.content or "")


def google_genai(url: str, seen: Seen, http: Any = None) -> None:
    genai = import_module("google.genai")
    options = genai.types.HttpOptions(
        base_url=url,
        timeout=IN_MS,
        retry_options=genai.types.HttpRetryOptions(attempts=1),
        httpx_client=http,
    )
    client = genai.Client(api_key="k", http_options=options)
    for chunk in client.models.generate_content_stream(model="m", contents="go"):
        seen.pieces.append(chunk.text or "")


# -- readers of events -----------------------------------------------------------------------------


def httpx_sse(url: str, seen: Seen, http: Any = None) -> None:
    connect = import_module("httpx_sse").connect_sse
    with http or pool("httpx") as client, connect(client, "GET", url) as source:
        seen.pieces += (event.data for event in source.iter_sse())


def httpx2_sse(url: str, seen: Seen, http: Any = None) -> None:
    with http or pool("httpx2") as client, client.sse(url, max_event_size=None) as source:
        seen.pieces += (event.data for event in source)


def pool(library: str) -> Any:
    return import_module(library).Client(timeout=TIMEOUT)


# -- this library ----------------------------------------------------------------------------------


def sse_decoder(url: str, seen: Seen, http: Any = None) -> None:
    decoder = SSEDecoder()
    with http or pool("httpx") as client, client.stream("GET", url) as response:
        for piece in response.iter_bytes():
            seen.pieces += (event.data for event in decoder.feed(piece))


def loop(provider: str) -> Read:
    def read(url: str, seen: Seen, http: Any = None) -> None:
        with http or pool("httpx") as client:
            value = value_of(client, url, provider)
        seen.pieces.append(json.dumps(value, ensure_ascii=False))

    return read


def value_of(client: Any, url: str, provider: str) -> Any:
    """The value at the end of the loop, which raises where the stream did not end well."""
    asked = {"stream": True}
    with partialjson.open_stream(client, "POST", url, provider=provider, json=asked) as stream:
        for _ in stream:
            pass
        return stream.result


OF_AN_API = frozenset({"truncated", "error in the stream"})
OF_A_RESPONSE = frozenset({"connection reset", "200 + HTML", "200 + JSON error"})

PEERS = (
    Contender("openai, create(stream=True)", "openai", "chat", openai),
    Contender("openai, completions.stream()", "openai", "chat", openai_helper),
    Contender("openrouter", "openrouter", "chat", openrouter),
    Contender("mistralai", "mistralai", "chat", mistralai),
    Contender("anthropic, messages.stream()", "anthropic", "messages", anthropic_helper),
    Contender("google-genai", "google-genai", "gemini", google_genai),
    Contender("httpx-sse", "httpx-sse", "plain", httpx_sse, OF_AN_API),
    Contender("httpx2, client.sse()", "httpx2", "plain", httpx2_sse, OF_AN_API),
)

READ_BY_US = {"openai": "chat", "anthropic": "messages", "gemini": "gemini"}


def ours() -> list[Contender]:
    """One row for each shape that this library reads, and one for its events alone."""
    rows = [
        Contender(f"partialjson, {provider}", "partialjson", dialect, loop(provider))
        for provider, dialect in READ_BY_US.items()
        if provider in PROVIDERS
    ]
    decoder = Contender(
        "partialjson, SSEDecoder", "partialjson", "plain", sse_decoder, OF_AN_API | OF_A_RESPONSE
    )
    return [*rows, decoder]
