"""The source lines of other processes' threads, from py-spy on real programs."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from lanes.watch import pyspy, python_lines
from lanes.watch.pyspy import Standing, is_python
from lanes.watch.python_lines import PythonLines
from tests.kit.fake_program import put
from tests.kit.waiting import wait_until

LOCKED = """\
import socketserver, threading

class Handler(socketserver.BaseRequestHandler):
    def handle(self):
        pass

def wait():
    with print_lock:
        pass

print_lock = threading.Lock()
print_lock.acquire()
threading.Thread(target=wait, daemon=True).start()
server = socketserver.TCPServer(("127.0.0.1", 0), Handler)
print("up", flush=True)
server.serve_forever()
"""
IDLE = "import sys; print('up', flush=True); sys.stdin.read()"

Run = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep pauses short: on a busy machine a dump takes long, and the pauses grow with it."""
    monkeypatch.setattr(python_lines, "SHARE", 1.0)


@pytest.fixture
def run() -> Iterator[Run]:
    """Start a program that prints a line once it is up; kill it after the test."""
    with ExitStack() as stack:

        def start(*words: str) -> subprocess.Popen[bytes]:
            pipe = subprocess.PIPE
            process = stack.enter_context(subprocess.Popen(words, stdin=pipe, stdout=pipe))
            stack.callback(process.kill)
            assert process.stdout
            assert process.stdout.readline()
            return process

        yield start


@pytest.fixture
def lines() -> Iterator[PythonLines]:
    with closing(PythonLines()) as lines:
        assert lines.available, lines.why_not()
        yield lines


@pytest.fixture
def put_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Put a shell script in place of py-spy, next to the interpreter."""

    def write(script: str) -> None:
        put(tmp_path, "py-spy", f"#!/bin/sh\n{script}\n")
        monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))

    return write


@pytest.fixture
def locked(run: Run, tmp_path: Path) -> int:
    (tmp_path / "server.py").write_text(LOCKED)
    return run(sys.executable, str(tmp_path / "server.py")).pid


def stand(lines: PythonLines, pid: int, count: int = 1) -> dict[int, Standing]:
    """Return the lines of a process's threads, by tid, once `count` of them are known."""

    def known() -> dict[int, Standing]:
        return {tid: one for (owner, tid), one in lines.known().items() if owner == pid}

    def are_known() -> bool:
        lines.ask([pid], urgent=True)
        return len(known()) == count

    wait_until(are_known)
    return known()


def test_a_thread_that_waits_for_a_lock_is_at_the_line_that_takes_it(
    lines: PythonLines, locked: int, tmp_path: Path
) -> None:
    [waiting] = [one for tid, one in stand(lines, locked, 2).items() if tid != locked]
    path = str(tmp_path / "server.py")
    source = "with print_lock:"
    assert waiting == Standing("Thread-1 (wait)", "server.py", path, 8, source, "wait")
    assert waiting.text == "server.py:8: with print_lock:"
    assert lines.why_not() == ""


def test_a_thread_in_the_standard_library_is_at_the_programs_own_line(
    lines: PythonLines, locked: int
) -> None:
    main = stand(lines, locked, 2)[locked]
    assert (main.thread, main.text) == ("MainThread", "server.py:16: server.serve_forever()")


def test_a_thread_without_a_line_of_the_program_is_at_the_innermost(
    lines: PythonLines, run: Run
) -> None:
    pid = run(sys.executable, "-u", "-m", "http.server", "--bind", "127.0.0.1", "0").pid
    main = stand(lines, pid)[pid]
    assert (main.file, main.function) == ("selectors.py", "_PollLikeSelector.select")
    assert main.source


def test_a_line_of_a_missing_file_has_no_source(
    lines: PythonLines, locked: int, tmp_path: Path
) -> None:
    (tmp_path / "server.py").unlink()
    assert stand(lines, locked, 2)[locked].text == "server.py:16"


def test_a_process_that_has_ended_has_no_lines(lines: PythonLines, run: Run) -> None:
    process = run(sys.executable, "-c", IDLE)
    stand(lines, process.pid)
    process.kill()
    process.wait()
    assert stand(lines, process.pid, 0) == {}
    assert lines.why_not() == ""


