"""One session's facts."""

import json

import pytest
from hypothesis import given

from server.record import Record
from server.registry import Snapshot
from server.ticks import Tick
from tests.kit.snapshots import EPOCH, record, snapshots


def test_a_copy_stays_when_the_session_goes_on() -> None:
    original = record(1, accepted=0, served=1, ticks=[(2, 2.5, 3)])
    copied = original.copy()
    original.state = "closed"
    original.messages += 1
    original.ticks.add(EPOCH + 9, EPOCH + 9, 1)
    original.answers.observe(0.5)
    assert (copied.state, copied.messages) == ("serving", 3)
    assert list(copied.ticks) == [Tick(EPOCH + 2, EPOCH + 2.5, 3)]
    assert sum(copied.answers.counts) == 3


@given(snapshots())
def test_its_facts_are_plain_and_lead_back_to_it(snapshot: Snapshot) -> None:
    for session in snapshot.sessions:
        assert Record(**json.loads(json.dumps(session.facts()))) == session


def test_its_facts_are_all_but_the_ticks_and_the_answer_times() -> None:
    assert set(Record.__slots__) - set(record(1, accepted=0).facts()) == {"ticks", "answers"}


@pytest.mark.parametrize(
    ("session", "waited", "served"),
    [
        (record(1, accepted=1, served=3, closed=7), 2, 4),
        (record(1, accepted=1, served=3), 2, 6),
        (record(1, accepted=1, closed=6, end="closing"), 5, 0),
        (record(1, accepted=1), 8, 0),
    ],
    ids=["closed", "serving", "dismissed", "waiting"],
)
def test_it_waited_until_its_turn_and_was_served_from_then_on(
    session: Record, waited: float, served: float
) -> None:
    nine = EPOCH + 9
    assert (session.waited(nine), session.served(nine)) == (waited, served)
