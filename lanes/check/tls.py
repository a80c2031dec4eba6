"""The checked server over TLS: an encrypted socket that otherwise works like a plain one."""

import select
import socket
import ssl
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

RECORD = 1 << 14  # bytes of plaintext in a record at most


class BadCertificate(Exception):
    """A certificate or key file cannot be used; the text says which, and why."""


class Refused(Exception):
    """One side does not trust the other; the text says which, and why."""


class Broken(OSError):
    """OpenSSL gave up on the connection; `strerror` says why, in words."""

    def __init__(self, error: ssl.SSLError) -> None:
        reason = (error.reason or "it ended").rpartition("ALERT_")
        words = reason[2].lower().replace("_", " ")
        super().__init__(error.errno, f"TLS alert: {words}" if reason[1] else f"TLS: {words}")
        self.is_alert = bool(reason[1])


class TlsSocket(ssl.SSLSocket):
    """Works like a plain socket: it can peek before it reads, and end only one direction."""

    _ahead = b""  # decrypted, but not read yet
    _broken: OSError | None = None  # an error that is raised again by each later read

    def recv(self, size: int = 1024, flags: int = 0) -> bytes:
        """Return what has arrived; MSG_PEEK does not wait. Raises BlockingIOError or OSError."""
        looks = bool(flags & socket.MSG_PEEK)
        if looks:
            self.setblocking(False)
        if not self._ahead:
            self._ahead = self._record()
        if not looks:
            self.setblocking(False)
            with suppress(OSError):  # an error is kept for the next call
                while len(self._ahead) < size and (more := self._record()):
                    self._ahead += more
        chunk = self._ahead[:size]
        if not looks:
            self._ahead = self._ahead[size:]
        return chunk

    def _record(self) -> bytes:
        """Return the next record; b"" at the end, with or without the server's close_notify."""
        if self._broken:
            raise self._broken
        try:
            return super().recv(RECORD)
        except ssl.SSLWantReadError:
            raise BlockingIOError from None
        except ssl.SSLZeroReturnError:  # its close_notify, after ours
            return b""
        except TimeoutError:
            raise
        except OSError as error:
            self._broken = Broken(error) if isinstance(error, ssl.SSLError) else error
            raise self._broken from None

    def is_ready(self, seconds: float) -> bool:
        """Whether it can be read within `seconds`; a part of a record cannot."""
        until = time.monotonic() + seconds
        while not (self._ahead or self._broken):
            if not select.select([self], [], [], max(until - time.monotonic(), 0))[0]:
                return False
            with suppress(OSError):  # session tickets, for example, carry nothing to read
                if not self.recv(1, socket.MSG_PEEK):
                    return True
        return True

    def sendall(self, data: "ReadableBuffer", flags: int = 0) -> None:
        """Send all of `data`. Raises TimeoutError or OSError."""
        try:
            super().sendall(data, flags)
        except ssl.SSLError as error:
            raise Broken(error) from None

    def shutdown(self, how: int) -> None:
        """End the output: send close_notify, and then end the stream."""
        with suppress(ssl.SSLError, ValueError):  # unwrap would wait for the server's close_notify
            self.setblocking(False)
            self.unwrap()
        socket.socket.shutdown(self, how)


class Tls:
    """The CA to trust and the certificate to present, from PEM files. Raises BadCertificate."""

    def __init__(self, ca: Path | None, certificate: Path | None, key: Path | None) -> None:
        for path in filter(None, (ca, certificate, key)):
            try:
                path.read_bytes()
            except OSError as error:  # OpenSSL would not say which file
                raise BadCertificate(f"cannot read {path}: {error.strerror}") from None
        try:
            self._context = ssl.create_default_context(cafile=ca)
        except ssl.SSLError:
            raise BadCertificate(f"{ca} is not a certificate") from None
        self._context.sslsocket_class = TlsSocket
        if certificate and key:
            try:
                self._context.load_cert_chain(certificate, key, "")
            except ssl.SSLError:
                raise BadCertificate(
                    f"{key} is not the private key for {certificate}, or one of them cannot be "
                    "read as PEM"
                ) from None

    def secure(self, connected: socket.socket, host: str) -> socket.socket:
        """Do the TLS handshake with this host, within the socket's time-out.

        Raises Refused if another attempt would fail, too; otherwise TimeoutError or OSError.
        """
        try:
            return self._context.wrap_socket(connected, server_hostname=host)
        except ssl.SSLCertVerificationError as error:
            why = error.verify_message.rstrip(".")
            raise Refused(f"cannot verify {host}'s certificate: {why} (see --tls-ca)") from None
        except ssl.SSLError as error:
            broken = Broken(error)
            # With internal_error, the server may only be busy.
            if broken.is_alert and "INTERNAL_ERROR" not in (error.reason or ""):
                why = f"{broken.strerror} (see --tls-cert)"
                raise Refused(f"{host} rejected our TLS handshake: {why}") from None
            raise broken from None
