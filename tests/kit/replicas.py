"""Two replicas with a few sessions, for what puts several together."""

from dataclasses import replace

from server.record import Record
from server.registry import Snapshot
from tests.kit.snapshots import record, snapshot


def of(replica: str, *records: Record, at: float = 10, model: str = "thread") -> Snapshot:
    """What a replica's registry has, whose threads and sessions bear its name."""
    named = [
        replace(one, replica=replica, thread=one.thread and f"{replica}/{one.thread}")
        for one in records
    ]
    return snapshot(*named, at=at, model=model, replica=replica)


ONE = of("server-1", record(1, accepted=1, served=1, closed=3), record(2, accepted=2, served=2))
TWO = of("server-2", record(1, accepted=4, served=4))
