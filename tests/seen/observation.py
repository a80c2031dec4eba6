"""Observe one server: five clients, idle and busy, and what `lanes watch` draws of each."""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from select import select

from lanes.session import Session
from lanes.snapshot import Snapshot
from lanes.watch.kinds import LOOP, POOL
from lanes.watch.session import Watched
from lanes.watch.target import of_port
from tests.kit.waiting import SECONDS
from tests.seen.started import started, version_of
from tests.seen.subjects import CLIENTS, Subject
from tests.watch.talker import Answer, Talker

HELLOS, BETWEEN = 15, 0.1  # messages of each at first; seconds between them, and between arrivals
IDLE = 1.5  # seconds of silence
ROUNDS, WORK = 3, 300  # rounds in which all send a message; milliseconds that it takes
PAUSE = 0.02  # seconds between two snapshots
MARGIN = 0.05  # seconds at both ends of a thread's work in which it may belong to another client
NOBODY, NOT_TOLD = -1, 0  # instead of the id of the thread that answers


@dataclass
class Row:
    """What was drawn. A claim is counted once for each client and moment: idle, and each round."""

    name: str
    version: str
    kind: str = ""
    evidence: str = ""
    idle: Counter[str] = field(default_factory=Counter)  # clients, by how their thread is known
    busy: Counter[str] = field(default_factory=Counter)
    certain: int = 0
    wrong: list[str] = field(default_factory=list)

    def judge(self, client: str, tid: int, drawn: Iterable[Session]) -> None:
        """Compare the threads drawn as certain with the one that answers."""
        claimed = {one.native_id for one in drawn if one.certain and one.native_id}
        self.certain += bool(claimed)
        if tid != NOT_TOLD and claimed - {tid}:
            self.wrong.append(f"{client}: {claimed} drawn, {tid} is so")


def observe(subject: Subject) -> Row:
    """Observe a server. Raises AssertionError or OSError if it does not start or answer."""
    row, told = Row(subject.name, version_of(subject)), list[Answer]()
    with started(subject) as port, Watched(of_port(port)) as watched:
        assert not watched.missing, watched.missing
        crowd = list[Talker]()
        for _ in range(CLIENTS):
            time.sleep(BETWEEN)
            crowd.append(subject.talker(port, told))
        held = _answered(crowd, subject.at_once)
        for _ in range(HELLOS if subject.talks else 0):
            _answered(held, len(held))
            time.sleep(BETWEEN)
        for talker in crowd:
            talker.stay()
        idle = _looks(watched, IDLE)
        last, tids = _sessions(idle[-1]), dict.fromkeys((one.address for one in crowd), NOBODY)
        row.idle.update(last[client].how for client in tids)
        row.kind, row.evidence = _kind(idle[-1])
        for _ in range(ROUNDS if subject.works else 0):
            looks = list[Snapshot]()
            _answered(held, len(held), WORK, partial(_look, watched, looks))
            for answer in told[-len(held) :]:
                drawn = _while_busy(answer, looks)
                row.busy.update(one.how for one in drawn[-1:])
                row.judge(answer.client, answer.tid, drawn)
                if tids.get(answer.client) == NOBODY:
                    tids[answer.client] = answer.tid
        if POOL in row.kind and LOOP in row.kind:  # by now it may be known which of the two it is
            row.kind, row.evidence = _kind(_looks(watched, IDLE)[-1])
        for client, tid in tids.items():
            answered_by = tid if subject.works else NOT_TOLD
            row.judge(client, answered_by, _drawn(client, idle))
    return row


def _answered(
    crowd: Sequence[Talker], many: int, work_ms: int = 0, look: Callable[[], object] = list
) -> list[Talker]:
    """Let all clients send, and call `look` until `many` are answered; return these."""
    for talker in crowd:
        talker.say(work_ms)
    waiting, until = list(crowd), time.monotonic() + SECONDS
    while len(waiting) > len(crowd) - many:
        assert time.monotonic() < until, f"{len(waiting)} of {len(crowd)} are not answered"
        look()
        for talker in select(waiting, [], [], PAUSE)[0]:
            waiting.remove(talker)
            talker.answer()
    return [one for one in crowd if one not in waiting]


def _looks(watched: Watched, seconds: float) -> list[Snapshot]:
    until, looks = time.monotonic() + seconds, list[Snapshot]()
    while time.monotonic() < until:
        time.sleep(PAUSE)
        _look(watched, looks)
    return looks


def _look(watched: Watched, looks: list[Snapshot]) -> None:
    looks.append(watched.snapshot())


def _while_busy(answer: Answer, looks: Iterable[Snapshot]) -> list[Session]:
    """Return what was drawn of the client while its thread worked on its message."""
    ahead = time.time() - time.monotonic()
    began, ended = answer.answered - answer.work + MARGIN, answer.answered - MARGIN
    return _drawn(answer.client, [one for one in looks if began < one.at - ahead < ended])


def _drawn(client: str, looks: Iterable[Snapshot]) -> list[Session]:
    every = [_sessions(one) for one in looks]
    return [sessions[client] for sessions in every if client in sessions]


def _sessions(seen: Snapshot) -> dict[str, Session]:
    return {one.client: one for one in seen.sessions}


def _kind(seen: Snapshot) -> tuple[str, str]:
    assert seen.seen
    return seen.seen.kind, seen.seen.evidence
