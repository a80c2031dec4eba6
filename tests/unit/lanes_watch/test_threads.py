"""The names and the source lines of threads."""

import os
from contextlib import ExitStack, closing

import pytest

from lanes.watch.evidence import Doing, Evidence, Look
from lanes.watch.process import ThreadId
from lanes.watch.processes import Processes
from lanes.watch.pyspy import Standing, Standings
from lanes.watch.threads import Threads
from tests.kit.puppet import Puppet
from tests.kit.waiting import wait_until
from tests.watch.truth import running


def call_it(puppet: Puppet, name: bytes) -> None:
    puppet.do(f"open('/proc/self/comm', 'wb').write({name!r})")


def test_a_thread_has_its_kernel_name_and_its_own_number(
    puppet: Puppet, processes: Processes
) -> None:
    call_it(puppet, b"worker 1")
    main = ThreadId(puppet.pid, puppet.pid)
    threads = Threads(processes)
    assert (threads.name(main), threads.native_id(main)) == ("worker 1", puppet.pid)


def test_a_name_is_safe_to_print(puppet: Puppet, processes: Processes) -> None:
    call_it(puppet, b"\033[2J\n\xff!")
    assert Threads(processes).name(ThreadId(puppet.pid, puppet.pid)) == r"\x1b[2J\n" + "\ufffd!"


def test_a_name_is_kept_for_a_while_even_after_the_thread_ended(
    puppet: Puppet, processes: Processes, monkeypatch: pytest.MonkeyPatch
) -> None:
    main, threads = ThreadId(puppet.pid, puppet.pid), Threads(processes)
    call_it(puppet, b"before")
    assert threads.name(main) == "before"
    call_it(puppet, b"after")
    assert threads.name(main) == "before"
    monkeypatch.setattr("lanes.watch.threads.KEPT", 0.0)
    threads.forget(others_than={main})
    wait_until(lambda: threads.name(main) == "after")
    puppet.process.kill()
    puppet.process.wait()
    assert threads.name(main) == "after"
    threads.forget(others_than=set())
    assert (threads.name(main), threads.native_id(main)) == ("", puppet.pid)


def test_python_gives_a_threads_name_and_line(processes: Processes) -> None:
    thread, threads = ThreadId(1, 2), Threads(processes)
    standing: Standings = {
        thread: Standing("Thread-1", "server.py", "/server.py", 14, "with lock:", "f")
    }
    stands: Look = {thread: Doing("locks")}
    threads.tell(standing, stands)
    assert threads.name(thread) == "Thread-1"
    assert threads.where(thread, stands) == "waits for a lock at server.py:14: with lock:"
    assert threads.where(thread, {}) == ""
    threads.tell({}, stands)
    assert threads.name(thread) == "Thread-1"
    threads.forget(others_than=set())
    assert threads.name(thread) == ""


def test_a_line_is_shown_only_while_its_thread_does_the_same(
    processes: Processes,
) -> None:
    thread, threads = ThreadId(1, 2), Threads(processes)
    standing: Standings = {thread: Standing("", "server.py", "/server.py", 14, "with lock:", "f")}
    locked, sleeps = ({thread: Doing(kind)} for kind in ("locks", "sleeps"))
    threads.tell(standing, locked)
    threads.tell(standing, sleeps)  # the same line, from a moment before
    assert threads.where(thread, sleeps) == "sleeps"
    assert threads.where(thread, locked).endswith("with lock:")


@pytest.mark.parametrize(
    ("doing", "where"),
    [
        (Doing("reads"), "waits for its client"),
        (Doing("accepts"), "waits for a new client"),
        (Doing("epolls"), "polls"),
        (Doing("running"), "runs"),
        (Doing("other"), "works"),
        (Doing("locks", address=16), "waits for a lock"),  # the address cannot be read
    ],
)
def test_without_a_line_a_thread_is_where_the_kernel_says(
    puppet: Puppet, processes: Processes, doing: Doing, where: str
) -> None:
    main = ThreadId(puppet.pid, puppet.pid)
    assert Threads(processes).where(main, {main: doing}) == where


def test_the_holder_of_a_mutex_is_named() -> None:
    with running("C, mutex over the conversation") as target, ExitStack() as stack:
        first = stack.enter_context(closing(target.talk()))
        first.say()
        _, holder = first.answer()
        stack.enter_context(closing(target.talk()))  # this client waits for its turn
        processes = stack.enter_context(closing(Processes([target.pid])))
        threads, evidence = Threads(processes), Evidence(processes)

        def waiting() -> list[str]:
            processes.refresh()
            seen = evidence.look()
            return [
                threads.where(one, seen) for one, doing in seen.items() if doing.kind == "locks"
            ]

        wait_until(lambda: waiting() == [f"waits for a lock that server ({holder}) holds"])


@pytest.mark.skipif(os.getuid() != 0, reason="a process-id namespace takes rights")
def test_a_thread_in_its_own_namespace_has_the_servers_number() -> None:
    with Puppet("unshare", "--pid", "--fork", "--kill-child") as outer:
        own = outer.start("time.sleep(600)")
        with closing(Processes([outer.pid])) as processes:

            def are_both_known() -> bool:
                processes.follow()
                return len(processes) == 2

            wait_until(are_both_known)
            processes.refresh()
            _, inner = processes
            threads = Threads(processes)
            assert outer.do("said = os.getpid()") == 1
            assert {threads.native_id(thread) for thread in inner.files} == {1, own}
