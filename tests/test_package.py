"""What is under test: the core that should be in use, built from these sources, and its files."""

from __future__ import annotations

import os
import shutil
import sys
import sysconfig
from pathlib import Path

import pytest

import partialjson

PACKAGE = Path(partialjson.__file__).parent
IN_C = sorted(PACKAGE.glob("_speedups/*.[ch]"))  # none in a wheel


def why_it_cannot_be_built():
    """Why no core in C can be expected of this Python and this machine, if so."""
    if sys.implementation.name != "cpython" or sysconfig.get_config_var("Py_GIL_DISABLED"):
        return "this Python gets no core in C"
    command = (os.environ.get("CC") or sysconfig.get_config_var("CC") or "cl").split()[0]
    if shutil.which(command) is None:
        return f"no C compiler: {command}"
    header = Path(sysconfig.get_path("include"), "Python.h")
    return None if header.exists() else f"no {header.name}"


def test_the_core_under_test_is_in_c_unless_it_is_said_why():
    if os.environ.get("PARTIALJSON_CORE") == "python":
        assert partialjson.core == "python"
    elif partialjson.core != "c":
        why = why_it_cannot_be_built() or "it was not built here, as pip install -e . does"
        pytest.skip(f"the plain core alone is tested: {why}")


@pytest.mark.skipif(not IN_C, reason="a wheel holds no source in C")
@pytest.mark.skipif(partialjson.core != "c", reason="the plain core is in use")
def test_the_core_in_c_is_not_older_than_its_source():
    from partialjson._speedups import _core  # noqa: PLC0415 - which may be missing

    built = Path(_core.__file__).stat().st_mtime
    changed = [file.name for file in IN_C if file.stat().st_mtime > built]
    assert not changed, "pip install -e . builds it again"


@pytest.mark.parametrize(
    "name",
    ["py.typed", "demo.sse", "render/partialjson.js", "render/partialjson.d.ts"],
)
def test_what_is_no_python_lies_beside_it(name):
    assert PACKAGE.joinpath(name).is_file()
