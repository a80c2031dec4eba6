"""The document /sessions.json, against its schema and at its limits."""

import json
from dataclasses import replace

import pytest
from hypothesis import given

from server.chat.registry import Snapshot
from server.chat.work import Work
from server.http.sessions import document
from tests.kit.schema import VALIDATOR
from tests.kit.snapshots import EPOCH, crowded, record, snapshot, snapshots


@given(snapshots())
def test_any_snapshot_follows_the_schema_with_every_session(taken: Snapshot) -> None:
    facts = json.loads(document(taken))
    VALIDATOR.validate(facts)
    assert [one["number"] for one in facts["sessions"]] == [r.number for r in taken.sessions]


@pytest.mark.parametrize("model", ["thread", "pool", "lock"])
@pytest.mark.parametrize("length", [0.85, 59.0])
def test_at_the_limits_the_document_is_under_1_mib_and_complete(model: str, length: float) -> None:
    full = crowded(model, length)
    text = document(full)
    assert len(text) < 1024 * 1024
    for told, known in zip(json.loads(text)["sessions"], full.sessions, strict=True):
        assert sum(count for _, _, count in told["ticks"]) == known.messages


def test_sessions_that_ended_before_a_moment_are_left_out_unless_they_are_news() -> None:
    gone = record(1, accepted=0, served=0, closed=1)
    just_gone = record(2, accepted=0, served=0, closed=9.5)  # it may have been named since
    talks = record(3, accepted=0, served=0, ticks=[(1, 2, 10), (3, 4, 20), (5, 6, 30), (10, 11, 1)])
    facts = json.loads(document(snapshot(gone, just_gone, talks, at=12), since=EPOCH + 10))
    VALIDATOR.validate(facts)
    assert facts["since"] == EPOCH + 10
    assert [one["number"] for one in facts["sessions"]] == [2, 3]
    assert [messages for *_, messages in facts["sessions"][1]["ticks"]] == [30, 1]


def test_a_setting_of_any_type_can_be_shown() -> None:
    taken = snapshot(at=1)
    settings = {**taken.settings, "work": Work("spin", 5)}
    assert json.loads(document(replace(taken, settings=settings)))["settings"]["work"] == "spin:5"
