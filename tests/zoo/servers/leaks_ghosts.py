"""Wrong: if a client leaves without a message, its thread waits for one forever."""

import socket
import sys
import threading

ANSWER = b"Today we will learn about Multithreading with Socket programming"


def converse(client: socket.socket) -> None:
    try:
        if not client.recv(1024):
            threading.Event().wait()  # "it may still say something"
        client.sendall(ANSWER)
        while client.recv(1024):
            client.sendall(ANSWER)
    except OSError:
        pass  # the client has gone
    client.close()


with socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=128) as listener:
    while True:
        client, _ = listener.accept()
        threading.Thread(target=converse, args=(client,), daemon=True).start()
