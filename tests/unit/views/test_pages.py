"""The live page and the report, at their largest: test_web asks for the rest."""

import re
import sys
import time
from collections.abc import Callable

import pytest

from server.registry import HISTORY
from server.views.layout import picture_of
from server.views.pages import ROWS, live, report
from server.views.svg import WIDTH
from tests.kit.snapshots import OPEN, crowded

YARDSTICK = 0.010  # seconds that `yardstick` took on an idle core, when the bound was set


def yardstick() -> str:
    return "".join(f"<{number}>{number / 7:.1f}" for number in range(20_000))


def measured(work: Callable[[], str]) -> float:
    began = time.thread_time()
    work()
    return time.thread_time() - began


def cost(draw: Callable[[], str]) -> float:
    """Seconds of an idle core that it takes.

    A core that is shared is slower, by half at times, and for minutes: then so is the yardstick.
    """
    traced = sys.gettrace()
    sys.settrace(None)  # what coverage takes is not the server's
    try:
        turns = [(measured(draw), measured(yardstick)) for _ in range(7)]
    finally:
        sys.settrace(traced)
    drawing = min(drawing for drawing, _ in turns)
    slowness = min(yard for _, yard in turns) / YARDSTICK
    return drawing / max(slowness, 1.0)


@pytest.mark.alone
@pytest.mark.parametrize("model", ["thread", "pool"])
def test_the_page_of_256_open_and_1000_closed_sessions_takes_less_than_100_ms(model: str) -> None:
    taken = crowded(model)
    assert (taken.open, len(taken.sessions)) == (OPEN, OPEN + HISTORY)
    assert cost(lambda: live(taken, picture_of(taken), WIDTH)) < 0.1


def rows(page: str) -> list[int]:
    return [int(number) for number in re.findall(r'<th scope="row">(\d+)</th>', page)]


def test_the_live_page_lists_the_latest_sessions_and_the_report_all_and_says_when_it_is_of() -> (
    None
):
    taken = crowded("pool")
    picture = picture_of(taken)
    live_page, kept = live(taken, picture, WIDTH), report(taken, picture, WIDTH)
    drawn = [session.number for session in picture.sessions()]
    assert rows(live_page) == drawn[-ROWS:]
    assert f"{len(drawn) - ROWS} earlier sessions are in the report" in live_page
    assert rows(kept) == list(range(1, HISTORY + OPEN + 1))
    assert "earlier sessions" not in kept
    assert "<h1>Thread Lanes: 2027-01-15 08:00:29 UTC</h1>" in kept
