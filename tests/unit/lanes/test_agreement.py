"""What servers report, compared with what was seen from outside."""

from dataclasses import replace

import pytest

from lanes.agreement import SETTLED, compare
from lanes.ask import Beside, NoAnswer, Servers
from lanes.layout import picture_of
from lanes.notes import figures, notes
from lanes.replicas import Answer, merge
from lanes.snapshot import Queue, Seen, Snapshot
from tests.kit.documents import snapshot
from tests.kit.replicas import answer
from tests.kit.scenes import client

SEEN = Seen(
    "a thread for each client", "2 clients, 2 threads", 50.0, (Queue("0.0.0.0:2022", 1, 5),), ()
)
AGREED = "The server's report and the observation agree on which thread serves each of 2 clients."
TOLD = snapshot(client(1, 1, 1), client(2, 2, 2), at=10)


def seen(how: str = "direct", **native_ids: int) -> Snapshot:
    sessions = tuple(
        replace(one, how=how, native_id=native_ids.get(f"of_{one.number}", one.native_id))
        for one in TOLD.sessions
    )
    return replace(TOLD, sessions=sessions, seen=SEEN)


class Saying(Servers):
    """Servers that answer with these snapshots."""

    def __init__(self, *said: Snapshot) -> None:
        super().__init__("server", 0)
        self._said = said

    def ask(self) -> tuple[list[Answer], list[str]]:
        if not self._said:
            raise NoAnswer("nobody")
        return [answer(one, place) for place, one in enumerate(self._said, 1)], []


def test_told_and_seen_agree_if_they_name_the_same_threads() -> None:
    assert compare([TOLD, seen()]) == (AGREED,)


def test_clients_with_different_threads_told_and_seen_are_named() -> None:
    [line] = compare([TOLD, seen(of_2=7)])
    assert line.startswith("The server's report and the observation disagree: ")
    assert TOLD.sessions[1].client in line
    assert f"OS thread {TOLD.sessions[1].native_id}" in line
    assert line.endswith("but OS thread 7 does.")


@pytest.mark.parametrize(
    "parts",
    [
        [TOLD, TOLD],
        [seen(), seen()],
        [TOLD, seen("born together", of_1=7)],  # which is not certain
        [replace(TOLD, at=TOLD.sessions[1].accepted_at + SETTLED / 2)] * 2,
    ],
)
def test_a_client_without_two_certain_claims_is_not_compared(parts: list[Snapshot]) -> None:
    assert compare(parts) == ()


def test_clients_told_and_seen_are_drawn_side_by_side_and_counted_once() -> None:
    named = replace(TOLD.sessions[0], client="lab-client-1")
    told = replace(TOLD, sessions=(named, *TOLD.sessions[1:]))
    both = Beside(Saying(told), Saying(seen())).snapshot()
    assert [part.replica for part in both.parts] == ["10.0.0.1", "seen"]
    assert (both.open, both.serving, both.messages) == (told.open, told.serving, told.messages)
    assert both.parts[1].sessions[0].client == "lab-client-1"
    assert AGREED in list(notes(picture_of(both)))


def test_notes_from_outside_come_first() -> None:
    looked = replace(seen(), seen=replace(SEEN, notes=("No thread is accepting.",)))
    both = picture_of(merge([answer(TOLD, 1), answer(looked, 2)]))
    assert next(iter(notes(both))) == "No thread is accepting."


def test_without_a_watcher_there_is_only_the_told_document() -> None:
    assert Beside(Saying(TOLD), Saying()).snapshot() == TOLD
    with pytest.raises(NoAnswer):
        Beside(Saying(), Saying(seen())).ask()


def test_a_server_that_is_only_seen_shows_kind_evidence_and_backlog() -> None:
    picture = picture_of(merge([answer(seen())]))
    assert list(notes(picture)) == [
        "a thread for each client: 2 clients, 2 threads.",
        "Listens on 0.0.0.0:2022.",
    ]
    assert figures(picture)["in the backlog"] == "1 of 5"
