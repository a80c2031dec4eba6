"""A process for each client."""

import os
import signal
import socket
import sys

from answering import converse

signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel reaps the children: signal(2)
with socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=128) as listener:
    while True:
        client, _ = listener.accept()
        if os.fork() == 0:
            listener.close()
            converse(client)
            os._exit(0)
        client.close()
