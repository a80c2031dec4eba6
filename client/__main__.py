"""`python -m client`: options -> objects -> exit code.

Exit codes: 0 all was answered, or passed; 1 it was not (the output says what and why); 2 wrong
usage; 3 there is nobody to be checked; 130 Ctrl-C ended the checks.
"""

import io
import logging
import os
import sys
from pathlib import Path

import click
from rich.console import Console

from client import options
from client.address import Address
from client.chat import chat
from client.check import options as check_options
from client.check.report import FORMATS
from client.check.scorecard import Result, Scorecard, score
from client.check.subject import Subject, Unreachable
from client.conversation import Conversation, Patience
from client.dialect import DIALECTS
from client.log import open_log
from client.run import run
from client.script import Step
from client.stop import Stopped, StopSignal
from client.terminal import Terminal

INTERRUPTED = 130  # what a shell says of a program that Ctrl-C has ended


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
@check_options.many
@check_options.timeout
@check_options.wait
@check_options.only
@check_options.report_format
def check_command(
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
    """Check whether a server, anybody's, serves its clients at the same time.

    All that is known of it is what comes over TCP: it may be written in any language. It takes 60
    seconds at the most. Exit code: 0 all passed, 1 not all, 2 wrong usage, 3 nobody is there, 130
    it was stopped by Ctrl-C.
    """
    checks = check_options.chosen(protocol, only)
    check_options.allow_connections(max(clients, many))
    results: list[Result] = []
    try:
        with Subject.find(
            server, DIALECTS[protocol], clients=clients, many=many, timeout=timeout, wait=wait
        ) as subject:
            if protocol == "handout" and subject.greeting.startswith("+OK "):
                raise click.UsageError(f"{server} greets as `lines` has it: add --protocol lines.")
            # One for all of them: it hides the cursor, and must not be interrupted as it begins to.
            with Console(stderr=True).status(str(server)) as status:
                for result in score(subject, checks, status.update):
                    results.append(result)  # noqa: PERF402 - what there is by then is told anyway
    except Unreachable as error:
        click.echo(f"Nobody is there to be checked: {error}", err=True)
        sys.exit(3)
    except (KeyboardInterrupt, Stopped):
        pass
    card = Scorecard(str(server), protocol, results, of=len(checks))
    click.echo(FORMATS[report_format](card))
    if len(results) < len(checks):
        sys.exit(INTERRUPTED)
    sys.exit(0 if card.all_passed else 1)


if __name__ == "__main__":
    main(prog_name="python -m client")
