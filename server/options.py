"""What the command line takes. Each option is also an environment variable, for Compose."""

import math
import resource
from collections.abc import Callable
from functools import partial, reduce
from typing import Any

import click

from server import farewell, webserver, work
from server.log import RENDERERS
from server.port import GONE_SECONDS
from server.protocol import DIALECTS
from server.replica import NAME

# For all that is not a client: HTTP connections, farewells, and 32 for listening, logging, names.
SPARE_DESCRIPTORS = webserver.CONNECTIONS + farewell.PLACES + 32
DAY = 86_400.0

Command = Callable[..., Any]
option = partial(click.option, show_default=True, show_envvar=True)
port = click.IntRange(0, 65535)
count = click.IntRange(min=1)


class Seconds(click.FloatRange):
    """More than nothing, or at least so many; a day at the most, or so many."""

    name = "seconds"

    def __init__(self, least: float | None = None, most: float = DAY) -> None:
        super().__init__(min=least or 0, min_open=least is None, max=most)

    def convert(
        self,
        value: Any,  # noqa: ANN401 - as click declares it
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> float:
        """Refuse what is not a number too: every comparison with it is false."""
        seconds: float = super().convert(value, param, ctx)
        if math.isnan(seconds):
            self.fail("nan is not a number of seconds.", param, ctx)
        return seconds


class WorkType(click.ParamType[work.Work]):
    """What answering a message costs besides."""

    name = "work"

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:  # noqa: ARG002
        """How the help shows it."""
        return "spin:MS|sleep:MS"

    def convert(
        self, value: str, param: click.Parameter | None, ctx: click.Context | None
    ) -> work.Work:
        """Refuse what is neither."""
        try:
            return work.parse(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


def _check_descriptors(_context: click.Context, _option: click.Parameter, clients: int) -> int:
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if limit != resource.RLIM_INFINITY and clients > limit - SPARE_DESCRIPTORS:
        raise click.BadParameter(
            f"{clients} clients need {clients + SPARE_DESCRIPTORS} file descriptors and this "
            f"process may have {limit}: take {max(limit - SPARE_DESCRIPTORS, 0)} at the most, "
            "or raise the limit (ulimit -n)."
        )
    return clients


def _check_name(_context: click.Context, _option: click.Parameter, name: str) -> str:
    # It goes over the wire, before the thread's: no blank, no colon, no slash.
    if name and not NAME.fullmatch(name):
        raise click.BadParameter(
            f"{name!r} is no name: take letters, digits, '.', '-' and '_', at most 63 of them, "
            "as in server-2."
        )
    return name


OPTIONS = [
    option("--host", default="127.0.0.1", help="Address to listen on, for both ports."),
    option("--port", type=port, default=2022, help="Port for the clients."),
    option("--status-port", type=port, default=8022, help="Port for HTTP."),
    option(
        "--model",
        type=click.Choice(["thread", "pool", "lock"]),
        default="thread",
        help="Which thread serves a client: one of its own, a worker of a pool, "
        "or one of its own that first needs the lock that all share.",
    ),
    option("--workers", type=count, default=4, help="Threads in the pool."),
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
        help="Clients at a time, waiting and served; one more is told that the server is busy.",
    ),
    option(
        "--replica",
        default="",
        metavar="NAME",
        callback=_check_name,
        help="Its name where it is one of several servers: its threads are NAME/Thread-1.",
    ),
    option(
        "--work",
        type=WorkType(),
        help="What each message costs besides: milliseconds of a core, or of waiting.",
    ),
    option("--idle-timeout", type=Seconds(), default=120, help="For a client to say something."),
    option("--line-timeout", type=Seconds(), default=10, help="For a line, once it has begun."),
    option(
        "--send-timeout",
        type=Seconds(most=GONE_SECONDS),
        default=10,
        help="For a client to take a reply.",
    ),
    option("--grace", type=Seconds(), default=5, help="For sessions to end when told to stop."),
    option(
        "--log-format",
        type=click.Choice(list(RENDERERS)),
        default="console",
        help="Lines for people, or one JSON object a line.",
    ),
    option(
        "--log-level",
        type=click.Choice(["debug", "info", "warning", "error"]),
        default="info",
        help="What to log; every message is an info.",
    ),
]


def server_options(command: Command) -> Command:
    """Give a command all of them, in this order."""
    return reduce(lambda decorated, add: add(decorated), reversed(OPTIONS), command)
