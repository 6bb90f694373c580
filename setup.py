"""The C core, which may be missing: without a compiler the package is plain Python."""

from pathlib import Path

from setuptools import Extension, setup

HERE = Path("partialjson", "_speedups")

setup(
    ext_modules=[
        Extension(
            "partialjson._speedups._core",
            [str(HERE / "_core.c")],
            depends=[str(header) for header in sorted(HERE.glob("*.h"))],
            optional=True,
        )
    ]
)
