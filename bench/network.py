"""Restarts this program in its own network namespace, which has only loopback.

Docker's firewall rules make the kernel track connections on the host's loopback. Many connections
a second fill its table, and then connects stall for seconds. A new namespace has no such rules
(network_namespaces(7), unshare(1)).
"""

import fcntl
import os
import shutil
import socket
import struct
import sys
from pathlib import Path

import click

INSIDE = "BENCH_NETWORK"  # environment variable: the namespace that we came from
SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 0x1  # netdevice(7)
PORTS = "1024 65000"  # a wide range: a visitor's port is not reused for a second after it leaves


def enter() -> None:
    """Restart this program in its own network namespace, unless it is in one."""
    came_from = os.environ.get(INSIDE, "")
    if came_from.startswith("net:") and came_from != _namespace():
        _bring_up("lo")
        with open("/proc/sys/net/ipv4/ip_local_port_range", "w") as local_ports:  # noqa: PTH123
            local_ports.write(PORTS)
        return
    unshare = shutil.which("unshare")
    if unshare is None:
        raise click.ClickException("unshare(1) is needed: install util-linux.")
    words = [unshare, "--net"] if os.geteuid() == 0 else [unshare, "--map-root-user", "--net"]
    again = [sys.executable, "-m", "bench", *sys.argv[1:]]
    os.execve(unshare, [*words, *again], os.environ | {INSIDE: _namespace()})  # noqa: S606


def _namespace() -> str:
    return str(Path("/proc/self/ns/net").readlink())


def _bring_up(interface: str) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        request = struct.pack("16sh14x", interface.encode(), 0)
        _, flags = struct.unpack("16sh14x", fcntl.ioctl(control, SIOCGIFFLAGS, request))
        fcntl.ioctl(
            control, SIOCSIFFLAGS, struct.pack("16sh14x", interface.encode(), flags | IFF_UP)
        )
