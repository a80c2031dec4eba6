"""A connected socket -> the same over TLS, to a server that proves who it is.

It is imported only when needed: `import ssl` would make a client's start a third longer.
"""

import contextlib
import socket
import ssl
from pathlib import Path
from typing import TYPE_CHECKING, cast

from client.address import Address
from client.connection import Hopeless, Lost

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

# Alerts after which a new connection would not help.
FINAL = ("CERTIFICATE", "UNKNOWN_CA", "ACCESS_DENIED", "HANDSHAKE_FAILURE", "PROTOCOL_VERSION")


class BadCertificate(Exception):
    """A file cannot be used; the text says in one line which and why."""


class TlsSocket(ssl.SSLSocket):
    """A TLS socket that shakes hands on first use and sends close_notify when it is closed."""

    established = False
    server = ""

    def begin(self) -> None:
        """Start the handshake without waiting."""
        try:
            self.setblocking(False)
            self.shake_hands()
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLError as error:
            raise self._meant(error) from None

    def recv(self, size: int = 1024, flags: int = 0) -> bytes:
        """Return what has arrived; raises BlockingIOError if that is not a whole record yet."""
        try:
            self.setblocking(False)
            self.shake_hands()
            return super().recv(size, flags)
        except ssl.SSLWantReadError:
            raise BlockingIOError from None
        except ssl.SSLError as error:
            raise self._meant(error) from None

    def sendall(self, data: "ReadableBuffer", flags: int = 0) -> None:
        """Send all of `data`, within the socket's time-out for each piece."""
        try:
            self.shake_hands()
            super().sendall(data, flags)
        except ssl.SSLError as error:
            raise self._meant(error) from None

    def shake_hands(self) -> None:
        """Continue the handshake; raises ssl.SSLWantReadError if it would have to wait."""
        if not self.established:
            self.do_handshake()
            self.established = True

    def close(self) -> None:
        """Send close_notify, without waiting for the server's, and close."""
        if self.established:
            with contextlib.suppress(OSError, ValueError):
                self.setblocking(False)
                self.unwrap()
        super().close()

    def _meant(self, error: ssl.SSLError) -> Lost | Hopeless:
        """Return what OpenSSL's error means for the conversation."""
        reason = error.reason or ""
        words = reason.rpartition("ALERT_")[2].lower().replace("_", " ")
        if isinstance(error, ssl.SSLCertVerificationError):
            return Hopeless(f"cannot verify {self.server}'s certificate: {error.verify_message}")
        if "ALERT" not in reason:
            if self.established or isinstance(error, ssl.SSLEOFError):
                return Lost(f"the connection broke: {words or 'closed without a TLS close_notify'}")
            return Hopeless(f"{self.server} does not speak TLS: {words}; is the port right?")
        if any(alert in reason for alert in FINAL):
            return Hopeless(f"{self.server} rejected our TLS handshake: {words}")
        what = "the connection" if self.established else "the handshake"
        return Lost(f"the server aborted {what}: {words}; it may be full, or shutting down")


class Tls:
    """The CA to trust and the certificate to show: PEM files. Raises BadCertificate."""

    def __init__(self, ca: Path | None, certificate: Path | None, key: Path | None) -> None:
        for path in filter(None, (ca, certificate, key)):
            try:
                path.read_bytes()
            except OSError as error:  # OpenSSL would not name the file
                raise BadCertificate(f"cannot read {path}: {error.strerror}") from None
        try:
            self._context = ssl.create_default_context(cafile=ca)
        except ssl.SSLError:
            raise BadCertificate(f"{ca} is not a CA certificate") from None
        self._context.sslsocket_class = TlsSocket
        if certificate and key:
            try:
                self._context.load_cert_chain(certificate, key, "")
            except ssl.SSLError:
                raise BadCertificate(
                    f"{key} is not the private key for {certificate}, or one of them cannot be "
                    "read as PEM"
                ) from None

    def secure(self, connected: socket.socket, server: Address) -> socket.socket:
        """Return the connection over TLS, its handshake begun. Raises Lost or Hopeless."""
        with contextlib.ExitStack() as undo:
            undo.enter_context(connected)
            try:
                wrapped = self._context.wrap_socket(
                    connected,
                    server_hostname=server.host,
                    do_handshake_on_connect=False,
                    suppress_ragged_eofs=False,  # it would hide a reset
                )
                secured = cast("TlsSocket", undo.enter_context(wrapped))
                secured.server = str(server)
                secured.begin()
            except OSError as error:
                raise Lost(f"the connection broke: {error.strerror or error}") from None
            undo.pop_all()  # it worked: keep it open
            return secured
