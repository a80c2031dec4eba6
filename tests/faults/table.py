"""The end of `make faults`: a table of what was promised, tried, and broken.

    python -m tests.faults.table TALLIES

Exit code 1 where something was broken, or not tried.
"""

import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.faults.tally import Tally, read_tallies

PROMISES = range(1, 13)


def draw(tallies: list[Tally]) -> Table:
    table = Table("#", "promise", box=None, pad_edge=False)
    table.add_column("rounds", justify="right")
    table.add_column("violations", justify="right")
    table.add_column("measured")
    for tally in tallies:
        measured = ", ".join(f"{name} {figure}" for name, figure in tally.figures.items())
        table.add_row(
            str(tally.promise),
            tally.claim,
            f"{tally.rounds:,}",
            f"{tally.violations:,}",
            measured.replace("_", " "),
        )
    return table


if __name__ == "__main__":
    tallies = read_tallies(Path(sys.argv[1]))
    untried = set(PROMISES) - {tally.promise for tally in tallies if tally.rounds}
    console = Console(width=None if sys.stdout.isatty() else 160)
    console.print(draw(tallies))
    if untried:
        console.print(f"not tried: {sorted(untried)}")
    sys.exit(bool(untried) or any(tally.violations for tally in tallies))
