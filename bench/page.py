"""Fills in the tables of docs/performance.md and docs/threads.md; people write the rest.

A table goes between `<!-- table: NAME -->` and `<!-- end -->`. After the name, separated by
semicolons, come the function's arguments: which figures to show.
"""

import re
from pathlib import Path

from bench.figures import Figures, NotMeasuredError, sampled
from bench.tables import TABLES

PAGES = ("performance.md", "threads.md")
REGION = re.compile(r"(<!-- table: ([^\n]+) -->\n).*?(<!-- end -->)", re.DOTALL)
MISSING = "*Not measured yet:* `python -m bench full --chapter {}`"


def write(figures: Figures, folder: Path) -> None:
    """Fill the tables of the pages in this folder."""
    for name in PAGES:
        path = folder / name
        path.write_text(fill(path.read_text(encoding="utf-8"), figures), encoding="utf-8")


def fill(text: str, figures: Figures) -> str:
    """Return the page with new tables."""
    known = sampled(figures)
    return REGION.sub(lambda found: f"{found[1]}\n{_table(found[2], known)}\n\n{found[3]}", text)


def _table(marker: str, figures: Figures) -> str:
    name, *words = marker.split("; ")
    try:
        return TABLES[name](figures, *words)
    except NotMeasuredError as chapter:
        return MISSING.format(chapter)
