"""What all sessions add up to."""

from hypothesis import given

from server.histogram import Histogram
from server.record import Record
from server.registry import Snapshot
from server.totals import Totals
from tests.kit.snapshots import EPOCH, record, snapshots


def told(number: int, *, served: float | None, closed: float | None, messages: int) -> Record:
    """A session of ten bytes in and a hundred bytes out for each message; each took 0.25 s."""
    ticks = [(served, served + 0.25, messages)] if served is not None else []
    made = record(number, accepted=0, served=served, closed=closed, ticks=ticks)
    made.bytes_in, made.bytes_out = 10 * messages, 100 * messages
    return made


def counted(histogram: Histogram) -> tuple[int, float]:
    return sum(histogram.counts), histogram.sum


def test_one_that_has_closed_is_counted_with_its_end_and_its_times() -> None:
    totals = Totals()
    totals.fold(told(1, served=2, closed=5, messages=4), "bye", EPOCH + 5)
    assert (totals.messages, totals.bytes_in, totals.bytes_out) == (4, 40, 400)
    assert totals.ended == {"bye": 1}
    assert counted(totals.answers) == (4, 1.0)
    assert counted(totals.waiting) == (1, 2.0)
    assert counted(totals.sessions) == (1, 5.0)


def test_one_that_was_never_served_waited_until_it_closed() -> None:
    totals = Totals()
    totals.fold(told(1, served=None, closed=3, messages=0), "closing", EPOCH + 3)
    assert totals.ended == {"closing": 1}
    assert counted(totals.waiting) == counted(totals.sessions) == (1, 3.0)


def test_one_that_is_open_is_counted_as_far_as_it_has_come() -> None:
    totals = Totals()
    totals.count(told(1, served=2, closed=None, messages=4))
    assert (totals.messages, totals.bytes_in, totals.bytes_out) == (4, 40, 400)
    assert counted(totals.answers) == (4, 1.0)
    assert totals.ended == {}
    assert counted(totals.waiting) == counted(totals.sessions) == (0, 0.0)


def test_a_copy_stays_when_more_is_added() -> None:
    totals = Totals()
    totals.fold(told(1, served=2, closed=5, messages=4), "bye", EPOCH + 5)
    copied = totals.copy()
    totals.fold(told(2, served=2, closed=5, messages=4), "lost", EPOCH + 5)
    assert (copied.messages, copied.bytes_in, copied.bytes_out) == (4, 40, 400)
    assert copied.ended == {"bye": 1}
    times = [copied.answers, copied.waiting, copied.sessions]
    assert [counted(one) for one in times] == [(4, 1.0), (1, 2.0), (1, 5.0)]


@given(snapshots())
def test_they_are_the_sums_over_the_sessions(snapshot: Snapshot) -> None:
    totals, closed = snapshot.totals, [one for one in snapshot.sessions if one.state == "closed"]
    assert totals.messages == sum(one.messages for one in snapshot.sessions)
    assert sum(totals.answers.counts) == totals.messages
    ended = sum(totals.ended.values())
    assert ended == sum(totals.waiting.counts) == sum(totals.sessions.counts) == len(closed)
