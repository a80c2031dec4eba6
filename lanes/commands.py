"""`lanes page`, `picture`, `trace` and `report`: ask servers, and draw what they report."""

from contextlib import suppress
from typing import TextIO

import click
from rich.console import Console, Group
from rich.live import Live

from lanes.ask import Source
from lanes.layout import picture_of
from lanes.options import PAGE_PORT, Port, from_servers, look_back, option
from lanes.page import documents
from lanes.page.query import Query
from lanes.signals import until_stopped
from lanes.svg import drawing as svg
from lanes.terminal import drawing as terminal
from lanes.trace import trace_json

REDRAW = 0.5  # seconds between two live pictures
WIDTH = 100  # cells, if the output is not a terminal

written = click.File("w", encoding="utf-8")


@click.command()
@from_servers
@option("--host", default="127.0.0.1", help="Address to listen on.")
@option("--port", type=Port(0, 65535), default=PAGE_PORT, help="Port to listen on.")
def page(*, servers: Source, host: str, port: int) -> None:
    """Show the lanes in a browser, kept up to date, until SIGTERM or Ctrl-C."""
    from lanes.page.serving import serve  # noqa: PLC0415 - Flask starts slowly

    try:
        serve(servers, host, port)
    except OSError as error:
        raise click.ClickException(
            f"cannot listen on {host} port {port}: {error.strerror}. "
            "Choose another with --host or --port."
        ) from None


@click.command()
@from_servers
@click.option("--watch", is_flag=True, help="Draw it anew twice a second, until Ctrl-C.")
@look_back
@click.option("--svg", "file", type=written, metavar="FILE|-", help="Write it as SVG instead.")
def picture(*, servers: Source, watch: bool, seconds: float | None, file: TextIO | None) -> None:
    """Draw which thread serves, or served, which client, and when."""
    console = Console(highlight=False)
    if watch and file:
        raise click.UsageError("--watch draws again and again, but a file is written once.")
    if watch and not console.is_interactive:
        raise click.UsageError("--watch needs a terminal to draw on.")

    def draw(height: int | None = None) -> Group:
        seen = picture_of(servers.snapshot(), seconds)
        return terminal.draw(seen, console.width, height)

    if file:
        write(svg.draw(picture_of(servers.snapshot(), seconds)), file)
    elif watch:
        with (
            until_stopped() as stopped,
            Live(draw(console.height), console=console, auto_refresh=False) as live,
        ):
            while not stopped(max(REDRAW, servers.pause)):
                live.update(draw(console.height), refresh=True)
    else:
        console.width = console.width if console.is_terminal else WIDTH
        console.print(draw())


@click.command()
@from_servers
@click.argument("file", type=written, metavar="FILE|-")
def trace(*, servers: Source, file: TextIO) -> None:
    """Write all that is remembered as a trace, for Perfetto."""
    snapshot = servers.snapshot()
    for line in snapshot.missing:
        click.echo(f"Not in the trace: {line}", err=True)
    write(trace_json(snapshot), file)


@click.command()
@from_servers
@click.option("--author", default="", metavar="NAME", help="Student's name, for the report.")
@click.option("--course", default="", metavar="NAME", help="Course, for the report.")
@click.option(
    "--asked", default="", metavar="TEXT", help="The assignment's question, for the report."
)
@click.argument("file", type=written, metavar="FILE|-")
def report(*, servers: Source, file: TextIO, author: str, course: str, asked: str) -> None:
    """Write a page to keep: the picture, all sessions that are remembered, the settings."""
    query = Query(author=author, course=course, asked=asked)
    write(documents.report(servers.snapshot(), query), file)


def write(text: str, file: TextIO) -> None:
    """Write to a file that is opened only now: if a command fails before, it stays as it was."""
    try:
        file.write(text)
        file.flush()
    except OSError as error:
        with suppress(OSError):
            file.close()  # now: otherwise it fails again when the command ends
        raise click.ClickException(f"cannot write to {file.name}: {error.strerror}") from None
