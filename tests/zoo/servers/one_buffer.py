"""Wrong: the threads share the buffer that they receive into."""

import socket
import sys
import threading
import time

buffer = bytearray(1024)


def converse(client: socket.socket) -> None:
    with client:
        try:
            while size := client.recv_into(buffer):
                time.sleep(0.05)
                client.sendall(buffer[:size])
        except OSError:
            pass  # the client has gone


with socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=128) as listener:
    while True:
        client, _ = listener.accept()
        threading.Thread(target=converse, args=(client,), daemon=True).start()
