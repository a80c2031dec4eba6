"""Several servers' snapshots merged: nothing is lost or mixed up, and no time is moved."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lanes.layout import LANES, QUEUE, picture_of
from lanes.notes import figures, replicas
from lanes.replicas import in_order, labels
from lanes.snapshot import Snapshot
from tests.kit.documents import snapshot, snapshots
from tests.kit.replicas import ONE, TWO, answer, merged, of
from tests.kit.scenes import client
from tests.kit.snapshots import EPOCH


def threads(taken: Snapshot) -> list[str]:
    return [lane.thread for lane in picture_of(taken).lanes]


def test_one_picture_has_all_lanes_each_with_the_name_of_its_replica() -> None:
    both = merged(TWO, ONE)
    assert threads(both) == ["server-1/Thread-1", "server-1/Thread-2", "server-2/Thread-1"]
    drawn = [(one.replica, one.number) for one in picture_of(both).sessions()]
    assert drawn == [("server-1", 1), ("server-1", 2), ("server-2", 1)]
    assert figures(picture_of(both))["served at once"] == "2"  # no peak: theirs may not coincide
    assert both.model == "thread"
    assert merged(ONE, of("server-3", client(1, 1, 1), model="lock")).model == "lock and thread"


def test_a_single_server_has_no_prefix_unless_others_are_missing() -> None:
    alone = snapshot(client(1, 1, 1), at=10)
    assert merged(alone) is alone
    assert replicas(picture_of(alone)) == []
    left = merged(alone, missing=["no answer from 10.0.0.9 port 8022: timed out"])
    assert threads(left) == ["10.0.0.1/Thread-1"]
    clock = "clock +0.000 s from here (\N{PLUS-MINUS SIGN}0.001)"
    assert replicas(picture_of(left)) == [
        f"10.0.0.1 at 10.0.0.1, {clock}, serves 1 (peak 1), messages 3",
        "no answer from 10.0.0.9 port 8022: timed out",
    ]


def test_replicas_are_ordered_by_the_numbers_in_their_names() -> None:
    tasks = [of(f"server-{number}", client(1, 1, 1)) for number in (10, 9, 1)]
    assert threads(merged(*tasks)) == [f"server-{number}/Thread-1" for number in (1, 9, 10)]
    found = ["server-10", "server-9", "10.0.0.10", "10.0.0.9", "server-9@10.0.0.2", "9" * 5000]
    addresses = ["10.0.0.9", "10.0.0.10", "9" * 5000]
    assert sorted(found, key=in_order) == [*addresses, "server-9", "server-9@10.0.0.2", "server-10"]


def test_sessions_and_refusals_of_all_replicas_are_in_order_of_time() -> None:
    early, late = of("b", client(7, 1, 1)), of("a", client(1, 2, 2))
    assert [one.replica for one in picture_of(merged(late, early)).sessions()] == ["b", "a"]
    refusing = merged(*(snapshot(at=10, refusals=moments) for moments in ([1, 3], [2])))
    assert [at - EPOCH for at, _ in refusing.refusals] == [1, 2, 3]


def test_replicas_of_one_name_or_none_are_told_apart_by_their_addresses() -> None:
    picture = picture_of(merged(TWO, TWO))
    names = ["server-2@10.0.0.1/Thread-1", "server-2@10.0.0.2/Thread-1"]
    assert [lane.thread for lane in picture.lanes] == names
    assert [one.thread for one in picture.sessions()] == names
    alone = snapshot(client(1, 1, 1, worker=1), client(2, 1), at=10, model="pool")
    picture = picture_of(merged(alone, alone))
    assert [lane.thread for lane in picture.lanes] == ["10.0.0.1/Worker-1", "10.0.0.2/Worker-1"]
    assert [row[0].session.replica for row in picture.queue] == ["10.0.0.1", "10.0.0.2"]
    answers = [answer(one, place) for place, one in enumerate((ONE, TWO, TWO, alone))]
    assert labels(answers) == ["server-1", "server-2@10.0.0.1", "server-2@10.0.0.2", "10.0.0.3"]


def test_replicas_of_different_models_are_each_drawn_in_their_own_way() -> None:
    pool = of("server-1", client(1, 1, 2, worker=1), model="pool")
    lock = of("server-2", client(1, 1, 2), model="lock")
    picture = picture_of(merged(pool, lock))
    assert [[bar.session.replica for bar in row] for row in picture.queue] == [["server-1"]]
    assert [lane.bars[0].start - EPOCH for lane in picture.lanes] == [2, 1]


def test_open_sessions_reach_to_now_even_in_an_older_snapshot() -> None:
    early = of("server-1", client(1, 1, 1), client(2, 1, thread="Thread-2"), at=9)
    picture = picture_of(merged(early, of("server-2", client(1, 1, 1, 2), at=9.5)))
    serving, waiting, over = (lane.bars[0] for lane in picture.lanes)
    assert picture.at == EPOCH + 9.5
    assert (serving.turn, serving.end) == (EPOCH + 1, picture.at)
    assert (waiting.turn, waiting.end) == (picture.at, picture.at)
    assert over.end == EPOCH + 2


def crowd(replica: str, lanes: int, waiting: int) -> Snapshot:
    served = (client(number, 1, 1) for number in range(1, lanes + 1))
    return of(replica, *served, *(client(lanes + 1 + number, 2) for number in range(waiting)))


@pytest.mark.parametrize(
    ("waiting", "drawn"),
    [([QUEUE] * 2, [QUEUE // 2] * 2), ([QUEUE + 2, 0], [QUEUE, 0]), ([1, QUEUE], [1, QUEUE - 1])],
)
def test_each_queue_is_drawn_as_far_as_there_is_room(waiting: list[int], drawn: list[int]) -> None:
    taken = [crowd(name, LANES - 1, rows) for name, rows in zip("ab", waiting, strict=True)]
    picture = picture_of(merged(*taken))
    assert picture.snapshot.peak_serving == LANES - 1  # the most that one replica has served
    assert (len(picture.lanes), picture.lanes_more) == (LANES, 2 * (LANES - 1) - LANES)
    owners = [row[0].session.replica for row in picture.queue]
    assert owners == ["a"] * drawn[0] + ["b"] * drawn[1]
    assert picture.queue_more == sum(waiting) - sum(drawn)


@given(st.lists(snapshots(), min_size=2, max_size=3))
def test_figures_add_up_and_each_session_is_drawn_if_there_is_room(taken: list[Snapshot]) -> None:
    both = merged(*taken)
    for figure in ("open", "serving", "messages", "accepted"):
        assert getattr(both, figure) == sum(getattr(one, figure) for one in taken)
    assert sum(both.refused.values()) == sum(sum(one.refused.values()) for one in taken)
    assert len(both.refusals) == sum(len(one.refusals) for one in taken)
    assert both.at == max(one.at for one in taken)
    assert len(both.sessions) == sum(len(one.sessions) for one in taken)
    picture = picture_of(both, 300)
    if not picture.queue_more:
        drawn = [picture_of(replace(one, at=both.at), 300) for one in taken]
        assert len(picture.sessions()) == sum(len(one.sessions()) for one in drawn)
    assert all(bar.end >= picture.start for lane in picture.lanes for bar in lane.bars)


def test_a_replica_without_clients_does_not_stretch_the_window() -> None:
    assert picture_of(merged(ONE, of("server-2"))).start == picture_of(ONE).start
    assert picture_of(merged(of("server-1"), of("server-2"))).span == 60
