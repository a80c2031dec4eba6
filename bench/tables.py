"""The tables of the pages: each is a function of the figures, named by a marker in the page."""

from collections.abc import Callable, Mapping
from itertools import groupby
from operator import attrgetter, itemgetter

from bench.before import BEFORE
from bench.cells import cell, crowd, markdown, number, star
from bench.figures import (
    Figures,
    Measured,
    at,
    compared,
    latencies,
    load_share,
    median,
    of_each,
    rates,
    spread,
)
from bench.load import Sample
from bench.rounds import middle

SHOWN = {  # column: the function that takes it from the rounds, and its name in Sample
    **{name: (latencies, name) for name in ("p50", "p99")},
    "p99.9": (latencies, "p999"),
    "Jain": (of_each, "jain"),
    "least served": (of_each, "least_share"),
    "processor, µs": (of_each, "message_time"),
    "of it kernel": (of_each, "kernel_time"),
}
COLUMNS = ("rate/s", *SHOWN, "slowest", "load", "errors")
COSTS = {
    "start": "start, ms",
    "join": "join, ms",
    "memory": "memory, KiB",
    "milliseconds": "ms of a core",
    "rate": "rate/s",
    "others": "for others",
}


def rate(samples: list[Sample]) -> str:
    """Return the median messages, or visits, a second."""
    return number(middle(rates(samples))) + star(samples)


def loads(*chapter: Measured) -> list[str]:
    """Return a last line: the load generator's share of a core, from lowest to highest."""
    shares = [[load_share(samples) for samples in one.values()] for one in chapter]
    ends = [(number(min(one), 2), number(max(one), 2)) for one in shares]
    spans = ("\N{EN DASH}".join(dict.fromkeys(one)) for one in ends)
    return ["load generator's share of a core", *spans]


def beside(figures: Figures, mine: str, *path: str) -> str:
    """Return a contender's rate, and its ratio to each of the others' rates."""
    chapter: Mapping[str, Measured] = at(figures, *path)
    own = {row: at(figures, *path, row, mine) for row in chapter}
    lines = [[f"**{mine}, rate/s**", *(f"**{rate(samples)}**" for samples in own.values())]]
    for other in next(iter(chapter.values())):
        if other != mine:
            pairs = [(own[row], measured[other]) for row, measured in chapter.items()]
            ratios = [cell(compared(*map(rates, pair))) + star(*pair) for pair in pairs]
            lines.append([f"÷ {other}", *ratios])
    return markdown(["", *map(crowd, chapter)], [*lines, loads(*chapter.values())])


def before(figures: Figures, where: str) -> str:
    """Compare with the build before: three ratios, and the fairness now and before."""
    chapter = at(figures, where)
    pairs = [(one["thread"], at(figures, where, row, BEFORE)) for row, one in chapter.items()]
    lines = []
    for title, name in {"rate": "rate", "p99": "p99", "processor": "message_time"}.items():
        each_ = [[list(map(attrgetter(name), one)) for one in pair] for pair in pairs]
        lines.append([f"{title} ÷", *(cell(compared(*pair)) for pair in each_)])
    for title in ("Jain", "least served"):
        take, name = SHOWN[title]
        both = [[number(median(take(one, name))) for one in pair] for pair in pairs]
        lines.append([f"{title}, now and before", *(", ".join(two) for two in both)])
    return markdown(["", *map(crowd, chapter)], lines)


def everyone(figures: Figures, *path: str) -> str:
    """Return all figures of all contenders under one load."""
    found = at(figures, *path).items()
    return markdown(["", *COLUMNS], ([name, *_shown(samples)] for name, samples in found))


def ours(figures: Figures, *path: str) -> str:
    """Return all our figures, row by row."""
    found = at(figures, *path).items()
    return markdown(["", *COLUMNS], ([crowd(row), *_shown(one["thread"])] for row, one in found))


def _shown(samples: list[Sample]) -> list[str]:
    return [
        rate(samples),
        *(number(median(take(samples, name))) for take, name in SHOWN.values()),
        number(max(latencies(samples, "slowest"), default=None)),
        number(load_share(samples), 2),
        str(sum(one.errors for one in samples)),
    ]


def each(figures: Figures, title: str, *path: str) -> str:
    """Return one figure of each contender, and its ratio to the first contender's."""
    found = at(figures, *path)
    first = next(iter(found))
    lines = (
        [name, cell(spread(rounds)), cell(compared(rounds, found[first]))]
        for name, rounds in found.items()
    )
    return markdown(["", title, f"÷ {first}"], lines)


def costs(figures: Figures, *path: str) -> str:
    """Return several figures of each contender, and their ratios to the first contender's."""
    found = at(figures, *path)
    first, rounds = next(iter(found.items()))
    lines = []
    for name in found:
        lines.append([name])
        for cost in rounds[0]:
            mine, its = ([one[cost] for one in found[of]] for of in (name, first))
            lines[-1] += [cell(spread(mine)), cell(compared(mine, its))]
    return markdown(
        ["", *(one for cost in rounds[0] for one in (COSTS[cost], f"÷ {first}"))], lines
    )


def dropped(figures: Figures) -> str:
    """Return the share of log lines that was dropped."""
    rows = at(figures, "levels", "dropped")
    lines = (
        [name, *(f"{number(100 * middle(one[name]), 2)} %" for one in rows.values())]
        for name in next(iter(rows.values()))
    )
    return markdown(["lines dropped", *map(crowd, rows)], lines)


def work(figures: Figures, *path: str) -> str:
    """Return visits a second, with work that waits and work that computes."""
    places = at(figures, *path).items()
    found = {f"`{name}`, {where}": one for where, works in places for name, one in works.items()}
    models = next(iter(found.values()))
    lines = ([name, *(cell(spread(rates(one[name]))) for one in found.values())] for name in models)
    return markdown(["visits/s", *found], [*lines, loads(*found.values())])


def machine(figures: Figures) -> str:
    """Return when and on which machine each chapter was measured; compare only within one."""
    said = [
        (name, one["when"], _facts(one["machine"], figures[name]))
        for name, one in at(figures, "measured").items()
        if name in figures
    ]
    lines = [
        [", ".join(name for name, *_ in names), *said]
        for said, names in groupby(sorted(said, key=itemgetter(1, 2)), key=itemgetter(1, 2))
    ]
    return markdown(["chapters", "measured", "on"], lines, align="---")


def _facts(machine: Mapping[str, str], chapter: Figures) -> str:
    compared = ("without the GIL", "with the GIL")
    builds = [f"{build}: {chapter[build]}" for build in compared if build in chapter]
    return "; ".join([*machine.values(), *builds])


FUNCTIONS = (beside, before, everyone, ours, each, costs, dropped, work, machine)
TABLES: Mapping[str, Callable[..., str]] = {one.__name__: one for one in FUNCTIONS}
