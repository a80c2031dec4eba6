"""Turns what a watcher has seen into the facts that determine the kind of server."""

from lanes.session import LEFT
from lanes.watch.kinds import Facts
from lanes.watch.moment import Moment
from lanes.watch.threads import Threads
from lanes.watch.watcher import Watcher

JUST = 0.5  # seconds for which a client counts as only just come


def facts_of(watcher: Watcher, threads: Threads, moment: Moment) -> Facts:
    """Return the facts of a moment. The caller must hold `watcher.changing`."""
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
    unserved = [record.connection.inode for record, claim in claimed if not claim.certain]
    waiting = {one for one, doing in moment.look.items() if doing.kind == "locks"}
    waiting -= moment.acceptors
    came = {one for one in waiting if any(watcher.came_with(one, inode) for inode in unserved)}
    serving = {claim.thread for _, claim in claimed if claim.thread and claim.certain}
    # A pool's threads wait for work on something that no thread holds.
    behind = {
        one for one in waiting if unserved and threads.holder(one, moment.look[one]) in serving
    }
    born = {claim.thread for _, claim in claimed if not claim.certain} & waiting
    return Facts(
        look=moment.look,
        claims=[claim for _, claim in claimed],
        unplaced=len(unplaced),
        unread=sum(one.unread > 0 for one in unplaced),
        locked=len(born | came | behind),
        perhaps=sum(not all(watcher.is_older(one, inode) for inode in unserved) for one in waiting),
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
