"""An answer that comes again: what was shown holds, what differs is taken back, nothing is twice.

First the texts alone, then the events of a bridge, as a reader follows them who knows nothing else.
"""

from __future__ import annotations

import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import chunkings, exactly, merged, sizes, utf8_texts
from test_stream import CALLED, DONE, STOP, call, delta, says, sse

from partialjson import ConnectionLost, Parser, StringDelta, ValueEnd
from partialjson.stream import Bridge, Reset, TextDelta, ToolEvent
from partialjson.wire.messages import Channel, Delta
from partialjson.wire.resume import Replay, Rewind

CONTENT, REASONING = Channel("content"), Channel("reasoning")
CALL = Channel("tool", 0, "c0", "dig")
ANEW, OTHER_TOOL = "began its answer anew", "another tool is called"
DIFFERS, SHORTER = "differs from here on", "ends here"

# --- texts ---------------------------------------------------------------------------------------


class View:
    """What a reader shows who follows every step."""

    def __init__(self):
        self.texts = {}

    def follow(self, steps):
        for step in steps:
            before = self.texts.get(step.channel, "")
            if isinstance(step, Delta):
                assert step.text
                self.texts[step.channel] = before + step.text
            else:
                assert before.startswith(step.kept)
                self.texts[step.channel] = step.kept
        return steps

    @property
    def said(self):
        return {channel: text for channel, text in self.texts.items() if text}


@st.composite
def forks(draw, of):
    """A text that begins as another does."""
    return of[: draw(st.integers(0, len(of)))] + draw(st.text("ab", max_size=4))


@st.composite
def attempts(draw):
    """Attempts at one answer, the last of them whole: (its texts, their pieces as they come)."""
    channels = [CONTENT, REASONING, CALL]
    model = {channel: draw(st.text("ab", max_size=12)) for channel in channels}
    made = []
    for _ in range(draw(st.integers(0, 3))):
        some = draw(st.lists(st.sampled_from(channels), unique=True))
        texts = {channel: draw(forks(model[channel])) for channel in some}
        made.append((texts, draw(deliveries(texts, is_cut=True))))
    some = draw(st.lists(st.sampled_from(channels), unique=True))
    texts = {channel: draw(forks(model[channel]) | st.just(model[channel])) for channel in some}
    return [*made, (texts, draw(deliveries(texts, is_cut=False)))]


@st.composite
def deliveries(draw, texts, *, is_cut):
    """How texts come side by side: (channel, whether as all so far, characters)."""
    rows = []
    for channel, text in texts.items():
        end = draw(st.integers(0, len(text))) if is_cut else len(text)
        pieces = draw(chunkings(text[:end]))
        is_whole = draw(st.booleans())
        pieces = itertools.accumulate(pieces) if is_whole else pieces
        rows.append([(channel, is_whole, piece) for piece in pieces])
    return [one for together in itertools.zip_longest(*rows) for one in together if one]


def last_of(made):
    """The texts that hold in the end."""
    return {channel: text for channel, text in made[-1][0].items() if text}


def said_by(replay, piece):
    channel, is_whole, text = piece
    return (replay.whole if is_whole else replay.grow)(channel, text)


@pytest.mark.parametrize("on_diverge", ["reset", "hold"])
@given(attempts())
def test_a_view_that_follows_every_step_ends_as_the_last_attempt(on_diverge, made):
    replay, view = Replay(on_diverge=on_diverge), View()
    for _, pieces in made:
        view.follow(replay.begin())
        for piece in pieces:
            view.follow(said_by(replay, piece))
            assert all(view.texts[c] == replay.text(c) for c in view.texts)
    view.follow(replay.end())
    assert view.said == last_of(made)
    assert all(view.texts[c] == replay.text(c) for c in view.texts)
    assert not replay.is_behind


