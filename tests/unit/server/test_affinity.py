"""Which CPUs the threads that serve may use."""

import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from server.chat.affinity import share_one_cpu

needs_two = pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="there is one CPU anyway")


def seen_by_a_thread() -> tuple[int | None, set[int], set[int]]:
    """Pin a new thread; return the result, its CPUs, and the CPUs of a thread that it starts."""
    with ThreadPoolExecutor(1) as first:
        cpu = first.submit(share_one_cpu).result()
        with first.submit(ThreadPoolExecutor, 1).result() as second:
            theirs = first.submit(second.submit, os.sched_getaffinity, 0).result().result()
        return cpu, first.submit(os.sched_getaffinity, 0).result(), theirs


@needs_two
def test_a_pinned_thread_and_its_children_share_a_cpu_and_no_other_does() -> None:
    before = os.sched_getaffinity(0)
    cpu, its, theirs = seen_by_a_thread()
    assert cpu in before
    assert its == theirs == {cpu}
    assert os.sched_getaffinity(0) == before


def test_without_a_gil_threads_keep_all_cpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.chat.gil.is_on", lambda: False)
    all_of_them = os.sched_getaffinity(0)
    assert seen_by_a_thread() == (None, all_of_them, all_of_them)
