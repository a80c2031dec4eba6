"""What a watcher has seen -> the facts that the kind of a server is told by."""

from collections.abc import Sequence

from lanes.snapshot import LEFT
from lanes.watch.claim import Claim
from lanes.watch.kinds import Facts
from lanes.watch.moment import Moment
from lanes.watch.records import Record
from lanes.watch.watcher import Watcher

JUST = 0.5  # seconds for which a client has only just come


def facts_of(watcher: Watcher, moment: Moment) -> Facts:
    """Of a moment; while the watcher does not change."""
    claims = [
        (record, moment.claims.get(record.connection.inode))
        for record in watcher.records
        if record.claim.how != LEFT
    ]
    claimed = [(record, claim) for record, claim in claims if claim]
    unplaced = [
        record.connection
        for record, claim in claimed
        if not claim.thread and moment.at - record.accepted_at > JUST
    ]
    return Facts(
        look=moment.look,
        claims=[claim for _, claim in claimed],
        unplaced=len(unplaced),
        unread=sum(one.unread > 0 for one in unplaced),
        locked=_came_and_waits(watcher, moment, claimed),
        backlog=moment.backlog,
        acceptors=moment.acceptors,
        accepting=moment.accepting,
        older=sum(
            watcher.is_older(claim.thread, record.connection.inode)
            for record, claim in claimed
            if claim.thread and claim.certain
        ),
        history=moment.history,
        runtime=watcher.runtime.why,
    )


def _came_and_waits(
    watcher: Watcher, moment: Moment, claimed: Sequence[tuple[Record, Claim]]
) -> int:
    """The threads in a lock that may have been started for a client whom nobody serves."""
    unserved = [record.connection.inode for record, claim in claimed if not claim.certain]
    return sum(
        doing.kind == "locks" and any(watcher.came_with(thread, inode) for inode in unserved)
        for thread, doing in moment.look.items()
        if thread not in moment.acceptors
    )
