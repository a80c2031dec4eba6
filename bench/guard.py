"""Checks, in two minutes and for CI, that the server has not become slow relative to its peers.

Machines differ and are shared, so there is no limit in messages a second, and ratios may vary. But
a ratio that has halved is a fault on any machine.
"""

import math
from dataclasses import dataclass

from bench.chapters import Effort
from bench.contenders import C_THREADS, SOCKETSERVER, THREAD
from bench.figures import Figures
from bench.load import Sample
from bench.rounds import ROWS, middle, ratios, under_load

EFFORT = Effort(rounds=3, seconds=0.5)
BESIDE = (SOCKETSERVER, C_THREADS)
FALLEN = 0.5  # of the recorded ratio


@dataclass(frozen=True, slots=True)
class Comparison:
    """Our rate over a peer's: now, and when docs/performance.json was written."""

    row: str
    peer: str
    now: float
    then: float

    @property
    def fallen(self) -> bool:
        """Whether the ratio has halved; not if either figure is NaN."""
        return self.now < FALLEN * self.then

    def __str__(self) -> str:
        verdict = "HALVED" if self.fallen else "ok"
        return f"{self.row:>8}  {self.peer:<13} {self.now:5.2f}  was {self.then:5.2f}  {verdict}"


def compare(figures: Figures) -> tuple[list[Comparison], int]:
    """Return a comparison for each row and peer, and how many errors our server made."""
    comparisons, errors = [], 0
    for row in ROWS:
        now = under_load(row, (THREAD, *BESIDE), EFFORT.rounds, pinned=True, words=EFFORT.words)
        recorded = figures["pinned"][row.name]
        then = {name: [Sample(**one) for one in recorded[name]] for name in now}
        errors += sum(sample.errors for sample in now[THREAD.name])
        comparisons += [
            Comparison(row.name, peer.name, _ratio(now, peer.name), _ratio(then, peer.name))
            for peer in BESIDE
        ]
    return comparisons, errors


def _ratio(samples: dict[str, list[Sample]], peer: str) -> float:
    """Return the median ratio; NaN, which never counts as halved, if the peer had a round of 0."""
    ours, theirs = ([sample.rate for sample in samples[name]] for name in (THREAD.name, peer))
    return middle(ratios(ours, theirs)) if all(theirs) else math.nan
