"""What was drawn a moment ago, for all who look on."""

import sys
import threading
from collections.abc import Callable

import pytest

from server.drawings import KEPT, SHARE, TURN, Drawings
from tests.kit.waiting import SECONDS, wait_until

AGE = 0.2  # seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Sets the clock on by so many seconds."""
    moment = [100.0]

    def advance(seconds: float) -> None:
        moment[0] += seconds

    monkeypatch.setattr("server.drawings.monotonic", lambda: moment[0])
    return advance


def test_a_drawing_is_given_again_by_its_name_until_it_is_too_old(
    clock: Callable[[float], None],
) -> None:
    kept = Drawings()
    drawn = iter("abc")
    assert [kept.recent("/", drawn.__next__, AGE) for _ in range(3)] == [b"a", b"a", b"a"]
    assert kept.recent("other", lambda: "its own", AGE) == b"its own"
    clock(0.19)
    assert kept.recent("/", drawn.__next__, AGE) == b"a"
    clock(0.02)
    assert kept.recent("/", drawn.__next__, AGE) == b"b"


@pytest.mark.usefixtures("clock")
def test_of_names_without_end_only_some_are_kept() -> None:
    kept = Drawings()
    names = range(10 * KEPT)
    for name in names:
        kept.recent(name, lambda: "before", AGE)
    again = [kept.recent(name, lambda: "after", AGE) for name in reversed(names)]
    assert 0 < again.count(b"before") <= KEPT


def test_a_costly_drawing_is_kept_for_longer(
    clock: Callable[[float], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    spent = iter([0.0, 0.05, 1.0, 1.0])  # seconds of a core
    monkeypatch.setattr("server.drawings.thread_time", spent.__next__)
    kept = Drawings()
    assert kept.recent("/", lambda: "costly", AGE) == b"costly"
    clock(0.05 * SHARE - 0.01)
    assert kept.recent("/", lambda: "costly too", AGE) == b"costly"
    clock(0.02)
    assert kept.recent("/", lambda: "costly too", AGE) == b"costly too"


@pytest.mark.parametrize(
    ("recent", "drawn"),
    [(True, [b"first", b"first", b"first"]), (False, [b"first", b"second", b"second"])],
)
def test_all_who_ask_while_it_is_drawn_share_one_that_is_as_new_as_they_want(
    drawn: list[bytes], *, recent: bool
) -> None:
    kept = Drawings()
    drawing, finish = threading.Event(), threading.Event()
    made = iter(["first", "second", "third"])
    got: list[bytes] = []

    def draw() -> str:
        drawing.set()
        assert finish.wait(SECONDS)
        return next(made)

    def ask() -> None:
        got.append(kept.recent("/", draw, AGE) if recent else kept.exact("/", draw))

    first, *others = [threading.Thread(target=ask) for _ in drawn]
    first.start()
    assert drawing.wait(SECONDS)
    for other in others:
        other.start()
    wait_until(lambda: all(map(is_waiting, others)))
    finish.set()
    for asking in (first, *others):
        asking.join()
    assert sorted(got) == drawn


def is_waiting(thread: threading.Thread) -> bool:
    """Whether it stands at the lock: it is in `Drawings`, and has asked what the time is."""
    frame = sys._current_frames().get(thread.ident or 0)  # noqa: SLF001 - there is no other way
    waits = {Drawings.recent.__code__, Drawings.exact.__code__}
    return frame is not None and frame.f_code in waits and "asked" in frame.f_locals


@pytest.mark.parametrize(("number", "turn"), [(1, TURN), (2000, 0.1)])
def test_while_one_is_drawn_the_turns_of_threads_are_short_unless_there_are_many(
    number: int, turn: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(threading, "active_count", lambda: number)
    usual = sys.getswitchinterval()
    assert usual > TURN
    drawn = Drawings().recent("/", lambda: str(sys.getswitchinterval()), AGE)
    assert float(drawn) == pytest.approx(turn)
    assert sys.getswitchinterval() == usual


def test_one_that_fails_is_tried_again_and_leaves_the_turns_as_they_were() -> None:
    kept, usual = Drawings(), sys.getswitchinterval()
    with pytest.raises(ZeroDivisionError):
        kept.recent("/", lambda: str(1 / 0), AGE)
    assert sys.getswitchinterval() == usual
    assert kept.recent("/", lambda: "drawing", AGE) == b"drawing"
