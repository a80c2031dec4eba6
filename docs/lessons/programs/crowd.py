"""Connects to HOST:PORT N times, stays, and prints what each connection receives."""

import socket
import sys

if ":" not in sys.argv[1]:
    sys.exit("No server is running.")
host, port = sys.argv[1].rsplit(":", 1)
connections = []
for _ in range(int(sys.argv[2])):
    connection = socket.create_connection((host, int(port)), timeout=30)
    connections.append(connection)  # without a reference it would be closed
    print(connection.recv(1024).decode(), end="")
