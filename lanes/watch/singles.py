"""Threads that poll their one client along with something else that can wake them.

A pool's poller that holds one client looks the same. So such a thread certainly serves its client
only if no other thread of its process could take the client over: each of the others polls its own
only client too, waits for one alone, waits for new ones, or is known to have one. After that, the
thread stays certain while it polls that client. Nothing is concluded about a process with a thread
that has polled several clients, or with two that have polled the same one, unless it has no other.
"""

from collections import Counter
from collections.abc import Collection

from lanes.watch.evidence import Look
from lanes.watch.process import ThreadId


class Singles:
    """Finds these threads, from look to look."""

    def __init__(self) -> None:
        self._serving: dict[ThreadId, int] = {}  # and the inodes of their clients
        self._loops: set[int] = set()  # processes about which nothing is concluded

    def update(
        self,
        look: Look,
        connections: frozenset[int],
        listening: frozenset[int],
        taken: Collection[ThreadId],
    ) -> Collection[ThreadId]:
        """Return threads that certainly serve their client; `taken` are those known to have one."""
        polling: dict[ThreadId, int] = {}
        free: set[int] = set()  # processes with a thread that could be handed a client
        for thread, doing in look.items():
            if doing.polls and len(doing.inodes) == 1 and doing.inodes <= connections:
                [polling[thread]] = doing.inodes
            elif doing.polls and not doing.inodes.isdisjoint(connections):
                free.add(thread.pid)
                if len(doing.inodes & connections) > 1:
                    self._loops.add(thread.pid)
            elif not (
                thread in taken
                or doing.kind == "accepts"
                or (doing.serves and doing.inodes <= connections)
                or not doing.inodes.isdisjoint(listening)
            ):
                free.add(thread.pid)
        threads, held = Counter(one.pid for one in look), Counter(polling.values())
        self._loops |= {thread.pid for thread, inode in polling.items() if held[inode] > 1}
        self._serving = {
            thread: inode
            for thread, inode in polling.items()
            if threads[thread.pid] == 1
            or (
                thread.pid not in self._loops
                and (thread.pid not in free or self._serving.get(thread) == inode)
            )
        }
        return self._serving.keys()
