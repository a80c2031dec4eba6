"""`lanes check HOST:PORT`: options -> the checks -> a scorecard and an exit code."""

import io
import math
import resource
import sys
from collections.abc import Collection

import click
from rich.console import Console

from lanes.check.address import Address
from lanes.check.claim import Check
from lanes.check.protocol import DIALECTS
from lanes.check.report import FORMATS
from lanes.check.scorecard import OFFERED, Result, Scorecard, score
from lanes.check.subject import Subject, Unreachable
from lanes.options import option

CLIENTS = click.IntRange(2, 500)  # this is no load test
SPARE_DESCRIPTORS = 32
NO_SERVER, INTERRUPTED = 3, 130  # exit codes; a shell gives 130 to a program that Ctrl-C ended
EVERY_CHECK = list(dict.fromkeys(check.name for checks in OFFERED.values() for check in checks))


def _read_server(_context: click.Context, _option: click.Parameter, text: str) -> Address:
    try:
        return Address.parse(text)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


def _read_seconds(_context: click.Context, _option: click.Parameter, seconds: float) -> float:
    if math.isnan(seconds):  # every comparison with it is false, so click's ranges let it through
        raise click.BadParameter("nan is not a number of seconds.")
    return seconds


@click.command()
@click.argument("server", metavar="HOST:PORT", callback=_read_server)
@option(
    "--protocol",
    type=click.Choice(list(OFFERED)),
    default="handout",
    envvar="LANES_PROTOCOL",
    help="`handout`: the original lab's, any bytes are a reply; `lines`: this project's own.",
)
@option("--clients", type=CLIENTS, default=10, help="Clients that are connected at the same time.")
@option("--many", type=CLIENTS, default=100, help="Clients that come at once in the check `many`.")
@option(
    "--timeout",
    type=click.FloatRange(min=0.1, max=20),
    callback=_read_seconds,
    default=3,
    help="Seconds that the server may take for each answer.",
)
@option(
    "--wait",
    type=click.FloatRange(min=0, max=600),
    callback=_read_seconds,
    default=0,
    help="Seconds to keep trying until the server is there.",
)
@click.option(
    "--only",
    multiple=True,
    metavar="CHECK",
    type=click.Choice(EVERY_CHECK),
    help=f"Run only this check; repeatable. The checks are {', '.join(EVERY_CHECK)}.",
)
@option(
    "--format",
    "report_format",
    type=click.Choice(list(FORMATS)),
    default="text",
    help="For people, for programs, or for a CI.",
)
def check(
    *,
    server: Address,
    protocol: str,
    clients: int,
    many: int,
    timeout: float,
    wait: float,
    only: tuple[str, ...],
    report_format: str,
) -> None:
    """Check whether a server, in any language, serves its clients at the same time.

    The checks know only what comes over TCP, and take 60 seconds at most. Exit code: 0 all passed,
    1 not all passed, 2 wrong usage, 3 no server there, 130 interrupted by Ctrl-C.
    """
    checks = _chosen(protocol, only)
    _allow_connections(max(clients, many))
    results: list[Result] = []
    try:
        with Subject(
            server, DIALECTS[protocol], clients=clients, many=many, timeout=timeout, wait=wait
        ) as subject:
            if protocol == "handout" and subject.greeting.startswith("+OK "):
                raise click.UsageError(f"{server} speaks `lines`: add --protocol lines.")
            # One for all checks: it hides the cursor, and Ctrl-C must not come just as it does.
            with Console(stderr=True).status(str(server)) as status:
                for result in score(subject, checks, status.update):
                    results.append(result)  # noqa: PERF402 - after Ctrl-C, those so far are shown
    except Unreachable as error:
        click.echo(f"There is no server to check: {error}", err=True)
        sys.exit(NO_SERVER)
    except KeyboardInterrupt:
        pass  # the card says so
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # for what its encoding lacks
    card = Scorecard(str(server), protocol, results, of=len(checks))
    click.echo(FORMATS[report_format](card))
    if len(results) < len(checks):
        sys.exit(INTERRUPTED)
    sys.exit(0 if card.all_passed else 1)


def _chosen(protocol: str, only: Collection[str]) -> list[Check]:
    """The checks to run; raises UsageError for one that this protocol does not have."""
    offered = {check.name: check for check in OFFERED[protocol]}
    for name in only:
        if name not in offered:
            raise click.UsageError(f"the check `{name}` needs --protocol lines.")
    return [check for name, check in offered.items() if not only or name in only]


def _allow_connections(count: int) -> None:
    """Raise this process's limit of descriptors as far as needed; raises UsageError."""
    needed = count + SPARE_DESCRIPTORS
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < needed:
        raise click.UsageError(
            f"{count} clients need {needed} file descriptors, but this process may have only "
            f"{hard}: use fewer clients, or raise the limit (ulimit -n)."
        )
    if soft != resource.RLIM_INFINITY and soft < needed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))
