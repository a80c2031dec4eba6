"""`python -m server`: options -> objects; signals -> drain.

Exit codes: 0 drained after a signal, 1 could not start, 2 wrong usage.
"""

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import click
import structlog

from server.chat import gil
from server.chat.affinity import share_one_cpu
from server.chat.certificates import Certificates
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
from server.chat.sockets import bind
from server.chat.tls import AnyConnection, TlsConnection
from server.chat.work import Work
from server.http.app import create_app
from server.http.webserver import WebServer
from server.log import lines
from server.log.transcript import Transcript
from server.options import server_options
from server.startup import binding, read_certificates, starting_threads

# Seconds that a computing thread may keep the interpreter while others wait for it. Every waiting
# thread wakes up at this interval: at 5 ms and at 100 ms, 2,000 of them used up the processor, and
# no client was answered. Our threads compute only briefly, except in the lesson on `--work spin`.
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
    cpus: str,
    work: Work | None,
    idle_timeout: float,
    line_timeout: float,
    send_timeout: float,
    tls: bool | None,
    tls_cert: Path | None,
    tls_key: Path | None,
    tls_client_ca: Path | None,
    handshake_timeout: float,
    grace: float,
    log_format: str,
    log_level: str,
) -> None:
    """Serve every client in a thread, and say which one.

    Runs until SIGTERM or Ctrl-C, then drains: it answers what it has received, tells its clients
    that it is closing, and exits with 0.
    """
    sys.setswitchinterval(TURN)
    with stop_signals() as stop:
        with starting_threads():
            # Before any thread starts: threads inherit the blocked SIGHUP.
            certificates = read_certificates(tls_cert, tls_key, tls_client_ca, required=tls)
            render = lines.renderer(log_format, replica)
            writer = lines.configure(log_level, render)
            dialect = DIALECTS[protocol]
            registry = Registry(max_clients, replica, context.params)
            lingering = Lingering(dialect)
            patience = Patience(idle_timeout, line_timeout, send_timeout, handshake_timeout)
            converse = partial(
                TlsSession if certificates else Session,
                registry=registry,
                lingering=lingering,
                dialect=dialect,
                patience=patience,
                note=Transcript(writer, render).note if log_level in ("debug", "info") else None,
                work=work.do if work else None,
            )
            with binding("--port", host, port):
                bound = bind(host, port)
            listener = Listener(
                bound,
                model=build_model(model, workers),
                registry=registry,
                lingering=lingering,
                resolver=None if tls_client_ca else Resolver(),
                patience=patience,
                converse=converse,
                secure=securing(certificates, send_timeout),
            )
            with binding("--status-port", host, status_port):
                status = WebServer(create_app(registry, writer.counts), host, status_port)
        log = structlog.get_logger()
        log.info("bound", address=listener.address, status_port=status.port, **interpreter())
        if cpus == "one":
            share_one_cpu()
        if modules := gil.switched_on_for():
            log.warning("these modules need the GIL", modules=modules)
        listener.serve(stop)
        listener.drain(grace)
        status.close()
        writer.close()


def build_model(name: str, workers: int) -> Model:
    """Return the model with this name."""
    if name == "pool":
        return Pool(workers)
    return {"thread": ThreadPerClient, "cached": Cached, "lock": OneLock}[name]()


def securing(
    certificates: Certificates | None, send_timeout: float
) -> Callable[[Connection], AnyConnection]:
    """Return what wraps a new connection: TLS if there are certificates, else nothing."""
    if certificates is None:
        return lambda connection: connection
    return lambda connection: TlsConnection(connection, certificates.context, send_timeout)


def interpreter() -> dict[str, str]:
    """Return Python's version, with a `t` if it is free-threaded, and whether its GIL is on."""
    version, *_ = sys.version.split()
    return {"python": version + sys.abiflags, "gil": "on" if gil.is_on() else "off"}
