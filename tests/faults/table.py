"""Print what `make faults` promised, tried and broke; exit with 1 if one is broken or untried."""

import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.faults.tally import read_tallies

if __name__ == "__main__":
    tallies = read_tallies(Path(sys.argv[1]))
    table = Table("#", "promise", box=None, pad_edge=False)
    table.add_column("rounds", justify="right")
    table.add_column("violations", justify="right")
    table.add_column("measured")
    for one in tallies:
        measured = ", ".join(f"{name} {figure}" for name, figure in one.figures.items())
        counts = f"{one.rounds:,}", f"{one.violations:,}"
        table.add_row(str(one.promise), one.claim, *counts, measured.replace("_", " "))
    console = Console(width=None if sys.stdout.isatty() else 160)
    console.print(table)
    if untried := set(range(1, 13)) - {one.promise for one in tallies if one.rounds}:
        console.print(f"not tried: {sorted(untried)}")
    sys.exit(bool(untried) or any(one.violations for one in tallies))
