"""What the command lines have in common. Each option is also an environment variable."""

import math
from functools import partial
from urllib.parse import urlsplit

import click

from lanes.ask import Servers
from lanes.layout import LONGEST, SHORTEST

PORT = 8022  # of a server's HTTP, and of the page

option = partial(click.option, show_default=True, show_envvar=True)


def _read_servers(_context: click.Context, _option: click.Parameter, text: str) -> Servers:
    try:
        parts = urlsplit(f"//{text}")
        host, port = parts.hostname, parts.port or PORT
    except ValueError:  # of the port, or of brackets
        host, port = None, PORT
    if not host or parts.netloc != text or "@" in text:
        raise click.BadParameter(
            f"{text!r} is not HOST[:PORT], as in 127.0.0.1, server:{PORT} or [::1]:{PORT}."
        )
    return Servers(host, port)


def _read_seconds(
    _context: click.Context, _option: click.Parameter, seconds: float | None
) -> float | None:
    if seconds is not None and math.isnan(seconds):  # click's ranges let it through
        raise click.BadParameter("nan is not a number of seconds.")
    return seconds


from_servers = option(
    "--from",
    "servers",
    metavar="HOST[:PORT]",
    callback=_read_servers,
    default=f"127.0.0.1:{PORT}",
    envvar="LANES_FROM",
    help="The HTTP port of a server, or of all servers that a name stands for.",
)
look_back = option(
    "--seconds",
    type=click.FloatRange(SHORTEST, LONGEST),
    callback=_read_seconds,
    help="How far to look back. Without it: a minute, or less if that shows all of it.",
)
