"""A server's processes and threads as they come and go: real ones that the test controls."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from lanes.watch.epolls import Epolled
from lanes.watch.family import AFRESH, Family
from lanes.watch.process import FEW, Process, ThreadId
from lanes.watch.processes import Processes
from tests.kit.puppet import Puppet
from tests.kit.waiting import wait_until


def threads(processes: Processes) -> set[ThreadId]:
    processes.refresh()
    return set(processes.sample())


def open_files() -> set[str]:
    return set(os.listdir("/proc/self/fd"))  # noqa: PTH208 - only their names


def kind(processes: Processes, thread: ThreadId) -> str:
    return processes[thread.pid].wait(processes.sample()[thread]).kind


def test_a_new_thread_is_noticed_and_one_that_has_ended_is_forgotten(
    puppet: Puppet, processes: Processes
) -> None:
    main = ThreadId(puppet.pid, puppet.pid)
    assert threads(processes) == {main}
    puppet.do("over = threading.Event()")
    tid = puppet.start("over.wait()")
    new = ThreadId(puppet.pid, tid)
    assert threads(processes) == {main, new}
    wait_until(lambda: kind(processes, new) == "locks")
    puppet.do("over.set(); thread.join()")
    wait_until(lambda: threads(processes) == {main})


def test_while_no_thread_runs_no_thread_is_read_again(
    puppet: Puppet, processes: Processes, monkeypatch: pytest.MonkeyPatch
) -> None:
    puppet.do("over = threading.Event()")
    for _ in range(FEW):
        puppet.start("over.wait()")
    processes.refresh()
    wait_until(lambda: processes.sample() is processes.sample())
    runs, read, fails = processes.runs, os.pread, [ProcessLookupError()] * 2
    monkeypatch.setattr(os, "pread", None)  # a call would fail
    assert len(processes.sample()) > FEW
    assert processes.runs == runs

    def failing(file: int, size: int, offset: int) -> bytes:
        if fails:
            raise fails.pop()
        return read(file, size, offset)

    monkeypatch.setattr(os, "pread", failing)
    puppet.do("over.clear()")
    everyone = len(processes.sample())  # without the one that could not be read
    assert processes.runs > runs
    wait_until(lambda: len(threads(processes)) == everyone + 1)


def test_a_thread_that_ended_since_the_refresh_is_not_in_the_sample(
    puppet: Puppet, processes: Processes
) -> None:
    puppet.do("over = threading.Event()")
    puppet.start("over.wait()")
    assert len(threads(processes)) == 2
    puppet.do("over.set(); thread.join()")
    wait_until(lambda: len(processes.sample()) == 1)


def test_a_thread_that_takes_the_place_of_another_is_noticed(
    puppet: Puppet, processes: Processes
) -> None:
    puppet.do("over = threading.Event()")
    old = puppet.start("over.wait()")
    assert len(threads(processes)) == 2
    puppet.do("over.set(); thread.join(); over = threading.Event()")
    wait_until(lambda: not Path(f"/proc/{puppet.pid}/task/{old}").exists())  # `join` returns sooner
    new = ThreadId(puppet.pid, puppet.start("over.wait()"))  # the same number of threads as before
    wait_until(lambda: new in threads(processes))
    assert ThreadId(puppet.pid, old) not in threads(processes)


FORK = """
child = os.fork()
if child == 0:
    if again:
        os.fork()
    signal.pause()
