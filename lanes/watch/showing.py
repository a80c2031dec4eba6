"""What a watch shows while it runs, and the files that it writes at its end."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import TextIO

import click
from rich.console import Console
from rich.live import Live

from lanes.commands import REDRAW, write
from lanes.document import render
from lanes.layout import picture_of
from lanes.page import documents
from lanes.snapshot import Snapshot
from lanes.svg import drawing as svg
from lanes.terminal import drawing as terminal
from lanes.trace import trace_json
from lanes.watch.session import Watched

VIEWS: Mapping[str, Callable[[Snapshot], str]] = {
    "text": lambda seen: terminal.as_text(picture_of(seen), WIDTH),
    "report": documents.report,
    "trace": trace_json,
    "svg": lambda seen: svg.draw(picture_of(seen)),
    "json": lambda seen: f"{render(seen)}\n",
}
WIDTH = 150  # columns of a text: fewer leave no room for where a thread is
KNOW = 1.0  # seconds between readings of the threads' names and lines, which end with the threads


@contextmanager
def page(watched: Watched, host: str, port: int) -> Iterator[None]:
    """Serve the page while the watch runs."""
    from lanes.page.serving import serving  # noqa: PLC0415 - Flask starts slowly

    try:
        with serving(watched, host, port):
            yield
    except OSError as error:
        raise click.ClickException(
            f"cannot listen on {host} port {port}: {error.strerror}. "
            "Choose another with --host or --page-port."
        ) from None


@contextmanager
def shown(
    watched: Watched, *, live: bool, every: float | None, files: dict[str, TextIO | None]
) -> Iterator[Callable[[], None]]:
    """Yield a function to call repeatedly: it draws in the terminal and writes lines of JSON."""
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
