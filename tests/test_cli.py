"""Real processes and real pipes: what each command prints, when, and with which exit code."""

from __future__ import annotations

import gc
import io
import json
import os
import re
import signal
import subprocess
import sys
import threading
import warnings
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import HEEDING_INTERRUPTS, chunkings, exactly, sizes, utf8_texts

from partialjson import LiveValue, __version__, cli, from_json, stream
from partialjson.cli import main
from partialjson.cli.screens import JSONLines
from partialjson.wire.messages import Delta, Done, Heartbeat, Usage
from partialjson.wire.providers import ChatDecoder
from partialjson.wire.sse import SSEDecoder

ROOT = Path(__file__).parent.parent
PATIENCE = 30  # seconds after which a process that hangs is killed, and its test fails
ON_POSIX = pytest.mark.skipif(os.name != "posix", reason="signals and terminals are POSIX's here")

# --- twins of what providers send ----------------------------------------------------------------

DONE = b"data: [DONE]\n\n"
HEARTBEAT = b": OPENROUTER PROCESSING\n\n"


def sse(*messages):
    return b"".join(f"data: {json.dumps(message)}\n\n".encode() for message in messages)


def delta(finish=None, /, index=0, **members):
    return {"choices": [{"index": index, "delta": members, "finish_reason": finish}]}


def says(*texts):
    return sse(*(delta(content=text) for text in texts))


def call(arguments, index, name=None):
    function = {"name": name, "arguments": arguments} if name else {"arguments": arguments}
    return sse(delta(tool_calls=[{"index": index, "function": function}]))


STOP = sse(delta("stop"))
OUT = sse({"error": {"message": "The owl is out", "code": 502}})
WHOLE = says('{"owl": "h', 'oo"}') + STOP + DONE

# --- processes -----------------------------------------------------------------------------------

SEARCHED = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
ENVIRONMENT = {**os.environ, "PYTHONPATH": SEARCHED}
COMMAND = [sys.executable, "-m", "partialjson"]


def run(*arguments, stdin=b"", **environment):
    """A process from its start to its end: exit code, output, and what it says of errors."""
    done = subprocess.run(
        [*COMMAND, *map(str, arguments)],
        input=stdin,
        capture_output=True,
        timeout=PATIENCE,
        check=False,
        env=ENVIRONMENT | environment,
    )
    return done.returncode, done.stdout.decode("ascii"), done.stderr.decode("ascii")


