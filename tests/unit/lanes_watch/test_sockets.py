"""What the kernel reports about sockets that these tests open."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lanes.watch.sockets import Connection, Sockets
from tests.kit.meeting import Meeting, inode
from tests.kit.waiting import wait_until


@pytest.fixture(params=["netlink", "proc"])
def sockets(request: pytest.FixtureRequest) -> Iterator[Sockets]:
    """Both ways to read the sockets of this process's own network namespace."""
    with Sockets(os.getpid(), netlink=request.param == "netlink") as sockets:
        assert sockets.source == request.param
        yield sockets


@pytest.fixture
def meeting() -> Iterator[Meeting]:
    with Meeting() as meeting:
        yield meeting


def text(name: tuple[str, int]) -> str:
    return f"{name[0]}:{name[1]}"


def test_a_connection_is_seen_from_both_ends(meeting: Meeting, sockets: Sockets) -> None:
    client, accepted = meeting.met()
    here, there = text(accepted.getsockname()), text(client.getsockname())
    ends = {
        (inode(accepted), here, there, "established"),
        (inode(client), there, here, "established"),
    }
    found: list[Connection] = []

    def are_both_there() -> bool:  # the kernel may skip one while others come and go
        found[:] = sockets.connections({meeting.port, client.getsockname()[1]})
        return {one[:4] for one in found} == ends

    wait_until(are_both_there)
    assert sockets.look_up(found).keys() == {inode(accepted), inode(client)}


def test_connections_of_other_ports_are_left_out(meeting: Meeting, sockets: Sockets) -> None:
    with Meeting() as other, Meeting() as third:
        for one in (meeting, other, third):
            one.met()
        found = sockets.connections([meeting.port, 1, third.port, 65535])
        assert {one.local for one in found} == {text(one.name) for one in (meeting, third)}
        assert sockets.connections([]) == []


def test_a_connection_that_is_not_accepted_has_no_inode_and_waits(
    meeting: Meeting, sockets: Sockets
) -> None:
    meeting.connect()
    meeting.connect().close()  # the client has left, but its connection still waits
    wait_until(lambda: {one.state for one in meeting.all()} == {"established", "close-wait"})
    before = sockets.connections([meeting.port])
    assert [one.inode for one in before] == [0, 0]
    assert [one.waiting for one in meeting.listening(sockets)] == [2]
    assert sockets.look_up(before) == {}
    accepted = meeting.accept()
    assert [one.waiting for one in meeting.listening(sockets)] == [1]
    assert sockets.look_up(before).keys() == {inode(accepted)}


@pytest.mark.parametrize(("host", "shown"), [("127.0.0.1", "127.0.0.1"), ("::", "[::]")])
def test_a_listener_has_its_address_and_the_limit_of_its_queue(
    host: str, shown: str, sockets: Sockets
) -> None:
    with Meeting(host) as meeting:
        limit = 7 if sockets.source == "netlink" else 0
        row = inode(meeting.listener), f"{shown}:{meeting.port}", meeting.port, 0, limit
        assert meeting.listening(sockets) == [row]


def test_unread_bytes_are_counted_and_so_is_the_end(meeting: Meeting) -> None:
    client, accepted = meeting.met()
    client.sendall(b"hello")
    assert meeting.one().unread == 5
    accepted.recv(2)
    assert meeting.one().unread == 3
    accepted.recv(3)
    client.shutdown(socket.SHUT_WR)
    assert meeting.one()[3:5] == ("close-wait", 1)
    accepted.recv(1)
    assert meeting.one().unread == 0


def test_messages_and_answers_are_counted_one_by_one(meeting: Meeting) -> None:
    client, accepted = meeting.met()
    for number in range(1, 6):
        client.sendall(b"hello")
        seen = meeting.one()
        assert (seen.segments, seen.received, seen.answers) == (number, 5 * number, number - 1)
        accepted.sendall(b"hi")
        assert meeting.one().answers == number
    wait_until(lambda: meeting.one().acknowledged == 10)


def test_bytes_that_the_peer_does_not_take_are_unsent(meeting: Meeting) -> None:
    _, accepted = meeting.met()
    accepted.setblocking(False)
    sent = accepted.send(bytes(1 << 24))
    assert meeting.one().unsent > 0
    wait_until(lambda: sum(meeting.one()[5:9:3]) == sent)  # unsent and acknowledged


def test_a_message_is_pending_until_it_is_answered(meeting: Meeting) -> None:
    client, accepted = meeting.met()
    assert not meeting.one().pending
    client.sendall(b"first")
    assert meeting.one().pending  # even if it came within a tick of the connection
    accepted.recv(5)
    assert meeting.one().pending
    accepted.sendall(b"answer")
    assert not meeting.one().pending

    def pending_again() -> bool:
        client.sendall(b"next")  # within a tick of the answer it is unknown which came first
        return meeting.one().pending

    wait_until(pending_again)
    accepted.sendall(b"answer")
    assert not meeting.one().pending


