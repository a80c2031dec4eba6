"""What there is to draw, on its way to another process and back; and in which colour."""

from hypothesis import example, given
from hypothesis import strategies as st

from server.registry import Snapshot
from server.views.layout import picture_of
from server.views.picture import COLOURS, Bar, Picture
from tests.kit import scenes
from tests.kit.snapshots import EPOCH, record, snapshot, snapshots

OTHER_BYTES = b"caf\xe9".decode(errors="surrogateescape")  # so Python reads a name in another code


def colour(name: str) -> int:
    session = record(1, accepted=0, served=0, client=name)
    return Bar(session, EPOCH, EPOCH, EPOCH + 1, open=True, reason=None).colour


@given(snapshots())
def test_another_process_gets_the_same_picture(snapshot: Snapshot) -> None:
    picture = picture_of(snapshot)
    assert Picture.from_json(picture.to_json()) == picture


@example(OTHER_BYTES)
@given(st.text(st.characters()))
def test_whatever_a_client_is_called_it_arrives_and_has_a_colour(name: str) -> None:
    picture = picture_of(snapshot(record(1, accepted=0, served=1, client=name), at=2))
    assert Picture.from_json(picture.to_json().encode()) == picture
    assert colour(name) in range(COLOURS)


def test_its_sessions_are_those_that_are_drawn_once_each_and_by_number() -> None:
    picture = picture_of(scenes.QUEUE, seconds=2.45)  # the first two are long gone
    assert [session.number for session in picture.sessions()] == [3, 4, 5, 6]


@given(st.sampled_from(["lab-client-", "10.0.0.1:", ""]), st.integers(0, 10**12))
def test_clients_with_successive_numbers_differ_in_colour(name: str, number: int) -> None:
    row = [f"{name}{number + place}" for place in range(COLOURS)]
    assert len(set(map(colour, row))) == COLOURS


def test_names_without_a_number_differ_in_colour_too() -> None:
    assert len(set(map(colour, ("anna", "ben", "carla", "dora", "emil")))) > 1
