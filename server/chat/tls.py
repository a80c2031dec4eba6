"""TLS over a connection: the same interface, the same time-outs, every byte encrypted."""

import ssl
import time

from server.chat.connection import Connection, TimedOut, Unread
from server.chat.endpoint import NOT_NOW, Endpoint, HandshakeFailed

CHUNK = 32 * 1024  # bytes of ciphertext to receive at once, at most: a record has up to 16 KiB


class TlsConnection:
    """An encrypted connection to one client: a `Connection` on which `handshake` comes first."""

    _endpoint: Endpoint

    def __init__(
        self, connection: Connection, context: ssl.SSLContext, send_timeout: float
    ) -> None:
        self._connection = connection
        self._context = context
        self._send_timeout = send_timeout  # for what OpenSSL has to send while we receive
        self._begun = False  # there is an endpoint: making it costs most, and may fail
        self._input_ended = False
        self._output_ended = False

    def handshake(self, timeout: float) -> str:
        """Shake hands within the time-out; return the name that the client has proven, or "".

        Raises HandshakeFailed.
        """
        until = time.monotonic() + timeout
        self._endpoint, self._begun = Endpoint(self._context), True
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
        """Feed the next bytes; False if we have ended the input. Raises TimedOut or OSError."""
        ciphertext = self._connection.receive(CHUNK, timeout)
        if ciphertext:
            self._endpoint.feed(ciphertext)
        elif not self._input_ended:  # anyone in between could have cut it off
            raise ConnectionAbortedError("closed without a TLS close_notify")
        return ciphertext != b""

    def receive(self, size: int, timeout: float) -> bytes:
        """Return at most `size` bytes; b"" at the end. Raises TimedOut, Unread or OSError.

        The time-out covers the whole call: a record that drips in does not extend it.
        """
        endpoint, until = self._endpoint, time.monotonic() + timeout
        while True:
            if not (endpoint.holds or self._feed(timeout)):
                return b""
            plaintext = endpoint.read(size)
            if plaintext is not None:
                return plaintext
            try:
                self._flush(self._send_timeout)  # the new keys that the peer asked for
            except TimedOut:
                raise Unread from None
            timeout = until - time.monotonic()

    def send(self, buffer: bytes, timeout: float) -> None:
        """Send the whole buffer within the time-out. Raises TimedOut or OSError."""
        self._connection.send(self._endpoint.write(buffer), timeout)

    def end_output(self, last_words: bytes, seconds: float) -> int:
        """Send the last words and close_notify; return how many bytes of the words were sent."""
        self._output_ended = True
        ciphertext = self._endpoint.end(last_words) if self._begun else NOT_NOW
        sent = self._connection.end_output(ciphertext, seconds)
        is_read = self._begun and self._endpoint.established and sent == len(ciphertext)
        return len(last_words) if is_read else 0

    def linger(self, deadline: float) -> None:
        """Close once the peer has; what it still sends is not even decrypted."""
        self._connection.linger(deadline)

    def end_input(self) -> None:
        """Let the receiving thread read what has arrived. OpenSSL does not notice."""
        self._input_ended = True
        self._connection.end_input()

    def abort(self) -> None:
        """Wake the thread that uses the connection; its `close` then resets the peer."""
        self._output_ended = True
        self._connection.abort()

    def close(self) -> None:
        """Send close_notify, unless the output has ended already, and close the socket."""
        if not self._output_ended:
            self.end_output(b"", 0)
        self._connection.close()


AnyConnection = Connection | TlsConnection