@given(attempts())
def test_what_is_kept_is_the_longest_beginning_that_both_attempts_have(made):
    replay, view = Replay(), View()
    for _, pieces in made:
        before, came = dict(view.texts), {}
        view.follow(replay.begin())
        for channel, is_whole, text in pieces:
            came[channel] = text if is_whole else came.get(channel, "") + text
            for step in view.follow(said_by(replay, (channel, is_whole, text))):
                if isinstance(step, Rewind):
                    old, new, at = before.pop(channel), came[channel], len(step.kept)
                    assert old[:at] == new[:at] == step.kept
                    assert old[at : at + 1] != new[at : at + 1]
    for step in view.follow(replay.end()):
        if isinstance(step, Rewind):
            assert step.kept == last_of(made).get(step.channel, "")


@given(attempts())
def test_a_text_that_is_held_gets_longer_where_it_is_taken_back(made):
    replay, view = Replay(on_diverge="hold"), View()
    for _, pieces in made:
        replay.begin()
        for piece in pieces:
            before = len(view.texts.get(piece[0], ""))
            steps = view.follow(said_by(replay, piece))
            after = len(view.texts.get(piece[0], ""))
            assert after > before if steps else after == before


@given(attempts())
def test_without_texts_everything_is_told_again(made):
    replay, view = Replay(keeps=False), View()
    for _, pieces in made:
        view.follow(replay.begin())
        for piece in pieces:
            view.follow(said_by(replay, piece))
    assert view.said == last_of(made)
    assert not any(map(replay.text, view.texts))


@given(st.data())
def test_an_answer_that_comes_again_as_it_was_is_swallowed(data):
    text = data.draw(st.text("ab", min_size=1))
    replay = Replay()
    replay.grow(CONTENT, text)
    steps = replay.begin()
    for piece in data.draw(chunkings(text)):
        steps += replay.grow(CONTENT, piece)
    assert steps + replay.end() == []


LONG = "An owl of the wood said: "  # longer than what tells whether an answer began anew
REPLAYS = {  # what was shown; what begins, and comes; what is told: of a rewind, its words
    "the same": ("abc", ["begin", "ab", "c", "end"], []),
    "more": ("abc", ["begin", "ab", "cd"], ["d"]),
    "another character": ("abc", ["begin", "aX", "d"], [("a", DIFFERS), "X", "d"]),
    "another first character": ("abc", ["begin", "X"], [("", DIFFERS), "X"]),
    "less": ("abc", ["begin", "ab", "end"], [("ab", SHORTER)]),
    "nothing": ("abc", ["begin", "end"], [("", SHORTER)]),
    "less, and cut: it may come yet": ("abc", ["begin", "ab", "begin", "ab", "cd"], ["d"]),
    "nothing of what was nothing": ("", ["begin", "end"], [("", SHORTER)]),
    "it is void": ("abc", ["void", "", "ab", "c"], [("", ANEW), "ab", "c"]),
    "it is void, and nothing comes": ("abc", ["void", "end"], [("", SHORTER)]),
    "it goes on": (LONG, [len(LONG), "hoo", "end"], ["hoo"]),
    "it goes on with what is too short to tell": (LONG, [len(LONG), "An owl", "end"], ["An owl"]),
    "it goes on behind its last blanks": (LONG, [len(LONG) - 1, " hoo", "end"], ["hoo"]),
    "it goes on with another blank": (
        LONG,
        [len(LONG) - 1, "\nhoo", "end"],
        [(LONG[:-1], DIFFERS), "\nhoo"],
    ),
    "it goes on with nothing": (LONG, [len(LONG), "end"], []),
    "it was to go on, and begins anew": (LONG, [len(LONG), *sizes(LONG, 5), "hoo"], ["hoo"]),
    "it was to go on, and begins anew otherwise": (
        LONG,
        [len(LONG), LONG[:24], "X"],
        [(LONG[:24], DIFFERS), "X"],
    ),
}


