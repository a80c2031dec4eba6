"""What all sessions add up to."""

from server.histogram import Histogram
from server.record import Record
from server.totals import Totals
from tests.kit.snapshots import EPOCH, record


def told(number: int, *, served: float | None, closed: float | None, messages: int) -> Record:
    """A session of ten bytes in and a hundred bytes out for each message; each took 0.25 s."""
    ticks = [(served, served + 0.25, messages)] if served is not None else []
    made = record(number, accepted=0, served=served, closed=closed, ticks=ticks)
    made.bytes_in, made.bytes_out = 10 * messages, 100 * messages
    return made


def counted(histogram: Histogram) -> tuple[int, float]:
    return sum(histogram.counts), histogram.sum


def test_a_closed_session_counts_with_end_and_times_and_an_open_one_as_far_as_it_has_come() -> None:
    totals = Totals()
    totals.fold(told(1, served=2, closed=5, messages=4), "bye", EPOCH + 5)
    totals.fold(told(2, served=None, closed=3, messages=0), "closing", EPOCH + 3)
    totals.count(told(3, served=2, closed=None, messages=4))
    assert (totals.messages, totals.bytes_in, totals.bytes_out) == (8, 80, 800)
    assert totals.ended == {"bye": 1, "closing": 1}
    times = [totals.answers, totals.waiting, totals.sessions]
    # One that was never served waited until it closed.
    assert [counted(one) for one in times] == [(8, 2.0), (2, 2.0 + 3.0), (2, 5.0 + 3.0)]
