"""The server as its own process on loopback: start it, inspect it from outside, end it."""

import os
import signal
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any, Self

from prometheus_client.parser import text_string_to_metric_families

from tests.kit.handlers import signal_until_it_ends
from tests.kit.http_get import LOOPBACK, get, get_sessions
from tests.kit.json_log import Event, events, records
from tests.kit.waiting import SECONDS, wait_until


def reserve() -> socket.socket:
    """Reserve a free port until the returned socket is closed.

    A server that sets SO_REUSEADDR can still bind the port, because this socket does not listen.
    """
    reserved = socket.socket()
    reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    reserved.bind((LOOPBACK, 0))
    return reserved


@contextmanager
def listening(
    *words: str | Path, output: int = subprocess.DEVNULL, port: int = 0
) -> Iterator[tuple["subprocess.Popen[bytes]", int]]:
    """Run a program whose last word is a port; yield both once it listens there or has ended.

    The port is a free one unless it is given. At the end, kill the program and its children.
    """
    with reserve() as reserved:
        port = port or reserved.getsockname()[1]
        # Ask the kernel, proc(5), because a faulty server might not survive a connection.
        sockets, listens = Path("/proc/net/tcp"), f":{port:04X} 00000000:0000 0A "
        # In its own session, so that its process group is the program and its children.
        with subprocess.Popen(
            [*words, str(port)], stdout=output, stderr=output, start_new_session=True
        ) as process:
            try:
                wait_until(lambda: listens in sockets.read_text() or process.poll() is not None)
                yield process, port
            finally:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)


class ServerProcess:
    """`python -m server` with these options; as a context manager it is up, and must exit with 0.

    `under` goes before the command, such as `strace` with options; `pid` is still the server's.
    """

    def __init__(self, *options: str, under: tuple[str, ...] = ()) -> None:
        self._reserved = reserve(), reserve()
        self.port, self.status_port = (one.getsockname()[1] for one in self._reserved)
        self.address = f"{LOOPBACK}:{self.port}"
        self._words = [
            *under,
            *(sys.executable, "-m", "server", "--log-format", "json"),
            *("--port", str(self.port), "--status-port", str(self.status_port)),
            *options,
        ]
        self._log = TemporaryFile()  # noqa: SIM115 - __exit__ closes both
        self._errors = TemporaryFile()  # noqa: SIM115
        self._process: subprocess.Popen[bytes] | None = None
        self.pid = 0

    def start(self, *, wait: bool = True) -> None:
        """Start it, on the same ports each time, and wait until it is healthy."""
        self._process = subprocess.Popen(self._words, stdout=self._log, stderr=self._errors)
        self.pid = self._process.pid
        if wait:
            wait_until(self.is_well)
            self.pid = self.snapshot()["pid"]

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            if self.exit_code is None:
                self.kill()
            raise
        return self

    def __exit__(self, *failure: object) -> None:
        try:
            if self.exit_code is None:
                code = self.terminate()
                assert any(failure) or code == 0, f"exit code {code}: {self.errors()}"
        finally:
            for held in (self._log, self._errors, *self._reserved):
                held.close()

    @property
    def exit_code(self) -> int | None:
        """None while it runs; minus the signal's number if a signal ended it."""
        assert self._process, "it was not started"
        return self._process.poll()

    def signal(self, number: int) -> None:
        os.kill(self.pid, number)

    def signal_until_it_ends(self, number: int) -> None:
        assert self._process, "it was not started"
        signal_until_it_ends(self._process, number)

    def wait(self, seconds: float = SECONDS) -> int:
        """Return its exit code once it ends; if it does not, kill it and raise TimeoutExpired."""
        assert self._process, "it was not started"
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.signal(signal.SIGKILL)
            self._process.wait()
            raise

    def terminate(self) -> int:
        self.signal(signal.SIGTERM)
        return self.wait()

    def kill(self) -> None:
        self.signal(signal.SIGKILL)
        self.wait()

    def connect(self, seconds: float = SECONDS) -> socket.socket:
        return socket.create_connection((LOOPBACK, self.port), seconds)

    def is_well(self) -> bool:
        if self.exit_code is not None:
            raise ChildProcessError(f"it has ended with {self.exit_code}: {self.errors()}")
        try:
            return get(self.status_port, "/healthz").body == b"ok\n"
        except OSError:
            return False

    def snapshot(self) -> dict[str, Any]:
        """Return the current /sessions.json."""
        return get_sessions(self.status_port)

    def metrics(self, name: str) -> dict[str, float]:
        """Return a metric's current samples by the value of their only label, or by ""."""
        page = get(self.status_port, "/metrics").body.decode()
        return {
            "".join(sample.labels.values()): sample.value
            for family in text_string_to_metric_families(page)
            for sample in family.samples
            if sample.name == name
        }

    def descriptors(self) -> int:
        """Return how many descriptors it has open (proc(5))."""
        return len(os.listdir(f"/proc/{self.pid}/fd"))  # noqa: PTH208 - only their number matters

    def threads(self) -> int:
        return len(os.listdir(f"/proc/{self.pid}/task"))  # noqa: PTH208 - only their number matters

    def settled(self) -> tuple[int, int]:
        """Count its descriptors and threads once neither has changed for a third of a second."""
        readings: deque[tuple[int, int]] = deque(maxlen=15)

        def is_steady() -> bool:
            readings.append((self.descriptors(), self.threads()))
            return readings.count(readings[-1]) == readings.maxlen

        wait_until(is_steady, pause=0.025)
        return readings[-1]

    def resident(self) -> int:
        """Return its resident memory in bytes: VmRSS of proc(5)."""
        status = Path(f"/proc/{self.pid}/status").read_text(encoding="utf-8")
        [kilobytes] = [line.split()[1] for line in status.splitlines() if "VmRSS" in line]
        return 1024 * int(kilobytes)

    def log_lines(self) -> Iterator[bytes]:
        """Yield the lines that it has logged so far."""
        with _reopened(self._log) as lines:
            yield from lines

    def log(self) -> list[Event]:
        """Return the records that it has logged so far, including those of earlier starts."""
        return records(self.log_lines())

    def events(self, name: str) -> list[Event]:
        """Return the records that it has logged of this event, in order."""
        return events(self.log_lines(), name)

    def errors(self) -> str:
        """Return what it has written to standard error."""
        with _reopened(self._errors) as lines:
            return lines.read().decode(errors="replace")


def _reopened(file: IO[bytes]) -> IO[bytes]:
    """Open the file at its beginning, without moving the server's own position in it."""
    return Path(f"/proc/self/fd/{file.fileno()}").open("rb")
