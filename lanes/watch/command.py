"""`lanes watch`: which thread of any server serves which client, seen from outside."""

import io
import math
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import TextIO

import click
from rich.console import Console
from rich.live import Live

from lanes.commands import REDRAW, write, written
from lanes.document import render
from lanes.layout import picture_of
from lanes.options import PORT, option
from lanes.page import documents
from lanes.snapshot import Snapshot
from lanes.svg import drawing as svg
from lanes.terminal import drawing as terminal
from lanes.trace import trace_json
from lanes.watch.session import Watched
from lanes.watch.target import NotFound, Target, of_command, of_container, of_pid, of_port


def _text(seen: Snapshot) -> str:
    console = Console(file=io.StringIO(), width=WIDTH, highlight=False, no_color=True)
    with console.capture() as drawn:
        console.print(terminal.draw(picture_of(seen), WIDTH))
    return drawn.get()


VIEWS: dict[str, Callable[[Snapshot], str]] = {
    "text": _text,
    "report": documents.report,
    "trace": trace_json,
    "svg": lambda seen: svg.draw(picture_of(seen)),
    "json": lambda seen: f"{render(seen)}\n",
}
SIGNALS = {signal.SIGINT, signal.SIGTERM}
WIDTH = 150  # cells of a text: with fewer there is no room for where a thread stands
KERNEL = 0x80  # SI_KERNEL, sigaction(2): sent by the terminal, to everyone in front of it
KNOW = 1.0  # seconds from one look at the threads' names and lines to the next: they end with them
STEP = 0.1  # seconds from one look at what has ended to the next

port_number = click.IntRange(1, 65535)


@click.command()
@click.argument("command", nargs=-1, type=click.UNPROCESSED, metavar="[-- COMMAND...]")
@option("--port", type=port_number, help="Watch whoever listens on this TCP port.")
@option("--pid", type=click.IntRange(min=1), help="Watch this process, and what it forks.")
@option("--container", metavar="NAME", help="Watch a container; as root, where it runs.")
@click.option("--terminal", "live", is_flag=True, help="Draw in the terminal, twice a second.")
@click.option("--text", type=written, metavar="FILE|-", help="Write the same once, at the end.")
@click.option("--report", type=written, metavar="FILE|-", help="Write a page to keep.")
@click.option("--trace", type=written, metavar="FILE|-", help="Write a trace for Perfetto.")
@click.option("--svg", type=written, metavar="FILE|-", help="Write the picture.")
@click.option("--json", type=written, metavar="FILE|-", help="Write the document /sessions.json.")
@option("--every", type=click.FloatRange(min=0.1), help="A line of --json every N seconds.")
@option("--seconds", type=click.FloatRange(min=0.1), help="Watch for N seconds, then end.")
@option("--host", default="127.0.0.1", help="Address of the page.")
@option("--page-port", type=click.IntRange(0, 65535), default=PORT, help="Port of the page.")
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

    Starts COMMAND and ends with it, or watches a server that runs: --port, --pid or --container.
    Shows a page, unless it is asked for something else.
    """
    if sys.platform != "linux":
        raise click.ClickException(
            "`lanes watch` reads Linux's /proc. Run it in a container beside the server: "
            "docker run --pid container:NAME --network container:NAME ... thread-lanes watch"
        )
    if every and not files["json"]:
        raise click.UsageError("--every is for --json.")
    wanted = {name: file for name, file in files.items() if file}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    target, code = None, 0
    try:
        target = _target(command, port, pid, container)
        signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)  # not earlier: a child would inherit it
        with Watched(target) as watched, ExitStack() as shown:
            if watched.missing:
                click.echo(watched.missing, err=True)
            step = shown.enter_context(_shown(watched, live=live, every=every, files=files))
            if not live and not wanted:
                shown.enter_context(_page(watched, host, page_port))
            _follow(target, watched, seconds, step)
            last = watched.snapshot()  # while what there is to tell is still there
        for name, file in wanted.items():
            if not (name == "json" and every):
                write(VIEWS[name](last), file)
    except NotFound as error:
        if not target or not target.child:
            raise click.ClickException(f"{error}.") from None
        click.echo(f"{target.name} has ended before it could be watched.", err=True)
    finally:
        code = _end(target) if target else 0  # whatever has happened: nothing is left running
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    sys.exit(code)


def _target(
    command: Sequence[str], port: int | None, pid: int | None, container: str | None
) -> Target:
    """The one that was asked for."""
    if sum(map(bool, (command, pid or (port and not container), container))) != 1:
        raise click.UsageError("Say what to watch: -- COMMAND, --port, --pid or --container.")
    if command:
        return of_command(command)
    if pid:
        return of_pid(pid, port)
    return of_container(container, port) if container else of_port(port or 0)


def _follow(
    target: Target, watched: Watched, seconds: float | None, step: Callable[[], None]
) -> None:
    """Until the server has ended, or we are told to stop, or the time is over."""
    child, until = target.child, time.monotonic() + (seconds or math.inf)
    while time.monotonic() < until and (child.poll() is None if child else not watched.wait(0)):
        step()
        told = signal.sigtimedwait(SIGNALS, STEP)
        if told and not child:
            return
        if told and child and told.si_code != KERNEL:  # else it has it already
            child.send_signal(told.si_signo)


def _end(target: Target) -> int:
    """End what we have started, if it still runs; our exit code, which is its own."""
    if not target.child:
        return 0
    if target.child.poll() is None:
        target.child.terminate()
        target.child.wait()
        return 0
    code = target.child.returncode
    return code if code >= 0 else 128 - code  # as a shell has it for one that a signal ended


@contextmanager
def _page(watched: Watched, host: str, port: int) -> Iterator[None]:
    """The page, served by a thread that ends with the process."""
    from lanes.page.serving import listening  # noqa: PLC0415 - Flask starts slowly

    try:
        with listening(watched, host, port) as server:
            threading.Thread(target=server.run, name="page", daemon=True).start()
            yield
    except OSError as error:
        raise click.ClickException(
            f"cannot listen on {host} port {port}: {error.strerror}. "
            "Choose another with --host or --page-port."
        ) from None


@contextmanager
def _shown(
    watched: Watched, *, live: bool, every: float | None, files: dict[str, TextIO | None]
) -> Iterator[Callable[[], None]]:
    """What to do again and again meanwhile: draw in the terminal, write a line of JSON."""
    console = Console(highlight=False)
    if live and not console.is_interactive:
        raise click.UsageError("--terminal needs a terminal to draw on.")
    due = dict.fromkeys(("know", "draw", "write"), time.monotonic())

    def is_due(what: str, pause: float) -> bool:
        if time.monotonic() < due[what]:
            return False
        due[what] += pause
        return True

    with Live(console=console, auto_refresh=False) if live else ExitStack() as drawing:

        def step() -> None:
            if is_due("know", KNOW):
                watched.snapshot()
            if isinstance(drawing, Live) and is_due("draw", REDRAW):
                seen = picture_of(watched.snapshot())
                drawing.update(terminal.draw(seen, console.width, console.height), refresh=True)
            if every and files["json"] and is_due("write", every):
                write(VIEWS["json"](watched.snapshot()), files["json"])

        yield step
