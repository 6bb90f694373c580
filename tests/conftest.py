"""What every test may ask for: the corpora, where they are, and Hypothesis' profiles."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from browser_support import browser, node, npm, page
from hypothesis import HealthCheck, settings

__all__ = ["browser", "node", "npm", "page"]  # fixtures of every test file

settings.register_profile("default", deadline=None, max_examples=30)
settings.register_profile(
    "ci", deadline=None, max_examples=300, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--corpora",
        metavar="DIR",
        type=Path,
        help="the folder of conformance vectors and recordings; what needs it skips without",
    )
    parser.addoption(
        "--npm",
        metavar="DIR",
        type=Path,
        help="the folder where npm installed what the session `browser` asks for",
    )
    parser.addoption(
        "--typed-documents",
        metavar="N",
        type=int,
        help="how many documents typed validation is compared with Pydantic over",
    )
    parser.addoption(
        "--core-cases", metavar="N", type=int, help="how many texts both cores are compared over"
    )
    parser.addoption(
        "--core-seed", metavar="N", type=int, default=0, help="where their chance begins"
    )
    parser.addoption(
        "--typed-seed", metavar="N", type=int, default=0, help="where their chance begins"
    )


@pytest.fixture(scope="session")
def corpora(request: pytest.FixtureRequest) -> Path:
    folder: Path | None = request.config.getoption("--corpora")
    if folder is None:
        pytest.skip("other people's data are read in place: pass --corpora=DIR")
    if not folder.is_dir():
        raise pytest.UsageError(f"--corpora {folder}: no such folder")
    return folder
