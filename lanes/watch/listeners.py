"""The sockets that a server listens on, and the threads that accept from them."""

from collections.abc import Collection
from operator import attrgetter

from lanes.watch.evidence import Look
from lanes.watch.process import ThreadId
from lanes.watch.processes import Processes
from lanes.watch.sockets import Listening, Sockets


class Listeners:
    """The listening sockets of a server, on some ports or on all."""

    def __init__(self, sockets: Sockets, ports: Collection[int]) -> None:
        self._sockets = sockets
        self._ports = frozenset(ports)
        self.found: tuple[Listening, ...] = ()
        self._everyone: set[int] = set()  # inodes of all listening sockets when `_own` was read
        self._own: set[int] = set()  # inodes of the server's sockets
        self.unheard = ""  # why none was found; empty if one was
        self.acceptors: frozenset[ThreadId] = frozenset()  # those seen accepting

    @property
    def ports(self) -> Collection[int]:
        """The ports that clients connect to."""
        return self._ports or {one.port for one in self.found if one.port}

    def find(self, processes: Processes) -> None:
        """Find out which of all listening sockets are this server's.

        If its descriptors may not be read, take those on the ports that were asked for.
        """
        everyone = [*self._sockets.listening(), *self._sockets.unix_listening()]
        inodes = {one.inode for one in everyone}
        if inodes != self._everyone or not self.found:  # else they are the same as before
            self._everyone = inodes
            self._own = set().union(*(process.sockets() for process in processes))
        own = [one for one in everyone if one.inode in self._own]
        hidden = not self._own and any(process.hidden for process in processes)
        its = everyone if hidden and self._ports else own
        found = (one for one in its if not self._ports or one.port in self._ports)
        self.found = tuple(sorted(found, key=attrgetter("port")))
        self.unheard = "" if self.found else self._why_none(own, hidden=hidden)

    def _why_none(self, own: Collection[Listening], *, hidden: bool) -> str:
        port = " or ".join(map(str, self._ports))
        if own:
            elsewhere = ", ".join(one.address for one in sorted(own, key=attrgetter("port")))
            wrong = f"The server is not listening on port {port} but on {elsewhere}"
            return f"{wrong}: {_advice({one.port for one in own if one.port})}."
        if not hidden:
            return (
                "This process is not listening for clients: it has not started to, or the server "
                "is another process."
            )
        if port:
            return f"Nothing is listening on port {port} on this machine."
        return "Cannot see where the server listens: pass --port as well."

    def accepting(self, look: Look) -> set[ThreadId]:
        """Return the threads that wait for a new connection, perhaps among other things."""
        tcp = {one.inode for one in self.found if one.port}  # Unix ones often carry commands
        own = tcp or {one.inode for one in self.found}
        accepting = {
            thread
            for thread, doing in look.items()
            if doing.kind in {"accepts", "polls", "epolls"} and doing.inodes & own
        }
        self.acceptors = (self.acceptors | accepting) & look.keys()
        return accepting


def _advice(ports: Collection[int]) -> str:
    """Return advice about a wrong port; a Unix-domain socket has no port to pass."""
    if not ports:
        return "leave --port out"
    right = f"pass --port {min(ports)}" if len(ports) == 1 else "pass one of these with --port"
    return f"{right}, or leave --port out"
