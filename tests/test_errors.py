"""Errors say what, where and whose fault: in facts, in one line, and in every process."""

from __future__ import annotations

import copy
import json
import pickle

import pytest
from support import exactly

import partialjson
from partialjson import (
    BadContentType,
    CheckpointError,
    ConnectionLost,
    HTTPStatusError,
    IncompleteJSONError,
    JSONSyntaxError,
    LimitExceeded,
    LiveValue,
    Parser,
    PartialJSONError,
    ProviderError,
    StreamTimeout,
    TransportError,
    ValueStart,
)


def failure(text, kind=Parser, **options):
    parser = kind(**options)
    with pytest.raises(PartialJSONError) as caught:
        [parser.feed(text), parser.close()]  # whichever of the two finds it
    return caught.value


# -- What it is ------------------------------------------------------------------------------------

BASES = {
    JSONSyntaxError: (PartialJSONError, ValueError),
    IncompleteJSONError: (PartialJSONError, EOFError),
    LimitExceeded: (PartialJSONError, ValueError),
    CheckpointError: (PartialJSONError, ValueError),
    TransportError: (PartialJSONError, OSError),
    ConnectionLost: (TransportError,),
    HTTPStatusError: (TransportError,),
    BadContentType: (TransportError,),
    StreamTimeout: (TransportError,),
    ProviderError: (TransportError,),
}


@pytest.mark.parametrize(("error", "bases"), BASES.items())
def test_every_error_is_of_its_family_and_of_pythons(error, bases):
    assert all(issubclass(error, base) for base in bases)


def test_invalid_incomplete_and_over_a_limit_are_different_things():
    three = (JSONSyntaxError, IncompleteJSONError, LimitExceeded)
    assert not [(a, b) for a in three for b in three if a is not b and issubclass(a, b)]
    assert not issubclass(IncompleteJSONError, ValueError)


def test_every_error_of_the_package_is_listed_here():
    named = [getattr(partialjson, name) for name in partialjson.__all__]
    found = {c for c in named if isinstance(c, type) and issubclass(c, Exception)}
    assert found == BASES.keys() | {PartialJSONError}


# -- What it says ----------------------------------------------------------------------------------

END = "got the end of the text at line"
MESSAGES = {
    '{"user":"a" "b"': "expected ',' or '}', got '\"' at line 1 column 13 (offset 12)",
    '{"user":{"a":1 "b"': (
        "expected ',' or '}', got '\"' at line 1 column 16 (offset 15) in /user"
    ),
    "01": "invalid number '01': expected the end of the number, got '1' "
    "at line 1 column 2 (offset 1)",
    "[\n1.x": "invalid number '1.x': expected a digit, got 'x' at line 2 column 3 (offset 4) in /0",
    "nulx": "invalid literal 'nulx': expected 'null', got 'x' at line 1 column 4 (offset 3)",
    '"\\x': "invalid escape '\\\\x': expected one of \"\\/bfnrtu, got 'x' "
    "at line 1 column 3 (offset 2)",
    '"\\u0g': "invalid escape '\\\\u0g': expected a hexadecimal digit, got 'g' "
    "at line 1 column 5 (offset 4)",
    '"\n': "expected a character of a string or '\"', got '\\n' at line 1 column 2 (offset 1)",
    '{"\x00': "expected a character of a name or '\"', got '\\x00' at line 1 column 3 (offset 2)",
    "x": "expected a value, got 'x' at line 1 column 1 (offset 0)",
    "[x": "expected a value or ']', got 'x' at line 1 column 2 (offset 1)",
    "[1,]": "expected a value, got ']' at line 1 column 4 (offset 3)",
    "[[]x": "expected ',' or ']', got 'x' at line 1 column 4 (offset 3)",
    "{x": "expected a name or '}', got 'x' at line 1 column 2 (offset 1)",
    '{"a":1,}': "expected a name, got '}' at line 1 column 8 (offset 7)",
    '{"a"}': "expected ':', got '}' at line 1 column 5 (offset 4)",
    "{} x": "expected the end of the text, got 'x' at line 1 column 4 (offset 3)",
    b"[\xff": "expected UTF-8, got b'\\xff' at line 1 column 2 (offset 1)",
    b"[\xc3": "expected a value or ']', got b'\\xc3' at line 1 column 2 (offset 1)",
    "": f"expected a value, {END} 1 column 1 (offset 0)",
    "[": f"expected a value or ']', {END} 1 column 2 (offset 1)",
    '{"a/b":[1,\n': f"expected a value, {END} 2 column 1 (offset 11) in /a~1b",
    '["ab': f"expected a character of a string or '\"', {END} 1 column 5 (offset 4) in /0",
    '["\\u00': f"unfinished escape '\\\\u00': expected the rest of an escape, {END} "
    "1 column 7 (offset 6) in /0",
    "tru": f"unfinished literal 'tru': expected 'true', {END} 1 column 4 (offset 3)",
    "-": f"unfinished number '-': expected a digit, {END} 1 column 2 (offset 1)",
    "[12": f"unfinished number '12': expected ',' or ']', {END} 1 column 4 (offset 3) in /0",
    '{"a': f"expected a character of a name or '\"', {END} 1 column 4 (offset 3)",
    b'"\xc3': f"expected the rest of a UTF-8 sequence, {END} 1 column 2 (offset 1)",
    "[" * 401: "over the limit max_depth=400, got '[' at line 1 column 401 (offset 400) in "
    "…" + "/0" * 60,
}


@pytest.mark.parametrize("kind", [Parser, LiveValue])
@pytest.mark.parametrize(("text", "message"), MESSAGES.items(), ids=range(len(MESSAGES)))
def test_a_message_is_one_line_of_facts(text, message, kind):
    error = failure(text, kind)
    assert str(error) == message
    assert "\n" not in message
    assert message[0].islower()


