"""The sockets of a network namespace: which listen, which are connected, what they have received.

They are read by netlink, or from /proc if netlink is not available.
"""

import os
import socket
from collections.abc import Collection, Iterable
from contextlib import suppress
from functools import lru_cache
from operator import attrgetter
from typing import NamedTuple, Self

from lanes.watch.netlink import LISTENING, Counters, Place, Row, SockDiag
from lanes.watch.printable import printable
from lanes.watch.tables import CONNECTED, STATES, UNACCEPTED, Tables

MAPPED = bytes(10) + b"\xff\xff"  # RFC 4291, 2.5.5.2
NOTHING: Counters = 0, 0, 0, 0, 0, 0
REMEMBERED = 1 << 15  # cached addresses as text, and cached places of connections

_ends = attrgetter("local", "peer", "interface")


class Connection(NamedTuple):
    """One end of a TCP connection. From /proc, counters are 0 and `pending` means unread bytes."""

    inode: int  # 0: completed by the kernel, not accepted yet
    local: str
    peer: str
    state: str  # "established", "close-wait", ...
    unread: int  # bytes; the end of input counts as one
    unsent: int  # bytes that the peer has not acknowledged
    segments: int  # received, with data
    received: int  # bytes
    acknowledged: int  # bytes sent that the peer has acknowledged
    pending: bool  # data last came in later than it last went out; false if in the same tick
    answers: int = 0  # segments sent, with data
    interface: int = 0  # index of the one it is bound to, as link-local connections are
    age: int = 0  # milliseconds, when first found in the backlog; 0 once accepted


class Listening(NamedTuple):
    """A listening socket."""

    inode: int
    address: str  # HOST:PORT, or the path of a Unix-domain socket; "@name" if it is abstract
    port: int  # 0 for Unix-domain sockets
    waiting: int  # connections in its accept queue
    limit: int  # as given to listen(); TCP lets one more wait (0 if read from /proc)


class Sockets:
    """The sockets of a process's network namespace. For use by a single thread.

    Every method may raise OSError, for example when the process is gone.
    """

    def __init__(self, pid: int, *, netlink: bool = True) -> None:
        self._netlink = netlink
        self._open(pid)

    def _open(self, pid: int) -> None:
        self.source = "proc"
        self._rows: SockDiag | Tables = Tables(pid)
        if self._netlink:
            with suppress(OSError):  # another namespace without CAP_SYS_ADMIN; no sock_diag
                self._rows, self.source = SockDiag(pid), "netlink"

    def move(self, pid: int) -> None:
        """Switch to the network namespace of another process."""
        self.close()
        self._open(pid)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the netlink socket."""
        self._rows.close()

    def listening(self) -> list[Listening]:
        """Return all listening TCP sockets. Cheap."""
        return [_listening(row) for row, _ in self._rows.tcp(LISTENING)]

    def connections(self, ports: Collection[int]) -> list[Connection]:
        """Return all connections on these local ports. Costly: the kernel walks its whole table."""
        if not ports:
            return []
        found = [_connection(*each) for each in self._rows.tcp(CONNECTED, ports)]
        return [one for one in found if one.inode or one.state in UNACCEPTED]

    def look_up(self, connections: Iterable[Connection]) -> dict[int, Connection]:
        """Return their current state by inode, without those closed or not accepted yet."""
        were = {_ends(one): one.inode for one in connections}
        now = [_connection(*each) for each in self._rows.exact(_place(*ends) for ends in were)]
        return {
            one.inode: one
            for one in now
            if one.inode and were.get(_ends(one)) in (0, one.inode)  # not a later connection
        }

    def unix_listening(self) -> list[Listening]:
        """Return all listening Unix-domain sockets."""
        return [
            Listening(inode, _path(name), 0, waiting, limit)
            for inode, name, waiting, limit in self._rows.unix()
        ]


def _connection(row: Row, counters: Counters | None) -> Connection:
    family, state, port, peer_port, host, peer_host, interface, unread, unsent, inode = row
    sent_age, received_age, acknowledged, received, segments, answers = counters or NOTHING
    # Until something is sent, `sent_age` is the connection's, perhaps the same as `received_age`.
    pending = received_age < sent_age or (segments > 0 and not answers)
    return Connection(
        inode,
        _text(family, host, port),
        _text(family, peer_host, peer_port),
        STATES[state],
        *(unread, unsent, segments, received, acknowledged),
        pending if counters else unread > 0,
        answers,
        interface,
        0 if inode else sent_age,
    )


def _listening(row: Row) -> Listening:
    family, _, port, _, host, _, _, waiting, limit, inode = row
    return Listening(inode, _text(family, host, port), int.from_bytes(port), waiting, limit)


@lru_cache(REMEMBERED)
def _text(family: int, host: bytes, port: bytes) -> str:
    if host.startswith(MAPPED):
        family, host = socket.AF_INET, host[len(MAPPED) :]
    if family == socket.AF_INET:
        return f"{socket.inet_ntop(family, host[:4])}:{int.from_bytes(port)}"
    return f"[{socket.inet_ntop(family, host)}]:{int.from_bytes(port)}"


@lru_cache(REMEMBERED)
def _place(local: str, peer: str, interface: int) -> Place:
    """Return its place; for an IPv4-mapped one the IPv4 place, where the kernel finds it too."""
    family = socket.AF_INET6 if local.startswith("[") else socket.AF_INET
    hosts, ports = zip(*(end.rsplit(":", 1) for end in (local, peer)), strict=True)
    host, peer_host = (socket.inet_pton(family, host.strip("[]")) for host in hosts)
    port, peer_port = (int(port).to_bytes(2) for port in ports)
    return family, port, peer_port, host, peer_host, interface


def _path(name: bytes) -> str:
    """Return a name as in /proc/net/unix. In netlink, NUL begins abstract names and ends paths."""
    shown = name.removesuffix(b"\0") if name[:1] != b"\0" else name.replace(b"\0", b"@")
    return printable(os.fsdecode(shown))
