"""What was heard of a stream to a verdict: one row for each way in which a stream can end."""

from __future__ import annotations

import itertools
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partialjson.wire.messages import (
    Channel,
    Delta,
    Done,
    Failure,
    Finish,
    Heartbeat,
    ToolCall,
    Unknown,
    Usage,
)
from partialjson.wire.resume import Status, Verdict, Witness

TEXT = Delta(Channel("content"), "[1")
OTHER = Delta(Channel("content", choice=1), "[1")
CALL = Delta(Channel("tool", 0, "c1", "dig"), "[1")
REFUSAL = Delta(Channel("refusal"), "No.")
STOP, LENGTH, DONE = Finish("stop"), Finish("length"), Done()
OUT = Failure("The owl is out", 502, retryable=True)

CLOSED, OPEN = "JSON closed", "JSON open"
MARKED, UNMARKED = "end marker", "no end marker"

ENDS = {  # what was heard; whether the JSON is whole, None without any; the verdict
    # complete
    "a whole value with all that a protocol can say": (
        [TEXT, STOP, DONE],
        True,
        ("complete", "finish_reason stop", MARKED, CLOSED),
    ),
    "a whole value and the marker alone": ([TEXT, DONE], True, ("complete", MARKED, CLOSED)),
    "a whole value and a finish reason alone": (
        [TEXT, STOP],
        True,
        ("complete", "finish_reason stop", CLOSED),
    ),
    "a whole value alone: the root is closed": ([TEXT], True, ("complete", UNMARKED, CLOSED)),
    "a whole value at the provider's limit": (
        [TEXT, LENGTH, DONE],
        True,
        ("complete", "finish_reason length", MARKED, CLOSED),
    ),
    "a text with a marker": ([TEXT, DONE], None, ("complete", MARKED)),
    "a text with a finish reason": ([TEXT, STOP], None, ("complete", "finish_reason stop")),
    "calls": (
        [ToolCall(CALL.channel), CALL, Finish("tool_calls"), DONE],
        True,
        ("complete", "finish_reason tool_calls", MARKED, CLOSED),
    ),
    "a call that has no arguments": (
        [ToolCall(CALL.channel), Finish("tool_calls")],
        None,
        ("complete", "finish_reason tool_calls"),
    ),
    "each choice with a reason of its own": (
        [TEXT, OTHER, STOP, Finish("stop", 1)],
        None,
        ("complete", "finish_reason stop", "finish_reason stop"),
    ),
    "text behind its finish reason": (
        [TEXT, STOP, TEXT],
        None,
        ("complete", "finish_reason stop"),
    ),
    # truncated
    "a cut value at the provider's limit": (
        [TEXT, LENGTH, DONE],
        False,
        ("truncated", "finish_reason length", MARKED, OPEN),
    ),
    "a cut value at a limit, by Anthropic's word": (
        [TEXT, Finish("max_tokens")],
        False,
        ("truncated", "finish_reason max_tokens", OPEN),
    ),
    "a cut value behind a clean end": (
        [TEXT, STOP, DONE],
        False,
        ("truncated", "finish_reason stop", MARKED, OPEN),
    ),
    "a cut value behind the marker alone": ([TEXT, DONE], False, ("truncated", MARKED, OPEN)),
    "a text at the provider's limit": (
        [TEXT, LENGTH, DONE],
        None,
        ("truncated", "finish_reason length", MARKED),
    ),
    "a reason that changes: the last one counts": (
        [TEXT, STOP, LENGTH],
        None,
        ("truncated", "finish_reason length"),
    ),
    "one choice at the limit before another ended": (
        [TEXT, OTHER, LENGTH],
        False,
        ("truncated", "finish_reason length", UNMARKED, OPEN),
    ),
    # filtered and refused
    "a filter": (
        [TEXT, Finish("content_filter"), DONE],
        False,
        ("filtered", "finish_reason content_filter", MARKED, OPEN),
    ),
    "a filter, though the value is whole": (
        [TEXT, Finish("safety")],
        True,
        ("filtered", "finish_reason safety", CLOSED),
    ),
    "a filter behind a refusal": (
        [REFUSAL, Finish("recitation")],
        None,
        ("filtered", "finish_reason recitation", "refusal"),
    ),
    "a refusal": (
        [REFUSAL, STOP, DONE],
        None,
        ("refused", "finish_reason stop", MARKED, "refusal"),
    ),
    "a refusal by the finish reason": (
        [TEXT, Finish("refusal")],
        False,
        ("refused", "finish_reason refusal", OPEN),
    ),
    "a refusal whose end was lost": ([REFUSAL], None, ("refused", UNMARKED, "refusal")),
    # interrupted
    "nothing": ([], None, ("interrupted", UNMARKED)),
    "nothing that means anything": (
        [Heartbeat("PROCESSING"), Unknown("note", 7), Usage(1, 2, {})],
        False,
        ("interrupted", UNMARKED, OPEN),
    ),
    "a cut value": ([TEXT], False, ("interrupted", UNMARKED, OPEN)),
    "a text without an end": ([TEXT], None, ("interrupted", UNMARKED)),
    "a choice without an end beside one that has it": (
        [TEXT, OTHER, STOP],
        None,
        ("interrupted", "finish_reason stop", UNMARKED),
    ),
    "a call without an end beside a choice that has it": (
        [TEXT, Delta(Channel("tool", choice=1), "{"), STOP],
        False,
        ("interrupted", "finish_reason stop", UNMARKED, OPEN),
    ),
    # failed
    "an error": ([OUT], None, ("failed", UNMARKED, "error: The owl is out")),
    "an error behind a finish reason": (
        [TEXT, LENGTH, OUT, DONE],
        False,
        ("failed", "finish_reason length", MARKED, OPEN, "error: The owl is out"),
    ),
    "an error behind a whole value": (
        [TEXT, STOP, OUT],
        True,
        ("failed", "finish_reason stop", CLOSED, "error: The owl is out"),
    ),
    "an error behind a refusal": (
        [REFUSAL, OUT],
        None,
        ("failed", UNMARKED, "refusal", "error: The owl is out"),
    ),
    "two errors: the first is the cause": (
        [OUT, Failure("Gone")],
        None,
        ("failed", UNMARKED, "error: The owl is out"),
    ),
}


