"""A thread for each client, by the standard library's own server."""

import socketserver
import sys

from answering import converse


class Conversation(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        converse(self.request)


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True


with Server(("127.0.0.1", int(sys.argv[1])), Conversation) as server:
    server.serve_forever()
