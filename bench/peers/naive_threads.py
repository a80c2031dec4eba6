"""A thread for each client, by hand: recv, split, and a send for each line."""

import itertools
import socket
import sys
import threading
from contextlib import suppress

from dialect import BACKLOG, answers, greeting, reply


def serve(client: socket.socket) -> None:
    """One conversation, in its own thread."""
    name = threading.current_thread().name
    ok = reply(name)
    rest: bytes | None = b""
    with client, suppress(ConnectionError):
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client.sendall(greeting(name))
        while rest is not None and (chunk := client.recv(8192)):
            said, rest = answers(ok, rest + chunk)
            for one in said:
                client.sendall(one)


def main(port: int) -> None:
    """Accept, start a thread, accept."""
    with socket.create_server(("127.0.0.1", port), backlog=BACKLOG) as listener:
        for number in itertools.count(1):
            client, _ = listener.accept()
            name = f"Thread-{number}"
            threading.Thread(target=serve, args=[client], name=name, daemon=True).start()


if __name__ == "__main__":
    main(int(sys.argv[1]))
