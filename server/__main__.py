"""`python -m server`: options -> objects; signals -> drain.

Exit codes: 0 drained after a signal, 1 could not start, 2 wrong usage.
"""

import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import click
import structlog

from server.chat.certificates import BadCertificate, Certificates
from server.chat.connection import Connection
from server.chat.handshake import TlsSession
from server.chat.lingering import Lingering
from server.chat.listener import Listener
from server.chat.models import Cached, Model, OneLock, Pool, ThreadPerClient
from server.chat.protocol import DIALECTS
from server.chat.registry import Registry
from server.chat.resolver import Resolver
from server.chat.session import Patience, Session
from server.chat.signals import stop_signals
from server.chat.tls import AnyConnection, TlsConnection
from server.chat.work import Work
from server.http.app import create_app
from server.http.webserver import WebServer
from server.log import lines
from server.log.transcript import Transcript
from server.options import server_options

# Seconds after which a computing thread lets another have the interpreter. All that wait wake up
# that often: at 5 ms, and at 100 ms, 2,000 of them spent the whole processor on it, and no client
# was answered. No thread of ours computes for long, except in the lesson of `--work spin`.
TURN = 10.0


@click.command(
    context_settings={"auto_envvar_prefix": "LANES", "help_option_names": ["-h", "--help"]}
)
@server_options
@click.pass_context
def main(  # noqa: PLR0913 - one argument for each option
    context: click.Context,
    /,
    *,
    host: str,
    port: int,
    status_port: int,
    model: str,
    workers: int,
    protocol: str,
    max_clients: int,
    replica: str,
    work: Work | None,
    idle_timeout: float,
    line_timeout: float,
    send_timeout: float,
    tls_cert: Path | None,
    tls_key: Path | None,
    tls_client_ca: Path | None,
    handshake_timeout: float,
    grace: float,
    log_format: str,
    log_level: str,
) -> None:
    """Serve every client in a thread, and tell which one.

    Serves until SIGTERM or Ctrl-C, then drains: what was received is answered, the clients are
    told, and it exits with 0.
    """
    sys.setswitchinterval(TURN)
    with stop_signals() as stop:
        with starting_threads():
            certificates = read_certificates(tls_cert, tls_key, tls_client_ca)  # before any thread
            render = lines.renderer(log_format, replica)
            writer = lines.configure(log_level, render)
            dialect = DIALECTS[protocol]
            registry = Registry(max_clients, replica, context.params)
            lingering = Lingering(dialect)
            converse = partial(
                TlsSession if certificates else Session,
                registry=registry,
                lingering=lingering,
                dialect=dialect,
                patience=Patience(idle_timeout, line_timeout, send_timeout, handshake_timeout),
                note=Transcript(writer, render).note if log_level in ("debug", "info") else None,
                work=work.do if work else None,
            )
            with binding("--port", host, port):
                listener = Listener(
                    host,
                    port,
                    model=build_model(model, workers),
                    registry=registry,
                    lingering=lingering,
                    resolver=None if tls_client_ca else Resolver(),
                    converse=converse,
                    connect=connecting(certificates),
                )
            with binding("--status-port", host, status_port):
                status = WebServer(create_app(registry, writer.counts), host, status_port)
        structlog.get_logger().info("bound", address=listener.address, status_port=status.port)
        listener.serve(stop)
        listener.drain(grace)
        status.close()
        writer.close()


def build_model(name: str, workers: int) -> Model:
    """The model of that name."""
    if name == "pool":
        return Pool(workers)
    return {"thread": ThreadPerClient, "cached": Cached, "lock": OneLock}[name]()


def read_certificates(
    certificate: Path | None, key: Path | None, client_ca: Path | None
) -> Certificates | None:
    """What TLS needs, read again on SIGHUP; None to do without TLS."""
    if not (certificate or key or client_ca):
        return None
    if not (certificate and key):
        raise click.UsageError("TLS needs both --tls-cert and --tls-key.")
    try:
        certificates = Certificates(certificate, key, client_ca)
    except BadCertificate as error:
        raise click.ClickException(str(error)) from None
    certificates.follow(signal.SIGHUP)
    return certificates


def connecting(certificates: Certificates | None) -> Callable[[socket.socket], AnyConnection]:
    """What makes a connection of an accepted socket: over TLS, if there are certificates."""
    if certificates is None:
        return Connection
    return lambda accepted: TlsConnection(Connection(accepted), certificates.context)


@contextmanager
def binding(option: str, host: str, port: int) -> Iterator[None]:
    """Say in one line why an address cannot be had, and which option chooses another."""
    try:
        yield
    except OSError as error:
        what = f"cannot listen on {host} port {port}: {error.strerror}. "
        raise click.ClickException(f"{what}Choose another with --host or {option}.") from None


@contextmanager
def starting_threads() -> Iterator[None]:
    """Say in one line that the system allows fewer threads than the server begins with."""
    try:
        yield
    except RuntimeError as error:
        if str(error) != "can't start new thread":
            raise
        what = f"{error}: the system allows this process no more. "
        advice = "Raise the limit (ulimit -u; in a container --pids-limit)."
        raise click.ClickException(what + advice) from None


if __name__ == "__main__":
    main(prog_name="python -m server")
