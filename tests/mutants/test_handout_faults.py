"""Every fault of the original lab is noticed: put back, it makes a test fail that passes without.

The tests run on copies of the tree, in processes of their own.
"""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.mutants.handout_faults import FAULTS, Fault

TREE = Path(__file__).parents[2]
PARTS = ["server", "client", "tests/kit", "tests/unit"]
SECONDS = 60.0  # after this a run counts as hanging, which is no answer
PATIENCE = "3"  # seconds: what a faulty server never does is waited for in vain


def replace(tree: Path, file: str, old: str, new: str) -> None:
    text = (tree / file).read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{file} has it {text.count(old)} times: {old}"
    (tree / file).write_text(text.replace(old, new), encoding="utf-8")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for part in PARTS:
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(TREE / part, tmp_path / part, ignore=ignored)
    for file in ("pyproject.toml", "tests/conftest.py"):
        shutil.copy(TREE / file, tmp_path / file)
    return tmp_path


def run(tree: Path, tests: Iterable[str], **variables: str) -> tuple[int, str]:
    """The exit code of pytest on these tests of the tree, and what it printed."""
    # What a broken copy does is no coverage, and nobody's options are meant for it.
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("COVERAGE_", "PYTEST_"))
    }
    words = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--tb=short", *tests]
    with subprocess.Popen(
        words,
        cwd=tree,
        env=environment | variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            printed, _ = process.communicate(timeout=SECONDS)
        finally:
            if process.returncode is None:
                os.killpg(process.pid, signal.SIGKILL)  # it has servers of its own
    return process.returncode, printed


def test_without_a_fault_the_tests_pass(copy: Path) -> None:
    code, printed = run(copy, [fault.test for fault in FAULTS])
    assert code == pytest.ExitCode.OK, printed


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_fault_of_the_lab_that_is_put_back_makes_a_test_fail(fault: Fault, copy: Path) -> None:
    replace(copy, fault.file, fault.old, fault.new)
    code, printed = run(copy, [fault.test], TESTS_SECONDS=PATIENCE)
    assert code == pytest.ExitCode.TESTS_FAILED, printed
    assert f"FAILED {fault.test}" in printed
