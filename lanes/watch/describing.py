"""Turns what a watcher has seen into a snapshot, like one that a server reports about itself."""

from collections import Counter
from collections.abc import Iterator, Sequence

from lanes import marks
from lanes.session import LEFT, Session
from lanes.snapshot import Locks, Queue, Seen, Snapshot
from lanes.watch.classify import kind_of
from lanes.watch.facts import facts_of
from lanes.watch.kinds import LOOP, THREADS, Kind
from lanes.watch.moment import Moment
from lanes.watch.process import ThreadId
from lanes.watch.records import Record
from lanes.watch.threads import Threads
from lanes.watch.watcher import Watcher


def describe(watcher: Watcher, threads: Threads, name: str, notes: tuple[str, ...]) -> Snapshot:
    """Return a snapshot of the last look; `name` is the server's name for people."""
    with watcher.changing:
        moment = watcher.moment
        kind = watcher.kinds.now(kind_of(facts_of(watcher, threads, moment)))
        in_loop = kind.name == LOOP
        sessions = watcher.records.sessions(
            lambda record: _session(record, threads, moment, in_loop=in_loop)
        )
        accepted = watcher.records.accepted
        locked = tuple(_locked(watcher, threads, moment))
        queues = tuple(_queues(watcher, threads, moment, kind))
        threads.forget(others_than=watcher.records.threads() | set(moment.look))
    gate = tuple(_gate(watcher, threads, moment))
    open_ = [one for one in sessions if one.state != "closed"]
    serving = sum(one.state == "serving" and one.how != LEFT for one in open_)
    return Snapshot(
        at=moment.at,
        since=0.0,
        started_at=watcher.started_at,
        model=kind.name,
        protocol="",
        replica="",
        pid=watcher.pid,
        settings={"watched": name},
        open=len(open_),
        serving=serving,
        peak_serving=watcher.records.peak(serving),
        accepted=accepted,
        messages=sum(one.messages for one in sessions),
        refused={},
        refusals=(),
        sessions=sessions,
        seen=Seen(
            kind=kind.name,
            evidence=kind.evidence,
            rate=round(moment.rate, 1),
            queues=tuple(Queue(one.address, one.waiting, one.limit) for one in moment.listening),
            notes=tuple(filter(None, (*gate, *queues, *_left(open_), moment.unheard, *notes))),
            unknown=tuple(_unknown(moment)),
            locks=Locks(bool(gate), kind.locked or bool(locked), (gate + queues) or locked[:1]),
        ),
    )


def _gate(watcher: Watcher, threads: Threads, moment: Moment) -> Iterator[str]:
    """Yield a sentence for each acceptor that waits for a lock, if no thread is accepting."""
    if not moment.accepting:
        for thread in moment.acceptors or {ThreadId(watcher.pid, watcher.pid)}:
            if thread in moment.look and moment.look[thread].kind == "locks":
                yield f"No thread is accepting: {_stands(threads, thread, moment)}."


def _locked(watcher: Watcher, threads: Threads, moment: Moment) -> Iterator[str]:
    """Yield a sentence for each thread that has a client and waits for a lock."""
    for record in watcher.records:
        thread = record.claim.thread
        if thread and thread in moment.look and moment.look[thread].kind == "locks":
            yield f"{_stands(threads, thread, moment)}."


def _stands(threads: Threads, thread: ThreadId, moment: Moment) -> str:
    name = f"{threads.name(thread)} ({threads.native_id(thread)})"
    return f"{name} {threads.where(thread, moment.look)}"


def _queues(watcher: Watcher, threads: Threads, moment: Moment, kind: Kind) -> Iterator[str]:
    """Yield a sentence for each lock with several waiters; not in a pool, which waits for work.

    A thread that was there long before all clients is not one of theirs: a JVM has dozens.
    """
    if kind.name != THREADS or all(record.served_at for record in watcher.records):
        return
    inodes = [record.connection.inode for record in watcher.records]
    clients = [inode for inode in inodes if inode]  # those in the backlog have none, and no thread
    locked = (
        threads.where(thread, moment.look)
        for thread, doing in moment.look.items()
        if doing.kind == "locks" and thread not in moment.acceptors
        if not all(watcher.is_older(thread, inode) for inode in clients)
    )
    for where, count in Counter(locked).items():
        if count > 1:
            yield f"{count} threads {where.replace('waits', 'wait', 1)}."


def _left(sessions: Sequence[Session]) -> Iterator[str]:
    if left := sum(one.how == LEFT for one in sessions):
        has, its = ("has", "its connection") if left == 1 else ("have", "their connections")
        yield f"{marks.count(left, 'client')} {has} left; the server has not closed {its}."


def _unknown(moment: Moment) -> Iterator[str]:
    """Yield the names of the figures that cannot be seen."""
    if not moment.counted:
        yield "messages"
    if moment.look and all(doing.kind == "hidden" for doing in moment.look.values()):
        yield "serving"
    if not any(one.port or moment.counted for one in moment.listening):
        yield "backlog"


def _session(record: Record, threads: Threads, moment: Moment, *, in_loop: bool) -> Session:
    claim, connection = record.claim, record.connection
    # Unless it is an event loop, a poller hands its clients to other threads once they speak.
    thread = claim.thread if claim.how != "polled" or in_loop else None
    is_open = record.closed_at is None
    state = "closed" if not is_open else "serving" if record.served_at else "waiting"
    how: str = claim.how
    if is_open and not connection.inode:
        how = "in the backlog"
    elif is_open and not claim.thread and connection.unread:
        how = "accepted, not read"
    return Session(
        number=record.number,
        replica="",
        peer=connection.peer,
        client=connection.peer,
        thread=threads.name(thread) if thread else None,
        native_id=threads.native_id(thread) if thread else None,
        state=state,
        accepted_at=record.accepted_at,
        served_at=record.served_at,
        closed_at=record.closed_at,
        messages=connection.segments,
        bytes_in=connection.received,
        bytes_out=connection.acknowledged,
        end=None if is_open else "closed",
        ticks=tuple(record.ticks),
        how=how,
        where=threads.where(thread, moment.look) if thread and is_open and how != LEFT else "",
    )
