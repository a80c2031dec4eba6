"""A watched server, queried like one that publishes its own document."""

import os
import re
import socket
import subprocess
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path

import pytest

from lanes.watch.session import Watched
from lanes.watch.target import NotFound, Target, of_pid, of_port
from tests.kit.puppet import Puppet
from tests.kit.waiting import wait_until
from tests.watch.truth import running


def test_a_session_shows_what_it_sees_and_when_the_server_has_ended() -> None:
    with running("threads") as target, Watched(of_pid(target.pid)) as watched:
        with closing(target.talk()) as client:
            client.say()
            _, tid = client.answer()

            def threads() -> list[tuple[int | None, str]]:
                [answer], _ = watched.ask()
                return [(session.native_id, session.how) for session in answer.snapshot.sessions]

            wait_until(lambda: threads() == [(tid, "direct")])
        assert not watched.wait(0)
        target.end()
        assert watched.wait()
        [session] = watched.snapshot().sessions
        assert (session.native_id, session.state, session.certain) == (tid, "closed", True)


@pytest.mark.parametrize(("runtime", "how"), [("", "born together"), ("a Go program", "unknown")])
def test_nothing_is_guessed_of_a_runtime_with_its_own_scheduler(
    monkeypatch: pytest.MonkeyPatch, runtime: str, how: str
) -> None:
    monkeypatch.setattr("lanes.watch.runtimes.runtime_of", lambda *_: runtime)

    def comes_and_is() -> str:
        """Return how the thread of one more client, waiting for the lock, is known."""
        with closing(target.talk()):
            wait_until(lambda: len(hows()) == 2)
            return hows()[1]

    def hows() -> list[str]:
        return [one.how for one in watched.snapshot().sessions if one.state != "closed"]

    with (
        running("C, mutex over the conversation") as target,
        Watched(of_pid(target.pid)) as watched,
        closing(target.talk()),
    ):
        wait_until(lambda: hows() == ["direct"])
        wait_until(lambda: comes_and_is() == how)  # try again if the watcher was late


def test_threads_waiting_for_one_lock_are_counted_without_their_clients() -> None:
    with (
        running("C, mutex over the conversation") as target,
        Watched(of_pid(target.pid)) as watched,
        ExitStack() as clients,
    ):
        for _ in range(4):
            clients.enter_context(closing(target.talk()))

        def notes() -> str:
            seen = watched.snapshot().seen
            return " ".join(seen.notes) if seen else ""

        told = r"3 threads wait for a lock that server \(\d+\) holds\."
        wait_until(lambda: re.search(told, notes()))


def test_threads_that_were_there_before_all_clients_are_not_counted_among_those_that_wait() -> None:
    with Puppet() as puppet, ExitStack() as stack:
        port = puppet.do("""
lock, never = threading.Lock(), threading.Semaphore(0)
listener = socket.create_server(("127.0.0.1", 0))
said = listener.getsockname()[1]
def converse(client):
    with lock, client:
        while client.recv(64):
            pass
def accept():
    while True:
        threading.Thread(target=converse, args=listener.accept()[:1], daemon=True).start()
""")
        for call in ("accept()", *3 * ["never.acquire()"]):
            puppet.start(call)
        watched = stack.enter_context(Watched(of_pid(puppet.pid)))

        def counted() -> list[str]:
            """Return how many threads are said to wait while two of three clients do."""
            with ExitStack() as clients:
                for _ in range(3):
                    clients.enter_context(socket.create_connection(("127.0.0.1", port)))
                wait_until(lambda: re.search(told, notes()))
                found = re.findall(told, notes())
            wait_until(lambda: not watched.snapshot().open)
            return found

        def notes() -> str:
            seen = watched.snapshot().seen
            return " ".join(seen.notes) if seen else ""

        told = r"(\d+) threads wait for a lock"
        wait_until(lambda: counted() == ["2"])  # try again if the watcher had only just begun


