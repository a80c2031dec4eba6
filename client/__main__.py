"""`python -m client`: options -> objects -> exit code.

Exit codes: 0 all was answered, or passed; 1 it was not (the output says what and why); 2 wrong
usage; 3 there is nobody to be checked.
"""

import io
import logging
import os
import sys
from pathlib import Path

import click

from client import options
from client.address import Address
from client.chat import chat
from client.check import options as check_options
from client.check.report import FORMATS
from client.check.scorecard import OFFERED, Scorecard, score
from client.check.subject import Subject
from client.conversation import Conversation, Patience
from client.dialect import DIALECTS
from client.log import open_log
from client.run import run
from client.script import Step
from client.stop import Stopped, StopSignal
from client.terminal import Terminal

LOCALHOST = " (One that listens on localhost is reached from its own machine, or container, alone.)"


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Talk to a Thread Lanes server, and show which thread answers."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        stream = getattr(sys, name)
        if stream is None:  # closed by whoever started us: an empty one takes its place
            setattr(sys, name, Path(os.devnull).open(mode))  # noqa: SIM115 - stays open
        elif mode == "w" and isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # for what its encoding lacks


@main.command("run")
@options.server
@options.protocol
@options.greeting_timeout
@options.script
@options.repeat
@options.log_format
def run_command(
    *,
    server: Address,
    protocol: str,
    greeting_timeout: float,
    script: list[Step],
    times: int | None,
    log_format: str,
) -> None:
    """Play a script and print each reply with the thread that served it.

    SIGTERM and Ctrl-C end it after the message in hand. Exit code: 0 if every message was
    answered, 1 if not (the last lines tell which and why), 2 for wrong usage.
    """
    log = open_log(sys.stdout, log_format)
    patience = Patience(greeting=greeting_timeout)
    with (
        StopSignal() as stop,
        Conversation(server, DIALECTS[protocol], patience, stop, log) as conversation,
    ):
        well = run(script, times, conversation, stop, log)
    sys.exit(0 if well else 1)


@main.command("chat")
@options.server
@options.protocol
@options.greeting_timeout
@options.ask
def chat_command(*, server: Address, protocol: str, greeting_timeout: float, ask: bool) -> None:
    """Chat as the original lab's client does: send, print the reply, ask whether to go on.

    Ctrl-D, Ctrl-C and SIGTERM end it. Exit code: 0, or 1 when the server could not be had;
    standard error tells why.
    """
    log = open_log(sys.stderr, "console", logging.WARNING)
    patience = Patience(greeting=greeting_timeout)
    with (
        StopSignal() as stop,
        Conversation(server, DIALECTS[protocol], patience, stop, log) as conversation,
    ):
        person = Terminal(sys.stdin.fileno(), sys.stdout, stop)
        well = chat(conversation, person, stop, log, ask=ask)
    sys.exit(0 if well else 1)


@main.command("check")
@check_options.server
@check_options.protocol
@check_options.clients
@check_options.timeout
@check_options.wait
@check_options.only
@check_options.report_format
def check_command(
    *,
    server: Address,
    protocol: str,
    clients: int,
    timeout: float,
    wait: float,
    only: tuple[str, ...],
    report_format: str,
) -> None:
    """Check whether a server, anybody's, serves its clients at the same time.

    All that is known of it is what comes over TCP: it may be written in any language. It takes 60
    seconds at the most. Exit code: 0 all passed, 1 something failed, 2 wrong usage, 3 nobody is
    there.
    """
    checks = [check for check in OFFERED[protocol] if not only or check.name in only]
    if len(checks) < len(set(only)):
        raise click.UsageError(f"not all of {', '.join(only)} can be checked in `{protocol}`.")
    try:
        subject = Subject.find(
            server, protocol=protocol, clients=clients, timeout=timeout, wait=wait
        )
    except Stopped:
        raise click.Abort from None
    except OSError as error:
        click.echo(f"Nobody is there to be checked: {error}{LOCALHOST}", err=True)
        sys.exit(3)
    with subject:
        if protocol == "handout" and subject.greeting().startswith("+OK "):
            raise click.UsageError(f"{server} greets as `lines` has it: add --protocol lines.")
        card = Scorecard(str(server), protocol, list(score(subject, checks)))
    click.echo(FORMATS[report_format](card))
    sys.exit(0 if card.all_passed else 1)


if __name__ == "__main__":
    main(prog_name="python -m client")
