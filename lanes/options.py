"""The options that several commands share. Each is also an environment variable."""

import math
from collections.abc import Callable
from functools import partial, wraps
from typing import Any
from urllib.parse import urlsplit

import click

from lanes.ask import Beside, Servers
from lanes.layout import LONGEST, SHORTEST
from lanes.snapshot import Door

PORT = 8022  # a server's HTTP port
MOST = 65_535  # the highest port
PAGE_PORT = 8023  # the page's port: a server on the same machine has the other

Command = Callable[..., Any]
option = partial(click.option, show_default=True, show_envvar=True)


class Port(click.IntRange):
    """A port; its name appears in the help, and in the error: 'x' is not a valid port."""

    name = "port"


class Whole(click.IntRange):
    """An integer, in the error: 'x' is not a valid integer."""

    name = "integer"


class Seconds(click.FloatRange):
    """A number of seconds, in the error: 'x' is not a valid number."""

    name = "number"

    def convert(
        self,
        value: Any,  # noqa: ANN401 - as click has it
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> float:
        """Return the seconds; fails for nan, which click's ranges let through."""
        seconds = float(super().convert(value, param, ctx))
        if math.isnan(seconds):
            self.fail("nan is not a number of seconds.", param, ctx)
        return seconds


def _read_servers(_context: click.Context, _option: click.Parameter, text: str) -> Servers:
    try:
        parts = urlsplit(f"//{text}")
        host, port = parts.hostname, parts.port or PORT
    except ValueError:  # because of the port, or of brackets
        host, port = None, PORT
    if not host or parts.netloc != text or "@" in text:
        raise click.BadParameter(
            f"{text!r} is not HOST[:PORT], as in 127.0.0.1, server:{PORT} or [::1]:{PORT}."
        )
    return Servers(host, port)


def _read_beside(
    context: click.Context, asked: click.Parameter, text: str | None
) -> Servers | None:
    return _read_servers(context, asked, text) if text else None


def _read_published(
    _context: click.Context, _option: click.Parameter, text: str | None
) -> int | None:
    """Return a port; 0 for a range, because only the engine knows which of its ports it chose."""
    if text is None:
        return None
    is_port = text.isascii() and text.isdigit() and len(text) <= len(str(MOST))
    return int(text) if is_port and int(text) <= MOST else 0


def from_servers(command: Command) -> Command:
    """Add the options for the servers to ask, and for what is seen of them from outside."""

    @option(
        "--from",
        "servers",
        metavar="HOST[:PORT]",
        callback=_read_servers,
        default=f"127.0.0.1:{PORT}",
        envvar="LANES_FROM",
        help="The HTTP port of a server, or of all servers that a name stands for.",
    )
    @option(
        "--seen",
        "beside",
        metavar="HOST[:PORT]",
        callback=_read_beside,
        envvar="LANES_SEEN",
        help="Address of a running `lanes watch`; what it observes is drawn next to what the "
        "servers report.",
    )
    @option(
        "--published",
        metavar="PORT",
        callback=_read_published,
        envvar="LANES_PUBLISHED",
        help="This machine's port for clients, if it is not the one that the server listens on.",
    )
    @option(
        "--talk",
        metavar="COMMAND",
        default="",
        envvar="LANES_TALK",
        help="Command to suggest for connecting as a client, shown when the picture is empty. "
        "Default: an nc command.",
    )
    @wraps(command)
    def asked(
        *,
        servers: Servers,
        beside: Servers | None,
        published: int | None,
        talk: str,
        **others: object,
    ) -> object:
        servers.door = Door(port=published, command=talk)
        return command(servers=Beside(servers, beside) if beside else servers, **others)

    return asked


look_back = option(
    "--seconds",
    type=Seconds(SHORTEST, LONGEST),
    help="How far to look back. Without it: a minute, or less if that shows all of it.",
)
