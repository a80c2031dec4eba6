"""Snapshot -> the bars of each thread and of the queue, not cut off: for pictures and traces.

A session is in its thread's lane. If threads are reused (`pool`, `cached`), it is there only once
it is served, and in the queue before that; otherwise its thread waits with it. A session whose
thread is not known is in the rows of the queue all the time.
"""

from collections.abc import Iterable, Iterator

from lanes.picture import Bar, Lane
from lanes.replicas import in_order
from lanes.session import LEFT, Session
from lanes.snapshot import Snapshot


def queue_of(snapshot: Snapshot) -> Iterator[Bar]:
    """Yield the bars of sessions that have no thread, or had none while they waited."""
    pools = pools_of(snapshot)
    for session in snapshot.sessions:
        closed = session.closed_at or snapshot.at
        turn = session.served_at or closed
        if session.thread is None:
            yield _bar(session, session.accepted_at, turn, closed, last=True)
        elif session.replica in pools:
            yield _bar(session, session.accepted_at, turn, turn, last=session.served_at is None)


def lanes_of(snapshot: Snapshot) -> list[Lane]:
    """Return all remembered threads by first use: their names are numbered in that order.

    First bars would not do: the registry forgets them, and a pool's lanes would change places.
    """
    pools = pools_of(snapshot)
    lanes: dict[tuple[str, int | None], list[Bar]] = {}
    for session in snapshot.sessions:
        if session.thread is not None:
            end = session.closed_at or snapshot.at
            turn = session.served_at or end
            start = turn if session.replica in pools else session.accepted_at
            bars = lanes.setdefault((session.thread, session.native_id), [])
            bars.append(_bar(session, start, turn, end, last=True))  # in the thread's own order
    return sorted(
        (Lane(*thread, tuple(row)) for thread, bars in lanes.items() for row in _rows(bars)),
        key=lambda lane: (in_order(lane.thread), lane.native_id or 0),
    )


def _rows(bars: list[Bar]) -> list[list[Bar]]:
    """Return one row; more for an event loop, or if clients have left and are not closed."""
    several = any(bar.session.how in {"polled", LEFT} for bar in bars)
    return rows_of(bars) if several else [bars]


def rows_of(bars: Iterable[Bar]) -> list[list[Bar]]:
    """Put each bar into the first row that is free by then."""
    rows: list[list[Bar]] = []
    for bar in bars:
        free = next((row for row in rows if row[-1].end <= bar.start), None)
        if free is None:
            rows.append([bar])
        else:
            free.append(bar)
    return rows


def pools_of(snapshot: Snapshot) -> set[str]:
    """Return the servers that reuse threads, by the model that they report or are seen to have."""
    pools = "pool", "cached", "a pool of "
    return {server.replica for server in snapshot.servers if server.model.startswith(pools)}


def _bar(session: Session, start: float, turn: float, end: float, *, last: bool) -> Bar:
    is_open = last and session.state != "closed"
    return Bar(session, start, turn, end, is_open, session.end if last else None)
