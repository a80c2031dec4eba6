"""Where a server is: `HOST:PORT` -> a connected socket."""

import signal
import socket
import threading
from itertools import permutations, product
from unittest.mock import Mock

import pytest

from client.address import Address
from client.signals import Stopped, StopSignal
from tests.kit.fake_server import nobody
from tests.kit.full_queue import FullQueue
from tests.kit.waiting import SECONDS

V6 = ["2001:db8::1", "2001:db8::2", "2001:db8::3"]
V4 = ["192.0.2.1", "192.0.2.2", "192.0.2.3"]


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("server:2023", "server", 2023),
        ("server", "server", 2022),
        ("127.0.0.1:1", "127.0.0.1", 1),
        ("[::1]:65535", "::1", 65535),
        ("[::1]", "::1", 2022),
        ("[fe80::1%eth0]:7", "fe80::1%eth0", 7),
        ("bücher.example:80", "bücher.example", 80),
    ],
)
def test_the_port_may_be_left_out_and_is_always_shown(text: str, host: str, port: int) -> None:
    assert Address.parse(text) == (host, port)
    assert str(Address.parse(text)) == (text if text.endswith(f":{port}") else f"{text}:{port}")


@pytest.mark.parametrize(
    "text",
    [
        *("", ":2022", "a b:1", "[server]:1"),
        *("server:", "server:0", "server:65536", "server:x", "server:٣", "server:-1"),
        *("::1", "::1:2022", "[::1", "[::1]2022"),  # IPv6 needs brackets
        *("a..b:1", f"{'x' * 64}:1"),  # no name service can look these up
    ],
)
def test_anything_else_is_an_error_that_shows_the_form(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not HOST:PORT, as in localhost:2022 or \[::1\]:2022"):
        Address.parse(text)


def resolve(monkeypatch: pytest.MonkeyPatch, *found: tuple[str, int]) -> None:
    """Make every name resolve to these addresses, in this order."""
    families = [socket.AF_INET6 if ":" in host else socket.AF_INET for host, _ in found]
    answer = [(f, socket.SOCK_STREAM, 6, "", one) for f, one in zip(families, found, strict=True)]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_options: answer)


def test_each_connect_has_its_own_order(stop: StopSignal, monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[str] = []

    def connect(_family: int, numeric: tuple[str, int], *_limits: object) -> None:
        tried.append(numeric[0])
        raise OSError("refused")

    monkeypatch.setattr("client.address._connect", connect)
    resolve(monkeypatch, *((host, 2022) for host in V6 + V4))
    orders = set()
    for _ in range(1000):  # by chance, one of the 36 orders is missing once in 10**10 runs
        with pytest.raises(OSError, match="refused"):
            Address("six", 2022).connect(stop, SECONDS)
        orders.add((tuple(tried[:3]), tuple(tried[3:])))
        tried.clear()
    assert orders == set(product(permutations(V6), permutations(V4)))


def test_each_address_is_tried_and_each_failure_reported(
    stop: StopSignal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("client.address._shuffled", list)
    with nobody() as absent, socket.create_server(("127.0.0.1", 0)) as listener:
        resolve(monkeypatch, absent, listener.getsockname())
        with Address("two", 2022).connect(stop, SECONDS) as connected:
            assert connected.getpeername() == listener.getsockname()
        resolve(monkeypatch, absent, ("255.255.255.255", 2022))
        with pytest.raises(OSError, match="refused") as error:
            Address("two", 2022).connect(stop, SECONDS)
    first, second = str(error.value).split("; ")
    assert first == f"{absent} refused the connection: is the server running, and the port right?"
    assert second.startswith("255.255.255.255:2022 cannot be connected to: ")


def test_an_unknown_name_is_called_unknown(
    stop: StopSignal, monkeypatch: pytest.MonkeyPatch
) -> None:
    unknown = socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    monkeypatch.setattr(socket, "getaddrinfo", Mock(side_effect=unknown))
    with pytest.raises(
        OSError, match=r"the name 'nowhere' is not known here \(Name or service not"
    ):
        Address("nowhere", 2022).connect(stop, SECONDS)


def test_a_limit_or_signal_ends_look_ups(stop: StopSignal, monkeypatch: pytest.MonkeyPatch) -> None:
    over = threading.Event()

    def never(*_args: object, **_options: object) -> list[object]:
        over.wait(SECONDS)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", never)
    with pytest.raises(OSError, match=r"looking up the name 'slow' took over 0.01 s"):
        Address("slow", 2022).connect(stop, 0.01)
    signal.raise_signal(signal.SIGTERM)
    with pytest.raises(Stopped):
        Address("slow", 2022).connect(stop, SECONDS)
    over.set()


def test_a_limit_or_signal_ends_connects(stop: StopSignal, monkeypatch: pytest.MonkeyPatch) -> None:
    def found(addresses: list[object]) -> list[object]:
        signal.raise_signal(signal.SIGTERM)  # the look-up is over by now
        return addresses

    with FullQueue() as server:
        server.fill()
        limit = rf"{server.address} did not answer within 0.01 s: is it reachable from here\?"
        with pytest.raises(OSError, match=limit):
            server.address.connect(stop, 0.01)
        monkeypatch.setattr("client.address._shuffled", found)
        with pytest.raises(Stopped):
            server.address.connect(stop, SECONDS)
