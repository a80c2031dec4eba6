"""Right: a chat that sends each message to all clients."""

import contextlib
import socket
import sys
import threading

clients: set[socket.socket] = set()
lock = threading.Lock()  # over the set, not over a conversation


def converse(client: socket.socket) -> None:
    with client:
        with lock:
            clients.add(client)
        with contextlib.suppress(OSError):  # the client has gone
            while message := client.recv(1024):
                with lock:
                    for other in clients:
                        with contextlib.suppress(OSError):  # it has gone; its thread notices
                            other.sendall(message)
        with lock:
            clients.remove(client)


with socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=128) as listener:
    while True:
        client, _ = listener.accept()
        threading.Thread(target=converse, args=(client,), daemon=True).start()
