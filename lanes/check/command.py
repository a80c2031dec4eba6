"""`lanes check`: options -> the checks -> a scorecard and an exit code."""

from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING, BinaryIO, TextIO

import click
from rich.console import Console

from lanes.check.absent import absent
from lanes.check.address import Address
from lanes.check.arguments import WithCommand, allow_connections
from lanes.check.choice import chosen, finder
from lanes.check.computing import Computing
from lanes.check.dialer import Secure, Unreachable
from lanes.check.nearby import Nearby
from lanes.check.options import check_options
from lanes.check.printed import Printed
from lanes.check.protocol import DIALECTS, Lines
from lanes.check.scorecard import Result, Scorecard, score
from lanes.check.showing import read, show
from lanes.check.started import STARTS, address_of, ending, started
from lanes.check.subject import Subject
from lanes.watch.printable import printable

if TYPE_CHECKING:
    from lanes.watch.target import Target


@click.command(cls=WithCommand)
@check_options
def check(  # noqa: PLR0913 - one argument for each option
    *,
    server: Address | None,
    protocol: str,
    clients: int,
    many: int,
    timeout: float,
    wait: float,
    secure: Secure | None,
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
        show(read(written), report_format)
    if not server and not command:
        raise click.UsageError(
            "Give the server's address as HOST:PORT, or a command to start it: -- COMMAND."
        )
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
    nobody: Unreachable | None = None  # or why there is no server to check
    try:
        with ExitStack() as running:
            if command:
                children.append(running.enter_context(started(command, printed)))
                wait = max(wait, STARTS)
            server = server or address_of(children[0], wait)
            near = Nearby(*server)
            subject = running.enter_context(
                Subject(
                    near,
                    dialect,
                    clients=clients,
                    many=many,
                    timeout=timeout,
                    wait=wait,
                    secure=secure,
                )
            )
            name = near.found_at(subject.address)
            subject.ending = partial(ending, children, printed)
            subject.goes_on = Computing(find).goes_on if find else float
            if protocol == "handout" and Lines.GREETING.fullmatch(subject.greeting):
                raise click.UsageError(f"{server} speaks `lines`: add --protocol lines.")
            # One for all checks: each status hides the cursor, and Ctrl-C must not come just then.
            with Console(stderr=True).status(name) as status:
                for result in score(subject, checks, status.update):
                    results.append(result)  # noqa: PERF402 - Ctrl-C still shows these
    except Unreachable as error:
        nobody = error
    except KeyboardInterrupt:
        pass  # the card says so
    card = Scorecard(name, protocol, results, of=len(checks))
    if nobody:
        why = f"{nobody}: {nobody.hint}" if nobody.hint else nobody
        click.echo(f"There is no server to check: {why}", err=True)
        if log:
            printed.read(log)
        card = absent(name, protocol, nobody, printed.lines)
    show(card, report_format)
