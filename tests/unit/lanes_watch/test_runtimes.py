"""Runtimes with a scheduler of their own, known by their programs and threads."""

import os
import shutil
import subprocess
from pathlib import Path

from lanes.watch.runtimes import runtime_of
from tests.kit.puppet import Puppet


def test_a_go_program_is_known_by_its_build_information(tmp_path: Path) -> None:
    sleep = Path(shutil.which("sleep") or "sleep")
    (program := tmp_path / "server").write_bytes(sleep.read_bytes() + b"\xff Go buildinf:")
    program.chmod(0o755)
    with subprocess.Popen([sleep, "600"], executable=program) as process:
        try:
            assert "goroutines" in runtime_of(process.pid)
        finally:
            process.kill()


def test_virtual_threads_are_known_by_their_poller() -> None:
    with Puppet() as puppet:
        assert runtime_of(puppet.pid) == ""
        puppet.do("""
def name_it():
    open("/proc/thread-self/comm", "w").write("Read-Poller")
    ready.set()
    time.sleep(600)
ready = threading.Event()
threading.Thread(target=name_it, daemon=True).start()
ready.wait()
""")
        assert "virtual threads" in runtime_of(puppet.pid)


def test_a_process_that_is_gone_has_none() -> None:
    with subprocess.Popen(["true"]) as ended:  # noqa: S607 - any program will do
        ended.wait()
    assert runtime_of(ended.pid) == ""
    assert runtime_of(os.getpid()) == ""
