"""No threads: each client waits in the backlog until the one before it has left."""

import socket
import sys

from answering import converse

with socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=128) as listener:
    while True:
        client, _ = listener.accept()
        converse(client)
