"""The server's end of a TLS session, without I/O: bytes in, bytes out.

    from the peer -> feed -> read          write -> to the peer

OpenSSL never sees the socket. In an `SSLSocket` it would retry a call that SO_RCVTIMEO has ended,
and answer a drain with a fatal alert, after which the client cannot read why the session ends.
"""

import contextlib
import ssl

from server.chat.certificates import name_of, words
from server.chat.record import Doubt

# Sent unencrypted, before a handshake: a fatal `internal_error`, which does not blame the peer.
NOT_NOW = b"\x15\x03\x03\x00\x02\x02\x50"
OUT_OF_DATE = {9, 10}  # OpenSSL's codes: not yet valid, expired


class HandshakeFailed(Exception):
    """The handshake failed. `reason` is one word; the text says more."""

    def __init__(self, reason: Doubt, why: str) -> None:
        super().__init__(why)
        self.reason = reason


class Endpoint:
    """The server's end of one TLS session."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self._answered = False  # the peer's hello; NOT_NOW is not valid any more
        self.established = False
        self.holds = False  # whether there may be plaintext without more bytes

    def feed(self, ciphertext: bytes) -> None:
        """Take the next bytes from the peer."""
        self._incoming.write(ciphertext)

    def take(self) -> bytes:
        """Return what OpenSSL itself wants to send to the peer."""
        ciphertext = self._outgoing.read()
        self._answered = self._answered or ciphertext != b""
        return ciphertext

    def shake_hands(self) -> bool:
        """Continue the handshake; False until it is complete. Raises HandshakeFailed."""
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
        self.holds = self._incoming.pending > 0  # it came with the handshake's end
        return True

    def peer(self) -> str:
        """Return the name in the peer's verified certificate; empty if it sent none."""
        return name_of(self._tls.getpeercert() or {})

    def read(self, size: int) -> bytes | None:
        """Return up to `size` bytes of plaintext; b"" after close_notify; None if it needs more."""
        try:
            plaintext = self._tls.read(size)
        except ssl.SSLWantReadError:
            self.holds = False
            return None
        # Not `self._tls.pending()`: every call into OpenSSL releases the GIL.
        self.holds = len(plaintext) == size or self._incoming.pending > 0
        return plaintext

    def write(self, plaintext: bytes) -> bytes:
        """Return the bytes to send for this plaintext."""
        while plaintext:  # OpenSSL makes one record at a time
            plaintext = plaintext[self._tls.write(plaintext) :]
        return self._outgoing.read()

    def end(self, last_words: bytes) -> bytes:
        """Return what to send last: the last words and `close_notify`; earlier on, an alert.

        During a handshake, or after breaking the protocol, the peer could not read last words.
        OpenSSL makes an alert for an error, but lets us send none if we break off a handshake.
        """
        ciphertext = b""
        if self.established:
            with contextlib.suppress(ssl.SSLError):
                ciphertext = self.write(last_words)
                self._tls.unwrap()  # wants the peer's close_notify too: not needed
        ciphertext += self.take()
        return ciphertext if self._answered else NOT_NOW
