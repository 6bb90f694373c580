"""OpenAI's Responses: the events of one response, or the whole response.

In come the events of one answer, told apart by their `type`, or by the event type where they have
none. Out go items. It knows nothing of annotations, images and audio, nor of what the tools that
run on the server gave back: those are passed on unread.

Names are those of the OpenAI API reference, "Responses" and "Streaming events": a response is a
list of output items, and an item is a message or reasoning in parts, or a call of a tool.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from partialjson.wire.messages import (
    JSON,
    ChannelKind,
    Done,
    Failure,
    Finish,
    Heartbeat,
    Item,
    Restart,
    Unknown,
    Usage,
    number_in,
    object_in,
    objects_in,
    read_failure,
    text_in,
)

from ._base import Channels, MessageDecoder, as_json, error_of

__all__ = ["ResponsesDecoder"]

Ids = tuple[str, ...]
Part = tuple[str, int]  # its type, and its place among those of that type

PARTS: dict[str, tuple[str, ChannelKind, str]] = {  # by type: its item, channel, member
    "output_text": ("message", "content", "text"),
    "refusal": ("message", "refusal", "refusal"),
    "reasoning_text": ("reasoning", "reasoning", "text"),
    "summary_text": ("reasoning", "reasoning", "text"),
}
TEXTS = {  # events of a part's text: its type
    "response.output_text": "output_text",
    "response.refusal": "refusal",
    "response.reasoning_text": "reasoning_text",
    "response.reasoning_summary_text": "summary_text",
}
PART_EVENTS = {f"response.{part}_part" for part in ("content", "reasoning", "reasoning_summary")}
CALLS: dict[str, tuple[str, ...]] = {  # type of a call: the members that may hold its arguments
    **dict.fromkeys(("function_call", "mcp_call", "tool_search_call"), ("arguments",)),
    **dict.fromkeys(("computer_call", "local_shell_call", "shell_call"), ("action", "actions")),
    "custom_tool_call": ("input",),
    "code_interpreter_call": ("code",),
    "apply_patch_call": ("operation",),
}
FREE_TEXT = {"custom_tool_call", "code_interpreter_call"}  # their arguments are no JSON
READ = {"message", "reasoning", *CALLS}
NAMED_BY_CALLER = {"function_call", "mcp_call", "custom_tool_call"}  # others by their type
ARGUMENTS = {  # events of a call's arguments: its type
    "response.function_call_arguments": "function_call",
    "response.mcp_call_arguments": "mcp_call",
    "response.custom_tool_call_input": "custom_tool_call",
    "response.code_interpreter_call_code": "code_interpreter_call",
}
BEATS = ("ping", "keepalive", "keep_alive", "heartbeat")
HEARTBEATS = {*BEATS, *(f"response.{beat}" for beat in BEATS)}
ON_THE_SERVER = (
    *("web_search_call", "file_search_call", "code_interpreter_call", "image_generation_call"),
    *("mcp_call", "mcp_list_tools"),
)
STATES = ("in_progress", "searching", "interpreting", "generating", "completed", "failed")
QUIET = {
    *("response.queued", "response.in_progress", "response.compaction.compacting"),
    *(f"response.{tool}.{state}" for tool in ON_THE_SERVER for state in STATES),
    # Commands and patches are members of an action, which comes whole as its item is done.
    *(f"response.shell_call_command.{stage}" for stage in ("added", "delta", "done")),
    *(f"response.apply_patch_call_operation_diff.{stage}" for stage in ("delta", "done")),
}
ENDS = ("completed", "incomplete", "failed", "cancelled")
END_EVENTS = {f"response.{state}": state for state in (*ENDS, "done")}
ARGUMENTS_PART = ("arguments", 0)
FAILED = {"message": "the response failed", "code": "failed"}  # where it has no `error`
NOT_OF_ERRORS = ("type", "sequence_number", "event_id")


@dataclass(slots=True)
class OutputItem:
    """An output item that began.

    Attributes:
        number: Its place among all items, from 0, in the order they began.
        kind: Its type.
        voice: The type of the parts that are read, where it is reasoning and has spoken.
        said: The text of each part in pieces, joined only as its whole comes, to tell what is
            missing. Arguments are a part as well.
        places: The place of a part, by its type and the index that the provider gave.
        may_begin: Whether an index not seen before is another part: vLLM counts on at each event.
        is_closed: Whether it is a call, and its arguments are whole.
    """

    number: int
    kind: str
    voice: str = ""
    said: dict[Part, list[str]] = field(default_factory=dict)
    places: dict[tuple[str, int], int] = field(default_factory=dict)
    may_begin: bool = True
    is_closed: bool = False

    def part(self, kind: str, index: int, whole: str = "") -> Part:
        """The part that has a provider's index, or just had this whole text."""
        begun = sum(one == kind for one, _ in self.said)
        is_last = not self.may_begin or whole == "".join(self.said.get((kind, begun - 1), ()))
        fresh = begun - 1 if begun and is_last else begun
        return kind, self.places.setdefault((kind, index), fresh)

    def missing(self, part: Part, whole: str) -> str:
        """What of a part's whole text was not said; nothing if that is no continuation."""
        said = "".join(self.said.get(part, ()))
        return whole[len(said) :] if whole.startswith(said) else ""


