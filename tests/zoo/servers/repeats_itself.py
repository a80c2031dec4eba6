"""Wrong: it answers one message over and over, forever, with short pauses."""

import socket
import sys
import threading
import time

ANSWER = b"Today we will learn about Multithreading with Socket programming"
PAUSE = 0.1  # seconds


def converse(client: socket.socket) -> None:
    with client:
        try:
            while client.recv(1024):
                while True:
                    client.sendall(5000 * ANSWER)
                    time.sleep(PAUSE)
        except OSError:
            pass  # the client has gone


with socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=128) as listener:
    while True:
        client, _ = listener.accept()
        threading.Thread(target=converse, args=(client,), daemon=True).start()
