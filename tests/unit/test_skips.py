"""`make test` fails if a test is skipped."""

import sys
from pathlib import Path

import pytest

from tests.kit.command import run

SKIPPED = "import pytest\n\n\ndef test_it():\n    pytest.skip('no rights')\n"
WORDS = (sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "tests.kit.skips")


@pytest.mark.parametrize("parallel", [[], ["--numprocesses", "2"]], ids=["alone", "workers"])
@pytest.mark.parametrize(("option", "code"), [([], 0), (["--no-skips"], 1)])
def test_a_skipped_test_fails_the_run_if_none_may_be(
    parallel: list[str], option: list[str], code: int, tmp_path: Path
) -> None:
    file = tmp_path / "test_skipped.py"
    file.write_text(SKIPPED)
    ran = run(*WORDS, *parallel, *option, "--rootdir", str(tmp_path), str(file))
    assert "1 skipped" in ran.stdout
    assert ("none may be" in ran.stdout) == bool(option)
    assert ran.returncode == code
