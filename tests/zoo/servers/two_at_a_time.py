"""Wrong: it works on only two messages at a time."""

import socket
import sys
import threading
import time

ANSWER = b"Today we will learn about Multithreading with Socket programming"
workers = threading.Semaphore(2)


def converse(client: socket.socket) -> None:
    with client:
        try:
            while client.recv(1024):
                with workers:
                    time.sleep(0.1)
                client.sendall(ANSWER)
        except OSError:
            pass  # the client has gone


with socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=128) as listener:
    while True:
        client, _ = listener.accept()
        threading.Thread(target=converse, args=(client,), daemon=True).start()