def replayed(shown, calls, **options):
    """What is told where a text comes again: its characters, or (what is kept, a reason)."""
    replay = Replay(**options)
    steps = replay.grow(CONTENT, shown)
    assert steps == ([Delta(CONTENT, shown)] if shown else [])
    told = []
    for one in calls:
        match one:
            case "begin" | "end":
                told += getattr(replay, one)()
            case "void":
                replay.void()
            case int():
                replay.join(CONTENT, one)
            case _:
                told += replay.grow(CONTENT, one)
    return told


def assert_told(steps, expected):
    assert len(steps) == len(expected)
    for step, one in zip(steps, expected, strict=True):
        if isinstance(step, Delta):
            assert step.text == one
        else:
            assert step.kept == one[0]
            assert one[1] in step.reason


@pytest.mark.parametrize("case", REPLAYS)
def test_of_a_text_that_comes_again(case):
    shown, calls, expected = REPLAYS[case]
    assert_told(replayed(shown, calls), expected)


HELD = {
    "until there is more": (["begin", "aX", "Y", "Z"], [("a", DIFFERS), "XYZ"]),
    "until the end": (["begin", "aX", "end"], [("a", DIFFERS), "X"]),
    "for nothing: it broke off": (["begin", "aX", "begin", "abcd"], ["d"]),
    "not where it is void": (["void", "X"], [("", ANEW), "X"]),
}


@pytest.mark.parametrize("case", HELD)
def test_what_differs_is_held(case):
    calls, expected = HELD[case]
    assert_told(replayed("abc", calls, on_diverge="hold"), expected)


def test_without_texts_what_begins_anew_takes_all_back_at_once():
    steps = replayed("abc", ["begin", "ab"], keeps=False)
    assert_told(steps, [("", ANEW), "ab"])


def test_a_channel_that_does_not_come_again_is_forgotten():
    replay = Replay()
    replay.grow(CONTENT, "ab")
    replay.call(CALL)
    replay.begin()
    replay.grow(CONTENT, "ab")
    assert_told(replay.end(), [("", SHORTER)])
    assert replay.channels == [CONTENT]


TOOLS = {  # the names that a call is given again, one after the other; whether it is another call
    "the same": (["dig"], False),
    "another": (["fly"], True),
    "none so far": ([None], False),
    "none, and then the same": ([None, "dig"], False),
    "none, and then another": ([None, "fly"], True),
}


@pytest.mark.parametrize("case", TOOLS)
def test_the_arguments_of_another_tool_are_none_of_a_call(case):
    names, is_other = TOOLS[case]
    replay, steps = Replay(), []
    replay.call(CALL)
    replay.grow(CALL, "{}")
    replay.begin()
    for name in names:
        steps += replay.call(Channel("tool", 0, "c1", name))
    steps += replay.grow(CALL, "{}")
    assert_told(steps, [("", OTHER_TOOL), "{}"] if is_other else [])
    assert [(one.id, one.name) for one in replay.channels] == [("c1", names[-1] or "dig")]


# --- events --------------------------------------------------------------------------------------


def told_of(event):
    """The channel that an event is of, and what happened there; text is as a string of its own."""
    match event:
        case ToolEvent(channel, inner):
            return channel, inner
        case TextDelta(channel, text):
            return channel, StringDelta(("text",), text)
        case Reset(channel):
            return channel, event
    return CONTENT, event


def parsed(channel, text):
    """What an uncut run tells of a text: by a parser alone, which this file takes on trust."""
    if channel.kind == "reasoning":
        return [StringDelta(("text",), text)] if text else []
    return Parser().feed(text)


def found(_, text):
    """The same of an answer with JSON in it."""
    return [told_of(event)[1] for event in Bridge(parse="find").feed(text)]


