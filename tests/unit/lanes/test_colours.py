"""Neighbours differ in colour, in whatever order a pool works, and no client changes colour."""

import random
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import assume, given

from lanes.colours import colours_of
from lanes.layout import picture_of
from lanes.picture import COLOURS
from lanes.snapshot import Snapshot
from server.chat.record import Record
from tests.kit.documents import snapshot, snapshots
from tests.kit.replicas import merged, of
from tests.kit.scenes import client
from tests.kit.snapshots import REUSED


def pool(workers: int, sessions: int) -> list[Record]:
    """Each client is served by the worker that is free first, for a random time."""
    chance = random.Random(workers)  # noqa: S311 - the same numbers each time
    free, records = [0.0] * workers, []
    for number in range(1, sessions + 1):
        worker = free.index(min(free))
        begins, free[worker] = free[worker], free[worker] + chance.uniform(0.5, 3)
        records.append(client(number, begins, begins, free[worker], worker=worker + 1))
    return records


@pytest.mark.parametrize("workers", [1, 2, 3, 4, 5, 6, 7, 8, 9, 16])
def test_in_a_pool_no_bar_has_the_colour_of_one_beside_above_or_below_it(workers: int) -> None:
    lanes = picture_of(snapshot(*pool(workers, 60), at=200, model="pool"), 200).lanes
    for lane in lanes:
        assert all(before.colour != after.colour for before, after in pairwise(lane.bars))
    for above, below in pairwise(lanes):
        for one in above.bars:
            beside = [bar for bar in below.bars if bar.start < one.end and bar.end > one.start]
            assert one.colour not in {bar.colour for bar in beside}
    assert {bar.colour for lane in lanes for bar in lane.bars} == set(range(COLOURS))


def test_lanes_of_several_servers_differ_from_their_neighbours_too() -> None:
    told = (of(f"server-{n}", *(client(m, m, m) for m in range(1, 4))) for n in (1, 2, 3))
    lanes = picture_of(merged(*told)).lanes
    assert all(one.bars[0].colour != next_.bars[0].colour for one, next_ in pairwise(lanes))


@given(snapshots())
def test_a_newcomer_changes_nobodys_colour(taken: Snapshot) -> None:
    assume(taken.model not in REUSED)  # real workers are numbered in the order they start
    before = replace(taken, sessions=taken.sessions[:-1])
    assert colours_of(before).items() <= colours_of(taken).items()
