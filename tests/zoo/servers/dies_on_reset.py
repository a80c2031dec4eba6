"""Wrong: one thread that catches nothing: a connection reset ends the server."""

import selectors
import socket
import sys

ANSWER = b"Today we will learn about Multithreading with Socket programming"

selector = selectors.DefaultSelector()
with socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=128) as listener:
    selector.register(listener, selectors.EVENT_READ)
    while True:
        for key, _ in selector.select():
            if key.fileobj is listener:
                client, _ = listener.accept()
                selector.register(client, selectors.EVENT_READ, client)
            elif key.data.recv(1024):
                key.data.sendall(ANSWER)
            else:
                selector.unregister(key.data)
                key.data.close()