def test_lines_that_are_not_renewed_are_forgotten(
    lines: PythonLines, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand(lines, run(sys.executable, "-c", IDLE).pid)
    monkeypatch.setattr(python_lines, "LASTS", 0)
    assert lines.known() == {}


def test_processes_beyond_one_round_are_asked_in_turn(
    lines: PythonLines, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(python_lines, "AT_ONCE", 1)
    pids = {run(sys.executable, "-c", IDLE).pid for _ in range(2)}

    def are_known() -> bool:
        lines.ask(pids)  # in the same order each time
        return {pid for pid, _ in lines.known()} == pids

    wait_until(are_known)


def test_a_process_that_is_not_python_has_no_lines_and_harms_no_other(
    lines: PythonLines, run: Run
) -> None:
    other = run("sh", "-c", "echo up; read line").pid
    lines.ask([other])
    pid = run(sys.executable, "-c", IDLE).pid
    stand(lines, pid)
    assert {owner for owner, _ in lines.known()} == {pid}
    assert not is_python(other)
    assert is_python(pid)


def test_the_maps_of_a_program_are_read_once_after_a_while(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = run("sh", "-c", "echo up; read line").pid
    assert not is_python(other)
    mapped_by_all = re.compile(rb"\[stack\]")
    monkeypatch.setattr(pyspy, "PYTHON", mapped_by_all)
    assert is_python(other)  # it is young
    another = run("sh", "-c", "echo up; read line").pid
    monkeypatch.undo()
    monkeypatch.setattr(pyspy, "MAPPED", -1.0)
    assert not is_python(another)
    monkeypatch.setattr(pyspy, "PYTHON", mapped_by_all)
    assert not is_python(another)


def test_a_process_that_is_gone_is_not_python() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    assert not is_python(process.pid)


@pytest.mark.parametrize(
    ("name", "is_one"),
    [
        ("python3.11", True),
        ("python3.13t", True),
        ("python3.10", False),
        ("python2.7", False),
        ("pypy3.11", False),
        ("python3.11-server", False),
    ],
)
def test_cpython_from_3_11_on_is_known_by_the_name_of_its_program(
    tmp_path: Path, name: str, *, is_one: bool
) -> None:
    sleep = shutil.which("sleep") or "sleep"
    shutil.copy(sleep, tmp_path / name)
    with subprocess.Popen([sleep, "600"], executable=tmp_path / name) as process:
        try:
            assert is_python(process.pid) == is_one
        finally:
            process.kill()


def test_without_py_spy_a_line_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    with closing(PythonLines()) as lines:
        lines.ask([os.getpid()])
        assert not lines.available
        assert "pip install py-spy" in lines.why_not()
        assert lines.known() == {}


def test_a_line_on_which_two_dumps_differ_is_unknown(
    put_up: Callable[[str], None], tmp_path: Path
) -> None:
    thread = {"thread_name": None, "os_thread_id": os.getpid()}
    frame = {"name": "f", "filename": "/no/such.py", "line": "LINE"}
    said = json.dumps([thread | {"frames": [frame]}]).replace('"LINE"', "'$line'")
    dumps, stay = tmp_path / "dumps", tmp_path / "stay"
    put_up(f"echo >>{dumps}; line=$(wc -l <{dumps}); [ -e {stay} ] && line=7; echo '{said}'")

    with closing(PythonLines()) as asking:

        def are_two_rounds_over() -> bool:
            asking.ask([os.getpid()], urgent=True)
            return dumps.exists() and len(dumps.read_text()) > 4  # two dumps each: they differ

        wait_until(are_two_rounds_over)
        assert asking.known() == {}
        stay.touch()
        assert stand(asking, os.getpid())[os.getpid()].text == "such.py:7"


@pytest.mark.parametrize("script", ["echo '['", "echo null", "exec sleep 600"])
def test_a_bad_answer_leaves_no_lines_and_the_next_one_is_read(
    put_up: Callable[[str], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str
) -> None:
    frame = {"name": "f", "filename": "/no/such.py", "line": 7}
    said = json.dumps([{"thread_name": None, "os_thread_id": os.getpid(), "frames": [frame]}])
    monkeypatch.setattr(pyspy, "SECONDS", 1.0)
    put_up(f"[ -e {tmp_path}/asked ] && echo '{said}' && exit; touch {tmp_path}/asked; {script}")
    with closing(PythonLines()) as lines:
        lines.ask([os.getpid()])
        wait_until((tmp_path / "asked").exists)
        assert lines.known() == {}
        assert stand(lines, os.getpid())[os.getpid()].file == "such.py"


def test_a_refusal_is_reported_with_its_process(put_up: Callable[[str], None]) -> None:
    put_up("echo 'Permission Denied: Try running again' >&2; exit 1")
    with closing(PythonLines()) as lines:
        assert lines.why_not() == ""
        lines.ask([os.getpid()])
        wait_until(lines.why_not)
        assert f"process {os.getpid()}" in lines.why_not()
        assert lines.known() == {}


def test_names_and_source_of_the_target_are_safe_to_print(
    put_up: Callable[[str], None], tmp_path: Path
) -> None:
    (source := tmp_path / "a\x1b[2J.py").write_text('print("\x1b[2J")\n')
    frame = {"name": "f\x07", "filename": str(source), "line": 1}
    thread = {"thread_name": "T\x1b\ud800", "os_thread_id": os.getpid(), "frames": [frame]}
    (tmp_path / "said").write_text(json.dumps([thread]))
    put_up(f"cat {tmp_path}/said")
    with closing(PythonLines()) as lines:
        one = stand(lines, os.getpid())[os.getpid()]
    assert one.text == r'a\x1b[2J.py:1: print("\x1b[2J")'
    assert (one.thread, one.function) == (r"T\x1b\ud800", r"f\x07")


@pytest.mark.skipif(os.getuid() != 0, reason="a process-id namespace takes rights")
def test_a_thread_in_its_own_namespace_has_the_watchers_number(
    lines: PythonLines, run: Run
) -> None:
    code = f"import os, sys; print(os.getpid(), flush=True); {IDLE}"
    outer = run("unshare", "--pid", "--fork", "--kill-child", sys.executable, "-c", code)
    [inner] = map(int, Path(f"/proc/{outer.pid}/task/{outer.pid}/children").read_text().split())
    assert set(stand(lines, inner)) == {inner}
