"""How an answer that broke off is asked for again: the next request, by what the API can do.

What flows in are the request that was sent, and where its answer stands; what flows out is another
request, or nothing where the API has no such way. Nothing here is sent, and nothing waits.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypedDict, cast
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from ._shown import TELLING

__all__ = ["Ask", "Sent"]

CACHE_HEADER = "X-OpenRouter-Cache"
GENERATION_HEADER = "x-generation-id"
ONLY_STREAMING = ("stream", "stream_options")  # members of a body
ONLY_POSTED = ("json", "content", "data", "files")
STREAMED = {  # the last step of a URL, and that of the same request without a stream
    ":streamGenerateContent": ":generateContent",
    ":streamRawPredict": ":rawPredict",
    "/converse-stream": "/converse",
    "/invoke-with-response-stream": "/invoke",
}
HTTP = {"ws": "http", "wss": "https"}
NOT_JOINED = (  # members of a body: tools, and schemas as chat, Anthropic and Ollama have them
    *("tools", "functions", "response_format", "output_format", "output_config", "format"),
)
GEMINI_SCHEMAS = {"responseSchema", "responseJsonSchema", "responseMimeType"}
BLANK = " \t\n\r"


class Sent(TypedDict, total=False):
    """What a request is made of, by the names of httpx."""

    json: Any
    content: Any
    data: Any
    files: Any
    params: Any
    headers: Any
    cookies: Any
    extensions: Mapping[str, Any]
    auth: Any
    follow_redirects: bool


@dataclass(frozen=True, slots=True)
class Ask:
    """A request, before a client makes one of it.

    Attributes:
        method: Of HTTP.
        url: Where it goes.
        sent: What it is made of, by the names of httpx.
    """

    method: str
    url: str
    sent: Sent = field(default_factory=Sent)

    # -- the same answer once more -----------------------------------------------------------------

    def after(self, last_event_id: str) -> Ask:
        """The same request, for what comes behind an event (HTML standard, section 9.2.4)."""
        return (
            self.with_headers({"Last-Event-ID": last_event_id.encode()}) if last_event_id else self
        )

    def cached(self) -> Ask:
        """The same request, which OpenRouter then answers the same each time, once it was whole."""
        return self.with_headers({CACHE_HEADER: "true"})

    def plain(self) -> Ask:
        """The same request for an answer that comes whole."""
        parts = urlsplit(self.url)
        path = parts.path
        for streamed, bare in STREAMED.items():
            path = path.removesuffix(streamed) + bare if path.endswith(streamed) else path
        query = [(name, value) for name, value in parse_qsl(parts.query) if name != "alt"]
        whole = self._with_body(self._whole_body())
        if path == parts.path:
            return whole
        sent = whole.sent
        if sent.get("params"):
            own = [(name, value) for name, value in pairs_of(sent["params"]) if name != "alt"]
            is_mapping = isinstance(sent["params"], Mapping)
            sent = sent | Sent(params=dict(own) if is_mapping else own)
        url = urlunsplit(parts._replace(path=path, query=urlencode(query)))
        return replace(whole, url=url, sent=sent)

    def joined(self, text: str) -> tuple[Ask, int] | None:
        """A request for what comes behind a text, and how many of its characters are sent.

        The text is put into the mouth of the assistant, without the blanks at its end, which some
        APIs refuse. `None` where that cannot be: it is so short that one which begins anew could
        not be told from it, the answer may call tools, or must be of a schema, which is enforced
        from the first token on.
        """
        body, said = self.body, text.rstrip(BLANK)
        of_gemini = body.get("generationConfig")
        schemas = of_gemini.keys() & GEMINI_SCHEMAS if type(of_gemini) is dict else ()
        if len(said) < TELLING or schemas or any(body.get(name) for name in NOT_JOINED):
            return None
        if type(body.get("messages")) is list:
            turn: dict[str, Any] = {"role": "assistant", "content": said}
            more = {"messages": [*body["messages"], turn]}
        elif type(body.get("contents")) is list:
            turn = {"role": "model", "parts": [{"text": said}]}
            more = {"contents": [*body["contents"], turn]}
        else:
            return None
        return self._with_body({**body, **more}), len(said)

    # -- what the server keeps ---------------------------------------------------------------------

    def is_kept(self) -> bool:
        """Whether the answer is made in the background (OpenAI's Responses)."""
        return self.body.get("background") is True

    def may_be_kept(self) -> bool:
        """Whether an answer could be made in the background: by an API that has such a thing."""
        return urlsplit(self.url).path.rstrip("/").endswith("/responses") and bool(self.body)

    def behind(self, answer_id: str, sequence: int) -> Ask:
        """The events of an answer behind one of them (OpenAI's Responses, in the background).

        Args:
            answer_id: The answer's id.
            sequence: The number of the last event that came; -1 for all events.
        """
        query = {"stream": "true", **({"starting_after": str(sequence)} if sequence >= 0 else {})}
        return self._fetched(self._below(answer_id), query)

    def kept(self, answer_id: str) -> Ask:
        """An answer that is kept, as far as it has come."""
        return self._fetched(self._below(answer_id), {})

    def stored(self, generation_id: str) -> Ask | None:
        """What OpenRouter has stored of a generation; `None` where this is no URL of its API."""
        parts = urlsplit(self.url)
        root, version, _ = parts.path.partition("/v1/")
        if not version:
            return None
        url = urlunsplit(parts._replace(path=f"{root}/v1/generation/content", query=""))
        return self._fetched(url, {"id": generation_id})

    def cancelled(self, url: str, answer_id: str) -> Ask | None:
        """The request that ends an answer; `None` if it needs an id that is not known.

        Args:
            url: Where it goes, with `{id}` for the answer's id; empty for `/{id}/cancel`.
            answer_id: The answer's id, as far as it is known.
        """
        url = url or self._below("") + "{id}/cancel"
        if "{id}" in url and not answer_id:
            return None
        target = url.replace("{id}", quote(answer_id, safe=""))
        return replace(self._fetched(target, {}), method="POST")

    def in_background(self) -> Ask:
        """The same request for an answer that is kept, and fetched as it grows."""
        return self._with_body({**self._whole_body(), "background": True}) if self.body else self

    def over_http(self) -> Ask:
        """The same request, as it is sent without a WebSocket."""
        scheme, colon, rest = self.url.partition(":")
        return replace(self, url=HTTP.get(scheme, scheme) + colon + rest)

    def over_websocket(self) -> tuple[str, list[Any]]:
        """Where a WebSocket is opened, and what is said over it first.

        OpenAI's Responses are asked for by a message, in which `stream` and `background` have no
        meaning; any other body is sent as it is.
        """
        scheme, colon, rest = self.url.partition(":")
        url = {http: ws for ws, http in HTTP.items()}.get(scheme, scheme) + colon + rest
        body = self.body
        if not self.may_be_kept() or "type" in body:
            said = self.sent.get("json", self.sent.get("content"))
            return url, [] if said is None else [said]
        kept = {name: one for name, one in body.items() if name not in ("stream", "background")}
        return url, [{"type": "response.create", **kept}]

    def got(self, url: str) -> Ask:
        """What lies at a URL, asked for with the same headers and as the same user."""
        bare = {**self._bare()}
        bare.pop("params", None)  # they would take the place of the query in the URL
        return Ask("GET", url, cast("Sent", bare))

    def is_near(self, url: str) -> bool:
        """Whether a URL is of the same origin, and may be shown the same credentials."""
        return urlsplit(url)[:2] == urlsplit(self.url)[:2]

    # -- parts -------------------------------------------------------------------------------------

    @property
    def body(self) -> dict[str, Any]:
        """The body as an object; an empty one if it is none."""
        body = self.sent.get("json")
        if body is None and isinstance(content := self.sent.get("content"), str | bytes):
            try:
                body = json.loads(content)
            except (ValueError, RecursionError):
                return {}
        return body if type(body) is dict else {}

    def with_headers(self, more: Mapping[str, str | bytes]) -> Ask:
        """The same request with more headers, which go before those of the same names."""
        new = {name.lower() for name in more}
        given = self.sent.get("headers") or {}
        pairs = given.items() if hasattr(given, "items") else given
        kept = [(name, value) for name, value in pairs if as_text(name).lower() not in new]
        return replace(self, sent=self.sent | Sent(headers=[*kept, *more.items()]))

    def _whole_body(self) -> dict[str, Any]:
        body = {name: one for name, one in self.body.items() if name not in ONLY_STREAMING}
        return {**body, "stream": False} if "stream" in self.body else body

    def _with_body(self, body: dict[str, Any]) -> Ask:
        if body == self.body:
            return self
        sent = {name: one for name, one in self.sent.items() if name != "content"}
        return replace(self, sent=cast("Sent", {**sent, "json": body}))

    def _below(self, id_: str) -> str:
        """The URL of one answer among those of the API."""
        parts = urlsplit(self.url)
        path = f"{parts.path.rstrip('/')}/{quote(id_, safe='')}"
        return urlunsplit(parts._replace(path=path, query=""))

    def _fetched(self, url: str, params: Mapping[str, str]) -> Ask:
        """What lies below the same API: a version of it may stand in the query, as on Azure."""
        query: dict[str, Any] = dict(parse_qsl(urlsplit(self.url).query))
        query |= pairs_of(self.sent.get("params"))
        return Ask("GET", url, cast("Sent", {**self._bare(), "params": {**query, **params}}))

    def _bare(self) -> Mapping[str, Any]:
        return {name: one for name, one in self.sent.items() if name not in ONLY_POSTED}


def pairs_of(params: Any) -> list[tuple[str, Any]]:
    """Parameters of a query, in each form that httpx takes."""
    if isinstance(params, str | bytes):
        return parse_qsl(as_text(params))
    pairs = params.items() if isinstance(params, Mapping) else params or ()
    return [(str(name), value) for name, value in pairs]


def as_text(name: str | bytes) -> str:
    return name.decode("latin-1") if isinstance(name, bytes) else name
