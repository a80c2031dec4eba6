"""One session's facts."""

import json

import pytest
from hypothesis import given

from server.record import Record
from server.registry import Snapshot
from tests.kit.snapshots import EPOCH, record, snapshots


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
def test_it_waited_until_it_was_served(session: Record, waited: float, served: float) -> None:
    nine = EPOCH + 9
    assert (session.waited(nine), session.served(nine)) == (waited, served)
