"""The accepting thread takes a lock for each client, and the client's thread releases it."""

import socket
import sys
import threading

from answering import converse

lock = threading.Lock()


def serve(client: socket.socket) -> None:
    converse(client)
    lock.release()


with socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=128) as listener:
    while True:
        lock.acquire()
        client, _ = listener.accept()
        threading.Thread(target=serve, args=(client,), daemon=True).start()
