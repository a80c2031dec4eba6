"""Wrong, in `lines`: what one `recv` returns is taken for one line."""

import socket
import sys
import threading

ANSWER = "Today we will learn about Multithreading with Socket programming"


def converse(client: socket.socket) -> None:
    name = threading.current_thread().name
    with client:
        try:
            client.sendall(f"+OK {name}: ready\r\n".encode())
            while client.recv(16384):
                client.sendall(f"+OK {name}: {ANSWER}\r\n".encode())
        except OSError:
            pass  # the client has gone


with socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=128) as listener:
    number = 0
    while True:
        client, _ = listener.accept()
        number += 1
        name = f"Thread-{number}"
        threading.Thread(target=converse, args=(client,), name=name, daemon=True).start()
