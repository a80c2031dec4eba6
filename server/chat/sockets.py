"""A bound socket, and the options that every connection inherits from it (tcp(7)).

Setting them once, before anyone can connect, costs nothing per client.
"""

import socket

BUFFER = 64 * 1024  # bytes each way: the most that a client makes the kernel hold or a drain answer
# Seconds without an acknowledgement after which the peer counts as gone: its power or the network
# failed. If nothing is in flight, the kernel probes after half a minute.
GONE_SECONDS = 60
KEEPALIVE = {"TCP_KEEPIDLE": 30, "TCP_KEEPINTVL": 10, "TCP_KEEPCNT": 3}  # seconds, seconds, probes


def bind(host: str, port: int, gone_seconds: int = GONE_SECONDS) -> socket.socket:
    """Return a bound socket with its options set; the caller listens. Raises OSError.

    `socket.create_server` listens at once: connections that came before the options were set would
    lack them.
    """
    listening = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        _prepare(listening, gone_seconds)
        listening.bind((host, port))
    except OSError:
        listening.close()
        raise
    return listening


def _prepare(listening: socket.socket, gone_seconds: int) -> None:
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in (KEEPALIVE | {"TCP_USER_TIMEOUT": 1000 * gone_seconds}).items():
        if hasattr(socket, name):  # Linux has all of them
            listening.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
