"""What was drawn a moment ago, for all who look on."""

import threading
from collections.abc import Callable

import pytest

from server.drawings import KEPT, Drawings
from tests.unit.running import wait_until


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Sets the clock on by so many seconds."""
    moment = [100.0]

    def advance(seconds: float) -> None:
        moment[0] += seconds

    monkeypatch.setattr("server.drawings.monotonic", lambda: moment[0])
    return advance


def test_a_drawing_is_given_again_until_it_is_no_longer_fresh(
    clock: Callable[[float], None],
) -> None:
    kept = Drawings()
    drawn = iter("abc")
    assert [kept.get("/", drawn.__next__) for _ in range(3)] == ["a", "a", "a"]
    clock(0.19)
    assert kept.get("/", drawn.__next__) == "a"
    clock(0.02)
    assert kept.get("/", drawn.__next__) == "b"


def test_each_name_has_its_own() -> None:
    kept = Drawings()
    assert [kept.get(name, lambda name=name: name) for name in "ab"] == ["a", "b"]  # type: ignore[misc]  # mypy cannot infer a default


@pytest.mark.usefixtures("clock")
def test_names_without_end_are_not_all_kept() -> None:
    kept = Drawings()
    names = range(10 * KEPT)
    for name in names:
        kept.get(name, lambda: "before")
    again = [kept.get(name, lambda: "after") for name in reversed(names)]
    assert 0 < again.count("before") <= KEPT


def test_who_asks_while_it_is_drawn_gets_the_same() -> None:
    kept = Drawings()
    drawing, finish = threading.Event(), threading.Event()
    got: list[str] = []

    def draw() -> str:
        drawing.set()
        assert finish.wait(10)
        return "first"

    first = threading.Thread(target=lambda: got.append(kept.get("/", draw)))
    second = threading.Thread(target=lambda: got.append(kept.get("/", lambda: "second")))
    first.start()
    assert drawing.wait(10)
    second.start()
    finish.set()
    wait_until(lambda: len(got) == 2)
    first.join()
    second.join()
    assert got == ["first", "first"]


def test_one_that_fails_is_tried_again() -> None:
    kept = Drawings()
    with pytest.raises(ZeroDivisionError):
        kept.get("/", lambda: str(1 / 0))
    assert kept.get("/", lambda: "drawing") == "drawing"