class Screen:
    """A reader who follows every event: what holds of each channel, and which values are closed."""

    def __init__(self, tells=parsed, lead=0):
        self.tells, self.logs, self.closed = tells, {}, {}
        self.lead = lead  # characters before the JSON, which offsets do not count

    def follow(self, events, texts):
        """Apply the events of an attempt, of which the texts are these."""
        for channel, event in map(told_of, events):
            if isinstance(event, Reset):
                kept = texts.get(channel, "")[: self.lead + event.keep]
                self.logs[channel] = self.tells(channel, kept)
                self.closed = {at: end for at, end in self.closed.items() if self.holds(at, event)}
                assert self.closed.keys() == self.ends  # the rest goes on as if only they had come
                continue
            self.logs.setdefault(channel, []).append(event)
            if isinstance(event, ValueEnd):
                at = channel, event.path, event.start
                assert at not in self.closed
                self.closed[at] = event

    def holds(self, at, reset):
        """Whether a value holds: a number that ends where the text is kept to may go on."""
        end = self.closed[at]
        is_behind = end.end > reset.keep or (end.kind == "number" and end.end == reset.keep)
        return at[0] != reset.channel or not is_behind

    @property
    def ends(self):
        """The values that are closed by what holds."""
        ends = [(c, one) for c, log in self.logs.items() for one in log if type(one) is ValueEnd]
        return {(channel, one.path, one.start) for channel, one in ends}

    @property
    def shown(self):
        return {channel: exactly(merged(log)) for channel, log in self.logs.items() if log}

    def uncut(self, texts):
        logs = {channel: self.tells(channel, text) for channel, text in texts.items()}
        return {channel: exactly(merged(log)) for channel, log in logs.items() if log}


near = st.sampled_from(["1", "12", "123", '"a"', '"ab"', '"abc"', "[]", '{"a": 1}', '{"a": 12}'])
elements = st.lists(near | utf8_texts, max_size=4)


@st.composite
def documents(draw, base):
    """An array that begins with the elements of another."""
    kept = draw(st.integers(0, len(base)))
    return f"[{','.join(base[:kept] + draw(elements))}]"


FRAMES = st.sampled_from(
    [("", ""), ("Here: ```json\n", "\n```"), ("<think>[1]</think>\n", "\nOwl é.")]
)
SOURCES = {  # what the source is made of; how its JSON is found
    "JSON": (str, parsed),
    "bytes cut inside characters": (str.encode, parsed),
    "an answer with JSON in it": (str, found),
    "bytes of such an answer": (str.encode, found),
}


@pytest.mark.parametrize("kind", SOURCES)
@given(data=st.data())
def test_a_document_that_comes_again_is_told_once(kind, data):
    made_of, tells = SOURCES[kind]
    before, after = data.draw(FRAMES) if tells is found else ("", "")
    bridge = Bridge(keeps=True, parse="find" if tells is found else "json")
    (root,) = tells(CONTENT, f"{before}[]{after}")[1:]
    screen = Screen(tells, len(before) - root.start)  # blanks before the JSON may count
    base, sent = data.draw(elements), data.draw(st.integers(0, 3))
    for number in range(sent + 1):
        document = data.draw(documents(base))
        text = before + document + after
        source, is_last = made_of(text), number == sent
        end = len(source) if is_last else data.draw(st.integers(0, len(source)))
        for piece in data.draw(chunkings(source[:end])):
            screen.follow(bridge.feed(piece, epoch=number), {CONTENT: text})
        assert bridge.unfinished() is None if is_last else bridge.again() == []
    screen.follow(bridge.close(), {CONTENT: text})
    assert screen.shown == screen.uncut({CONTENT: text})
    assert exactly(bridge.result) == exactly(json.loads(document))
    assert (bridge.verdict.status, bridge.verdict.attempts) == ("complete", sent + 1)


@st.composite
def said_texts(draw, bases):
    """The texts of an answer by channel, and how its calls are named."""
    texts = {REASONING: draw(st.text("ab", max_size=6))} if draw(st.booleans()) else {}
    texts[CONTENT] = draw(documents(bases[0]))
    for index in range(draw(st.integers(0, 2))):
        name = draw(st.sampled_from(["dig", "fly"]))
        texts[Channel("tool", index, name=name)] = draw(documents(bases[index + 1]))
    return texts


