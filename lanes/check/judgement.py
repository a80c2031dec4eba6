"""What was seen of a check's clients -> whether each has a thread of its own, or why not.

If a client is not answered while the others stay, the server fails, whatever it is. If all are
answered, only a server that is asked to have threads fails without them.
"""

from collections import Counter
from collections.abc import Iterator, Sequence

from lanes.check.failure import Failed, Unseen
from lanes.marks import count
from lanes.snapshot import CERTAIN, Seen, Session, Snapshot
from lanes.watch.kinds import KEPT, LOOP, ONE, PROCESSES, RUNTIME, THREADS, UNKNOWN

SHOWN = 10  # threads
NOTHING = Seen(UNKNOWN, "nothing was seen", 0.0, (), ())
A_POOL = "a pool of "
LOCKED = "waits for a lock"  # as lanes/watch/threads.py words it
BACKLOG = "in the backlog"
UNPLACED = {BACKLOG, "accepted, not read", "unknown"}
IN_A_LOCK = "in a lock"  # as lanes/watch/classify.py does

HINTS = {
    "loop": "an event loop: one thread waits for all clients at once. Start a thread for each "
    "client that `accept` returns",
    "answers": "each client has a thread of its own, but that does not answer: see `answers` and "
    "`concurrent`",
    "pool": "a pool of threads: more clients than it has threads wait until others have left, or "
    "take turns. Start a thread for each client, or have as many workers as clients",
    "lock": "one lock over the whole conversation: each client has a thread, but only one at a "
    "time is served. Hold the lock only while something shared is used",
    "gate": "the thread that accepts waits for a lock that is held over a conversation, so that "
    "the other clients are not even accepted. Let it accept, and hold the lock only while "
    "something shared is used",
    "one": "one client at a time: the thread that accepts also talks with the client (no threads, "
    "or `run()` for `start()`). Start a thread for each client",
}


def own(snapshot: Snapshot, addresses: Sequence[str]) -> list[Session]:
    """The sessions of the clients with these addresses, in the clients' order."""
    open_ = {one.peer: one for one in snapshot.sessions if one.closed_at is None}
    return [open_[address] for address in addresses if address in open_]


def is_clear(sessions: Sequence[Session]) -> bool:
    """Whether it is known of each who waits for it: its own thread, or one that polls."""
    return all(one.how in CERTAIN | {"polled"} for one in sessions)


def is_heard(sessions: Sequence[Session]) -> bool:
    """Whether the watcher has noticed that each has said something, unless it is not accepted."""
    return all(one.messages or one.how == BACKLOG for one in sessions)


def is_placed(snapshot: Snapshot, address: str) -> bool:
    """Whether anything at all is known of who serves a client."""
    return any(one.how not in UNPLACED for one in own(snapshot, [address]))


def judge(
    snapshot: Snapshot, addresses: Sequence[str], unanswered: Failed | None, *, required: bool
) -> str:
    """The evidence, if the claim holds; raises Failed with evidence and hint, or Unseen.

    `addresses` are the clients', `unanswered` is what one met that was not answered.
    """
    seen = snapshot.seen or NOTHING
    sessions, clients = own(snapshot, addresses), len(addresses)
    what = f"{seen.kind}: {seen.evidence}"
    if unanswered:
        details = [f"seen: {what}", *_locked(seen, sessions)]
        raise Failed("; ".join([str(unanswered), *details]), _hint(seen, sessions))
    if len(sessions) < clients:
        raise Unseen(
            f"of {clients} clients {clients - len(sessions)} were not seen on the server's side: "
            "it sees other addresses than they have (a proxy, or a published port), or it is "
            "another server. Check it at the address where it listens"
        )
    threads = [one.native_id for one in sessions if one.certain and one.native_id]
    if len(set(threads)) == clients and not seen.kind.startswith((LOOP, RUNTIME)):
        return _told(seen.kind, sessions)
    if seen.kind.startswith((LOOP, A_POOL)):  # "an event loop, or a pool of 4" too
        if required:
            raise Failed(f"{what}; all {clients} clients were answered", _hint(seen, sessions))
        return f"{what} (no threads were asked for)"
    if len(set(threads)) < len(threads):
        raise Failed(f"{len(threads)} clients had {count(len(set(threads)), 'thread')}: {what}")
    raise Unseen(
        f"who serves each of {clients} clients cannot be seen ({_known(sessions)}): {what}"
    )


def _locked(seen: Seen, sessions: Sequence[Session]) -> Iterator[str]:
    """Who waits for a lock, and where, as far as that is known."""
    notes = [note.rstrip(".") for note in seen.notes if "for a lock" in note]
    one = next((one for one in sessions if one.where.startswith(LOCKED)), None)
    yield from notes or ([f"{one.thread} ({one.native_id}) {one.where}"] if one else [])


def _hint(seen: Seen, sessions: Sequence[Session]) -> str:
    """By the kind of server; empty if that says nothing about the cause."""
    if any(note.startswith("Nobody accepts") for note in seen.notes):
        return HINTS["gate"]
    if IN_A_LOCK in seen.evidence or any(one.where.startswith(LOCKED) for one in sessions):
        return HINTS["lock"]
    if seen.kind.startswith(LOOP):
        return HINTS["loop"]
    if seen.kind == ONE:
        return HINTS["one"]
    if seen.kind in {THREADS, PROCESSES} and all(one.thread for one in sessions):
        return HINTS["answers"]
    is_pool = seen.kind.startswith(A_POOL) or seen.kind in {THREADS, PROCESSES, KEPT}
    return HINTS["pool"] if is_pool else ""  # some have a thread of their own, and some have none


def _told(kind: str, sessions: Sequence[Session]) -> str:
    """Which thread each client has, by the client's port, and how that is known."""
    each = [
        f":{one.peer.rpartition(':')[2]} by {one.thread} ({one.native_id})"
        for one in sessions[:SHOWN]
    ]
    both = f"{len(sessions)} clients, {len(sessions)} threads ({_known(sessions)})"
    more = ", ..." if len(sessions) > SHOWN else ""
    return f"{kind}: {both}: {', '.join(each)}{more}"


def _known(sessions: Sequence[Session]) -> str:
    """How it is known who serves them."""
    return ", ".join(f"{n} {how}" for how, n in Counter(one.how for one in sessions).items())
