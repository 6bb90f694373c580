"""Deadlines by a clock that the test holds in its hand."""

from __future__ import annotations

import pytest

from partialjson.wire.clocks import Clocks


def waited(clocks, *steps):
    """Each step is the seconds of a wait and whether data came by it; the moment behind them."""
    now = 0.0
    for seconds, is_data in steps:
        clocks.waits(now)
        now += seconds
        clocks.hears(now)
        if is_data:
            clocks.progresses()
    clocks.waits(now)
    return now


ANSWERED, BEAT, DATA = (1, False), (3, False), (2, True)

DEADLINES = {
    "no limits": ({}, [ANSWERED], None, ""),
    "an answer is waited for as long as for data": (
        {"idle": 5, "first_event": 20},
        [],
        20,
        "first_event",
    ),
    "an answer is waited for by the one clock there is": ({"idle": 5}, [], 5, "idle"),
    "bytes, once the server has answered": ({"idle": 5, "first_event": 20}, [ANSWERED], 5, "idle"),
    "heartbeats hold off one clock alone": (
        {"idle": 5, "first_event": 8},
        [ANSWERED, BEAT, BEAT],
        1,
        "first_event",
    ),
    "data starts another clock": (
        {"idle": 9, "first_event": 4, "progress": 7},
        [ANSWERED, DATA],
        7,
        "progress",
    ),
    "heartbeats behind data use it up": ({"progress": 7}, [ANSWERED, DATA, BEAT], 4, "progress"),
    "data fills it again": ({"progress": 7}, [ANSWERED, DATA, BEAT, DATA], 7, "progress"),
    "before data it does not run": ({"progress": 7}, [ANSWERED, BEAT], None, ""),
}


@pytest.mark.parametrize("case", DEADLINES)
def test_a_wait_may_last_until(case):
    limits, steps, left, name = DEADLINES[case]
    clocks = Clocks(**limits)
    now = waited(clocks, *steps)
    if left is None:
        assert clocks.deadline == float("inf")
        assert clocks.ran_out(float("inf")) is None
        return
    assert clocks.deadline == now + left
    assert clocks.ran_out(now + left - 0.1) is None
    late = clocks.ran_out(now + left)
    assert (f"({name}_timeout)" in str(late), late.retryable) == (True, True)


def test_the_time_between_two_waits_does_not_count():
    clocks = Clocks(progress=7, idle=5)
    waited(clocks, ANSWERED, DATA)
    clocks.hears(3.0)
    clocks.waits(1_000.0)
    assert clocks.deadline == 1_005.0


@pytest.mark.parametrize("limit", [0, -1, float("nan")])
@pytest.mark.parametrize("name", ["idle", "progress", "first_event"])
def test_a_limit_is_above_nothing(name, limit):
    with pytest.raises(ValueError, match=f"expected {name}_timeout above 0 seconds or None"):
        Clocks(**{name: limit})