@st.composite
def chunks(draw, texts, attempt):
    """Messages in which texts come side by side."""
    rows = [
        [message(channel, piece, attempt, is_first=not at) for at, piece in enumerate(pieces)]
        for channel, text in texts.items()
        for pieces in [draw(chunkings(text))]
    ]
    return [one for together in itertools.zip_longest(*rows) for one in together if one]


def message(channel, text, attempt, *, is_first):
    if channel.kind != "tool":
        return delta(**{channel.kind: text})
    if is_first:
        return call(text, channel.index, f"c{attempt}-{channel.index}", channel.name)
    return call(text, channel.index)


@pytest.mark.parametrize("on_diverge", ["reset", "hold"])
@given(st.data())
def test_an_answer_with_reasoning_and_calls_that_comes_again_is_told_once(on_diverge, data):
    bridge, screen = Bridge(provider="chat", keeps=True, on_diverge=on_diverge), Screen()
    bases, sent = [data.draw(elements) for _ in range(3)], data.draw(st.integers(0, 2))
    for number in range(sent + 1):
        texts = data.draw(said_texts(bases))
        body = sse(*data.draw(chunks(texts, number)), STOP, DONE)
        if number < sent:
            body = body[: data.draw(st.integers(0, len(body) - len(sse(STOP, DONE))))]
        for piece in data.draw(chunkings(body)):
            screen.follow(bridge.feed(piece), texts)
        if number < sent:
            screen.follow(bridge.again(), texts)
    screen.follow(bridge.close(), texts)
    values = {channel: json.loads(text) for channel, text in texts.items() if text[:1] == "["}
    assert screen.shown == screen.uncut(texts)
    assert exactly(bridge.result) == exactly(values.pop(CONTENT))
    assert {c: exactly(value) for c, value in bridge.tools.items()} == {
        c: exactly(value) for c, value in values.items()
    }
    assert {(c.index, c.name) for c in bridge.tools} == {(c.index, c.name) for c in values}
    assert bridge.shown == {channel: text for channel, text in texts.items() if text}


@given(st.data())
def test_a_bridge_in_another_process_goes_on_and_tells_nothing_twice(data):
    bases, screen = [data.draw(elements) for _ in range(3)], Screen()
    first, second = Bridge(provider="chat", keeps=True), Bridge(provider="chat", keeps=True)
    texts = data.draw(said_texts(bases))
    body = sse(*data.draw(chunks(texts, 0)))
    screen.follow(first.feed(body[: data.draw(st.integers(0, len(body)))]), texts)
    second.restore(json.loads(json.dumps(first.state())))
    assert second.shown == first.shown
    screen.follow(second.again(), texts)
    texts = data.draw(st.just(texts) | said_texts(bases))
    screen.follow(second.feed(sse(*data.draw(chunks(texts, 1)), STOP, DONE)), texts)
    screen.follow(second.close(), texts)
    assert screen.shown == screen.uncut(texts)
    assert (second.verdict.status, second.verdict.attempts) == ("complete", 2)


# --- examples ------------------------------------------------------------------------------------

OWLS = '[{"owl": "hoo"}, {"owl": "é"}]'


def heard(bridge, text, *, end=(STOP, DONE)):
    return bridge.feed(sse(*says(*sizes(text, 3)), *end))


def begun(text=OWLS[:20], **options):
    """A bridge that has heard the beginning of an answer, which is then asked for again."""
    bridge = Bridge(provider="chat", keeps=True, **options)
    bridge.feed(sse(*says(text)))
    bridge.again()
    return bridge


def test_every_cut_of_every_byte_is_healed_by_the_same_answer():
    for source in (OWLS.encode(), sse(*says(*sizes(OWLS, 3)), STOP, DONE)):
        provider = "chat" if source.startswith(b"data") else None
        for end in range(len(source) - 1):
            bridge = Bridge(provider=provider, keeps=True)
            events = bridge.feed(source[:end])
            if bridge.over or bridge.unfinished() is None:
                continue
            bridge.again()
            for piece in sizes(source, 9):
                events += bridge.feed(piece)
            events += bridge.close()
            assert merged(events) == Parser().feed(OWLS)
            assert bridge.result == json.loads(OWLS)


