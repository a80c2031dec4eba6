"""The server as a process of its own on loopback: started, looked at from outside, ended."""

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

from tests.kit.http_get import LOOPBACK, get, get_sessions
from tests.kit.json_log import Event, events, records
from tests.kit.waiting import SECONDS, wait_until


def reserve() -> socket.socket:
    """Keep the system from giving a free port to others, until it is closed.

    A server that sets SO_REUSEADDR can bind it all the same, for this socket does not listen.
    """
    reserved = socket.socket()
    reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    reserved.bind((LOOPBACK, 0))
    return reserved


@contextmanager
def listening(
    *words: str | Path, output: int = subprocess.DEVNULL, port: int = 0
) -> Iterator[tuple["subprocess.Popen[bytes]", int]]:
    """A program that gets a port as the last word, once it listens there or has ended; the port.

    That is a free one, unless it is given. All its children end with the program.
    """
    with reserve() as reserved:
        port = port or reserved.getsockname()[1]
        # Asked of the kernel, proc(5): a wrong server might not survive a connection.
        sockets, listens = Path("/proc/net/tcp"), f":{port:04X} 00000000:0000 0A "
        # In a session of its own, so that its process group is the program and its children.
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
    """`python -m server` with these options; as a context manager it is up, and must end with 0.

    `under` are words to put before the command, such as `strace`'s; `pid` is still the server's.
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
        """Start it, perhaps again on the same ports, and wait until it is well."""
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
        """None while it runs; minus a signal's number where that ended it."""
        assert self._process, "it was not started"
        return self._process.poll()

    def signal(self, number: int) -> None:
        os.kill(self.pid, number)

    def wait(self, seconds: float = SECONDS) -> int:
        """Wait for its end and return its exit code; kill it if it does not end."""
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
        """What /sessions.json says now."""
        return get_sessions(self.status_port)

    def metrics(self, name: str) -> dict[str, float]:
        """The samples of that name that /metrics has now, by their only label, or by ""."""
        page = get(self.status_port, "/metrics").body.decode()
        return {
            "".join(sample.labels.values()): sample.value
            for family in text_string_to_metric_families(page)
            for sample in family.samples
            if sample.name == name
        }

    def descriptors(self) -> int:
        """How many it has open, by the kernel's count (proc(5))."""
        return len(os.listdir(f"/proc/{self.pid}/fd"))  # noqa: PTH208 - only their number matters

    def threads(self) -> int:
        return len(os.listdir(f"/proc/{self.pid}/task"))  # noqa: PTH208 - only their number matters

    def settled(self) -> tuple[int, int]:
        """Its descriptors and threads, once they have stayed the same for a third of a second."""
        readings: deque[tuple[int, int]] = deque(maxlen=15)

        def is_steady() -> bool:
            readings.append((self.descriptors(), self.threads()))
            return readings.count(readings[-1]) == readings.maxlen

        wait_until(is_steady, pause=0.025)
        return readings[-1]

    def resident(self) -> int:
        """Bytes of memory that it holds: VmRSS of proc(5)."""
        status = Path(f"/proc/{self.pid}/status").read_text(encoding="utf-8")
        [kilobytes] = [line.split()[1] for line in status.splitlines() if "VmRSS" in line]
        return 1024 * int(kilobytes)

    def log_lines(self) -> Iterator[bytes]:
        """What it has logged so far, as it was written."""
        with _reopened(self._log) as lines:
            yield from lines

    def log(self) -> list[Event]:
        """Each record that it has logged so far, also in earlier starts."""
        return records(self.log_lines())

    def events(self, name: str) -> list[Event]:
        """What it has logged under this name, in order."""
        return events(self.log_lines(), name)

    def errors(self) -> str:
        """What it has written to standard error."""
        with _reopened(self._errors) as lines:
            return lines.read().decode(errors="replace")


def _reopened(file: IO[bytes]) -> IO[bytes]:
    """The same file from its beginning; the server's own place in it stays where it is."""
    return Path(f"/proc/self/fd/{file.fileno()}").open("rb")
