"""A check: a claim about a server, and the function that tests it."""

from collections.abc import Callable
from typing import NamedTuple

from lanes.check.subject import Subject

Try = Callable[[Subject], str]  # returns the evidence in a few words, or raises Failed with it
SHOWN = 50  # characters of a reply that are quoted


class Check(NamedTuple):
    """A claim, and how to test it."""

    name: str
    claim: str
    hint: str  # the likely cause if the claim does not hold
    run: Try


def check(*, hint: str) -> Callable[[Try], Check]:
    """Turn a function into a check: its name names the check, and its docstring is the claim."""
    return lambda run: Check(run.__name__.replace("_", "-"), run.__doc__ or "", hint, run)


def quoted(text: str) -> str:
    """Quote text from the server, shortened."""
    return repr(text if len(text) <= SHOWN else f"{text[: SHOWN - 3]}...")


def duration(seconds: float) -> str:
    """Format a number of seconds in s, or in ms if it is below one."""
    return f"{seconds:.1f} s" if seconds >= 1 else f"{1000 * seconds:.1f} ms"
