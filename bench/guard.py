"""Whether the server is still about as fast beside its peers as it was: for CI, in two minutes.

Machines differ and are shared, so nothing is held to a number of messages a second, and the
ratios to few per cent: one that has halved is a fault, whatever the machine.
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
FALLEN = 0.5  # of what the ratio was


@dataclass(frozen=True, slots=True)
class Comparison:
    """Our messages a second over another's: now, and when docs/performance.json was written."""

    row: str
    peer: str
    now: float
    then: float

    @property
    def fallen(self) -> bool:
        """Whether it has halved, as far as is known."""
        return self.now < FALLEN * self.then

    def __str__(self) -> str:
        verdict = "HALVED" if self.fallen else "ok"
        return f"{self.row:>8}  {self.peer:<13} {self.now:5.2f}  was {self.then:5.2f}  {verdict}"


def compare(figures: Figures) -> tuple[list[Comparison], int]:
    """Each row beside each peer, and how many errors our server made."""
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
    """NaN, which is below nothing, where the peer had no answer in some round."""
    ours, theirs = ([sample.rate for sample in samples[name]] for name in (THREAD.name, peer))
    return middle(ratios(ours, theirs)) if all(theirs) else math.nan
