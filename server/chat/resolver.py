"""Looks up the clients' names: on the Compose network, an address resolves to a container's name.

    look_up -> a bounded queue -> the thread `resolver`: gethostbyaddr -> record.client

A slow or dead DNS server delays only names. A client that has no name, or comes while the queue is
full, keeps its address. A name is whatever DNS answers: it proves nothing.
"""

import queue
import re
import socket
import threading

import structlog

from server.chat.clock import now
from server.chat.record import Record

PLACES = 256  # records in the queue
# Seconds after a session's end in which its address still belongs to its client: a container that
# starts when another ends often gets its address, and one connected 0.37 s later.
STILL_ITS_OWN = 0.1
# Addresses of clients on this machine begin like this; the name would be `localhost`. They are not
# even queued: waking the thread for nothing would take a sixth of a visit's processor time.
LOOPBACK = ("127.", "[::1]:", "[::ffff:127.")
LONGEST_NAME = 253  # characters, and 63 in each label: RFC 1035
LABEL = re.compile(r"[0-9A-Za-z_-]{1,63}")  # Compose uses underscores
# The name of a task in a swarm: service and slot, then the task's id and the network.
TASK = re.compile(rf"({LABEL.pattern}\.[0-9]{{1,9}})\.[0-9a-z]{{25}}\..*")

log = structlog.get_logger()


class Resolver:
    """One thread that looks up names, so that no other thread waits for them."""

    def __init__(self) -> None:
        # A SimpleQueue, because its `put` never waits, not even for a lock that `get` holds.
        self._records: queue.SimpleQueue[Record | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="resolver", daemon=True)
        self._thread.start()

    def look_up(self, record: Record) -> None:
        """Queue the record for a look-up of its client's name, unless the queue is full.

        Clients on this machine are not queued. Call it from one thread: two could exceed the bound.
        """
        if not record.peer.startswith(LOOPBACK) and self._records.qsize() < PLACES:
            self._records.put(record)

    def shutdown(self) -> None:
        """End the thread once its queue is empty; do not wait, because a look-up may take long."""
        self._records.put(None)

    def _run(self) -> None:
        while (record := self._records.get()) is not None:
            try:
                name = resolve(record.peer.rpartition(":")[0].strip("[]"))
                gone = record.closed_at is not None and record.closed_at + STILL_ITS_OWN < now()
                if name and not gone:
                    record.client = name
            except Exception:  # a bug is logged, and costs only this name
                log.exception("look-up failed", peer=record.peer)


def resolve(host: str) -> str | None:
    """Look up an address's name, however long that takes; None if there is none to show."""
    try:
        name, _, _ = socket.gethostbyaddr(host)
    except (OSError, UnicodeError):  # no such name, or none that can be decoded
        return None
    if len(name) > LONGEST_NAME:
        return None
    if task := TASK.fullmatch(name):
        return task[1]
    label, _, _ = name.partition(".")  # container.network
    return label if LABEL.fullmatch(label) else None
