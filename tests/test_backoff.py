"""What the headers of a refusal say about trying again, and how often and how soon that is done."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partialjson.wire.backoff import Budget, Retry, passes, retry_after

NOW = 784_111_777.0  # Sun, 06 Nov 1994 08:49:37 GMT
DATE = "Sun, 06 Nov 1994 08:50:07 GMT"

WAITS = {
    "seconds": ({"retry-after": "120"}, 120.0),
    "a fraction": ({"retry-after": " 0.2 "}, 0.2),
    "nothing to wait for": ({"retry-after": "0"}, 0.0),
    "milliseconds before all": ({"retry-after-ms": "1500", "retry-after": "9"}, 1.5),
    "milliseconds that are none": ({"retry-after-ms": "soon", "retry-after": "9"}, 9.0),
    "a date": ({"retry-after": DATE}, 30.0),
    "a date as RFC 850 had it": ({"retry-after": "Sunday, 06-Nov-94 08:50:07 GMT"}, 30.0),
    "a date as C has it": ({"retry-after": "Sun Nov  6 08:50:07 1994"}, 30.0),
    "a date by the server's own clock": (
        {"retry-after": DATE, "date": "Sun, 06 Nov 1994 08:50:00 GMT"},
        7.0,
    ),
    "a date that is past": ({"retry-after": "Sun, 06 Nov 1994 08:00:00 GMT"}, 0.0),
    "no header": ({}, None),
    "a negative number": ({"retry-after": "-5"}, None),
    "a number of Python's": ({"retry-after": "1_000"}, None),
    "digits of another script": ({"retry-after": "١٢"}, None),
    "no number": ({"retry-after": "nan"}, None),
    "nonsense": ({"retry-after": "Wed, 99 Foo"}, None),
}


@pytest.mark.parametrize("case", WAITS)
def test_a_server_asks_to_wait(case):
    headers, seconds = WAITS[case]
    assert retry_after(headers, NOW) == seconds


@pytest.mark.parametrize("status", [408, 409, 425, 429, 500, 502, 503, 504, 520, 524, 529])
def test_some_refusals_pass(status):
    assert passes(status, {})
    assert not passes(status, {"x-should-retry": "False"})


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 413, 422, 501])
def test_others_last(status):
    assert not passes(status, {})
    assert passes(status, {"x-should-retry": "true"})
    assert not passes(status, {"x-should-retry": "perhaps"})


def test_money_that_others_hold_is_waited_for_and_money_that_is_missing_is_not():
    assert passes(402, {"retry-after": "2"})
    assert not passes(402, {})
    assert not passes(402, {"retry-after": "2", "x-should-retry": "false"})
    assert not passes(401, {"retry-after": "2"})


# --- how often, and how soon ---------------------------------------------------------------------

NUMBERS = ("before_first_token", "after_first_token", "base", "cap", "max_retry_after", "deadline")


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("value", [-1, float("nan")])
def test_a_policy_is_of_numbers_from_0(name, value):
    with pytest.raises(ValueError, match=f"expected {name} of at least 0"):
        Retry(**{name: value})
    assert getattr(Retry(**{name: 0}), name) == 0


def test_a_ceiling_doubles_up_to_the_cap():
    retry = Retry(base=0.5, cap=8)
    assert [retry.ceiling(sent) for sent in range(6)] == [0.5, 1, 2, 4, 8, 8]
    assert retry.ceiling(10**9) == 8


@given(st.floats(0, 1), st.integers(0, 8))
def test_a_wait_is_drawn_between_nothing_and_the_ceiling(number, sent):
    retry = Retry(before_first_token=9, jitter=lambda: number)
    budget = Budget(retry, 0.0)
    waits = [budget.wait(0.0, has_begun=False) for _ in range(sent + 1)]
    assert waits[-1] == number * retry.ceiling(sent)


def test_chance_spreads_those_who_failed_together():
    drawn = {Retry().draw() for _ in range(9)}
    assert len(drawn) > 1
    assert all(0 <= one < 1 for one in drawn)


HIGHEST = {"jitter": lambda: 1.0}
NEW, OLD, FREE = {"has_begun": False}, {"has_begun": True}, {"has_begun": True, "is_free": True}
BUDGETS = {  # a policy; the requests that would follow; how long each waits, `None` for never
    "nothing has come": ({}, [NEW] * 4, [0.5, 1, 2, None]),
    "something has": ({}, [OLD] * 2, [0.5, None]),
    "nothing is generated again": ({}, [FREE] * 4, [0.5, 1, 2, None]),
    "each has a budget of its own": (
        {},
        [NEW, FREE, OLD, FREE, NEW, OLD],
        [0.5] * 3 + [1, 1, None],
    ),
    "never": ({"before_first_token": 0, "after_first_token": 0}, [NEW, OLD, FREE], [None] * 3),
}
ASKED = {  # a policy; what the server says; how long to wait
    "it asks, and that goes before": ({}, {"asked": 3.0}, 3.0),
    "it asks for nothing": ({}, {"asked": 0.0}, 0.0),
    "it asks for the most": ({}, {"asked": 120.0}, 120.0),
    "it asks for more": ({}, {"asked": 120.5}, None),
    "the stream asked for a least wait": ({}, {"floor": 3.0}, 3.0),
    "the least wait is less": ({}, {"floor": 0.1}, 0.5),
    "the least wait is too long": ({}, {"floor": 121.0}, None),
    "both: the later is right for each": ({}, {"asked": 1.0, "floor": 3.0}, 3.0),
    "until the deadline": ({"deadline": 10}, {"asked": 6.0}, 6.0),
    "past the deadline": ({"deadline": 10}, {"asked": 6.5}, None),
}


@pytest.mark.parametrize("case", BUDGETS)
def test_a_budget_is_left_or_spent(case):
    policy, requests, waits = BUDGETS[case]
    budget = Budget(Retry(**HIGHEST, **policy), 0.0)
    assert [budget.wait(0.0, **one) for one in requests] == waits


@pytest.mark.parametrize("case", ASKED)
def test_what_a_server_asks_for_goes_before_chance(case):
    policy, said, seconds = ASKED[case]
    budget = Budget(Retry(**HIGHEST, **policy), began=100.0)
    assert budget.wait(104.0, has_begun=False, **said) == seconds


def test_a_request_that_does_not_follow_does_not_count():
    budget = Budget(Retry(before_first_token=1, **HIGHEST), 0.0)
    assert budget.wait(0.0, has_begun=False, asked=1_000) is None
    assert budget.wait(0.0, has_begun=False) == 0.5


def test_what_generates_nothing_counts_anew_behind_news():
    budget = Budget(Retry(before_first_token=1, **HIGHEST), 0.0)
    for _ in range(3):
        assert budget.wait(0.0, **FREE) == 0.5
        assert budget.wait(0.0, **FREE) is None
        budget.progresses()
    assert budget.wait(0.0, **OLD) == 0.5
    budget.progresses()
    assert budget.wait(0.0, **OLD) is None
