"""Every allocation of a call fails in turn: the call is right or a `MemoryError`, never a crash.

A program of its own, since whatever is wrong here may end the process. Only what C does is asked:
where Python code runs without memory, CPython itself may not survive (3.11 iterating over a dict).
"""

from __future__ import annotations

import _testcapi
import contextlib
import json
import sys

from partialjson import _speedups

WHOLE = (
    '{"a": [1, 2.5, "some text \\u00e9\\n", {"é": null}], "漢": "\\ud83d\\ude00", "n": 123456}',
    f'["{"x" * 90}", [[[[[[[[[[1e400]]]]]]]]]], "é{"y" * 90}", "long 😀 {"z" * 90}"]',
)
FACTS = (
    "_stack",
    "_keys",
    "_starts",
    "_replaces",
    "_carried",
    "last_events",
    "_gathered",
    "offset",
)
MOST = 400  # allocations of one call


def within(start, stop, call, *given):
    """The result, and the exception, of a call some of whose allocations fail."""
    result = error = None
    _testcapi.set_nomemory(start, stop)
    try:
        result = call(*given)
    except Exception as raised:  # noqa: BLE001 - each kind is looked at
        error = raised
    finally:
        _testcapi.remove_mem_hooks()
    return result, error


def tried(make, call, judge):
    """Fail at each allocation alone, and at some in a row, until none is left to fail."""
    count = 0
    for many in (1, 3, 9):  # more, and CPython itself may not recover
        for start in range(MOST):
            parser = make()
            result, error = within(start, start + many, call, parser)
            judge(parser, result, error)
            count += 1
            if not isinstance(error, MemoryError) and start > 40:
                break
    return count


def begun(kind, deltas):
    parser = kind()
    for delta in deltas:
        parser.feed(delta)
    return parser


def cut(text, size):
    return [text[at : at + size] for at in range(0, len(text), size)]


def goes_on(text, before, delta, after):
    """What must be true behind one delta: all of it was read, none of it, or the text is over."""

    def judge(parser, _, error):
        if error is None:
            rest = after
        elif not isinstance(error, MemoryError):
            raise error
        elif parser.error is None and parser.offset == before:
            rest = [delta, *after]
        else:
            if parser.error is None:
                raise AssertionError("the delta was read, and yet the call failed")
            with contextlib.suppress(RuntimeError):
                parser.feed("1")
                raise AssertionError("it goes on behind half a delta")
            return
        for piece in rest:
            parser.feed(piece)
        parser.close()
        if parser.value != json.loads(text):
            raise AssertionError(f"{parser.value!r} is not {text!r}")

    return judge


def is_right_or_memory(parser, _, error):
    if error is not None and not isinstance(error, MemoryError):
        raise error
    repr(parser.value)


def every_feed(kind, text, deltas):
    count = 0
    for at, delta in enumerate(deltas):
        count += tried(
            lambda: begun(kind, deltas[:at]),  # noqa: B023 - called at once
            lambda parser: parser.feed(delta),  # noqa: B023 - called at once
            goes_on(text, begun(kind, deltas[:at]).offset, delta, deltas[at + 1 :]),
        )
    return count


def main():
    count = 0
    for kind in (_speedups.Parser, _speedups.LiveValue):
        for text in WHOLE:
            for whole, size in ((text, 15), (text.encode(), 15), (text, 500)):
                count += every_feed(kind, text, cut(whole, size))
            for call in (kind.snapshot, lambda parser: [getattr(parser, name) for name in FACTS]):
                count += tried(lambda: begun(kind, [text[:40]]), call, is_right_or_memory)  # noqa: B023
            count += tried(lambda: begun(kind, [text]), kind.close, is_right_or_memory)  # noqa: B023
        count += tried(lambda: None, lambda _: kind(), lambda *_: None)  # noqa: B023
    print(f"{count} calls without memory: each is right, or a MemoryError that is known")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
