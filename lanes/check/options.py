"""The command-line options of `lanes check`; most are also environment variables."""

from collections.abc import Callable
from functools import reduce

import click

from lanes.check.arguments import read_seconds, read_server
from lanes.check.choice import EVERY_CHECK
from lanes.check.report import FORMATS
from lanes.check.scorecard import OFFERED
from lanes.check.tls_options import TLS, secured
from lanes.options import Command, option

CLIENTS = click.IntRange(2, 500)  # this is not a load test
OPTIONS: list[Callable[[Command], Command]] = [
    click.argument("server", metavar="[HOST:PORT]", required=False, callback=read_server),
    option(
        "--protocol",
        type=click.Choice(list(OFFERED)),
        default="handout",
        envvar="LANES_PROTOCOL",
        help="`handout`: the original lab's, any bytes are a reply; `lines`: this project's own.",
    ),
    option("--clients", type=CLIENTS, default=10, help="Clients that are connected at once."),
    option("--many", type=CLIENTS, default=100, help="The same, for the check `many`."),
    option(
        "--timeout",
        type=click.FloatRange(min=0.1, max=20),
        callback=read_seconds,
        default=3,
        help="Seconds that the server may take for each answer.",
    ),
    option(
        "--wait",
        type=click.FloatRange(min=0, max=600),
        callback=read_seconds,
        default=0,
        help="Seconds to keep trying until the server is there; a COMMAND gets 10 at least.",
    ),
    *TLS,
    option("--pid", type=click.IntRange(min=1), help="Watch this process: adds `threads`."),
    option(
        "--container",
        metavar="NAME",
        help="Watch this container instead; needs root on the machine that runs it.",
    ),
    click.option(
        "--require",
        multiple=True,
        type=click.Choice(["threads"]),
        help="`threads` fails for a server without threads, such as an event loop. Without --pid, "
        "--container or COMMAND, the process listening on that port on this machine is watched.",
    ),
    click.option(
        "--only",
        multiple=True,
        metavar="CHECK",
        type=click.Choice(EVERY_CHECK),
        help=f"Run only this check; repeatable. The checks are {', '.join(EVERY_CHECK)}.",
    ),
    option(
        "--format",
        "report_format",
        type=click.Choice(list(FORMATS)),
        default="text",
        help="For people, for programs, or for a CI.",
    ),
    click.option(
        "--printed",
        "log",
        type=click.File("rb"),
        metavar="FILE|-",
        help="File with the server's output. If no server answers, its last lines go on the card.",
    ),
    click.option(
        "--card",
        "written",
        type=click.File("r", encoding="utf-8"),
        metavar="FILE|-",
        help="Do not check; read a card written with `--format json` and show it in another "
        "format.",
    ),
]


def check_options(command: Command) -> Command:
    """Add all options to a command, in this order."""
    return reduce(lambda decorated, add: add(decorated), reversed(OPTIONS), secured(command))
