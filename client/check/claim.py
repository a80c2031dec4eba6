"""What a check is: a claim about a server, and the function that tries it."""

from collections.abc import Callable
from typing import NamedTuple

from client.check.subject import Subject

Try = Callable[[Subject], str]  # returns its evidence, in a few words, or raises Failed with it
SHOWN = 50  # characters of a reply


class Check(NamedTuple):
    """A claim, and how it is tried."""

    name: str
    claim: str
    hint: str  # what most often is the cause where it does not hold
    run: Try


def claim(sentence: str, *, mostly: str) -> Callable[[Try], Check]:
    """Make a check of a function, which is called as the check is."""

    def named(run: Try) -> Check:
        return Check(run.__name__.replace("_", "-"), sentence, mostly, run)

    return named


def shown(text: str) -> str:
    """A text of the server's in quotes."""
    return repr(text if len(text) <= SHOWN else f"{text[: SHOWN - 3]}...")


def told(seconds: float) -> str:
    """A duration, in the unit that suits it."""
    return f"{seconds:.1f} s" if seconds >= 1 else f"{1000 * seconds:.1f} ms"
