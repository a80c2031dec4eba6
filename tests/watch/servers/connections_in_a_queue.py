"""Three workers take connections from a queue, and put back those that are silent for a moment."""

import socket
import sys
import time
from queue import Queue
from threading import Thread

from answering import ids, work

MOMENT = 0.05  # seconds
connections: Queue[socket.socket] = Queue()


def take_turns() -> None:
    """Serve the next client in the queue, for at most one message."""
    while client := connections.get():
        client.settimeout(MOMENT)
        try:
            message = client.recv(64)
        except TimeoutError:
            connections.put(client)
        else:
            if message:
                time.sleep(work(message.decode()))
                client.sendall(ids())
                connections.put(client)
            else:
                client.close()


for _ in range(3):
    Thread(target=take_turns, daemon=True).start()
with socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=128) as listener:
    while True:
        connections.put(listener.accept()[0])
