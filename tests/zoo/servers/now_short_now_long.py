"""Right: some answers take longer than others."""

import random
import socket
import sys
import threading
import time

ANSWER = b"Today we will learn about Multithreading with Socket programming"


def converse(client: socket.socket) -> None:
    with client:
        try:
            while client.recv(1024):
                time.sleep(random.uniform(0.02, 0.4))  # noqa: S311 - it is not a secret
                client.sendall(ANSWER)
        except OSError:
            pass  # the client has gone


with socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=128) as listener:
    while True:
        client, _ = listener.accept()
        threading.Thread(target=converse, args=(client,), daemon=True).start()
