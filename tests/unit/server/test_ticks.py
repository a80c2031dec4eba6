"""When it happened: thinned, bounded, counted exactly, and whole for whoever copies meanwhile."""

import itertools
import sys
import threading
from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.ticks import GAP, TICKS, Tick, Ticks

moments = st.lists(st.floats(0, 20)).map(sorted)  # within fewer gaps than there are ticks


@pytest.fixture
def restless_threads() -> Iterator[None]:
    """Threads that take turns as often as they can."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


def test_a_tick_has_its_beginning_its_end_and_its_events() -> None:
    ticks = Ticks()
    ticks.add(10.0, 10.1, 3)
    ticks.add(11.0, 11.2, 1)
    assert list(ticks) == [Tick(10.0, 10.1, 3), Tick(11.0, 11.2, 1)]


def test_what_begins_within_the_gap_is_counted_on_the_tick_before() -> None:
    ticks = Ticks()
    ticks.add(10.0, 10.1, 1)
    ticks.add(10.2, 10.4, 2)
    ticks.add(10.0 + GAP, 10.5, 1)
    assert list(ticks) == [Tick(10.0, 10.4, 3), Tick(10.0 + GAP, 10.5, 1)]


def test_the_gap_is_from_the_tick_s_beginning_so_one_that_never_pauses_is_many() -> None:
    ticks = Ticks()
    for step in range(100):
        ticks.add(step / 16, step / 16, 1)  # four of them within a gap
    assert [tick.events for tick in ticks] == [4] * 25


def test_the_last_are_kept_and_none_beyond_their_number() -> None:
    ticks = Ticks()
    for second in range(TICKS + 5):
        ticks.add(second, second, 1)
    assert [tick.began for tick in ticks] == list(range(5, TICKS + 5))


def test_what_never_pauses_is_remembered_for_a_minute() -> None:
    ticks = Ticks()
    for step in range(8000):
        ticks.add(step / 80, step / 80, 1)
    first, *_, last = ticks
    assert last.ended - first.began >= 59.5


@given(moments)
def test_no_event_is_lost_and_ticks_keep_their_distance(moments: list[float]) -> None:
    ticks = Ticks()
    for moment in moments:
        ticks.add(moment, moment, 1)
    assert sum(tick.events for tick in ticks) == len(moments)
    assert all(after.began - before.began >= GAP for before, after in pairwise(ticks))


def test_a_copy_stays_when_more_is_added() -> None:
    ticks = Ticks()
    ticks.add(10.0, 10.0, 1)
    copied = ticks.copy()
    ticks.add(10.1, 10.1, 1)
    ticks.add(20.0, 20.0, 1)
    assert list(copied) == [Tick(10.0, 10.0, 1)]


@pytest.mark.usefixtures("restless_threads")
def test_every_copy_has_whole_ticks_while_another_thread_adds() -> None:
    ticks, copied_enough = Ticks(), threading.Event()

    def add() -> None:
        for second in itertools.count():
            ticks.add(second, second + 0.5, 7)
            if copied_enough.is_set():
                return

    thread = threading.Thread(target=add)
    thread.start()
    try:
        copies = [list(ticks.copy()) for _ in range(1000)]  # ValueError where one is cut in two
    finally:
        copied_enough.set()
        thread.join()
    for copied in copies:
        assert len(copied) <= TICKS
        assert all(tick == (tick.began, tick.began + 0.5, 7) for tick in copied)
        assert all(after.began - before.began == 1 for before, after in pairwise(copied))


@pytest.mark.usefixtures("restless_threads")
def test_no_event_is_lost_and_no_count_falls_while_another_thread_copies() -> None:
    ticks, events = Ticks(), 30_000  # in fewer gaps than there are ticks: none is forgotten

    def add() -> None:
        for step in range(events):
            ticks.add(step / 1000, step / 1000, 1)

    thread = threading.Thread(target=add)
    thread.start()
    counts = []
    while thread.is_alive():
        counts.append(sum(tick.events for tick in ticks.copy()))
    thread.join()
    assert counts == sorted(counts)
    assert sum(tick.events for tick in ticks) == events