said = child
"""


def test_forked_children_and_grandchildren_are_followed(
    puppet: Puppet, processes: Processes
) -> None:
    child = puppet.do(f"import signal; again = True{FORK}")
    try:

        def family() -> list[int]:
            processes.follow()
            return [process.pid for process in processes]

        wait_until(lambda: len(family()) == 3)
        assert family()[:2] == [puppet.pid, child]
        assert {thread.pid for thread in threads(processes)} == set(family())
    finally:
        for pid in family()[1:]:
            os.kill(pid, signal.SIGKILL)


def test_a_process_that_has_ended_is_forgotten_and_its_children_stay(
    puppet: Puppet, processes: Processes
) -> None:
    child = puppet.do(f"import signal; again = False{FORK}")
    try:
        processes.follow()
        assert child in processes
        puppet.process.kill()
        puppet.process.wait()
        assert {thread.pid for thread in threads(processes)} == {child}
        assert puppet.pid not in processes
    finally:
        os.kill(child, signal.SIGKILL)
    wait_until(lambda: not threads(processes) and list(processes) == [])


def test_a_process_that_is_gone_cannot_be_watched(puppet: Puppet) -> None:
    puppet.process.kill()
    puppet.process.wait()
    before = open_files()
    with pytest.raises(OSError, match="No such"):
        Processes([puppet.pid])
    assert open_files() == before


def test_all_files_are_closed_in_the_end(puppet: Puppet) -> None:
    before = open_files()
    processes = Processes([puppet.pid])
    assert len(open_files()) > len(before)
    processes.close()
    assert open_files() == before


@pytest.fixture
def process(puppet: Puppet) -> Iterator[Process]:
    with closing(Process(puppet.pid)) as process:
        yield process


def test_a_descriptor_is_known_by_its_sockets_inode(puppet: Puppet, process: Process) -> None:
    one, inode = puppet.do("""
one, other = socket.socketpair()
said = [one.fileno(), os.fstat(one.fileno()).st_ino]
""")
    assert process.inode(one) == inode
    assert process.inode(0) == 0  # a pipe
    assert process.inode(9999) == 0
    assert process.sockets()[inode] == one
    assert len(process.sockets()) == 2


def test_an_epoll_descriptor_leads_to_the_sockets_that_it_watches(
    puppet: Puppet, process: Process
) -> None:
    epoll = puppet.do("""
import select
pairs = [socket.socketpair() for _ in range(3)]
epoll = select.epoll()
epoll.register(0)
for one, _ in pairs:
    epoll.register(one)
said = epoll.fileno()
""")
    inodes = puppet.do("said = [os.fstat(one.fileno()).st_ino for one, _ in pairs]")
    assert process.epolled(epoll) == Epolled(frozenset(inodes), oneshot=False)
    puppet.do("epoll.unregister(pairs[0][0])")
    wait_until(lambda: process.epolled(epoll).inodes == set(inodes[1:]))
    assert process.epolled(9999) == Epolled()


def test_a_oneshot_socket_leaves_the_epoll_set_until_it_is_armed_again(
    puppet: Puppet, process: Process
) -> None:
    epoll, inode = puppet.do("""
import select
one, other = socket.socketpair()
epoll = select.epoll()
epoll.register(one, select.EPOLLIN | select.EPOLLONESHOT)
said = [epoll.fileno(), os.fstat(one.fileno()).st_ino]
""")
    assert process.epolled(epoll) == Epolled(frozenset({inode}), oneshot=True)
    puppet.do("other.send(b'!'); epoll.poll()")
    wait_until(lambda: process.epolled(epoll).inodes == set())
    puppet.do("epoll.modify(one, select.EPOLLIN | select.EPOLLONESHOT)")
    wait_until(lambda: process.epolled(epoll).inodes == {inode})


def test_a_thread_that_moved_on_since_its_line_was_read_counts_as_running(process: Process) -> None:
    polls = b"%d 0x10 0x1 0x0 0x0 0x0 0x0 0x7ffc 0x7f12\n"
    numbers: Callable[[str], int] = {"x86_64": 271, "aarch64": 73}.__getitem__
    assert process.wait(polls % numbers(os.uname().machine)).kind == "running"


def test_a_word_of_a_processs_memory_can_be_read(puppet: Puppet, process: Process) -> None:
    address = puppet.do("""
import ctypes
word = ctypes.c_uint32(123456)
said = ctypes.addressof(word)
""")
    assert process.word(address) == 123456
    with pytest.raises(OSError, match="Input/output"):
        process.word(16)


def test_a_process_that_has_ended_has_no_sockets(puppet: Puppet, process: Process) -> None:
    puppet.process.kill()
    puppet.process.wait()
    assert process.sockets() == {}


def test_a_process_that_gets_another_parent_is_found_soon(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    parents = {1: 0, 2: 1, 3: 1}
    monkeypatch.setattr("lanes.watch.family.proc.pids", lambda: list(parents))
    monkeypatch.setattr("lanes.watch.family._parent", parents.get)
    family = Family()
    assert family.of([2]) == {2}
    parents[3] = 2
    assert {2, 3} in [family.of([2]) for _ in range(AFRESH)]
