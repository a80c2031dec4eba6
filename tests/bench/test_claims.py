"""Each sentence of the benchmark's pages says what was measured. Change both together."""

import json
import re
from collections.abc import Callable, Collection, Iterable, Sequence
from pathlib import Path

import pytest

from bench.before import BEFORE
from bench.compose import ENGINE
from bench.figures import at, compared, latencies, of_each, rates, sampled
from bench.load import Sample
from bench.page import PAGES, REGION
from bench.rounds import ROWS, middle, ratios

DOCS = Path(__file__).parents[2] / "docs"
FIGURES = sampled(json.loads((DOCS / "performance.json").read_text()))
ROUNDED = 0.05  # how far a sentence may round
NUMBER = r"(\d[\d,]*(?:\.\d+)?)"
# What looks measured. 5 ms is what `sleep:5` and `spin:5` take, 10 ms the kernel's tick.
FIGURE = re.compile(r"(?<!TLS )(?!\b(?:5|10) ms)\b\d[\d,]*(?:\.\d+|(?= (?:times|µs|ms|%|KiB|MiB)))")
OURS = {"thread", "pool", "lock", "cached", "warning", "info", "thread, no GIL"}
OTHERS = ("socketserver", "naive threads", "C threads")
PLACES = ("pinned", "unpinned")
CORES = ("one core", "any core")
ALL = [row.name for row in ROWS]
ROUNDS = {where: at(FIGURES, where, "2,000", "thread") for where in PLACES}


def prose(name: str) -> str:
    """Return a page without its tables, programs, link targets and line breaks."""
    text = REGION.sub("", (DOCS / name).read_text(encoding="utf-8"))
    text = re.sub(r"(?ms)^```.*?^```$|^\|[^\n]*$|^> |\]\([^)]*\)", "", text)
    return " ".join(text.split())


def rate(*path: str) -> float:
    return middle(rates(at(FIGURES, *path)))


def ratio(mine: Sequence[float], theirs: Sequence[float]) -> float:
    found = compared(mine, theirs)
    assert found, "there is nothing to compare with"
    return found.middle


def over(mine: str, other: str, *path: str) -> float:
    """Return my rate as a multiple of the other's."""
    found = at(FIGURES, *path)
    return ratio(rates(found[mine]), rates(found[other]))


def ends(found: Iterable[float]) -> list[float]:
    ordered = sorted(found)
    return [ordered[0], ordered[-1]]


def ahead(mine: Collection[str], others: Collection[str], where: str, rows: Iterable[str]) -> bool:
    return all(over(a, b, where, row) > 1 for a in mine for b in others for row in rows)


def fair(name: str, who: str, where: str, row: str = "2,000") -> float:
    return middle(of_each(at(FIGURES, where, row, who), name))


def starving(where: str, who: str = "thread") -> int:
    """Count the rounds in which at least one of 2,000 clients got no reply."""
    return sum(one.least_share == 0 for one in at(FIGURES, where, "2,000", who))


def collapsing(who: str) -> int:
    """Count the rounds with 2,000 clients in which it answered less than half of what we did."""
    found = at(FIGURES, "unpinned", "2,000")
    rounds = zip(rates(found[who]), rates(found["thread"]), strict=True)
    return sum(2 * its < ours for its, ours in rounds)


def errors(found: object, of: Collection[str], name: str = "") -> int:
    """Count the clients that were let down, in all rounds of all chapters."""
    if isinstance(found, dict):
        return sum(errors(value, of, one) for one, value in found.items())
    samples = found if isinstance(found, list) and name in of else []
    return sum(one.errors for one in samples if isinstance(one, Sample))


def started(cost: str) -> list[float]:
    """Return what 1,000 processes cost, forked and spawned, as multiples of threads."""
    found = at(FIGURES, "starting", "1000")
    costs = {kind: [one[cost] for one in found[kind]] for kind in found}
    return [ratio(costs[kind], costs["thread"]) for kind in ("fork", "spawn")]


def computed(where: str) -> list[float]:
    found = at(FIGURES, "work", where, "spin:5")
    return ends(rate("work", where, "spin:5", name) for name in found)


def free(other: str) -> list[float]:
    rows = at(FIGURES, "free-threaded", "rows", "all cores")
    mine = "thread, no GIL"
    return [ratio(rates(rows[row][mine]), rates(rows[row][other])) for row in ("3", "50", "500")]


def kept_while_watched() -> list[float]:
    """Messages per second of processor time, watched ÷ unwatched: the middle and worst rounds."""
    found = at(FIGURES, "watching", "microseconds")
    rounds = ratios(found["nothing"], found["a watcher"])
    return [middle(rounds), min(rounds)]


def over_tls(row: str, other: str = "socketserver, TLS") -> list[float]:
    """Return our rate over TLS as a multiple of the other's, on one core and on any."""
    return [over("thread, TLS", other, "tls", "rows", where, row) for where in CORES]


