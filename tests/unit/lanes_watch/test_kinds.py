"""The kind that a server is said to be, and the evidence."""

import pytest

from lanes.watch.claim import UNKNOWN, Claim
from lanes.watch.classify import kind_of
from lanes.watch.evidence import Doing
from lanes.watch.kinds import LOOP, Facts, History, Kind, Kinds
from lanes.watch.process import ThreadId

MAIN, *WORKERS = (ThreadId(1, tid) for tid in range(1, 6))
CHILDREN = [ThreadId(pid, pid) for pid in (2, 3, 4)]
LOCKED, READS, POLLS = Doing("locks"), Doing("reads", frozenset({7}), alone=True), Doing("epolls")
TRIED = History(tried=frozenset({1}), workers=frozenset(WORKERS))
NOTHING = Facts(
    look={MAIN: Doing("accepts", frozenset({9}), alone=True)},
    claims=(),
    unplaced=0,
    unread=0,
    locked=0,
    perhaps=0,
    backlog=0,
    acceptors=frozenset({MAIN}),
    accepting=True,
    older=0,
    history=TRIED,
)


def served(*threads: ThreadId) -> list[Claim]:
    return [Claim(thread, "direct") for thread in threads]


def look(doing: Doing, *threads: ThreadId) -> dict[ThreadId, Doing]:
    return {**NOTHING.look, **dict.fromkeys(threads, doing)}


THREE = WORKERS[:3]
TWO = "2 clients, 2 threads"
OTHERS = "1 thread polls 3 connections; 3 others are waiting or working"
POLLED = [Claim(MAIN, "polled")] * 3