@contextmanager
def started(*arguments, **options):
    """A process under way; one that waits for ever is killed, which ends every read from it."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    command = [*COMMAND, *map(str, arguments)]
    options = {"env": ENVIRONMENT} | pipes | HEEDING_INTERRUPTS | options
    with subprocess.Popen(command, **options) as process:
        patience = threading.Timer(PATIENCE, process.kill)
        patience.start()
        try:
            yield process
        finally:
            patience.cancel()
            process.kill()


PYTHONS = ("strict", "backslashreplace")  # how it opens standard output, and standard error


def here(*arguments, stdin=b""):
    """The same command without a process: hundreds of them take no time."""
    held = sys.stdin, sys.stdout, sys.stderr
    out, err = (io.TextIOWrapper(io.BytesIO(), "ascii", errors) for errors in PYTHONS)
    sys.stdin, sys.stdout, sys.stderr = io.TextIOWrapper(io.BytesIO(stdin)), out, err
    try:
        code = main([*map(str, arguments)])
    finally:
        sys.stdin, sys.stdout, sys.stderr = held
    return code, out.buffer.getvalue().decode("ascii"), err.buffer.getvalue().decode("ascii")


def records(output):
    return [*map(json.loads, output.splitlines())]


# --- where the bytes come from -------------------------------------------------------------------

TEXT = '{"owl": "hoo"}'
EVENTS = """\
{"event":"start","path":[],"kind":"object"}
{"event":"start","path":["owl"],"kind":"string"}
{"event":"delta","path":["owl"],"text":"hoo"}
{"event":"end","path":["owl"],"kind":"string","value":"hoo"}
{"event":"end","path":[],"kind":"object"}
"""
PRINTED = {"watch": EVENTS, "events": EVENTS, "snapshots": f"{TEXT}\n", "complete": f"{TEXT}\n"}


@pytest.mark.parametrize("command", PRINTED)
def test_a_command_reads_a_file_or_standard_input(command, tmp_path):
    file = tmp_path / "owl.json"
    file.write_text(TEXT)
    assert run(command, file) == (0, PRINTED[command], "")
    assert run(command, stdin=TEXT.encode()) == (0, PRINTED[command], "")
    assert run(command, "-", stdin=TEXT.encode()) == (0, PRINTED[command], "")


@pytest.mark.parametrize("command", PRINTED)
def test_a_command_closes_its_file(command, tmp_path):
    file = tmp_path / "owl.json"
    file.write_text(TEXT)
    assert here(command, file) == (0, PRINTED[command], "")
    file.write_text("[x")
    with warnings.catch_warnings():
        warnings.simplefilter("error", ResourceWarning)
        assert here(command, file)[0] == 4
        gc.collect()


@pytest.mark.parametrize("command", ["watch", "events", "snapshots"])
def test_a_command_reads_a_provider_s_stream(command, tmp_path):
    file = tmp_path / "owl.sse"
    file.write_bytes(HEARTBEAT + WHOLE)
    from_file = run(command, "--provider", "openrouter", file)
    assert from_file == run(command, "--provider", "openrouter", stdin=HEARTBEAT + WHOLE)
    code, output, errors = from_file
    assert (code, errors) == (0, "")
    lines = output.splitlines()
    if command == "snapshots":
        assert lines == ['{"owl": "h"}', '{"owl": "hoo"}']
    else:
        assert [line for line in lines if "delta" in line] == [
            '{"event":"delta","path":["owl"],"text":"h"}',
            '{"event":"delta","path":["owl"],"text":"oo"}',
        ]
        assert lines[0] == '{"event":"start","path":[],"kind":"object"}'


def test_whole_containers_are_printed_when_asked_for():
    _, output, _ = run("events", "--values", stdin=b'{"items": [{}]}')
    assert output.splitlines()[-3:] == [
        '{"event":"end","path":["items",0],"kind":"object","value":{}}',
        '{"event":"end","path":["items"],"kind":"array","value":[{}]}',
        '{"event":"end","path":[],"kind":"object","value":{"items":[{}]}}',
    ]


def test_what_is_printed_is_ascii_and_json_in_any_locale():
    text = r'{"é😀": ["\ud83d", 1e400, "漢"]}'
    for command in PRINTED:
        code, output, errors = run(command, stdin=text.encode(), PYTHONIOENCODING="ascii")
        assert (code, errors) == (0, ""), command
        assert records(output), command
    whole = from_json(text)
    assert json.loads(run("complete", stdin=text.encode())[1]) == whole
    assert records(run("events", "--values", stdin=text.encode())[1])[-1]["value"] == whole


def test_a_lone_surrogate_between_two_deltas_is_printed_as_json():
    wire = says('["\ud83d', '"]') + DONE
    code, output, _ = here("snapshots", "--provider", "chat", stdin=wire)
    assert (code, output.splitlines()[-1]) == (0, r'["\ud83d"]')
    code, output, _ = here("events", "--provider", "chat", stdin=wire)
    assert (code, records(output)[-2]["value"]) == (0, "\ud83d")


# --- exit codes ----------------------------------------------------------------------------------

CHAT = ("--provider", "chat")
READERS = ("watch", "events", "snapshots")
ENDS = {  # what is read; the exit code; what is said of it
    "complete": (WHOLE, 0, ""),
    "complete without a marker": (says("[1]"), 0, ""),
    "cut": (
        says("[1, "),
        3,
        "expected a value, got the end of the text at line 1 column 5 (offset 4)",
    ),
    "cut behind a clean marker": (
        says('{"a":') + STOP + DONE,
        3,
        "expected a value, got the end of the text at line 1 column 6 (offset 5)",
    ),
    "nothing at all": (
        HEARTBEAT,
        3,
        "expected a value, got the end of the text at line 1 column 1 (offset 0)",
    ),
    "a cut call": (
        call("[", 0, "dig") + STOP + DONE,
        3,
        "expected a value or ']', got the end of the text at line 1 column 2 (offset 1)",
    ),
    "wrong": (
        says("[1, x]") + STOP,
        4,
        "expected a value, got 'x' at line 1 column 5 (offset 4)",
    ),
    "a wrong call": (
        call("[x]", 0, "dig") + STOP + DONE,
        4,
        "expected a value or ']', got 'x' at line 1 column 2 (offset 1)",
    ),
    "too deep": (
        says("[" * 401),
        4,
        "over the limit max_depth=400, got '[' at line 1 column 401 (offset 400) in ",
    ),
    "an error behind finish reasons, as OpenRouter sends it": (
        HEARTBEAT + says('{"a"') + sse(delta("length")) * 2 + OUT + DONE,
        6,
        "The owl is out",
    ),
    "an error instead of a stream": (b'{"error": {"message": "No\\nowls"}}', 6, "No\\u000aowls"),
    "filtered": (says("[1") + sse(delta("content_filter")) + DONE, 6, "the answer was filtered"),
    "refused": (sse(delta(refusal="I will not.")) + STOP + DONE, 6, "I will not."),
}


@pytest.mark.parametrize("command", READERS)
@pytest.mark.parametrize("end", ENDS)
def test_the_exit_code_says_how_it_ended(command, end):
    wire, code, words = ENDS[end]
    found, _, errors = here(command, *CHAT, stdin=wire)
    assert found == code
    assert errors.startswith("partialjson: ") == (code != 0)
    assert words in errors
    assert errors.count("\n") == (code != 0), "one line"


PROCESSES = {"complete": 0, "cut": 3, "wrong": 4, "filtered": 6, "refused": 6}


@pytest.mark.parametrize("end", PROCESSES)
def test_a_process_ends_with_that_code(end):
    wire, code, words = ENDS[end]
    found, _, errors = run("events", *CHAT, stdin=wire)
    assert (found, errors) == (PROCESSES[end], f"partialjson: {words}\n" if code else "")
    assert found == code


@pytest.mark.parametrize("command", READERS)
def test_what_was_decoded_before_an_error_is_printed(command):
    _, output, _ = here(command, *CHAT, stdin=says("[1, ", "2, x]") + DONE)
    assert records(output)
    for text in ("[1, ", "[1, 2"):
        code, output, _ = here(command, stdin=text.encode())
        assert code == 3
        assert records(output)


def test_complete_has_two_ends_alone():
    assert here("complete", stdin=b'{"a": [1, tr')[:2] == (0, '{"a": [1]}\n')
    assert here("complete", stdin=b"") == (0, "null\n", "")
    code, output, errors = here("complete", stdin=b"[x]")
    assert (code, output) == (4, "")
    assert errors.startswith("partialjson: expected a value or ']', got 'x' at line 1 column 2")
    assert here("complete", stdin=b"[\xff]")[0] == 4


ITEMS = ("items", "--path", "$[*]")
FIND = ("--find",)


def test_items_prints_each_match_in_one_line_of_ascii():
    text = '[{"a":\r\n 1}, "é\\n", [2, 3.50] , 4]'.encode()
    code, output, errors = here(*ITEMS, stdin=text)
    lines = ['{"a":   1}', '"\\u00e9\\n"', "[2, 3.50]", "4"]
    assert (code, output.splitlines(), errors) == (0, lines, "")


@pytest.mark.parametrize("end", ENDS)
def test_items_ends_with_the_code_of_the_other_commands(end):
    wire, code, words = ENDS[end]
    found, _, errors = here("items", *CHAT, "--path", "$..owl", stdin=wire)
    assert found == code
    assert words in errors
    assert errors.count("\n") == (code != 0), "one line"


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ('[1, {"a": 2}, {"b', 3, "got the end of the text at line 1 column 18 (offset 17) in /2"),
        ('[1, {"a": 2}, {"b": x', 4, "got 'x' at line 1 column 21 (offset 20) in /2"),
        ('[1, {"a": 2}, ' + "[" * 400, 4, "over the limit max_depth=400"),
    ],
)
def test_a_cut_or_wrong_text_gives_its_whole_rows_and_then_the_open_path(text, code, words):
    for wire, options in ((text.encode(), ()), (says(*sizes(text, 3)), CHAT)):
        found, output, errors = here(*ITEMS, *options, stdin=wire)
        assert (found, output) == (code, '1\n{"a": 2}\n')
        assert words in errors


def test_items_reads_content_and_each_tool_call_as_a_text_of_its_own():
    wire = says("[1, ") + call("[2", 0, "dig") + call(", 3]", 0) + call("[x]", 1, "fly")
    code, output, errors = here(*ITEMS, *CHAT, stdin=wire + says("4]") + STOP + DONE)
    assert (code, sorted(output)) == (4, sorted("1\n2\n3\n4\n"))
    assert "got 'x'" in errors


def test_an_item_is_there_before_more_is_read():
    with started(*ITEMS, *CHAT) as process:
        for text, expected in [('[{"a": 1}', '{"a": 1}'), (", 23, ", "23"), ('"x"', '"x"')]:
            process.stdin.write(says(text))
            process.stdin.flush()
            assert process.stdout.readline().decode() == expected + "\n"
        process.stdin.close()
        assert process.wait() == 3


def test_items_reads_nothing_behind_the_end_marker():
    with started(*ITEMS, *CHAT) as process:
        process.stdin.write(says("[1]") + STOP + DONE)
        process.stdin.flush()
        assert process.wait() == 0


MODELS = """
from typing import Annotated, Literal
from pydantic import BaseModel, Field
class Row(BaseModel):
    a: int
    state: Literal["ok", "late"] = "ok"
