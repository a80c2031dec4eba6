"""A command runs as the reader would run it."""

import signal
import sys

import pytest

from lessons.shell import run
from tests.kit.command import runs
from tests.kit.waiting import SECONDS, wait_until


@pytest.mark.parametrize(
    ("command", "printed"),
    [
        (r"printf '\033[2K\033[1;31mred\033[0m\n'", "red\n"),  # colours are not output
        ("echo one \\\n  two", "one two\n"),
        ("ls compose.yaml; read -r answer || echo nobody", "compose.yaml\nnobody\n"),
        ("python3 -c 'import sys; print(sys.prefix)'", f"{sys.prefix}\n"),
    ],
)
def test_a_command_runs_unattended_at_the_root_with_this_python(command: str, printed: str) -> None:
    assert run(command, print).output == printed


def test_a_lesson_uses_the_readers_ports_but_no_settings_of_a_demo(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    foreign = ["LANES_MODEL", "MODEL", "CLIENTS", "MAKEFLAGS", "MAKELEVEL"]
    readers = ["LANES_PORT", "COMPOSE_PROJECT_NAME"]
    for name in foreign + readers:
        monkeypatch.setenv(name, "set")
    command = f"for name in {' '.join(foreign + readers)}; do echo $name=${{!name}}; done"
    seen = [f"{name}=" for name in foreign] + [f"{name}=set" for name in readers]
    assert run(command, print).output.split() == seen


def test_both_outputs_are_taken_and_shown_line_by_line() -> None:
    shown: list[str] = []
    ran = run("echo one; echo two >&2; exit 3", shown.append)
    assert shown == ["one\n", "two\n"]
    assert (ran.output, ran.exit_code) == ("one\ntwo\n", 3)


def test_an_endless_command_is_killed_with_all_that_it_started() -> None:
    ran = run("sleep 1000 & echo $!; sleep 1000", print, patience=1)
    assert ran.exit_code == -signal.SIGKILL
    wait_until(lambda: not runs(int(ran.output)))


def test_a_line_is_shown_at_once_and_interrupts_reach_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)
    dies = "import os, signal; signal.signal(2, signal.SIG_DFL); print(os.getpid()); signal.pause()"
    shown: list[str] = []

    def interrupt(line: str) -> None:
        shown.append(line)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(f"exec python3 -c '{dies}'", interrupt, patience=SECONDS)
    wait_until(lambda: not runs(int(shown[0])))