def test_a_call_that_begins_anew_keeps_its_place():
    bridge = Bridge(provider="chat", keeps=True)
    for depth in "12":
        bridge.feed(sse(call(depth, 0, "c0", "dig"), call("[]", 1, "c1", "fly")))
        bridge.again() if depth == "1" else None
    assert [channel.name for channel in bridge.tools] == ["dig", "fly"]


def test_what_is_kept_of_an_answer_with_json_in_it_is_counted_as_its_values_are():
    bridge, before = Bridge(keeps=True, parse="find"), "Here are two owls: "
    ends = [event for event in bridge.feed(before + OWLS) if isinstance(event, ValueEnd)]
    bridge.again()
    (reset,) = bridge.feed(before + OWLS[:20] + "\x00")
    kept = [event.path for event in ends if event.end <= reset.keep]
    assert kept == [(0, "owl"), (0,)]


def test_what_is_held_is_told_where_a_source_without_a_protocol_is_over():
    bridge = Bridge(keeps=True, on_diverge="hold")
    bridge.feed("[1, 2")
    bridge.again()
    assert bridge.feed("[1]") == []
    assert bridge.unfinished() is None
    bridge.close()
    assert bridge.result == [1]


def test_a_number_that_goes_on_was_not_closed_by_what_is_kept():
    bridge = begun("[1, 12, 3")
    events = heard(bridge, "[1, 123]")
    assert events[0].keep == len("[1, 12")
    (number, *_) = [event for event in events if isinstance(event, ValueEnd)]
    # `Reset` says that every value which ended behind `keep` is taken back; 12 ended there.
    assert (number.path, number.value) == ((1,), 123)


def test_a_difference_may_end_the_stream():
    bridge = begun(on_diverge="raise")
    assert heard(bridge, OWLS.replace("hoo", "hoot")) == []
    assert bridge.over
    bridge.close()
    assert isinstance(bridge.error, ConnectionLost)
    assert "character 13 of content" in str(bridge.error)
    with pytest.raises(ConnectionLost):
        _ = bridge.result


def test_an_answer_that_ends_sooner_may_end_the_stream():
    bridge = begun('["a"]  ', on_diverge="raise")
    heard(bridge, '["a"]')
    bridge.close()
    assert SHORTER in str(bridge.error)


def test_a_late_piece_of_an_earlier_attempt_is_dropped():
    bridge = begun()
    assert bridge.feed(sse(*says("junk")), epoch=0) == []
    assert bridge.feed(sse(*says(OWLS)), epoch=1)
    assert bridge.shown == {CONTENT: OWLS}


def test_without_texts_an_answer_that_begins_anew_takes_back_everything():
    bridge = Bridge(provider="chat")
    bridge.feed(sse(*says("[1, 2")))
    (reset,) = bridge.again()
    assert (reset.channel, reset.keep) == (CONTENT, 0)
    events = heard(bridge, "[1]")
    assert merged(events) == Parser().feed("[1]")


def test_an_answer_that_is_not_to_be_compared_takes_all_back_with_its_first_text():
    bridge = Bridge(provider="chat", keeps=True)
    bridge.feed(sse(*says("[1, 2")))
    assert bridge.again(compares=False) == []
    reset, *events = heard(bridge, "[1, 3]")
    assert (reset.keep, merged(events)) == (0, Parser().feed("[1, 3]"))


@pytest.mark.parametrize("anew", [True, False])
def test_an_answer_that_was_begun_for_the_model_goes_on_or_is_compared(anew):
    text, rest = '{"owl": "hoo hoo hoo hoo", ', '"moth": 1}'
    bridge = Bridge(provider="chat", keeps=True)
    events = bridge.feed(sse(*says(text)))
    bridge.again(joins_at=len(text.rstrip()))
    events += heard(bridge, text + rest if anew else " " + rest)
    events += bridge.close()
    assert merged(events) == Parser().feed(text + rest)


