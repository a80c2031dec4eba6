"""The live page and the report at their largest; test_app covers the rest."""

import gc
import re
import sys
import time
from collections.abc import Callable
from dataclasses import replace

import pytest

from lanes.document import parse
from lanes.layout import picture_of
from lanes.marks import moment
from lanes.page.documents import ROWS, live, report
from lanes.page.query import Query
from server.chat.registry import HISTORY
from server.http.sessions import document
from tests.kit import scenes
from tests.kit import snapshots as told
from tests.kit.documents import crowded
from tests.kit.replicas import ONE, TWO, merged
from tests.kit.snapshots import OPEN

YARDSTICK = 0.010  # seconds that `yardstick` took on an idle core when the limit was set


def yardstick() -> str:
    return "".join(f"<{number}>{number / 7:.1f}" for number in range(20_000))


def cost(draw: Callable[[], str]) -> float:
    """Return the seconds on an idle core: a shared core slows the yardstick just as much."""

    def measured(work: Callable[[], str]) -> float:
        began = time.thread_time()
        work()
        return time.thread_time() - began

    traced = sys.gettrace()
    sys.settrace(None)  # do not count the time that coverage takes
    gc.freeze()  # nor the time that the collector spends on pytest's own objects
    try:
        turns = [(measured(draw), measured(yardstick)) for _ in range(7)]
    finally:
        gc.unfreeze()
        sys.settrace(traced)
    drawing = min(drawing for drawing, _ in turns)
    slowness = min(yard for _, yard in turns) / YARDSTICK
    return drawing / max(slowness, 1.0)


@pytest.mark.alone
@pytest.mark.parametrize("model", ["thread", "pool"])
def test_the_page_of_256_open_and_1000_closed_sessions_takes_less_than_100_ms(model: str) -> None:
    full = told.crowded(model)
    taken = parse(document(full))
    assert (taken.open, len(taken.sessions)) == (OPEN, OPEN + HISTORY)
    news = document(full, since=taken.at - 0.5)  # what is new since an answer half a second ago
    assert cost(lambda: live(parse(news).after(taken))) < 0.1


def rows(page: str) -> list[int]:
    return [int(number) for number in re.findall(r'<th scope="row">(\d+)</th>', page)]


def test_the_page_lists_the_latest_and_the_report_all_with_failures_first() -> None:
    taken = crowded("pool", 1.2)  # too long to be folded as short visits
    live_page, kept = live(taken), report(taken)
    drawn = [session.number for session in picture_of(taken).sessions()]
    assert rows(live_page) == drawn[-ROWS:]
    assert f"{len(drawn) - ROWS} more sessions are in the report" in live_page
    assert rows(kept) == list(range(1, HISTORY + OPEN + 1))
    assert "more sessions are" not in kept
    assert "<h1>Thread Lanes: 2027-01-15 08:00:35 UTC</h1>" in kept
    marked = drawn[0]
    assert rows(live(taken, Query(marked=str(marked))))[0] == marked
    failed = rows(live(scenes.QUEUE))
    assert failed == [3, 6, 1, 2, 4, 5]


def test_the_report_has_the_settings_in_words_without_empty_ones() -> None:
    settings = {
        "model": "pool",
        "workers": 2,
        "replica": "",
        "tls_cert": None,
        "idle_timeout": 120.0,
    }
    settings |= {"work": "spin:20", "max_clients": 256, "gusto": "much"}
    shown = report(replace(ONE, model="pool", settings=settings, gil=True))
    table = shown[shown.index("Settings of server-1") :]
    assert re.findall('<th scope="row">(.*?)</th><td>(.*?)</td>', table)[1:] == [
        ("Threads", "a pool of 2 threads that all clients share"),
        ("Protocol", "lines of text"),
        ("Python&#39;s GIL", "on"),
        ("A client may be silent for", "120 s"),
        ("Extra work per message", "20 ms of a core"),
        ("Clients at a time, at most", "256"),
        ("Gusto", "much"),
    ]
    unknown = replace(ONE, gil=None)
    assert "GIL" not in report(unknown)


def test_the_report_says_who_proves_what_and_on_how_many_cpus_clients_are_served() -> None:
    settings = {"tls_cert": "server.pem", "tls_client_ca": "ca.pem", "handshake_timeout": 5.0}
    shown = report(replace(ONE, settings=settings | {"cpus": "one"}))
    table = shown[shown.index("Settings of server-1") :]
    assert {
        ("Encryption", "TLS"),
        ("Clients prove their names", "with certificates"),
        ("A TLS handshake may take", "5 s"),
        ("CPUs used for serving", "one"),
    } < set(re.findall('<th scope="row">(.*?)</th><td>(.*?)</td>', table))


def test_a_page_of_several_servers_has_the_settings_and_the_document_of_each() -> None:
    both = merged(TWO, ONE)
    assert re.findall("<h2>Settings of (.*)</h2>", report(both)) == ["server-1", "server-2"]
    documents = re.findall(r'href="sessions.json\?replica=([^"]*)"', live(both))
    assert documents == ["server-1", "server-2"]


def test_links_are_relative_so_that_the_page_works_behind_a_path_prefix() -> None:
    links = re.findall('(?:href|src)="([^"]*)"', live(ONE, Query(seconds=30)))
    outside = [link for link in links if not link.startswith(("data:", "?"))]
    pages = ["report.html?seconds=30", "lanes.svg?seconds=30", "trace.json", "sessions.json"]
    assert outside == pages


def test_a_report_of_the_past_has_the_title_and_the_table_of_that_time() -> None:
    taken = scenes.QUEUE
    then = sorted(session.accepted_at for session in taken.sessions)[2]
    kept = report(taken, Query(until=then))
    assert f'data-at="{then}"' in kept
    assert f"<h1>Thread Lanes: {moment(then)}</h1>" in kept
    assert len(rows(kept)) == sum(one.accepted_at <= then for one in taken.sessions)
