"""Turns figures into pages: docs/performance.md and docs/threads.md.

Whatever a page says of figures is computed from them. A figure is the median of its rounds, a ratio
is taken round by round, and who is ahead is said only where every round agrees.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from operator import attrgetter
from pathlib import Path

import jinja2

from bench.chapters import Figures
from bench.load import Sample
from bench.rounds import middle, ratios
from bench.words import Spread, cell, clients, crowds, number, ratio, span, spread

TEMPLATES = Path(__file__).parent / "templates"
PAGES = ("performance.md", "threads.md")
FULL = 0.9  # of its core: a load that uses more is what was measured, not the server
FULL_NOTE = r"""\* The load used more than nine tenths of a core: {whom}.
There the load was the limit, and the server may be faster than this shows."""
LET_DOWN_NOTE = """**Clients were let down here** ({found}): there was no connection, no reply
within ten seconds, or a wrong one."""
NOBODY_NOTE = "Nobody was let down here: every message had its reply, and every byte was right."


def write(figures: Figures, folder: Path) -> None:
    """Write the pages; a chapter that was not measured has no section."""
    known = sampled(figures)
    for name in PAGES:
        text = _environment().get_template(f"{name}.jinja").render(figures=known)
        (folder / name).write_text(re.sub("\n{3,}", "\n\n", text), encoding="utf-8")


def sampled(figures: Figures) -> Figures:
    """The same figures, with a Sample wherever JSON has what one is made of."""
    return {name: _with_samples(value) for name, value in figures.items()}


def compared(mine: Sequence[float], theirs: Sequence[float]) -> Spread | None:
    """The ratios, round by round; None where a round has nothing to compare with."""
    return spread(ratios(mine, theirs)) if all(theirs) else None


def median(figures: Sequence[float]) -> float | None:
    """None where there is nothing to take it of."""
    return middle(figures) if figures else None


def rates(samples: Iterable[Sample]) -> list[float]:
    """Messages, or visits, a second."""
    return [sample.rate for sample in samples]


def latencies(samples: Iterable[Sample], name: str) -> list[float]:
    """In milliseconds, of the rounds in which anybody was ever answered."""
    return [attrgetter(name)(sample) / 1000 for sample in samples if sample.slowest]


def of_each(samples: Iterable[Sample], name: str) -> list[float]:
    """What each round has by this name, but those in which nobody was answered."""
    return [attrgetter(name)(sample) for sample in samples if sample.answers]


def load_share(samples: Iterable[Sample]) -> float:
    """Of a core: what the load itself used."""
    return middle([sample.load_time / sample.seconds for sample in samples])


def loads(contenders: Mapping[str, list[Sample]]) -> str:
    """The same, from where it had least to do to where it had most."""
    shares = [load_share(samples) for samples in contenders.values()]
    return "\N{EN DASH}".join(dict.fromkeys([number(min(shares), 2), number(max(shares), 2)]))


def bounded(*measured: Iterable[Sample]) -> bool:
    """Whether the load was the limit for one of them."""
    return any(load_share(samples) > FULL for samples in measured)


def star(*measured: Iterable[Sample]) -> str:
    """The mark of a figure for which the load was the limit."""
    return r" \*" if bounded(*measured) else ""


def limits(chapter: Mapping[str, Mapping[str, list[Sample]]]) -> str:
    """What the mark means and whom it concerns, where there is one."""
    found: dict[str, list[str]] = {}
    for row, contenders in chapter.items():
        for name in (name for name, samples in contenders.items() if bounded(samples)):
            found.setdefault(name, []).append(row)
    whom = "; ".join(f"{name} ({crowds(rows)})" for name, rows in found.items())
    return FULL_NOTE.format(whom=whom) if whom else ""


def let_down(chapter: object) -> str:
    """What came of the check of every reply."""
    found = errors(chapter)
    return LET_DOWN_NOTE.format(found="; ".join(found)) if found else NOBODY_NOTE


def errors(chapter: object, *path: str) -> list[str]:
    """By whom clients were let down, and how often."""
    if isinstance(chapter, Mapping):
        found = [errors(value, clients(name), *path) for name, value in chapter.items()]
        return [one for several in found for one in several]
    samples = chapter if isinstance(chapter, list) else []
    count = sum(one.errors for one in samples if isinstance(one, Sample))
    return [f"{', '.join(path)}: {count}"] if count else []


def sides(rows: Mapping[str, Spread | None]) -> dict[str, dict[str, Spread]]:
    """The rows in which all rounds are above 1, those in which they are below, and the others."""
    told: dict[str, dict[str, Spread]] = {"more": {}, "fewer": {}, "either": {}}
    for row, one in rows.items():
        if one:
            told[one.side][row] = one
    return told


def _with_samples(value: object) -> object:
    if isinstance(value, dict):
        return Sample(**value) if "answers" in value else sampled(value)
    return [_with_samples(one) for one in value] if isinstance(value, list) else value


def _environment() -> jinja2.Environment:
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        undefined=jinja2.StrictUndefined,
        autoescape=False,  # noqa: S701 - what it makes is Markdown
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters |= {one.__name__: one for one in FILTERS}
    made.globals |= {one.__name__: one for one in FUNCTIONS}
    return made


FILTERS = (
    cell,
    clients,
    crowds,
    latencies,
    load_share,
    loads,
    median,
    middle,
    number,
    of_each,
    rates,
    ratio,
    span,
    spread,
)
FUNCTIONS = (compared, let_down, limits, sides, star)
