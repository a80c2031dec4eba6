"""Wrong for the lab's client: a message must begin with its length, or the thread ends."""

import socket
import sys
import threading


def converse(client: socket.socket) -> None:
    while digits := client.recv(4):
        client.sendall(client.recv(int(digits)))
    client.close()


with socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=128) as listener:
    while True:
        client, _ = listener.accept()
        threading.Thread(target=converse, args=(client,), daemon=True).start()
