"""The commands that ask running servers: `health` asks one, `lanes` one or all behind a name."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from select import select
from typing import TextIO

import click
from rich.console import Console, Group
from rich.live import Live

from server.dispatcher import HEALTH
from server.onlooker import Onlooker
from server.options import Seconds
from server.signals import stop_signals
from server.status import Unwell, fetch
from server.views import svg
from server.views.terminal import draw, open_console
from server.web import SHORTEST

REDRAW = 0.5  # seconds from one live picture to the next
written = click.File("w", encoding="utf-8")


@contextmanager
def answering() -> Iterator[None]:
    """Tell in one line that the server did not answer, and exit with 1."""
    try:
        yield
    except Unwell as error:
        raise click.ClickException(f"{error}. Is the server running?") from None


@click.command()
@click.pass_context
def health(context: click.Context, /) -> None:
    """Ask the server on this machine whether it is well: exit 0 if it is, 1 if not."""
    options = context.find_root().params
    with answering():
        click.echo(fetch(options["host"], options["status_port"], HEALTH).body, nl=False)


@click.command()
@click.option(
    "--from",
    "name",
    metavar="NAME",
    help="Ask all servers that a name stands for (in a swarm: tasks.server), and show them as one.",
)
@click.option("--watch", is_flag=True, help="Draw them anew twice a second, until Ctrl-C.")
@click.option(
    "--seconds",
    type=Seconds(SHORTEST),
    help="How far to look back. Without it: a minute, or less where that shows all of it.",
)
@click.option("--svg", "drawing", type=written, metavar="FILE|-", help="Write it as SVG instead.")
@click.option("--trace", type=written, metavar="FILE|-", help="Write a trace for Perfetto instead.")
@click.pass_context
def lanes(
    context: click.Context,
    /,
    *,
    name: str | None,
    watch: bool,
    seconds: float | None,
    drawing: TextIO | None,
    trace: TextIO | None,
) -> None:
    """Draw which thread serves, or served, which client, and when."""
    options = context.find_root().params
    path = "/lanes.json" if seconds is None else f"/lanes.json?seconds={seconds}"
    onlooker = Onlooker(options["host"], options["status_port"], name)
    console = open_console()
    if watch and (drawing or trace):
        raise click.UsageError("--watch draws again and again, and a file is written once.")
    if watch and not console.is_interactive:
        raise click.UsageError("--watch needs a terminal to draw on.")
    with answering():
        if drawing:
            _write(svg.draw(onlooker.picture(path)), drawing)
        if trace:
            text, silent = onlooker.trace()
            for error in silent:
                click.echo(f"Not in the trace: {error}", err=True)
            _write(text, trace)
        if watch:
            _keep_drawing(onlooker, path, console)
        elif not drawing and not trace:
            console.print(draw(onlooker.picture(path), console.width))


def _write(text: str, file: TextIO) -> None:
    """To a file that only this opens: where there is nothing to write, it stays as it was."""
    try:
        file.write(text)
        file.flush()
    except OSError as error:
        with suppress(OSError):
            file.close()  # now: it would fail once more, when the command has ended
        raise click.ClickException(f"cannot write to {file.name}: {error.strerror}") from None


def _keep_drawing(onlooker: Onlooker, path: str, console: Console) -> None:
    def drawing() -> Group:
        return draw(onlooker.picture(path), console.width, console.height)

    with stop_signals() as stop, Live(drawing(), console=console, auto_refresh=False) as live:
        while not select([stop], [], [], REDRAW)[0]:
            live.update(drawing(), refresh=True)
