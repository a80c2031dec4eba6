"""The servers' latest answer: one viewer's thread asks for it, and it is drawn once for all."""

import threading

import pytest

from lanes.ask import NoAnswer, Servers
from lanes.page.latest import FRESH, Latest
from lanes.replicas import Answer
from tests.kit.replicas import ONE, TWO, answer
from tests.kit.waiting import SECONDS


class Told(Servers):
    """Servers that give these answers in turn; each answer may wait for a signal."""

    def __init__(self, *said: list[Answer] | str) -> None:
        super().__init__("server", 0)
        self._said = list(said)
        self.asked = 0
        self.begun, self.go = threading.Semaphore(0), threading.Event()
        self.go.set()

    def ask(self) -> tuple[list[Answer], list[str]]:
        self.asked += 1
        said = self._said.pop(0)
        self.begun.release()
        assert self.go.wait(SECONDS)
        if isinstance(said, str):
            raise NoAnswer(said)
        return said, []


def test_an_answer_and_a_failure_are_kept_for_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [100.0]
    monkeypatch.setattr("lanes.page.latest.monotonic", lambda: clock[0])
    latest = Latest(told := Told([answer(ONE)], "nobody", [answer(TWO)]))
    assert latest.get() is latest.get()
    assert latest.get().snapshot is ONE
    clock[0] += FRESH + 0.01
    for _ in range(3):
        with pytest.raises(NoAnswer, match=r"^nobody$"):
            latest.get()
    assert told.asked == 2
    clock[0] += FRESH + 0.01
    assert latest.get().snapshot is TWO


def test_viewers_who_come_during_a_request_share_its_answer() -> None:
    latest = Latest(told := Told([answer(ONE)]))
    told.go.clear()
    got: list[object] = []
    viewers = [threading.Thread(target=lambda: got.append(latest.get())) for _ in range(4)]
    for viewer in viewers:
        viewer.start()
    assert told.begun.acquire(timeout=SECONDS)
    told.go.set()
    for viewer in viewers:
        viewer.join(SECONDS)
    assert (told.asked, len(got), len(set(map(id, got)))) == (1, 4, 1)


def test_an_answer_is_drawn_once_and_again_if_that_failed() -> None:
    seen = Latest(Told([answer(ONE)])).get()
    drawn = iter("ab")
    with pytest.raises(ZeroDivisionError):
        seen.drawing("/", lambda: str(1 / 0))
    assert [seen.drawing("/", drawn.__next__) for _ in range(3)] == [b"a", b"a", b"a"]
    assert seen.drawing("/report.html", drawn.__next__) == b"b"
