"""The rows of the page's table: failures first, and many short visits in one row."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

from lanes.folding import VISITS
from lanes.session import Session


class Line(NamedTuple):
    """A session, or several sessions that were short visits in a row."""

    sessions: Sequence[Session]

    @property
    def is_folded(self) -> bool:
        """Whether it stands for several sessions."""
        return len(self.sessions) > 1


@dataclass(frozen=True, slots=True)
class Table:
    """All lines: the sessions that failed, and the others, both by number."""

    failed: Sequence[Line]
    others: Sequence[Line]

    def lines(self, most: int, marked: str = "") -> list[Line]:
        """Return at most `most` lines, of the others the latest; and always the marked one."""
        failed = self.failed[:most]
        left_out = max(len(self.others) - (most - len(failed)), 0)
        missing = [one for one in self.others[:left_out] if one.sessions[0].key == marked]
        return [*missing, *failed, *self.others[left_out:]]

    def __len__(self) -> int:
        """How many lines there are in all."""
        return len(self.failed) + len(self.others)


def table_of(sessions: Sequence[Session], *, fold: bool = False) -> Table:
    """Return a line for each session; with `fold`, one for many short visits in a row."""
    failed = [Line([one]) for one in sessions if one.failed]
    others = [one for one in sessions if not one.failed]
    return Table(failed, list(_folded(others, fold=fold)))


def _folded(sessions: Sequence[Session], *, fold: bool) -> Iterator[Line]:
    for is_short, run in groupby(sessions, lambda one: fold and one.is_visit):
        alike = list(run)
        if is_short and len(alike) >= VISITS:
            yield Line(alike)
        else:
            yield from (Line([one]) for one in alike)
