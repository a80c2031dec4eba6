"""Wrong: no threads, so that each client waits until the one before it has left."""

import socket
import sys

ANSWER = b"Today we will learn about Multithreading with Socket programming"

with socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=128) as listener:
    while True:
        client, _ = listener.accept()
        with client:
            try:
                while client.recv(1024):
                    client.sendall(ANSWER)
            except OSError:
                pass  # the client has gone
