"""The contenders: our server as shipped, the build before, its peers, and two limits in C.

All speak the `lines` dialect of docs/protocol.md. Our server also does what its users need:
time-outs, registry, metrics. It runs with the image's settings, with two exceptions: a higher limit
on clients, for the largest row, and a log of warnings only.
"""

import contextlib
import http.client
import re
import resource
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import cast

import click

from bench.before import BEFORE, FOLDER, ROOT
from server.command import main as command

HERE = Path(__file__).parent
BUILT = HERE / "built"  # compiled programs
IMAGE = ("MALLOC_ARENA_MAX=2",)  # the environment that Dockerfile.server sets
SECONDS = 20.0  # for a server to greet, to answer or to end
MESSAGE = b"Hey Server!!! What will we do in today's lab????\n"


def allow_descriptors() -> None:
    """Raise the limit on open files to its maximum, for this process and those it starts."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


@dataclass(frozen=True, slots=True)
class Contender:
    """A server to measure; {port} and {status_port} in its words are placeholders."""

    name: str
    words: tuple[str, ...]
    tls: bool = False


def ours(
    name: str,
    *words: str,
    python: str = sys.executable,
    environment: tuple[str, ...] = IMAGE,
    checkout: Path = ROOT,
) -> Contender:
    """Return our server, with these words added to its command line."""
    ports = ("--port", "{port}", "--status-port", "{status_port}")
    bounds = ("--max-clients", "4000", "--log-level", "warning")
    program = ("env", f"--chdir={checkout}", *environment, python, "-m", "server")
    return Contender(name, (*program, *ports, *bounds, *words))


def peer(
    name: str, program: str, *, python: str = sys.executable, work: str | None = None
) -> Contender:
    """Return a Python program from bench/peers; `work` is extra work for each answer."""
    words = (python, str(HERE / "peers" / f"{program}.py"), "{port}")
    return Contender(name, words if work is None else (*words, work))


def over_tls(plain: Contender, certificate: Path, key: Path) -> Contender:
    """Return our server, or socketserver, over TLS; neither asks clients for a certificate."""
    name = f"{plain.name}, TLS"
    if plain is not SOCKETSERVER:
        options = ("--tls-cert", str(certificate), "--tls-key", str(key))
        return Contender(name, (*plain.words, *options), tls=True)
    files = (f"CERTIFICATE={certificate}", f"KEY={key}")
    words = peer(name, "threading_tls_server").words
    return Contender(name, ("env", *files, *words), tls=True)


def limit(name: str, program: str) -> Contender:
    """Return a C program from bench/peers."""
    return Contender(name, (str(BUILT / program), "{port}"))


def models() -> tuple[str, ...]:
    """Return the models of our server."""
    [model] = [one for one in command.params if one.name == "model"]
    return tuple(cast("click.Choice[str]", model.type).choices)


THREAD = ours("thread")
THREAD_BEFORE = ours(BEFORE, checkout=FOLDER)
POOL = ours("pool", "--model", "pool", "--workers", "64")
CACHED = (ours("cached", "--model", "cached"),) if "cached" in models() else ()
SOCKETSERVER = peer("socketserver", "threading_server")
C_THREADS = limit("C threads", "threads")
PEERS = (
    C_THREADS,
    SOCKETSERVER,
    peer("naive threads", "naive_threads"),
    peer("asyncio streams", "asyncio_streams"),
    peer("asyncio Protocol", "asyncio_protocol"),
    peer("gevent", "gevent_server"),
    peer("trio", "trio_server"),
    peer("uvloop Protocol", "uvloop_protocol"),
    limit("C epoll", "epoll"),
)


@dataclass(frozen=True, slots=True)
class Running:
    """A contender that is serving."""

    pid: int
    port: int
    status_port: int
    start_seconds: float  # from the start of its process to its first greeting
    tls: bool = False

    def dropped(self) -> float:
        """Return the share of log lines that our server dropped, as /metrics reports it."""
        said = self.ask("/metrics").decode()
        fates = re.findall(r'^lanes_log_records_total\{fate="(\w+)"\} (\S+)$', said, re.MULTILINE)
        records = {fate: float(count) for fate, count in fates}
        return records["dropped"] / max(sum(records.values()), 1)

    def ask(self, path: str) -> bytes:
        """Return a page of our server; raises ClickException unless the status is 200."""
        with contextlib.closing(
            http.client.HTTPConnection("127.0.0.1", self.status_port, timeout=SECONDS)
        ) as connection:
            connection.request("GET", path)
            response = connection.getresponse()
            if response.status != http.HTTPStatus.OK:
                raise click.ClickException(f"{path}: {response.status} {response.reason}")
            return response.read()

    def connect(self) -> socket.socket:
        """Connect a client, which accepts any certificate."""
        return _connected(self.port, SECONDS, tls=self.tls)

    def resident(self) -> int:
        """Return the server's resident memory in KiB (VmRSS of proc(5))."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(next(line.split()[1] for line in status.splitlines() if line[:6] == "VmRSS:"))


@contextlib.contextmanager
def running(contender: Contender, core: int | None) -> Iterator[Running]:
    """Start a contender on this core, or on any; end it afterwards."""
    port, status_port = free_ports()
    words = [word.format(port=port, status_port=status_port) for word in contender.words]
    began = time.monotonic()
    quiet = subprocess.DEVNULL  # it pays for writing its log; no process has to read it
    with subprocess.Popen(pinned(words, core), stdout=quiet) as process:  # noqa: S603
        try:
            seconds = _wait_for_greeting(contender, process, port, began)
            yield Running(process.pid, port, status_port, seconds, contender.tls)
        finally:
            process.terminate()
            try:
                process.wait(SECONDS)
            except subprocess.TimeoutExpired:
                raise click.ClickException(f"{contender.name} did not end.") from None
            finally:
                process.kill()


def pinned(words: list[str], core: int | None) -> list[str]:
    """Return a command line that runs this one on one core, or on any if that is None."""
    return words if core is None else ["taskset", "--cpu-list", str(core), *words]


def free_ports() -> tuple[int, int]:
    """Return two ports on which nothing listens now."""
    with socket.socket() as one, socket.socket() as other:
        for free in (one, other):
            free.bind(("127.0.0.1", 0))
        return one.getsockname()[1], other.getsockname()[1]


def _connected(port: int, seconds: float, *, tls: bool) -> socket.socket:
    connected = socket.create_connection(("127.0.0.1", port), seconds)
    return _believing().wrap_socket(connected) if tls else connected


@cache
def _believing() -> ssl.SSLContext:
    """Return a client's context that accepts any certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def _wait_for_greeting(
    contender: Contender, process: subprocess.Popen[bytes], port: int, began: float
) -> float:
    while True:
        with contextlib.suppress(OSError), _connected(port, 1, tls=contender.tls) as one:
            if one.recv(1):
                return time.monotonic() - began
        if process.poll() is not None or time.monotonic() - began > SECONDS:
            raise click.ClickException(f"{contender.name} did not come up.")
        time.sleep(0.002)
