"""Two replicas with a few sessions, for tests of merging."""

from collections.abc import Sequence
from dataclasses import replace

from lanes.replicas import Answer, merge
from lanes.snapshot import Snapshot
from server.chat.record import Record
from tests.kit.documents import snapshot
from tests.kit.scenes import client


def of(replica: str, *records: Record, at: float = 10, model: str = "thread") -> Snapshot:
    """Return the snapshot of a replica whose threads carry its name."""
    named = [replace(one, thread=one.thread and f"{replica}/{one.thread}") for one in records]
    return snapshot(*named, at=at, model=model, replica=replica)


def answer(taken: Snapshot, place: int = 1, ahead: float = 0.0) -> Answer:
    return Answer(f"10.0.0.{place}", taken, ahead, within=0.001)


def merged(*taken: Snapshot, missing: Sequence[str] = (), ahead: float = 0.0) -> Snapshot:
    answers = [answer(one, place, ahead) for place, one in enumerate(taken, 1)]
    return merge(answers, missing)


ONE = of("server-1", client(1, 1, 1, 3), client(2, 2, 2))
TWO = of("server-2", client(1, 4, 4))
