"""Runtimes with a scheduler of their own, known by their programs and threads."""

import shutil
import subprocess
from pathlib import Path

import pytest

from lanes.watch.process import ThreadId
from lanes.watch.runtimes import runtime_of
from tests.kit.puppet import Puppet


def test_a_go_program_is_known_by_its_build_information(tmp_path: Path) -> None:
    sleep = Path(shutil.which("sleep") or "sleep")
    (program := tmp_path / "server").write_bytes(sleep.read_bytes() + b"\xff Go buildinf:")
    program.chmod(0o755)
    with subprocess.Popen([sleep, "600"], executable=program) as process:
        thread = ThreadId(process.pid, process.pid)
        try:
            assert "goroutines" in runtime_of([thread], ())
            assert runtime_of((), [thread]) == ""  # a helper that accepts nobody
        finally:
            process.kill()


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("Read-Poller", "virtual threads"),
        ("MasterPoller", "virtual threads"),
        ("erts_poll_0", "Erlang"),
    ],
)
def test_others_are_known_by_the_threads_that_poll_for_them(name: str, why: str) -> None:
    with Puppet() as puppet:
        main = ThreadId(puppet.pid, puppet.pid)
        assert runtime_of([main], [main]) == ""
        puppet.do(f"open('/proc/self/comm', 'w').write({name!r})")
        assert why in runtime_of([main], [main])
        assert runtime_of([main], ()) == ""


def test_a_process_that_is_gone_has_none() -> None:
    with subprocess.Popen(["true"]) as ended:  # noqa: S607 - any program will do
        ended.wait()
    thread = ThreadId(ended.pid, ended.pid)
    assert runtime_of([thread], [thread]) == ""
