"""What the headers of a refusal say about trying again."""

from __future__ import annotations

import pytest

from partialjson.wire.backoff import passes, retry_after

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
