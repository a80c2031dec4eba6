"""Several servers' snapshots -> one Snapshot. Nothing is lost, and no time is shifted.

Each server counts its threads and sessions from 1, and has its own clock. So each gets a label,
which precedes its threads' names, and how far its clock is ahead is shown next to it.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from lanes.agreement import compare
from lanes.session import Session
from lanes.snapshot import Snapshot


class Answer(NamedTuple):
    """What is known about a server, and how far its clock is ahead of ours."""

    host: str
    snapshot: Snapshot
    ahead: float  # seconds
    within: float  # seconds by which that may be wrong, because the answer took time
    cost: float = 0.0  # seconds of processor time that the server spent on it, if it reports that


def labels(answers: Sequence[Answer]) -> list[str]:
    """Return a label for each: its name, or its address, or both if others have the same name."""
    sharing = Counter(answer.snapshot.replica for answer in answers)
    return [
        (name if sharing[name] == 1 else f"{name}@{host}") if name else host
        for host, name in ((answer.host, answer.snapshot.replica) for answer in answers)
    ]


def merge(answers: Sequence[Answer], missing: Sequence[str] = ()) -> Snapshot:
    """Merge all into one snapshot; `missing` says why others did not answer.

    A single server needs no label, and its snapshot stays as it is.
    """
    if len(answers) == 1 and not missing:
        return answers[0].snapshot
    parts = sorted(map(_part, answers, labels(answers)), key=lambda part: in_order(part.replica))
    sessions = [session for part in parts for session in part.sessions]
    counted = [part for part in parts if not part.seen] or parts  # so that each client counts once
    return replace(
        counted[0],  # for what cannot be combined
        at=max(part.at for part in parts),
        started_at=min(part.started_at for part in counted),
        model=" and ".join(sorted({part.model for part in counted})),
        replica="",
        open=sum(part.open for part in counted),
        serving=sum(part.serving for part in counted),
        peak_serving=max(part.peak_serving for part in counted),
        accepted=sum(part.accepted for part in counted),
        messages=sum(part.messages for part in counted),
        messages_refused=sum(told) if (told := _refused(counted)) else None,
        refused=sum((Counter(part.refused) for part in counted), Counter()),
        refusals=tuple(sorted(refusal for part in counted for refusal in part.refusals)),
        sessions=tuple(sorted(sessions, key=lambda one: (one.accepted_at, one.number))),
        parts=tuple(parts),
        missing=tuple(missing),
        agreement=compare(parts),
        seen=None,
    )


def _refused(parts: Sequence[Snapshot]) -> list[int]:
    """Return how many messages were refused, by each server that reports it."""
    return [part.messages_refused for part in parts if part.messages_refused is not None]


def _part(answer: Answer, label: str) -> Snapshot:
    """Return its snapshot, with the label on the server, its sessions and its threads."""

    def relabelled(session: Session) -> Session:
        thread = session.thread and session.thread.removeprefix(f"{session.replica}/")
        return replace(session, replica=label, thread=thread and thread_name(label, thread))

    clock = f"clock {answer.ahead:+.3f} s from here (\N{PLUS-MINUS SIGN}{answer.within:.3f})"
    sessions = tuple(map(relabelled, answer.snapshot.sessions))
    where = f"{answer.host}, {clock}"
    return replace(answer.snapshot, replica=label, where=where, sessions=sessions)


def thread_name(replica: str, thread: str) -> str:
    """Return the label of a thread of this replica, or of its queue."""
    return f"{replica}/{thread}" if replica else thread


def in_order(name: str) -> list[tuple[str, int]]:
    """Return a sort key for names: server-9 comes before server-10."""
    runs = re.findall(r"([^0-9]*)([0-9]{0,18})", name)
    return [(text, int(digits or 0)) for text, digits in runs]
