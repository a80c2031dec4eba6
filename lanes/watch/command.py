"""`lanes watch`: which thread of any server serves which client, seen from outside."""

import resource
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from functools import partial
from typing import TextIO

import click

from lanes.commands import write, written
from lanes.options import PORT, Port, Seconds, Whole, option
from lanes.watch.ending import SIGNALS, Ending
from lanes.watch.rights import sidecar
from lanes.watch.session import Watched
from lanes.watch.showing import VIEWS, page, shown
from lanes.watch.target import IMAGE, NotFound, Target, of_command, of_container, of_pid, of_port

ENDS = 1.0  # seconds to wait for a command that ended before it could be watched


@click.command()
@click.argument("command", nargs=-1, type=click.UNPROCESSED, metavar="[-- COMMAND...]")
@option("--port", type=Port(1, 65535), help="Watch the server that listens on this TCP port.")
@option("--pid", type=Whole(min=1), help="Watch this process and its children.")
@option("--container", metavar="NAME", help="Watch a container. Needs root on the engine's host.")
@click.option("--terminal", "live", is_flag=True, help="Draw in the terminal, twice a second.")
@click.option(
    "--text", type=written, metavar="FILE|-", help="Write that drawing as text when the watch ends."
)
@click.option("--report", type=written, metavar="FILE|-", help="Write a page that you can keep.")
@click.option("--trace", type=written, metavar="FILE|-", help="Write a trace for Perfetto.")
@click.option("--svg", type=written, metavar="FILE|-", help="Write the lanes as SVG.")
@click.option("--json", type=written, metavar="FILE|-", help="Write the sessions as JSON.")
@option("--every", type=Seconds(min=0.1), help="Write a line of JSON every N seconds.")
@option("--seconds", type=Seconds(min=0.1), help="Watch for N seconds, then end.")
@option("--host", default="127.0.0.1", help="Address of the page.")
@option("--page-port", type=Port(0, 65535), default=PORT, help="Port of the page.")
def watch(  # noqa: PLR0913 - one argument for each option
    *,
    command: tuple[str, ...],
    port: int | None,
    pid: int | None,
    container: str | None,
    live: bool,
    every: float | None,
    seconds: float | None,
    host: str,
    page_port: int,
    **files: TextIO | None,
) -> None:
    """Watch any server on Linux, unchanged: which thread serves which client.

    Starts COMMAND and ends with it, or watches a running server: --port, --pid or --container.
    Serves a live page unless you ask for --terminal or a file.
    """
    if sys.platform != "linux":
        raise click.ClickException(
            "`lanes watch` reads Linux's /proc. Run it in a container beside the server:\n  "
            + sidecar(container or "NAME", IMAGE, port)
        )
    if every and not files["json"]:
        raise click.UsageError("--every needs --json.")
    wanted = {name: file for name, file in files.items() if file}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    ending = Ending()
    try:
        find = _target(command, port, pid, container)
        target = find()
        ending.child = target.child
        # Not before the child starts: it would inherit both.
        signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
        _allow_descriptors()
        again = find if not (command or pid) else None  # a server may be restarted
        with Watched(target, again) as watched, ExitStack() as views:
            if watched.missing:
                click.echo(watched.missing, err=True)
            step = views.enter_context(shown(watched, live=live, every=every, files=files))
            if not live and not wanted:
                views.enter_context(page(watched, host, page_port))
            ending.wait(watched, seconds, step)
            last = watched.snapshot()  # while everything can still be seen
            if watched.unheard():
                _tell(watched.unheard(), target)
        for name, file in wanted.items():
            if not (name == "json" and every):
                write(VIEWS[name](last), file)
    except NotFound as error:
        if not ending.child:
            raise click.ClickException(f"{error}.") from None
        with suppress(subprocess.TimeoutExpired):  # its files in /proc vanish before it has ended
            ending.child.wait(ENDS)
        click.echo(f"{' '.join(command)} exited before it could be watched.", err=True)
    finally:
        code = ending.end()  # whatever has happened, leave nothing running
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    sys.exit(code)


def _tell(unheard: str, target: Target) -> None:
    """Print the likely reason why the server was not seen listening."""
    if not target.child:
        click.echo(unheard, err=True)
    elif target.child.poll() == 0:
        click.echo(
            "The command has exited. If the server now runs in the background, watch it with "
            "--port PORT.",
            err=True,
        )


def _allow_descriptors() -> None:
    """Raise our limit of open files as far as allowed: each watched thread takes one."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _target(
    command: Sequence[str], port: int | None, pid: int | None, container: str | None
) -> Callable[[], Target]:
    """Return a function that finds, or starts, what the user asked for."""
    if sum(map(bool, (command, pid or (port and not container), container))) != 1:
        raise click.UsageError(
            "Name exactly one to watch: -- COMMAND, --port, --pid or --container."
        )
    if command:
        return partial(of_command, command)
    if pid:
        return partial(of_pid, pid, port)
    return partial(of_container, container, port) if container else partial(of_port, port or 0)
