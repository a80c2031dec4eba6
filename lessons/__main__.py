"""`python -m lessons 2` walks through lesson 2: its text, and its commands one by one."""

import sys

import click
from rich.console import Console
from rich.markdown import Markdown
from rich.text import Text

from lessons.lesson import Command, Lesson, Prose, find, read
from lessons.shell import run

INTERRUPTED = 130  # what a shell says of a program that Ctrl-C has ended


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("number", required=False)
def main(number: str | None) -> None:
    """Walk through the lesson of that NUMBER; without one, list all lessons.

    Before each command it waits for Enter, where there is somebody to press it.
    """
    paths = find()
    if number is None:
        for path in paths.values():
            click.echo(titled(read(path)))
        return
    if number not in paths:
        lessons = "; ".join(titled(read(path)) for path in paths.values())
        click.echo(f"There is no lesson {number}. There are: {lessons}.", err=True)
        sys.exit(2)
    try:
        walk(read(paths[number]))
    except (KeyboardInterrupt, EOFError):
        click.echo("\nLeft. If a server is still up, `make down` ends it.")
        sys.exit(INTERRUPTED)


def titled(lesson: Lesson) -> str:
    """A line of the list."""
    minutes = "a minute" if lesson.minutes == 1 else f"{lesson.minutes} minutes"
    return f"{lesson.number} {lesson.title} ({minutes})"


def walk(lesson: Lesson) -> None:
    """Show the prose, run the commands. What they print is not judged: the prose says what to see.

    The claims are for the tests.
    """
    console = Console()
    for step in lesson.steps:
        if isinstance(step, Prose):
            console.print(Markdown(step.text))
            console.print()
        elif isinstance(step, Command):
            perform(console, step)


def perform(console: Console, command: Command) -> None:
    """Show a command, and run it once the reader wants to."""
    console.print(Text(f"$ {command.text}", style="bold"), soft_wrap=True)
    if sys.stdin.isatty():
        input("Enter runs it. ")
    ran = run(command.text, show=lambda line: click.echo(line, nl=False))
    if ran.exit_code:
        console.print(Text(f"(exit code {ran.exit_code})"))
    console.print()


if __name__ == "__main__":
    main(prog_name="python -m lessons")
