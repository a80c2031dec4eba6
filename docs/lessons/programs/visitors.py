"""Connects N clients to PORT, one after the other; each says a message, and all stay."""

import contextlib
import socket
import sys
import time

port, count = int(sys.argv[1]), int(sys.argv[2])
clients: list[socket.socket] = []
while len(clients) < count:
    time.sleep(0.3)
    with contextlib.suppress(ConnectionRefusedError):  # the server is still starting
        clients.append(socket.create_connection(("127.0.0.1", port)))
        clients[-1].sendall(b"Hey Server!!! What will we do in today's lab????")
time.sleep(60)
