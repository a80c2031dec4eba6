"""What a watcher knows after a look."""

from collections.abc import Mapping
from typing import NamedTuple

from lanes.watch.claim import Claim
from lanes.watch.evidence import Look
from lanes.watch.kinds import History
from lanes.watch.process import ThreadId
from lanes.watch.sockets import Listening


class Moment(NamedTuple):
    """The state of the server after a look, for the snapshot."""

    at: float
    look: Look
    claims: Mapping[int, Claim]
    backlog: int
    listening: tuple[Listening, ...]
    acceptors: frozenset[ThreadId]  # threads that have been seen accepting
    accepting: bool  # whether any thread waits for a new connection now
    rate: float  # looks per second
    counted: bool = True  # whether messages can be counted (only by netlink)
    unheard: str = ""  # why no listening socket was found; empty if one was
    history: History = History()
