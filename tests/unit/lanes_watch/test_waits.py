"""The system call a thread waits in: lines as the kernel writes them, and real threads."""

import os
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from lanes.watch.syscalls import names
from lanes.watch.waits import MOST, RUNNING, Kind, Wait, parse
from tests.kit.puppet import Puppet
from tests.kit.waiting import wait_until

NUMBERS = {name: number for number, name in names().items()}
POINTERS = "0x7ffc9a3b 0x7f12"  # the stack pointer and the program counter


def line(call: str, *arguments: int) -> bytes:
    six = [*arguments, 0, 0, 0, 0, 0, 0][:6]
    return f"{NUMBERS[call]} {' '.join(map(hex, six))} {POINTERS}\n".encode()


def nothing(address: int, size: int) -> bytes:
    raise AssertionError((address, size))


@pytest.mark.parametrize(
    ("call", "kind"),
    [
        ("read", "reads"),
        ("recvfrom", "reads"),
        ("write", "writes"),
        ("sendmsg", "writes"),
        ("accept4", "accepts"),
        ("epoll_pwait", "epolls"),
    ],
)
def test_a_call_on_one_descriptor_names_it(call: str, kind: Kind) -> None:
    wait = parse(line(call, 9, 0x1000, 64, 0xFFFFFFFF), nothing)
    assert wait == Wait(kind, (9,), call=call)


@pytest.mark.parametrize(
    ("call", "kind", "timed"),
    [
        ("futex", "locks", False),
        ("clock_nanosleep", "sleeps", True),
        ("io_uring_enter", "ring", False),
    ],
)
def test_a_call_without_a_descriptor_has_its_address(call: str, kind: Kind, *, timed: bool) -> None:
    assert parse(line(call, 0x7F00), nothing) == Wait(kind, (), 0x7F00, call, timed)


@pytest.mark.parametrize(
    ("call", "arguments", "timed"),
    [
        ("futex", (0x7F00, 0, 2, 0), False),
        ("futex", (0x7F00, 0, 2, 0x7FFC), True),
        ("epoll_pwait", (9, 0x1000, 64, 500), True),
        ("epoll_pwait", (9, 0x1000, 64, 0xFFFFFFFFFFFFFFFF), False),
        ("ppoll", (0x1000, 1, 0x7FFC), True),
        ("ppoll", (0x1000, 1, 0), False),
        ("pselect6", (1, 0x1000, 0, 0, 0x7FFC), True),
        ("pselect6", (0, 0, 0, 0, 0), False),
        ("recvfrom", (9, 0x1000, 64), False),
    ],
)
def test_some_calls_have_a_time_out(call: str, arguments: tuple[int, ...], *, timed: bool) -> None:
    assert parse(line(call, *arguments), lambda _address, size: bytes(size)).timed == timed


@pytest.mark.parametrize(
    ("text", "wait"),
    [
        (b"running\n", RUNNING),
        (b"-1 0x7ffc9a3b 0x7f12\n", Wait("other")),  # blocked, but not in a system call
        (b"", Wait("other")),
        (b"9999 0x1 0x0 0x0 0x0 0x0 0x0 0x7ffc 0x7f12\n", Wait("other", address=1)),
    ],
)
def test_a_line_without_a_known_call_says_whether_the_thread_runs(text: bytes, wait: Wait) -> None:
    assert parse(text, nothing) == wait


def test_poll_waits_for_the_descriptors_that_its_array_does_not_skip() -> None:
    array = b"".join(struct.pack("=ihh", fd, 1, 0) for fd in (5, -1, 7))

    def memory(address: int, size: int) -> bytes:
        assert (address, size) == (0x1000, len(array))
        return array

    assert parse(line("ppoll", 0x1000, 3), memory).descriptors == (5, 7)


@pytest.mark.parametrize("call", ["poll", "ppoll", "select", "pselect6"])
def test_polling_nothing_is_sleeping(call: str) -> None:
    assert parse(line(call), nothing).kind == "sleeps"


def test_only_the_beginning_of_a_long_array_is_read() -> None:
    def memory(_address: int, size: int) -> bytes:
        assert size == MOST * 8
        return b""

    assert parse(line("ppoll", 0x1000, 1 << 30), memory).kind == "polls"


def test_select_waits_for_those_in_any_of_its_sets_below_the_first_argument() -> None:
    sets = {0x1000: 1 << 5 | 1 << 70, 0x2000: 1 << 7 | 1 << 69}

    def memory(address: int, size: int) -> bytes:
        return sets[address].to_bytes(size, "little")

    wait = parse(line("pselect6", 70, 0x1000, 0x2000, 0), memory)
    assert (wait.kind, wait.descriptors) == ("polls", (5, 7, 69))


def test_memory_that_cannot_be_read_is_an_error() -> None:
    def memory(_address: int, _size: int) -> bytes:
        raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        parse(line("ppoll", 0x1000, 1), memory)


@pytest.fixture(scope="module")
def puppet() -> Iterator[Puppet]:
    with Puppet() as puppet:
        puppet.do("""
import select
one, other = socket.socketpair()
listener = socket.create_server(("127.0.0.1", 0))
poller = select.poll()
poller.register(one), poller.register(other)
poller.modify(one, select.POLLIN), poller.modify(other, select.POLLIN)
epoll = select.epoll()
lock = threading.Lock()
lock.acquire()
""")
        yield puppet


@pytest.mark.parametrize(
    ("call", "kind", "on"),
    [
        ("one.recv(1)", "reads", ["one"]),
        ("os.read(one.fileno(), 1)", "reads", ["one"]),
        ("poller.poll()", "polls", ["one", "other"]),
        ("select.select([one], [], [other])", "polls", ["one", "other"]),
        ("epoll.poll()", "epolls", ["epoll"]),
        ("listener.accept()", "accepts", ["listener"]),
        ("lock.acquire()", "locks", []),
        ("time.sleep(600)", "sleeps", []),
    ],
)
def test_a_thread_that_blocks_is_seen_in_its_call(
    puppet: Puppet, call: str, kind: str, on: list[str]
) -> None:
    tid = puppet.start(call)
    descriptors = tuple(sorted(puppet.do(f"said = [each.fileno() for each in [{', '.join(on)}]]")))
    text = Path(f"/proc/{puppet.pid}/task/{tid}/syscall")
    memory = os.open(f"/proc/{puppet.pid}/mem", os.O_RDONLY)
    try:

        def seen() -> tuple[str, tuple[int, ...]]:
            wait = parse(text.read_bytes(), lambda at, size: os.pread(memory, size, at))
            return wait.kind, wait.descriptors

        wait_until(lambda: seen() == (kind, descriptors))
    finally:
        os.close(memory)
