"""`python -m server`: options -> objects; signals -> stop.

The only module that knows all the others. Exit codes: 0 drained after a signal, 1 could not
start, or (`health`, `lanes`) the server did not answer, 2 wrong usage.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import click
import structlog

from server import log
from server.commands import health, lanes
from server.farewell import Farewell
from server.listener import Listener
from server.models import Model, OneLock, Pool, ThreadPerClient
from server.options import server_options
from server.protocol import DIALECTS
from server.registry import Registry
from server.resolver import Resolver
from server.session import Patience, Session
from server.signals import stop_signals
from server.transcript import Transcript
from server.web import HEADERS, create_app
from server.webserver import WebServer
from server.work import Work

# Seconds after which a thread that computes lets another have the interpreter. All that wait for it
# wake up that often, for nothing: at Python's 5 ms, and at 100 ms too, 2,000 clients' threads could
# come to spend the whole processor on that, and nobody was answered any more. No thread of ours
# computes for long, but in the lesson of `--work spin`, and one that draws: that one sets a turn of
# its own (server/drawings.py).
TURN = 10.0


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
    replica: str,
    work: Work | None,
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
    sys.setswitchinterval(TURN)
    with stop_signals() as stop:
        with starting_threads():
            render = log.renderer(log_format, replica)
            writer = log.configure(log_level, render)
            dialect = DIALECTS[protocol]
            registry = Registry(
                model=model,
                protocol=protocol,
                max_clients=max_clients,
                replica=replica,
                settings=context.params,
            )
            farewell = Farewell(dialect)
            converse = partial(
                Session,
                registry=registry,
                farewell=farewell,
                dialect=dialect,
                patience=Patience(idle_timeout, line_timeout, send_timeout),
                note=Transcript(writer, render).note if log_level in ("debug", "info") else None,
                work=work.do if work else None,
            )
            with binding("--port", host, port):
                listener = Listener(
                    host,
                    port,
                    model=build_model(model, workers),
                    registry=registry,
                    farewell=farewell,
                    resolver=Resolver(),
                    converse=converse,
                )
            with binding("--status-port", host, status_port):
                status = WebServer(create_app(registry, writer.counts), host, status_port, HEADERS)
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
        raise click.ClickException(
            f"cannot listen on {host} port {port}: {error.strerror}. "
            f"Choose another with --host or {name}."
        ) from None


@contextmanager
def starting_threads() -> Iterator[None]:
    """Tell in one line that the system gives fewer threads than the server begins with."""
    try:
        yield
    except RuntimeError as error:
        if str(error) != "can't start new thread":
            raise
        raise click.ClickException(
            f"{error}: the system gives this process no more. Raise the limit "
            "(ulimit -u; in a container --pids-limit)."
        ) from None


main.add_command(health)
main.add_command(lanes)


if __name__ == "__main__":
    main(prog_name="python -m server")
