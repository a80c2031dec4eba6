"""`python -m lessons`: the list, the walk, and the ways out of it."""

import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TypeAlias

import pexpect
import pytest

from lessons.lesson import find
from tests.kit.command import ROOT, run
from tests.kit.waiting import SECONDS

PROGRAM = (sys.executable, "-m", "lessons")
# A walk through a folder of the test's own; `python -m lessons` knows no other than the real one.
WALK = """\
import signal, sys
from pathlib import Path
from lessons import __main__, lesson
lesson.FOLDER = Path(sys.argv.pop(1))
signal.signal(signal.SIGINT, signal.default_int_handler)  # tests may run in the background
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
Terminal: TypeAlias = "pexpect.spawn[str]"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "1-of-echoes.md").write_text(TEXT, encoding="utf-8")
    (tmp_path / "2-of-less.md").write_text(TEXT[: TEXT.index("Now")], encoding="utf-8")
    return tmp_path


def test_without_a_number_it_lists_the_lessons_in_order_with_their_titles() -> None:
    done = run(*PROGRAM)
    assert (done.returncode, done.stderr) == (0, "")
    numbers = [line.split()[0] for line in done.stdout.splitlines()]  # the README has none
    assert numbers == list(find()) == sorted(numbers, key=int)
    assert done.stdout.startswith("1 A thread for each client (")


def test_an_unknown_lesson_is_told_in_one_line_with_those_that_there_are() -> None:
    done = run(*PROGRAM, "99")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("There is no lesson 99. There are: 1 A thread for each")
    assert done.stderr.count("\n") == 1


def test_without_a_terminal_it_runs_through_judging_nothing_and_hiding_claims(folder: Path) -> None:
    done = run(sys.executable, "-c", WALK, str(folder), "2")
    assert (done.returncode, done.stderr) == (0, "")
    title, *lines = [line.strip() for line in done.stdout.splitlines() if line.strip()]
    assert "Of echoes" in title
    assert lines == ["Look at this:", "$ echo [one]; exit 3", "[one]", "(exit code 3)"]


def interrupt_one(child: Terminal) -> None:
    child.sendline("")
    child.expect_exact("\r\n[one]\r\n")
    child.expect_exact("Enter runs it. ")
    child.sendline("")
    child.expect_exact("\r\nready\r\n")
    child.sendintr()


@pytest.mark.parametrize("leave", [interrupt_one, pexpect.spawn.sendintr, pexpect.spawn.sendeof])
def test_on_a_terminal_commands_wait_for_enter_and_ctrl_c_or_d_says_how_to_end_the_server(
    folder: Path, leave: Callable[[Terminal], None]
) -> None:
    words = ["-c", WALK, str(folder), "1"]
    child = pexpect.spawn(sys.executable, words, cwd=ROOT, encoding="utf-8", timeout=SECONDS)
    with closing(child):
        child.expect_exact("Enter runs it. ")
        assert "[one]\r\n" not in str(child.before)
        left = "Left. If a server is still up, `make down` ends it."
        # readline loses a Ctrl-C that comes between its prompt and its wait for a key.
        leave(child)
        if child.expect_exact([left, pexpect.TIMEOUT], timeout=SECONDS / 4):
            child.sendintr()
            child.expect_exact(left)
        child.expect(pexpect.EOF)
        assert "Traceback" not in str(child.before)
        child.close()
        assert child.exitstatus == 130
