"""Over TLS: right with `thread`; with `accept`, the accepting thread waits for each handshake."""

import socket
import ssl
import sys
import threading

ANSWER = b"Today we will learn about Multithreading with Socket programming"


def converse(client: socket.socket) -> None:
    with client:
        try:
            while client.recv(1024):
                client.sendall(ANSWER)
        except OSError:
            pass  # the client has gone, or failed the handshake


where, certificate, key, port = sys.argv[1:]
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate, key)
in_accept = where == "accept"
with (
    socket.create_server(("127.0.0.1", int(port)), backlog=128) as plain,
    context.wrap_socket(plain, server_side=True, do_handshake_on_connect=in_accept) as listener,
):
    while True:
        try:
            client, _ = listener.accept()
        except OSError:  # the handshake failed
            continue
        threading.Thread(target=converse, args=(client,), daemon=True).start()
