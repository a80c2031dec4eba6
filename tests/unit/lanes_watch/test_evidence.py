"""What the threads of a process do, look by look: a real process that the test controls."""

import os
import signal
from contextlib import closing
from fractions import Fraction

import pytest

from lanes.watch import evidence
from lanes.watch.evidence import Doing, Evidence, Look
from lanes.watch.process import Process, ThreadId
from lanes.watch.processes import Processes
from tests.kit.puppet import Puppet
from tests.kit.waiting import wait_until

PAIRS = """
pairs = [socket.socketpair() for _ in range(3)]
said = [os.fstat(one.fileno()).st_ino for one, _ in pairs]
"""


class Scene:
    """A process with three socket pairs; a thread waits on each of the first two."""

    def __init__(self, puppet: Puppet, processes: Processes) -> None:
        self._processes, self._evidence = processes, Evidence(processes)
        self.do = puppet.do
        self.inodes = puppet.do(PAIRS)
        tids = [puppet.start(f"pairs[{number}][0].recv(1)") for number in (0, 1)]
        self.threads = [ThreadId(puppet.pid, tid) for tid in tids]
        wait_until(lambda: self.waits_for() == self.inodes[:2])

    def look(self, *gone: int) -> Look:
        self._processes.refresh()
        return self._evidence.look(set(gone))

    def waits_for(self, *gone: int) -> list[int]:
        """The inodes of the sockets that the two threads wait for."""
        seen = self.look(*gone)
        doing = [seen[thread] for thread in self.threads]
        return [inode for one in doing if one.kind == "reads" for inode in one.inodes]


@pytest.fixture
def scene(puppet: Puppet, processes: Processes) -> Scene:
    return Scene(puppet, processes)


def test_a_look_without_changes_is_the_same_object(scene: Scene) -> None:
    wait_until(lambda: scene.look() is scene.look())  # the main thread waits again too
    before = scene.look()
    scene.do("pairs[0][1].send(b'!')")
    wait_until(lambda: scene.threads[0] not in scene.look())
    assert scene.look() is not before


@pytest.mark.parametrize("turn", [50, 1])
def test_a_descriptor_that_has_become_another_connection_is_noticed(
    scene: Scene, turn: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evidence, "TURN", turn)  # 1: the three threads are read in turn
    _, second, third = scene.inodes
    scene.do("os.dup2(pairs[2][0].fileno(), pairs[0][0].fileno())")
    for _ in range(1 if turn > 1 else 4):
        found = scene.waits_for()
    assert found == [third, second]


def test_the_descriptor_of_a_closed_connection_is_read_again_at_once(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evidence, "TURN", Fraction(1, 10**9))  # its turn comes in years
    first, second, third = scene.inodes
    for _ in range(4):  # all three threads have their first turn; no thread waits for -1
        scene.look(-1)
    scene.do("os.dup2(pairs[2][0].fileno(), pairs[0][0].fileno())")
    assert scene.waits_for() == [first, second]
    assert scene.waits_for(first) == [third, second]


def test_a_descriptor_reused_by_another_thread_is_not_believed(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    inode = Process.inode

    def later(process: Process, descriptor: int) -> int:
        """Between the sample and the look-up, the thread ends and its descriptor is reused."""
        monkeypatch.undo()
        scene.do("""
pairs[0][1].send(b"!")
first.join()
os.dup2(pairs[2][0].fileno(), pairs[0][0].fileno())
""")
        return inode(process, descriptor)

    of = f"each.native_id == {scene.threads[0].tid}"
    scene.do(f"[first] = [each for each in threading.enumerate() if {of}]")
    monkeypatch.setattr(Process, "inode", later)
    assert scene.look()[scene.threads[0]].kind == "running"


def test_a_stopped_thread_still_waits_for_the_same(puppet: Puppet) -> None:
    [inode, *_] = puppet.do(
        f"import select{PAIRS}poll = select.poll(); poll.register(pairs[0][0], select.POLLIN)"
    )
    thread = ThreadId(puppet.pid, puppet.start("poll.poll(600_000)"))
    with closing(Processes([puppet.pid])) as processes:
        processes.refresh()
        seen = Evidence(processes)
        waits = Doing("polls", frozenset({inode}), alone=True, timed=True)
        wait_until(lambda: seen.look()[thread] == waits)
        puppet.process.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, puppet.pid, os.WSTOPPED | os.WNOWAIT)
        puppet.process.send_signal(signal.SIGCONT)
        puppet.do("")
        wait_until(lambda: seen.look()[thread] == waits)


def test_a_poll_is_seen_after_the_process_became_another_program(puppet: Puppet) -> None:
    program = "import socket\nones = socket.socketpair()\nones[0].settimeout(600)\nones[0].recv(1)"
    with closing(Processes([puppet.pid])) as processes:
        seen, main = Evidence(processes), ThreadId(puppet.pid, puppet.pid)
        seen.look()
        puppet.tell(f"os.execv(sys.executable, [sys.executable, '-S', '-c', {program!r}])")
        wait_until(lambda: seen.look()[main].alone)
