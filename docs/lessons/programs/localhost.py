"""Listens on localhost, as the original lab does, and connects to two of its own addresses."""

import socket

listener = socket.create_server(("localhost", 2022))
own_name = socket.gethostname()
for host in ("localhost", own_name):
    where = "localhost" if host == "localhost" else "this machine's name"
    try:
        socket.create_connection((host, 2022), timeout=5).close()
        print(f"{where}: connected")
    except ConnectionRefusedError:
        print(f"{where}: connection refused")
listener.close()
