"""`python -m lessons`: the list, the walk, and the ways out of it."""

import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TypeAlias

import pexpect
import pytest

from lessons.lesson import find
from lessons.shell import CONTROL
from tests.kit.command import ROOT, run
from tests.kit.waiting import SECONDS

PROGRAM = (sys.executable, "-m", "lessons")
# A walk through the test's own folder; `python -m lessons` knows only the real one.
WALK = """\
import signal, sys
from pathlib import Path
from lessons import __main__, lesson, place
place.FOLDER = lesson.FOLDER = Path(sys.argv.pop(1))
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
WHOLE = """\
# Of numbers

## Predict

1. What is last?

## Run

```console
$ true
$ seq 20
...
20
```

## See

Twenty.

## Why

<details>
<summary>The answers</summary>

1. The twentieth.

</details>
"""
Terminal: TypeAlias = "pexpect.spawn[str]"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "1-of-echoes.md").write_text(TEXT, encoding="utf-8")
    (tmp_path / "2-of-less.md").write_text(TEXT[: TEXT.index("Now")], encoding="utf-8")
    (tmp_path / "3-of-numbers.md").write_text(WHOLE, encoding="utf-8")
    return tmp_path


def test_without_a_number_it_lists_the_lessons_in_order() -> None:
    done = run(*PROGRAM)
    assert (done.returncode, done.stderr) == (0, "")
    numbers = [line.split()[0] for line in done.stdout.splitlines()]  # the README has none
    assert numbers == list(find()) == sorted(numbers, key=int)
    assert done.stdout.startswith("1 A thread for each client (")


def test_an_unknown_lesson_is_reported_in_one_line_with_the_others() -> None:
    done = run(*PROGRAM, "99")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("There is no lesson 99. There are: 1 A thread for each")
    assert done.stderr.count("\n") == 1


def test_without_a_terminal_it_runs_everything_and_hides_the_claims(folder: Path) -> None:
    done = run(sys.executable, "-c", WALK, str(folder), "2")
    assert (done.returncode, done.stderr) == (0, "")
    title, step, *lines = [line for line in done.stdout.splitlines() if line.strip()]
    assert ("Lesson 2: Of echoes" in title, "step 1 of 1" in step) == (True, True)
    assert [line.strip() for line in lines] == [
        "Look at this:",
        "$ echo [one]; exit 3",
        "[one]",
        "(exit code 3; docs/troubleshooting.md may help)",
    ]
    assert list(folder.glob("*.json")) == []


@contextmanager
def walk(folder: Path, number: str) -> Iterator[Terminal]:
    words = ["-c", WALK, str(folder), number]
    variables = os.environ | {"PAGER": "cat"}
    spawn = pexpect.spawn(
        sys.executable, words, cwd=ROOT, env=variables, encoding="utf-8", timeout=SECONDS
    )
    with closing(spawn) as child:
        yield child


def press(child: Terminal, key: str, question: str = "q quits: ") -> str:
    """Wait for a question and answer it; return what was on the screen above it."""
    child.expect_exact(question)
    child.sendline(key)
    return CONTROL.sub("", str(child.before))


def test_a_walk_folds_the_log_and_shows_predictions_beside_answers(
    folder: Path,
) -> None:
    with walk(folder, "3") as child:
        assert "Predict · step 1 of 4" in press(child, "it is [19]", "  1. ")
        press(child, "")
        child.expect_exact("running (Ctrl-C leaves the lesson)")
        folded = press(child, "l")
        assert "⋯ 19 lines" in folded
        assert "\r\n20\r\n" in folded
        assert "\r\n2\r\n3\r\n4\r\n" in press(child, "")
        seen = press(child, "")
        assert "See · step 3 of 4" in seen
        assert "it is [19]" in seen
        answers = press(child, "")
        assert re.search(r"1\. +What is last\? +it is \[19\] +The twentieth\.", answers)
        child.expect_exact("This is the end of lesson 3.\r\n")  # there is no lesson 4
        child.expect(pexpect.EOF)
    assert list(folder.glob("*.json")) == []  # nothing to resume


def test_a_walk_goes_back_skips_and_resumes_with_its_predictions(
    folder: Path,
) -> None:
    with walk(folder, "3") as child:
        press(child, "nineteen", "  1. ")
        press(child, "s")
        assert "step 3 of 4" in press(child, "b")
        assert "step 2 of 4" in press(child, "?")
        assert "The keys here are s, b, q and Enter." in press(child, "Q")
        child.expect_exact("`make lesson N=3` resumes here.")
        child.expect(pexpect.EOF)
        child.close()
        assert child.exitstatus == 0
    with walk(folder, "3") as child:
        assert "step 2 of 4" in press(child, "", "a starts again, q quits: ")
        press(child, "s")
        assert "nineteen" in press(child, "q")
        child.expect(pexpect.EOF)
    with walk(folder, "3") as child:
        press(child, "a", "a starts again, q quits: ")
        assert "step 1 of 4" in press(child, "b", "  1. ")  # there is no step before it
        press(child, "q", "  1. ")
        child.expect(pexpect.EOF)


@pytest.mark.parametrize("key", ["B", "Q", pexpect.spawn.sendintr])
def test_a_prediction_is_saved_as_soon_as_it_is_typed(
    folder: Path, key: str | Callable[[Terminal], None]
) -> None:
    text = WHOLE.replace("1. What is last?", "1. What is last?\n2. How many?")
    (folder / "4-of-more.md").write_text(text, encoding="utf-8")
    with walk(folder, "4") as child:
        press(child, "nineteen", "  1. ")
        if isinstance(key, str):
            press(child, key, "  2. ")
        else:
            child.expect_exact("  2. ")
            key(child)
            see_it_leave(child)
    with walk(folder, "4") as child:
        press(child, "", "  1. (nineteen) ")
        press(child, "", "  2. ")
        assert "(" not in press(child, "s").splitlines()[0]  # the key is no prediction
        assert "nineteen" in press(child, "q")


def test_a_resumed_walk_names_the_step_that_starts_the_server_if_there_is_one(
    folder: Path,
) -> None:
    for number, command in (("4", "true make demo"), ("5", "true")):
        text = f"# Of servers\n\nOne.\n\n```console\n$ {command}\n```\n\nTwo.\n"
        (folder / f"{number}-of-servers.md").write_text(text, encoding="utf-8")
    sentence = "If you have run `make down` since, go back to step 1, which starts a server."
    for number in ("4", "5"):
        with walk(folder, number) as child:
            press(child, "s")
            press(child, "q")
            child.expect(pexpect.EOF)
        with walk(folder, number) as child:
            said = press(child, "q", "a starts again, q quits: ")
            assert "You left this lesson at step 2 of 2." in said
            assert (sentence in said) == (number == "4")


def test_r_runs_a_command_again_at_once(folder: Path) -> None:
    with walk(folder, "1") as child:
        press(child, "")
        assert "[one]\r\n" in press(child, "r")
        assert "[one]\r\n" in press(child, "q")
        child.expect(pexpect.EOF)


def test_an_output_that_the_lesson_does_not_expect_is_called_so(folder: Path) -> None:
    text = WHOLE.replace("seq 20", "seq 90")
    (folder / "4-of-more.md").write_text(text, encoding="utf-8")
    with walk(folder, "4") as child:
        press(child, "", "  1. ")
        press(child, "")
        seen = press(child, "q")
        assert "⋯ 60 lines" in seen
        assert "\r\n61\r\n" in seen
        assert "This is not quite what the lesson expects: l shows all of it." in seen


def test_the_end_of_a_lesson_names_the_next(folder: Path) -> None:
    with walk(folder, "2") as child:
        press(child, "s")
        child.expect_exact("This is the end of lesson 2. Next: `make lesson N=3`")


def test_links_show_where_they_lead(folder: Path) -> None:
    links = "[Lesson 2](2-a.md), [b.py](../../c/b.py), [it](../a.md#b), [PEP](https://x.org)"
    (folder / "4-of-links.md").write_text(f"# Of links\n\n{links}\n", encoding="utf-8")
    done = run(sys.executable, "-c", WALK, str(folder), "4")
    assert "Lesson 2, c/b.py, it (docs/a.md), PEP (https://x.org)" in done.stdout


def see_it_leave(child: Terminal) -> None:
    """Wait for the goodbye after Ctrl-C or Ctrl-D, and check that leaving is no error."""
    left = "If a server is still up, `make down` ends it."
    # readline loses a Ctrl-C that comes between its prompt and its wait for a key.
    if child.expect_exact([left, pexpect.TIMEOUT], timeout=SECONDS / 4):
        child.sendintr()
        child.expect_exact(left)
    child.expect(pexpect.EOF)
    assert "Traceback" not in str(child.before)
    child.close()
    assert child.exitstatus == 0  # `make` would call any other code an error


def interrupt_one(child: Terminal) -> None:
    child.sendline("")
    child.expect_exact("[one]")
    press(child, "")
    child.sendline("")
    child.expect_exact("ready")
    child.sendintr()


@pytest.mark.parametrize("leave", [interrupt_one, pexpect.spawn.sendintr, pexpect.spawn.sendeof])
def test_on_a_terminal_commands_wait_for_enter_and_leaving_says_how_to_clean_up(
    folder: Path, leave: Callable[[Terminal], None]
) -> None:
    with walk(folder, "1") as child:
        child.expect_exact("q quits: ")
        assert "[one]\r\n" not in str(child.before)
        leave(child)
        see_it_leave(child)
