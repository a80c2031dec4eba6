"""What there is to draw, on its way to another process and back; and in which colour."""

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from server.record import End
from server.registry import Snapshot
from server.views.layout import picture_of
from server.views.picture import COLOURS, Bar, Picture
from tests.kit.snapshots import EPOCH, record, snapshot, snapshots

anything = st.text(st.characters())
OTHER_BYTES = b"caf\xe9".decode(errors="surrogateescape")  # so Python reads a name in another code


def bar(client: str, *, reason: End | None = None) -> Bar:
    session = record(1, accepted=0, served=0, client=client)
    return Bar(session, EPOCH, EPOCH, EPOCH + 1, open=reason is None, reason=reason)


@given(snapshots())
def test_another_process_gets_the_same_picture(snapshot: Snapshot) -> None:
    picture = picture_of(snapshot)
    assert Picture.from_json(picture.to_json()) == picture


@example(OTHER_BYTES)
@given(anything)
def test_a_client_may_be_called_anything_on_the_way(client: str) -> None:
    session = record(1, accepted=0, served=1, client=client)
    picture = picture_of(snapshot(session, at=2))
    assert Picture.from_json(picture.to_json().encode()) == picture


def test_on_the_way_it_is_plain_json() -> None:
    session = record(1, accepted=0, served=1, closed=2, client="me", ticks=[(1, 1, 5)])
    facts = json.loads(picture_of(snapshot(session, at=3, refusals=[2])).to_json())
    assert (facts["open"], facts["messages"]) == (0, 5)
    assert facts["refusals"] == [[EPOCH + 2, 1]]
    [lane] = facts["lanes"]
    assert (lane["thread"], lane["native_id"]) == ("Thread-1", 1001)
    [drawn] = lane["bars"]
    assert drawn["session"]["client"] == "me"
    assert (drawn["reason"], drawn["ticks"]) == ("bye", [EPOCH + 1])


def test_its_sessions_are_those_that_are_drawn_each_once_and_by_number() -> None:
    picture = picture_of(
        snapshot(
            record(1, accepted=0, served=0, closed=1, thread="Worker-1", native_id=7),  # long gone
            record(2, accepted=190, served=192, closed=195, thread="Worker-1", native_id=7),
            record(3, accepted=191, served=195, thread="Worker-1", native_id=7),
            record(4, accepted=192),
            at=200,
            model="pool",
        ),
        seconds=20,
    )
    assert [session.number for session in picture.sessions()] == [2, 3, 4]


@given(st.sampled_from(["lab-client-", "10.0.0.1:", ""]), st.integers(0, 10**12))
def test_clients_whose_numbers_follow_each_other_differ_in_colour(name: str, number: int) -> None:
    row = [f"{name}{number + place}" for place in range(COLOURS)]
    assert len({bar(client).colour for client in row}) == COLOURS


@example(OTHER_BYTES)
@given(anything)
def test_whatever_a_client_is_called_it_has_a_colour_and_keeps_it(client: str) -> None:
    again = bar(client, reason="bye")
    assert bar(client).colour == again.colour
    assert 0 <= again.colour < COLOURS


def test_names_without_a_number_differ_in_colour_too() -> None:
    assert len({bar(name).colour for name in ("anna", "ben", "carla", "dora", "emil")}) > 1


@pytest.mark.parametrize(
    ("reason", "failed"), [(None, False), ("bye", False), ("closing", True), ("lost", True)]
)
def test_all_ends_but_the_client_s_own_are_failures(*, reason: End | None, failed: bool) -> None:
    assert bar("me", reason=reason).failed == failed
