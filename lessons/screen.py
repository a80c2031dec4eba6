"""Shows a walk: prose, a running command, its output, and predictions next to the answers."""

import os
import re
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import zip_longest

import click
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.markdown import Markdown
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from lessons.lesson import FOLDER, ROOT, Command
from lessons.pattern import Piece, pieces
from lessons.shell import Ran, without_colours

RUNNING = 8  # lines shown of a command while it runs
FOLDED = 3  # fold lines that are not worth showing if there are more than this
LAST = 30  # lines to show of an output that is not as expected
LINK = re.compile(r"(?<!!)\[([^]]+)\]\((?!https?:)([^)#]*)[^)]*\)")  # from a lesson to another file


class Screen:
    """A terminal, or another output, on which nothing is folded."""

    def __init__(self) -> None:
        self._console = Console(highlight=False)

    def heading(self, text: str) -> None:
        """Draw a line across the screen, with this text."""
        self._console.print()
        self._console.rule(text, align="left")

    def prose(self, markdown: str) -> None:
        """Show text to read."""
        self._console.print(_markdown(markdown))
        self._console.print()

    def command(self, command: Command) -> None:
        """Show the command that runs next."""
        self._console.print(Text(f"$ {command.text}", style="bold"), soft_wrap=True)

    @contextmanager
    def running(self) -> Iterator[Callable[[str], None]]:
        """Yield a function that takes a running command's lines; a terminal shows the last ones."""
        if not self._console.is_terminal:
            yield lambda line: click.echo(line, nl=False)
            return
        last: deque[Text] = deque(maxlen=RUNNING)
        spinner = Spinner("dots", "running (Ctrl-C leaves the lesson)")
        with Live(spinner, console=self._console, transient=True) as live:

            def show(line: str) -> None:
                text = without_colours(line).rstrip()
                last.append(Text(text, style="dim", no_wrap=True, overflow="ellipsis"))
                live.update(Group(*last, spinner))

            yield show

    def outcome(self, command: Command, ran: Ran) -> bool:
        """Show a command's output, folded; return whether all of it is on the screen."""
        found = pieces(command.expected, ran.output)
        seen = 0
        if self._console.is_terminal:
            for piece in found or _tail(ran.output):
                seen += self._piece(piece)
        all_seen = ran.output.count("\n") == seen < self._console.height
        if command.expected and found is None and self._console.is_terminal:
            more = "." if all_seen else ": l shows all of it."
            self.say(f"This is not quite what the lesson expects{more}")
        if ran.exit_code:
            self._console.print(f"(exit code {ran.exit_code}; docs/troubleshooting.md may help)")
        self._console.print()
        return all_seen

    def _piece(self, piece: Piece) -> int:
        if not piece.shown and len(piece.lines) > FOLDED:
            self._console.print(Text(f"    ⋯ {len(piece.lines)} lines", style="dim"))
            return 0
        for line in piece.lines:
            self._console.print(Text(line), soft_wrap=True)
        return len(piece.lines)

    def predictions(
        self, questions: Sequence[str], predicted: Sequence[str], answers: Sequence[str] = ()
    ) -> None:
        """Show each question with the prediction and, if known, the answer."""
        table = Table(box=None, header_style="bold", padding=(0, 2, 1 if answers else 0, 0))
        table.add_column("")
        for title in ("The question", "Your prediction", *(["What happens"] if answers else [])):
            table.add_column(title, ratio=1)
        rows = zip_longest(questions, predicted, answers, fillvalue="")
        for number, (question, prediction, answer) in enumerate(rows, start=1):
            cells: list[RenderableType] = [_markdown(question), Text(prediction or "-")]
            if answers:
                cells.append(_markdown(answer))
            table.add_row(f"{number}.", *cells)
        self._console.print(table)
        self._console.print()

    def say(self, text: str) -> None:
        """Show a message to the reader."""
        self._console.print(Text(text))

    def page(self, ran: Ran) -> None:
        """Show all of an output in a pager."""
        click.echo_via_pager(ran.output)


def _markdown(text: str) -> Markdown:
    """Return a lesson's text for a terminal: links show where they lead."""
    return Markdown(LINK.sub(_named, text), hyperlinks=False)


def _named(link: re.Match[str]) -> str:
    """Return a link's text and its path from the root; of another lesson, the number is enough."""
    text, target = link.groups()
    path = os.path.relpath(FOLDER / target, ROOT)
    if (FOLDER / target).parent == FOLDER:
        return text
    return path if path.endswith(text) else f"{text} ({path})"


def _tail(output: str) -> list[Piece]:
    """Return the pieces of an output without a matching pattern: only the end is shown."""
    lines = tuple(output.splitlines())
    return [Piece(lines[:-LAST], shown=False, pattern=""), Piece(lines[-LAST:], True, "")]
