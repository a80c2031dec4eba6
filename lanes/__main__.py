"""`lanes`, or `python -m lanes`: draws and grades what servers did."""

import errno
import os
import sys
from contextlib import suppress
from importlib import import_module
from typing import Any

import click

from lanes.ask import NoAnswer

COMMANDS = dict.fromkeys(("page", "picture", "trace", "report"), "lanes.commands")
COMMANDS |= {"watch": "lanes.watch.command", "check": "lanes.check.command"}
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO}  # errors of a disk that takes no more

POSIX = {"fcntl", "resource", "termios"}  # modules that Windows does not have


class Commands(click.Group):
    """Imports a command when it is needed: `check` starts without the drawing code."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's
        """Return the names of all commands, in order."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's
        """Import the command of that name; None if there is none."""
        if cmd_name not in COMMANDS:
            return None
        try:
            command: click.Command = getattr(import_module(COMMANDS[cmd_name]), cmd_name)
        except ModuleNotFoundError as missing:
            if missing.name not in POSIX:
                raise
            return _unavailable(cmd_name, missing.name)
        return command

    def main(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - click's
        """Run; report in one line if the output cannot be written, and exit with 1."""
        try:
            return super().main(*args, **kwargs)
        except OSError as error:
            if error.errno not in FULL:
                raise
            click.echo(f"Error: the output cannot be written: {error.strerror}", err=True)
            with suppress(OSError):  # otherwise Python tries again at exit, and fails
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(1)

    def invoke(self, ctx: click.Context) -> object:
        """Run the command; report in one line if no server answers, and exit with 1."""
        try:
            return super().invoke(ctx)
        except NoAnswer as error:
            raise click.ClickException(f"{error}. Is the server running?") from None


def _unavailable(name: str, module: str) -> click.Command:
    """A placeholder for a command that this system cannot run."""
    why = f"Not on this system: it has no module `{module}`. In WSL, or a container, it works."

    def refuse() -> None:
        raise click.ClickException(why)

    words = {"ignore_unknown_options": True, "allow_extra_args": True}
    return click.Command(name, context_settings=words, callback=refuse, help=why)


@click.group(
    cls=Commands,
    context_settings={"auto_envvar_prefix": "LANES", "help_option_names": ["-h", "--help"]},
)
def main() -> None:
    """See which thread of a server serves which client.

    `check` and `watch` work with any server; the others read /sessions.json from running servers.
    """


if __name__ == "__main__":
    main(prog_name="lanes")
