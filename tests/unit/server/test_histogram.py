"""How many answers took how long."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from server.chat.histogram import Histogram

BOUNDS = (0.25, 1.0, 10.0)

times = st.lists(st.floats(0, 2000), min_size=1, max_size=20)


def histogram(*seconds: float) -> Histogram:
    made = Histogram(BOUNDS)
    for one in seconds:
        made.observe(one)
    return made


def test_a_time_counts_at_the_first_bound_not_below_it_or_after_the_last() -> None:
    many = histogram(0.0, 0.25, 0.5, 1.0, 2.0, 10.5, 1e9)
    assert many.counts == [2, 2, 1, 2]
    many.observe(0.5, 3)
    assert many.counts == [2, 5, 1, 2]


@example([0.1], [0.1, 0.4])  # these floats have a smaller sum in another order
@given(times, times)
def test_the_sum_of_two_histograms_counts_everything_once(
    mine: list[float], theirs: list[float]
) -> None:
    added, both = histogram(*mine), histogram(*mine, *theirs)
    added.add(histogram(*theirs))
    assert (added.counts, added.sum) == (both.counts, both.sum)
    assert sum(both.counts) == len(mine + theirs)
    assert both.sum == pytest.approx(sum(mine + theirs), abs=1e-6)
