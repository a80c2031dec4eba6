"""Wrong: a connection reset ends the accept loop; the server keeps running and keeps its port."""

import socket
import sys
import threading

ANSWER = b"Today we will learn about Multithreading with Socket programming"
reset = threading.Event()


def converse(client: socket.socket) -> None:
    with client:
        try:
            while client.recv(1024):
                client.sendall(ANSWER)
        except OSError:
            reset.set()


with socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=128) as listener:
    while not reset.is_set():
        client, _ = listener.accept()
        threading.Thread(target=converse, args=(client,), daemon=True).start()
    threading.Event().wait()
