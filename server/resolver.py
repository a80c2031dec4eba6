"""Finds the clients' names: a container's, as its address resolves to it on the Compose network.

    look_up -> a bounded queue -> the thread `resolver`: gethostbyaddr -> record.client

A DNS server that is slow or dead holds up nothing but names. Who has none, or finds the queue full,
keeps the address. A name is whatever the DNS answers: it is for showing, it proves nothing.
"""

import ipaddress
import queue
import re
import socket
import threading

import structlog

from server.clock import now
from server.record import Record

PLACES = 256  # records that queue; the clients of more keep their addresses
ENTRIES = 256  # answers in the cache

# Seconds that an answer is good for. The cache is there for clients that connect again and again.
# It must not outlive a container: one that starts when another ends often has its address, and
# was seen to connect 0.37 seconds after it.
LIFETIME = 0.1

LONGEST_NAME = 253  # characters, and 63 in each label: RFC 1035
LABEL = re.compile(r"[0-9A-Za-z_-]{1,63}")  # the underscore is Compose's
# Of a task in a swarm: its service and its slot, before its id and the network.
TASK = re.compile(rf"({LABEL.pattern}\.[0-9]{{1,9}})\.[0-9a-z]{{25}}\..*")

log = structlog.get_logger()


class Resolver:
    """One thread that asks for names, for whoever must not wait for them."""

    def __init__(self) -> None:
        # A SimpleQueue, as its `put` waits for nothing at all, not even a lock that `get` holds.
        self._records: queue.SimpleQueue[Record | None] = queue.SimpleQueue()
        # Names by host, each with when it expires; last used last. The thread's alone.
        self._answers: dict[str, tuple[str | None, float]] = {}
        self._thread = threading.Thread(target=self._run, name="resolver", daemon=True)
        self._thread.start()

    def look_up(self, record: Record) -> None:
        """Have the record's client named soon, without waiting; not at all when the queue is full.

        For one thread: two could pass the bound together.
        """
        if self._records.qsize() < PLACES:
            self._records.put(record)

    def shutdown(self) -> None:
        """Have the thread end when it has come to the end of its queue; do not wait for it.

        It may be asking a server that does not answer, and nobody can interrupt that. It is a
        daemon: the process ends all the same.
        """
        self._records.put(None)

    def _run(self) -> None:
        while (record := self._records.get()) is not None:
            try:
                self._name(record)
            except Exception:  # a fault of ours costs this name, is told, and costs no other
                log.exception("look-up failed", peer=record.peer)

    def _name(self, record: Record) -> None:
        """Name the record's client; the only writer of that once the record is made."""
        host = record.peer.rpartition(":")[0].strip("[]")
        name = self._cached(host)
        if record.closed_at is not None and record.closed_at + LIFETIME < now():
            return  # it took too long: the address can be another container's by now
        if name:
            record.client = name

    def _cached(self, host: str) -> str | None:
        """The host's name, or None, from the cache where it is in there."""
        name, expires = self._answers.pop(host, (None, 0.0))
        if expires < now():
            name = resolve(host)
            expires = now() + LIFETIME
            if len(self._answers) == ENTRIES:
                del self._answers[next(iter(self._answers))]
        self._answers[host] = name, expires
        return name


def resolve(host: str) -> str | None:
    """Ask for an address's name, as long as that takes; None where it has none fit to be shown."""
    if ipaddress.ip_address(host).is_loopback:
        return None  # `localhost` tells nobody from anybody
    try:
        name, _, _ = socket.gethostbyaddr(host)
    except (OSError, UnicodeError):  # no such name (herror, gaierror), or none that can be decoded
        return None
    if len(name) > LONGEST_NAME:
        return None
    if task := TASK.fullmatch(name):
        return task[1]
    label, _, _ = name.partition(".")  # container.network
    return label if LABEL.fullmatch(label) else None
