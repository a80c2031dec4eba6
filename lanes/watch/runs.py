"""Finds out which threads run while messages are answered, and which run by themselves.

The kernel counts runs in /proc/PID/task/TID/schedstat. Readings are PAUSE apart. The counters of
messages are up to half of that older, so a message may belong to either of the last two pauses.
"""

import contextlib
from collections import deque
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from time import monotonic, thread_time
from typing import NamedTuple

from lanes.watch.evidence import Look
from lanes.watch.process import ThreadId
from lanes.watch.sockets import Connection

PAUSE = 0.2  # seconds from one reading to the next: longer than COUNTERS in connections.py
SHARE = 0.01  # of a core for readings: if one takes long, the next comes later


class Reading(NamedTuple):
    """What was read at one moment."""

    ran: Mapping[ThreadId, bytes]  # how long and how often each ran; empty if it has ended
    # By a connection's inode: segments received and sent, and whether a message is unanswered.
    counts: Mapping[int, tuple[int, int, bool]]
    pending: bool  # whether any message is unanswered


NOTHING = Reading({}, {}, pending=False)


class Runs:
    """Compares the last four readings."""

    def __init__(self) -> None:
        self.helpers = frozenset[ThreadId]()  # have run on a timer while no client said anything
        self._readings = deque([NOTHING] * 4, maxlen=4)
        self._due_at = 0.0

    def is_due(self) -> bool:
        """Whether it is time for the next reading."""
        return monotonic() >= self._due_at

    def read(self, look: Look, pids: Collection[int], connections: Iterable[Connection]) -> None:
        """Read how much the threads of these processes have run, and the counters of messages."""
        began = thread_time()
        known = list(connections) if pids else []  # without pids, nobody asks
        counts = {one.inode: (one.segments, one.answers, one.pending) for one in known}
        ran = {thread: _ran(thread) for thread in look if thread.pid in pids}
        self._readings.append(Reading(ran, counts, any(one.pending for one in known)))
        self._note_helpers(look)
        self._due_at = monotonic() + max(PAUSE, (thread_time() - began) / SHARE)

    def answered(self) -> set[int]:
        """Return the connections on which a message was answered between the last two readings.

        The message may be older: the thread that answered it has run by now.
        """
        *_, before, now = (one.counts for one in self._readings)
        return {
            inode
            for inode, (received, sent, _) in now.items()
            if (was := before.get(inode)) and sent > was[1] and (received > was[0] or was[2])
        }

    def active(self) -> set[ThreadId]:
        """Return the threads that may have run to answer these messages."""
        _, before, _, now = self._readings
        return _changed(before, now)

    def _note_helpers(self, look: Look) -> None:
        """Note threads that a timer wakes while no client says anything: they do not serve."""
        self.helpers &= look.keys()
        first, second, third, last = self._readings
        silent = not any(one.pending for one in self._readings)
        # Without netlink, segments are not counted.
        counted = any(received for received, *_ in last.counts.values())
        if silent and counted and all(one.counts == last.counts for one in (first, second, third)):
            ran = _changed(second, third)
            self.helpers |= {one for one in ran & look.keys() if look[one].timed}


def _changed(before: Reading, now: Reading) -> set[ThreadId]:
    both = before.ran.keys() & now.ran.keys()
    return {thread for thread in both if before.ran[thread] != now.ran[thread]}


def _ran(thread: ThreadId) -> bytes:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{thread.pid}/task/{thread.tid}/schedstat").read_bytes()
    return b""