Rows = list[Row]
INSTANCE = Row(a=1)
class Outer:
    Inner = Row
"""


@pytest.fixture
def models(tmp_path, monkeypatch):
    (tmp_path / "owls").mkdir()
    (tmp_path / "owls" / "__init__.py").write_text("")
    (tmp_path / "owls" / "models.py").write_text(MODELS)
    (tmp_path / "owls" / "broken.py").write_text("1 / 0")
    (tmp_path / "owls" / "leaving.py").write_text("raise SystemExit(7)")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    for name in [name for name in sys.modules if name.partition(".")[0] == "owls"]:
        del sys.modules[name]


ROWS = '[{"a": 1}, {"a": "x"}, {"a": 2, "state": "open"}]'


@pytest.mark.parametrize("options", [(), CHAT])
def test_items_of_a_type_are_printed_and_others_reported_and_the_code_is_5(options, models):
    typed = (*ITEMS, "--model", "owls.models:Row", *options)
    wire = says(*sizes(ROWS, 7)) + STOP + DONE if options else ROWS.encode()
    code, output, errors = here(*typed, stdin=wire)
    assert (code, output) == (5, '{"a": 1}\n')
    one, two = records(errors)
    assert (one["event"], one["path"], one["errors"][0]["loc"]) == ("invalid", [1], [1, "a"])
    assert two["errors"][0]["type"] == "literal_error"
    assert here(*typed, "--errors", "bad.jsonl", stdin=wire)[:2] == (5, '{"a": 1}\n')
    assert records((models / "bad.jsonl").read_text()) == [one, two]
    good = says('[{"a": 3}]') + STOP + DONE if options else b'[{"a": 3}]'
    assert here(*typed, stdin=good) == (0, '{"a": 3}\n', "")


@pytest.mark.usefixtures("models")
def test_what_is_cut_counts_more_than_what_is_invalid():
    typed = (*ITEMS, "--model", "owls.models:Outer.Inner")
    code, output, errors = here(*typed, stdin=ROWS[:-9].encode())
    assert (code, output) == (3, '{"a": 1}\n')
    assert errors.splitlines()[-1].endswith("in /2")


@pytest.mark.usefixtures("models")
@pytest.mark.parametrize("options", [(), CHAT, FIND])
def test_validate_says_what_is_wrong_as_soon_as_it_is_certain(options):
    wire = says(*sizes(ROWS, 7)) + STOP + DONE if options == CHAT else ROWS.encode()
    validate = ("validate", "--model", "owls.models:Rows", *options)
    code, output, errors = here(*validate, stdin=wire)
    assert code == 5
    assert errors.startswith("partialjson: 2 validation errors for list[Row]")
    assert [(one["event"], one["path"]) for one in records(output)] == [
        ("invalid", [1, "a"]),
        ("doomed", [2, "state"]),
        ("invalid", [2, "state"]),
    ]
    good = says('[{"a": 3}]') + STOP + DONE if options == CHAT else b'[{"a": 3}]'
    assert here(*validate, stdin=good) == (0, "", "")
    lines = records(here(*validate, "--values", stdin=good)[1])
    assert lines[-1] == {"event": "valid", "path": [], "value": [{"a": 3, "state": "ok"}]}


CRASHING = """
from pydantic import BaseModel, field_validator
class Row(BaseModel):
    a: int
    @field_validator("a")
    @classmethod
    def check(cls, value):
        if value == 2:
            raise KeyError("two")
        return value
