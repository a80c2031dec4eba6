"""Right: a thread for each client, and one more that tells the time to all that have spoken."""

import socket
import sys
import threading
import time
from contextlib import suppress

ANSWER = b"Today we will learn about Multithreading with Socket programming\n"
clients: set[socket.socket] = set()
lock = threading.Lock()


def converse(client: socket.socket) -> None:
    with client, suppress(OSError):
        while client.recv(1024):
            with lock:
                clients.add(client)
            client.sendall(ANSWER)
    with lock:
        clients.discard(client)


def tick() -> None:
    while True:
        time.sleep(1)
        with lock:
            listening = list(clients)
        for client in listening:
            with suppress(OSError):
                client.sendall(time.strftime("[%H:%M:%S] ").encode())


threading.Thread(target=tick, daemon=True).start()
with socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=128) as listener:
    while True:
        client, _ = listener.accept()
        threading.Thread(target=converse, args=(client,), daemon=True).start()
