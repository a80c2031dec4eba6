"""Wrong: the accept loop spends a fifth of a second on each client. The backlog is an argument."""

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
            pass  # the client has gone


with socket.create_server(("127.0.0.1", int(sys.argv[2])), backlog=int(sys.argv[1])) as listener:
    while True:
        client, _ = listener.accept()
        time.sleep(0.2)
        threading.Thread(target=converse, args=(client,), daemon=True).start()
