"""A subject of the checks: a server of a test's own making."""

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from client.check.subject import Subject
from tests.unit.fake_server import SECONDS, Action, FakeServer


@contextmanager
def subject(
    connections: Iterable[list[Action]],
    *,
    protocol: str = "handout",
    clients: int = 2,
    timeout: float = SECONDS,
) -> Iterator[Subject]:
    """A fake server, found."""
    with (
        FakeServer(connections) as server,
        Subject.find(server.address, protocol=protocol, clients=clients, timeout=timeout) as found,
    ):
        yield found


def end_time(found: Subject) -> None:
    """Have the time for all checks be over."""
    found.deadline = time.monotonic()
