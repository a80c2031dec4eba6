"""A snapshot as it was at an earlier moment, as far as it is remembered."""

from collections.abc import Iterator
from dataclasses import replace

from lanes.bars import pools_of
from lanes.session import Session
from lanes.snapshot import Snapshot


def as_of(snapshot: Snapshot, moment: float) -> Snapshot:
    """Return what had happened by then; the same snapshot if that is not in the past."""
    if moment >= snapshot.at:
        return snapshot
    sessions = tuple(_sessions_of(snapshot, moment))
    return replace(
        snapshot,
        at=moment,
        past=True,
        open=sum(one.state != "closed" for one in sessions),
        serving=sum(one.state == "serving" for one in sessions),
        refusals=tuple(refusal for refusal in snapshot.refusals if refusal[0] <= moment),
        sessions=sessions,
        parts=tuple(as_of(part, moment) for part in snapshot.parts),
        agreement=(),
    )


def _sessions_of(snapshot: Snapshot, moment: float) -> Iterator[Session]:
    pools = pools_of(snapshot)
    for session in snapshot.sessions:
        if session.accepted_at > moment:
            continue
        if session.closed_at is not None and session.closed_at <= moment:
            yield session
            continue
        then = _still_open(session, moment)
        had_none = then.served_at is None and session.replica in pools
        yield replace(then, thread=None, native_id=None) if had_none else then


def _still_open(session: Session, moment: float) -> Session:
    """Return it as it was: later messages are subtracted; its other counts are unknown."""
    ticks = tuple(tick for tick in session.ticks if tick[0] <= moment)
    later = sum(count for began, _, count in session.ticks if began > moment)
    served = session.served_at is not None and session.served_at <= moment
    return replace(
        session,
        state="serving" if served else "waiting",
        served_at=session.served_at if served else None,
        closed_at=None,
        end=None,
        messages=max(session.messages - later, 0),
        ticks=ticks,
        refused=0,
        where="",
        sized=False,
    )
