"""Snapshot -> Chrome's Trace Event JSON: the lanes once more, for Perfetto and for `vizviewer`.

A thread is a track, and on it stand slices, one within the other: a session waits for the lock; a
session is served, and in that its messages, one slice for those that came close together. Who waits
in the queue has no thread, and does not wait alone: that is an asynchronous event, and those may
overlap.

Tracks are numbered as the lanes are ordered. The system's own ids would not do: when a thread has
ended, a new one can get its id, and two threads would share a track. The numbers go on from the
process's, which is the main thread's too. Times are whole microseconds since 1970. Of a slice both
ends are rounded, never its length, so that what was within another still is.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from operator import itemgetter

from server.record import Record
from server.registry import Snapshot
from server.ticks import Tick
from server.views.layout import lanes_of, queue_of
from server.views.picture import Bar, Lane

MESSAGES = 2_500  # slices at the most, 0.3 MB: 1,256 sessions can have 300,000 ticks

Event = dict[str, object]


def trace_json(snapshot: Snapshot) -> str:
    """All that is remembered, as a file to open."""
    messages = _messages(snapshot.sessions)
    names = [
        _name("process_name", name=f"thread-lanes, model {snapshot.model}"),
        _name("thread_name", name="MainThread"),
    ]
    events = [event for bar in queue_of(snapshot) for event in _queued(bar)]
    events += _refused(snapshot.refusals)
    for tid, lane in enumerate(lanes_of(snapshot), snapshot.pid + 1):
        names += ({**name, "tid": tid} for name in _names(lane, tid))
        events += ({**slice_, "tid": tid} for slice_ in _slices(lane, messages))
    # The sort is stable: of two that begin at once the outer one, or the earlier, stays in front.
    events.sort(key=itemgetter("ts"))
    main_thread = {"pid": snapshot.pid, "tid": snapshot.pid}
    trace = {
        "displayTimeUnit": "ms",
        "otherData": {
            "model": snapshot.model,
            "protocol": snapshot.protocol,
            "replica": snapshot.replica,
            "messages_from_session": min(messages, default=1),
        },
        "traceEvents": [{**main_thread, **event} for event in (*names, *events)],
    }
    return json.dumps(trace, separators=(",", ":"))


def _messages(sessions: Sequence[Record]) -> dict[int, list[Tick]]:
    """What is shown of the newest sessions, by number: of as many as fit in whole."""
    shown: dict[int, list[Tick]] = {}
    room = MESSAGES
    for session in reversed(sessions):
        ticks = list(session.ticks)
        room -= len(ticks)
        if room < 0:
            break
        shown[session.number] = ticks
    return shown


def _names(lane: Lane, place: int) -> Iterator[Event]:
    yield _name("thread_name", name=f"{lane.thread} ({lane.native_id})")
    yield _name("thread_sort_index", sort_index=place)


def _name(what: str, **args: object) -> Event:
    return {"ph": "M", "name": what, "args": args}


def _slices(lane: Lane, messages: Mapping[int, Iterable[Tick]]) -> Iterator[Event]:
    """What a thread did, in order; a session before its messages."""
    for bar in lane.bars:
        session = bar.session
        if _microseconds(bar.start) < _microseconds(bar.turn):
            yield _slice("wait", "waiting", bar.start, bar.turn, _unserved(session))
        if session.served_at is not None:
            yield _slice("session", _who(session), bar.turn, bar.end, _facts(session))
        for began, ended, count in messages.get(session.number, ()):
            name = "message" if count == 1 else f"{count} messages"
            yield _slice("message", name, began, ended, {"messages": count})


def _slice(kind: str, name: str, began: float, ended: float, args: Event) -> Event:
    length = _microseconds(ended) - _microseconds(began)
    return _event("X", kind, name, began, dur=length, args=args)


def _queued(bar: Bar) -> Iterator[Event]:
    """The two ends of a wait in the queue."""
    session, name = bar.session, f"{_who(bar.session)} waits"
    here = {"local": str(session.number)}  # within this process: another has a session 1 too
    yield _event("b", "queue", name, bar.start, id2=here, args=_unserved(session))
    yield _event("e", "queue", name, bar.end, id2=here)


def _refused(refusals: Iterable[Tick]) -> Iterator[Event]:
    for at, _, count in refusals:
        name = "refused" if count == 1 else f"{count} refused"
        yield _event("i", "refusal", name, at, s="p", args={"refused": count})


def _event(phase: str, category: str, name: str, at: float, **fields: object) -> Event:
    return {"ph": phase, "cat": category, "name": name, "ts": _microseconds(at), **fields}


def _microseconds(seconds: float) -> int:
    return round(seconds * 1_000_000)


def _who(session: Record) -> str:
    return f"#{session.number} {session.client}"


def _unserved(session: Record) -> Event:
    """The facts of one that only waits, or only waited; the others' are where they are served."""
    return _facts(session) if session.served_at is None else {}


def _facts(session: Record) -> Event:
    return {
        "client": session.client,
        "peer": session.peer,
        "native_id": session.native_id,
        "messages": session.messages,
        "bytes_in": session.bytes_in,
        "bytes_out": session.bytes_out,
        "state": session.state,
        "end": session.end,
    }
