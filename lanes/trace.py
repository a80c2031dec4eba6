"""Snapshot -> Chrome's Trace Event JSON: the lanes, for Perfetto and for `vizviewer`.

A server is a process, and a thread is a track. A track has nested slices: a session that waits for
the lock; a session that is served and, within it, its messages, with one slice for those that came
close together. Sessions that wait in the queue have no thread and may overlap, so each is an
asynchronous event.

Tracks are numbered in the order of the lanes. The system's own ids would not do: a new thread can
get the id of one that has ended, and both would share a track. Times are whole microseconds since
1970. The two ends of a slice are rounded, never its length, so that nested slices stay nested.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from operator import itemgetter
from typing import Any

from lanes.bars import lanes_of, queue_of
from lanes.picture import Bar, Lane
from lanes.session import Session, Tick
from lanes.snapshot import Snapshot

MESSAGES = 2_500  # slices for each server at most, 0.3 MB
APART = 1_000_000  # between the numbers of two processes; the tracks' numbers are in between

Event = dict[str, Any]


def trace_json(snapshot: Snapshot) -> str:
    """Return all that is remembered, as the text of a trace file."""
    events: list[Event] = []
    others: dict[str, Event] = {}
    for place, server in enumerate(snapshot.servers, 1):
        pid = place * APART if snapshot.parts else server.pid  # containers may have the same ids
        messages = _messages(server.sessions)
        events += ({"pid": pid, "tid": pid, **event} for event in _process(server, pid))
        for tid, lane in enumerate(lanes_of(server), pid + 1):
            events += ({"pid": pid, "tid": tid, **event} for event in _track(lane, tid, messages))
        others[server.replica] = {
            "model": server.model,
            "protocol": server.protocol,
            "replica": server.replica,
            "messages_from_session": min(messages, default=1),
        }
    # The sort is stable: names, which have no time, stay first, and so does the outer or earlier
    # one of two slices that begin at the same time.
    events.sort(key=itemgetter("ts"))
    other = others if snapshot.parts else others[snapshot.replica]
    trace = {"displayTimeUnit": "ms", "otherData": other, "traceEvents": events}
    return json.dumps(trace, separators=(",", ":"))


def _messages(sessions: Sequence[Session]) -> dict[int, Sequence[Tick]]:
    """Return the ticks of the newest sessions, by number: of as many sessions as fit completely."""
    shown: dict[int, Sequence[Tick]] = {}
    room = MESSAGES
    for session in reversed(sessions):
        room -= len(session.ticks)
        if room < 0:
            break
        shown[session.number] = session.ticks
    return shown


def _process(server: Snapshot, pid: int) -> Iterator[Event]:
    """Yield what no thread did: the process's names, its queue, its refusals."""
    where = f"{server.replica} at {server.where}, " if server.where else ""
    yield _name("process_name", name=f"{where}thread-lanes, model {server.model}")
    yield _name("process_sort_index", sort_index=pid)
    yield _name("thread_name", name="MainThread")
    for bar in queue_of(server):
        yield from _queued(f"{_who(bar.session)} waits", bar, bar.start, bar.turn)
        if bar.served:  # by which thread is not known
            yield from _queued(_who(bar.session), bar, bar.turn, bar.end, _facts(bar.session))
    for at, count in server.refusals:
        name = "refused" if count == 1 else f"{count} refused"
        yield _event("i", "refusal", name, at, s="p", args={"refused": count})


def _queued(
    name: str, bar: Bar, began: float, ended: float, facts: Event | None = None
) -> Iterator[Event]:
    session = bar.session
    here = {"local": str(session.number)}  # within this process: others have a session 1, too
    yield _event("b", "queue", name, began, id2=here, args=facts or _unserved(session))
    yield _event("e", "queue", name, ended, id2=here)


def _track(lane: Lane, place: int, messages: Mapping[int, Sequence[Tick]]) -> Iterator[Event]:
    """Yield a thread's names, and what it did, in order; a session before its messages."""
    native = "" if lane.native_id is None else f" ({lane.native_id})"
    yield _name("thread_name", name=f"{lane.thread}{native}")
    yield _name("thread_sort_index", sort_index=place)
    for bar in lane.bars:
        session = bar.session
        if _microseconds(bar.start) < _microseconds(bar.turn):
            yield _slice("wait", "waiting", bar.start, bar.turn, _unserved(session))
        if session.served_at is not None:
            yield _slice("session", _who(session), bar.turn, bar.end, _facts(session))
        ticks = [*messages.get(session.number, ()), (bar.end, bar.end, 0)]
        for (began, ended, count), (following, *_) in pairwise(ticks):
            name = "message" if count == 1 else f"{count} messages"
            until = min(ended, following)  # rounding may have moved it beyond that
            yield _slice("message", name, began, until, {"messages": count})


def _name(what: str, **args: object) -> Event:
    return {"ph": "M", "name": what, "ts": 0, "args": args}


def _slice(kind: str, name: str, began: float, ended: float, args: Event) -> Event:
    length = _microseconds(ended) - _microseconds(began)
    return _event("X", kind, name, began, dur=length, args=args)


def _event(phase: str, category: str, name: str, at: float, **fields: object) -> Event:
    return {"ph": phase, "cat": category, "name": name, "ts": _microseconds(at), **fields}


def _microseconds(seconds: float) -> int:
    return round(seconds * 1_000_000)


def _who(session: Session) -> str:
    return f"#{session.number} {session.client}"


def _unserved(session: Session) -> Event:
    """Return the facts of a session that was never served; others have them in a later slice."""
    return _facts(session) if session.served_at is None else {}


def _facts(session: Session) -> Event:
    names = ("client", "peer", "native_id", "messages", "bytes_in", "bytes_out", "state", "end")
    return {name: getattr(session, name) for name in names}
