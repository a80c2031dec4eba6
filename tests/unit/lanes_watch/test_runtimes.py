"""Runtimes with their own scheduler, recognised by their programs and threads."""

import shutil
import subprocess
from pathlib import Path

import pytest

from lanes.watch.evidence import Doing
from lanes.watch.process import ThreadId
from lanes.watch.runtimes import runtime_of
from tests.kit.puppet import Puppet

C = 10
POLLS = Doing("epolls", frozenset({C}))


def test_a_go_program_is_known_by_its_build_information(tmp_path: Path) -> None:
    sleep = Path(shutil.which("sleep") or "sleep")
    (program := tmp_path / "server").write_bytes(sleep.read_bytes() + b"\xff Go buildinf:")
    program.chmod(0o755)
    with subprocess.Popen([sleep, "600"], executable=program) as process:
        thread = ThreadId(process.pid, process.pid)
        try:
            assert "goroutines" in runtime_of({}, [thread], ())
            assert runtime_of({thread: POLLS}, (), [C]) == ""  # a helper that accepts no client
        finally:
            process.kill()


@pytest.mark.parametrize(
    ("name", "doing", "why"),
    [
        ("Read-Poller", POLLS, "virtual threads"),
        ("MasterPoller", Doing("epolls"), "virtual threads"),
        ("erts_poll_0", POLLS, "Erlang"),
        ("tokio-runtime-w", POLLS, "tokio"),
    ],
)
def test_other_runtimes_are_known_by_their_polling_threads(
    name: str, doing: Doing, why: str
) -> None:
    with Puppet() as puppet:
        main = ThreadId(puppet.pid, puppet.pid)
        assert runtime_of({main: doing}, [main], [C]) == ""
        puppet.do(f"open('/proc/self/comm', 'w').write({name!r})")
        assert why in runtime_of({main: doing}, [main], [C])
        elsewhere = Doing("epolls", frozenset({C + 1}))  # a helper's connection
        assert runtime_of({main: elsewhere}, [main], [C]) == ""


def test_a_process_that_is_gone_has_no_runtime() -> None:
    with subprocess.Popen(["true"]) as ended:  # noqa: S607 - any program will do
        ended.wait()
    thread = ThreadId(ended.pid, ended.pid)
    assert runtime_of({thread: POLLS}, [thread], [C]) == ""
