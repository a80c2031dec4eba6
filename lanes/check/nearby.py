"""Finds a server that listens on this machine, but not at the loopback address that was given.

Many tutorials use `gethostbyname(gethostname())`: on Debian that is 127.0.1.1, and in a container
it is the container's own address.
"""

import ipaddress
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import suppress

from lanes.check.address import Address

FEW = 3  # other open ports that are worth showing: more of them say nothing about the server
DNS = "127.0.0.11"  # Docker's DNS server, in every container


class Nearby(Address):
    """An address and, if it is loopback, this machine's other addresses with that port open."""

    def connect(self, seconds: float) -> socket.socket:
        """Connect as Address does; if loopback fails, try this machine's other addresses."""
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
        """Return what a card calls the server: a name alone may mean another machine tomorrow."""
        if (
            self.host == "localhost" and peer.host in {"127.0.0.1", "::1"}
        ) or peer.host == self.host:
            return str(self)
        if _is_loopback(self.host):
            return f"{peer} (the server listens there; nothing listens at {self})"
        return f"{self} at {peer.host}"


def listening() -> Iterator[Address]:
    """Yield where programs listen on this machine, as far as that can be seen; on Linux only."""
    if sys.platform != "linux":
        return
    from lanes.watch.sockets import Sockets  # noqa: PLC0415 - Linux alone

    with suppress(OSError), Sockets(os.getpid()) as sockets:
        for one in sockets.listening():
            address = Address.parse(one.address)
            if address.host != DNS:
                yield address


def _elsewhere(port: int) -> list[Address]:
    """Return where this port may be open; except on Linux, all of this machine's addresses."""
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
