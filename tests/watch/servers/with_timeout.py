"""A thread for each client, with a time-out: Python polls the socket before it receives."""

import socket
import sys
import threading

from answering import converse

with socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=128) as listener:
    while True:
        client, _ = listener.accept()
        client.settimeout(30)
        threading.Thread(target=converse, args=(client,), daemon=True).start()
