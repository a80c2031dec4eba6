"""Wrong: it takes a lock for the first client and never releases it."""

import socket
import sys
import threading

ANSWER = b"Today we will learn about Multithreading with Socket programming"
lock = threading.Lock()


def converse(client: socket.socket) -> None:
    lock.acquire()
    with client:
        try:
            while client.recv(1024):
                client.sendall(ANSWER)
        except OSError:
            pass  # the client has gone


with socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=128) as listener:
    while True:
        client, _ = listener.accept()
        threading.Thread(target=converse, args=(client,), daemon=True).start()
