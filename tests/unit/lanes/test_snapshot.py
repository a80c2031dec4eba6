"""A new answer added to the earlier ones."""

from dataclasses import dataclass, field, replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lanes.document import parse
from lanes.snapshot import Snapshot
from server.chat.record import Record
from server.chat.registry import Registry
from server.http.sessions import document
from tests.kit import scenes
from tests.kit.snapshots import EPOCH
from tests.kit.telling_servers import SETTINGS

STEPS = ["accept", "serve", "talk", "count", "close", "refuse", "ask"]


@dataclass
class Lab:
    """A registry, with a clock that the test moves, and a viewer that asks it for what is new."""

    registry: Registry = field(default_factory=lambda: Registry(5, "", SETTINGS))
    open: list[Record] = field(default_factory=list)
    said: dict[int, float] = field(default_factory=dict)  # uncounted messages: session -> time
    seen: Snapshot | None = None
    at: float = EPOCH

    def step(self, what: str, choice: int, seconds: float) -> None:
        self.at += seconds
        record = self.open[choice % len(self.open)] if self.open else None
        if what == "accept":
            accepted = self.registry.admit("10.0.0.7:7")
            self.open += [accepted] if accepted else []
        elif what == "ask":
            self.ask()
        elif record is None:
            self.registry.refuse("busy")
        elif what == "serve":
            self.registry.serve(record)
        elif what == "talk" and record.state == "serving":
            self.said.setdefault(record.number, self.at)
        elif what == "count":
            self.count(record)
        elif what == "close" and record.state == "serving":
            self.count(record)
            self.registry.close(record, "bye")
            self.open.remove(record)
        elif what == "refuse" and record.number == max(one.number for one in self.open):
            self.registry.withdraw(record, "busy")
            self.open = [one for one in self.open if one.state != "closed"]

    def count(self, record: Record) -> None:
        """Its thread counts a message, perhaps a while after it was answered."""
        if moment := self.said.pop(record.number, None):
            record.ticks.add(moment, moment, 1)

    def ask(self) -> tuple[Snapshot, Snapshot]:
        """Return what the viewer knows by now, and the whole snapshot."""
        taken = self.registry.snapshot()
        answer = parse(document(taken, self.seen.at if self.seen else 0.0))
        self.seen = answer.after(self.seen) if self.seen else answer
        return self.seen, parse(document(taken))


@example([(what, 0, 1) for what in ["accept", "serve", "talk", "count", "ask", "talk", "count"]])
@given(st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 4), st.floats(0, 2)), max_size=60))
def test_answers_about_what_is_new_add_up_to_the_whole(steps: list[tuple[str, int, float]]) -> None:
    with pytest.MonkeyPatch.context() as monkeypatch:
        lab = Lab()
        monkeypatch.setattr("server.chat.registry.now", lambda: lab.at)
        for step in steps:
            lab.step(*step)
        known, whole = lab.ask()
    assert known == whole


def test_a_session_with_fewer_ticks_has_every_message_and_the_same_last_tick() -> None:
    ticks = tuple((EPOCH + n, EPOCH + n + 0.1, n) for n in range(10))
    one = replace(scenes.WALL.sessions[0], ticks=ticks)
    thin = one.thinned(3).ticks
    assert len(thin) == 4
    assert thin[-1] == ticks[-1]
    assert (thin[0][0], sum(tick[2] for tick in thin)) == (EPOCH, sum(range(10)))
    assert one.thinned(9) == one
