"""threading_server.py over TLS, with the standard library's ssl; CERTIFICATE and KEY name files."""

import os
import socket
import ssl
import sys
from typing import Any

from threading_server import Handler, Server


class TlsServer(Server):
    """The server over TLS; tickets and all other settings are ssl's defaults."""

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self._context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._context.load_cert_chain(os.environ["CERTIFICATE"], os.environ["KEY"])

    def get_request(self) -> tuple[socket.socket, Any]:
        """Accept without a handshake: each client's thread does that when it greets."""
        accepted, address = super().get_request()
        wrap = self._context.wrap_socket
        return wrap(accepted, server_side=True, do_handshake_on_connect=False), address


if __name__ == "__main__":
    with TlsServer(int(sys.argv[1])) as server:
        server.serve_forever()
