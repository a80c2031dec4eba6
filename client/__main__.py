"""`python -m client`: options -> objects -> exit code."""

import errno
import io
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import click

from client import options
from client.address import Address
from client.chat import chat
from client.conversation import Conversation, Patience, Secure
from client.log import Log
from client.protocol import DIALECTS
from client.run import run
from client.script import Step
from client.signals import StopSignal
from client.terminal import Terminal

ANY_WORDS = {"ignore_unknown_options": True, "allow_extra_args": True}
MOVED = (
    "`client check` has moved: lanes check HOST:PORT "
    "(with Compose: docker compose run --rm --no-deps lanes check server:2022)"
)
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO}  # of a disk that takes no more data


class Commands(click.Group):
    """Reports in one line that the output cannot be written."""

    def main(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - click's
        """Run the command; exit with 1 if its output cannot be written."""
        try:
            return super().main(*args, **kwargs)
        except OSError as error:
            if error.errno not in FULL:
                raise
            click.echo(f"Error: the output cannot be written: {error.strerror}", err=True)
            with suppress(OSError):  # else Python tries again at exit, and fails
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(1)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Talk to a Thread Lanes server, and show which thread answers."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        stream = getattr(sys, name)
        if stream is None:  # closed before we started: use an empty one
            setattr(sys, name, Path(os.devnull).open(mode))  # noqa: SIM115 - stays open
        elif mode == "w" and isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # for characters it cannot encode


@main.command("run")
@options.server
@options.protocol
@options.greeting_timeout
@options.tls
@options.script
@options.repeat
@options.log_format
def run_command(
    *,
    server: Address,
    protocol: str,
    greeting_timeout: float,
    secure: Secure,
    script: list[Step],
    times: int | None,
    log_format: str,
) -> None:
    """Play a script and print each reply with the thread that served it.

    SIGTERM and Ctrl-C end it after the message in hand. Exit code: 0 if every message was
    answered, 1 if not (the last lines say which and why), 2 for wrong usage.
    """
    log = Log(sys.stdout, log_format)
    patience = Patience(greeting=greeting_timeout)
    with (
        StopSignal() as stop,
        Conversation(server, DIALECTS[protocol], patience, stop, log, secure) as conversation,
    ):
        well = run(script, times, conversation, stop, log)
    sys.exit(0 if well else 1)


@main.command("chat")
@options.server
@options.protocol
@options.greeting_timeout
@options.tls
@options.ask
def chat_command(
    *, server: Address, protocol: str, greeting_timeout: float, secure: Secure, ask: bool
) -> None:
    """Chat as the original lab's client does: send, print the reply, ask whether to go on.

    Ctrl-D, Ctrl-C and SIGTERM end it. Exit code: 0, or 1 if the server could not be reached;
    standard error says why.
    """
    log = Log(sys.stderr, "console", quiet=True)
    patience = Patience(greeting=greeting_timeout)
    with (
        StopSignal() as stop,
        Conversation(server, DIALECTS[protocol], patience, stop, log, secure) as conversation,
    ):
        person = Terminal(sys.stdin.fileno(), sys.stdout, stop)
        well = chat(conversation, person, stop, log, ask=ask)
    sys.exit(0 if well else 1)


@main.command("check", hidden=True, add_help_option=False, context_settings=ANY_WORDS)
def check_command() -> None:
    """Say where this command is now."""
    click.echo(MOVED, err=True)
    sys.exit(2)


if __name__ == "__main__":
    main(prog_name="python -m client")
