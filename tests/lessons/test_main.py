"""`python -m lessons`: the list, the walk, and the ways out of it."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pexpect
import pytest

from lessons.lesson import ROOT, find

PROGRAM = [sys.executable, "-m", "lessons"]
# A walk through a folder of the test's own; `python -m lessons` knows no other than the real one.
WALK = """\
import sys
from pathlib import Path
from lessons import __main__, lesson
lesson.FOLDER = Path(sys.argv.pop(1))
__main__.main(prog_name="python -m lessons")
"""
TEXT = """\
# Of echoes

Look at *this*:

```console
$ echo [one]; exit 3
two
```

<!--- invisible-code-block: python
assert False
-->

Now at that:

```console
$ echo ready; exec sleep 1000
```
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "1-of-echoes.md").write_text(TEXT, encoding="utf-8")
    (tmp_path / "2-of-less.md").write_text(TEXT[: TEXT.index("Now")], encoding="utf-8")
    return tmp_path


def walked(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        words, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )


@contextmanager
def on_a_terminal(folder: Path, number: str) -> Iterator["pexpect.spawn[str]"]:
    child = pexpect.spawn(
        sys.executable, ["-c", WALK, str(folder), number], cwd=ROOT, encoding="utf-8", timeout=60
    )
    try:
        yield child
    finally:
        child.close(force=True)


def test_without_a_number_it_lists_the_lessons_with_their_titles() -> None:
    done = walked(*PROGRAM)
    assert (done.returncode, done.stderr) == (0, "")
    assert len(done.stdout.splitlines()) == len(find())
    assert done.stdout.startswith("1 A thread for each client (")


@pytest.mark.parametrize("number", ["99", "two"])
def test_an_unknown_lesson_is_told_in_one_line_with_those_that_there_are(number: str) -> None:
    done = walked(*PROGRAM, number)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"There is no lesson {number}. There are: 1 A thread for each")
    assert done.stderr.count("\n") == 1


def test_without_a_terminal_it_runs_through_judging_nothing_and_hiding_claims(
    folder: Path,
) -> None:
    done = walked(sys.executable, "-c", WALK, str(folder), "2")
    assert (done.returncode, done.stderr) == (0, "")
    lines = [line.strip() for line in done.stdout.splitlines() if line.strip()]
    assert lines[1:] == [
        *["Look at this:", "$ echo [one]; exit 3", "[one]", "(exit code 3)"],
    ]
    assert "Of echoes" in lines[0]


def test_on_a_terminal_each_command_waits_for_enter(folder: Path) -> None:
    with on_a_terminal(folder, "2") as child:
        child.expect_exact("Enter runs it. ")
        assert "[one]\r\n" not in str(child.before)
        child.sendline("")
        child.expect_exact("[one]\r\n")
        child.expect(pexpect.EOF)
        child.close()
        assert child.exitstatus == 0


def test_ctrl_c_while_a_command_runs_ends_it_and_tells_how_to_end_the_server(
    folder: Path,
) -> None:
    with on_a_terminal(folder, "1") as child:
        child.expect_exact("Enter runs it. ")
        child.sendline("")
        child.expect_exact("Enter runs it. ")
        child.sendline("")
        child.expect_exact("\r\nready\r\n")
        child.sendintr()
        left_quietly(child)


def test_ctrl_c_and_ctrl_d_at_the_question_leave_too(folder: Path) -> None:
    with on_a_terminal(folder, "2") as child:
        child.expect_exact("Enter runs it. ")
        child.sendintr()
        left_quietly(child)
    with on_a_terminal(folder, "2") as child:
        child.expect_exact("Enter runs it. ")
        child.sendeof()
        left_quietly(child)


def left_quietly(child: "pexpect.spawn[str]") -> None:
    child.expect_exact("Left. If a server is still up, `make down` ends it.")
    child.expect(pexpect.EOF)
    assert "Traceback" not in str(child.before)
    child.close()
    assert child.exitstatus == 130
