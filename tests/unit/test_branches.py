"""`make test` fails if too few branches of a package are taken."""

import json
import sys

import pytest

from tests.kit.command import run


@pytest.mark.parametrize(("taken", "code"), [(95, 0), (94, 1)])
def test_a_package_with_too_few_branches_taken_fails(taken: int, code: int) -> None:
    files = {
        f"server/{name}.py": {"summary": {"covered_branches": covered, "num_branches": 50}}
        for name, covered in {"one": 50, "other": taken - 50}.items()
    }
    words = (sys.executable, "-m", "tests.kit.branches", "server")
    done = run(*words, says=json.dumps({"files": files}))
    assert done.stdout == f"server: {taken} of 100 branches, {taken:.1f} %, at least 95\n"
    assert done.returncode == code
