"""Every lesson is true: its commands do what it says, and what it claims of them holds."""

import re
from pathlib import Path

import docker
import pytest

from lessons.check import check
from lessons.lesson import COMMENT, FOLDER, Claim, Command, find, read
from tests.kit.containers import remaining
from tests.kit.lab import Lab

SECTIONS = ["Predict", "Run", "See", "Why", "Try yourself"]
FENCES = re.compile(r"^```(\S*)\n.*?^```$", re.MULTILINE | re.DOTALL)
each_lesson = pytest.mark.parametrize("path", find().values(), ids=lambda path: path.stem)


@each_lesson
def test_a_lesson_is_true_and_leaves_nothing_running(
    path: Path,
    lab: Lab,  # noqa: ARG001 - it takes down what a lesson that fails has left
    engine: docker.DockerClient,
) -> None:
    check(read(path))
    assert remaining(engine) == []


@each_lesson
def test_a_lesson_has_its_five_sections_in_order(path: Path) -> None:
    prose = COMMENT.sub("", FENCES.sub("", path.read_text(encoding="utf-8")))
    assert re.findall(r"^##? (.+)", prose, re.MULTILINE) == [read(path).title, *SECTIONS]


@each_lesson
def test_a_lesson_has_something_to_run_and_something_that_it_claims(path: Path) -> None:
    steps = read(path).steps
    assert len([step for step in steps if isinstance(step, Command)]) >= 3
    assert [step for step in steps if isinstance(step, Claim)]


@each_lesson
def test_a_lesson_is_read_in_ten_minutes(path: Path) -> None:
    assert read(path).minutes <= 10


@each_lesson
def test_whatever_a_lesson_shows_as_code_is_run_or_is_no_code(path: Path) -> None:
    languages = {fence[1] for fence in FENCES.finditer(path.read_text(encoding="utf-8"))}
    assert languages <= {"console", "text"}


@each_lesson
def test_a_lesson_keeps_to_the_width_of_a_page(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if len(line) > 110] == []


@each_lesson
def test_a_picture_that_a_lesson_shows_is_there(path: Path) -> None:
    for target in re.findall(r"!\[[^]]*\]\(([^)]+)\)", path.read_text(encoding="utf-8")):
        assert (path.parent / target).is_file()


@each_lesson
def test_the_table_of_lessons_has_each_with_its_title_and_its_minutes(path: Path) -> None:
    lesson = read(path)
    table = (FOLDER / "README.md").read_text(encoding="utf-8")
    row = rf"^\| \[{lesson.number}\. (.+)\]\({re.escape(path.name)}\) \| .+ \| (\d+) \|$"
    assert re.findall(row, table, re.MULTILINE) == [(lesson.title, str(lesson.minutes))]
