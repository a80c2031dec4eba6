"""How many times a promise was tested and broken, and what was measured."""

import json
import threading
from dataclasses import asdict, dataclass, field
from pathlib import Path

_counting = threading.Lock()


@dataclass
class Tally:
    """The count of one test; its promise is a row of docs/reliability.md."""

    promise: int
    claim: str  # the test's name, as a sentence
    rounds: int = 0
    violations: int = 0
    broken: list[str] = field(default_factory=list)  # the first few, in words
    figures: dict[str, str] = field(default_factory=dict)  # what was also measured

    def check(self, kept: bool, otherwise: str = "", *, rounds: int = 1) -> None:  # noqa: FBT001 - it is what is checked
        """Count these rounds; if the promise was not kept in them, count one violation."""
        with _counting:
            self.rounds += rounds
            if not kept:
                self.violations += 1
                if len(self.broken) < 10:
                    self.broken.append(otherwise)

    def measure(self, **figures: str) -> None:
        self.figures |= figures

    def append_to(self, path: Path) -> None:
        """Append it as a line of JSON, in one write, because other processes append theirs."""
        with path.open("ab", buffering=0) as file:
            file.write(json.dumps(asdict(self)).encode() + b"\n")


def read_tallies(path: Path) -> list[Tally]:
    """Read a file's tallies; add up those of the same test, and keep the last one's figures."""
    merged: dict[tuple[int, str], Tally] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        tally = Tally(**json.loads(line))
        total = merged.setdefault((tally.promise, tally.claim), Tally(tally.promise, tally.claim))
        total.rounds += tally.rounds
        total.violations += tally.violations
        total.figures |= tally.figures
    return [merged[key] for key in sorted(merged)]
