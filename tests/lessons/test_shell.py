"""What a command prints, and whether it is what was expected."""

import shlex
import signal
import sys
import time
from pathlib import Path

import pytest

from lessons.shell import difference, run
from tests.kit.waiting import wait_until


def ignore(_line: str) -> None:
    pass


@pytest.mark.parametrize(
    ("expected", "output"),
    [
        ("a\nb", "a\nb\n"),
        ("...", ""),
        ("...\nb", "a\na\nb\n"),
        ("a\n...", "a\n"),
        ("a\n...\nc\n...\ne", "a\nb\nc\nc\nd\ne\n"),
        ("...\na\nb", "a\nc\na\nb\n"),  # the first `a` is not the one
        ("x=... y", "x=1 2 3 y\n"),
        ("waited 0... s", "waited 0.25 s\n"),
        ("A B", "A     B   \n"),
        ("(a|b)*", "(a|b)*\n"),
    ],
)
def test_output_is_as_expected(expected: str, output: str) -> None:
    assert difference(expected.splitlines(), output) is None


@pytest.mark.parametrize(
    ("expected", "output", "told"),
    [
        ("a\nb\nc", "a\nx\nc\n", "expected: b\ncame:     x"),
        ("a\nb", "a\n", "expected: b\ncame:     the end"),
        ("a", "a\nb\n", "expected: the end\ncame:     b"),
        ("a", "", "expected: a\ncame:     the end"),
        ("...\nb\n...", "x\ny\n", "expected: b\ncame:     no such line, from line 1 on: x"),
        ("...\na\nb", "x\na\nc\n", "expected: b\ncame:     c"),
        ("x=... y", "x=1 z\n", "expected: x=... y\ncame:     x=1 z"),
        ("a b", "ab\n", "expected: a b\ncame:     ab"),
        ("a.", "ab\n", "expected: a.\ncame:     ab"),
    ],
)
def test_a_difference_says_what_was_expected_and_what_came(
    expected: str, output: str, told: str
) -> None:
    assert difference(expected.splitlines(), output) == told


def test_a_demos_wishes_are_not_the_lessons_but_the_readers_ports_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in (
        "LANES_MODEL",
        "MODEL",
        "CLIENTS",
        "MAKEFLAGS",
        "LANES_PORT",
        "COMPOSE_PROJECT_NAME",
    ):
        monkeypatch.setenv(name, "set")
    names = "LANES_MODEL MODEL CLIENTS MAKEFLAGS LANES_PORT COMPOSE_PROJECT_NAME"
    ran = run(f"for name in {names}; do echo $name ${{!name}}; done", ignore)
    told = dict(line.partition(" ")[::2] for line in ran.output.splitlines())
    assert [name for name, text in told.items() if text] == ["LANES_PORT", "COMPOSE_PROJECT_NAME"]


def test_python_is_the_one_that_runs_the_lessons() -> None:
    ran = run("python3 -c 'import sys; print(sys.prefix)'", ignore)
    assert ran.output == f"{sys.prefix}\n"


def test_a_line_of_a_python_program_is_shown_before_the_program_ends(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)
    gate = tmp_path / "gate"
    program = (
        f"import os, time; print(1)\nwhile not os.path.exists({str(gate)!r}): time.sleep(0.01)"
    )
    shown: list[str] = []

    def show(line: str) -> None:
        shown.append(line)
        gate.touch()  # nothing else would let the program end

    assert run(f"python3 -c {shlex.quote(program)}", show, patience=60).exit_code == 0
    assert shown == ["1\n"]


def test_both_outputs_are_taken_and_each_line_is_shown_as_it_comes() -> None:
    shown: list[str] = []
    ran = run("echo one; echo two >&2; exit 3", shown.append)
    assert shown == ["one\n", "two\n"]
    assert (ran.output, ran.exit_code) == ("one\ntwo\n", 3)


def test_colours_and_cleared_lines_are_not_part_of_the_output() -> None:
    assert run(r"printf '\033[2K\033[1;31mred\033[0m\n'", ignore).output == "red\n"


def test_a_command_goes_on_after_a_backslash() -> None:
    assert run("echo one \\\n  two", ignore).output == "one two\n"


def test_a_command_runs_at_the_root_and_can_ask_nobody() -> None:
    assert run("ls compose.yaml; read -r answer || echo nobody", ignore).output == (
        "compose.yaml\nnobody\n"
    )


def test_a_make_in_a_lesson_does_not_take_itself_for_a_part_of_another(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MAKELEVEL", "1")
    monkeypatch.setenv("CLIENTS", "9")
    monkeypatch.setenv("LANES_PORT", "2122")
    ran = run('echo "$MAKELEVEL,$CLIENTS,$LANES_PORT"', ignore)
    assert ran.output == ",,2122\n"


def test_a_command_that_does_not_end_is_killed_with_all_that_it_started() -> None:
    ran = run("sleep 1000 & echo $!; sleep 1000", ignore, patience=1)
    assert ran.exit_code == -signal.SIGKILL
    wait_until(lambda: not is_running(int(ran.output)))


def is_running(pid: int) -> bool:
    """Whether it is there, and not just unburied."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except FileNotFoundError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def test_an_interrupt_reaches_the_command() -> None:
    def interrupt(_line: str) -> None:
        raise KeyboardInterrupt

    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        run("echo ready; exec sleep 1000", interrupt)
    assert time.monotonic() - began < 100
