"""`python -m lessons 2` walks through lesson 2: its text, and one command after the other."""

import sys

import click

from lessons.lesson import Lesson, find, read
from lessons.walk import Left, Walk


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("number", required=False)
def main(number: str | None) -> None:
    """Walk through the lesson with that NUMBER; without one, list all lessons.

    On a terminal it waits before each command, and resumes where you left. Leaving is no error: q,
    Ctrl-C and Ctrl-D end it with exit code 0.
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
        Walk(read(paths[number])).go()
    except Left:
        _say_goodbye(number)
    except (KeyboardInterrupt, EOFError):
        click.echo()
        _say_goodbye(number)


def _say_goodbye(number: str) -> None:
    click.echo(
        f"`make lesson N={number}` resumes here. If a server is still up, `make down` ends it."
    )


def titled(lesson: Lesson) -> str:
    """Return the lesson's line in the list."""
    minutes = "a minute" if lesson.minutes == 1 else f"{lesson.minutes} minutes"
    return f"{lesson.number} {lesson.title} ({minutes})"


if __name__ == "__main__":
    main(prog_name="python -m lessons")