def test_from_proc_a_message_is_pending_until_it_is_read(meeting: Meeting) -> None:
    client, accepted = meeting.met()
    with Sockets(os.getpid(), netlink=False) as sockets:
        client.sendall(b"first")
        [seen] = sockets.connections([meeting.port])
        assert (seen.unread, seen.segments, seen.pending) == (5, 0, True)
        accepted.recv(5)
        assert not sockets.look_up([seen])[inode(accepted)].pending


def test_both_families_are_seen_and_mapped_ipv4_as_ipv4(sockets: Sockets) -> None:
    with Meeting("::", dual=True) as meeting:
        clients = [meeting.connect(host) for host in ("::1", "127.0.0.1")]
        accepted = {inode(meeting.accept()) for _ in clients}
        found = sockets.connections([meeting.port])
        assert {(one.local, one.peer) for one in found} == {
            (f"[::1]:{meeting.port}", f"[::1]:{clients[0].getsockname()[1]}"),
            (f"127.0.0.1:{meeting.port}", text(clients[1].getsockname())),
        }
        assert sockets.look_up(found).keys() == accepted


def test_a_closed_connection_is_not_found_again(meeting: Meeting, sockets: Sockets) -> None:
    (_, left), ended, (_, stays) = (meeting.met() for _ in range(3))
    before = sockets.connections([meeting.port])
    for one in (left, *ended):  # the kernel still has the first, but no process does
        one.close()
    assert sockets.look_up(before).keys() == {inode(stays)}
    # While others come and go, the kernel may list one twice.
    assert {one.inode for one in sockets.connections([meeting.port])} == {inode(stays)}


def test_another_connection_between_the_same_addresses_is_a_new_one(
    meeting: Meeting, sockets: Sockets
) -> None:
    _, accepted = meeting.met()
    [seen] = sockets.connections([meeting.port])
    assert sockets.look_up([seen]).keys() == {inode(accepted)}
    assert sockets.look_up([seen._replace(inode=seen.inode + 1)]) == {}


def test_connections_beyond_one_look_up_are_all_found(meeting: Meeting) -> None:
    inodes = {inode(meeting.met()[1]) for _ in range(100)}
    found = meeting.all()
    assert {one.inode for one in found} == inodes
    assert meeting.sockets.look_up(found).keys() == inodes


def test_unix_domain_listeners_have_a_path_or_a_name(tmp_path: Path, sockets: Sockets) -> None:
    path, name = str(tmp_path / "a b"), f"lanes-{os.getpid()}"
    with (
        socket.socket(socket.AF_UNIX) as named,
        socket.socket(socket.AF_UNIX) as abstract,
        socket.socket(socket.AF_UNIX) as client,
    ):
        named.bind(path)
        abstract.bind(f"\0{name}")
        named.listen(3)
        abstract.listen(4)
        client.connect(path)
        found = {one.inode: one for one in sockets.unix_listening()}
        queues = ((1, 3), (0, 4)) if sockets.source == "netlink" else ((0, 0), (0, 0))
        assert found[inode(named)] == (inode(named), path, 0, *queues[0])
        assert found[inode(abstract)] == (inode(abstract), f"@{name}", 0, *queues[1])


def test_a_process_that_is_gone_has_no_sockets() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        ended.wait()
    with pytest.raises(FileNotFoundError):
        Sockets(ended.pid)


ELSEWHERE = """
import fcntl, socket, struct, sys
listener = socket.create_server(("", 0))
fcntl.ioctl(listener, 0x8914, struct.pack("16sH14x", b"lo", 1))  # netdevice(7): lo is up
client = socket.create_connection(("127.0.0.1", listener.getsockname()[1]))
accepted, _ = listener.accept()
print(listener.getsockname()[1], flush=True)
sys.stdin.read()
"""


@pytest.fixture
def elsewhere() -> Iterator[tuple[int, int]]:
    """A process in a network namespace of its own, and the port where it has a connection."""
    command = ["unshare", "--net", sys.executable, "-c", ELSEWHERE]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as it:
        assert it.stdout
        if not (port := it.stdout.readline()):
            pytest.skip("a network namespace takes rights")
        yield it.pid, int(port)


def test_sockets_of_a_process_in_another_namespace_are_seen(elsewhere: tuple[int, int]) -> None:
    pid, port = elsewhere
    with Sockets(pid) as theirs, Sockets(os.getpid()) as ours:
        assert theirs.source == "netlink"
        [one] = theirs.connections([port])
        assert theirs.look_up([one]) == {one.inode: one}
        assert theirs.listening()[0].inode not in {row.inode for row in ours.listening()}


WITHOUT_RIGHTS = """
import sys
from lanes.watch.sockets import Sockets
pid, port = map(int, sys.argv[1:])
with Sockets(pid) as sockets:
    print(sockets.source, *[one.local for one in sockets.connections([port])])
"""


def test_a_namespace_that_may_not_be_entered_is_read_from_proc(elsewhere: tuple[int, int]) -> None:
    pid, port = elsewhere
    command = ["setpriv", "--bounding-set=-sys_admin", sys.executable, "-c", WITHOUT_RIGHTS]
    said = subprocess.run(
        [*command, str(pid), str(port)], capture_output=True, text=True, check=True
    )
    assert said.stdout == f"proc 127.0.0.1:{port}\n"
