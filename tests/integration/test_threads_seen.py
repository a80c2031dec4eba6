"""Three clients, three threads: what the kernel shows, beside what the server reports."""

import os
from collections.abc import Callable
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path

import pytest

from lanes.testing import Watching, watching
from tests.kit.containers import LABEL, PROJECT, SERVER_IMAGE
from tests.kit.example_tests import examples, tried
from tests.kit.images import PORT, Server
from tests.kit.peer import Peer
from tests.kit.waiting import SECONDS, wait_until

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0, reason="only root sees the processes of other users' containers"
)
# On a busy machine, the watcher may miss the moment in which a thread begins. It cannot make up for
# it, because nothing records which threads wait for Python's locks.
MISSED, TRIES = 5.0, 3


def seen_and_told(seen: Watching, server: Server) -> list[tuple[str, int, int]]:
    """Return the clients and their threads' ids; the kernel and the server must agree on them."""
    seen.assert_distinct_threads(3, SECONDS)
    snapshot = server.snapshot()
    told = [
        (session["peer"], snapshot["pid"], session["native_id"])
        for session in snapshot["sessions"]
        if session["state"] == "serving"
    ]
    threads = seen.threads()
    assert all(one.certain for one in threads.values())
    kernel = [(client, one.process, one.thread) for client, one in threads.items()]
    assert sorted(kernel) == sorted(told)
    return told


def test_three_clients_are_greeted_by_three_threads_known_to_the_kernel(
    start_server: Callable[..., Server],
) -> None:
    server = start_server("--protocol", "lines")
    with watching(server, PORT, SECONDS) as seen, ExitStack() as stack:
        peers = [stack.enter_context(Peer(server.chat)) for _ in range(3)]
        greetings = [peer.line() for peer in peers]
        seen_and_told(seen, server)
        assert all(peer.is_answered() for peer in peers)
        threads = {session["thread"] for session in server.sessions()}
        assert len(threads) == 3
        assert all(any(name in greeting for greeting in greetings) for name in threads)


def test_three_handout_clients_have_three_threads_without_a_greeting(
    start_server: Callable[..., Server],
) -> None:
    server = start_server("--protocol", "handout")
    container = server.get_wrapped_container()  # the Docker SDK's own
    with watching(container, PORT, SECONDS) as seen, ExitStack() as stack:
        peers = [stack.enter_context(Peer(server.chat)) for _ in range(3)]
        before = seen_and_told(seen, server)
        for peer in peers:
            peer.send(b"Hey")
            assert peer.socket.recv(1024)
        assert seen_and_told(seen, server) == before


def test_with_a_lock_over_conversations_one_client_is_seen_served(
    start_server: Callable[..., Server],
) -> None:
    def message(seen: Watching) -> str:
        with pytest.raises(AssertionError) as failed:
            seen.assert_distinct_threads(3, timeout=0)
        return str(failed.value)

    def is_seen(server: Server) -> bool:
        with watching(server, PORT, SECONDS) as seen, ExitStack() as stack:
            for before in range(3):  # if clients come within one look, no thread is certain
                stack.enter_context(Peer(server.chat))
                with suppress(AssertionError):
                    wait_until(partial(lambda known: len(seen.threads()) > known, before), MISSED)
            told = "1 of 3 clients with a thread of their own for certain: "
            assert message(seen).startswith(told)
            return "2 of 3 clients wait, each with a thread in a lock" in message(seen)

    assert any(is_seen(start_server("--model", "lock")) for _ in range(TRIES))


@pytest.mark.usefixtures("engine")
def test_the_documented_example_works_with_testcontainers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TESTCONTAINERS_RYUK_DISABLED", "true")
    code = "".join(examples())
    ours = f'"{SERVER_IMAGE}", labels={{"{LABEL}": "{PROJECT}"}}'
    for example, here in [
        ('"my-server"', ours),
        ('("127.0.0.1", 2022)', "(server.get_container_host_ip(), server.get_exposed_port(2022))"),
    ]:
        assert example in code
        code = code.replace(example, here)
    assert "1 passed" in tried(code, tmp_path)