def test_threads_behind_a_lock_that_a_serving_thread_holds_are_no_pool() -> None:
    """Even if they are older than the watcher, which has seen no client connect."""
    with running("C, mutex over the conversation") as target, ExitStack() as clients:
        for _ in range(4):
            clients.enter_context(closing(target.talk()))
        wait_until(lambda: len(list(Path(f"/proc/{target.pid}/task").iterdir())) == 5)
        with Watched(of_pid(target.pid)) as watched:
            wait_until(lambda: watched.snapshot().model == "a thread for each client")
            seen = watched.snapshot().seen
            assert seen
            waits = "3 of 4 clients wait, each with a thread in a lock; 1 is served"
            assert seen.evidence == waits


def test_a_silent_client_shows_as_not_read_only_after_it_speaks() -> None:
    with (
        running("pool of two") as target,
        Watched(of_pid(target.pid)) as watched,
        ExitStack() as clients,
    ):
        three = [clients.enter_context(closing(target.talk())) for _ in range(3)]
        wait_until(lambda: watched.snapshot().model == "a thread for each client, or a pool of 2")
        for client in three:
            client.say()
        wait_until(lambda: watched.snapshot().model == "a pool of 2")
        hows = ["accepted, not read", "direct", "direct"]
        wait_until(lambda: sorted(one.how for one in watched.snapshot().sessions) == hows)


def test_a_client_that_left_stays_served_while_its_connection_is_open() -> None:
    with Puppet() as puppet:
        port = puppet.do("""
listener, kept = socket.create_server(("127.0.0.1", 0)), []
def serve():
    while kept.append(listener.accept()[0]) is None:
        while kept[-1].recv(9):
            kept[-1].sendall(b"!")
threading.Thread(target=serve, name="serve", daemon=True).start()
said = listener.getsockname()[1]
""")
        with Watched(of_pid(puppet.pid)) as watched:
            with socket.create_connection(("127.0.0.1", port)) as client:
                client.sendall(b"?")
                client.recv(9)
                wait_until(lambda: [one.how for one in watched.snapshot().sessions] == ["direct"])
                tid = watched.snapshot().sessions[0].native_id
            wait_until(lambda: [one.how for one in watched.snapshot().sessions] == ["has left"])
            seen = watched.snapshot()
    [one] = seen.sessions
    assert (one.state, one.native_id, one.messages, seen.open, seen.serving) == (
        ("serving", tid, 1, 1, 0)
    )
    assert one.served_at
    assert seen.seen
    assert "1 client has left; the server has not closed its connection." in seen.seen.notes


def test_after_a_server_has_ended_the_next_on_its_port_is_watched() -> None:
    with running("threads") as first:
        port = first.port
        again = partial(of_port, port)
        with Watched(again(), again) as watched, closing(first.talk()) as client:
            client.say()
            _, before = client.answer()
            wait_until(lambda: [one.native_id for one in watched.snapshot().sessions] == [before])
            first.end()
            waits = "The server has ended. Waiting for the next."
            wait_until(lambda: (seen := watched.snapshot().seen) and waits in seen.notes)
            assert not watched.wait(0)
            with running("fork", port=port) as second, closing(second.talk()) as other:
                other.say()
                _, now = other.answer()
                both = [(before, "closed"), (now, "serving")]
                wait_until(
                    lambda: (
                        both == [(one.native_id, one.state) for one in watched.snapshot().sessions]
                    )
                )
                seen = watched.snapshot()
                assert (seen.pid, seen.model) == (second.pid, "a process for each client")


def test_a_server_that_is_gone_cannot_be_watched() -> None:
    with subprocess.Popen(["true"]) as ended:  # noqa: S607 - any program will do
        ended.wait()
    with pytest.raises(NotFound, match="it cannot be watched: No such"):
        Watched(Target((ended.pid,), "it"))


def test_a_fault_of_the_watcher_is_raised_for_its_caller(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(*_: object) -> None:
        raise ArithmeticError("broken")

    monkeypatch.setattr("lanes.watch.watcher.Watcher.look", broken)
    with Watched(of_pid(os.getpid())) as watched:
        assert watched.wait()
        with pytest.raises(ArithmeticError, match="broken"):
            watched.snapshot()
