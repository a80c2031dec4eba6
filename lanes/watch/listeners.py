"""The sockets that a server listens on, and the threads that accept from them."""

from collections.abc import Collection
from operator import attrgetter

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
        self.unheard = ""  # why none was found, if that is so
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
        """The threads that wait for a new connection, perhaps among other things."""
        tcp = {one.inode for one in self.found if one.port}  # others are often for its own commands
        own = tcp or {one.inode for one in self.found}
        accepting = {
            thread
            for thread, doing in look.items()
            if doing.kind in {"accepts", "polls", "epolls"} and doing.inodes & own
        }
        self.acceptors = (self.acceptors | accepting) & look.keys()
        return accepting


def _advice(ports: Collection[int]) -> str:
    """What to do about a wrong port; a Unix-domain socket has none to pass."""
    if not ports:
        return "leave --port out"
    right = f"pass --port {min(ports)}" if len(ports) == 1 else "pass one of these with --port"
    return f"{right}, or leave --port out"
