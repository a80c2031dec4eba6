"""Wrong: it greets after half a second, but answers nothing."""

import socket
import sys
import threading
import time


def converse(client: socket.socket) -> None:
    with client:
        try:
            time.sleep(0.5)
            client.sendall(b"Welcome!")
            while client.recv(1024):
                pass
        except OSError:
            pass  # the client has gone


with socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=128) as listener:
    while True:
        client, _ = listener.accept()
        threading.Thread(target=converse, args=(client,), daemon=True).start()
