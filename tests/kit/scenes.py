"""Three five-second scenes for the modules that draw: a thread for each client, a lock, a pool."""

from collections.abc import Iterable
from typing import Any

from server.chat.record import Record
from tests.kit.documents import snapshot
from tests.kit.snapshots import record

LENGTH = 5  # seconds


def client(
    number: int,
    accepted: float,
    served: float | None = None,
    closed: float | None = None,
    *,
    worker: int | None = None,
    name: str = "",
    said: Iterable[float] | None = None,
    **facts: Any,  # noqa: ANN401 - as `record` has them
) -> Record:
    """A client with one message at each of these moments.

    By default, one message as soon as it is served, and two half a second later.
    """
    ticks = [(moment, moment, 1) for moment in said or ()]
    if said is None and served is not None:
        ticks = [(served, served + 0.125, 1), (served + 0.5, served + 0.75, 2)]
    if worker:
        facts |= {"thread": f"Worker-{worker}", "native_id": 1_000 + worker}
    facts |= {"client": name or f"c-{number}", "ticks": ticks}
    return record(number, accepted, served, closed, **facts)


def served(
    number: int,
    at: float,
    until: float | None,
    said: Iterable[float] = (),
    **facts: Any,  # noqa: ANN401 - as `record` has them
) -> Record:
    """A client that the only thread serves at once."""
    return client(number, at, at, until, worker=1, said=said, **facts)


# Three clients, each with a thread of its own, served at the same time.
WALL = snapshot(client(1, 1, 1, 3), client(2, 1.5, 1.5, 3.5), client(3, 2, 2), at=LENGTH)

# One lock for five clients: two held it, one holds it, one waits, and one was dismissed.
STAIRCASE = snapshot(
    client(1, 0.5, 0.5, 2),
    client(2, 1, 2, 3.5),
    client(3, 1, 3.5),
    client(4, 1.5, thread="Thread-4"),
    client(5, 2, closed=4, thread="Thread-5", end="closing"),
    at=LENGTH,
    model="lock",
)

# A pool of two workers: two clients had to queue for one, one still does, and one was dismissed.
QUEUE = snapshot(
    client(1, 1, 1, 2, worker=1),
    client(2, 1, 1, 2.5, worker=2),
    client(3, 1.5, 2, 4, worker=1, end="lost"),
    client(4, 2, 2.5, worker=2),
    client(5, 3),
    client(6, 3.5, closed=4.5, end="closing"),
    at=LENGTH,
    model="pool",
)
