"""Streams that others recorded of some thirty services, through the whole of the wire.

They are read in place (`--corpora`). What each channel came to is told by the summary beside each
recording; the shape of a stream is told by its first messages alone. Every exception stands here
with its reason, and one that is no exception any more fails.
"""

from __future__ import annotations

import copy
import json

import pytest

from partialjson.stream import Bridge
from partialjson.stream._arguments import ArgumentText
from partialjson.wire.messages import ArgumentPart, Delta, Restart, ToolCall

KINDS = {"text": "content", "tool": "tool", "reasoning": "reasoning", "refusal": "refusal"}
BY_CHOICE = ("openai-chat", "openai-completions", "gemini")  # an output's first number is a choice
STEP = 97  # bytes from one cut to the next

# Reasoning that stands in `reasoning_details` alone, which the summaries do not read.
DETAILED = {
    *(f"openrouter-fixtures/openrouter-fixtures_openai-chat_text_0{n}.sse" for n in (2, 6, 8, 9)),
    "openrouter-fixtures/openrouter-fixtures_openai-chat_tool_06.sse",
    "snowflake/snowflake_openai-chat_text_02.sse",
}
# Several answers in one file: the first ends the stream, and the rest belongs to nobody.
SEVERAL = {
    f"anthropic/anthropic_anthropic-messages_tool_0{number}.lines.ndjson" for number in (2, 4, 5)
}


def recorded(corpora):
    """Each recording: its file, its summary and its bytes."""
    folder = corpora / "recordings"
    for line in (folder / "index.jsonl").read_text("utf-8").splitlines():
        entry = json.loads(line)
        file = folder / entry["file"]
        summary = next(folder.glob(f"{entry['file'].partition('.')[0]}.meta.json"))
        yield entry["file"], json.loads(summary.read_text("utf-8")), file.read_bytes()


def bridge_for(summary):
    return Bridge(provider="auto", parse="json" if summary["kind"] == "json" else "text")


class Texts:
    """What the channels of a stream come to."""

    def __init__(self):
        self.texts, self.names, self.parts = {}, {}, {}

    def hear(self, items):
        for item in items:
            if isinstance(item, Restart):
                self.texts, self.names = {}, {}
            elif isinstance(item, ToolCall):
                self.texts.setdefault(item.channel, "")
                self.names[item.channel] = item.channel.id, item.channel.name
            elif isinstance(item, Delta):
                self.texts[item.channel] = self.texts.get(item.channel, "") + item.text
            elif isinstance(item, ArgumentPart):
                self.texts[item.channel] += self.text_of(item)

    def text_of(self, part):
        arguments = self.parts.setdefault(part.channel, ArgumentText())
        if part.path_text != "$":
            return arguments.feed(part.path_text, part.value, more=part.more)
        text, keep = arguments.close()
        assert keep is None, "recorded parts come in the order of a document"
        return text

    def said(self, api):
        """By kind, choice and place, with a call's id and name; Gemini's ids are in no summary."""
        return {
            (channel.kind, channel.choice, channel.index, *self.called(channel, api)): text
            for channel, text in self.texts.items()
        }

    def called(self, channel, api):
        id_, name = self.names.get(channel, (None, None))
        return (None if api == "gemini" else id_, name) if channel.kind == "tool" else ()


def expected(summary):
    """What the summary tells, by kind, choice and place, with a call's id and name."""
    told, places = {}, {}
    for output in summary["outputs"]:
        index = output["index"]
        choice = index[0] if summary["api"] in BY_CHOICE else 0
        kind = KINDS[output["channel"]]
        place = places.get((kind, choice), 0)
        places[kind, choice] = place + 1
        name = (output.get("id"), output["name"]) if kind == "tool" else ()
        told[kind, choice, place, *name] = output
    return told


def final(output, text):
    """An output's final text; a value that came by paths or whole is compared as a value."""
    if output["channel"] != "tool" or output["final"] == text:
        return output["final"]
    return text if output.get("value") == json.loads(text or "null") else output["final"]


def texts_of(summary, body):
    texts = Texts()
    texts.hear(bridge_for(summary).items(body))
    return texts


def test_every_recording_comes_to_the_texts_that_others_made_of_it(corpora):
    wrong = set()
    for file, summary, body in recorded(corpora):
        said, told = texts_of(summary, body).said(summary["api"]), expected(summary)
        if said != {key: final(one, said.get(key, "")) for key, one in told.items()}:
            wrong.add(file)
    assert wrong == DETAILED | SEVERAL


# Streams that are no success although nobody cut them: how they end, and what says so.
FIXTURES = "openrouter-fixtures/openrouter-fixtures_openai"
INCOMPLETE = {
    # at the provider's limit
    "anthropic/anthropic_anthropic-messages_tool_10.sse": ("truncated", "max_tokens"),
    "openai/openai_openai-completions_text_01.lines.ndjson": ("truncated", "length"),
    "openai/openai_openai-completions_text_02.sse": ("truncated", "length"),
    "vllm/vllm_openai-chat_text_01.sse": ("truncated", "length"),
    "vllm/vllm_openai-completions_text_01.sse": ("truncated", "length"),
    # the last event, with the finish reason, lacks its blank line: the standard discards it
    "google-gemini/google-gemini_gemini_text_01.sse": ("interrupted", None),
    # an error in the stream
    "groq/groq_openai-chat_text_03.sse": ("failed", None),
    "groq/groq_openai-chat_text_04.sse": ("failed", None),
    f"{FIXTURES}-chat_text_04.sse": ("failed", None),
    f"{FIXTURES}-completions_text_01.sse": ("failed", None),
    # written by hand, with arguments of which some deltas are left out
    **{f"{FIXTURES}-chat_tool_{n}.sse": ("truncated", "tool_calls") for n in ("08", "12", "13")},
    f"{FIXTURES}-chat_tool_14.sse": ("truncated", "other"),
}


def test_every_recording_that_ended_well_is_complete(corpora):
    found = {}
    for file, summary, body in recorded(corpora):
        bridge = bridge_for(summary)
        bridge.feed(body)
        bridge.close()
        if bridge.verdict.status != "complete":
            found[file] = bridge.verdict.status, bridge.verdict.finish_reason
    assert found == INCOMPLETE


@pytest.mark.soak
def test_every_recording_says_the_same_byte_by_byte(corpora):
    for file, summary, body in recorded(corpora):
        bridge, texts = bridge_for(summary), Texts()
        for at in range(len(body)):
            texts.hear(bridge.items(body[at : at + 1]))
        assert texts.texts == texts_of(summary, body).texts, file


# Cut copies that count as complete although something followed, which nothing before it tells of.
SAID_MORE = {
    "google-vertex/google-vertex_gemini_text_03.sse"
}  # two messages say that they are last


@pytest.mark.soak
def test_a_recording_that_is_cut_is_complete_only_where_all_of_it_was_there(corpora):
    early = set()
    for file, summary, body in recorded(corpora):
        whole = texts_of(summary, body).texts
        bridge, texts = bridge_for(summary), Texts()
        for at in range(0, len(body), STEP):
            copied = copy.deepcopy(bridge)
            copied.close()
            if copied.verdict.status == "complete" and texts.texts != whole:
                early.add(file)
            items = bridge.items(body[at : at + STEP])
            texts.hear(items)
            bridge.hear(items)
    assert early == SAID_MORE
