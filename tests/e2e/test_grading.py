"""A folder of submissions is graded, each in a container of its own; so is a Classroom's."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import docker
import pytest

from tests.containers import CLIENT_IMAGE, LABEL, PROJECT, remaining
from tests.e2e.lab import PATIENCE, ROOT, Lab

ZOO = ROOT / "tests" / "zoo"
DOCKERFILE = """
ARG PYTHON_IMAGE
FROM ${PYTHON_IMAGE}
COPY server.py /
CMD ["python3", "/server.py", "2022"]
"""


def hand_in(folder: Path, animal: str, *, dockerfile: str | None = None) -> None:
    """One of the zoo, which binds localhost as the original lab's does."""
    folder.mkdir()
    text = (ZOO / animal).read_text(encoding="utf-8")
    if dockerfile:
        (folder / "Dockerfile").write_text(dockerfile)
    else:  # then it is started without a word
        text = text.replace("int(sys.argv[1])", "2022")
    (folder / "server.py").write_text(text, encoding="utf-8")


@pytest.fixture
def submissions(tmp_path: Path) -> Path:
    folder = tmp_path / "submissions"
    folder.mkdir()
    hand_in(folder / "ada", "threads.py", dockerfile=DOCKERFILE)
    hand_in(folder / "bob", "lock_over_conversation.py")
    (folder / "cyd").mkdir()
    (folder / "cyd" / "server.py").write_text("print('Hey')\n")
    (folder / "eve").mkdir()
    (folder / "eve" / "server.py").write_text("import time; time.sleep(600)\n")
    (folder / "dan").mkdir()
    (folder / "dan" / "Dockerfile").write_text("FROM no/such:image\n")
    return folder


def grade(submissions: Path, results: Path) -> tuple[int, dict[str, str]]:
    """The exit code, and what is said of each."""
    words = [ROOT / "grading" / "grade", submissions, results]
    done = subprocess.run(
        words, capture_output=True, text=True, timeout=PATIENCE, check=False, cwd=submissions
    )
    return done.returncode, dict(line.split(maxsplit=1) for line in done.stdout.splitlines())


def test_each_submission_has_a_scorecard_or_is_said_to_have_none(
    lab: Lab,
    engine: docker.DockerClient,
    submissions: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert lab.compose("build", "--quiet", "client") == ""
    monkeypatch.setenv("FORMAT", "json")
    results = tmp_path / "results"
    code, said = grade(submissions, results)
    assert code == 1
    assert said["ada"] == "all passed"
    assert said["bob"] == f"failed: see {results / 'bob.json'}"
    assert said["cyd"].startswith("could not be checked: ")
    assert (results / "cyd.log").read_text(encoding="utf-8") == "Hey\n"
    assert said["eve"].startswith("could not be checked: Nobody is there to be checked: ")
    assert said["dan"].startswith("does not build: ")

    card: dict[str, Any] = json.loads((results / "bob.json").read_text(encoding="utf-8"))
    failed = {check["name"] for check in card["checks"] if not check["passed"]}
    assert failed == {"concurrent", "unblocked", "many"}
    assert remaining(engine) == []


def test_the_classrooms_steps_run_as_they_stand_and_are_reported_each(
    lab: Lab, tmp_path: Path
) -> None:
    assert lab.compose("build", "--quiet", "client") == ""
    hand_in(tmp_path / "bob", "lock_over_conversation.py")
    workflow = (ROOT / "grading" / "classroom.yml").read_text(encoding="utf-8")
    ids, commands = (re.findall(rf"{key}: (.*)", workflow) for key in ("- id", "command"))
    assert f"runners: {','.join(ids)}" in workflow
    assert all(f"{one.upper()}_RESULTS: " in workflow for one in ids)

    codes = {
        one: in_classroom(tmp_path / "bob", command)
        for one, command in zip(ids, commands, strict=True)
    }
    assert codes == {"answers": 0, "concurrent": 1, "everything": 1}


def in_classroom(repository: Path, command: str) -> int:
    """The exit code of a step: a student's repository, this project beside it, Python and click."""
    mounts = [f"--volume={repository}:/classroom", f"--volume={ROOT}:/classroom/lab:ro"]
    words = ["docker", "run", "--rm", "--pull=never", f"--label={LABEL}={PROJECT}", *mounts]
    words += ["--user=0", "--workdir=/classroom", "--entrypoint=bash", CLIENT_IMAGE, "-c", command]
    return subprocess.run(words, timeout=PATIENCE, check=False).returncode
