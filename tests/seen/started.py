"""Run a server of the table; the process that listens on its port is the one to watch."""

import os
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from lanes.watch.target import NotFound, of_port
from tests.kit.server_process import reserve
from tests.kit.waiting import SECONDS, wait_until
from tests.seen.subjects import Subject


@contextmanager
def started(subject: Subject) -> Iterator[int]:
    """Start the server; yield its port once it listens. At the end, kill it and its children."""
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder, reserve() as reserved:
        port: int = reserved.getsockname()[1]
        environment = {**os.environ, "PORT": str(port), "HOME": folder}
        words, log = ["sh", "-ec", subject.command], Path(folder, "log")
        with (
            log.open("w") as told,
            subprocess.Popen(
                words, cwd=folder, env=environment, stdout=told, stderr=told, start_new_session=True
            ) as process,
        ):

            def is_ready() -> bool:
                assert process.poll() is None, f"it has ended: {log.read_text()}"
                with suppress(NotFound):
                    return bool(of_port(port))
                return False

            try:
                wait_until(is_ready, pause=0.1)
                yield port
            finally:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)


def version_of(subject: Subject) -> str:
    """Return the version that the server's command prints."""
    words = ["sh", "-c", f"{subject.version} 2>&1"]
    told = subprocess.run(
        words, stdout=subprocess.PIPE, text=True, check=False, timeout=SECONDS
    ).stdout
    found = re.search(r"\d+(\.\d+)+", told)
    assert found, f"no version in {told!r}"
    return found[0]
