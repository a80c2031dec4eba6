"""Compiles bench/load.c and bench/peers/*.c; runs the load and parses its results."""

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import click

from bench.contenders import BUILT, HERE, Running, pinned

PROGRAMS = (HERE / "load.c", HERE / "peers" / "threads.c", HERE / "peers" / "epoll.c")
LONGEST = 600.0  # seconds for one run of the load
TLS = ("-DTLS", "-lssl", "-lcrypto")
FLAGS = ("-O2", "-Wall", "-Wextra", "-Werror", "-pthread")


@dataclass(frozen=True, slots=True)
class Sample:
    """The results of one run: latencies in microseconds, times in seconds."""

    answers: int
    seconds: float
    errors: int
    p50: float
    p99: float
    p999: float
    slowest: float
    jain: float
    least_share: float  # the least-served client's answers over the mean
    load_time: float  # processor time of the load itself
    server_time: float
    server_kernel_time: float

    @property
    def rate(self) -> float:
        """Messages a second, or visits a second."""
        return self.answers / self.seconds

    @property
    def message_time(self) -> float:
        """The server's processor time for each message, or visit, in microseconds."""
        return 1e6 * self.server_time / max(self.answers, 1)

    @property
    def kernel_time(self) -> float:
        """The kernel's part of `message_time`."""
        return 1e6 * self.server_kernel_time / max(self.answers, 1)

    @property
    def program_time(self) -> float:
        """The part of `message_time` outside the kernel: the interpreter and its program."""
        return self.message_time - self.kernel_time


def compile_programs() -> None:
    """Compile the C programs with this machine's compiler."""
    BUILT.mkdir(exist_ok=True)
    for source in PROGRAMS:
        compile_program(source, BUILT / source.stem)


def compile_for_tls() -> None:
    """Compile the load with TLS, which needs OpenSSL's headers (libssl-dev)."""
    BUILT.mkdir(exist_ok=True)
    compile_program(HERE / "load.c", BUILT / "load-tls", TLS)


def compile_program(source: Path, program: Path, more: tuple[str, ...] = ()) -> None:
    """Compile a program and replace the old one atomically, because another run may use it."""
    new = program.with_name(f"{program.name}.{os.getpid()}")
    words = ["cc", *FLAGS, "-o", str(new), str(source), *more]
    subprocess.run(words, check=True)  # noqa: S603
    new.replace(program)


def load(server: Running, words: tuple[str, ...], core: int | None) -> Sample:
    """Load a server; raises ClickException if the load does not start, or takes too long.

    Wrong and missing answers are counted; the load prints the first one.
    """
    name = "load-tls" if server.tls else "load"
    program = [str(BUILT / name), "--port", str(server.port), "--server", str(server.pid)]
    try:
        ran = subprocess.run(  # noqa: S603 - our own words
            pinned([*program, *words], core),
            stdout=subprocess.PIPE,
            text=True,
            check=False,
            timeout=LONGEST,
        )
    except subprocess.TimeoutExpired:
        raise click.ClickException(f"a load took longer than {LONGEST:g} s.") from None
    if not ran.stdout:
        raise click.ClickException("the load could not begin.")
    return Sample(**json.loads(ran.stdout))
