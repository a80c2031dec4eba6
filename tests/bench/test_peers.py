"""The servers that ours is measured beside (bench/peers) speak its dialect, as it does."""

import itertools
import re
import socket
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from bench.load import compile_program
from server.protocol import ANSWER, MAX_LINE, Lines
from tests.kit.peer import Peer
from tests.kit.waiting import SECONDS, wait_until

FOLDER = Path(__file__).parents[2] / "bench" / "peers"
THREADED = ["threading_server.py", "naive_threads.py", "threads.c"]
SINGLE = [
    "asyncio_streams.py",
    "asyncio_protocol.py",
    "uvloop_protocol.py",
    "gevent_server.py",
    "trio_server.py",
    "epoll.c",
]
SHARED = ["dialect.py", "dialect.h", "connection.h"]

UTF8, TOO_LONG = (Lines.error(code).decode() for code in ("utf8", "too-long"))
RESET_ON_CLOSE = struct.pack("ii", 1, 0)  # SO_LINGER: on, for no time

Connect = Callable[[], "Client"]


class Client(Peer):
    """Somebody who was greeted, once that was heard."""

    def hear_greeting(self) -> None:
        greeting = re.fullmatch(r"\+OK ([^\s:]+): ready\r\n", self.line())
        assert greeting
        self.greeted_by = greeting[1]
        self.reply = f"+OK {self.greeted_by}: {ANSWER}\r\n"

    def lines(self, count: int) -> list[str]:
        return [self.line() for _ in range(count)]


def command(program: str, folder: Path) -> list[str]:
    """The words that start it; one in C is compiled first."""
    if program.endswith(".py"):
        return [sys.executable, str(FOLDER / program)]
    built = folder / "peer"
    compile_program(FOLDER / program, built)
    return [str(built)]


def listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=SECONDS).close()
    except ConnectionRefusedError:
        return False
    return True


