"""Two workers: a third client is accepted, but waits until one of them is free."""

import socket
import sys
from concurrent.futures import ThreadPoolExecutor

from answering import converse

with (
    ThreadPoolExecutor(2) as workers,
    socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=128) as listener,
):
    while True:
        client, _ = listener.accept()
        workers.submit(converse, client)
