"""Two cores that are two, and an interpreter that has no GIL."""

import sys

import click
import pytest

from bench import machine


@pytest.mark.parametrize(
    ("allowed", "siblings", "chosen"),
    [
        ({2, 3, 4, 5}, {2, 3}, (2, 4)),  # the load is on no thread of the server's core
        ({0, 1}, {0, 1}, (0, 1)),  # but where there is one core, its threads have to do
    ],
)
def test_the_load_has_a_core_of_its_own_where_there_is_one(
    monkeypatch: pytest.MonkeyPatch,
    allowed: set[int],
    siblings: set[int],
    chosen: tuple[int, int],
) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda _: allowed)
    monkeypatch.setattr(machine, "siblings", lambda _: siblings)
    assert machine.two_cores() == chosen


def test_one_processor_is_not_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {0})
    with pytest.raises(click.ClickException, match="two cores are needed"):
        machine.two_cores()


def test_a_core_is_its_own_sibling() -> None:
    first, other = machine.two_cores()
    assert first != other
    assert first in machine.siblings(first)


def test_an_interpreter_with_a_gil_is_not_measured_as_one_without(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("BENCH_PYTHON", sys.executable)
    with pytest.raises(click.ClickException, match="does not run the server without a GIL"):
        machine.free_threaded_python()
    monkeypatch.delenv("BENCH_PYTHON")
    with pytest.raises(click.ClickException, match="BENCH_PYTHON has to name"):
        machine.free_threaded_python()


def test_an_interpreter_says_which_it_is() -> None:
    version = ".".join(map(str, sys.version_info[:3]))
    assert machine.python_version(sys.executable).startswith(version)
