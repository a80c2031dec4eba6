"""Sends what you type, line by line: python3 examples/client.py 2022."""

import socket
import sys

with socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=10) as server:
    replies = server.makefile(encoding="utf-8")
    print("Type a message and press Enter. Ctrl-D ends.", flush=True)
    for line in sys.stdin:
        server.sendall(line.encode())
        reply = replies.readline()  # up to the line's end, however many pieces it comes in
        if not reply:
            sys.exit("The server has closed the connection.")
        print(reply, end="", flush=True)
