"""Wrong: a thread waits forever for the word that lets it close a connection."""

import socket
import sys
import threading

ANSWER = b"Today we will learn about Multithreading with Socket programming"

over = threading.Event()


def converse(client: socket.socket) -> None:
    with client:
        talked = False
        try:
            while client.recv(1024):
                talked = True
                client.sendall(ANSWER)
        except OSError:
            pass
        if talked:
            over.wait()


with socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=128) as listener:
    while True:
        client, _ = listener.accept()
        threading.Thread(target=converse, args=(client,), daemon=True).start()
