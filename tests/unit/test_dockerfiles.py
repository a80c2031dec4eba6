"""Images can be built from a clone with a strict umask, and while tests run in the clone."""

import re
import tomllib
from pathlib import Path

import pytest

FILES = [*Path().glob("Dockerfile.*"), *(Path(name, "Dockerfile") for name in ("grading", "tests"))]
FILES.append(Path("tests/seen/Dockerfile"))
OWN = re.compile(r"COPY (?!--from=)(?!requirements/)")  # only root reads these


@pytest.mark.parametrize("file", FILES, ids=str)
def test_copied_files_are_made_readable_before_the_user_changes(file: Path) -> None:
    readable = True
    root = True
    for line in file.read_text(encoding="utf-8").splitlines():
        if OWN.match(line):
            assert root, f"nobody could change the modes of {line}"
            readable = False
        elif line.startswith("RUN ") and "chmod -R u=rwX,go=rX " in line:
            readable = True
        elif line.startswith("USER "):
            root = line == "USER 0:0"
            assert root or readable, f"{line}: what was copied may be unreadable"
    assert readable


def test_coverage_keeps_its_temporary_files_where_no_build_looks() -> None:
    # findings/docker-build-misses-what-follows-a-vanished-file.sh
    settings = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["tool"]["coverage"]
    folder = Path(settings["run"].get("data_file", ".coverage")).parent
    ignored = Path(".dockerignore").read_text(encoding="utf-8").splitlines()
    assert folder.parts[:1] == ("build",)
    assert "*" in ignored
    assert not [line for line in ignored if line.startswith("!build")]
