"""Where the checked server is: `HOST:PORT` -> a connected socket."""

import socket
from unittest.mock import Mock

import pytest

from client.address import Address as ClientsAddress
from lanes.check.address import Address
from tests.kit.fake_server import nobody
from tests.kit.full_queue import FullQueue

TEXTS = [
    *("server:2023", "server", "[::1]:65535", "[fe80::1%eth0]:7", "bücher.example:80"),
    *("", ":2022", "server:", "server:0", "server:65536", "server:٣", "::1", "a..b:1"),
]


@pytest.mark.parametrize("text", TEXTS)
def test_an_address_is_read_shown_and_refused_as_in_the_client(text: str) -> None:
    def read(kind: type[Address | ClientsAddress]) -> str:
        try:
            address = kind.parse(text)
        except ValueError as error:
            return str(error)
        return f"{tuple(address)} {address}"

    assert read(Address) == read(ClientsAddress)


def test_a_failed_connection_is_explained_with_advice(monkeypatch: pytest.MonkeyPatch) -> None:
    with nobody() as address, pytest.raises(OSError, match=f"{address} refused the connection: is"):
        Address(*address).connect(1)
    with FullQueue() as full:
        full.fill()
        with pytest.raises(OSError, match=r"did not answer within 0.05 s: is it reachable"):
            Address(*full.address).connect(0.05)
    with pytest.raises(OSError, match=r"^255.255.255.255:1 cannot be connected to: "):
        Address("255.255.255.255", 1).connect(1)
    unknown = socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    monkeypatch.setattr(socket, "getaddrinfo", Mock(side_effect=unknown))
    with pytest.raises(OSError, match=r"^nowhere:1 is not known here \(Name or service"):
        Address("nowhere", 1).connect(1)
