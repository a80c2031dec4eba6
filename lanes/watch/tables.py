"""The tables of /proc/PID/net, which anyone may read, as rows like netlink's."""

import re
import socket
import sys
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from lanes.watch.netlink import Place, Row

STATES = (
    *("", "established", "syn-sent", "syn-recv", "fin-wait-1", "fin-wait-2", "time-wait"),
    *("close", "close-wait", "last-ack", "listen", "closing"),
)  # by number, as in the kernel's net/tcp_states.h
UNACCEPTED = {"established", "close-wait"}  # in any other state, no inode means that it was closed
CLOSED = {"fin-wait-1", "fin-wait-2", "last-ack", "closing"}  # by the server, or only its output
CONNECTED = sum(1 << STATES.index(name) for name in UNACCEPTED | CLOSED)
# A listener (__SO_ACCEPTCON) in /proc/net/unix. What follows a line break in a path does not match.
UNIX = re.compile(rb"^\w+: \w{8} \w{8} 00010000 \w{4} \w\w +(\d+)(?: (.*))?$", re.MULTILINE)


class Tables:
    """Rows without counters or limits. Raises OSError if the process is gone."""

    def __init__(self, pid: int) -> None:
        self._folder = Path(f"/proc/{pid}/net")
        (self._folder / "tcp").stat()

    def close(self) -> None:
        """Do nothing: no file stays open."""

    def tcp(self, states: int, ports: Collection[int] = ()) -> Iterator[tuple[Row, None]]:
        wanted = {b"%04X" % port for port in ports}
        for family, name in (socket.AF_INET, "tcp"), (socket.AF_INET6, "tcp6"):
            for line in self._lines(name):
                _, local, peer, state, queues, _, _, _, _, inode, *_ = line.split()
                if 1 << int(state, 16) & states and (not wanted or local[-4:] in wanted):
                    (host, port), (peer_host, peer_port) = _end(local), _end(peer)
                    unsent, unread = (int(length, 16) for length in queues.split(b":"))
                    ends = port, peer_port, host, peer_host
                    yield (family, int(state, 16), *ends, 0, unread, unsent, int(inode)), None

    def exact(self, places: Iterable[Place]) -> Iterator[tuple[Row, None]]:
        ports = {int.from_bytes(place[1]) for place in places}
        return self.tcp(CONNECTED, ports) if ports else iter(())

    def unix(self) -> Iterator[tuple[int, bytes, int, int]]:
        for inode, name in UNIX.findall((self._folder / "unix").read_bytes()):
            yield int(inode), name, 0, 0

    def _lines(self, name: str) -> list[bytes]:
        if name == "tcp6" and not (self._folder / name).exists():  # a kernel without IPv6
            return []
        return (self._folder / name).read_bytes().splitlines()[1:]


def _end(text: bytes) -> tuple[bytes, bytes]:
    """Return address and port as on the wire; /proc prints the address in native 32-bit words."""
    host, port = text.split(b":")
    words = [int(host[at : at + 8], 16) for at in range(0, len(host), 8)]
    return b"".join(word.to_bytes(4, sys.byteorder) for word in words), bytes.fromhex(port.decode())
