"""What other projects' tests can assert about their servers."""

import os
import re
import sys
import tomllib
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest

from lanes.testing import NotFound, watching
from tests.kit.command import ROOT, run
from tests.kit.example_tests import examples, tried
from tests.kit.server_process import listening, reserve
from tests.kit.waiting import SECONDS, wait_until
from tests.watch.target import PROGRAMS
from tests.watch.truth import Talker, Target, running


@contextmanager
def clients(target: Target, number: int) -> Iterator[list[Talker]]:
    """N clients that have each sent a message, one after the other."""
    with ExitStack() as stack:
        talkers = [stack.enter_context(closing(target.talk())) for _ in range(number)]
        for talker in talkers:
            talker.say()
        yield talkers


@pytest.mark.parametrize("name", ["threads", "fork"])
def test_each_client_has_the_thread_that_the_server_says(name: str) -> None:
    with (
        running(name) as target,
        watching(target.pid, target.port, SECONDS) as seen,
        clients(target, 3) as talkers,
    ):
        told = {talker.address: talker.answer() for talker in talkers}
        seen.wait_until_served(3, SECONDS)
        seen.assert_distinct_threads(3, SECONDS)
        threads = seen.threads()
        assert {client: (one.process, one.thread) for client, one in threads.items()} == told
        assert all(one.certain and one.name for one in threads.values())


@pytest.mark.parametrize(
    ("name", "own", "why"),
    [
        ("lock over the conversation", 1, "2 of 3 clients wait, each with a thread in a lock"),
        ("the lab's mistake", 1, "2 in the backlog"),
        ("pool of two", 2, "1 client accepted and not read"),
        ("asyncio", 0, "an event loop (1 thread polls 3 connections"),
    ],
)
def test_the_message_says_why_a_client_has_no_thread_and_shows_the_lanes(
    name: str, own: int, why: str
) -> None:
    def message() -> str:
        with pytest.raises(AssertionError) as failed:
            seen.assert_distinct_threads(3, timeout=0)
        return str(failed.value)

    with (
        running(name) as target,
        watching(target.pid, target.port, SECONDS) as seen,
        clients(target, 3),
    ):
        wait_until(lambda: why in message(), pause=0.1)
        first, *lanes = message().splitlines()
    assert first.startswith(f"{own} of 3 clients with a thread of their own for certain: ")
    assert any(line.startswith("╌╌ waits   ━━ is served") for line in lanes)
    assert all(len(line) <= 100 for line in lanes)
    assert not any("\x1b" in line for line in lanes)


def test_clients_of_an_event_loop_are_polled_and_not_certain() -> None:
    with (
        running("asyncio") as target,
        watching(target.pid, target.port, SECONDS) as seen,
        clients(target, 2),
    ):
        wait_until(lambda: [one.how for one in seen.threads().values()] == ["polled"] * 2)
        with pytest.raises(AssertionError, match="0 of 2 clients served for certain"):
            seen.wait_until_served(2, timeout=0)


def test_a_wait_for_clients_ends_when_the_server_does() -> None:
    with (
        listening(sys.executable, PROGRAMS / "thread_per_client.py") as (server, port),
        watching(server, port) as seen,
    ):
        server.kill()
        server.wait()
        with pytest.raises(AssertionError, match=r"^0 of 1 clients .*: the server has ended"):
            seen.assert_distinct_threads(1, SECONDS)
    with pytest.raises(NotFound, match=rf"process {server.pid} has ended already, with -9"):
        watching(server, port).__enter__()


def test_a_server_that_does_not_listen_on_the_port_is_not_watched() -> None:
    with (
        listening(sys.executable, PROGRAMS / "thread_per_client.py") as (server, port),
        watching(server, port, SECONDS),
    ):
        nowhere = watching(server, port=1, timeout=0.1)
        with pytest.raises(
            NotFound,
            match=rf"process {server.pid} is not listening on that port; is it the port inside",
        ):
            nowhere.__enter__()


def container(pid: int) -> SimpleNamespace:
    """A container as the Docker SDK represents it, on an engine that runs elsewhere."""
    state = {"State": {"Pid": pid}}
    return SimpleNamespace(name="web", id="0123456789ab", attrs=state, reload=lambda: None)


@pytest.mark.parametrize(
    ("server", "why"),
    [
        (container(0), "container web is not running"),
        (container(1), "cannot see process 1 of container web: be root"),
        (2**22 + 1, "there is no process 4194305 here"),  # above the largest pid_max: proc(5)
    ],
)
def test_a_server_that_cannot_be_seen_is_not_watched(server: object, why: str) -> None:
    with pytest.raises(NotFound, match=why), watching(server, port=1):
        pass


def test_without_permission_to_look_the_reason_is_one_line() -> None:
    said = run(sys.executable, "-c", WITHOUT_RIGHTS).stderr
    assert re.search(
        r"NotFound: Cannot see which thread serves which client in process 1: it has uid 0 .*\n",
        said,
    )


WITHOUT_RIGHTS = """
import os
from lanes.testing import watching
if os.getuid() == 0:
    os.setgid(65534)
    os.setuid(65534)
watching(1, port=1).__enter__()
"""


def test_on_another_system_the_plugin_says_that_it_needs_linux(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(NotFound, match="on Linux"), watching(os.getpid(), port=1):
        pass


def test_the_module_is_a_pytest_plugin_and_works_without_pytest() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["entry-points"]["pytest11"] == {"lanes": "lanes.testing"}
    without = "import sys; sys.modules['pytest'] = None; from lanes.testing import watching"
    assert run(sys.executable, "-c", without).returncode == 0


@pytest.mark.parametrize(
    ("program", "seconds", "outcome"),
    [
        ("thread_per_client.py", SECONDS, "1 passed"),
        ("lab_mistake.py", 5.0, "1 of 3 clients with a thread of their own for certain"),
    ],
)
def test_the_example_in_the_documentation_tells_servers_apart(
    program: str, seconds: float, outcome: str, tmp_path: Path
) -> None:
    with reserve() as reserved:
        port = str(reserved.getsockname()[1])
        words = f'"{PROGRAMS / program}", "{port}"'
        example, _ = examples()
        code = example.replace('"my_server.py"', words).replace("2022", port)
        assert outcome in tried(code, tmp_path, seconds)
