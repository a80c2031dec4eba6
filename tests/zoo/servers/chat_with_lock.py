"""Wrong: a chat that holds a lock for as long as a client stays."""

import contextlib
import socket
import sys
import threading

clients: list[socket.socket] = []
lock = threading.Lock()


def converse(client: socket.socket) -> None:
    with lock, client, contextlib.suppress(OSError):  # the client has gone
        while message := client.recv(1024):
            for other in clients.copy():
                with contextlib.suppress(OSError):  # it has gone
                    other.sendall(message)
    clients.remove(client)


with socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=128) as listener:
    while True:
        client, _ = listener.accept()
        clients.append(client)
        threading.Thread(target=converse, args=(client,), daemon=True).start()
