"""Wrong: the listening socket has a time-out, so `accept` ends the server if nobody comes."""

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
            pass


with socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=128) as listener:
    listener.settimeout(1.5)
    while True:
        client, _ = listener.accept()
        threading.Thread(target=converse, args=(client,), daemon=True).start()
