"""Connects to HOST:PORT so many times, stays, and prints what it is told at each connection."""

import socket
import sys

host, port = sys.argv[1].rsplit(":", 1)
connections = []
for _ in range(int(sys.argv[2])):
    connection = socket.create_connection((host, int(port)), timeout=30)
    connections.append(connection)  # one that was forgotten would be closed
    print(connection.recv(1024).decode(), end="")
