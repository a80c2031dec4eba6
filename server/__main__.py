"""`python -m server`: options -> objects; signals -> stop.

The only module that knows all the others. Exit codes: 0 drained after a signal, 1 could not
start or (`health`) is not well, 2 wrong usage.
"""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import click
import structlog

from server import log
from server.farewell import Farewell
from server.listener import Listener
from server.models import Model, OneLock, Pool, ThreadPerClient
from server.protocol import DIALECTS
from server.registry import Registry
from server.session import Patience, Session
from server.signals import stop_signals
from server.status import Unwell, fetch
from server.status import lanes as draw_lanes
from server.web import StatusServer, create_app

SPARE_DESCRIPTORS = 64  # for all that is not a client: listening, logging, HTTP, farewells

option = partial(click.option, show_default=True, show_envvar=True)
seconds = click.FloatRange(min=0, min_open=True, max=86_400)


@click.group(
    invoke_without_command=True,
    context_settings={"auto_envvar_prefix": "LANES", "help_option_names": ["-h", "--help"]},
)
@option("--host", default="127.0.0.1", help="Address to listen on, for both ports.")
@option("--port", type=click.IntRange(0, 65535), default=2022, help="Port for the clients.")
@option("--status-port", type=click.IntRange(0, 65535), default=8022, help="Port for HTTP.")
@option(
    "--model",
    type=click.Choice(["thread", "pool", "lock"]),
    default="thread",
    help="Which thread serves a client: one of its own, a worker of a pool, "
    "or one of its own that first needs the lock that all share.",
)
@option("--workers", type=click.IntRange(min=1), default=4, help="Threads in the pool.")
@option(
    "--protocol",
    type=click.Choice(list(DIALECTS)),
    default="lines",
    help="The dialect: lines of text, or the original lab's unframed one.",
)
@option(
    "--max-clients",
    type=click.IntRange(min=1),
    default=256,
    help="Clients at a time, waiting and served; one more is told that the server is busy.",
)
@option("--idle-timeout", type=seconds, default=120, help="Seconds until a silent client goes.")
@option("--line-timeout", type=seconds, default=10, help="Seconds that one line may take.")
@option("--send-timeout", type=seconds, default=10, help="Seconds that taking a reply may take.")
@option("--grace", type=seconds, default=5, help="Seconds that sessions may take to end on a stop.")
@option("--log-format", type=click.Choice(list(log.RENDERERS)), default="console")
@option("--log-level", type=click.Choice(["debug", "info", "warning", "error"]), default="info")
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
    check_descriptors(max_clients)
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
            status = StatusServer(create_app(registry), host, status_port)
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


def check_descriptors(max_clients: int) -> None:
    """Refuse more clients than the process may have descriptors for."""
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if limit != resource.RLIM_INFINITY and max_clients > limit - SPARE_DESCRIPTORS:
        raise click.ClickException(
            f"--max-clients {max_clients} needs {max_clients + SPARE_DESCRIPTORS} file "
            f"descriptors and this process may have {limit}: lower it to "
            f"{max(limit - SPARE_DESCRIPTORS, 0)}, or raise the limit (ulimit -n)."
        )


@contextmanager
def binding(name: str, host: str, port: int) -> Iterator[None]:
    """Tell in one line why an address cannot be had, and which option chooses another."""
    try:
        yield
    except OSError as error:
        raise click.ClickException(
            f"cannot listen on {host} port {port}: {error.strerror or error}. "
            f"Is another server using it? Choose another with --host or {name}."
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
        click.echo(draw_lanes(options["host"], options["status_port"]))


if __name__ == "__main__":
    main(prog_name="python -m server")