def test_a_repeated_name_is_named():
    error = failure('{"a":1,"a":2}', duplicate_names="error")
    assert str(error) == (
        "repeated name 'a': expected a new name, got '\"' at line 1 column 8 (offset 7)"
    )


def test_long_atoms_and_long_paths_are_cut_in_the_message_and_whole_in_the_facts():
    error = failure("[" + "1" * 99 + "x")
    assert "'" + "1" * 40 + "…'" in str(error)
    name = "n" * 500
    error = failure(f'{{"{name}":[x')
    assert error.path == (name,)
    assert len(str(error)) < 250


# -- Its facts -------------------------------------------------------------------------------------


def test_a_syntax_error_has_its_place_what_was_expected_and_what_was_found():
    error = failure('{"a":\n[1 2')
    facts = (error.offset, error.line, error.column, error.path, error.expected, error.found)
    assert facts == (9, 2, 4, ("a",), "',' or ']'", "2")
    assert error.value == {"a": [1]}
    assert error.events[:2] == [ValueStart((), "object"), ValueStart(("a",), "array")]


def test_an_incomplete_text_has_its_place_and_what_was_expected():
    error = failure('{"a":["x"')
    facts = (error.offset, error.line, error.column, error.path, error.expected)
    assert facts == (9, 1, 10, ("a",), "',' or ']'")
    assert (error.value, error.events) == ({"a": ["x"]}, [])


def test_a_limit_has_its_name_its_value_and_what_reached_it():
    error = failure('["abc', max_string=2)
    facts = (error.limit, error.limit_value, error.found, error.offset, error.path)
    assert facts == ("max_string", 2, "c", 4, (0,))
    assert error.value == ["ab"]


@pytest.mark.parametrize("error", [*BASES][4:])
def test_a_transport_error_says_whether_and_when_to_try_again(error):
    assert (error("no").retryable, error("no").retry_after) == (False, None)
    later = error("later", retryable=True, retry_after=1.5)
    assert (str(later), later.retryable, later.retry_after) == ("later", True, 1.5)


def test_a_providers_own_error_keeps_its_code_and_metadata():
    error = ProviderError("overloaded", code=529, metadata={"a": [1]}, retryable=True)
    assert (error.code, error.metadata, error.retryable) == (529, {"a": [1]}, True)
    assert (ProviderError("x").code, ProviderError("x").metadata) == (None, None)


# -- It travels ------------------------------------------------------------------------------------

SOME = {
    "syntax": lambda: failure('{"a":["b",01'),
    "bytes": lambda: failure(b'["a\xff'),
    "incomplete": lambda: failure('{"a":["b"'),
    "limit": lambda: failure('["abc', max_string=2),
    "checkpoint": lambda: CheckpointError("damaged checkpoint: its crc32 is another"),
    "base": lambda: PartialJSONError("anything"),
    "transport": lambda: ConnectionLost("gone", retryable=True, retry_after=2.0),
    "status": lambda: HTTPStatusError("503 for POST", retryable=True),
    "provider": lambda: ProviderError("overloaded", code="busy", metadata={"a": 1}),
    "timeout": lambda: StreamTimeout("nothing came for 30 s"),
    "content type": lambda: BadContentType("expected text/event-stream, got text/html"),
}
WAYS = {
    "pickle": lambda error: pickle.loads(pickle.dumps(error)),  # noqa: S301 - our own
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
}


@pytest.mark.parametrize("how", WAYS)
@pytest.mark.parametrize("which", SOME)
def test_an_error_comes_back_whole_from_another_process(which, how):
    error = SOME[which]()
    twin = WAYS[how](error)
    assert type(twin) is type(error)
    assert str(twin) == str(error)
    assert twin.args == error.args
    assert exactly(vars(twin)) == exactly(vars(error))


# -- It stays --------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [Parser, LiveValue])
@pytest.mark.parametrize("text", ["[x", "[", "[" * 401, '"\\x', "-"])
def test_the_same_instance_is_raised_again_and_its_facts_stay(kind, text):
    parser = kind()
    with pytest.raises(PartialJSONError) as first:
        [parser.feed(text), parser.close()]
    before = exactly(vars(first.value))
    for again in (parser.close, lambda: parser.feed("]"), lambda: parser.feed(b"]")):
        with pytest.raises(PartialJSONError) as caught:
            again()
        assert caught.value is first.value
    assert exactly(vars(first.value)) == before


@pytest.mark.parametrize("kind", [Parser, LiveValue])
def test_a_copy_of_an_ended_parser_is_ended_by_the_same_error(kind):
    parser = kind()
    with pytest.raises(JSONSyntaxError) as caught:
        parser.feed("[x")
    with pytest.raises(JSONSyntaxError) as again:
        parser.copy().feed("]")
    assert again.value is caught.value


def test_nothing_of_json_re_or_codecs_is_raised():
    for text in ("[NaN]" + " " * 60, "[" + "1" * 5_000 + "]", '"\\', b"\xff", b"[\x80" * 30):
        for kind in (Parser, LiveValue):
            assert type(failure(text, kind)) in (
                JSONSyntaxError,
                IncompleteJSONError,
                LimitExceeded,
            )


@pytest.mark.parametrize("name", [r"a\nb", r"\u001b[31m", r"\ud800", r"\u2028"])
def test_a_message_is_one_line_that_can_be_printed_whatever_a_name_holds(name):
    with pytest.raises(JSONSyntaxError) as caught:
        Parser().feed(f'{{"{name}":[x')
    message = str(caught.value)
    assert message.isprintable()
    assert message.encode()
    assert caught.value.path == (json.loads(f'"{name}"'),)
