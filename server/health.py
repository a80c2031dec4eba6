"""The container's health check: exit code 0 if the HTTP port says that all is well, else 1.

The standard library alone, and of that only what starts quickly: a container runs this every ten
seconds, and importing the server would take ten times as long.
"""

import os
import socket
import sys

SECONDS = 4.0  # for the whole question; the image gives the check 5
EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - what to ask, not to bind


def is_well(host: str, port: int) -> bool:
    """Ask GET /healthz. Raises OSError if nobody answers."""
    with socket.create_connection((EVERYWHERE.get(host, host), port), SECONDS) as connection:
        connection.sendall(b"GET /healthz HTTP/1.0\r\n\r\n")
        with connection.makefile("rb") as answer:
            return b" 200 " in answer.readline()


if __name__ == "__main__":
    address = os.environ.get("LANES_HOST", "127.0.0.1"), os.environ.get("LANES_STATUS_PORT", "8022")
    try:
        sys.exit(not is_well(address[0], int(address[1])))
    except OSError as error:
        sys.exit(f"no answer from {address[0]} port {address[1]}: {error}")
