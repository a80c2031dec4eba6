"""`lanes check`: options -> the checks -> a scorecard and an exit code."""

import io
import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING, BinaryIO, NoReturn, TextIO

import click
from rich.console import Console

from lanes.check.absent import absent, is_absent
from lanes.check.address import Address
from lanes.check.arguments import WithCommand, allow_connections, read_seconds, read_server
from lanes.check.choice import EVERY_CHECK, chosen, finder
from lanes.check.nearby import Nearby
from lanes.check.printed import Printed
from lanes.check.protocol import DIALECTS, Lines
from lanes.check.report import FORMATS, read_json
from lanes.check.scorecard import OFFERED, Result, Scorecard, score
from lanes.check.started import STARTS, address_of, started
from lanes.check.subject import Subject, Unreachable
from lanes.options import option
from lanes.watch.printable import printable

if TYPE_CHECKING:
    from lanes.watch.target import Target

CLIENTS = click.IntRange(2, 500)  # this is no load test
# Exit codes; a shell gives 130 to a program that Ctrl-C ended.
PASSED, FAILED, NO_SERVER, NOT_TRIED, INTERRUPTED = 0, 1, 3, 4, 130


@click.command(cls=WithCommand)
@click.argument("server", metavar="[HOST:PORT]", required=False, callback=read_server)
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
    callback=read_seconds,
    default=3,
    help="Seconds that the server may take for each answer.",
)
@option(
    "--wait",
    type=click.FloatRange(min=0, max=600),
    callback=read_seconds,
    default=0,
    help="Seconds to keep trying until the server is there; a COMMAND gets 10 at least.",
)
@option("--pid", type=click.IntRange(min=1), help="Watch this process: adds the check `threads`.")
@option("--container", metavar="NAME", help="The same for a container; as root, where it runs.")
@click.option(
    "--require",
    multiple=True,
    type=click.Choice(["threads"]),
    help="A server without threads, as an event loop, fails `threads`. Without --pid, --container "
    "or COMMAND, whoever listens on the port here is watched.",
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
@click.option(
    "--printed",
    "log",
    type=click.File("rb"),
    metavar="FILE|-",
    help="What the server has printed: if there is none, the end of it is on the card.",
)
@click.option(
    "--card",
    "written",
    type=click.File("r", encoding="utf-8"),
    metavar="FILE|-",
    help="Check nothing, but show this card of `--format json` in another format.",
)
def check(  # noqa: PLR0913 - one argument for each option
    *,
    server: Address | None,
    protocol: str,
    clients: int,
    many: int,
    timeout: float,
    wait: float,
    pid: int | None,
    container: str | None,
    require: tuple[str, ...],
    only: tuple[str, ...],
    report_format: str,
    log: BinaryIO | None,
    written: TextIO | None,
    command: tuple[str, ...],
) -> None:
    """Check whether a server, in any language, serves its clients at the same time.

    The checks know only what comes over TCP, and take 60 seconds at most, or 20 times the --timeout
    if that is more. `threads` also watches the server, as `lanes watch` does, on Linux and with the
    rights for that: it tells whether each client has a thread of its own. COMMAND is started,
    watched and ended; what it prints goes to standard error, and without HOST:PORT it is checked
    where it listens.

    Exit code: 0 all passed, 1 something failed, 2 wrong usage, 3 no server there, 4 nothing
    failed, but something was not tried, 130 interrupted by Ctrl-C.
    """
    if written:
        _show(_read(written), report_format)
    if not server and not command:
        raise click.UsageError("Say where the server is, HOST:PORT, or start it: -- COMMAND.")
    required, dialect = "threads" in require, DIALECTS[protocol]
    children: list[Target] = []
    find = finder(
        server if required else None, pid, container, (lambda: children[0]) if command else None
    )
    checks = chosen(protocol, only, find, clients, required=required)
    allow_connections(max(clients, many))
    results: list[Result] = []
    printed = Printed()
    name = str(server or printable(" ".join(command)))
    nobody = ""  # or why there is no server to check
    try:
        with ExitStack() as running:
            if command:
                children.append(running.enter_context(started(command, printed)))
                wait = max(wait, STARTS)
            server = server or address_of(children[0], wait)
            near = Nearby(*server)
            subject = running.enter_context(
                Subject(near, dialect, clients=clients, many=many, timeout=timeout, wait=wait)
            )
            name = near.found_at(subject.address)
            if protocol == "handout" and Lines.GREETING.fullmatch(subject.greeting):
                raise click.UsageError(f"{server} speaks `lines`: add --protocol lines.")
            # One for all checks: it hides the cursor, and Ctrl-C must not come just as it does.
            with Console(stderr=True).status(name) as status:
                for result in score(subject, checks, status.update):
                    results.append(result)  # noqa: PERF402 - after Ctrl-C, those so far are shown
    except Unreachable as error:
        nobody = str(error)
    except KeyboardInterrupt:
        pass  # the card says so
    card = Scorecard(name, protocol, results, of=len(checks))
    if nobody:
        click.echo(f"There is no server to check: {nobody}", err=True)
        if log:
            printed.read(log)
        card = absent(name, protocol, nobody, printed.lines)
    _show(card, report_format)


def _read(written: TextIO) -> Scorecard:
    try:
        return read_json(written.read())
    except (ValueError, LookupError, TypeError) as error:
        raise click.UsageError(f"--card: this is no card of `--format json`: {error!r}") from None


def _show(card: Scorecard, report_format: str) -> NoReturn:
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # for what its encoding lacks
    click.echo(FORMATS[report_format](card))
    sys.exit(_code(card))


def _code(card: Scorecard) -> int:
    if is_absent(card):
        return NO_SERVER
    if len(card.results) < card.of:
        return INTERRUPTED
    if card.failed:
        return FAILED
    return PASSED if card.all_passed else NOT_TRIED
