"""Where a server is: `HOST:PORT` -> a connected socket."""

import os
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import permutations, product

import pytest

from client.address import Address
from client.stop import Stopped, StopSignal

SECONDS = 10.0
V6 = ["2001:db8::1", "2001:db8::2", "2001:db8::3"]
V4 = ["192.0.2.1", "192.0.2.2", "192.0.2.3"]


@pytest.fixture
def stop() -> Iterator[StopSignal]:
    with StopSignal() as stop:
        yield stop


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener


@pytest.mark.parametrize(
    ("text", "host", "port", "shown"),
    [
        ("server:2023", "server", 2023, "server:2023"),
        ("server", "server", 2022, "server:2022"),
        ("127.0.0.1:1", "127.0.0.1", 1, "127.0.0.1:1"),
        ("[::1]:65535", "::1", 65535, "[::1]:65535"),
        ("[::1]", "::1", 2022, "[::1]:2022"),
        ("[fe80::1%eth0]:7", "fe80::1%eth0", 7, "[fe80::1%eth0]:7"),
        ("bücher.example:80", "bücher.example", 80, "bücher.example:80"),
    ],
)
def test_a_port_may_be_left_out_and_ipv6_stands_in_brackets(
    text: str, host: str, port: int, shown: str
) -> None:
    assert Address.parse(text) == (host, port)
    assert str(Address.parse(text)) == shown


@pytest.mark.parametrize(
    "text",
    [
        "",
        ":2022",
        "server:",
        "server:0",
        "server:65536",
        "server:x",
        "server:٣",
        "server:-1",
        "::1",
        "::1:2022",
        "[::1",
        "[::1]2022",
        "[server]:1",
        "a b:1",
        "a..b:1",
        f"{'x' * 64}:1",
    ],
)
def test_anything_else_is_an_error_that_shows_the_form(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not HOST:PORT, as in localhost:2022 or \[::1\]:2022"):
        Address.parse(text)


def test_it_connects(listener: socket.socket, stop: StopSignal) -> None:
    with Address(*listener.getsockname()).connect(stop, SECONDS) as connected:
        assert connected.getpeername() == listener.getsockname()


def test_it_tries_every_address_of_a_name(
    listener: socket.socket, stop: StopSignal, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = [
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", numeric)
        for numeric in (("127.0.0.1", closed_port()), listener.getsockname())
    ]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_options: answer)
    with Address("two", 2022).connect(stop, SECONDS) as connected:
        assert connected.getpeername() == listener.getsockname()


@pytest.fixture
def tried(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Which addresses were tried, in order, of a name that has six; none can be connected to."""
    tried: list[str] = []
    answer = [
        (family, socket.SOCK_STREAM, 6, "", (host, 2022))
        for family, hosts in ((socket.AF_INET6, V6), (socket.AF_INET, V4))
        for host in hosts
    ]

    def connect(_family: int, numeric: tuple[str, int], *_limits: object) -> None:
        tried.append(numeric[0])
        raise OSError("refused")

    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_options: answer)
    monkeypatch.setattr("client.address._connect", connect)
    return tried


def test_each_connection_tries_all_addresses_in_an_order_of_its_own_within_a_family(
    stop: StopSignal, tried: list[str]
) -> None:
    orders = set()
    for _ in range(1000):  # one of the 36 orders is missing by chance once in 10**10 runs
        with pytest.raises(OSError, match="refused"):
            Address("six", 2022).connect(stop, SECONDS)
        orders.add((tuple(tried[:3]), tuple(tried[3:])))
        tried.clear()
    assert orders == set(product(permutations(V6), permutations(V4)))


def test_the_error_names_every_address_and_what_to_look_at(
    stop: StopSignal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("client.address._shuffled", lambda found: found)
    port = closed_port()
    answer = [
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port)),
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("255.255.255.255", port)),
    ]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_options: answer)
    with pytest.raises(OSError, match="refused") as error:
        Address("two", port).connect(stop, SECONDS)
    first, second = str(error.value).split("; ")
    assert first == (
        f"127.0.0.1:{port} refused the connection: is the server running, and the port right?"
    )
    assert second.startswith(f"255.255.255.255:{port} cannot be connected to: ")


def test_a_name_that_is_unknown_is_told_as_such(
    stop: StopSignal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(*_args: object, **_options: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(OSError, match=r"the name nowhere is not known here \(Name or service not"):
        Address("nowhere", 2022).connect(stop, SECONDS)


@pytest.fixture
def slow_names(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    asked, over = threading.Event(), threading.Event()

    def never(*_args: object, **_options: object) -> list[object]:
        asked.set()
        over.wait(SECONDS)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", never)
    yield asked
    over.set()


@pytest.mark.usefixtures("slow_names")
def test_looking_up_a_name_has_a_limit(stop: StopSignal) -> None:
    with pytest.raises(OSError, match=r"looking up the name slow took over 0.01 s"):
        Address("slow", 2022).connect(stop, 0.01)


def test_a_signal_ends_the_look_up(stop: StopSignal, slow_names: threading.Event) -> None:
    def interrupt() -> None:
        slow_names.wait(SECONDS)
        os.kill(os.getpid(), signal.SIGTERM)

    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(Stopped):
        Address("slow", 2022).connect(stop, SECONDS)
    thread.join()


@pytest.fixture
def full() -> Iterator[Address]:
    """The address of a listener whose backlog is full: the kernel drops what else comes."""
    with socket.socket() as listener, ExitStack() as stack:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(4):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
        yield Address(*listener.getsockname())


def test_connecting_has_a_limit(full: Address, stop: StopSignal) -> None:
    with pytest.raises(OSError, match=rf"{full} did not answer within 0.01 s: is it reachable"):
        full.connect(stop, 0.01)


def test_a_signal_ends_the_connecting(full: Address, stop: StopSignal) -> None:
    signal.raise_signal(signal.SIGTERM)
    with pytest.raises(Stopped):
        full.connect(stop, SECONDS)


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port
