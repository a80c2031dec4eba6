"""A greenlet for each client, with gevent."""

import sys
from contextlib import suppress

from dialect import BACKLOG, answers, greeting, reply
from gevent.server import StreamServer
from gevent.socket import IPPROTO_TCP, TCP_NODELAY, socket

NAME = "gevent"
OK = reply(NAME)


def serve(client: socket, _address: object) -> None:
    """One conversation, in its own greenlet; the server closes the socket."""
    rest: bytes | None = b""
    with suppress(ConnectionError):
        client.setsockopt(IPPROTO_TCP, TCP_NODELAY, 1)
        client.sendall(greeting(NAME))
        while rest is not None and (chunk := client.recv(8192)):
            said, rest = answers(OK, rest + chunk)
            client.sendall(b"".join(said))


if __name__ == "__main__":
    StreamServer(("127.0.0.1", int(sys.argv[1])), serve, backlog=BACKLOG).serve_forever()
