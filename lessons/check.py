"""Checks that a lesson is true: runs all its commands in order, and tests every claim."""

import signal
import traceback
from collections.abc import Callable

from lessons.lesson import Claim, Command, Lesson
from lessons.pattern import difference
from lessons.shell import Ran, run

PATIENCE = 120.0  # seconds for one command; all commands of a lesson together take less


class Broken(AssertionError):
    """Something is not as the lesson says; the text says where, and what was printed instead."""


def _ignore(_command: Command, _ran: Ran) -> None:
    pass


def check(lesson: Lesson, note: Callable[[Command, Ran], object] = _ignore) -> None:
    """Run a lesson and call `note` after each command; raises Broken at the first difference."""
    output = ""
    for step in lesson.steps:
        if isinstance(step, Command):
            ran = _run(lesson, step)
            note(step, ran)
            output = ran.output
        elif isinstance(step, Claim):
            _test(lesson, step, output)


def _run(lesson: Lesson, command: Command) -> Ran:
    ran = run(command.text, show=_nobody_looks, patience=PATIENCE)
    if ran.exit_code == -signal.SIGKILL:
        wrong: str | None = f"it did not end within {PATIENCE:g} s"
    elif ran.exit_code:
        wrong = f"exit code {ran.exit_code}"
    else:
        wrong = difference(command.expected, ran.output) if command.expected else None
    if wrong:
        where = f"{lesson.path.name}:{command.line}: $ {command.text}"
        raise Broken(f"{where}\n{wrong}\nall that it printed:\n{ran.output}")
    return ran


def _test(lesson: Lesson, claim: Claim, output: str) -> None:
    try:
        claim.test(output)
    except Exception as error:
        # Sybil keeps the file's line numbers.
        line = traceback.extract_tb(error.__traceback__)[-1].lineno
        where = f"{lesson.path.name}:{line}"
        wrong = f"a claim failed: {error!r}\n{claim.example.parsed}"
        raise Broken(f"{where}: {wrong}\nof what the last command printed:\n{output}") from error


def _nobody_looks(_line: str) -> None:
    pass
