"""The notes and figures beside the lanes, the same for every renderer."""

from dataclasses import replace

import pytest

from lanes import notes
from lanes.layout import picture_of
from lanes.past import as_of
from lanes.picture import Picture
from lanes.snapshot import Queue, Seen
from tests.kit.documents import snapshot


def watched(*addresses: str, unknown: tuple[str, ...] = ()) -> Picture:
    queues = tuple(Queue(one, 0, 0) for one in addresses)
    seen = Seen("unknown", "no client now", 50.0, queues, (), unknown=unknown)
    return picture_of(replace(snapshot(at=10), seen=seen))


def test_a_figure_that_cannot_be_seen_is_not_zero() -> None:
    figures = notes.figures(watched("1.2.3.4:80", unknown=("messages", "serving", "backlog")))
    unseen = dict.fromkeys(("served at once", "messages", "in the backlog"), notes.NONE)
    assert figures == {"clients now": "0", **unseen, "samples per second": "50"}


def test_of_the_past_of_a_watched_server_no_figure_is_of_now() -> None:
    for unknown, served in ((), "0"), (("serving",), notes.NONE):
        taken = watched("1.2.3.4:80", unknown=unknown).snapshot
        past = picture_of(as_of(taken, taken.at - 1))
        assert notes.figures(past) == {"clients then": "0", "served then": served}


NOBODY = "No clients in the last 60 s."
TYPE = "Type this in a terminal, and then a line of text: nc"


@pytest.mark.parametrize(
    ("addresses", "told"),
    [
        (["[::]:80"], ["Listens on [::]:80.", NOBODY, f"{TYPE} 127.0.0.1 80"]),
        (["/s"], ["Listens on the Unix-domain socket /s, whose clients are not shown."]),
        (
            ["/s", *(f"1.2.3.4:{port}" for port in (1, 2, 3, 4))],
            [
                "Listens on the Unix-domain socket /s, 1.2.3.4:1, 1.2.3.4:2 and 2 more.",
                *(NOBODY, f"{TYPE} 1.2.3.4 1"),
            ],
        ),
        ([], []),
    ],
)
def test_a_watched_server_shows_where_it_listens_and_whether_nobody_came(
    addresses: list[str], told: list[str]
) -> None:
    assert list(notes.notes(watched(*addresses)))[1:] == told
