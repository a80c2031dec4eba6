"""A server as it is handed out: each client has the lock until it leaves."""

import socket
import sys
import threading

ANSWER = b"Today we will learn about Multithreading with Socket programming"
print_lock = threading.Lock()


def converse(client: socket.socket) -> None:
    """Answer a client until it leaves."""
    while client.recv(1024):
        client.sendall(ANSWER)
    client.close()
    print_lock.release()


with socket.create_server(("127.0.0.1", int(sys.argv[1]))) as listener:
    while True:
        client, _ = listener.accept()
        print_lock.acquire()
        threading.Thread(target=converse, args=(client,), daemon=True).start()
