"""Wrong: it serves five clients at once and turns all others away."""

import socket
import sys
import threading

ANSWER = b"Today we will learn about Multithreading with Socket programming"
seats = threading.Semaphore(5)


def converse(client: socket.socket) -> None:
    with client:
        try:
            while client.recv(1024):
                client.sendall(ANSWER)
        except OSError:
            pass  # the client has gone
    seats.release()


with socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=128) as listener:
    while True:
        client, _ = listener.accept()
        if not seats.acquire(blocking=False):
            client.sendall(b"We are full, come back later")
            client.close()
            continue
        threading.Thread(target=converse, args=(client,), daemon=True).start()
