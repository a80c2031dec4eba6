"""Wrong: a chat that sends a client's message to all others, but not back to that client."""

import contextlib
import socket
import sys
import threading

clients: list[socket.socket] = []


def converse(client: socket.socket) -> None:
    with client, contextlib.suppress(OSError):  # the client has gone
        while message := client.recv(1024):
            for other in clients.copy():
                if other is not client:
                    with contextlib.suppress(OSError):  # it has gone
                        other.sendall(message)
    clients.remove(client)


with socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=128) as listener:
    while True:
        client, _ = listener.accept()
        clients.append(client)
        threading.Thread(target=converse, args=(client,), daemon=True).start()
