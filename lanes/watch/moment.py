"""What a watcher knows after a look."""

from collections.abc import Mapping
from typing import NamedTuple

from lanes.watch.claim import Claim
from lanes.watch.evidence import Look
from lanes.watch.kinds import History
from lanes.watch.process import ThreadId
from lanes.watch.sockets import Listening


class Moment(NamedTuple):
    """A moment of the server, for whoever describes it."""

    at: float
    look: Look
    claims: Mapping[int, Claim]
    backlog: int
    listening: tuple[Listening, ...]
    acceptors: frozenset[ThreadId]  # threads that were seen to accept
    accepting: bool  # whether any thread waits for a new connection now
    rate: float  # looks a second
    counted: bool = True  # whether the kernel tells how many messages there were
    unheard: str = ""  # why none of its listening sockets is known, if that is so
    history: History = History()
