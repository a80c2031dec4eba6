"""The server's end of a TLS session, without I/O: bytes in, bytes out.

    from the peer -> feed -> read          write -> to the peer

OpenSSL never sees the socket. In an `SSLSocket` it would retry a call that SO_RCVTIMEO has ended,
and answer a drain with a fatal alert, after which the client cannot read why it ends.
"""

import contextlib
import ssl

from server.chat.certificates import name_of, words
from server.chat.record import Doubt

# Unencrypted, before any handshake: a fatal `internal_error`, which is no fault of the peer's.
NOT_NOW = b"\x15\x03\x03\x00\x02\x02\x50"
OUT_OF_DATE = {9, 10}  # OpenSSL's codes: not yet valid, expired


class HandshakeFailed(Exception):
    """The handshake failed: `reason` in one word; the text says more."""

    def __init__(self, reason: Doubt, why: str) -> None:
        super().__init__(why)
        self.reason = reason


class Endpoint:
    """One session's."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self._answered = False  # the peer's hello: from then on an unencrypted alert is none
        self.established = False
        self.holds = False  # whether there may be plaintext without more from the peer

    def feed(self, ciphertext: bytes) -> None:
        """Take the next bytes from the peer."""
        self._incoming.write(ciphertext)

    def take(self) -> bytes:
        """What OpenSSL itself wants to send to the peer."""
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
        self.holds = self._incoming.pending > 0  # it may have come with the last of the handshake
        return True

    def peer(self) -> str:
        """The name in the peer's certificate, which was verified; empty if it sent none."""
        return name_of(self._tls.getpeercert() or {})

    def read(self, size: int) -> bytes | None:
        """Plaintext, `size` bytes at most; b"" after the peer's goodbye; None until more is fed."""
        try:
            plaintext = self._tls.read(size)
        except ssl.SSLWantReadError:
            self.holds = False
            return None
        # Not `pending()`: every call of OpenSSL releases the GIL.
        self.holds = len(plaintext) == size or self._incoming.pending > 0
        return plaintext

    def write(self, plaintext: bytes) -> bytes:
        """The bytes to send for this plaintext."""
        while plaintext:  # OpenSSL makes one record at a time
            plaintext = plaintext[self._tls.write(plaintext) :]
        return self._outgoing.read()

    def end(self, last_words: bytes) -> bytes:
        """What to send last: the last words and `close_notify`, or an alert before a handshake.

        During a handshake, or after the peer broke the protocol, it could not read last words.
        OpenSSL has an alert for a fault; for a handshake that we break off it lets us send none.
        """
        ciphertext = b""
        if self.established:
            with contextlib.suppress(ssl.SSLError):
                ciphertext = self.write(last_words)
                self._tls.unwrap()  # would wait for the peer's own, which we do not need
        ciphertext += self.take()
        return ciphertext if self._answered else NOT_NOW
