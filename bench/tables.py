"""The tables of the pages: each is a function of the figures, named in the page by its marker."""

from collections.abc import Callable, Iterable, Mapping
from itertools import groupby
from operator import attrgetter

from bench.before import BEFORE
from bench.cells import NOTHING, cell, clients, markdown, number, star
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

SHOWN = {  # a column of a contender's figures: what a Sample calls it, of which rounds
    **{name: (latencies, name) for name in ("p50", "p99")},
    "p99.9": (latencies, "p999"),
    "Jain": (of_each, "jain"),
    "least served": (of_each, "least_share"),
    "processor, µs": (of_each, "message_time"),
}
WATCHED = {"a program that computes", "a watcher"}


def over(measured: Measured, mine: str, other: str) -> str:
    """One's rate over another's, round by round."""
    if other not in measured:
        return NOTHING
    one = compared(rates(measured[mine]), rates(measured[other]))
    return cell(one) + star(measured[mine], measured[other])


def rate(samples: list[Sample]) -> str:
    """Messages, or visits, a second."""
    return number(middle(rates(samples))) + star(samples)


def loads(chapter: Iterable[Measured]) -> list[str]:
    """A last line: which part of a core the load had, with those who asked least and most of it."""
    shares = [[load_share(samples) for samples in one.values()] for one in chapter]
    ends = [(number(min(one), 2), number(max(one), 2)) for one in shares]
    return ["the load had, of a core", *("\N{EN DASH}".join(dict.fromkeys(one)) for one in ends)]


def beside(figures: Figures, mine: str, *path: str) -> str:
    """Messages a second of one, and how many times those of each of the others that is."""
    chapter: Mapping[str, Measured] = at(figures, *path)
    rows = [[f"**{mine}, messages/s**", *(f"**{rate(one[mine])}**" for one in chapter.values())]]
    rows += [
        [f"÷ {other}", *(over(one, mine, other) for one in chapter.values())]
        for other in next(iter(chapter.values()))
        if other != mine
    ]
    return markdown(["", *map(clients, chapter)], [*rows, loads(chapter.values())])


def before(figures: Figures, where: str) -> str:
    """What became of the build before: three ratios, and how fair it is and was."""
    chapter = at(figures, where)
    pairs = [(one["thread"], at(figures, where, row, BEFORE)) for row, one in chapter.items()]
    compare = {"messages/s": "rate", "p99": "p99", "processor for a message": "message_time"}
    rows = []
    for title, name in compare.items():
        each = [[list(map(attrgetter(name), one)) for one in pair] for pair in pairs]
        rows.append([f"{title} ÷", *(cell(compared(*pair)) for pair in each)])
    for title in ("Jain", "least served"):
        take, name = SHOWN[title]
        both = [[number(median(take(one, name))) for one in pair] for pair in pairs]
        rows.append([f"{title}, now and before", *(", ".join(two) for two in both)])
    return markdown([f"`thread`, and at {BEFORE}", *map(clients, chapter)], rows)


def shown(samples: list[Sample]) -> list[str]:
    """A contender's figures, column by column."""
    return [
        rate(samples),
        *(number(median(take(samples, name))) for take, name in SHOWN.values()),
        number(max(latencies(samples, "slowest"), default=None)),
        number(load_share(samples), 2),
        str(sum(one.errors for one in samples)),
    ]


COLUMNS = ("messages/s", *SHOWN, "slowest", "load", "errors")


def everyone(figures: Figures, *path: str) -> str:
    """All figures of all contenders, for one row."""
    found = at(figures, *path).items()
    return markdown(["", *COLUMNS], ([name, *shown(samples)] for name, samples in found))


def ours(figures: Figures, *path: str) -> str:
    """All our figures, row by row."""
    found = at(figures, *path).items()
    return markdown(["", *COLUMNS], ([clients(row), *shown(one["thread"])] for row, one in found))


def visits(figures: Figures, where: str) -> str:
    """Visits a second of all, over socketserver's and over ours before."""
    found = at(figures, "visits", where)
    others = ("socketserver", BEFORE)
    columns = ["visits/s", *(f"÷ {other}" for other in others), *COLUMNS[1:]]
    return markdown(
        ["", *columns],
        (
            [name, first, *(over(found, name, other) for other in others), *rest]
            for name, (first, *rest) in ((name, shown(one)) for name, one in found.items())
        ),
    )


def times(figures: Figures) -> str:
    """Processor time for a message with 50 clients: the kernel's and the program's own."""
    names = ("kernel_time", "program_time", "message_time")
    rows = (
        [name, *(cell(spread(found) if found else None) for found in parts_)]
        for name, samples in at(figures, "pinned", "50").items()
        for parts_ in [[of_each(samples, one) for one in names]]
    )
    return markdown(["", "kernel", "program", "together"], rows)


def parts(figures: Figures) -> str:
    """What each part of our turn adds to a bare one."""
    found = {name: middle(rounds) for name, rounds in at(figures, "parts").items()}
    bare = next(iter(found.values()))
    rows = ([name, number(value), number(value - bare, 2)] for name, value in found.items())
    return markdown(["", "µs", "more than bare"], rows)


def sizes(figures: Figures) -> str:
    """Memory for each idle client, and time to start."""
    memory, start = at(figures, "memory"), at(figures, "start")
    rows = (
        [name, *(cell(spread(one[name])) if name in one else NOTHING for one in (memory, start))]
        for name in dict.fromkeys([*memory, *start])
    )
    return markdown(["", "KiB for each idle client", "ms to start"], rows)