@pytest.fixture(scope="module", params=THREADED + SINGLE)
def program(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def address(program: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    words = command(program, tmp_path_factory.mktemp("peer"))
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with subprocess.Popen(
        [*words, str(port)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        try:
            wait_until(lambda: process.poll() is not None or listens(port))
            yield f"127.0.0.1:{port}"
        finally:
            process.terminate()
            printed, _ = process.communicate(timeout=SECONDS)
    assert printed == b""


@pytest.fixture
def connect(address: str) -> Iterator[Connect]:
    with ExitStack() as stack:

        def connect() -> Client:
            client = stack.enter_context(closing(Client(address)))
            client.hear_greeting()
            return client

        yield connect


def test_a_line_is_answered_by_who_greeted(connect: Connect) -> None:
    client = connect()
    assert client.say("Hey Server!!!") == client.reply


def test_each_client_of_a_peer_with_threads_is_greeted_by_one_of_its_own(
    connect: Connect, program: str
) -> None:
    names = {connect().greeted_by for _ in range(3)}
    if program in THREADED:
        assert len(names) == 3
        assert all(re.fullmatch(r"Thread-\d+", name) for name in names)
    else:
        assert len(names) == 1


@pytest.mark.parametrize(
    "line",
    [b"Hey\n", b"Hey\r\n", b"\n", b"\r\n", b"\r\r\n", b"\0\f\v\x1c\n", "🧵\u0085\u2028\n".encode()],
    ids=ascii,
)
def test_a_line_ends_at_lf_alone_and_any_line_of_utf_8_is_answered_once(
    connect: Connect, line: bytes
) -> None:
    client = connect()
    client.send(line + line + b"\xff\n")
    assert client.lines(3) == [client.reply, client.reply, UTF8]


def test_a_line_that_is_cut_in_the_middle_of_a_character_is_one_line(connect: Connect) -> None:
    client = connect()
    beginning, end = "one\ntwo ü".encode()[:-1], "ü\r\nthree\r\n".encode()[1:]
    client.send(beginning)
    assert client.line() == client.reply
    client.send(end)
    assert client.lines(2) == [client.reply, client.reply]


def test_a_cr_that_arrives_before_its_lf_ends_no_line(connect: Connect) -> None:
    client = connect()
    client.send(b"one\ntwo\r")
    assert client.line() == client.reply
    client.send(b"\n\xff\n")
    assert client.lines(2) == [client.reply, UTF8]


@pytest.mark.parametrize(
    "line", [b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"Hey \xc3"], ids=ascii
)
def test_a_line_that_is_not_utf_8_is_told_so_and_the_conversation_goes_on(
    connect: Connect, line: bytes
) -> None:
    client = connect()
    client.send(line + b"\r\n")
    assert client.line() == UTF8
    assert client.say("Hey") == client.reply


def test_what_is_utf_8_is_decided_as_python_decides_it(connect: Connect) -> None:
    edges = [bytes([byte]) for byte in b"\0A\x7f\x80\x8f\x90\x9f\xa0\xbf\xc0\xc1\xc2\xdf\xe0\xff"]
    second = [bytes([byte]) for byte in b"A\x7f\x80\x8f\x90\x9f\xa0\xbf\xc0"]
    later = [b"\x7f", b"\x80", b"\xbf", b"\xc0"]
    lead3 = [bytes([byte]) for byte in b"\xe0\xe1\xec\xed\xee\xef"]
    lead4 = [bytes([byte]) for byte in b"\xf0\xf1\xf3\xf4\xf5\xf7\xf8\xfc"]
    texts = [
        b"".join(parts)
        for product in (
            itertools.product(edges, edges),
            itertools.product(lead3, second, later),
            itertools.product(lead4, second, later, later),
        )
        for parts in product
    ]
    client = connect()
    client.send(b"".join(text + b"\n" for text in texts))
    for text in texts:
        valid = text == text.decode(errors="ignore").encode()
        assert client.line() == (client.reply if valid else UTF8), text


@pytest.mark.parametrize("end", [b"\n", b"\r\n"], ids=ascii)
def test_the_longest_line_is_answered(connect: Connect, end: bytes) -> None:
    client = connect()
    client.send(b"x" * MAX_LINE + end + b"Hey\n")
    assert client.lines(2) == [client.reply, client.reply]


# All bytes of these are read before the connection is closed: no reset takes the last words.
@pytest.mark.parametrize(
    "line", [b"x" * (MAX_LINE + 1) + b"\n", b"x" * (MAX_LINE + 2)], ids=["ended", "begun"]
)
def test_a_line_that_is_longer_is_refused_and_the_connection_ends(
    connect: Connect, line: bytes
) -> None:
    client = connect()
    assert client.say("Hey") == client.reply
    client.send(line)
    assert client.rest().decode() == TOO_LONG


def test_lines_before_one_that_is_too_long_are_answered(connect: Connect) -> None:
    client = connect()
    client.send(b"Hey\n\xff\n" + b"x" * (MAX_LINE + 2))
    assert client.lines(3) == [client.reply, UTF8, TOO_LONG]


def test_a_rest_without_lf_is_not_answered(connect: Connect) -> None:
    client = connect()
    client.send(b"one\ntwo\r")
    client.socket.shutdown(socket.SHUT_WR)
    assert client.rest().decode() == client.reply


def test_several_clients_are_served_at_once(connect: Connect) -> None:
    clients = [connect() for _ in range(20)]
    for client in clients:
        client.send(b"begun")
    for client in reversed(clients):
        assert client.say("Hey") == client.reply


def test_who_does_not_read_keeps_nobody_waiting_and_misses_nothing(
    connect: Connect, address: str
) -> None:
    count, other = 8000, connect()
    host, port = address.split(":")
    with socket.socket() as greedy, greedy.makefile("rb") as answers:
        greedy.settimeout(SECONDS)
        # With these the kernel keeps about half of the answers, and the peer has to keep the rest.
        greedy.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 1400)
        greedy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16384)
        greedy.connect((host, int(port)))
        greedy.sendall(b"\n" * count)
        for _ in range(3):
            assert other.say("Hey") == other.reply
        reply = answers.readline().replace(b"ready", ANSWER.encode())
        assert [answers.readline() for _ in range(count)] == [reply] * count


def test_a_client_that_resets_its_connection_is_no_reason_to_print(connect: Connect) -> None:
    for before in (b"", b"begun", b"ended\n"):
        client = connect()
        client.send(before)
        client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
        client.close()
    client = connect()
    assert client.say("Hey") == client.reply


def test_each_peer_has_fewer_than_40_lines_and_none_goes_untested() -> None:
    files = {path.name: path for path in FOLDER.glob("*.*")}
    assert set(files) == {*THREADED, *SINGLE, *SHARED}
    for name in THREADED + SINGLE:
        assert len(files[name].read_text(encoding="utf-8").splitlines()) < 40, name
