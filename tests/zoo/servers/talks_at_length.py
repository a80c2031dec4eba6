"""Right: a thread for each client, and an answer of 70 kB to whatever arrives."""

import socket
import sys
import threading
from contextlib import suppress

ANSWER = b"Today we will learn about Multithreading. " + b"x" * 70_000


def converse(client: socket.socket) -> None:
    with client, suppress(OSError):
        while client.recv(1024):
            client.sendall(ANSWER)


with socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=128) as listener:
    while True:
        client, _ = listener.accept()
        threading.Thread(target=converse, args=(client,), daemon=True).start()
