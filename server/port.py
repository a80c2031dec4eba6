"""A port that is bound, and what every connection to it inherits from its socket (tcp(7)).

To set that once, before anybody can connect, costs nothing for each client.
"""

import socket

BUFFER = 64 * 1024  # bytes each way: what one client can make the kernel hold, and a drain answer
# After so many seconds without an acknowledgement the peer is gone without a word: its power, or
# the network, failed. Where nothing is under way that would have to be acknowledged, the kernel
# probes from half a minute on. Who is there and says nothing is a matter of the session's patience.
GONE_SECONDS = 60
KEEPALIVE = {"TCP_KEEPIDLE": 30, "TCP_KEEPINTVL": 10, "TCP_KEEPCNT": 3}  # seconds, seconds, probes


def bind(host: str, port: int, gone_seconds: int = GONE_SECONDS) -> socket.socket:
    """A socket that is bound, and prepared before anybody can connect: `listen` is the caller's.

    `socket.create_server` listens at once. Who connects before all is set, when a server starts
    again, would inherit none of it. Raises OSError.
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
        if hasattr(socket, name):  # Linux has them all
            listening.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
