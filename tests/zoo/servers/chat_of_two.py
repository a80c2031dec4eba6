"""Wrong: a pool of two threads. It is a chat, so each message goes to all clients."""

import contextlib
import socket
import sys
from concurrent.futures import ThreadPoolExecutor

clients: list[socket.socket] = []


def converse(client: socket.socket) -> None:
    with client, contextlib.suppress(OSError):  # the client has gone
        while message := client.recv(1024):
            for other in clients.copy():
                with contextlib.suppress(OSError):  # it has gone
                    other.sendall(b"Somebody says: " + message)
    clients.remove(client)


with (
    socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=128) as listener,
    ThreadPoolExecutor(2) as pool,
):
    while True:
        client, _ = listener.accept()
        clients.append(client)
        pool.submit(converse, client)
