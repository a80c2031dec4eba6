"""TLS over a connection: the same interface, the same time-outs, every byte encrypted.

    connection.receive -> Endpoint.feed, read          Endpoint.write -> connection.send

OpenSSL never sees the socket. In an `SSLSocket` it would go on with a call that SO_RCVTIMEO has
ended, and would answer a drain with a fatal alert, after which no farewell can be read.
"""

import contextlib
import ssl
import time

from server.chat.certificates import name_of, words
from server.chat.connection import Connection, TimedOut
from server.chat.record import Doubt

CHUNK = 32 * 1024  # bytes of ciphertext to receive at once, at most: a record has 16 KiB
# In clear, before any handshake: a fatal `internal_error`, which is no fault of the peer's.
NOT_NOW = b"\x15\x03\x03\x00\x02\x02\x50"
OUT_OF_DATE = {9, 10}  # OpenSSL's codes: not yet valid, expired


class HandshakeFailed(Exception):
    """There is nobody to talk to: `reason` in a word, and the text says more."""

    def __init__(self, reason: Doubt, why: str) -> None:
        super().__init__(why)
        self.reason = reason


class Endpoint:
    """The server's end of a TLS session, without I/O: bytes in, bytes out."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self._begun = False
        self.established = False

    def feed(self, ciphertext: bytes) -> None:
        """Take the next bytes from the peer."""
        self._incoming.write(ciphertext)
        self._begun = True

    def take(self) -> bytes:
        """What OpenSSL itself has to say to the peer."""
        return self._outgoing.read()

    def shake_hands(self) -> bool:
        """Go on with the handshake; False until it is complete. Raises HandshakeFailed."""
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            return False
        except ssl.SSLCertVerificationError as error:
            reason: Doubt = "expired" if error.verify_code in OUT_OF_DATE else "untrusted"
            raise HandshakeFailed(reason, error.verify_message) from None
        except ssl.SSLError as error:
            absent = error.reason == "PEER_DID_NOT_RETURN_A_CERTIFICATE"
            reason = "no-certificate" if absent else "handshake"
            raise HandshakeFailed(reason, words(error)) from None
        self.established = True
        return True

    def peer(self) -> str:
        """The name in the peer's certificate, which was verified; empty if it has shown none."""
        return name_of(self._tls.getpeercert() or {})

    def read(self, size: int) -> bytes | None:
        """Plaintext, `size` bytes at most; b"" after the peer's goodbye; None until more is fed."""
        if not (self._incoming.pending or self._tls.pending()):
            return None  # as OpenSSL would say with an exception
        try:
            return self._tls.read(size)
        except ssl.SSLWantReadError:
            return None

    def write(self, plaintext: bytes) -> bytes:
        """What to send for it."""
        while plaintext:  # OpenSSL makes one record at a time
            plaintext = plaintext[self._tls.write(plaintext) :]
        return self._outgoing.read()

    def end(self, last_words: bytes) -> bytes:
        """What to send last: the last words and `close_notify`, or an alert if we never met.

        In mid-handshake neither can be read yet by the peer; nor after a fault of the peer's.
        """
        if not self._begun:
            return NOT_NOW
        ciphertext = b""
        if self.established:
            with contextlib.suppress(ssl.SSLError):
                ciphertext = self.write(last_words)
                self._tls.unwrap()  # would wait for the peer's own, which is none of our concern
        return ciphertext + self._outgoing.read()


class TlsConnection:
    """A connection to one client, encrypted; as `Connection`, and `handshake` comes first."""

    def __init__(self, connection: Connection, context: ssl.SSLContext) -> None:
        self._connection = connection
        self._endpoint = Endpoint(context)
        self._input_ended = False
        self._output_ended = False

    def handshake(self, timeout: float) -> str:
        """Shake hands within the time-out; return the name that the client has proven, or "".

        Raises HandshakeFailed.
        """
        until = time.monotonic() + timeout
        try:
            while not self._endpoint.shake_hands():
                self._flush(until - time.monotonic())
                if not self._feed(until - time.monotonic()):
                    raise HandshakeFailed("handshake", "the server is shutting down")
            self._flush(until - time.monotonic())
        except TimedOut:
            why = f"not complete within {timeout:g} s"
            raise HandshakeFailed("handshake", why) from None
        except OSError as error:
            raise HandshakeFailed("handshake", error.strerror or str(error)) from None
        return self._endpoint.peer()

    def _flush(self, timeout: float) -> None:
        if ciphertext := self._endpoint.take():
            self._connection.send(ciphertext, timeout)

    def _feed(self, timeout: float) -> bool:
        """Feed what comes next; False if the input was ended, by us. Raises TimedOut or OSError."""
        ciphertext = self._connection.receive(CHUNK, timeout)
        if ciphertext:
            self._endpoint.feed(ciphertext)
        elif not self._input_ended:  # anybody between us could have cut it off here
            raise ConnectionAbortedError("it ended without a goodbye")
        return ciphertext != b""

    def receive(self, size: int, timeout: float) -> bytes:
        """The next bytes, `size` at most; b"" at the end. Raises TimedOut or OSError.

        One time-out for all: a record that drips is not what keeps a client here.
        """
        until = time.monotonic() + timeout
        while (plaintext := self._endpoint.read(size)) is None:
            if not self._feed(timeout):
                return b""
            self._flush(timeout)  # what a peer's new keys ask for
            timeout = until - time.monotonic()
        return plaintext

    def send(self, buffer: bytes, timeout: float) -> None:
        """Send all of it within the time-out. Raises TimedOut or OSError."""
        self._connection.send(self._endpoint.write(buffer), timeout)

    def end_output(self, last_words: bytes, seconds: float) -> int:
        """Say the last words and goodbye; return how many bytes of the words were sent."""
        self._output_ended = True
        ciphertext = self._endpoint.end(last_words)
        sent = self._connection.end_output(ciphertext, seconds)
        return len(last_words) if sent == len(ciphertext) and self._endpoint.established else 0

    def linger(self, deadline: float) -> None:
        """Close once the peer has; what it still sends is not even decrypted."""
        self._connection.linger(deadline)

    def end_input(self) -> None:
        """Let the receiving thread have what has arrived. OpenSSL does not hear of it."""
        self._input_ended = True
        self._connection.end_input()

    def abort(self) -> None:
        """Wake the thread that uses the connection; when it closes it, the peer is reset."""
        self._output_ended = True
        self._connection.abort()

    def close(self) -> None:
        """Say goodbye, if nobody has yet, and give the descriptor back."""
        if not self._output_ended:
            self.end_output(b"", 0)
        self._connection.close()


AnyConnection = Connection | TlsConnection