Rows = list[Row]
"""


def test_what_a_validator_breaks_off_with_is_one_line_and_no_row_is_lost(models):
    (models / "owls" / "crashing.py").write_text(CRASHING)
    rows = b'[{"a": 1}, {"a": 2}, {"a": 3}]'
    code, output, errors = here(*ITEMS, "--model", "owls.crashing:Row", stdin=rows)
    assert (code, output) == (5, '{"a": 1}\n{"a": 3}\n')
    assert records(errors) == [{"event": "crashed", "error": "KeyError: 'two'"}]
    code, _, errors = here("validate", "--model", "owls.crashing:Rows", stdin=rows)
    assert (code, errors) == (5, "partialjson: a validator raised KeyError: 'two'\n")


@pytest.mark.usefixtures("models")
def test_where_nothing_was_validated_it_is_said():
    wire = call('{"a": 1}', 0, "dig") + STOP + DONE
    code, output, errors = here("validate", "--model", "owls.models:Row", *CHAT, stdin=wire)
    assert (code, output, errors) == (3, "", "partialjson: there was no content to validate\n")


@pytest.mark.usefixtures("models")
def test_errors_go_into_a_file_only_where_there_are_any_to_go():
    assert here(*ITEMS, "--errors", "bad.jsonl", stdin=b"[]")[0] == 2
    typed = (*ITEMS, "--model", "owls.models:Row", "--errors", ".")
    code, _, errors = here(*typed, stdin=b"[]")
    assert (code, errors.count("\n")) == (1, 1)


def test_errors_never_overwrite_what_is_read(models):
    (models / "rows.json").write_text(ROWS)
    typed = (*ITEMS, "rows.json", "--model", "owls.models:Row", "--errors", "./rows.json")
    assert here(*typed)[0] == 2
    assert (models / "rows.json").read_text() == ROWS


@pytest.mark.usefixtures("models")
def test_every_wrong_value_of_a_repeated_name_is_printed():
    code, output, _ = here("validate", "--model", "owls.models:Row", stdin=b'{"a": "x", "a": "y"}')
    assert code == 5
    assert [one["errors"][0]["input"] for one in records(output) if one["event"] == "invalid"] == [
        "x",
        "y",
    ]


@pytest.mark.usefixtures("models")
def test_validate_keeps_the_codes_of_what_is_no_matter_of_types():
    validate = ("validate", "--model", "owls.models:Rows")
    assert here(*validate, stdin=b'[{"a": 3')[0] == 3
    assert here(*validate, stdin=b'[{"a": x')[0] == 4


@pytest.mark.usefixtures("models")
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("owls.models", "expected package.module:Name, got 'owls.models'"),
        ("owls.models:", "expected package.module:Name"),
        (
            "owls.none:Row",
            "cannot import owls.none: ModuleNotFoundError: No module named 'owls.none'",
        ),
        ("owls.broken:Row", "cannot import owls.broken: ZeroDivisionError: division by zero"),
        ("owls.leaving:Row", "cannot import owls.leaving: SystemExit: 7"),
        ("owls.models:BaseModel.model_validate", "is no type: it is a function"),
        ("owls.models:INSTANCE", "owls.models:INSTANCE is no type: "),
        ("owls.models:Owl", "there is no Owl in owls.models"),
    ],
)
def test_a_model_that_is_not_there_is_wrong_usage(name, words, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["validate", "--model", name])
    assert ended.value.code == 2
    assert words in capsys.readouterr().err


ANSWER = 'Sure [1]:\n```json\n[{"a": "é"},\n 2]\n```\n{"b": 3} Bye.'


@pytest.mark.parametrize(
    ("command", "printed"),
    [
        (("events", "--values"), None),
        (("snapshots",), ['[{"a": "\\u00e9"},  2]']),
        (ITEMS, ['{"a": "\\u00e9"}', "2"]),
    ],
)
def test_the_json_in_an_answer_is_read_with_or_without_a_provider(command, printed):
    for options, wire in (
        ((), ANSWER.encode()),
        (CHAT, says(ANSWER) + STOP + DONE),
        (CHAT, says(*sizes(ANSWER, 3)) + STOP + DONE),
    ):
        code, output, errors = here(*command, *FIND, *options, stdin=wire)
        assert (code, errors) == (0, "")
        if printed is None:
            (last,) = (
                line for line in records(output) if line.get("path") == [] and "value" in line
            )
            assert last["value"] == [{"a": "é"}, 2]
        else:
            lines = [line.rstrip(" ") for line in output.splitlines()]
            assert lines[-len(printed) :] == printed


WITHOUT_A_STREAM = {"message": {"role": "assistant", "content": '[{"a": 1}, 2]'}}


@pytest.mark.parametrize("options", [(), FIND])
def test_rows_of_an_answer_that_came_without_a_stream_are_printed(options):
    body = json.dumps({"choices": [WITHOUT_A_STREAM | {"finish_reason": "stop"}]}).encode()
    assert here(*ITEMS, *CHAT, *options, stdin=body) == (0, '{"a": 1}\n2\n', "")


def test_snapshots_of_the_json_in_an_answer_are_json_however_it_was_cut():
    deltas = ['Sure [1]: {"a', '": ', '1, "b": [1, ', "2]}", " done"]
    code, output, errors = here("snapshots", *CHAT, *FIND, stdin=says(*deltas) + STOP + DONE)
    assert (code, errors) == (0, "")
    assert [json.loads(line) for line in output.splitlines()] == [
        {},
        {"a": 1, "b": [1]},
        {"a": 1, "b": [1, 2]},
    ]


def test_no_row_is_printed_behind_a_fault_of_the_content():
    wire = says("[1, x") + call("[7]", 0, "dig") + DONE
    assert here(*ITEMS, *CHAT, stdin=wire)[:2] == (4, "1\n")


def test_what_is_held_to_the_end_of_an_answer_is_printed_then():
    assert here(*ITEMS, *FIND, stdin=b"Tags: [1, 2]") == (0, "1\n2\n", "")
    assert here("snapshots", *FIND, stdin=b"Tags: [1, 2]")[1].splitlines() == ["[1, 2]"]


@pytest.mark.parametrize("command", [*READERS, "items"])
def test_an_answer_without_json_is_incomplete(command):
    path = ITEMS[1:] if command == "items" else ()
    code, output, errors = here(command, *path, *FIND, stdin=b"No JSON here, \xff.")
    assert code == 3
    assert output in ("", "null\n")
    assert "expected a value, got the end of the text" in errors


USAGE = {
    "validate without a model": ["validate"],
    "items without a path": ["items"],
    "a path that is none": ["items", "--path", "rows"],
    "a path with a filter": ["items", "--path", "$[?@.a]"],
    "no command": [],
    "a command unheard of": ["look"],
    "a provider unheard of": ["events", "--provider", "owl"],
    "a file that is not there": ["watch", "no/such/file"],
    "a folder": ["snapshots", "."],
    "an option unheard of": ["complete", "--provider", "chat"],
    "two files": ["complete", "-", "-"],
    "a pace that is no number": ["demo", "--pace", "fast"],
    "a pace below nothing": ["demo", "--pace", "-1"],
    "a pace of no number of seconds": ["demo", "--pace", "nan"],
    "a pace without end": ["demo", "--pace", "inf"],
}


@pytest.mark.parametrize("case", USAGE)
def test_wrong_usage_is_said_and_ends_with_2(case, capsys):
    with pytest.raises(SystemExit) as ended:
        main(USAGE[case])
    assert ended.value.code == 2
    output, errors = capsys.readouterr()
    assert output == ""
    assert errors.startswith("usage: partialjson")
    assert "error: " in errors


def test_wrong_usage_ends_a_process_with_2():
    code, output, errors = run("watch", "no/such/file")
    assert (code, output) == (2, "")
    assert "cannot read no/such/file: No such file or directory" in errors
    assert run("events", "--provider", "owl")[0] == 2
    assert run()[0] == 2


@pytest.mark.parametrize("arguments", [["--help"], ["events", "--help"], ["--version"]])
def test_a_question_is_answered(arguments, capsys):
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 0
    output = capsys.readouterr().out
    assert output == f"{__version__}\n" or output.startswith("usage: partialjson")


# --- a pipe that is kept open --------------------------------------------------------------------


def test_every_line_is_there_before_more_is_read():
    with started("events", *CHAT) as process:
        for text, expected in [
            ("[", ['{"event":"start","path":[],"kind":"array"}']),
            (
                '"a',
                [
                    '{"event":"start","path":[0],"kind":"string"}',
                    '{"event":"delta","path":[0],"text":"a"}',
                ],
            ),
            ("b", ['{"event":"delta","path":[0],"text":"b"}']),
            ('", 1]', ['{"event":"end","path":[0],"kind":"string","value":"ab"}']),
        ]:
            process.stdin.write(says(text))
            process.stdin.flush()
            for line in expected:
                assert process.stdout.readline().decode() == line + "\n"
        process.stdin.close()
        assert len(process.stdout.readlines()) == 2
        assert process.wait() == 0


def test_every_snapshot_is_there_before_more_is_read():
    with started("snapshots") as process:
        for text, expected in [("[1", []), (", 2", [1]), (', {"a', [1, 2, {}])]:
            process.stdin.write(text.encode())
            process.stdin.flush()
            assert json.loads(process.stdout.readline()) == expected
        process.stdin.close()
        assert process.wait() == 3


@pytest.mark.parametrize("command", READERS)
def test_nothing_is_read_behind_the_end_marker(command):
    with started(command, *CHAT) as process:
        process.stdin.write(WHOLE)
        process.stdin.flush()  # and it stays open: `curl` may hang on for a while
        assert process.wait() == 0
        assert process.stderr.read() == b""


@ON_POSIX
@pytest.mark.parametrize("command", READERS)
def test_an_interrupt_while_waiting_ends_with_130_and_without_a_word(command):
    with started(command) as process:
        process.stdin.write(b"[1, ")
        process.stdin.flush()
        assert json.loads(process.stdout.readline())
        process.send_signal(signal.SIGINT)
        assert process.wait() == 130
        assert process.stderr.read() == b""


@pytest.mark.parametrize("command", ["events", "snapshots", "watch"])
def test_a_reader_who_has_seen_enough_ends_it_without_a_word(command):
    wire = b"".join(says(text) for text in sizes(json.dumps([*range(5_000)]), 5))
    with started(command, *CHAT) as process:
        thread = threading.Thread(target=feed, args=(process.stdin, wire))
        thread.start()
        assert json.loads(process.stdout.readline())
        process.stdout.close()
        assert process.wait() == 0
        assert process.stderr.read() == b""
        thread.join()


def feed(pipe, data):
    try:
        with pipe:
            pipe.write(data)
    except BrokenPipeError:
        pass  # it has gone, as it should


def test_a_long_line_that_nobody_reads_to_its_end_is_no_error():
    with started("complete") as process:
        thread = threading.Thread(target=feed, args=(process.stdin, b"[" + b"1," * 200_000))
        thread.start()
        assert process.stdout.read(10) == b"[1,1,1,1,1"
        process.stdout.close()
        assert process.wait() == 0
        assert process.stderr.read() == b""
        thread.join()


# --- snapshots and completions -------------------------------------------------------------------


@given(st.data())
def test_a_snapshot_is_the_live_value_after_each_delta(data):
    text = data.draw(utf8_texts)
    deltas = [piece for piece in data.draw(chunkings(text)) if piece]
    live = LiveValue()
    expected = [exactly(live.feed(piece)) for piece in deltas]
    code, output, _ = here("snapshots", *CHAT, stdin=says(*deltas) + DONE)
    found = [exactly(value) for value in records(output)]
    assert (code, found[: len(deltas)]) == (0, expected)
    assert found[-1] == exactly(json.loads(text))
    assert len(found) == len(deltas) or text.strip()[-1].isdigit(), "which its end makes whole"


@given(st.data())
def test_a_snapshot_is_one_line_however_the_text_is_laid_out(data):
    text = f"[{data.draw(utf8_texts)}]".encode()
    code, output, _ = here("snapshots", stdin=text)
    assert code == 0
    assert output.count("\n") == 1
    assert exactly(json.loads(output)) == exactly(json.loads(text))


def test_a_number_at_the_root_is_whole_in_the_last_snapshot():
    assert here("snapshots", stdin=b" 12") == (0, "null\n12\n", "")
    assert here("snapshots", *CHAT, stdin=call("-1e400", 0, "add"))[1] == "null\n-1e999\n"


def test_an_answer_without_a_stream_has_one_snapshot():
    answer = json.dumps({"choices": [{"message": {"content": "[1, 2]"}}]}).encode()
    assert here("snapshots", *CHAT, stdin=answer) == (0, "[1, 2]\n", "")


def test_snapshots_of_parallel_calls_are_lines_of_each():
    wire = call("[1", 0, "dig") + call('{"a":', 1, "find") + call("]", 0) + call("2}", 1) + DONE
    code, output, _ = here("snapshots", *CHAT, stdin=wire)
    assert (code, records(output)) == (0, [[], {}, [1], {"a": 2}])


def test_a_broken_call_has_no_more_snapshots_and_its_neighbour_has():
    wire = call("[1,", 0, "dig") + call("[2,", 1, "find") + call("x", 0) + call("3]", 1) + DONE
    code, output, errors = here("snapshots", *CHAT, stdin=wire)
    assert (code, records(output)) == (4, [[1], [2], [2, 3]])
    assert "got 'x'" in errors


def test_snapshots_are_of_json_alone():
    wire = sse(delta(reasoning="Hm"), delta(index=1, content="or")) + says("[]") + STOP
    assert here("snapshots", *CHAT, stdin=wire)[1] == "[]\n"


def test_bytes_cut_inside_a_character_are_completed_behind_the_last_whole_one():
    whole = '["é😀", {"漢": 1.5}]'.encode()
    for end in range(len(whole) + 1):
        code, output, errors = here("complete", stdin=whole[:end])
        assert (code, errors) == (0, "")
        assert json.loads(output) == from_json(whole[:end])
    with started("snapshots") as process:
        lines = []
        for byte in sizes(whole, 1):
            process.stdin.write(byte)
            process.stdin.flush()
            lines.append(json.loads(process.stdout.readline()))
        process.stdin.close()
        assert process.wait() == 0
    assert lines == [from_json(whole[: end + 1]) for end in range(len(whole))]


def test_a_byte_order_mark_is_skipped():
    text = "\ufeff[1, 2".encode()
    assert here("complete", stdin=text) == (0, "[1]\n", "")
    assert here("snapshots", stdin=text)[1] == "[1]\n"


@given(utf8_texts, st.data())
def test_a_completed_text_is_json_whatever_the_cut(text, data):
    cut = text.encode()[: data.draw(st.integers(0, len(text.encode())))]
    code, output, errors = here("complete", stdin=cut)
    assert (code, errors) == (0, "")
    assert exactly(json.loads(output)) == exactly(from_json(cut))


# --- the demo ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def recording():
    return files("partialjson").joinpath("demo.sse").read_bytes()


def test_the_demo_s_recording_is_a_whole_answer_as_openrouter_sends_it(recording):
    assert recording.startswith(HEARTBEAT)
    decoder, chat = SSEDecoder(), ChatDecoder()
    items = [item for event in decoder.feed(recording) for item in chat.feed(event.data)]
    assert decoder.unfinished == b""
    assert len(decoder.comments) > 3
    text = "".join(item.text for item in items if isinstance(item, Delta))
    assert len(json.loads(text)) > 4
    assert not text.isascii()
    assert [type(item) for item in items[-2:]] == [Usage, Done]
    assert all(1 <= len(item.text) <= 12 for item in items if isinstance(item, Delta))
    assert not [item for item in items if isinstance(item, Heartbeat)]


def test_the_demo_prints_the_events_of_its_recording_with_types_and_one_refusal(recording):
    code, output, errors = run("demo", "--pace", "0")
    assert (code, errors) == (0, "")
    lines, printer = records(output), JSONLines(io.StringIO())
    told = [e for e in stream(recording, provider="openrouter") if not isinstance(e, Heartbeat)]
    *lines, refused = lines
    assert [one for one in lines if one["event"] != "valid"] == [printer.record(e) for e in told]
    assert {"event": "valid", "path": ["berths", 2]} in lines
    assert lines[-1] == {"event": "valid", "path": []}
    assert (refused["event"], refused["path"]) == ("refused", ["berths", 1, "draught"])
    assert refused["message"] == "Input should be a valid number"
    assert refused["read"] < refused["length"] - 200


def test_without_pydantic_the_demo_is_what_watch_shows_of_the_same_stream(recording, monkeypatch):
    monkeypatch.setitem(sys.modules, "pydantic", None)
    demo = here("demo", "--pace", "0")
    watch = here("watch", "--provider", "openrouter", stdin=recording)
    assert records(demo[1]) == records(watch[1])
    assert demo[0] == watch[0] == 0


def test_the_demo_waits_before_each_message_and_leaves_nothing_out(recording, monkeypatch):
    waits = []
    monkeypatch.setattr(cli.time, "sleep", waits.append)
    assert b"".join(cli.paced(recording, 0.25)) == recording
    assert waits == [0.25] * recording.count(b"\n\n")
    assert here("demo", "--pace", "2")[0] == 0
    assert set(waits) == {0.25, 2}


@ON_POSIX
def test_on_a_terminal_the_document_is_drawn_and_left_there():
    with on_a_terminal("demo", "--pace", "0") as (process, terminal):
        drawn = b"".join(pieces(terminal)).decode()
        assert process.wait() == 0
    frame = drawn[drawn.rindex(ERASE) + len(ERASE) :]
    rows = re.sub(r"\x1b\[[?0-9;]*[a-z]", "", frame).splitlines()
    rows, types = rows[:-7], rows[-7:]
    assert rows[:2] == ["{", '  "title": "North Quay: the week in numbers"']
    assert rows[-3] == "}"
    assert rows[-2].startswith("256 messages · 979 chars · ")
    assert rows[-1] == "complete: finish_reason stop, end marker, JSON closed, valid"
    assert types[0] == "/metrics/0: Metric(name='ship calls', value=17, change=-0.105)"
    assert types[-1].startswith("refused after ")
    assert set(re.findall(r"\x1b\[([1-9]+)m", frame)) == COLOURS | {DIM, BOLD}
    assert CURSOR in drawn


@ON_POSIX
def test_on_a_terminal_an_interrupt_leaves_what_was_drawn_and_the_cursor():
    with on_a_terminal("watch") as (process, terminal):
        process.stdin.write(b"[1, 2")
        process.stdin.flush()
        drawn = b""
        while b"  1" not in drawn:
            drawn += os.read(terminal, 1)
        process.send_signal(signal.SIGINT)
        drawn += b"".join(pieces(terminal))
        assert process.wait() == 130
        assert process.stderr.read() == b""
    assert drawn.decode().endswith(CURSOR)


ERASE, CURSOR = "\x1b[2K", "\x1b[?25h"  # a row; and show it
COLOURS, DIM, BOLD = {"32", "35", "36"}, "2", "1"  # of strings, numbers and literals


@contextmanager
def on_a_terminal(*arguments):
    """A process that writes to a terminal of its own, and our end of that."""
    import pty  # noqa: PLC0415 - POSIX alone has it

    pytest.importorskip("rich")
    ours, its = pty.openpty()
    size = {"COLUMNS": "80", "LINES": "24", "TERM": "xterm-256color"}
    with started(*arguments, stdout=its, env=ENVIRONMENT | size) as process:
        os.close(its)
        yield process, ours
    os.close(ours)


def pieces(terminal):
    try:
        while piece := os.read(terminal, 65_536):
            yield piece
    except OSError:
        pass  # Linux says EIO where the other side has gone


# --- one channel ---------------------------------------------------------------------------------

BESIDE = sse(delta(reasoning="Hm. ", content="Digging. ")) + call('{"at": 3}', 0, "dig")
BESIDE += sse(delta("tool_calls")) + DONE


def test_one_channel_of_a_stream_is_shown():
    _, out, _ = run("events", "--provider", "auto", "--channel", "tool:dig", stdin=BESIDE)
    told = [json.loads(line) for line in out.splitlines()]
    assert {one["channel"]["kind"] for one in told} == {"tool"}
    code, out, _ = run("events", "--provider", "chat", "--channel", "reasoning", stdin=BESIDE)
    assert [json.loads(line)["text"] for line in out.splitlines()] == ["Hm. "]
    assert code == 0


def test_rows_of_one_channel_are_printed():
    options = ("items", "--path", "$.at", "--provider", "chat", "--channel")
    assert run(*options, "tool", stdin=BESIDE)[:2] == (0, "3\n")
    assert run(*options, "tool:fly", stdin=BESIDE)[1] == ""


def test_arguments_of_one_tool_are_validated():
    options = ("validate", "--model", "builtins:dict", "--provider", "chat")
    assert run(*options, "--channel", "tool:dig", stdin=BESIDE)[0] == 0
    wrong = BESIDE.replace(b'{\\"at\\": 3}', b"[3]")
    code, out, _ = run(*options, "--channel", "tool:dig", stdin=wrong)
    assert (code, json.loads(out.splitlines()[-1])["event"]) == (5, "invalid")


@pytest.mark.parametrize("channel", ["owl", "content:x", "tool:"])
def test_a_channel_that_does_not_exist_is_wrong_usage(channel):
    code, _, said = run("watch", "--channel", channel)
    assert (code, "expected content, reasoning, tool or tool:NAME" in said) == (2, True)


@pytest.mark.parametrize(
    "options",
    [["--port", "3"], ["--no-open"], ["--url", "x"], ["--model", "x"], ["--key-env", "X"]],
)
def test_options_of_the_dashboard_mean_nothing_without_it(options):
    code, out, err = run("demo", *options)
    name = options[0].replace("--no-", "--")
    assert (code, out, err) == (2, "", f"partialjson: {name} goes with --web\n")


def test_a_key_is_asked_for_on_a_terminal_alone():
    code, _, err = run("demo", "--web", "--url", "http://127.0.0.1/", "--model", "x")
    assert (code, err.endswith("without one name it by --key-env\n")) == (2, True)
