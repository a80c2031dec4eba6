"""The document /sessions.json: bytes -> Snapshot, and back. docs/sessions.schema.json describes it.

Any server may have written it, so every fact is checked.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import MISSING, asdict, fields
from typing import Any

from lanes.session import Session, Tick
from lanes.snapshot import Queue, Refusal, Seen, Snapshot

VERSION = 1
LATEST = 1e11  # seconds, in the year 5138: a larger number was not meant as seconds

Fact = Any  # a value in the JSON


class Unreadable(ValueError):
    """It is not such a document, or it has another version; the text is one line."""


def parse(body: bytes) -> Snapshot:
    """Read a document. Raises Unreadable."""
    try:
        facts = json.loads(body)
        version = facts["version"]
        if version == VERSION:
            sessions = sorted(facts["sessions"], key=lambda session: session["number"])
            read = tuple(_session(session, facts) for session in sessions)
            seen = _seen(facts["seen"]) if facts.get("seen") else None
            more = {name: READ[kind](facts.get(name)) for name, kind in OPTIONAL.items()}
            return Snapshot(**_read(Snapshot, facts | {"sessions": read}), **more, seen=seen)
    except (ArithmeticError, LookupError, RecursionError, TypeError, ValueError):
        raise Unreadable("its /sessions.json is not the document that lanes reads") from None
    raise Unreadable(f"its /sessions.json has version {version!a:.20}; lanes reads {VERSION}")


def _session(facts: Fact, snapshot: Fact) -> Session:
    accepted, served, closed = (facts[f"{what}_at"] for what in ("accepted", "served", "closed"))
    moments = [
        moment for moment in (accepted, served, closed, snapshot["at"]) if moment is not None
    ]
    if moments != sorted(moments) or facts["state"] not in {"waiting", "serving", "closed"}:
        raise ValueError
    begun, ended = served or accepted, closed or snapshot["at"]

    def moment(microseconds: Fact) -> Fact:
        return min(max(accepted + _count(microseconds) / 1e6, begun), ended)

    ticks = tuple(
        (moment(began), moment(began + took), _count(messages))
        for began, took, messages in facts["ticks"]
    )
    read = _read(Session, facts | {"replica": snapshot["replica"], "ticks": ticks})
    told = {name: _text(facts.get(name, "")) for name in ("how", "where", "tls")}
    return Session(**read, **told, refused=_count(facts.get("refused", 0)))


def _seen(facts: Fact) -> Seen:
    queues = tuple(Queue(**_read(Queue, queue)) for queue in facts["queues"])
    unknown = tuple(map(_text, facts.get("unknown", ())))
    return Seen(**_read(Seen, facts | {"queues": queues}), unknown=unknown)


def _read(kind: type[Session | Snapshot | Seen | Queue], facts: Fact) -> Fact:
    """Read the facts that every document has, and check each of them."""
    return {f.name: READ[f.type](facts[f.name]) for f in fields(kind) if f.default is MISSING}


def _moment(value: Fact) -> Fact:
    if not 0 <= float(value) < LATEST or isinstance(value, str):
        raise ValueError
    return float(value)


def _count(value: Fact) -> Fact:
    if int(value) != value or value < 0:
        raise ValueError
    return int(value)


def _text(value: Fact) -> Fact:
    if not isinstance(value, str):
        raise TypeError
    return value.encode(errors="replace").decode()  # JSON can contain half of a surrogate pair


def _known(value: Fact) -> Fact:
    if not isinstance(value, bool | None):
        raise TypeError
    return value


OPTIONAL = {"gil": bool | None, "messages_refused": int | None}  # facts that a server may leave out
READ: dict[object, Callable[[Fact], Fact]] = {
    int: _count,
    float: _moment,
    str: _text,
    bool | None: _known,
    int | None: lambda value: None if value is None else _count(value),
    float | None: lambda value: None if value is None else _moment(value),
    str | None: lambda value: None if value is None else _text(value),
    Mapping[str, Fact]: dict,
    Mapping[str, int]: lambda counts: {_text(why): _count(counts[why]) for why in counts},
    tuple[Refusal, ...]: lambda refusals: tuple((_moment(at), _count(n)) for at, n in refusals),
    tuple[Tick, ...]: tuple,
    tuple[Session, ...]: tuple,
    tuple[Queue, ...]: tuple,
    tuple[str, ...]: lambda texts: tuple(map(_text, texts)),
}


def render(snapshot: Snapshot) -> str:
    """Write one server's document."""
    sessions = [_facts(session) for session in snapshot.sessions]
    facts = {"version": VERSION} | _stated(snapshot) | {"sessions": sessions}
    told = {name: getattr(snapshot, name) for name in OPTIONAL}
    facts |= {name: value for name, value in told.items() if value is not None}
    if snapshot.seen:
        queues = [asdict(queue) for queue in snapshot.seen.queues]
        facts["seen"] = _stated(snapshot.seen) | {"queues": queues}
        if snapshot.seen.unknown:
            facts["seen"]["unknown"] = snapshot.seen.unknown
    return json.dumps(facts, separators=(",", ":"))


def _facts(session: Session) -> Fact:
    ticks = [
        (_microseconds(began - session.accepted_at), _microseconds(ended - began), messages)
        for began, ended, messages in session.ticks
    ]
    facts = _stated(session)
    del facts["replica"]  # which is stated once, for the server
    seen = {"how": session.how, "where": session.where}
    known = seen if session.how else {"tls": session.tls, "refused": session.refused}
    return facts | known | {"ticks": ticks}


def _stated(value: Session | Snapshot | Seen) -> Fact:
    return {f.name: getattr(value, f.name) for f in fields(value) if f.default is MISSING}


def _microseconds(seconds: float) -> int:
    return round(seconds * 1e6)
