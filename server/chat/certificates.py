"""The server's certificate and key, and the CA of its clients' certificates: PEM files.

They are read at the start, and again on SIGHUP for the sessions that begin afterwards.
"""

import contextlib
import signal
import ssl
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

import structlog

LONGEST_NAME = 253  # characters, as in the DNS

log = structlog.get_logger()


class BadCertificate(Exception):
    """A file cannot be used; the text says in one line which and why."""


class Certificates:
    """The files, and the TLS `context` made from them. Raises BadCertificate."""

    def __init__(self, certificate: Path, key: Path, client_ca: Path | None) -> None:
        self._certificate, self._key, self._client_ca = certificate, key, client_ca
        self.context = self._read()

    def _read(self) -> ssl.SSLContext:
        for path in filter(None, (self._certificate, self._key, self._client_ca)):
            try:
                path.read_bytes()
            except OSError as error:  # OpenSSL would not name the file
                raise BadCertificate(f"cannot read {path}: {error.strerror}") from None
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.options |= ssl.OP_NO_RENEGOTIATION
        # A client that only writes does not read its tickets, and then its close is a reset.
        context.num_tickets = 0
        try:
            context.load_cert_chain(self._certificate, self._key, _no_password)
        except ssl.SSLError as error:
            raise BadCertificate(
                f"{self._key} is not the private key for {self._certificate}, or one of them "
                f"cannot be read as PEM: {words(error)}"
            ) from None
        _check(context, self._certificate)
        if self._client_ca:
            _believe(context, self._client_ca)
        return context

    def read_again(self) -> None:
        """Reload the files; if they are invalid, log that and keep the old context."""
        try:
            self.context = self._read()
        except (BadCertificate, OSError) as error:  # OSError: a file vanished during this
            log.error("certificates not reloaded", why=str(error))  # noqa: TRY400 - one line
        else:
            log.info("certificates reloaded")

    def follow(self, number: signal.Signals) -> None:
        """Reload the files on each such signal, in a separate thread.

        Call it in the main thread before other threads start: they inherit the blocked signal.
        """
        signal.pthread_sigmask(signal.SIG_BLOCK, {number})

        def wait() -> None:
            while signal.sigwait({number}):
                self.read_again()

        threading.Thread(target=wait, name="certificates", daemon=True).start()


def _no_password() -> NoReturn:
    raise BadCertificate(
        "the key is encrypted, and the server cannot ask for a passphrase: use an unencrypted key"
    )


def _check(context: ssl.SSLContext, certificate: Path) -> None:
    """Check that a client that trusts this certificate accepts it today, with a handshake."""
    trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    trusting.check_hostname = False
    trusting.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    trusting.load_verify_locations(certificate)
    to_client, to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = trusting.wrap_bio(to_client, to_server)
    server = context.wrap_bio(to_server, to_client, server_side=True)
    try:
        for end in (client, server, client):
            _go_on(end)
    except ssl.SSLCertVerificationError as error:
        raise BadCertificate(f"{certificate}: {error.verify_message}") from None
    except ssl.SSLError as error:  # for example, a kind of key that TLS does not use
        raise BadCertificate(f"{certificate} cannot be used for TLS: {words(error)}") from None


def _go_on(end: ssl.SSLObject) -> None:
    with contextlib.suppress(ssl.SSLWantReadError):
        end.do_handshake()


def _believe(context: ssl.SSLContext, client_ca: Path) -> None:
    """Require a certificate from this CA of every client."""
    try:
        context.load_verify_locations(client_ca)
    except ssl.SSLError as error:
        what = f"{client_ca} is not a CA certificate"
        raise BadCertificate(f"{what}: {words(error)}") from None
    ends = [ssl.cert_time_to_seconds(str(one["notAfter"])) for one in context.get_ca_certs()]
    if not ends:
        raise BadCertificate(f"{client_ca} is not a CA certificate")
    if max(ends) < time.time():
        raise BadCertificate(f"{client_ca}: the certificate has expired")
    context.verify_mode = ssl.CERT_REQUIRED


def words(error: ssl.SSLError) -> str:
    """Return OpenSSL's reason in readable words."""
    return (error.reason or "not PEM").lower().replace("_", " ")


def name_of(certificate: Mapping[str, Any]) -> str:
    """Return the common name, else the first alternative name, else an empty string."""
    subject = [pair for pairs in certificate.get("subject", ()) for pair in pairs]
    common = [text for key, text in subject if key == "commonName"]
    names = [*common, *(text for _, text in certificate.get("subjectAltName", ()))]
    name = next((name for name in names if name and isinstance(name, str)), "")  # not a DirName
    return "".join(c if c.isprintable() else "?" for c in name)[:LONGEST_NAME]
