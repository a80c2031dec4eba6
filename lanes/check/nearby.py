"""Finds a server that listens on this machine, but not on loopback.

`gethostbyname(gethostname())`, a line of many tutorials, is 127.0.1.1 on Debian, and in a container
the container's own address.
"""

import ipaddress
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import suppress

from lanes.check.address import Address

FEW = 3  # other ports that are worth telling: a machine with many has nothing to do with the server
DNS = "127.0.0.11"  # Docker's own, in every container


class Nearby(Address):
    """An address and, if it is loopback, this machine's others that have the port open."""

    def connect(self, seconds: float) -> socket.socket:
        """Connect as an Address does; if nothing listens there, elsewhere on this machine."""
        try:
            return super().connect(seconds)
        except OSError as error:
            if not _is_loopback(self.host):
                raise
            for other in _elsewhere(self.port):
                with suppress(OSError):
                    return other.connect(seconds)
            others = sorted(set(map(str, listening())))
            if not 0 < len(others) <= FEW:
                raise
            raise OSError(f"{error} Ports open on this machine: {', '.join(others)}.") from None

    def found_at(self, peer: Address) -> str:
        """What a card calls the server that was found: a name may mean another machine tomorrow."""
        if (
            self.host == "localhost" and peer.host in {"127.0.0.1", "::1"}
        ) or peer.host == self.host:
            return str(self)
        if _is_loopback(self.host):
            return f"{peer} (the server listens there; nothing listens at {self})"
        return f"{self} at {peer.host}"


def listening() -> Iterator[Address]:
    """Where programs listen on this machine, as far as that can be seen."""
    if sys.platform != "linux":
        return
    from lanes.watch.sockets import Sockets  # noqa: PLC0415 - Linux alone

    with suppress(OSError), Sockets(os.getpid()) as sockets:
        for one in sockets.listening():
            address = Address.parse(one.address)
            if address.host != DNS:
                yield address


def _elsewhere(port: int) -> list[Address]:
    """Where this port may be open; on systems other than Linux, this machine's addresses."""
    if sys.platform != "linux":
        with suppress(OSError):
            names = socket.gethostbyname_ex(socket.gethostname())
            return [Address(host, port) for host in names[2]]
        return []
    return [address for address in listening() if address.port == port]


def _is_loopback(host: str) -> bool:
    with suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return host == "localhost"