def test_an_answer_that_comes_again_without_any_text_is_not_over():
    bridge = begun()
    bridge.feed(sse(STOP, DONE))
    assert bridge.unfinished().retryable


def test_what_was_billed_is_counted():
    bridge = begun()
    heard(bridge, OWLS[:5], end=())
    bridge.again(bills=False)
    heard(bridge, OWLS)
    bridge.close()
    assert (bridge.verdict.attempts, bridge.verdict.billed) == (3, 2)


def test_a_bridge_of_json_bytes_goes_on_in_another_process():
    first, second = Bridge(keeps=True), Bridge(keeps=True)
    events = first.feed(OWLS.encode()[:12])
    second.restore(json.loads(json.dumps(first.state())))
    second.again()
    events += second.feed(OWLS.encode())
    assert merged(events) == Parser().feed(OWLS)


def test_a_state_is_of_one_version():
    with pytest.raises(ValueError, match="version 1"):
        Bridge(keeps=True).restore({"version": 2})


# --- values of a type ----------------------------------------------------------------------------


@pytest.fixture
def owl():
    pydantic = pytest.importorskip("pydantic", reason="models are its types")
    return pydantic.create_model("Owl", owl=str)


def kept_objects(model, keeps_to):
    """The objects of a type that must hold, and those that are there once the rest is void."""
    bridge, ends = Bridge(provider="chat", keeps=True, model=list[model]), {}
    for event in bridge.feed(sse(*says(OWLS[:-1]))):
        ends |= {event.path: event.end} if isinstance(event, ValueEnd) else {}
    before = {path: one for path, one in bridge.valid.items() if ends[path] <= keeps_to}
    bridge.again()
    events = bridge.feed(sse(*says(OWLS[:keeps_to] + "\x00")))
    assert [event.keep for event in events if isinstance(event, Reset)] == [keeps_to]
    return before, bridge.valid


@pytest.mark.parametrize("keeps_to", range(2, len(OWLS) - 1))
def test_the_objects_of_values_that_hold_stay_the_very_same(owl, keeps_to):
    before, after = kept_objects(owl, keeps_to)
    assert before == after
    assert all(after[path] is one for path, one in before.items() if isinstance(one, owl))


def test_the_objects_of_a_union_that_hold_stay_the_very_same(owl):
    before, after = kept_objects(owl | int, len(OWLS) - 5)
    assert isinstance(before[0,], owl)
    assert after[0,] is before[0,]


def test_a_call_of_a_type_keeps_its_objects_too(owl):
    bridge, told = Bridge(provider="chat", keeps=True, tools={"dig": list[owl]}), {}
    for text, end in ((OWLS[:-1], []), (OWLS[:-2] + ', "age": 1}]', [CALLED, DONE])):
        events = bridge.feed(sse(call(text, id_="c0", name="dig"), *end))
        told |= {one.event.path: one.event for one in events if hasattr(one, "event")}
        bridge.again() if not end else None
    bridge.close()
    (owls,) = bridge.tools.values()
    assert [one.owl for one in owls] == ["hoo", "é"]
    assert owls[0] is told[0,].value


# --- several texts, and states between two answers -----------------------------------------------

BLOCKS = ['{"a": 1, ', '"b": 23}']


def blocks(*texts, ends=True):
    """An answer of Anthropic's in several blocks of text."""
    events = [{"type": "message_start", "message": {"id": "m", "content": []}}]
    for index, text in enumerate(texts):
        said = {"type": "text_delta", "text": text}
        start = {"type": "text", "text": ""}
        events += [
            {"type": "content_block_start", "index": index, "content_block": start},
            {"type": "content_block_delta", "index": index, "delta": said},
        ]
    end = [
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {}},
        {"type": "message_stop"},
    ]
    return sse(*events, *(end if ends else []))


