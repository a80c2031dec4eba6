"""A viewer's query: a paused picture is the same whenever it is requested."""

import re

from lanes.page.documents import live
from lanes.page.query import Query
from lanes.snapshot import Snapshot
from tests.kit.documents import snapshot
from tests.kit.scenes import client
from tests.kit.snapshots import EPOCH

PAUSED = EPOCH + 12.0


def class_of(at: float) -> Snapshot:
    """Three clients, N seconds after the server started: one keeps talking, one comes late."""
    said = range(2, int(at) + 1)
    talks = client(1, 2, 2, said=said)
    talks.bytes_in, talks.bytes_out, talks.refused = 10 * len(said), 20 * len(said), len(said) // 9
    late = [client(3, 20, 20)] if at > 20 else []
    return snapshot(talks, client(2, 3, 3, 5), *late, at=at)


def shown(query: Query, at: float) -> list[str]:
    """The picture and the table, N seconds after the server started."""
    return re.findall("<svg.*?</svg>|<table.*?</table>", live(class_of(at), query), re.DOTALL)


def test_a_paused_picture_is_the_same_however_often_it_is_asked_for() -> None:
    paused = Query(until=PAUSED, marked="1")
    first, *later = (shown(paused, at) for at in (12.5, 19, 40, 200))
    assert len(first) == 2
    assert 'data-span="10.0"' in first[0]
    assert later == [first] * 3


def test_pausing_or_looking_back_keeps_the_scale_and_going_on_lets_it_go() -> None:
    page = live(class_of(33), Query())
    for name in ("earlier", "pause"):
        assert re.search(f'id="{name}" href="[?]span=35.0&amp;until=[^"]*"', page)
    back = live(class_of(40), Query(until=PAUSED, span=35))
    assert 'data-span="35.0"' in back
    assert 'id="pause" href="?"' in back
