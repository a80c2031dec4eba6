"""The sockets that a server listens on, and the threads that accept from them."""

from collections.abc import Collection

from lanes.watch.evidence import Look
from lanes.watch.process import ThreadId
from lanes.watch.processes import Processes
from lanes.watch.sockets import Listening, Sockets


class Listeners:
    """Those with some ports, or all of the server's."""

    def __init__(self, sockets: Sockets, ports: Collection[int]) -> None:
        self._sockets = sockets
        self._ports = frozenset(ports)
        self.found: tuple[Listening, ...] = ()
        self._everyone: set[int] = set()  # the inodes of all that listen, when these were read:
        self._own: set[int] = set()  # those of the server's sockets
        self.acceptors: frozenset[ThreadId] = frozenset()  # threads that were seen to accept

    @property
    def ports(self) -> Collection[int]:
        """Where connections come in."""
        return self._ports or {one.port for one in self.found if one.port}

    def find(self, processes: Processes) -> None:
        """Find out which of all listening sockets are this server's.

        Where its descriptors may not be looked at: those with the ports that were asked for.
        """
        everyone = [*self._sockets.listening(), *self._sockets.unix_listening()]
        inodes = {one.inode for one in everyone}
        if inodes != self._everyone or not self.found:  # else it is the same ones as before
            self._everyone = inodes
            self._own = set().union(*(process.sockets() for process in processes))
        own, ports = self._own, self._ports or {one.port for one in everyone}
        self.found = tuple(
            one
            for one in everyone
            if one.port in ports and (one.inode in own or (self._ports and not own))
        )

    def accepting(self, look: Look) -> set[ThreadId]:
        """The threads that wait for a new connection, perhaps besides others."""
        tcp = {one.inode for one in self.found if one.port}  # others are often for its own commands
        own = tcp or {one.inode for one in self.found}
        accepting = {
            thread
            for thread, doing in look.items()
            if doing.kind in {"accepts", "polls", "epolls"} and doing.inodes & own
        }
        self.acceptors = (self.acceptors | accepting) & look.keys()
        return accepting
