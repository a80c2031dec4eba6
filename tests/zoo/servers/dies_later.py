"""Wrong: a client that vanishes ends the server, but only after a second."""

import os
import socket
import sys
import threading
import time

ANSWER = b"Today we will learn about Multithreading with Socket programming"


def converse(client: socket.socket) -> None:
    with client:
        try:
            while client.recv(1024):
                client.sendall(ANSWER)
        except OSError:
            time.sleep(1)
            os._exit(1)


with socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=128) as listener:
    while True:
        client, _ = listener.accept()
        threading.Thread(target=converse, args=(client,), daemon=True).start()