@dataclass(slots=True)
class Response:
    """What is known of one response, and is forgotten when another begins in its place.

    OpenRouter names items anew at the end, GitHub Copilot in each event; LiteLLM gives several one
    index, others give none. So an item is found by its id if that was seen, else by its index among
    its family.
    """

    id: str | None = None  # none before it was created
    failure: Failure | None = None
    channels: Channels = field(default_factory=Channels)
    items: list[OutputItem] = field(default_factory=list)
    by_id: dict[tuple[str, str], OutputItem] = field(default_factory=dict)
    by_index: dict[tuple[str, int], OutputItem] = field(default_factory=dict)  # the latest

    def named(self, kind: str, ids: Ids) -> OutputItem | None:
        """The item that has one of the ids."""
        names = [(family_of(kind), id_) for id_ in ids]
        return next((self.by_id[name] for name in names if name in self.by_id), None)

    def found(self, kind: str, index: int | None, ids: Ids, call_id: str = "") -> OutputItem | None:
        """The item by its id, its index, or, without either, as the one that began last."""
        named, family = self.named(kind, ids), family_of(kind)
        if named or (index is None and ids):
            return named
        if index is None:
            kin = [one for one in self.items if family_of(one.kind) == family]
            return kin[-1] if kin else None
        placed = self.by_index.get((family, index))
        channel = self.channels.known(placed.number) if placed else None
        return None if call_id and channel and channel.id not in (None, call_id) else placed

    def place(self, item: OutputItem | None, kind: str, index: int | None, ids: Ids) -> OutputItem:
        """The item, or another one, to be found by these from now on."""
        if item is None:
            item = OutputItem(len(self.items), kind)
            self.items.append(item)
        family = family_of(item.kind)
        self.by_id.update({(family, id_): item for id_ in ids})
        if index is not None:
            self.by_index[family, index] = item
        return item


