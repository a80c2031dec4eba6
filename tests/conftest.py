"""What every test can use: an engine, a Compose project, and an environment without options."""

import signal
from pathlib import Path

import pytest
from hypothesis import settings

from tests.kit import skips
from tests.kit.certificates import ca
from tests.kit.containers import engine, environment, project, pytest_runtest_makereport
from tests.kit.groups import pytest_collection_modifyitems
from tests.kit.lab import lab
from tests.kit.rounds import rounds
from tests.kit.skips import pytest_sessionfinish

__all__ = [
    "ca",
    "engine",
    "environment",
    "lab",
    "project",
    "pytest_collection_modifyitems",
    "pytest_runtest_makereport",
    "pytest_sessionfinish",
    "rounds",
]

# A shell makes background jobs ignore Ctrl-C, and a script that inherits this cannot trap it
# (POSIX, Shell Command Language, 2.11).
signal.signal(signal.SIGINT, signal.default_int_handler)

settings.register_profile("shared machine", deadline=None)  # a test's speed proves nothing there
settings.load_profile("shared machine")


def pytest_addoption(parser: pytest.Parser) -> None:
    skips.pytest_addoption(parser)
    how_often = "how often to try: as in `make test`, or as in `make faults`"
    parser.addoption("--rounds", choices=["short", "full"], default="short", help=how_often)
    parser.addoption("--tallies", type=Path, help="a file to add each fault test's tally to")
    parser.addoption("--runs", type=int, default=1, help="how often `check` tries a right server")
