"""`python -m lessons.record 1 2` runs these lessons and writes the output into their pages.

A run is recorded only if it is as the lesson says, and if no command took too long.
"""

import os
import platform
import re
from datetime import UTC, datetime

import click

from lessons.check import Broken, check
from lessons.lesson import ROOT, Command, Lesson, Malformed, find, read
from lessons.pattern import ANYTHING, ANYTHING_SHOWN, pieces
from lessons.shell import Ran, run

SECONDS = 15  # the longest that a reader should wait for a command
WIDTH = 110  # characters in a line of a page
NOTE = re.compile(r"^<!-- run -->\n(.*?)^<!-- end -->$", re.MULTILINE | re.DOTALL)


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("numbers", nargs=-1)
def main(numbers: tuple[str, ...]) -> None:
    """Run the lessons with these NUMBERS, or all, and write the results into their pages."""
    paths = find()
    for number in numbers or paths:
        path = paths[number]
        text = path.read_text(encoding="utf-8")
        path.write_text(recorded(read(path), text, _versions()), encoding="utf-8")
        click.echo(f"{path.name}: recorded")


def recorded(lesson: Lesson, text: str, versions: str) -> str:
    """Return the text of a lesson with the results of a run; raises Broken or Malformed."""
    if not NOTE.search(text):
        raise Malformed(f"{lesson.path} has no place for the note on its run")
    runs: dict[Command, Ran] = {}
    check(lesson, note=runs.__setitem__)
    lines = text.splitlines()
    for command, ran in sorted(runs.items(), key=lambda one: one[0].line, reverse=True):
        if ran.seconds > SECONDS:
            took = f"took {ran.seconds:.0f} s; the limit is {SECONDS} s"
            raise Broken(f"{lesson.path.name}:{command.line}: $ {command.text}\n{took}")
        if command.run is not None:
            below = command.line + command.text.count("\n")
            lines[below : below + len(command.run)] = shown(command, ran.output)
    slowest = max(ran.seconds for ran in runs.values())
    today = f"{datetime.now(UTC):%-d %B %Y}"
    note = (
        f"<!-- run -->\n*The results on this page are from one run, on {today}: {versions}.\n"
        f"The slowest command took {slowest:.0f} s. Your results will differ in the details.*\n"
        "<!-- end -->"
    )
    return NOTE.sub(lambda _: note, "\n".join(lines) + "\n")


def shown(command: Command, output: str) -> list[str]:
    """Return the lines of an output that the page shows, with paths relative to the repository."""
    lines: list[str] = []
    for piece in pieces(command.expected, output.replace(f"{ROOT}/", "")) or ():
        if piece.shown:
            lines += [_narrow(line, piece.pattern) for line in piece.lines]
        elif piece.lines and lines[-1:] != [ANYTHING]:
            lines.append(ANYTHING)
    return lines


def _narrow(line: str, pattern: str) -> str:
    line = line.rstrip()
    if len(line) <= WIDTH:
        return line
    return f"{line[: WIDTH - 3]}..." if pattern == ANYTHING_SHOWN else pattern


def _versions() -> str:
    docker = _printed("docker version --format '{{.Server.Version}}'")
    compose = _printed("docker compose version --short")
    inside = _printed("docker run --rm --entrypoint python3 thread-lanes-server --version")
    outside = platform.python_version()
    return (
        f"Docker {docker}, Compose {compose},\n{inside} in the containers and {outside} outside, "
        f"{os.cpu_count()} cores"
    )


def _printed(command: str) -> str:
    return run(command, show=len).output.strip()


if __name__ == "__main__":
    main(prog_name="python -m lessons.record")
