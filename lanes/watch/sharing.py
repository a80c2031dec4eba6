"""Finds processes whose threads share connections, like a pool that takes them from a queue.

A thread that keeps its client until the client leaves never waits for another one. So if a thread
moves to another connection while the previous one is still open, any busy thread of its process may
be serving any client. A thread that accepts or polls proves nothing: it passes its clients on.

Threads that wait for the same epoll set share its connections, too.
"""

from collections.abc import Collection

from lanes.watch.evidence import Look
from lanes.watch.process import ThreadId


class Sharing:
    """Compares each look with the one before."""

    def __init__(self) -> None:
        self.processes: set[int] = set()  # those whose threads share connections
        self._sets = dict[tuple[int, int], set[ThreadId]]()  # by epoll set: its waiters so far
        self._held = dict[ThreadId, int]()  # the connection last waited for; 0: proves nothing
        # Connections that a thread moved on from in the last look, and the thread's process.
        self._left: dict[int, int] = {}

    def left(self) -> Collection[int]:
        """Return connections to read again before the next look, because they may be closed."""
        return self._left.keys()

    def turns(self) -> frozenset[ThreadId]:
        """Return the threads that take turns polling the same connections."""
        return frozenset[ThreadId]().union(*(one for one in self._sets.values() if len(one) > 1))

    def update(self, look: Look, connections: Collection[int]) -> None:
        """Note which connection each thread waits for."""
        self.processes |= {pid for inode, pid in self._left.items() if inode in connections}
        self._left = {}
        self._held = {thread: held for thread, held in self._held.items() if thread in look}
        self._sets = {each: threads & look.keys() for each, threads in self._sets.items()}
        for thread, doing in look.items():
            if doing.kind == "epolls" and not doing.inodes.isdisjoint(connections):
                self._sets.setdefault((thread.pid, doing.epoll), set()).add(thread)
            if doing.kind == "accepts" or doing.polls:
                self._held[thread] = 0
            elif doing.serves and (inode := next(iter(doing.inodes))) in connections:
                held = self._held.setdefault(thread, inode)
                if held not in {0, inode}:
                    self._left[held] = thread.pid
                    self._held[thread] = inode
        self.processes |= {thread.pid for thread in self.turns()}
