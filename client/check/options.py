"""What the command line of `check` takes."""

import click

from client.check.report import FORMATS
from client.check.scorecard import OFFERED
from client.options import option, read_seconds, read_server

MAX_CLIENTS = 200  # it is no load test
MAX_TIMEOUT = 20
MAX_WAIT = 600
EVERY_CHECK = [check.name for check in OFFERED["lines"]]

server = click.argument("server", metavar="HOST:PORT", callback=read_server)
protocol = option(
    "--protocol",
    type=click.Choice(list(OFFERED)),
    default="handout",
    envvar="LANES_PROTOCOL",
    help="What the server speaks: `handout`, the original lab's, any bytes are a reply; "
    "or `lines`, this project's own.",
)
clients = option(
    "--clients",
    type=click.IntRange(2, MAX_CLIENTS),
    default=10,
    help="How many are connected at the same time.",
)
timeout = option(
    "--timeout",
    type=click.FloatRange(min=0.1, max=MAX_TIMEOUT),
    callback=read_seconds,
    default=3,
    help="Seconds that the server may take for each answer.",
)
wait = option(
    "--wait",
    type=click.FloatRange(min=0, max=MAX_WAIT),
    callback=read_seconds,
    default=0,
    help="Seconds to go on trying until somebody is there.",
)
only = click.option(
    "--only",
    multiple=True,
    metavar="CHECK",
    type=click.Choice(EVERY_CHECK),
    help=f"Check this alone; may be given several times. There are {', '.join(EVERY_CHECK)}.",
)
report_format = option(
    "--format",
    "report_format",
    type=click.Choice(list(FORMATS)),
    default="text",
    help="For people, for programs, or for a CI.",
)
