"""Wrong: the first message is taken for a name, and is not answered."""

import socket
import sys
import threading

ANSWER = b"Today we will learn about Multithreading with Socket programming"


def converse(client: socket.socket) -> None:
    with client:
        try:
            client.sendall(b"Please enter your name: ")
            client.recv(1024)
            while client.recv(1024):
                client.sendall(ANSWER)
        except OSError:
            pass  # the client has gone


with socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=128) as listener:
    while True:
        client, _ = listener.accept()
        threading.Thread(target=converse, args=(client,), daemon=True).start()
