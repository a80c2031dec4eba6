"""A thread for each client: python3 examples/server.py 2022."""

import contextlib
import logging  # its own lock keeps the lines of different threads apart
import socket
import sys
import threading


def serve(client: socket.socket, peer: str) -> None:
    """Answer one client, in that client's own thread, until it leaves."""
    thread = threading.current_thread().name
    client.settimeout(300)  # a client that falls silent does not keep its thread forever
    with client, contextlib.suppress(OSError):  # nor does one that vanishes end the others
        while message := client.recv(1024):
            logging.info("%s: %s says %r", thread, peer, message.decode(errors="replace"))
            client.sendall(f"{thread} has read it\n".encode())
    logging.info("%s: %s has left", thread, peer)


logging.basicConfig(format="%(message)s", level=logging.INFO)
with socket.create_server(("127.0.0.1", int(sys.argv[1]))) as listener:
    while True:
        client, (host, port) = listener.accept()
        threading.Thread(target=serve, args=(client, f"{host}:{port}"), daemon=True).start()
