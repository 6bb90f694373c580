"""The C core, which may be missing: without a compiler the package is plain Python."""

import os
import sys
import sysconfig
from pathlib import Path

from setuptools import Extension, setup

HERE = Path("partialjson", "_speedups")

# PyPy compiles plain Python by itself, and a free-threaded CPython would switch its GIL on for C.
FITS = sys.implementation.name == "cpython" and not sysconfig.get_config_var("Py_GIL_DISABLED")
PURE = os.environ.get("PARTIALJSON_PURE") == "1"  # while it is built; the library never reads it

# -O3 reads long strings 1.3 to 1.4 times as fast as -O2, which many a CPython is built with; the
# debug symbols that most ask for are four fifths of the file. A caller's own CFLAGS stand alone.
FLAGS = [] if sys.platform == "win32" or "CFLAGS" in os.environ else ["-O3", "-g0"]

core = Extension(
    "partialjson._speedups._core",
    [str(HERE / "_core.c")],
    depends=[str(header) for header in sorted(HERE.glob("*.h"))],
    extra_compile_args=FLAGS,
    optional=True,
)

setup(ext_modules=[core] if FITS and not PURE else [])
