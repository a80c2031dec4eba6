"""What to draw: a lane for each thread, a bar for each session, in seconds, not in pixels.

    Snapshot -> layout -> Picture -> svg, terminal

A bar has two stretches: waiting from `start` to `turn`, served from `turn` to `end`. A session that
waits in the pool's queue has no thread, so its wait is a separate bar in the queue.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from lanes.session import GOODBYES, Session
from lanes.snapshot import Refusal, Snapshot

ALL = "all"  # a kind of session (lanes/layout.py)
COLOURS = 8  # of bars; svg/templates/lanes.css and terminal/strokes.py have as many


@dataclass(frozen=True, slots=True)
class Bar:
    """What a session does in one lane, cut off where the window begins. Times are Unix seconds."""

    session: Session
    start: float
    turn: float
    end: float
    open: bool  # whether the session is still open
    reason: str | None  # why the session has ended, if it ends with this bar
    ticks: tuple[tuple[float, int], ...] = ()  # when messages came, and how many
    colour: int = 0  # one of COLOURS

    @property
    def failed(self) -> bool:
        """Whether the session ended here without a goodbye; from outside that is not known."""
        return self.reason not in GOODBYES

    @property
    def served(self) -> bool:
        """Whether a thread serves the session in this bar."""
        return self.turn < self.end


@dataclass(frozen=True, slots=True)
class Lane:
    """A thread and its bars, in order: a thread serves one client at a time."""

    thread: str
    native_id: int | None
    bars: tuple[Bar, ...]
    folded: int = 0  # how many lanes it stands for, each of short visits (lanes/folding.py)


@dataclass(frozen=True, slots=True)
class Picture:
    """A snapshot's last seconds: the lanes by first use, and the queue above them."""

    snapshot: Snapshot
    start: float  # of the window, which ends with the snapshot
    refusals: tuple[Refusal, ...]
    queue: tuple[tuple[Bar, ...], ...]  # in as few rows as possible
    queue_more: int  # rows that are not drawn
    lanes: tuple[Lane, ...]
    lanes_more: int  # lanes that are not drawn
    kind: str  # of session, as asked for
    counts: Mapping[str, int]  # sessions in the window by kind, even if not asked for

    @property
    def at(self) -> float:
        """When the window ends."""
        return self.snapshot.at

    @property
    def span(self) -> float:
        """Seconds that it shows."""
        return self.at - self.start

    def sessions(self) -> list[Session]:
        """Return the sessions that are drawn, in the order of acceptance."""
        rows = (*self.queue, *(lane.bars for lane in self.lanes))
        drawn = {
            (bar.session.replica, bar.session.number): bar.session for row in rows for bar in row
        }
        return sorted(drawn.values(), key=lambda one: (one.accepted_at, one.replica, one.number))
