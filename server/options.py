"""The command line. Each option is also an environment variable, for Compose."""

import math
import re
import resource
from collections.abc import Callable
from functools import partial, reduce
from pathlib import Path
from typing import Any

import click

from server.chat import lingering, work
from server.chat.protocol import DIALECTS
from server.chat.sockets import GONE_SECONDS
from server.http.webserver import CONNECTIONS
from server.log.lines import RENDERERS

# For all but the clients: HTTP and lingering connections, and 32 for listening, log and look-ups.
SPARE_DESCRIPTORS = CONNECTIONS + lingering.PLACES + 32
DAY = 86_400.0  # seconds
NAME = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,62}")  # of a replica: a host name's label, RFC 1035

Command = Callable[..., Any]
option = partial(click.option, show_default=True, show_envvar=True)
port = click.IntRange(0, 65535)
count = click.IntRange(min=1)


def _seconds(_context: click.Context, _option: click.Parameter, seconds: float) -> float:
    """Refuse nan: every comparison with it is false, so click's ranges let it through."""
    if math.isnan(seconds):
        raise click.BadParameter("nan is not a number of seconds.")
    return seconds


def seconds_option(name: str, default: float, for_: str, most: float = DAY) -> Command:
    """Return an option for a positive number of seconds, at most `most`."""
    allowed = click.FloatRange(min=0, min_open=True, max=most)
    return option(name, type=allowed, callback=_seconds, default=default, help=for_)


def _unless_off(context: click.Context, _option: click.Parameter, path: Path | None) -> Path | None:
    """Return None with --no-tls, because Compose names its files either way."""
    return None if context.params["tls"] is False else path


def file_option(name: str, for_: str) -> Command:
    """Return an option for a file that TLS needs."""
    pem = click.Path(path_type=Path)
    return option(name, type=pem, callback=_unless_off, metavar="PEM", help=for_)


def _check_work(_context: click.Context, _option: click.Parameter, text: str) -> work.Work | None:
    try:
        return work.parse(text) if text else None
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


def _check_descriptors(_context: click.Context, _option: click.Parameter, clients: int) -> int:
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if limit != resource.RLIM_INFINITY and clients > limit - SPARE_DESCRIPTORS:
        raise click.BadParameter(
            f"{clients} clients need {clients + SPARE_DESCRIPTORS} file descriptors and this "
            f"process may have {limit}: choose at most {max(limit - SPARE_DESCRIPTORS, 0)}, "
            "or raise the limit (ulimit -n)."
        )
    return clients


def _check_name(_context: click.Context, _option: click.Parameter, name: str) -> str:
    # On the wire it precedes the thread's name, so it has no blank, no colon and no slash.
    if name and not NAME.fullmatch(name):
        allowed = "at most 63 letters, digits, '.', '-' and '_', as in server-2"
        raise click.BadParameter(f"{name!r} is not a name: use {allowed}.")
    return name


OPTIONS = [
    option("--host", default="127.0.0.1", help="Address to listen on, for both ports."),
    option("--port", type=port, default=2022, help="Port for the clients."),
    option("--status-port", type=port, default=8022, help="Port for HTTP."),
    option(
        "--model",
        type=click.Choice(["thread", "cached", "pool", "lock"]),
        default="thread",
        help="`thread`: a new thread for each client; `cached`: the same, but idle threads are "
        "reused; `pool`: a fixed set of workers; `lock`: a new thread for each client, but one "
        "lock lets only one of them serve at a time.",
    ),
    option("--workers", type=count, default=4, help="Threads in the pool."),
    option(
        "--cpus",
        type=click.Choice(["one", "all"]),
        default="one",
        help="Which CPUs the serving threads use: the one that the server starts on, which is "
        "faster if Python has its GIL, or all. Without a GIL it is always all.",
    ),
    option(
        "--protocol",
        type=click.Choice(list(DIALECTS)),
        default="lines",
        help="The dialect: lines of text, or the original lab's without framing.",
    ),
    option(
        "--max-clients",
        type=count,
        default=256,
        callback=_check_descriptors,
        help="Clients at a time, waiting or served; more are refused as busy.",
    ),
    option(
        "--replica",
        default="",
        metavar="NAME",
        callback=_check_name,
        help="This server's name, if there are several: its threads are then called NAME/Thread-1.",
    ),
    option(
        "--work",
        default="",
        metavar="spin:MS|sleep:MS",
        callback=_check_work,
        help="Extra work for each message: milliseconds of computing, or of waiting.",
    ),
    seconds_option("--idle-timeout", 120, "Seconds a client may stay silent."),
    seconds_option("--line-timeout", 10, "Seconds a line may take, once it has begun."),
    seconds_option(
        "--send-timeout", 10, "Seconds a client may take to read a reply.", GONE_SECONDS
    ),
    option(
        "--tls/--no-tls",
        default=None,
        is_eager=True,
        help="Serve over TLS or in plaintext; default: TLS if there is a certificate.",
    ),
    file_option("--tls-cert", "The certificate to serve with."),
    file_option("--tls-key", "The certificate's key."),
    file_option("--tls-client-ca", "Serve only clients with a certificate from this CA."),
    seconds_option("--handshake-timeout", 5, "Seconds a TLS handshake may take."),
    seconds_option("--grace", 5, "Seconds for sessions to end when the server is stopped."),
    option(
        "--log-format",
        type=click.Choice(list(RENDERERS)),
        default="console",
        help="Lines for people, or one JSON object per line.",
    ),
    option(
        "--log-level",
        type=click.Choice(["debug", "info", "warning", "error"]),
        default="info",
        help="What to log; every message is an info.",
    ),
]


def server_options(command: Command) -> Command:
    """Add all of OPTIONS to a command, in this order."""
    return reduce(lambda decorated, add: add(decorated), reversed(OPTIONS), command)
