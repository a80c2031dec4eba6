"""A snapshot as of an earlier moment."""

from hypothesis import given
from hypothesis import strategies as st

from lanes.past import as_of
from lanes.snapshot import Snapshot
from tests.kit import scenes
from tests.kit.documents import snapshots
from tests.kit.snapshots import EPOCH


def test_the_past_has_left_clients_as_left_and_later_ones_not_at_all() -> None:
    then = as_of(scenes.QUEUE, EPOCH + 2.2)
    assert [(one.number, one.thread, one.standing, one.messages) for one in then.sessions] == [
        (1, "Worker-1", "bye", 3),
        (2, "Worker-2", "serving", 3),
        (3, "Worker-1", "serving", 1),
        (4, None, "waiting", 0),
    ]
    assert (then.at, then.past, then.open, then.serving) == (EPOCH + 2.2, True, 3, 2)


def test_a_moment_that_is_not_past_changes_nothing() -> None:
    assert as_of(scenes.WALL, scenes.WALL.at) is as_of(scenes.WALL, 1e11) is scenes.WALL


@given(snapshots(), st.floats(0, 1))
def test_the_past_is_a_snapshot_like_any_other(taken: Snapshot, share: float) -> None:
    moment = taken.started_at + share * (taken.at - taken.started_at)
    then = as_of(taken, moment)
    for session in then.sessions:
        moments = [session.accepted_at, session.served_at, session.closed_at, then.at]
        known = [one for one in moments if one is not None]
        assert known == sorted(known)
        assert (session.state == "closed") == (session.closed_at is not None)
    assert then.open == sum(one.closed_at is None for one in then.sessions)
