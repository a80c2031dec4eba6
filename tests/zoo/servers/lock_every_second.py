"""Wrong: every second message of a client is waited for, and answered, under one lock."""

import socket
import sys
import threading
from contextlib import nullcontext, suppress
from itertools import count

ANSWER = b"Today we will learn about Multithreading with Socket programming"
lock = threading.Lock()


def converse(client: socket.socket) -> None:
    with client, suppress(OSError):
        for number in count():
            with lock if number % 2 else nullcontext():
                if not client.recv(1024):
                    break
                client.sendall(ANSWER)


with socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=128) as listener:
    while True:
        client, _ = listener.accept()
        threading.Thread(target=converse, args=(client,), daemon=True).start()
