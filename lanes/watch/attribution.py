"""Which thread serves which connection, and how that is known.

At each look, a connection's claim is the first of these that applies:

| how | the thread |
|---|---|
| direct | waits for this connection alone, to read or to write: certain |
| | or polls it and no other socket, and no other thread of its process is free (singles.py) |
| polled | waits for whichever of several is ready first: an event loop, or a pool's poller |
| remembered | was direct, and has since neither waited for another connection nor accepted one |
| born together | appeared when the connection did, and nothing else appeared with them |
| only one busy | is the only busy one; no other connection has an unanswered message |
| unknown | is not known |
| has left | served the client until it left; the server has not closed (records.py) |

A connection that is polled is never remembered or born together, because the poller may hand it to
any thread. If threads share connections (sharing.py), nothing is remembered.
"""

from collections.abc import Collection, Mapping

from lanes.watch.claim import UNKNOWN, Claim, How
from lanes.watch.evidence import Look
from lanes.watch.guesses import claim_born_together, claim_only_busy, is_elsewhere
from lanes.watch.newcomers import TOGETHER, Newcomers
from lanes.watch.process import ThreadId
from lanes.watch.sharing import Sharing
from lanes.watch.singles import Singles


class Attribution:
    """The claims about one server, updated at each look."""

    def __init__(self) -> None:
        self._seen: tuple[Look, Collection[int], Collection[int]] = {}, (), ()
        self._alike = 0  # how many looks in a row were the same as the one before
        self._claims: dict[int, Claim] = {}
        self._lost: set[int] = set()
        self._sharing = Sharing()
        self._singles = Singles()
        self._newcomers = Newcomers()

    def update(
        self,
        look: Look,
        connections: Collection[int],
        pending: Collection[int],
        lists: int,
        listening: Collection[int] = (),
    ) -> None:
        """Claim a thread for each accepted connection, by its inode.

        Those in `pending` have an unanswered message. `lists` is how often the connections have
        been listed. `listening` are the inodes of the server's listening sockets.
        """
        seen = look, connections, pending
        self._alike = self._alike + 1 if seen == self._seen else 0
        self._seen = seen
        if self._alike > TOGETHER:  # nothing is new or lost: every claim stays
            self._newcomers.skip()
            return
        self._newcomers.update(look, connections, lists)
        self._sharing.update(look, connections)
        direct, polled = self._threads_by_inode(look, frozenset(connections), frozenset(listening))
        hands = self._hands(look)
        claims = {}
        for inode in connections:
            before = self._claims.get(inode, UNKNOWN)
            if inode in direct:
                claim = Claim(_same_or_any(before.thread, direct[inode]), "direct")
                claims[inode] = before if claim == before else claim  # kept, so `is` can compare
            elif inode in polled:
                claims[inode] = Claim(_same_or_any(before.thread, polled[inode]), "polled")
            elif inode not in self._lost and before.thread and before.thread not in look:
                claims[inode] = before  # kept for one look: its client has probably left
            elif self._is_kept(inode, before, look, hands):
                how: How = "remembered" if before.certain else before.how
                claims[inode] = Claim(before.thread, how)
            else:
                claims[inode] = UNKNOWN
        claim_born_together(claims, look, self._newcomers)
        claim_only_busy(claims, look, pending)
        known = {inode for inode, claim in self._claims.items() if claim.thread}
        self._lost = {one for one in known & claims.keys() if claims[one].thread not in look}
        self._claims = claims

    def claims(self) -> Mapping[int, Claim]:
        """Return the claims of the last look, by the connection's inode."""
        return self._claims

    def lost(self) -> set[int]:
        """Return connections that may be closed: their thread has ended, moved on or is unknown."""
        return self._lost | set(self._sharing.left())

    def sharing(self) -> frozenset[int]:
        """Return the processes whose threads share connections."""
        return frozenset(self._sharing.processes)

    def turns(self) -> frozenset[ThreadId]:
        """Return the threads that take turns polling the same connections."""
        return self._sharing.turns()

    def pollers(self) -> dict[int, ThreadId]:
        """Map each polled connection to the thread that polls it."""
        polled = (item for item in self._claims.items() if item[1].how == "polled")
        return {one: claim.thread for one, claim in polled if claim.thread}

    def is_older(self, thread: ThreadId, inode: int) -> bool:
        """Whether the thread was there long before the connection."""
        return self._newcomers.is_older(thread, inode)

    def came_with(self, thread: ThreadId, inode: int) -> bool:
        """Whether the thread appeared when the connection did, and after the first look."""
        return self._newcomers.came_with(thread, inode)

    def _threads_by_inode(
        self, look: Look, connections: frozenset[int], listening: frozenset[int]
    ) -> tuple[dict[int, list[ThreadId]], dict[int, list[ThreadId]]]:
        """Map connections to the threads that wait for them alone, and to those that poll them."""
        direct: dict[int, list[ThreadId]] = {}
        polled: dict[int, list[ThreadId]] = {}
        claims = self._claims.values()
        taken = {one.thread for one in claims if one.thread and one.certain}
        singles = self._singles.update(look, connections, listening, taken)
        for thread, doing in look.items():
            if doing.inodes and doing.kind != "accepts":
                to = direct if doing.serves or thread in singles else polled
                for inode in doing.inodes:
                    to.setdefault(inode, []).append(thread)
        return direct, polled

    def _hands(self, look: Look) -> set[int]:
        """Return the processes with a busy thread that serves no known client."""
        taken = {claim.thread for claim in self._claims.values()}
        return {one.pid for one, doing in look.items() if doing.busy and one not in taken}

    def _is_kept(self, inode: int, before: Claim, look: Look, hands: set[int]) -> bool:
        """Whether the claim stays although no thread waits for the connection now."""
        thread = before.thread
        if thread is None or thread not in look or is_elsewhere(look[thread]):
            return False
        if before.how == "polled":  # another thread of the same epoll set may have it
            return not look[thread].polls and thread.pid not in self._sharing.processes
        if not before.certain:
            return before.how == "born together"
        # An older thread that waits for a lock may have passed its client on to a busy one.
        free = look[thread].kind == "locks" and thread.pid in hands and self.is_older(thread, inode)
        return not free and thread.pid not in self._sharing.processes


def _same_or_any(before: ThreadId | None, threads: list[ThreadId]) -> ThreadId:
    return before if before in threads else threads[0]