def test_a_content_in_blocks_is_one_text_that_comes_again():
    bridge = Bridge(provider="anthropic", keeps=True)
    bridge.feed(blocks(BLOCKS[0], '"b": 22', ends=False))
    bridge.again()
    events = bridge.feed(blocks(*BLOCKS))
    assert [one.keep for one in events if isinstance(one, Reset)] == [len(BLOCKS[0]) + 6]
    bridge.close()
    assert bridge.result == {"a": 1, "b": 23}


def test_each_block_of_a_text_holds_for_itself():
    bridge = Bridge(provider="anthropic", parse="text", keeps=True)
    bridge.feed(blocks("Hello", "World", ends=False))
    bridge.again()
    bridge.feed(blocks("Help", "World"))
    bridge.close()
    assert bridge.result == "HelpWorld"


def test_the_arguments_of_a_call_whose_other_name_comes_late_are_all_told():
    replay, view = Replay(), View()
    for step in (lambda: replay.call(CALL), lambda: replay.grow(CALL, '{"city": "Hilo"}')):
        view.follow(step())
    replay.begin()
    unnamed, named = Channel("tool", 0, "c2"), Channel("tool", 0, "c2", "flights")
    view.follow([*replay.call(unnamed), *replay.grow(unnamed, '{"city"'), *replay.call(named)])
    view.follow([*replay.grow(named, ': "Paris"}'), *replay.end()])
    assert view.texts[CALL] == '{"city": "Paris"}'


def test_a_state_in_the_middle_of_a_replay_has_no_cursor():
    bridge = Bridge(provider="chat", keeps=True)
    bridge.feed(b"id: 7\n" + sse(*says("[1, 2, 3")))
    bridge.again()
    bridge.feed(b"id: 2\n" + sse(*says("[1, ")))
    assert bridge.state()["last_event_id"] == ""
    bridge.feed(b"id: 3\n" + sse(*says("2, 3, ")))
    assert bridge.state()["last_event_id"] == "3"


def test_a_shorter_text_that_ends_cleanly_takes_the_rest_back():
    bridge = Bridge(provider="text", parse="text", keeps=True)
    bridge.feed(b"hello world, all")
    bridge.again()
    bridge.feed(b"hello")
    assert bridge.unfinished() is None
    assert [one.keep for one in bridge.close()] == [5]


def test_a_number_that_was_cut_twice_is_not_over():
    bridge = Bridge(keeps=True)
    bridge.feed("123456")
    bridge.again()
    bridge.feed("12")
    lost = ConnectionLost("cut", retryable=True)
    assert bridge.unfinished(lost) is lost
    bridge.again()
    assert bridge.feed("123456") == []
    assert bridge.unfinished() is None
    bridge.close()
    assert bridge.result == 123456


def test_closed_json_that_lacks_a_line_end_the_second_time_is_complete():
    bridge = Bridge(provider="chat", keeps=True)
    bridge.feed(sse(*says("[1, 2]\n")))
    bridge.again()
    bridge.feed(sse(*says("[1, 2]")))
    assert bridge.unfinished() is None
    bridge.close()
    assert (bridge.result, bridge.verdict.status) == ([1, 2], "complete")


@pytest.mark.parametrize("thinks", [True, False])
def test_a_prefilled_answer_keeps_what_was_thought_unless_it_is_thought_anew(thinks):
    shown = "[1, 2, 3, 4, 5, 6, 7, 8, 9"
    bridge = Bridge(provider="chat", keeps=True)
    bridge.feed(sse(delta(reasoning="Think A. "), *says(shown)))
    bridge.again(joins_at=len(shown))
    thought = [delta(reasoning="Think B. ")] if thinks else []
    bridge.feed(sse(*thought, *says(", 10]"), STOP, DONE))
    bridge.close()
    assert bridge.shown[CONTENT] == shown + ", 10]"
    assert bridge.shown[Channel("reasoning")] == f"Think {'AB'[thinks]}. "
