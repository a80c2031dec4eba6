"""Right: the standard library's `ThreadingTCPServer`."""

import contextlib
import socketserver
import sys

ANSWER = b"Today we will learn about Multithreading with Socket programming"


class Conversation(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        with contextlib.suppress(OSError):  # the client has gone
            while self.request.recv(1024):
                self.request.sendall(ANSWER)


class Server(socketserver.ThreadingTCPServer):
    """With the default backlog of five."""

    daemon_threads = True
    allow_reuse_address = True


with Server(("127.0.0.1", int(sys.argv[1])), Conversation) as server:
    server.serve_forever()
