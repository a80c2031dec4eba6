"""Right: while the client is silent it sends the time again and again; it answers slowly."""

import socket
import sys
import threading
import time

ANSWER = b"Today we will learn about Multithreading with Socket programming"


def converse(client: socket.socket) -> None:
    with client:
        try:
            client.settimeout(0.3)
            while True:
                try:
                    message = client.recv(1024)
                except TimeoutError:
                    client.sendall(time.ctime().encode())
                    continue
                if not message:
                    return
                time.sleep(0.4)
                client.sendall(ANSWER)
        except OSError:
            pass  # the client has gone


with socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=128) as listener:
    while True:
        client, _ = listener.accept()
        threading.Thread(target=converse, args=(client,), daemon=True).start()