@pytest.mark.parametrize(
    ("facts", "kind"),
    [
        ({}, ("unknown", "no client now")),
        ({"claims": [UNKNOWN]}, ("unknown", "1 client, and no thread waits for it")),
        ({"claims": served(*THREE)}, ("a thread for each client", "3 clients, 3 threads")),
        (
            {"claims": [*served(WORKERS[0]), UNKNOWN, UNKNOWN], "locked": 2, "unread": 1},
            (
                "a thread for each client",
                "2 of 3 clients wait, each with a thread in a lock; 1 is served",
            ),
        ),
        (
            {"claims": [*served(*WORKERS[:2]), UNKNOWN], "locked": 1},  # a semaphore
            (
                "a thread for each client",
                "1 of 3 clients waits, each with a thread in a lock; 2 are served",
            ),
        ),
        (
            # Threads older than the clients do not belong to them.
            {"claims": [*served(*WORKERS[:2]), UNKNOWN], "unread": 1, "look": look(LOCKED, *THREE)},
            ("a pool of 2", "2 clients, 2 threads; 1 client accepted and not read"),
        ),
        (
            {"claims": [*served(*WORKERS[:2]), UNKNOWN], "unplaced": 1},
            (
                "a thread for each client, or a pool of 2",
                "2 clients, 2 threads; 1 client accepted, whose thread is not known",
            ),
        ),
        (
            # Two threads older than the watcher: one may be the waiting client's, or neither.
            {
                "claims": [*served(*WORKERS[:2]), UNKNOWN],
                "unread": 1,
                "unplaced": 1,
                "perhaps": 2,
            },
            (
                "a thread for each client, or a pool of 2",
                f"{TWO}; 1 client accepted, whose thread is not known, and 2 threads in a lock",
            ),
        ),
        (
            {"claims": [*served(*WORKERS[:2]), UNKNOWN]},
            ("unknown", "2 clients, 2 threads; another client has only just come"),
        ),
        (
            {"claims": [*served(*WORKERS[:2]), Claim(WORKERS[2], "born together")]},
            ("a thread for each client", "2 clients, 2 threads"),
        ),
        (
            {"claims": served(*WORKERS[:2]), "older": 2},
            (
                "a pool, or threads that are kept for the next client",
                "2 clients, 2 threads that were there before their clients connected",
            ),
        ),
        (
            {"claims": served(*CHILDREN)},
            ("a process for each client", "3 clients, 3 processes that do not accept"),
        ),
        (
            {"claims": served(CHILDREN[0])},
            ("a process for each client", "1 client, 1 process that does not accept"),
        ),
        (
            {"claims": served(*CHILDREN), "acceptors": frozenset(CHILDREN)},
            ("a pool of 3 processes", "3 clients, 3 threads; each process accepts for itself"),
        ),
        (
            # A thread that serves is not accepting, and may never have been seen to accept.
            {"claims": served(CHILDREN[0]), "acceptors": frozenset(CHILDREN[1:])},
            ("a pool of 3 processes", "1 client, 1 thread; each process accepts for itself"),
        ),
        (
            {"claims": served(*WORKERS[:2]), "acceptors": frozenset(WORKERS)},
            ("a pool of 4", "2 clients, 2 threads; each thread accepts for itself"),
        ),
        (
            {"claims": served(CHILDREN[0], ThreadId(2, 9))},
            ("a thread for each client", "2 clients, 2 threads; another process accepts"),
        ),
        (
            {
                "claims": served(*WORKERS[:2]),
                "history": History(sharing=frozenset({1})),
                "look": look(LOCKED, *THREE),
            },
            ("a pool of 3", "2 clients, 2 threads, which go from client to client"),
        ),
        (
            {"claims": [Claim(thread, "polled") for thread in THREE]},
            ("a thread for each client", "3 threads poll 3 connections, each one of its own"),
        ),
        (
            {"claims": served(MAIN), "backlog": 2, "accepting": False},
            (
                "one client at a time",
                "1 client, 1 thread; 2 in the backlog, and no other thread accepts",
            ),
        ),
        (
            {"claims": served(WORKERS[0]), "backlog": 1, "accepting": False},  # the lab's mistake
            (
                "one client at a time",
                "1 client, 1 thread; 1 in the backlog, and no other thread accepts",
            ),
        ),
        (
            {"backlog": 2, "accepting": False},
            ("one client at a time", "2 clients in the backlog, and no thread accepts"),
        ),
        (
            {"claims": POLLED, "look": {MAIN: POLLS}, "history": History()},
            ("an event loop", "1 thread polls 3 connections, and no other thread serves"),
        ),
        (
            {"claims": POLLED, "look": look(LOCKED, *WORKERS)},
            (
                "a pool of 4",
                "1 thread polls 3 connections; 4 others are waiting or working",
            ),
        ),
        (
            {"claims": POLLED, "look": {**look(LOCKED, *THREE), WORKERS[3]: Doing("sleeps")}},
            (
                "a pool of 3",
                OTHERS,
            ),
        ),
        (
            {"claims": POLLED, "look": look(LOCKED, *THREE), "history": History()},
            (
                "an event loop, or a pool of 3",
                f"{OTHERS}; which threads answer is not known yet",
            ),
        ),
        (
            {
                "claims": POLLED,
                "look": {**look(LOCKED, *THREE), WORKERS[3]: Doing("sleeps")},
                "history": TRIED._replace(idled=frozenset(WORKERS)),
            },
            (
                "a pool of 4",
                "1 thread polls 3 connections; 4 others are waiting or working",
            ),
        ),
        (
            {"claims": POLLED, "look": {}},
            (
                "unknown",
                "1 thread polls 3 connections, and the threads that answered have exited",
            ),
        ),
        (
            {
                "claims": POLLED,
                "look": {
                    thread: Doing("locks", address=address)
                    for thread, address in zip(WORKERS, (0x40, 0x44, 0x48, 0x50), strict=True)
                },
                "history": TRIED._replace(
                    workers=frozenset(WORKERS[:1]), helpers=frozenset(WORKERS[3:])
                ),
            },
            (
                "a pool of 2 to 3",
                f"{OTHERS}, 2 of which have worked",
            ),
        ),
        (
            {
                "claims": POLLED,
                "look": {**look(LOCKED, *THREE), MAIN: Doing("epolls", oneshot=True)},
                "history": History(loops=frozenset({1}), tried=frozenset({1})),
            },
            (
                "an event loop, or a pool of 3",
                f"{OTHERS}; which threads answer is not known yet",
            ),
        ),
        (
            {
                "claims": POLLED,
                "look": look(POLLS, MAIN, *THREE),
                "history": History(turns=frozenset({MAIN, *WORKERS})),
            },
            ("a pool of 5", "1 thread polls 3 connections, and 5 take turns at it"),
        ),
        (
            {"claims": [UNKNOWN] * 2, "look": {**look(LOCKED, *THREE), MAIN: POLLS}},
            (
                "a pool of 3",
                "2 clients, none of them polled; 3 others are waiting or working",
            ),
        ),
        (
            # The waiting threads belong to other processes.
            {"claims": POLLED, "look": look(LOCKED, *CHILDREN), "history": History()},
            ("an event loop", "1 thread polls 3 connections, and no other thread serves"),
        ),
        (
            {"claims": [*POLLED, *served(WORKERS[0])], "look": look(LOCKED, WORKERS[1])},
            ("a pool of 1", "1 thread polls 3 connections; 1 other is waiting or working"),
        ),
        (
            {"claims": served(*THREE), "runtime": "a Go program"},
            ("a runtime with its own scheduler", "a Go program"),
        ),
    ],
)
def test_the_evidence_speaks_for_a_kind(facts: dict[str, object], kind: tuple[str, str]) -> None:
    found = kind_of(NOTHING._replace(**facts))  # type: ignore[arg-type]
    assert (found.name, found.evidence) == kind
    assert found.locked == ("with a thread in a lock" in found.evidence)


def test_a_server_of_an_unknown_kind_keeps_its_last_kind() -> None:
    kinds, loop = Kinds(), Kind(LOOP, "1 thread polls 2 connections")
    unknown = Kind("unknown", "no client now")
    assert kinds.now(unknown) == unknown
    assert kinds.now(loop) == loop
    before = Kind(LOOP, "no client now; before, 1 thread polls 2 connections")
    assert kinds.now(unknown) == before
