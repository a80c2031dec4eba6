"""What the command line of `check` takes."""

import resource
from collections.abc import Collection

import click

from client.check.claim import Check
from client.check.report import FORMATS
from client.check.scorecard import OFFERED
from client.options import option, read_seconds, read_server

MAX_CLIENTS = 500  # it is no load test
SPARE_DESCRIPTORS = 32
MAX_TIMEOUT = 20
MAX_WAIT = 600
EVERY_CHECK = list(dict.fromkeys(check.name for checks in OFFERED.values() for check in checks))

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
many = option(
    "--many",
    type=click.IntRange(2, MAX_CLIENTS),
    default=100,
    help="How many come at once, for the check of that name.",
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


def chosen(protocol: str, only: Collection[str]) -> list[Check]:
    """What is to be checked; raises UsageError where something is asked for that is not offered."""
    offered = {check.name: check for check in OFFERED[protocol]}
    for name in only:
        if name not in offered:
            raise click.UsageError(f"`{name}` is a check of --protocol lines alone.")
    return [check for name, check in offered.items() if not only or name in only]


def allow_connections(count: int) -> None:
    """Have this process be allowed so many at the same time; raises UsageError."""
    needed = count + SPARE_DESCRIPTORS
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < needed:
        raise click.UsageError(
            f"{count} clients need {needed} file descriptors, and this process may have {hard}: "
            "take fewer, or raise the limit (ulimit -n)."
        )
    if soft != resource.RLIM_INFINITY and soft < needed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))
