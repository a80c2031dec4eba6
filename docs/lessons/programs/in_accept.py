"""Shakes hands in `accept`, or in each client's own thread; the first client says nothing."""

import socket
import ssl
import sys
import threading

FILES = "/certificates"
server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
server.load_cert_chain(f"{FILES}/server.pem", f"{FILES}/server.key")
client = ssl.create_default_context(cafile=f"{FILES}/authority.pem")


def greet(accepted: socket.socket) -> None:
    """The first to write or to read shakes hands, unless that was done before."""
    with accepted:
        accepted.sendall(b"hello")


def serve(listener: socket.socket) -> None:
    """A thread for each client that was accepted."""
    while True:
        accepted, _ = listener.accept()
        threading.Thread(target=greet, args=(accepted,), daemon=True).start()


listening = socket.create_server(("127.0.0.1", 0))
in_accept = sys.argv[1] == "accept"
secured = server.wrap_socket(listening, server_side=True, do_handshake_on_connect=in_accept)
threading.Thread(target=serve, args=(secured,), daemon=True).start()

silent = socket.create_connection(secured.getsockname())
second = socket.create_connection(secured.getsockname(), timeout=2)
try:
    talking = client.wrap_socket(second, server_hostname="localhost")
    print("the second client was greeted:", talking.recv(5).decode())
except TimeoutError:
    print("the second client waited for 2 seconds, and no thread answered its handshake")
