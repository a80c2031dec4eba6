"""The commands that ask running servers: `health` asks one, `lanes` one or all behind a name."""

from collections.abc import Iterator
from contextlib import contextmanager
from select import select
from typing import NamedTuple, TextIO

import click
from rich.console import Console, Group
from rich.live import Live

from server.dispatcher import HEALTH
from server.options import Seconds
from server.signals import stop_signals
from server.status import Unwell, fetch, fetch_all
from server.views import svg
from server.views.merged import merge_pictures, merge_traces
from server.views.picture import Picture
from server.views.terminal import draw, open_console
from server.web import SHORTEST

REDRAW = 0.5  # seconds from one live picture to the next
TRACE = "/trace.json"
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


class Onlooker(NamedTuple):
    """Looks at the server at `host`, or at all that `name` stands for. Both may raise Unwell."""

    host: str
    port: int
    name: str | None
    path: str  # of the picture

    def picture(self) -> Picture:
        """What there is to draw now."""
        with self._understanding():
            if self.name is None:
                return Picture.from_json(fetch(self.host, self.port, self.path).body)
            return merge_pictures(*fetch_all(self.name, self.port, self.path))

    def trace(self) -> str:
        """All that is remembered, as a file for Perfetto."""
        with self._understanding():
            if self.name is None:
                return fetch(self.host, self.port, TRACE).body.decode()
            return merge_traces(fetch_all(self.name, self.port, TRACE)[0])

    @contextmanager
    def _understanding(self) -> Iterator[None]:
        """In a swarm that is being updated one version may ask another."""
        try:
            yield
        except ValueError as error:
            raise Unwell(f"{self.name or self.host} port {self.port}: {error}") from None


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
    onlooker = Onlooker(options["host"], options["status_port"], name, path)
    console = open_console()
    if watch and not console.is_interactive:
        raise click.UsageError("--watch needs a terminal to draw on.")
    with answering():
        if drawing:
            drawing.write(svg.draw(onlooker.picture()))
        if trace:
            trace.write(onlooker.trace())
        if watch:
            _keep_drawing(onlooker, console)
        elif not drawing and not trace:
            console.print(draw(onlooker.picture(), console.width))


def _keep_drawing(onlooker: Onlooker, console: Console) -> None:
    def drawing() -> Group:
        return draw(onlooker.picture(), console.width, console.height)

    with stop_signals() as stop, Live(drawing(), console=console, auto_refresh=False) as live:
        while not select([stop], [], [], REDRAW)[0]:
            live.update(drawing(), refresh=True)
