"""A subject of the checks: a server of a test's own making."""

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from client.check.subject import Subject
from client.dialect import DIALECTS
from tests.kit.fake_server import Action, FakeServer
from tests.kit.waiting import SECONDS


@contextmanager
def subject(
    connections: Iterable[list[Action]], *, protocol: str = "handout", clients: int = 2
) -> Iterator[Subject]:
    """A fake server, found."""
    with FakeServer(connections) as server:
        dialect = DIALECTS[protocol]
        found = Subject.find(server.address, dialect, clients=clients, many=2, timeout=SECONDS)
        with found:
            yield found


def unseen(_progress: str) -> None:
    """Nobody watches."""


def end_time(found: Subject) -> None:
    """Have the time for all checks be over."""
    found.patience.deadline = time.monotonic()
