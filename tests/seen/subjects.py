"""The servers to observe, read from servers.toml."""

import tomllib
from pathlib import Path
from typing import Any, NamedTuple

from tests.seen import talkers
from tests.watch.talker import Talker, WebTalker

CLIENTS = 5
TALKERS: dict[str, type[Talker]] = {
    one.__name__: one for one in (Talker, WebTalker, *talkers.DAEMONS)
}


class Subject(NamedTuple):
    """A server. A shell runs its command in an empty folder, with PORT in the environment."""

    name: str
    command: str
    version: str  # a command that prints it
    kind: str  # what it is, in the terms of lanes/watch/kinds.py: a regular expression
    guess: str  # what you would guess
    fact: str  # what is true
    talker: type[Talker] = Talker
    says: bool = True  # whether its answers name its thread
    talks: bool = True  # whether it answers more than a greeting
    works: bool = True  # whether some message takes long
    at_once: int = CLIENTS  # clients that are answered while all are connected


def _subject(talker: str = "Talker", **values: Any) -> Subject:  # noqa: ANN401 - as TOML has them
    return Subject(talker=TALKERS[talker], **values)


TABLE = tomllib.loads(Path(__file__).with_name("servers.toml").read_text())
SUBJECTS = tuple(_subject(**row) for row in TABLE["server"])
