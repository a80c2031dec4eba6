"""A thread for each client, with the standard library's socketserver."""

import sys
import threading
from contextlib import suppress
from socketserver import StreamRequestHandler, ThreadingTCPServer

from dialect import MAX_LINE, TOO_LONG, answer, greeting, reply, whole


class Handler(StreamRequestHandler):
    """One conversation, in its own thread."""

    disable_nagle_algorithm = True

    def handle(self) -> None:
        name = threading.current_thread().name.partition(" ")[0]  # "Thread-1 (process_...)"
        ok = reply(name)
        with suppress(ConnectionError):
            self.wfile.write(greeting(name))
            try:
                while whole(line := self.rfile.readline(MAX_LINE + len("\r\n"))):
                    self.wfile.write(answer(ok, line))
            except ValueError:
                self.wfile.write(TOO_LONG)


class Server(ThreadingTCPServer):
    """The server; its backlog is socketserver's default, 5."""

    allow_reuse_address = True
    daemon_threads = True


if __name__ == "__main__":
    with Server(("127.0.0.1", int(sys.argv[1])), Handler) as server:
        server.serve_forever()
