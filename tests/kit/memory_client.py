"""The client's end of a TLS session in memory: the other side of `Endpoint`, without a socket."""

import socket
import ssl
from contextlib import suppress

from server.chat.endpoint import Endpoint


class MemoryClient:
    def __init__(self, context: ssl.SSLContext, name: str = "localhost") -> None:
        self.ended = False
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_hostname=name)

    def meet(self, server: Endpoint, piece: int = 1 << 20) -> None:
        """Shake hands; the server gets the client's bytes in pieces of this size."""
        complete = False
        while not complete:
            with suppress(ssl.SSLWantReadError):
                self.tls.do_handshake()
            while not complete and (ciphertext := self.outgoing.read(piece)):
                server.feed(ciphertext)
                complete = server.shake_hands()
            self.incoming.write(server.take())

    def meet_over(self, peer: socket.socket, text: bytes = b"") -> None:
        """Shake hands over a socket, send this text at once, and read nothing after that."""
        complete = False
        while not complete:
            try:
                self.tls.do_handshake()
                complete = True
            except ssl.SSLWantReadError:
                peer.sendall(self.outgoing.read())
                self.incoming.write(peer.recv(1 << 16))
        peer.sendall(self.say(text))

    def goodbye(self) -> bytes:
        """Return the ciphertext of its goodbye."""
        with suppress(ssl.SSLWantReadError):
            self.tls.unwrap()
        return self.outgoing.read()

    def say(self, text: bytes) -> bytes:
        """Return the ciphertext of a text."""
        while text:  # one record at a time
            text = text[self.tls.write(text) :]
        return self.outgoing.read()

    def hear(self, ciphertext: bytes) -> bytes:
        """Decrypt what can be read now; set `ended` if the server's goodbye comes after it."""
        self.incoming.write(ciphertext)
        heard = b""
        try:
            while chunk := self.tls.read(1 << 16):
                heard += chunk
        except ssl.SSLWantReadError:
            return heard
        except ssl.SSLZeroReturnError:
            pass
        self.ended = True
        return heard
