"""Every lesson is true: its commands do what it says, and its claims hold."""

import re
import sys
from pathlib import Path

import docker
import pytest
from _pytest.mark import ParameterSet

from lessons.check import check
from lessons.lesson import COMMENT, FOLDER, Claim, Command, find, read
from lessons.stops import stops
from tests.kit.command import run
from tests.kit.containers import remaining
from tests.kit.lab import Lab

SECTIONS = ["Predict", "Run", "See", "Why", "Try it yourself"]
FENCES = re.compile(r"^```(\S*)\n.*?^```$", re.MULTILINE | re.DOTALL)
# These claim how long something takes, what is seen in time, or that clients start at the same
# time; lesson 7 computes as well.
MARKS = {
    "1": pytest.mark.quiet,
    "2": pytest.mark.quiet,
    "7": pytest.mark.alone,
    "8": pytest.mark.quiet,
    "9": pytest.mark.quiet,
}


def runs(number: str, path: Path) -> ParameterSet:
    return pytest.param(path, id=path.stem, marks=MARKS.get(number, ()))


@pytest.mark.parametrize("path", [runs(*lesson) for lesson in find().items()])
def test_a_lesson_is_true_and_leaves_nothing_running(
    path: Path,
    lab: Lab,  # noqa: ARG001 - it removes what a failed lesson has left
    engine: docker.DockerClient,
) -> None:
    check(read(path))
    assert remaining(engine) == []


@pytest.mark.parametrize("path", find().values(), ids=lambda path: path.stem)
def test_a_lesson_has_the_form_of_a_lesson_and_its_row_in_the_table(path: Path) -> None:
    text, lesson = path.read_text(encoding="utf-8"), read(path)
    prose = COMMENT.sub("", FENCES.sub("", text))
    assert re.findall(r"^##? (.+)", prose, re.MULTILINE) == [lesson.title, *SECTIONS]
    assert sum(isinstance(step, Command) for step in lesson.steps) >= 3
    assert any(isinstance(step, Claim) for step in lesson.steps)
    asked, answered = (
        [getattr(stop, kind) for stop in stops(lesson)] for kind in ("questions", "answers")
    )
    assert len(max(asked, key=len)) == len(max(answered, key=len)) > 0
    assert lesson.minutes <= 10
    assert set(FENCES.findall(text)) <= {"console", "text"}  # what looks like code is run
    assert [line for line in text.splitlines() if len(line) > 110] == []
    table = (FOLDER / "README.md").read_text(encoding="utf-8")
    row = rf"^\| \[{lesson.number}\. (.+)\]\({re.escape(path.name)}\) \| .+ \| (\d+) \|$"
    assert re.findall(row, table, re.MULTILINE) == [(lesson.title, str(lesson.minutes))]


@pytest.mark.parametrize("program", ["ask.py", "crowd.py"])
def test_without_a_server_a_program_that_needs_one_says_so_in_one_line(program: str) -> None:
    done = run(sys.executable, str(FOLDER / "programs" / program), "4")  # nothing before the number
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "No server is running.\n"
