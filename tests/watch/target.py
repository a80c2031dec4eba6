"""Servers that report which thread answers: how to start each, and what can be seen of it."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from bench.load import compile_program
from tests.kit.server_process import listening
from tests.watch.talker import Answer, Talker, WebTalker

PROGRAMS = Path(__file__).parent / "servers"


class Kind(NamedTuple):
    """A server here, and what can be seen of it."""

    program: str  # a file here, and its arguments before the port
    shape: str  # what a watcher should call it
    at_once: int | None = None  # clients that have a thread at the same time; None means all
    holds: bool = True  # whether a thread keeps its client until the client leaves
    # Whether each client's thread can be known: while the client is idle, while its message is
    # worked on.
    idle: bool = True
    busy: bool = True
    # Whether its threads pass connections on; once that has been seen, what is certain is right.
    shares: bool = False
    needs: str = ""  # a module outside the standard library
    is_web: bool = False  # whether it speaks HTTP

    @property
    def is_installed(self) -> bool:
        """Whether the module that it needs is installed."""
        return not self.needs or find_spec(self.needs) is not None


def _web(program: str, shape: str, needs: str) -> Kind:
    return Kind(program, shape, holds=False, idle=False, busy=False, needs=needs, is_web=True)


EACH = "a thread for each client"
SERVERS = {
    "threads": Kind("thread_per_client.py", EACH),
    "socketserver": Kind("socketserver_threads.py", EACH),
    "settimeout": Kind("with_timeout.py", EACH),
    "fork": Kind("fork_per_client.py", "a process for each client"),
    "pool of two": Kind("pool_of_two.py", "a pool of 2", at_once=2),
    "connections in a queue": Kind(
        *("connections_in_a_queue.py", "a pool of 3"),
        holds=False,
        idle=False,
        busy=False,
        shares=True,
    ),
    "lock over the conversation": Kind("lock_while_talking.py", EACH, at_once=1),
    "the lab's mistake": Kind("lab_mistake.py", "one client at a time", at_once=1),
    "one at a time": Kind("one_at_a_time.py", "one client at a time", at_once=1),
    "asyncio": Kind("event_loop.py", "an event loop", idle=False, busy=False),
    "waitress": _web("with_waitress.py", "a pool of 4", "waitress"),
    "cheroot": _web("with_cheroot.py", "a pool of", "cheroot"),  # test_pollers.py
    "gunicorn, sync": _web("with_gunicorn.py sync", "one client at a time", "gunicorn"),
    "gunicorn, gthread": _web("with_gunicorn.py gthread", "a pool of 4", "gunicorn"),
    **{
        f"ours, {model} in {dialect}": Kind(
            f"our_server.py {dialect} {model}", shape, at_once, needs="structlog"
        )
        for dialect in ("lines", "handout")
        for model, shape, at_once in (
            ("thread", EACH, None),
            ("cached", EACH, None),  # until a thread serves a second client
            ("pool", "a pool of 2", 2),
            ("lock", EACH, 1),
        )
    },
    "zoo, threads": Kind("from_the_zoo.py threads", EACH),
    "zoo, socketserver": Kind("from_the_zoo.py with_socketserver", EACH),
    "zoo, lock over the work": Kind("from_the_zoo.py lock_over_work", EACH),
    "zoo, lock over the conversation": Kind(
        "from_the_zoo.py lock_over_conversation", EACH, at_once=1
    ),
    "zoo, run() for start()": Kind(
        "from_the_zoo.py run_for_start", "one client at a time", at_once=1
    ),
    "zoo, join() after start()": Kind(
        "from_the_zoo.py join_after_start", "one client at a time", at_once=1
    ),
    "C, threads": Kind("threads.c", EACH),
    "C, mutex over the conversation": Kind("mutex.c", EACH, at_once=1),
    "C, pool": Kind("pool.c", "a pool of 2", at_once=2),
    "C, poll of a client and a pipe": Kind("polling.c poll", EACH),
    "C, epoll of a client and a pipe": Kind("polling.c epoll", EACH),
    "C, workers that share an epoll set": Kind(
        "turns.c", "a pool of 4", holds=False, idle=False, busy=False, shares=True
    ),
    "C, two event loops and helpers": Kind("loops.c", "an event loop", idle=False, busy=False),
}


@dataclass(frozen=True)
class Target:
    """A running server, and everything that it has answered."""

    pid: int
    port: int
    kind: Kind
    told: list[Answer] = field(default_factory=list)

    def talk(self) -> Talker:
        return (WebTalker if self.kind.is_web else Talker)(self.port, self.told)

    def end(self) -> None:
        """Kill it and its children; it stays a zombie, for `running` to wait for."""
        os.killpg(self.pid, signal.SIGKILL)
        os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT)


@contextmanager
def running(name: str, python: str = sys.executable, *, port: int = 0) -> Iterator[Target]:
    """Run the server of this name; yield it once it listens. Its children end with it."""
    kind = SERVERS[name]
    with TemporaryDirectory() as folder:
        words = _command(kind, Path(folder), python)
        with listening(*words, port=port) as (process, bound):
            assert process.poll() is None, f"{name} has ended with {process.returncode}"
            yield Target(process.pid, bound, kind)


def _command(kind: Kind, folder: Path, python: str) -> list[str]:
    name, *words = kind.program.split()
    if name.endswith(".c"):
        compile_program(PROGRAMS / name, folder / "server")
        return [str(folder / "server"), *words]
    without_site = [] if kind.needs else ["-S"]  # starts sooner
    return [python, *without_site, str(PROGRAMS / name), *words]