@dataclass(slots=True)
class ResponsesDecoder(MessageDecoder):
    """Events of a response to items: `feed` each, then `close`.

    Each part of a message and of reasoning is a channel of its own. Where reasoning comes both raw
    and as a summary, that is read which its item begins with (raw, if the item comes whole), since
    some services send the same words as both.

    A call's arguments are a JSON text, always. The free text of a custom tool and the code of the
    code interpreter come as the JSON string of that text, which closes with the item. Actions of
    computers, shells and patches are the arguments of tools that are named by the items' types. A
    call without arguments has the arguments `{}`.

    What comes whole after its deltas adds only what they left out. Items of other types, and what
    tools that run on the server gave back, are `Unknown` as they are done. A response created while
    another is unfinished is a `Restart`. Behind the end, which is `Done`, all is `Unknown`.

    A whole response is one message. One that still runs may be read again and again, by polling:
    each time it says what is new.
    """

    _response: Response = field(default_factory=Response, init=False)

    def _read(self, message: dict[str, JSON], event: str) -> list[Item]:
        kind = text_in(message.get("type")) or event
        stem, _, stage = kind.rpartition(".")
        if stage in ("delta", "done") and (stem in TEXTS or stem in ARGUMENTS):
            return self._grow(stem, message, is_whole=stage == "done")
        if stem == "response.output_item" and stage in ("added", "done"):
            return self._item(message, event, is_done=stage == "done")
        if stem in PART_EVENTS and stage in ("added", "done"):
            return self._part(message, event, is_done=stage == "done")
        if kind == "response.created":
            return self._create(object_in(message.get("response")))
        if kind in END_EVENTS or message.get("object") == "response":
            return self._end(kind, message, event)
        return self._other(kind, message, event)

    def _other(self, kind: str, message: dict[str, JSON], event: str) -> list[Item]:
        if kind in HEARTBEATS:
            return [Heartbeat()]
        if kind in QUIET:
            return []
        # A steering or a tool that fails is told in an event of its own: no end of the response.
        if kind.startswith("response.") and kind != "response.error":
            return [Unknown(event, message)]
        # The type of the event says nothing about the error, and would be taken for its code.
        facts = {name: one for name, one in message.items() if name not in NOT_OF_ERRORS}
        failure = error_of(facts, "error" if kind in ("error", "response.error") else event)
        return [Unknown(event, message)] if failure is None else self._fail(failure)

    def _create(self, response: Mapping[str, JSON]) -> list[Item]:
        known, id_ = self._response, text_in(response.get("id"))
        if not known.items and known.id in (None, id_):
            known.id = id_
            return []
        self._response = Response(id_)
        return [Restart()]

    # -- texts and arguments -----------------------------------------------------------------------

    def _grow(self, stem: str, message: Mapping[str, JSON], *, is_whole: bool) -> list[Item]:
        if stem in TEXTS:
            kind = TEXTS[stem]
            family, _, member = PARTS[kind]
            text = text_in(message.get(member if is_whole else "delta"))
            item = self._item_of(message, family)
            part = item.part(kind, _part_index(message), text if is_whole else "")
            return self._speak(item, part, text, is_whole=is_whole)
        item, name = self._item_of(message, ARGUMENTS[stem]), text_in(message.get("name"))
        said = self._response.channels.call(item.number, name=name or None)
        if is_whole:
            return said + self._settle(item, message)
        return said + self._argue(item, text_in(message.get("delta")))

    def _item_of(self, message: Mapping[str, JSON], kind: str) -> OutputItem:
        """The item that an event of its inner life belongs to; some gateways never announce it."""
        ids, index = _ids(message, "item_id"), number_in(message.get("output_index"))
        return self._response.place(self._response.found(kind, index, ids), kind, index, ids)

    def _part(self, message: dict[str, JSON], event: str, *, is_done: bool) -> list[Item]:
        part = object_in(message.get("part"))
        kind = text_in(part.get("type"))
        if kind not in PARTS:
            return [Unknown(event, message)] if is_done else []
        family, _, member = PARTS[kind]
        if family == "message" and self._response.named("reasoning", _ids(message, "item_id")):
            return []  # vLLM calls a part of reasoning a text
        item = self._item_of(message, family)
        if not is_done:
            item.may_begin = True
            return []
        text = text_in(part.get(member))
        place = item.part(kind, _part_index(message), text)
        return self._speak(item, place, text, is_whole=True)

    def _speak(self, item: OutputItem, part: Part, text: str, *, is_whole: bool) -> list[Item]:
        item.may_begin = is_whole
        text, channel = item.missing(part, text) if is_whole else text, PARTS[part[0]][1]
        if text and channel == "reasoning":
            item.voice = item.voice or part[0]
            text = text if item.voice == part[0] else ""
        if text:
            item.said.setdefault(part, []).append(text)
        return self._response.channels.text(channel, (item.number, part), text)

    def _argue(self, item: OutputItem, text: str) -> list[Item]:
        if not text or item.is_closed:
            return []
        opening = "" if item.said else '"'
        item.said.setdefault(ARGUMENTS_PART, []).append(text)
        if item.kind in FREE_TEXT:  # escaped, halves of a pair that deltas cut join by themselves
            text = opening + json.dumps(text)[1:-1]
        return self._response.channels.call(item.number, text=text)

    def _settle(self, item: OutputItem, holder: Mapping[str, JSON]) -> list[Item]:
        """What of a call's whole arguments is missing."""
        whole = next((one for name in CALLS[item.kind] if (one := holder.get(name))), None)
        return self._argue(item, item.missing(ARGUMENTS_PART, as_json(whole)))

    def _close_call(self, item: OutputItem) -> list[Item]:
        if item.is_closed or item.kind not in CALLS:
            return []
        item.is_closed = True
        bare, rest = ('""', '"') if item.kind in FREE_TEXT else ("{}", "")
        return self._response.channels.call(item.number, text=rest if item.said else bare)

    # -- items, and the end ------------------------------------------------------------------------

    def _item(self, message: dict[str, JSON], event: str, *, is_done: bool) -> list[Item]:
        """An item begins, or is done: what it holds as it begins, if anything, it holds then."""
        item = object_in(message.get("item"))
        kind, index = text_in(item.get("type")), number_in(message.get("output_index"))
        unread: list[Item] = [Unknown(event, message)] if is_done and _is_unread(item) else []
        if kind not in READ:
            return unread
        response, ids = self._response, _ids(item, "id", "item_id", "call_id")
        if not is_done:
            output = response.place(response.named(kind, ids), kind, index, ids)
            return self._introduce(output, item) if kind in CALLS else []
        known = response.found(kind, index, ids, text_in(item.get("call_id")))
        return self._done_item(response.place(known, kind, index, ids), item) + unread

    def _introduce(self, output: OutputItem, item: Mapping[str, JSON]) -> list[Item]:
        id_ = text_in(item.get("call_id")) or text_in(item.get("id"))
        own = output.kind.removesuffix("_call")
        name = text_in(item.get("name")) if output.kind in NAMED_BY_CALLER else own
        return self._response.channels.call(output.number, id_ or None, name or None)

    def _done_item(self, output: OutputItem, item: Mapping[str, JSON]) -> list[Item]:
        if output.kind in CALLS:
            said = self._introduce(output, item) + self._settle(output, item)
            is_whole = item.get("status") not in ("incomplete", "in_progress")
            return said + self._close_call(output) if is_whole else said
        said = []
        places = dict.fromkeys(PARTS, 0)
        for part in objects_in(item.get("content")) + objects_in(item.get("summary")):
            kind = text_in(part.get("type"))
            if kind in PARTS and PARTS[kind][0] == family_of(output.kind):
                text = text_in(part.get(PARTS[kind][2]))
                said += self._speak(output, (kind, places[kind]), text, is_whole=True)
                places[kind] += bool(text)
        return said

    def _end(self, kind: str, message: Mapping[str, JSON], event: str) -> list[Item]:
        """An event that ends the response, or the whole response, which may still run."""
        response = object_in(message.get("response")) if kind in END_EVENTS else message
        said, status = self._output(response, event), text_in(response.get("status"))
        if status in ("queued", "in_progress") and response is message:
            return said
        state = status if status in ENDS else END_EVENTS.get(kind, "")
        if (error := response.get("error") or message.get("error")) or state == "failed":
            said += self._fail(read_failure(error or FAILED, {}))
        else:
            said += self._finish(response, state)
        if usage := object_in(response.get("usage")):
            read, written = usage.get("input_tokens"), usage.get("output_tokens")
            said.append(Usage(number_in(read), number_in(written), usage))
        return [*said, Done()]

    def _finish(self, response: Mapping[str, JSON], state: str) -> list[Item]:
        if state in ("incomplete", "cancelled"):
            why = object_in(response.get("incomplete_details")).get("reason")
            return [Finish(text_in(why) or state)]
        said = [one for item in self._response.items for one in self._close_call(item)]
        return [*said, Finish(state)] if state else said

    def _output(self, response: Mapping[str, JSON], event: str) -> list[Item]:
        """What of a response's items is missing."""
        # One of no known id is news only where its family was not told: it may have another now.
        said: list[Item] = []
        told = {family_of(item.kind) for item in self._response.items}
        for item in objects_in(response.get("output")):
            kind, ids = text_in(item.get("type")), _ids(item, "id", "call_id")
            known = self._response.named(kind, ids)
            if kind in READ and (known or family_of(kind) not in told):
                said += self._done_item(self._response.place(known, kind, None, ids), item)
            if _is_unread(item) and not told:
                said.append(Unknown(event, item))
        return said

    def _fail(self, failure: Failure) -> list[Item]:
        """An error that is news: OpenAI tells it in an event of its own, and as the end."""
        told, self._response.failure = self._response.failure, failure
        is_told = told and (told.message, told.code) == (failure.message, failure.code)
        return [] if is_told else [failure]


def family_of(kind: str) -> str:
    """What an item of a type is read as."""
    return "call" if kind in CALLS else "reasoning" if kind == "reasoning" else "message"


def _is_unread(item: Mapping[str, JSON]) -> bool:
    """Whether it holds more than what is read: all of it, or what a tool on the server gave."""
    kind = text_in(item.get("type"))
    results = [item.get(name) for name in ("output", "outputs", "error")]
    return kind not in READ or (kind in CALLS and any(results))


def _ids(holder: Mapping[str, JSON], *names: str) -> Ids:
    return tuple(id_ for name in names if (id_ := text_in(holder.get(name))))


def _part_index(message: Mapping[str, JSON]) -> int:
    index = number_in(message.get("content_index"))
    return (number_in(message.get("summary_index")) if index is None else index) or 0
