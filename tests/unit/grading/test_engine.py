"""Commands are ended in order: late ones, and builds when the grading stops."""

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from grading.engine import Engine, Late, Stopped, last_line
from tests.kit.waiting import wait_until

STUBBORN = """
import signal, sys, time
from pathlib import Path

signal.signal(signal.SIGTERM, signal.SIG_IGN)
Path(sys.argv[1]).touch()
time.sleep(600)
"""
HEARS = """
import os, sys

print(input(), file=sys.stderr, flush=True)
print(os.environ["A"])
"""
WAITS = STUBBORN.replace("signal.SIG_IGN", "signal.SIG_DFL")


def test_a_command_gets_input_and_variables_and_its_errors_apart_or_in_place() -> None:
    words = (sys.executable, "-c", HEARS)
    done = Engine().run(*words, says="Hey\n", variables={"A": "b"})
    assert (done.returncode, done.stdout, done.stderr) == (0, "b\n", "Hey\n")
    merged = Engine().run(*words, says="Hey\n", variables={"A": "b"}, merged=True)
    assert merged.stdout == "Hey\nb\n"


def test_a_late_command_is_ended_even_if_it_ignores_the_first_signal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("grading.engine.PATIENCE", 0.1)
    with pytest.raises(Late):
        Engine().run(sys.executable, "-c", STUBBORN, str(tmp_path / "there"), within=0.5)


def test_a_stop_ends_builds_and_nothing_new_begins(tmp_path: Path) -> None:
    engine, there = Engine(), tmp_path / "there"
    with ThreadPoolExecutor() as pool:
        words = (sys.executable, "-c", WAITS, str(there))
        building = pool.submit(engine.run, *words, builds=True)
        wait_until(there.exists)
        engine.stop()
        with pytest.raises(Stopped):
            building.result()
    with pytest.raises(Stopped):
        engine.run("true")


def test_the_last_line_is_not_blank_and_has_no_control_sequences() -> None:
    assert last_line("one\n\x1b[2Jtwo\n \n") == "[2Jtwo"
    assert last_line("") == ""