def heard(items):
    witness = Witness()
    for item in items:
        witness.hear(item)
    return witness


@pytest.mark.parametrize("end", ENDS)
def test_a_stream_ends_as(end):
    items, whole, (status, *evidence) = ENDS[end]
    verdict = heard(items).verdict(whole=whole)
    assert (verdict.status, verdict.evidence) == (status, tuple(evidence))


@pytest.mark.parametrize("end", ENDS)
def test_a_reader_who_leaves_cancels_what_would_have_been_interrupted_and_nothing_else(end):
    items, whole, (status, *evidence) = ENDS[end]
    verdict = heard(items).verdict(whole=whole, cancelled=True)
    assert verdict.status == ("cancelled" if status == "interrupted" else status)
    assert verdict.evidence == tuple(evidence)


@pytest.mark.parametrize("end", ENDS)
def test_a_fault_of_the_reader_is_a_failure_whatever_was_said(end):
    items, whole, (_, *evidence) = ENDS[end]
    verdict = heard(items).verdict(whole=whole, fault="expected a value")
    said = [one for one in evidence if not one.startswith("error: ")]
    assert verdict.status == "failed"
    assert verdict.evidence == (*said, "error: expected a value")


UNPROVED = {  # how it is judged, beside closed JSON without a marker: the verdict
    "a clean end": ({}, ("complete", False)),
    "a clean end, where the protocol must say so": ({"strict": True}, ("interrupted", False)),
    "a connection that broke": ({"lost": "reset by peer"}, ("interrupted", False)),
    "calls alone: another one may have followed": ({"sealed": False}, ("interrupted", False)),
    "JSON that is all the protocol there is": ({"marked": True}, ("complete", True)),
    "the same over a connection that broke": (
        {"marked": True, "lost": "reset by peer"},
        ("complete", True),
    ),
}


@pytest.mark.parametrize("case", UNPROVED)
def test_closed_json_is_taken_for_an_end_only_where_nothing_speaks_against_it(case):
    how, expected = UNPROVED[case]
    verdict = heard([TEXT]).verdict(whole=True, **how)
    assert (verdict.status, verdict.confirmed) == expected


def test_an_end_that_the_protocol_told_is_confirmed_whatever_the_connection_did():
    verdict = heard([TEXT, STOP]).verdict(whole=True, lost="reset by peer", strict=True)
    assert (verdict.status, verdict.confirmed) == ("complete", True)
    assert verdict.evidence[-1] == "connection: reset by peer"


def test_a_provider_may_say_that_it_was_cancelled():
    assert heard([TEXT, Finish("cancelled"), DONE]).verdict(whole=False).status == "cancelled"


def test_the_table_has_every_status_but_the_reader_s_own():
    assert {status for _, _, (status, *_) in ENDS.values()} == {*get_args(Status)} - {"cancelled"}


def test_a_verdict_holds_what_the_provider_said_last():
    first, last = Usage(1, 2, {}), Usage(3, 4, {})
    items = [first, Finish("length", 1), Finish("stop"), last, OUT]
    verdict = heard(items).verdict(whole=False)
    assert verdict == Verdict(
        "failed",
        ("finish_reason length", "finish_reason stop", OPEN, "error: The owl is out"),
        "stop",
        last,
        OUT,
        confirmed=True,
    )
    assert heard([Finish("length", 1)]).verdict(whole=None).finish_reason is None


FINISHED = {
    "nothing": ([], False),
    "text": ([TEXT], False),
    "the marker": ([TEXT, DONE], True),
    "a reason for the one choice": ([TEXT, STOP], True),
    "a reason for one of two": ([TEXT, OTHER, STOP], False),
    "a reason for both": ([TEXT, OTHER, STOP, Finish("stop", 1)], True),
    "an error": ([TEXT, OUT], False),
}


@pytest.mark.parametrize("case", FINISHED)
def test_the_protocol_itself_said_that_it_is_over(case):
    items, finished = FINISHED[case]
    assert heard(items).finished is finished


SAID = [TEXT, OTHER, CALL, REFUSAL, STOP, LENGTH, DONE, OUT, Finish("stop", 1), Heartbeat()]


@given(st.lists(st.sampled_from(SAID), max_size=6), st.booleans())
def test_nothing_that_was_said_makes_a_cut_value_complete(items, cancelled):
    assert heard(items).verdict(whole=False, cancelled=cancelled).status != "complete"


@given(st.lists(st.sampled_from(SAID), max_size=6), st.booleans())
def test_a_clean_end_alone_is_never_a_success(items, cancelled):
    verdict = heard(items).verdict(whole=None, cancelled=cancelled)
    assert verdict.status != "complete" or UNMARKED not in verdict.evidence


def test_only_an_error_hides_a_filter_or_a_refusal():
    for items in itertools.permutations([TEXT, STOP, REFUSAL, DONE]):
        assert heard(items).verdict(whole=True).status == "refused"
        assert heard([*items, OUT]).verdict(whole=True).status == "failed"
