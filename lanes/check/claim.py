"""A check: a claim about a server, and the function that tries it."""

from collections.abc import Callable
from typing import NamedTuple

from lanes.check.subject import Subject

Try = Callable[[Subject], str]  # returns its evidence, in a few words, or raises Failed with it
SHOWN = 50  # characters of a reply


class Check(NamedTuple):
    """A claim, and how to try it."""

    name: str
    claim: str
    hint: str  # the likely cause if the claim does not hold
    run: Try


def check(*, hint: str) -> Callable[[Try], Check]:
    """Make a function a check: its name is the check's, and its docstring the claim."""
    return lambda run: Check(run.__name__.replace("_", "-"), run.__doc__ or "", hint, run)


def quoted(text: str) -> str:
    """Text from the server, in quotes, and shortened."""
    return repr(text if len(text) <= SHOWN else f"{text[: SHOWN - 3]}...")


def duration(seconds: float) -> str:
    """A number of seconds, in the unit that suits it."""
    return f"{seconds:.1f} s" if seconds >= 1 else f"{1000 * seconds:.1f} ms"
