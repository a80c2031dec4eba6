"""The servers that ours is compared with (bench/peers) speak its dialect as it does."""

import itertools
import re
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from tempfile import TemporaryFile

import pytest

from bench.load import compile_program
from server.chat.protocol import ANSWER, MAX_LINE
from tests.faults.reference import NOT_UTF8, said_to
from tests.kit.http_get import LOOPBACK
from tests.kit.peer import Peer, reset_on_close
from tests.kit.server_process import listening
from tests.kit.waiting import SECONDS

FOLDER = Path(__file__).parents[2] / "bench" / "peers"
SHARED = {"dialect.py", "dialect.h", "connection.h"}
OVER_TLS = {"threading_tls_server.py"}  # it converses as threading_server.py does
PROGRAMS = sorted({path.name for path in FOLDER.glob("*.*")} - SHARED - OVER_TLS)
THREADED = {"threading_server.py", "naive_threads.py", "threads.c"}

LINES = (b"Hey\n", b"\n", b"\r\n", b"\r\r\n", b"\0\f\v\x1c\n", "🧵\u0085\u2028\n".encode())
# What a client sends, in chunks; each is answered before the next. A server reads all bytes of a
# line that is too long before it closes the connection, so that no reset destroys the last words.
CONVERSATIONS = {
    **{ascii(line): [line + line + b"\xff\n"] for line in LINES},
    "no UTF-8": [b"Hey \xc3\r\n", b"Hey\n"],
    "cut in a character": [b"1\n2 \xc3", b"\xbc\r\n3\r\n"],
    "cut between CR and LF": [b"1\n2\r", b"\n\xff\n"],
    "the longest": [b"x" * MAX_LINE + b"\n" + b"x" * MAX_LINE + b"\r\nHey\n"],
    "too long": [b"Hey\n", b"x" * (MAX_LINE + 1) + b"\n"],
    "too long already": [b"Hey\n\xff\n" + b"x" * (MAX_LINE + 2)],
    "without an end": [b"1\n2\r"],
}

Connect = Callable[[], "Client"]


class Client(Peer):
    """A client that has been greeted."""

    def __init__(self, address: str) -> None:
        super().__init__(address)
        greeting = re.fullmatch(r"\+OK ([^\s:]+): ready\r\n", self.line())
        assert greeting
        self.greeted_by = greeting[1]
        self.reply = f"+OK {self.greeted_by}: {ANSWER}\r\n"


# A group stays on one worker, so that one process of each program is enough.
GROUPS = [pytest.param(one, marks=pytest.mark.xdist_group(one)) for one in PROGRAMS]


@pytest.fixture(scope="module", params=GROUPS)
def program(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def address(program: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    words = [sys.executable, str(FOLDER / program)]
    if program.endswith(".c"):
        words = [str(tmp_path_factory.mktemp("built") / "peer")]
        compile_program(FOLDER / program, Path(*words))
    with TemporaryFile() as printed:
        with listening(*words, output=printed.fileno()) as (_, port):
            yield f"{LOOPBACK}:{port}"
        printed.seek(0)
        assert printed.read() == b""


@pytest.fixture
def connect(address: str) -> Iterator[Connect]:
    with ExitStack() as stack:
        yield lambda: stack.enter_context(closing(Client(address)))


@pytest.mark.parametrize("chunks", CONVERSATIONS.values(), ids=CONVERSATIONS)
def test_each_line_is_answered_as_by_the_reference(connect: Connect, chunks: list[bytes]) -> None:
    client, said, heard = connect(), b"", ""
    for chunk in chunks:
        client.send(chunk)
        said += chunk
        _, *expected = said_to(said, client.greeted_by).decode().splitlines(keepends=True)
        while heard.count("\n") < len(expected):
            heard += client.line()
        assert heard == "".join(expected)
    if "too-long" not in heard:  # then the peer hangs up by itself
        client.socket.shutdown(socket.SHUT_WR)
    assert client.rest() == b""


def test_utf_8_is_judged_as_python_judges_it(connect: Connect) -> None:
    edges = b"\0A\x7f\x80\x8f\x90\x9f\xa0\xbf\xc0\xc1\xc2\xdf\xe0\xff"
    lead3, lead4 = b"\xe0\xe1\xec\xed\xee\xef", b"\xf0\xf1\xf3\xf4\xf5\xf7\xf8\xfc"
    second, later = b"A\x7f\x80\x8f\x90\x9f\xa0\xbf\xc0", b"\x7f\x80\xbf\xc0"
    sequences = [edges, edges], [lead3, second, later], [lead4, second, later, later]
    texts = [bytes(text) for parts in sequences for text in itertools.product(*parts)]
    client = connect()
    client.send(b"".join(text + b"\n" for text in texts))
    for text in texts:
        valid = text == text.decode(errors="ignore").encode()
        assert client.line() == (client.reply if valid else NOT_UTF8.decode()), text


def test_many_clients_are_served_at_once_each_by_its_own_thread_if_any(
    connect: Connect, program: str
) -> None:
    clients = [connect() for _ in range(20)]
    for client in clients:
        client.send(b"begun")
    for client in reversed(clients):
        assert client.say("Hey") == client.reply
    names = {client.greeted_by for client in clients}
    assert len(names) == (20 if program in THREADED else 1)
    assert program not in THREADED or all(re.fullmatch(r"Thread-\d+", name) for name in names)


def test_a_client_that_does_not_read_delays_nobody_and_misses_nothing(
    connect: Connect, address: str
) -> None:
    count, other = 8000, connect()
    host, port = address.split(":")
    with socket.socket() as greedy, greedy.makefile("rb") as answers:
        greedy.settimeout(SECONDS)
        # With these, the kernel keeps about half of the answers; the peer has to keep the rest.
        greedy.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 1400)
        greedy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16384)
        greedy.connect((host, int(port)))
        greedy.sendall(b"\n" * count)
        for _ in range(3):
            assert other.say("Hey") == other.reply
        reply = answers.readline().replace(b"ready", ANSWER.encode())
        assert [answers.readline() for _ in range(count)] == [reply] * count


def test_a_reset_does_no_harm_and_prints_nothing(connect: Connect) -> None:
    for before in (b"", b"begun", b"ended\n"):
        with connect() as client:
            client.send(before)
            reset_on_close(client.socket)
    client = connect()
    assert client.say("Hey") == client.reply


def test_each_peer_has_fewer_than_40_lines() -> None:
    for name in PROGRAMS:
        assert len((FOLDER / name).read_text(encoding="utf-8").splitlines()) < 40, name
