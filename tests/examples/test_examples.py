"""The servers and clients in examples/: run, checked, and watched."""

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from socket import create_connection

import pytest

from lanes.testing import Watching, watching
from tests.kit.command import ROOT, run, well
from tests.kit.http_get import LOOPBACK
from tests.kit.server_process import listening
from tests.kit.waiting import SECONDS, wait_until

EXAMPLES = ROOT / "examples"
SERVER, CLIENT = EXAMPLES / "server.py", EXAMPLES / "client.py"
LAB_SERVER, LAB_CLIENT = EXAMPLES / "lab_server.py", EXAMPLES / "lab_client.py"


@contextmanager
def watched(program: Path) -> Iterator[tuple[int, Watching]]:
    """Run a server; yield its port and a watch on it."""
    with (
        listening(sys.executable, program) as (process, port),
        watching(process, port, SECONDS) as seen,
    ):
        yield port, seen


@contextmanager
def talking(port: int, clients: int) -> Iterator[None]:
    """Connect clients that each send a message and stay."""
    with ExitStack() as staying:
        for _ in range(clients):
            staying.enter_context(create_connection((LOOPBACK, port), SECONDS)).sendall(b"Hello")
        yield


@pytest.mark.parametrize(
    ("program", "lines"), [(SERVER, 25), (CLIENT, 15)], ids=["server", "client"]
)
def test_each_example_is_as_short_as_the_readme_says(program: Path, lines: int) -> None:
    assert len(program.read_text(encoding="utf-8").splitlines()) <= lines
    assert f"{lines} lines" in (EXAMPLES / "README.md").read_text(encoding="utf-8")


def test_each_client_has_a_thread_of_its_own_and_its_answers_name_it() -> None:
    with watched(SERVER) as (port, seen):
        with talking(port, 2):
            seen.assert_distinct_threads(2, SECONDS)
            said = well(sys.executable, CLIENT, str(port), says="Hello\nGrüße\n")
        assert said.splitlines()[1:] == ["Thread-3 (serve) has read it"] * 2


def test_the_server_passes_every_check() -> None:
    checked = well(sys.executable, "-m", "lanes", "check", "--", sys.executable, SERVER, "0")
    assert "11 of 11 passed" in checked


def test_with_the_labs_mistake_one_client_is_served_and_the_accepting_thread_waits() -> None:
    with watched(LAB_SERVER) as (port, seen), talking(port, 1):
        seen.wait_until_served(1, SECONDS)
        with talking(port, 2):
            wait_until(lambda: "1 in the backlog" in str(seen.snapshot().seen))
            assert "waits for a lock" in str(seen.snapshot().seen)
            assert [one.certain for one in seen.threads().values()] == [True]


def test_with_the_labs_mistake_concurrent_fails_and_the_hint_is_the_lock() -> None:
    options = ("--only", "concurrent", "--timeout", "0.5")
    done = run(
        sys.executable, "-m", "lanes", "check", *options, "--", sys.executable, LAB_SERVER, "0"
    )
    assert done.returncode == 1
    assert "a lock held for the whole conversation" in " ".join(done.stdout.split())


def test_the_labs_client_is_answered_until_it_leaves() -> None:
    with watched(LAB_SERVER) as (port, _):
        said = well(sys.executable, LAB_CLIENT, str(port), says="y\nn\n")
    assert said.count("Today we will learn about Multithreading") == 2
    assert said.endswith("Bye Server\n")
