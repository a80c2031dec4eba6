"""The servers of the zoo: how each is started, what it speaks, which checks it has to fail."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from bench.load import compile_program
from client.address import Address
from client.check.scorecard import OFFERED
from tests.kit.waiting import wait_until

SERVERS = Path(__file__).parent / "servers"
LISTENS = "0A"  # a socket's state in /proc/net/tcp: proc(5)


class Animal(NamedTuple):
    """A server."""

    started_by: str  # a program here, or the options of our own server
    protocol: str
    fails: frozenset[str] = frozenset()


def _wrong(started_by: str, *fails: str, protocol: str = "handout") -> Animal:
    return Animal(started_by, protocol, frozenset(fails))


# A pool serves as many at a time as it has workers: 100 come at once.
RIGHT = {
    "threads": Animal("threads.py", "handout"),
    "socketserver": Animal("with_socketserver.py", "handout"),
    "asyncio": Animal("with_asyncio.py", "handout"),
    "C": Animal("threads.c", "handout"),
    "takes its time": Animal("takes_its_time.py", "handout"),
    "listens for one": Animal("listens_for_one.py", "handout"),
    "greets": Animal("greets.py", "handout"),
    "lines": Animal("lines_server.py", "lines"),
    "ours, thread": Animal("--model thread", "lines"),
    "ours, thread, handout": Animal("--model thread --protocol handout", "handout"),
    "ours, pool": Animal("--model pool --workers 128", "lines"),
    "ours, pool, handout": Animal("--model pool --workers 128 --protocol handout", "handout"),
}
EVERYTHING = tuple(check.name for check in OFFERED["handout"])
AFTER_ANSWERS = EVERYTHING[1:]
ONE_AT_A_TIME = ("concurrent", "unblocked", "many")
WRONG = {
    "sequential": _wrong("sequential.py", *ONE_AT_A_TIME),
    "run() for start()": _wrong("run_for_start.py", *ONE_AT_A_TIME),
    "lock over the conversation": _wrong("lock_over_conversation.py", *ONE_AT_A_TIME),
    "ours, lock": _wrong("--model lock", *ONE_AT_A_TIME, "threads", protocol="lines"),
    "ours, lock, handout": _wrong("--model lock --protocol handout", *ONE_AT_A_TIME),
    "ours, small pool": _wrong(
        "--model pool --workers 4", "concurrent", "many", "threads", protocol="lines"
    ),
    "lock never released": _wrong("lock_never_released.py", *AFTER_ANSWERS),
    "waits for a line's end": _wrong("waits_for_line_end.py", *EVERYTHING),
    "greets and answers nobody": _wrong("greets_alone.py", *EVERYTHING),
    "ASCII only": _wrong("ascii_only.py", "unicode"),
    "dies on a reset": _wrong("dies_on_reset.py", "leaves", "ghosts", "long", "many", "churn"),
    "dies on a close": _wrong("dies_on_close.py", *AFTER_ANSWERS),
    "says bye for ever": _wrong("says_bye_for_ever.py", "leaves", "ghosts"),
    "answers once": _wrong("answers_once.py", "again", "concurrent", "unblocked", "long"),
    "no end of stream": _wrong("no_end_of_stream.py", "ghosts"),
    "leaks a thread per ghost": _wrong("leaks_ghosts.py", "ghosts"),
    "slower with each": _wrong("slower_with_each.py", "churn"),
    "one recv per line": _wrong(
        "one_recv_per_line.py", "framing", "too-long", "utf8", "order", protocol="lines"
    ),
    "stays after too-long": _wrong("stays_after_too_long.py", "too-long", protocol="lines"),
    "ends after bad UTF-8": _wrong("ends_after_bad_utf8.py", "utf8", "order", protocol="lines"),
    "errors first": _wrong("errors_first.py", "order", protocol="lines"),
    "lock over a line": _wrong("lock_over_line.py", "unblocked", protocol="lines"),
    "a thread for each message": _wrong("thread_for_each_message.py", "threads", protocol="lines"),
}


@contextmanager
def living(animal: Animal, folder: Path) -> Iterator[Address]:
    """The server, once it listens; what it prints is nobody's concern."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = Address("127.0.0.1", free.getsockname()[1])
    words = _command(animal.started_by, address.port, folder)
    quiet = subprocess.DEVNULL
    with subprocess.Popen(words, stdout=quiet, stderr=quiet) as server:
        try:
            wait_until(lambda: _listens(address.port))
            yield address
        finally:
            server.kill()


def _command(started_by: str, port: int, folder: Path) -> list[str]:
    if started_by.endswith(".py"):
        return [sys.executable, str(SERVERS / started_by), str(port)]
    if started_by.endswith(".c"):
        compile_program(SERVERS / started_by, folder / "server")
        return [str(folder / "server"), str(port)]
    ours = [sys.executable, "-m", "server", "--port", str(port), "--status-port", "0"]
    return [*ours, *started_by.split()]


def _listens(port: int) -> bool:
    """Asked of the kernel: to connect might be more than a wrong server stands."""
    _, *sockets = Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()
    return any(
        local.endswith(f":{port:04X}") and state == LISTENS
        for _, local, _, state, *_ in map(str.split, sockets)
    )
