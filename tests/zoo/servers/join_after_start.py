"""Wrong: it waits for each client's thread before it accepts the next; the backlog is short."""

import socket
import sys
import threading

ANSWER = b"Today we will learn about Multithreading with Socket programming"


def converse(client: socket.socket) -> None:
    with client:
        try:
            while client.recv(1024):
                client.sendall(ANSWER)
        except OSError:
            pass  # the client has gone


with socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=5) as listener:
    while True:
        client, _ = listener.accept()
        thread = threading.Thread(target=converse, args=(client,))
        thread.start()
        thread.join()
