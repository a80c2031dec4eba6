"""What there is to draw: a lane for each thread, a bar for each session, in seconds, not in pixels.

    registry.snapshot() -> layout -> Picture -> svg, terminal

A bar is two stretches: waiting from `start` to `turn`, served from `turn` to `end`. A session that
waits in the pool's queue has no thread, so its waiting is a bar of its own, in the queue.
"""

import json
import re
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Any, Self

from server.record import Record

COLOURS = 8
UNKNOWN = "what it tells is no picture that this version knows"

Mark = tuple[float, int]  # when, and how many


@dataclass(frozen=True, slots=True)
class Bar:
    """What a session does in one lane; cut off where the window begins. Unix seconds."""

    session: Record
    start: float
    turn: float
    end: float
    open: bool  # it goes on
    reason: str | None  # why the session has ended, where it ends with this bar
    ticks: tuple[float, ...] = ()  # when messages came; not all, where they would be too close

    @property
    def failed(self) -> bool:
        """Whether the session ended here, and not because the client had said all it had to say."""
        return self.reason not in {None, "bye"}

    @property
    def colour(self) -> int:
        """The client's, of COLOURS."""
        return _colour(self.session.client)


@dataclass(frozen=True, slots=True)
class Lane:
    """A thread and its bars, in order: a thread serves one client at a time."""

    thread: str
    native_id: int
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class Picture:
    """The lanes by first use, the queue above them, and the figures that go with them."""

    model: str
    replica: str
    at: float
    start: float  # of the window, which ends at `at`
    open: int
    serving: int
    peak_serving: int
    messages: int
    refused: int
    refusals: tuple[Mark, ...]
    queue: tuple[tuple[Bar, ...], ...]  # in as few rows as they fit in side by side
    queue_more: int  # rows that are not drawn
    lanes: tuple[Lane, ...]
    lanes_more: int  # lanes that are not drawn
    replicas: tuple[str, ...] = ()  # where it shows several: a line about each

    def figures(self) -> dict[str, str]:
        """What stands above the lanes, by name."""
        # The peaks of several were at different times, and add up to nothing.
        peak = "" if self.replicas else f" (peak {self.peak_serving})"
        return {
            "model": self.model,
            "clients now": str(self.open),
            "served at once": f"{self.serving}{peak}",
            "messages": str(self.messages),
            "refused": str(self.refused),
        }

    def sessions(self) -> list[Record]:
        """Those that are drawn, in the order in which they were accepted."""
        rows = (*self.queue, *(lane.bars for lane in self.lanes))
        sessions = (bar.session for row in rows for bar in row)
        drawn = {(session.replica, session.number): session for session in sessions}
        return sorted(drawn.values(), key=lambda one: (one.accepted_at, one.replica, one.number))

    def to_json(self) -> str:
        """The same for another process."""
        return json.dumps(self, default=_plain)

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """The way back; ValueError for what is no picture."""
        try:
            facts = json.loads(text)
            facts["refusals"] = tuple((at, count) for at, count in facts["refusals"])
            facts["queue"] = tuple(_bars(row) for row in facts["queue"])
            facts["lanes"] = tuple(
                Lane(lane["thread"], lane["native_id"], _bars(lane["bars"]))
                for lane in facts["lanes"]
            )
            facts["replicas"] = tuple(facts["replicas"])
            facts["at"], facts["start"] = float(facts["at"]), float(facts["start"])
            facts["replica"] = str(facts["replica"])
            picture = cls(**facts)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise ValueError(UNKNOWN) from error
        if not all(picture.queue):  # a row has a bar
            raise ValueError(UNKNOWN)
        return picture


@lru_cache(maxsize=1024)  # it is asked for in every drawing
def _colour(client: str) -> int:
    """A number at the end of the name decides, so that neighbours differ."""
    number = re.search(r"[0-9]{1,9}$", client)
    return (int(number[0]) if number else zlib.crc32(client.encode(errors="replace"))) % COLOURS


def _plain(thing: Record | Picture | Lane | Bar) -> dict[str, Any]:
    if isinstance(thing, Record):
        return thing.facts()
    return {field.name: getattr(thing, field.name) for field in fields(thing)}


def _bars(row: Iterable[Mapping[str, Any]]) -> tuple[Bar, ...]:
    return tuple(
        Bar(**{**bar, "session": Record(**bar["session"]), "ticks": tuple(bar["ticks"])})
        for bar in row
    )
