"""Wrong: it sends all clients the number of messages so far; a lock covers each one's work."""

import contextlib
import itertools
import socket
import sys
import threading
import time

clients: set[socket.socket] = set()
lock = threading.Lock()
messages = itertools.count(1)


def converse(client: socket.socket) -> None:
    with client:
        with lock:
            clients.add(client)
        with contextlib.suppress(OSError):  # the client has gone
            while client.recv(1024):
                with lock:
                    time.sleep(0.1)
                    count = str(next(messages)).encode()
                    for other in clients:
                        with contextlib.suppress(OSError):  # it has gone; its thread notices
                            other.sendall(count)
        with lock:
            clients.remove(client)


with socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=128) as listener:
    while True:
        client, _ = listener.accept()
        threading.Thread(target=converse, args=(client,), daemon=True).start()
