"""How many took how long."""

from functools import reduce
from itertools import permutations
from operator import add

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.histogram import LONG, SHORT, Histogram

BOUNDS = (0.25, 1.0, 10.0)

times = st.lists(st.floats(0, 2000), min_size=1, max_size=20)


def histogram(*seconds: float) -> Histogram:
    made = Histogram(BOUNDS)
    for one in seconds:
        made.observe(one)
    return made


def test_a_time_is_counted_at_the_first_bound_that_it_does_not_exceed() -> None:
    assert histogram(0.0, 0.25, 0.5, 1.0, 2.0).counts == [2, 2, 1, 0]


def test_what_exceeds_them_all_is_counted_after_the_last() -> None:
    assert histogram(10.5, 1e9).counts == [0, 0, 0, 2]


def test_many_that_took_as_long_are_counted_at_once() -> None:
    many = Histogram(BOUNDS)
    many.observe(0.5, 3)
    assert (many.counts, many.sum) == ([0, 3, 0, 0], 1.5)


@pytest.mark.parametrize("bounds", [SHORT, LONG])
def test_the_bounds_ascend(bounds: tuple[float, ...]) -> None:
    assert list(bounds) == sorted(set(bounds))


@given(times)
def test_everything_is_counted_once(seconds: list[float]) -> None:
    counted = histogram(*seconds)
    assert sum(counted.counts) == len(seconds)
    assert counted.sum == pytest.approx(sum(seconds), abs=1e-6)


@given(times, times)
def test_adding_another_is_observing_what_it_has_observed(
    mine: list[float], theirs: list[float]
) -> None:
    added = histogram(*mine)
    added.add(histogram(*theirs))
    assert (added.counts, added.sum) == (
        histogram(*mine, *theirs).counts,
        histogram(*mine, *theirs).sum,
    )


def test_a_sum_is_the_same_in_whatever_order_it_came_about() -> None:
    assert len({reduce(add, seconds) for seconds in permutations((0.1, 0.1, 0.4))}) == 2
    assert {histogram(*seconds).sum for seconds in permutations((0.1, 0.1, 0.4))} == {0.6}


def test_histograms_of_other_bounds_are_not_added() -> None:
    with pytest.raises(ValueError, match="shorter"):
        Histogram(LONG).add(histogram(0.5))


def test_a_copy_stays_when_more_is_observed() -> None:
    original = histogram(0.5)
    copied = original.copy()
    original.observe(0.5)
    assert (copied.bounds, copied.counts, copied.sum) == (BOUNDS, [0, 1, 0, 0], 0.5)
