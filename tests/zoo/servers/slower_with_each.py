"""Wrong: something grows with every client that has ever come; here, it is a wait."""

import socket
import sys
import threading
import time

ANSWER = b"Today we will learn about Multithreading with Socket programming"
EACH = 5e-8  # seconds


def converse(client: socket.socket) -> None:
    with client:
        try:
            while client.recv(1024):
                client.sendall(ANSWER)
        except OSError:
            pass  # the client has gone


with socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=128) as listener:
    everybody = []
    while True:
        client, address = listener.accept()
        everybody.append(address)
        time.sleep(EACH * len(everybody) ** 2)
        threading.Thread(target=converse, args=(client,), daemon=True).start()
