"""When things happened: thinned, bounded, counted exactly, and whole in every copy."""

import itertools
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.chat.ticks import GAP, TICKS, Ticks
from tests.kit.waiting import wait_for_end

moments = st.lists(st.floats(0, 20)).map(sorted)  # fewer gaps than ticks, so none is dropped


@pytest.fixture
def ticks() -> Ticks:
    return Ticks()


def test_events_within_the_gap_are_counted_on_the_tick_before(ticks: Ticks) -> None:
    ticks.add(10.0, 10.1, 1)
    ticks.add(10.2, 10.4, 2)
    ticks.add(10.0 + GAP, 10.5, 1)
    assert ticks.since() == [(10.0, 10.4, 3), (10.0 + GAP, 10.5, 1)]


def test_endless_events_are_one_tick_for_each_gap_of_the_last_minute(ticks: Ticks) -> None:
    for step in range(8000):
        ticks.add(step / 80, step / 80, 1)  # twenty in each gap
    kept = ticks.since()
    assert [count for *_, count in kept] == [20] * TICKS
    assert kept[-1][1] - kept[0][0] >= 59.5


@given(moments)
def test_no_event_is_lost_and_ticks_keep_their_distance(moments: list[float]) -> None:
    ticks = Ticks()
    for moment in moments:
        ticks.add(moment, moment, 1)
    assert sum(count for *_, count in ticks.since()) == len(moments)
    assert all(after - before >= GAP for (before, *_), (after, *_) in pairwise(ticks.since()))


@contextmanager
def in_a_restless_thread(add: Callable[[], object]) -> Iterator[threading.Thread]:
    """Call `add` in a new thread; the two threads take turns as often as they can."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    thread = threading.Thread(target=add)
    thread.start()
    try:
        yield thread
    finally:
        wait_for_end(thread)
        sys.setswitchinterval(interval)


def test_every_copy_has_whole_ticks_while_another_thread_adds(ticks: Ticks) -> None:
    copied_enough = threading.Event()

    def add() -> None:
        for second in itertools.takewhile(lambda _: not copied_enough.is_set(), itertools.count()):
            ticks.add(second, second + 0.5, 7)

    with in_a_restless_thread(add):
        try:
            copies = [ticks.copy().since() for _ in range(1000)]  # raises if a tick is cut in two
        finally:
            copied_enough.set()
    for copied in copies:
        assert len(copied) <= TICKS
        assert all(tick == (tick[0], tick[0] + 0.5, 7) for tick in copied)
        assert all(after - before == 1 for (before, *_), (after, *_) in pairwise(copied))


def test_no_event_is_lost_and_no_count_falls_while_another_thread_copies(ticks: Ticks) -> None:
    events, counts = 30_000, []  # fewer gaps than ticks, so none is dropped

    def add() -> None:
        for step in range(events):
            ticks.add(step / 1000, step / 1000, 1)

    with in_a_restless_thread(add) as adding:
        while adding.is_alive():
            counts.append(sum(count for *_, count in ticks.copy().since()))
    assert counts == sorted(counts)
    assert sum(count for *_, count in ticks.since()) == events
