"""Watches the checked server while its clients are connected."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from lanes.check.failure import Unseen
from lanes.check.subject import Subject
from lanes.snapshot import Snapshot
from lanes.watch.rights import missing
from lanes.watch.target import NotFound, Target

if TYPE_CHECKING:  # the code that reads /proc cannot be imported on every system
    from lanes.watch.session import Watched

SEE = 3.0  # seconds that the watcher gets at least, even if --timeout is shorter
STEP = 0.02  # seconds between two looks at the snapshot

Find = Callable[[], Target]  # may raise NotFound


@contextmanager
def watching(find: Find) -> "Iterator[Watched]":
    """Watch the server; raises Unseen if that is not possible."""
    if sys.platform != "linux":
        raise Unseen("which thread serves which client can be seen only on Linux")
    from lanes.watch.session import Watched  # noqa: PLC0415 - as above

    try:
        target = find()
        if why := next(filter(None, map(missing, target.pids)), ""):
            raise Unseen(why.rstrip("."))
        watched = Watched(target)
    except NotFound as why:
        raise Unseen(str(why)) from None
    with watched:
        yield watched


def look(
    watched: "Watched",
    subject: Subject,
    enough: Callable[[Snapshot], bool],
    seconds: float | None = None,
) -> Snapshot:
    """Return the snapshot once it is `enough`, or time is up: the patience, or `seconds`."""
    now = time.monotonic()
    until = max(subject.patience.until(), now + SEE) if seconds is None else now + seconds
    while True:
        over = time.monotonic() >= min(until, subject.patience.deadline)
        snapshot = watched.snapshot()
        if over or enough(snapshot) or watched.wait(0):
            return snapshot
        time.sleep(STEP)
