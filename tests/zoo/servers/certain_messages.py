"""Wrong: a thread for each client, which answers the lab's question and nothing else."""

import socket
import sys
import threading
from contextlib import suppress

QUESTION = b"Hey Server!!! What will we do in today's lab????"
ANSWER = b"Today we will learn about Multithreading with Socket programming"


def converse(client: socket.socket) -> None:
    with client, suppress(OSError):
        while message := client.recv(1024):
            if message == QUESTION:
                client.sendall(ANSWER)


with socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=128) as listener:
    while True:
        client, _ = listener.accept()
        threading.Thread(target=converse, args=(client,), daemon=True).start()
