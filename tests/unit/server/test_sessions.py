"""The document /sessions.json, against its schema and at its limits."""

import json
from dataclasses import replace
from typing import Any

import jsonschema
import pytest
from hypothesis import given

from server.chat.registry import Snapshot
from server.chat.work import Work
from server.http.sessions import Document
from tests.kit.command import ROOT
from tests.kit.snapshots import EPOCH, crowded, record, snapshot, snapshots

SCHEMA = json.loads((ROOT / "docs" / "sessions.schema.json").read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def rendered(taken: Snapshot) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(Document().render(taken))
    return document


@given(snapshots())
def test_any_snapshot_is_a_document_of_the_schema_with_each_session(taken: Snapshot) -> None:
    document = rendered(taken)
    VALIDATOR.validate(document)
    assert [one["number"] for one in document["sessions"]] == [r.number for r in taken.sessions]
    for told, known in zip(document["sessions"], taken.sessions, strict=True):
        assert sum(count for _, _, count in told["ticks"]) == known.messages
        assert all(
            abs(known.accepted_at + began / 1e6 - tick.began) < 1e-5
            for (began, _, _), tick in zip(told["ticks"], known.ticks, strict=True)
        )


@pytest.mark.parametrize("model", ["thread", "pool", "lock"])
@pytest.mark.parametrize("length", [0.85, 59.0])
def test_at_the_limits_it_is_under_one_mebibyte_and_loses_no_message(
    model: str, length: float
) -> None:
    full = crowded(model, length)
    text = Document().render(full)
    assert len(text) < 1024 * 1024
    for told, known in zip(json.loads(text)["sessions"], full.sessions, strict=True):
        assert sum(count for _, _, count in told["ticks"]) == known.messages


def test_a_closed_session_has_the_name_that_was_found_after_its_end() -> None:
    gone, document = record(1, accepted=0, served=0, closed=1), Document()
    taken = snapshot(gone, at=2)
    assert json.loads(document.render(taken))["sessions"][0]["client"] == gone.peer
    gone.client = "client-1"
    [told] = json.loads(document.render(taken))["sessions"]
    assert (told["client"], told["closed_at"]) == ("client-1", EPOCH + 1)


def test_a_setting_of_any_type_can_be_shown() -> None:
    taken = snapshot(at=1)
    settings = {**taken.settings, "work": Work("spin", 5)}
    assert rendered(replace(taken, settings=settings))["settings"]["work"] == "spin:5"
