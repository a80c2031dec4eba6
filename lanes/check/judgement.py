"""What was seen of a check's clients -> whether each has a thread of its own, or why not.

If a client is not answered while the others stay, the server fails, whatever its kind. If all are
answered, an event loop or a pool fails only with --require threads.
"""

from collections import Counter
from collections.abc import Sequence

from lanes.check.failure import Failed, Unseen
from lanes.marks import count
from lanes.session import Session
from lanes.snapshot import Seen, Snapshot
from lanes.watch.kinds import ONE, POOL, PROCESSES, RUNTIME, THREADS, UNKNOWN, is_loop, is_pool

SHOWN = 10  # threads that the evidence lists
NOTHING = Seen(UNKNOWN, "nothing was seen", 0.0, (), ())
JOIN = ".join("  # in a line of Python at which a thread waits
BACKLOG = "in the backlog"
UNPLACED = {BACKLOG, "accepted, not read", "unknown"}

HINTS = {
    "loop": "an event loop: one thread waits for all clients at once. Start a thread for each "
    "client that `accept` returns",
    "answers": "each client has a thread of its own, but that does not answer: see `answers` and "
    "`concurrent`",
    "pool": "a pool of threads: more clients than it has threads wait until others have left, or "
    "take turns. Start a thread for each client that `accept` returns; more workers only move the "
    "limit",
    "lock": "one lock for the whole conversation: each client has a thread, but only one at a "
    "time is served. Hold the lock only while something shared is used",
    "limit": "some threads wait for a lock or a semaphore while others serve their clients: a "
    "limit on how many are served at once, or something that the threads share. Look at "
    "`concurrent`, too",
    "gate": "the thread that accepts waits for a lock that is held for a whole conversation, so "
    "that the other clients are not even accepted. Let it accept, and hold the lock only while "
    "something shared is used",
    "join": "`join()` right after `start()`: the thread that accepts waits until the client has "
    "left. Start the thread, and go on to the next `accept`",
    "one": "one client at a time: the thread that accepts also talks with the client (no threads, "
    "or `run()` for `start()`). Start a thread for each client",
}


def own(snapshot: Snapshot, addresses: Sequence[str]) -> list[Session]:
    """Return the open sessions of the clients with these addresses, in the clients' order."""
    open_ = {one.peer: one for one in snapshot.sessions if one.closed_at is None}
    return [open_[address] for address in addresses if address in open_]


def is_clear(sessions: Sequence[Session]) -> bool:
    """Whether it is known for each which thread waits for it: its own, or one that polls."""
    return all(one.certain or one.how == "polled" for one in sessions)


def is_heard(sessions: Sequence[Session]) -> bool:
    """Whether the watcher has noticed a message from each client that is not in the backlog."""
    return all(one.messages or one.how == BACKLOG for one in sessions)


def is_placed(snapshot: Snapshot, address: str) -> bool:
    """Whether anything is known about the thread that serves a client."""
    return any(one.how not in UNPLACED for one in own(snapshot, [address]))


def judge(
    snapshot: Snapshot, addresses: Sequence[str], unanswered: Failed | None, *, required: bool
) -> str:
    """Return the evidence if the claim holds; raises Failed with evidence and hint, or Unseen.

    `addresses` are the clients'; `unanswered` is the failure of a client that was not answered.
    """
    seen = snapshot.seen or NOTHING
    sessions, clients = own(snapshot, addresses), len(addresses)
    what = f"{seen.kind}: {seen.evidence}"
    if unanswered:
        told = (one.rstrip(".") for one in seen.locks.told)
        evidence = ". ".join([f"{unanswered}; seen: {what}", *told])
        raise Failed(evidence, _hint(seen, sessions, unanswered.hint))
    if missing := clients - len(sessions):
        absent = "does not appear" if missing == 1 else "do not appear"
        raise Unseen(
            f"{missing} of the {clients} clients {absent} on the server's side: it sees different "
            "addresses for them (a proxy, or a published port), or the watched process is a "
            "different server. Check it at the address where it listens"
        )
    threads = [one.native_id for one in sessions if one.certain and one.native_id]
    if len(set(threads)) == clients and not is_loop(seen.kind) and seen.kind != RUNTIME:
        return _told(seen.kind, sessions)
    if is_loop(seen.kind) or seen.kind.startswith(POOL):
        if required:
            raise Failed(f"{what}; all {clients} clients were answered", _hint(seen, sessions))
        return f"{what} (passes, since --require threads was not given)"
    if len(set(threads)) < len(threads):
        raise Failed(f"{len(threads)} clients had {count(len(set(threads)), 'thread')}: {what}")
    raise Unseen(
        f"cannot see which thread serves each of the {clients} clients ({_known(sessions)}): {what}"
    )


def _hint(seen: Seen, sessions: Sequence[Session], otherwise: str = "") -> str:
    """Return the hint for the kind of server; `otherwise`, if that says nothing about the cause."""
    if seen.locks.gate:
        return HINTS["join" if any(JOIN in told for told in seen.locks.told) else "gate"]
    if seen.locks.clients:
        served = sum(one.state == "serving" for one in sessions)
        return HINTS["lock" if served <= 1 else "limit"]
    if is_loop(seen.kind):
        return HINTS["loop"]
    if seen.kind == ONE:
        return HINTS["one"]
    if seen.kind in {THREADS, PROCESSES} and all(one.thread for one in sessions):
        return otherwise or HINTS["answers"]
    pooled = is_pool(seen.kind) or seen.kind in {THREADS, PROCESSES}
    return HINTS["pool"] if pooled else otherwise  # some have a thread of their own, some none


def _told(kind: str, sessions: Sequence[Session]) -> str:
    """List the thread of each client, by the client's port, and how that is known."""
    each = [
        f":{one.peer.rpartition(':')[2]} by {one.thread} ({one.native_id})"
        for one in sessions[:SHOWN]
    ]
    own_ones = "processes" if kind == PROCESSES else "threads"
    both = f"{len(sessions)} clients, {len(sessions)} {own_ones} ({_known(sessions)})"
    more = ", ..." if len(sessions) > SHOWN else ""
    return f"{kind}: {both}: {', '.join(each)}{more}"


def _known(sessions: Sequence[Session]) -> str:
    """Say how it is known which threads serve these sessions."""
    return ", ".join(f"{n} {how}" for how, n in Counter(one.how for one in sessions).items())
