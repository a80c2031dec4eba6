"""Wrong: it answers one message over and over, forever, with pauses of N seconds."""

import socket
import sys
import threading
import time

ANSWER = b"Today we will learn about Multithreading with Socket programming"
WITHOUT_A_PAUSE = 5000  # answers


def converse(client: socket.socket) -> None:
    with client:
        try:
            while client.recv(1024):
                while True:
                    for _ in range(WITHOUT_A_PAUSE):
                        client.sendall(ANSWER)
                    time.sleep(float(sys.argv[1]))
        except OSError:
            pass  # the client has gone


with socket.create_server(("127.0.0.1", int(sys.argv[2])), backlog=128) as listener:
    while True:
        client, _ = listener.accept()
        threading.Thread(target=converse, args=(client,), daemon=True).start()
