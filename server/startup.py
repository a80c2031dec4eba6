"""Errors when the server starts, each reported in one line that says what to do."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from server.chat.certificates import BadCertificate, Certificates


def read_certificates(
    certificate: Path | None, key: Path | None, client_ca: Path | None, *, required: bool | None
) -> Certificates | None:
    """Read the files for TLS, now and on SIGHUP; None if none is given and none is required."""
    if not (required or certificate or key or client_ca):
        return None
    if not (certificate and key):
        raise click.UsageError("TLS needs both --tls-cert and --tls-key.")
    try:
        certificates = Certificates(certificate, key, client_ca)
    except BadCertificate as error:
        raise click.ClickException(str(error)) from None
    certificates.follow(signal.SIGHUP)
    return certificates


@contextmanager
def binding(option: str, host: str, port: int) -> Iterator[None]:
    """Report in one line why the server cannot listen there, and which options to change."""
    try:
        yield
    except OSError as error:
        what = f"cannot listen on {host} port {port}: {error.strerror}. "
        raise click.ClickException(f"{what}Choose another with --host or {option}.") from None


@contextmanager
def starting_threads() -> Iterator[None]:
    """Report in one line that the system allows fewer threads than the server starts."""
    try:
        yield
    except RuntimeError as error:
        if str(error) != "can't start new thread":
            raise
        what = f"{error}: the system allows this process no more. "
        advice = "Raise the limit (ulimit -u; in a container --pids-limit)."
        raise click.ClickException(what + advice) from None