def composed(figures: Figures) -> str:
    """`docker compose up`, from `up` until the last client has left."""
    rows = (
        [f"{name}, `--scale client={count}`", cell(spread(seconds))]
        for count, found in at(figures, "compose").items()
        for name, seconds in found.items()
    )
    return markdown(["", "seconds"], rows)


def levels(figures: Figures) -> str:
    """What the log costs, now and before."""
    rows, dropped = at(figures, "levels", "rows"), at(figures, "levels", "dropped")
    found = []
    for of in ("", f"{BEFORE}, "):
        info, warning = f"{of}info", f"{of}warning"
        if info in next(iter(rows.values())):
            speeds = (over(one, info, warning) for one in rows.values())
            lost = (f"{number(100 * middle(one[info]), 2)} %" for one in dropped.values())
            found += [[f"{of}`info` ÷ `warning`", *speeds], [f"{of}lines dropped at `info`", *lost]]
    return markdown(["messages a second", *map(clients, rows)], [*found, loads(rows.values())])


def viewers(figures: Figures) -> str:
    """What somebody who has the live page open costs."""
    rows = []
    for count, turns in at(figures, "viewers").items():
        speeds = [cell(spread([one["rate"] for one in found])) for found in turns.values()]
        parts_ = [100 * middle([one["others"] for one in found]) for found in turns.values()]
        rows.append([clients(count), *speeds, *(f"{number(one, 2)} %" for one in parts_)])
    head = ["", "messages/s, nobody looks", "somebody looks", "for others, nobody looks"]
    return markdown([*head, "somebody looks"], rows)


def looks(figures: Figures) -> str:
    """What a look of `lanes watch` costs."""
    rows = (
        [
            f"{int(threads):,} threads",
            cell(spread([one["milliseconds"] for one in rounds])),
            number(middle([one["rate"] for one in rounds]), 2),
        ]
        for threads, rounds in at(figures, "watching", "looks").items()
    )
    return markdown(["", "ms of a core for a look", "looks a second"], rows)


def watched(figures: Figures) -> str:
    """What a watched server loses."""
    found = at(figures, "watching", "microseconds")
    rows = ([one, cell(compared(found["nothing"], found[one]))] for one in found if one in WATCHED)
    return markdown(["beside the load, on the other core", "messages ÷"], rows)


def starting(figures: Figures, *path: str) -> str:
    """A thread, a forked process, a spawned one."""
    found = at(figures, *path)
    costs = {"start": "start, ms", "join": "join, ms", "memory": "memory, KiB"}
    rows = []
    for kind, rounds in found.items():
        rows.append([kind])
        for cost in costs:
            mine, thread = ([one[cost] for one in these] for these in (rounds, found["thread"]))
            rows[-1] += [cell(spread(mine)), cell(compared(mine, thread))]
    return markdown(["", *(one for cost in costs.values() for one in (cost, "÷ thread"))], rows)


def work(figures: Figures, *path: str) -> str:
    """Visits a second with work that waits and work that computes."""
    places = at(figures, *path).items()
    found = {f"`{name}`, {where}": one for where, works in places for name, one in works.items()}
    models = list(next(iter(found.values())))
    rows = ([name, *(cell(spread(rates(one[name]))) for one in found.values())] for name in models)
    return markdown(["visits/s", *found], [*rows, loads(found.values())])


def pythons(figures: Figures) -> str:
    """Each CPython's rate over that of the first; the rates of the first."""
    chapter = at(figures, "pythons")
    first, *others = next(iter(chapter.values()))
    own = [f"{first}, messages/s", *(rate(one[first]) for one in chapter.values())]
    rows = ([f"{name} ÷", *(over(one, name, first) for one in chapter.values())] for name in others)
    return markdown(["CPython", *map(clients, chapter)], [own, *rows, loads(chapter.values())])


def free_memory(figures: Figures) -> str:
    """Memory for each idle client, with the GIL and without."""
    found = at(figures, "free-threaded", "memory")
    rows = (
        [name, cell(spread(kib)), cell(compared(kib, found["thread"]))]
        for name, kib in found.items()
    )
    return markdown(["", "KiB for each idle client", "÷ `thread`"], rows)


def machine(figures: Figures) -> str:
    """On what all of this was measured, and when."""
    when = sorted(at(figures, "measured").items(), key=lambda one: one[1])
    measured = [
        [f"measured {day}", ", ".join(name for name, _ in names)]
        for day, names in groupby(when, key=lambda one: one[1])
    ]
    facts = dict(at(figures, "machine"))
    if "free-threaded" in figures:
        names = ("without the GIL", "with the GIL")
        facts |= {name: figures["free-threaded"][name] for name in names}
    if "watching" in figures:  # which is compared with no other chapter
        its = figures["watching"]["machine"]
        facts["for watching"] = ", ".join(its[name] for name in ("processor", "system", "Python"))
    return markdown(["", ""], [*facts.items(), *measured], align="---")


TABLES: Mapping[str, Callable[..., str]] = {
    one.__name__: one
    for one in (
        before,
        beside,
        composed,
        everyone,
        free_memory,
        levels,
        looks,
        machine,
        ours,
        parts,
        pythons,
        sizes,
        starting,
        times,
        viewers,
        visits,
        watched,
        work,
    )
}
