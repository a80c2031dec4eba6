"""Two cores that are two, and an interpreter that has no GIL."""

import sys

import click
import pytest

from bench import machine


def chosen(
    monkeypatch: pytest.MonkeyPatch, allowed: set[int], siblings: set[int]
) -> tuple[int, int]:
    monkeypatch.setattr("os.sched_getaffinity", lambda _: allowed)
    monkeypatch.setattr(machine, "siblings", lambda _: siblings)
    return machine.two_cores()


def test_the_load_is_not_on_another_thread_of_the_server_s_core(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert chosen(monkeypatch, {2, 3, 4, 5}, siblings={2, 3}) == (2, 4)


def test_where_there_is_one_core_its_threads_have_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    assert chosen(monkeypatch, {0, 1}, siblings={0, 1}) == (0, 1)


def test_one_processor_is_not_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(click.ClickException, match="two cores are needed"):
        chosen(monkeypatch, {0}, siblings={0})


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
