"""Every fault of the original lab, when put back, fails a test that passes without it.

The tests run on copies of the tree, in their own processes.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.kit.command import ROOT
from tests.mutants.handout_faults import FAULTS, Fault

TESTS = "tests/unit/server"
FILES = "pyproject.toml", "docs/sessions.schema.json", "tests/conftest.py", "tests/unit/conftest.py"
PATIENCE = 2  # seconds: tests wait this long for what a faulty server never does


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for part in ("server", "tests/kit", TESTS):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / part, tmp_path / part, ignore=ignored)
    (tmp_path / "docs").mkdir()
    for file in FILES:
        shutil.copy(ROOT / file, tmp_path / file)
    return tmp_path


def run(tree: Path, *tests: str, **variables: str) -> tuple[int, str]:
    """Run pytest on these tests of the tree; return its exit code and what it printed."""
    # A broken copy must not count for coverage, and your options are not meant for it.
    foreign = ("COVERAGE_", "PYTEST_")
    ours = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    done = subprocess.run(
        [
            *("timeout", "--signal=KILL", "300"),  # ends a run that hangs, and its servers
            *(sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:xdist"),
            *tests,
        ],
        cwd=tree,
        env=ours | variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


def test_without_a_fault_the_tests_pass(copy: Path) -> None:
    code, printed = run(copy, *(f"{TESTS}/{fault.test}" for fault in FAULTS))
    assert code == pytest.ExitCode.OK, printed


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_fault_of_the_lab_put_back_makes_a_test_fail(fault: Fault, copy: Path) -> None:
    file = copy / "server" / fault.file
    text = file.read_text(encoding="utf-8")
    assert text.count(fault.old) == 1
    file.write_text(text.replace(fault.old, fault.new), encoding="utf-8")
    code, printed = run(copy, f"{TESTS}/{fault.test}", TESTS_SECONDS=str(PATIENCE))
    assert code == pytest.ExitCode.TESTS_FAILED, printed
    # An exception in a thread counts as an error if it comes only after the test has ended.
    assert re.search(f"(FAILED|ERROR) {re.escape(f'{TESTS}/{fault.test}')}", printed)
