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
from tests.unit.running import wait_until

HERE = Path(__file__).parent
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
    "ours, thread": Animal("--model thread", "lines"),
    "ours, thread, handout": Animal("--model thread --protocol handout", "handout"),
    "ours, pool": Animal("--model pool --workers 128", "lines"),
    "ours, pool, handout": Animal("--model pool --workers 128 --protocol handout", "handout"),
}
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
    "lock never released": _wrong(
        "lock_never_released.py",
        *("again", "concurrent", "unblocked", "unicode", "leaves", "ghosts", "long", "many"),
        "churn",
    ),
    "ASCII only": _wrong("ascii_only.py", "unicode"),
    "dies on a reset": _wrong("dies_on_reset.py", "leaves", "ghosts", "long", "many", "churn"),
    "answers once": _wrong("answers_once.py", "again", "concurrent", "unblocked", "long"),
    "no end of stream": _wrong("no_end_of_stream.py", "ghosts"),
    "leaks a thread per ghost": _wrong("leaks_ghosts.py", "ghosts"),
    "slower with each": _wrong("slower_with_each.py", "churn"),
    "one recv per line": _wrong(
        "one_recv_per_line.py", "framing", "too-long", "utf8", "order", protocol="lines"
    ),
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
        return [sys.executable, str(HERE / started_by), str(port)]
    if started_by.endswith(".c"):
        compile_program(HERE / started_by, folder / "server")
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
