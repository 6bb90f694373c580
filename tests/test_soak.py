"""What takes its time: long streams, many of them, and recordings cut at every byte."""

from __future__ import annotations

import gc
import json
import random

import pytest
from support import exactly, merged

from partialjson import LiveValue, Parser, PartialJSONError, StringDelta, stream

pytestmark = pytest.mark.soak

EVERY_CUT = 3_000  # bytes up to which a recording is cut at each of them
SOME_CUTS = 40  # of a longer one


def rows(count):
    return [
        {"id": i, "name": f"row {i} é", "tags": ["a", "b\n"], "price": i / 7, "of": None}
        for i in range(count)
    ]


def as_a_model_writes(text, seed):
    numbers, pos = random.Random(seed), 0
    while pos < len(text):
        size = numbers.randint(1, 8)
        yield text[pos : pos + size]
        pos += size


@pytest.mark.parametrize("kind", [Parser, LiveValue])
def test_ten_megabytes_written_as_by_a_model_are_read_whole(kind):
    text = json.dumps(rows(110_000), ensure_ascii=False)
    parser = kind()
    for delta in as_a_model_writes(text, 1):
        parser.feed(delta)
    parser.close()
    assert len(text) > 10_000_000
    assert parser.value == json.loads(text)


@pytest.mark.parametrize("kind", [Parser, LiveValue])
def test_thousands_of_texts_leave_nothing_behind(kind):
    whole = json.dumps(rows(3))
    wrong, cut = whole.replace("null", "nul1"), whole[:-20]

    def read_all():
        for seed in range(1_000):
            for text in (whole, wrong, cut):
                read(kind(), as_a_model_writes(text, seed))
        gc.collect()
        return len(gc.get_objects())

    read_all()
    before = read_all()
    assert read_all() <= before + 10


def read(parser, deltas):
    try:
        for delta in deltas:
            parser.feed(delta)
        parser.close()
    except PartialJSONError:
        pass


def heard(pieces, parse):
    """What a stream says: events with adjacent deltas merged, the values, and how it ended."""
    flow = stream(pieces, provider="chat", parse=parse, finish="lenient")
    events = []
    try:
        events += flow
    except PartialJSONError as error:
        events.append(str(error))
    told = [event for event in events if type(event).__name__ != "Heartbeat"]
    by_channel = sorted(told, key=lambda event: repr(getattr(event, "channel", "")))
    return exactly([merged(by_channel), flow.value, flow.tools, flow.verdict, flow.bridge.error])


def test_a_recording_says_the_same_however_it_is_cut(corpora):
    folder = corpora / "recordings"
    index = (folder / "index.jsonl").read_text("utf-8").splitlines()
    chosen = [
        row
        for row in map(json.loads, index)
        if row["api"] == "openai-chat" and row["transport"] == "sse"
    ]
    for row in chosen:
        body = (folder / row["file"]).read_bytes()
        parse = "json" if row["kind"] == "json" else "text"
        expected = heard([body], parse)
        cuts = range(len(body) + 1)
        if len(body) > EVERY_CUT:
            cuts = random.Random(row["file"]).sample(cuts, SOME_CUTS)
        for cut in cuts:
            assert heard([body[:cut], body[cut:]], parse) == expected, (row["file"], cut)
    assert len(chosen) > 100


def test_a_string_of_fifty_megabytes_grows_in_place():
    live = LiveValue()
    live.feed('{"text": "')
    piece = "sixteen letters " * 4
    for _ in range(800_000):
        live.feed(piece)
    live.feed('"}')
    assert len(live.close()["text"]) == 800_000 * 64


def test_a_long_stream_of_events_is_told_once_each():
    parser, deltas = Parser(), 0
    for piece in as_a_model_writes('["' + "prose and " * 300_000 + '"]', 2):
        deltas += sum(type(event) is StringDelta for event in parser.feed(piece))
    assert parser.complete
    assert deltas > 500_000