def up(name: str) -> float:
    """Return the seconds of `docker compose up` with 50 clients."""
    return middle(at(FIGURES, "compose", "50", name))


# A sentence has {} for each figure, in that order. One without figures is true or false.
PERFORMANCE: dict[str, Callable[[], Sequence[float] | bool]] = {
    "answers {} short messages a second on any core, and {} if the load has a core": lambda: [
        rate(where, "50", "thread") for where in ("unpinned", "pinned")
    ],
    (
        "that is {} times what the standard library's `socketserver` answers, "
        "{} times what bare Python threads answer, and {} of what threads in C do"
    ): lambda: [over("thread", other, "unpinned", "50") for other in OTHERS],
    "With 2,000 clients it is {} times": lambda: [
        over("thread", "socketserver", "unpinned", "2,000")
    ],
    "half of them may wait for a second": lambda: (
        starving("pinned") > 0
        and max(latencies(at(FIGURES, "pinned", "2,000", "thread"), "slowest")) > 1000
    ),
    "(asyncio with a Protocol) answers {} times": lambda: [
        over("asyncio Protocol", "thread", "unpinned", "50")
    ],
    "8 threads finish {} times": lambda: [over("thread", "asyncio", "work", "one core", "sleep:5")],
    (
        "answers {} times as many messages for each second of its processor time as beside "
        "nothing, and {} in the worst round"
    ): kept_while_watched,
    "answers {} of the messages that it answers without TLS on one core, and {} on any": lambda: (
        over_tls("50", "thread")
    ),
    "That is {} times what `socketserver` answers over TLS on one core, and {} times on any": (
        lambda: over_tls("50")
    ),
    "It handles {} times as many visits on one core and {} times as many on any": lambda: over_tls(
        "visits"
    ),
    "resumed visits, it handles {} times as many on one core, and {} times as many on any": (
        lambda: over_tls("visits, resumed")
    ),
    "A visit over TLS costs about as much as four without": lambda: all(
        0.22 < one < 0.28 for one in over_tls("visits", "thread")
    ),
    "An idle client takes {} KiB of memory, and {} KiB without TLS": lambda: [
        middle(at(FIGURES, "tls", "memory", name)) for name in ("thread, TLS", "thread")
    ],
    "(“C epoll”) is ahead everywhere": lambda: all(
        ahead(("C epoll",), ("thread",), where, ALL) for where in PLACES
    ),
    "50 clients or more: by a factor of {} to {} on one core, and of {} to {} on any": lambda: [
        end
        for where in PLACES
        for end in ends(over("C threads", "thread", where, row) for row in ALL[1:])
    ],
    "has one message under way, uvloop and asyncio's Protocol are faster too": lambda: all(
        ahead(("uvloop Protocol", "asyncio Protocol"), ("thread",), where, ALL[1:4])
        for where in PLACES
    ),
    "With 3 clients, our server answers {} times the messages of `socketserver` on one core": (
        lambda: [over("thread", "socketserver", "pinned", "3")]
    ),
    "On any core it is {} times, and the rounds differ by more": lambda: [
        over("thread", "socketserver", "unpinned", "3")
    ],
    "with 500 or more, so is asyncio with streams": lambda: all(
        ahead(("asyncio streams",), ("thread",), where, ALL[2:4]) for where in PLACES
    ),
    "(“naive threads”) with 500 and 2,000 clients, and `socketserver` with 2,000": lambda: (
        ahead(("naive threads",), ("thread",), "pinned", ("500", "2,000"))
        and ahead(("socketserver",), ("thread",), "pinned", ("2,000",))
    ),
    "our server answers {} times as many messages on any core as on one": lambda: [
        rate("unpinned", "50", "thread") / rate("pinned", "50", "thread")
    ],
    "{} times `socketserver`'s rate on any core and {} times on one": lambda: [
        over("thread", "socketserver", where, "50 x 16") for where in ("unpinned", "pinned")
    ],
    "bare threads collapse in {} of {} rounds and `socketserver` in {} of {}": lambda: [
        figure
        for other in ("naive threads", "socketserver")
        for figure in (collapsing(other), len(ROUNDS["unpinned"]))
    ],
    (
        "some of our clients got no reply in that time in {} of {} rounds on one core, "
        "and in {} of {} on any; with commit 55174d4, in {} and in none"
    ): lambda: [
        *[figure for where in PLACES for figure in (starving(where), len(ROUNDS[where]))],
        starving("pinned", BEFORE) if not starving("unpinned", BEFORE) else -1,
    ],
    "A round measures {} s": lambda: [middle(of_each(ROUNDS["pinned"], "seconds"))],
    "half of 2,000 for up to {} s, and some of 500 for {} s": lambda: [
        max(latencies(at(FIGURES, "pinned", row, "thread"), "slowest")) / 1000
        for row in ("2,000", "500")
    ],
    "the client served least got {} of the mean with 2,000 clients, and {} with 500": lambda: [
        fair("least_share", "thread", "unpinned", row) for row in ("2,000", "500")
    ],
    "bare threads leave some clients without a reply in most rounds": lambda: (
        fair("least_share", "naive threads", "pinned") == 0
    ),
    "although their Jain's index is {}": lambda: [fair("jain", "naive threads", "pinned")],
    "each of our clients got all its replies, and all were correct": lambda: (
        errors(FIGURES, OURS) == 0
    ),
    "A visit costs `thread` {} µs": lambda: [
        middle(of_each(at(FIGURES, "visits", "all cores", "thread"), "message_time"))
    ],
    "It handles {} of `socketserver`'s visits on one core and {} on any": lambda: [
        over("thread", "socketserver", "visits", where) for where in ("one core", "all cores")
    ],
    "some visits took longer than 1,000 ms": lambda: (
        max(latencies(at(FIGURES, "visits", "all cores", "socketserver"), "slowest")) > 1000
    ),
    "and {} failed, {} of them on any core": lambda: [
        errors(at(FIGURES, *path), {"socketserver"})
        for path in (("visits",), ("visits", "all cores"))
    ],
    "{} of the speed is left": lambda: [over("info", "warning", "levels", "rows", "50")],
    "and no line is dropped": lambda: middle(at(FIGURES, "levels", "dropped", "50", "info")) == 0,
    "it drops {} %": lambda: [100 * middle(at(FIGURES, "levels", "dropped", "500", "info"))],
    "Neither of the others is more than a tenth faster or slower": lambda: all(
        0.9 < over("thread", other, "pythons", row) < 1.1
        for row in ALL
        for other in at(FIGURES, "pythons", row)
    ),
    "no client could bring it below {} of the time of 55174d4": lambda: [up(ENGINE) / up(BEFORE)],
    "The clients' own share is {} of what it was": lambda: [
        (up("thread") - up(ENGINE)) / (up(BEFORE) - up(ENGINE))
    ],
}
THREADS: dict[str, Callable[[], Sequence[float] | bool]] = {
    "a forked process takes {} times as long as starting a thread, and a spawned one {} times": (
        lambda: started("start")
    ),
    "they need {} and {} times its memory": lambda: started("memory"),
    "answer {} times as many": lambda: [over("thread", "lock", "work", "one core", "sleep:5")],
    "with the GIL: {} visits a second on two cores, {} on one. Without the GIL it is {}.": lambda: [
        rate(*path, "spin:5", "thread")
        for path in (
            ("work", "all cores"),
            ("work", "one core"),
            ("free-threaded", "work", "all cores"),
        )
    ],
    "`thread` makes {} times the visits of `lock` and {} times those of the event loop": lambda: [
        over("thread", other, "work", "one core", "sleep:5") for other in ("lock", "asyncio")
    ],
    "On one core they make {} to {}, on all cores {} to {}.": lambda: [
        *computed("one core"),
        *computed("all cores"),
    ],
    "two cores do {} times the work that they do with the GIL": lambda: [
        over("thread, no GIL", "thread", "free-threaded", "spin", "8")
    ],
    "answers {}, {} and {} times as many messages as with it": lambda: free("thread"),
    "Compared with C threads, it answers {}, {} and {} times as many": lambda: free("C threads"),
    "slower than with the GIL ({} at 50 clients)": lambda: [
        over("thread, no GIL", "thread", "free-threaded", "rows", "one core", "50")
    ],
    "an idle client takes {} times the memory": lambda: [
        ratio(
            *(at(FIGURES, "free-threaded", "memory", one) for one in ("thread, no GIL", "thread"))
        )
    ],
}
CLAIMS = dict(zip(PAGES, (PERFORMANCE, THREADS), strict=True))


def pattern(sentence: str) -> str:
    return NUMBER.join(map(re.escape, sentence.split("{}")))


@pytest.mark.parametrize(
    ("page", "sentence"), [(page, one) for page, claims in CLAIMS.items() for one in claims]
)
def test_a_sentence_says_what_was_measured(page: str, sentence: str) -> None:
    found = list(re.finditer(pattern(sentence), prose(page)))
    assert len(found) == 1, f"{page} has {len(found)} times “{sentence}”"
    measured = CLAIMS[page][sentence]()
    if isinstance(measured, bool):
        assert measured, f"{page}: “{sentence}” is not so any more"
        return
    for said, figure in zip(found[0].groups(), measured, strict=True):
        wrong = abs(float(said.replace(",", "")) / figure - 1)
        assert wrong <= ROUNDED, f"{page}: “{found[0][0]}”: {said} was measured as {figure:.3g}"


@pytest.mark.parametrize("page", PAGES)
def test_every_figure_in_a_sentence_is_checked(page: str) -> None:
    text = prose(page)
    for sentence in CLAIMS[page]:
        text = re.sub(pattern(sentence), "", text)
    assert [text[max(0, one.start() - 40) : one.end() + 10] for one in FIGURE.finditer(text)] == []
