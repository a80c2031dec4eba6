"""The commands that ask running servers: `health` asks one, `lanes` one or all behind a name."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from select import select
from typing import TextIO

import click
from rich.console import Console, Group
from rich.live import Live

from server.dispatcher import HEALTH
from server.options import Seconds
from server.signals import stop_signals
from server.status import Answer, Unwell, addresses, fetch, fetch_each
from server.views import svg
from server.views.merged import merge_pictures
from server.views.merged_trace import merge_traces
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


class Onlooker:
    """Looks at the server at `host`, or at all of a name. Both ways may raise Unwell."""

    def __init__(self, host: str, port: int, name: str | None) -> None:
        self._host = host
        self._port = port
        self._name = name
        self._known: set[str] = set()  # who answered last

    def picture(self, path: str) -> Picture:
        """What there is to draw now, by the page at `path`."""
        with self._understanding():
            if self._name is None:
                return Picture.from_json(fetch(self._host, self._port, path).body)
            return merge_pictures(*self._ask(self._name, path))

    def trace(self) -> str:
        """All that is remembered, as a file for Perfetto."""
        with self._understanding():
            if self._name is None:
                return fetch(self._host, self._port, TRACE).body.decode()
            answers, silent = self._ask(self._name, TRACE)
            for error in silent:
                click.echo(f"Not in the trace: {error}", err=True)
            return merge_traces(answers)

    def _ask(self, name: str, path: str) -> tuple[list[Answer], list[Unwell]]:
        """What all say, and why some of those that the name stands for say nothing.

        A server that drains has left the name, and still serves. So whoever has answered is asked
        again, until it answers no more.
        """
        named = addresses(name, self._port)
        said = fetch_each(named | self._known, self._port, path)
        answers = [one for one in said.values() if isinstance(one, Answer)]
        silent = [one for host, one in said.items() if host in named and isinstance(one, Unwell)]
        if not answers:
            raise silent[0]
        self._known = {answer.host for answer in answers}
        return answers, silent

    @contextmanager
    def _understanding(self) -> Iterator[None]:
        """In a swarm that is being updated one version may ask another."""
        try:
            yield
        except ValueError as error:
            raise Unwell(f"{self._name or self._host} port {self._port}: {error}") from None


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
            _write(onlooker.trace(), trace)
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
