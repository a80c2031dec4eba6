"""Where a message's time goes: measures the serving loop with one part added after the other.

One thread serves 50 clients in turn, so each client's data is as cold in the caches as in the
server. It never waits, so the cost of threads is not included, unlike in the figures under load.
"""

import os
import socket
import time
from collections.abc import Callable

from bench.contenders import MESSAGE
from server.chat.clock import EPOCH
from server.chat.connection import Connection
from server.chat.protocol import ANSWER, Lines
from server.chat.record import Record

CLIENTS = 50
TURNS = 40  # of each client
PASSES = 15  # of each part, in turn; the fastest counts, because it was disturbed least
SIZE = 8192
PATIENCE = 10.0  # seconds
REPLY = f"+OK Thread-12: {ANSWER}\r\n".encode()


class Pair:
    """A client, and what the server keeps for it."""

    def __init__(self) -> None:
        self.client, self.accepted = socket.socketpair()
        self.connection = Connection(self.accepted)
        self.dialect = Lines("Thread-12")
        self.record = Record(1, "127.0.0.1:50000", accepted_at=0.0)

    def close(self) -> None:
        """Close both ends."""
        self.client.close()
        self.connection.close()


def bare(pair: Pair) -> None:
    """Receive, decode, split, send, as in any server with a thread for each client."""
    messages = pair.accepted.recv(SIZE)[:-1].decode().split("\n")
    pair.accepted.send(REPLY * len(messages))


def timed_out(pair: Pair) -> None:
    """Add a time-out to each call, and a deadline for sending."""
    messages = pair.connection.receive(SIZE, PATIENCE)[:-1].decode().split("\n")
    pair.connection.send(REPLY * len(messages), PATIENCE)


def framed(pair: Pair) -> None:
    """Add the protocol: messages may be split, joined, too long or not UTF-8."""
    messages = pair.dialect.receive(pair.connection.receive(SIZE, PATIENCE))
    pair.connection.send(pair.dialect.reply(messages), PATIENCE)


def recorded(pair: Pair) -> None:
    """Add the counts and times for the pages and the metrics."""
    record, chunk = pair.record, pair.connection.receive(SIZE, PATIENCE)
    record.bytes_in += len(chunk)
    messages = pair.dialect.receive(chunk)
    received, count = EPOCH + time.monotonic(), len(messages)
    record.messages += count
    buffer = pair.dialect.reply(messages)
    pair.connection.send(buffer, PATIENCE)
    record.bytes_out += len(buffer)
    replied = EPOCH + time.monotonic()
    record.ticks.add(received, replied, count)
    record.answers.observe(replied - received, count)


def yielding(pair: Pair) -> None:
    """Add a yield to other threads after each turn."""
    recorded(pair)
    os.sched_yield()


PARTS: dict[str, Callable[[Pair], None]] = {
    "receive, decode, split, send": bare,
    "+ time-outs": timed_out,
    "+ the protocol": framed,
    "+ counters, ticks, histogram": recorded,
    "+ giving way": yielding,
}


def measure(rounds: int) -> dict[str, list[float]]:
    """Return microseconds of processor time for each message, without the client's part."""
    pairs = [Pair() for _ in range(CLIENTS)]
    measured: dict[str, list[float]] = {name: [] for name in PARTS}
    try:
        for _ in range(rounds):
            passes = [[_turns(pairs, part) for part in PARTS.values()] for _ in range(PASSES)]
            for name, times in zip(PARTS, zip(*passes, strict=True), strict=True):
                measured[name].append(min(times))
    finally:
        for pair in pairs:
            pair.close()
    return measured


def _turns(pairs: list[Pair], part: Callable[[Pair], None]) -> float:
    spent = 0
    for _ in range(TURNS):
        for pair in pairs:
            pair.client.send(MESSAGE)
        began = time.thread_time_ns()
        for pair in pairs:
            part(pair)
        spent += time.thread_time_ns() - began
        for pair in pairs:
            pair.client.recv(SIZE)
    return spent / 1000 / TURNS / len(pairs)
