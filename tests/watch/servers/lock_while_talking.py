"""A thread for each client, but one lock for all conversations."""

import socket
import sys
import threading

from answering import converse

lock = threading.Lock()


def take_turns(client: socket.socket) -> None:
    with lock:
        converse(client)


with socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=128) as listener:
    while True:
        client, _ = listener.accept()
        threading.Thread(target=take_turns, args=(client,), daemon=True).start()
