"""`python -m server`: options -> objects; signals -> stop.

The only module that knows all the others. Exit codes: 0 drained after a signal, 1 could not
start, or (`health`, `lanes`) the server did not answer, 2 wrong usage.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import click
import structlog

from server import log
from server.farewell import Farewell
from server.listener import Listener
from server.models import Model, OneLock, Pool, ThreadPerClient
from server.options import server_options
from server.protocol import DIALECTS
from server.registry import Registry
from server.session import Patience, Session
from server.signals import stop_signals
from server.status import Unwell, fetch, lanes_table
from server.web import create_app
from server.webserver import WebServer


@click.group(
    invoke_without_command=True,
    context_settings={"auto_envvar_prefix": "LANES", "help_option_names": ["-h", "--help"]},
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
    idle_timeout: float,
    line_timeout: float,
    send_timeout: float,
    grace: float,
    log_format: str,
    log_level: str,
) -> None:
    """Serve every client in a thread, and show which one.

    Without a command it serves until SIGTERM or Ctrl-C, then drains: what was received is
    answered, the clients are told, and it exits with 0.
    """
    if context.invoked_subcommand is not None:
        return
    with stop_signals() as stop:
        writer = log.configure(log_level, log_format)
        dialect = DIALECTS[protocol]
        registry = Registry(model=model, protocol=protocol, max_clients=max_clients)
        farewell = Farewell(dialect)
        converse = partial(
            Session,
            registry=registry,
            farewell=farewell,
            dialect=dialect,
            patience=Patience(idle_timeout, line_timeout, send_timeout),
        )
        with binding("--port", host, port):
            listener = Listener(
                host,
                port,
                model=build_model(model, workers),
                registry=registry,
                farewell=farewell,
                converse=converse,
            )
        with binding("--status-port", host, status_port):
            status = WebServer(create_app(registry), host, status_port)
        structlog.get_logger().info("bound", address=listener.address, status_port=status.port)
        listener.serve(stop)
        listener.drain(grace)
        status.close()
        writer.close()


def build_model(name: str, workers: int) -> Model:
    """The model of that name."""
    match name:
        case "pool":
            return Pool(workers)
        case "lock":
            return OneLock()
        case _:
            return ThreadPerClient()


@contextmanager
def binding(name: str, host: str, port: int) -> Iterator[None]:
    """Tell in one line why an address cannot be had, and which option chooses another."""
    try:
        yield
    except OSError as error:
        why, *_ = str(error.strerror).partition(" (while")  # socket.create_server repeats the rest
        raise click.ClickException(
            f"cannot listen on {host} port {port}: {why}. Choose another with --host or {name}."
        ) from None


@contextmanager
def answering() -> Iterator[None]:
    """Tell in one line that the server did not answer, and exit with 1."""
    try:
        yield
    except Unwell as error:
        raise click.ClickException(f"{error}. Is the server running?") from None


@main.command()
@click.pass_context
def health(context: click.Context, /) -> None:
    """Ask the server on this machine whether it is well: exit 0 if it is, 1 if not."""
    options = context.find_root().params
    with answering():
        click.echo(fetch(options["host"], options["status_port"], "/healthz"), nl=False)


@main.command()
@click.pass_context
def lanes(context: click.Context, /) -> None:
    """Show which thread serves, or served, which client."""
    options = context.find_root().params
    with answering():
        click.echo(lanes_table(options["host"], options["status_port"]))


if __name__ == "__main__":
    main(prog_name="python -m server")
