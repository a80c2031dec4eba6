"""The container's health check: exit code 0 if GET /healthz is answered with 200, else 1.

It imports only the standard library, and only modules that load quickly: a container runs this
every ten seconds, and importing the server would take ten times as long.
"""

import os
import socket
import sys

SECONDS = 4.0  # for each call; the image gives the whole check 5
EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - addresses to ask, not to bind


def is_well(host: str, port: int) -> bool:
    """Return whether GET /healthz is answered with 200. Raises OSError if nothing answers."""
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
