"""The document /sessions.json as values; docs/sessions.schema.json describes it.

Anybody's server may have written it, so each fact is checked. Moments are Unix seconds.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Any

VERSION = 1
LATEST = 1e11  # seconds, in the year 5138: what is later was not meant as seconds

Fact = Any  # a value of the JSON
Refusal = tuple[float, int]  # when connections were turned away, and how many
Tick = tuple[float, float, int]  # when messages came and were answered, and how many


class Unreadable(ValueError):
    """It is no such document, or has another version; the text is one line."""


@dataclass(frozen=True, slots=True)
class Session:
    """One session; its moments are in order."""

    number: int
    replica: str
    peer: str
    client: str
    thread: str | None
    native_id: int | None
    state: str
    accepted_at: float
    served_at: float | None
    closed_at: float | None
    messages: int
    bytes_in: int
    bytes_out: int
    end: str | None
    ticks: tuple[Tick, ...]

    def waited(self, at: float) -> float:
        """Seconds until it was served or closed, or until `at`."""
        return (self.served_at or self.closed_at or at) - self.accepted_at

    def served(self, at: float) -> float:
        """Seconds for which it was served, until `at` if it still is."""
        return (self.closed_at or at) - self.served_at if self.served_at else 0.0


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One server at one moment, or several: then `parts` has each (lanes/replicas.py)."""

    at: float
    started_at: float
    model: str
    protocol: str
    replica: str
    pid: int
    settings: Mapping[str, Fact]
    open: int
    serving: int
    peak_serving: int
    accepted: int
    messages: int
    refused: Mapping[str, int]
    refusals: tuple[Refusal, ...]
    sessions: tuple[Session, ...]  # in the order of acceptance
    where: str = ""  # of a part: its address, and how far its clock is ahead
    parts: tuple["Snapshot", ...] = ()
    missing: tuple[str, ...] = ()  # why other servers are not among the parts

    @property
    def servers(self) -> tuple["Snapshot", ...]:
        """Each server, also if it is the only one."""
        return self.parts or (self,)


def parse(body: bytes) -> Snapshot:
    """Read a document. Raises Unreadable."""
    try:
        facts = json.loads(body)
        version = facts["version"]
        if version == VERSION:
            sessions = sorted(facts["sessions"], key=lambda session: session["number"])
            read = tuple(_session(session, facts) for session in sessions)
            return Snapshot(**_read(Snapshot, facts | {"sessions": read}))
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
    return Session(**_read(Session, facts | {"replica": snapshot["replica"], "ticks": ticks}))


def _read(kind: type[Session | Snapshot], facts: Fact) -> Fact:
    """The facts that the document has, each checked."""
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
    return value.encode(errors="replace").decode()  # JSON can hold half a character


READ: dict[object, Callable[[Fact], Fact]] = {
    int: _count,
    float: _moment,
    str: _text,
    int | None: lambda value: None if value is None else _count(value),
    float | None: lambda value: None if value is None else _moment(value),
    str | None: lambda value: None if value is None else _text(value),
    Mapping[str, Fact]: dict,
    Mapping[str, int]: lambda counts: {_text(why): _count(counts[why]) for why in counts},
    tuple[Refusal, ...]: lambda refusals: tuple((_moment(at), _count(n)) for at, n in refusals),
    tuple[Tick, ...]: tuple,
    tuple[Session, ...]: tuple,
}
